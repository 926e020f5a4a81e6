"""The reviews on record: is every finding that was open held still, or resolved by changed code and a later review?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from flowgate.change.base import Base, from_above
from flowgate.change.weakening import Weakening
from flowgate.errors import FlowgateError
from flowgate.finding import below
from flowgate.project import Project, folder_below
from flowgate.review.record import Held, Record, load_from, slug_of

Successor = Callable[[str, str], tuple[str, str] | None]


def weaker_records(base: Base, project: Project, one: Project, successor: Successor) -> Iterator[Weakening]:
    """The open findings of reviews that a change dropped, or calls resolved while their code still stands.

    Args:
        base: the base, as the folder of the project `one` has it.
        project: the one that the gate stands in; paths are told from there.
        one: the project whose records are compared.
        successor: the path and class that a flow of the base, by its own, has now; both from the top.
    """
    assert base.project is not None
    folder = base.project.state("reviews")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        try:
            was = load_from(os.path.join(folder, name), name)
            now = _now(was, base, one, successor) if was is not None else None
        except FlowgateError:
            continue  # a record that cannot be read blocks in its own layer
        if was is not None and now is not None:
            yield from _dropped(was, now, one, folder_below(project, one))


def _now(was: Record, base: Base, project: Project, successor: Successor) -> Record | None:
    """The record that a flow has now; None where it has none, which blocks in its own layer."""
    assert base.project is not None
    found = successor(from_above(base.top, base.project.absolute(was.flow)), was.name)
    if found is None:
        return None
    path, name = base.placed(project, found[0]), found[1]
    return load_from(project.state("reviews", slug_of(path, name)), path)


def _dropped(was: Record, now: Record, project: Project, folder: str) -> Iterator[Weakening]:
    kept = {(held.rule, held.code): held for held in now.findings}
    for held in was.findings:
        if not held.is_open:
            continue
        later = kept.get((held.rule, held.code))
        if later is None:
            said = "is in the record no more, though no review resolved it"
        elif not later.is_open and _stands(held, project):
            said = "is called resolved, though the code it is about still stands"
        elif later.is_open and later.severity != held.severity == "error":
            said = "is a mere concern now"
        else:
            continue
        yield Weakening(
            f"review: {held.id}",
            f"{held.id} of the review of {was.name} {said}",
            below(folder, now.flow),
            flow=below(folder, now.flow),
            name=now.name,
            mend="have the flow reviewed anew by `flowgate review`, which keeps what is open; or override the finding itself",
        )


def _stands(held: Held, project: Project) -> bool:
    from flowgate.review.answers import found_in

    quote = held.quotes[0]
    try:
        with open(project.absolute(quote.path.partition("#")[0]), encoding="utf-8") as file:
            return found_in(quote.text, file.read()) is not None
    except (OSError, UnicodeDecodeError):
        return False
