"""`flowgate review`: the packet, a review asked for or taken from elsewhere, and the replay of those on record."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

from flowgate.discover import judge_as_committed, parts_of
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import Finding, below
from flowgate.ledger.match import overlay
from flowgate.outcome import EXIT_CODES, INCONCLUSIVE, overall
from flowgate.project import Part, Project, git, git_output, repository_of
from flowgate.review.asking import Tell, ask
from flowgate.review.case import is_asked, open_case
from flowgate.review.judge import standing, take
from flowgate.review.packet import Packet, packet
from flowgate.review.replay import Replay, Replayed, replayed
from flowgate.target import Target, all_readable_in, is_empty, readable_and_not_in
from flowgate.usecases.committed import refuse_loose
from flowgate.verdict import layer_result


class Reviewed(NamedTuple):
    """How the review of one flow stands, with the ledger laid over its findings.

    `remarks` are the places in the flow and its sources that speak to a judge.
    """

    flow: str
    name: str
    verdict: str
    note: str
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()

    def seen_from_above(self, folder: str) -> Reviewed:
        """The review of a nested project's flow, in the paths of a project whose subfolder `folder` that project lies in."""
        findings = tuple(found.seen_from_above(folder) for found in self.findings)
        return self._replace(flow=below(folder, self.flow), findings=findings)


def packet_of(project: Project, paths: list[str]) -> Packet:
    """The packet of the one flow that `paths` or the project names."""
    _, target = _only(project, paths)
    return packet(target, open_case(target))


def take_from(project: Project, paths: list[str], source: str) -> Reviewed:
    """Take the review in the file `source` (`-` is stdin).

    Raises:
        Inconclusive: it does not count; nothing is recorded.
    """
    folder, target = _only(project, paths)
    take(target, _read(source), "import", _person(project))
    return _stand(target).seen_from_above(folder)


def ask_for(project: Project, paths: list[str], votes: int | None, tell: Tell) -> list[Reviewed]:
    """Have every named flow reviewed; without names, every flow whose review is missing or stale.

    Args:
        votes: how many independent reviews a new finding needs the majority of; None for what the settings say.
        tell: given a word on what is under way.
    """
    found = []
    for folder, target in _named(project, paths):
        if not is_asked(target) and not paths:
            continue
        if paths or standing(target).verdict != "pass":
            ask(target, votes or target.project.settings.review.votes, tell)
        found.append(_stand(target).seen_from_above(folder))
    return found


def replay(project: Project, paths: list[str], as_committed: bool = False) -> list[Reviewed]:
    """How the committed reviews stand; nothing is asked, and nothing written but what is remembered.

    Args:
        as_committed: of what git tracks alone; a repository without flows has nothing to replay.

    Raises:
        Inconclusive: a file cannot be parsed, or a flow is made of a file that is not committed.
    """
    if paths:
        return [_stand(target).seen_from_above(folder) for folder, target in _named(project, paths)]
    if as_committed:
        judge_as_committed()
    parts = parts_of(project, [])
    held = [(part, replayed(part.project)) for part in parts]
    if as_committed:
        _refuse_other_push(
            project, [path for _, one in held if one is not None for paths in one.made_of.values() for path in paths]
        )
    if as_committed and all(one is None and is_empty(part) for part, one in held):
        return []
    return [one.seen_from_above(part.folder) for part, kept in held for one in _replay(part, parts, kept, as_committed)]


def _refuse_other_push(project: Project, made_of: list[str]) -> None:
    """Stop where what stands here is not what is pushed: its reviews would be checked against other files.

    Args:
        made_of: the files that the reviews here are about, absolute.

    Raises:
        Inconclusive: a file of a review, or one that may make a flow, differs from the commit that is pushed.
    """
    pushed, here = os.environ.get("PRE_COMMIT_TO_REF"), repository_of(project.root)
    if not pushed or here is None:
        return
    told = git(here, "diff", "--no-ext-diff", "--name-only", "-z", pushed, "--")
    if told is None:
        raise Inconclusive(f"what stands here cannot be compared with {pushed[:12]}, which is pushed: git refuses")
    mine = {os.path.realpath(path) for path in made_of}
    for name in sorted(filter(None, told.split("\0"))):
        path = os.path.join(here, name)
        decides = name.endswith(".toml") or "/.flowgate/" in f"/{name}" or not os.path.exists(path)
        if os.path.realpath(path) in mine or (decides and name.endswith((".py", ".yaml", ".yml", ".toml"))):
            raise Inconclusive(
                f"what stands here is not what is pushed: {name} is not what {pushed[:12]} holds. Check out what you push, "
                "with nothing changed, and push again"
            )


def _replay(part: Part, parts: list[Part], held: Replay | None, as_committed: bool) -> list[Reviewed]:
    """How the committed reviews of one project stand, in its own paths."""
    if held is None:
        return list(_stand_all(part, parts))
    if as_committed:
        refuse_loose(part.project, held.made_of)
    found = [one.findings for one in held.standings]
    judged = iter(overlay(part.project, [each for one in found for each in one], "review").findings)
    return [_reviewed(one, [next(judged) for _ in one.findings]) for one in held.standings]


def exit_code(reviews: list[Reviewed]) -> int:
    """0 where every review holds, 1 where one is missing, stale or blocked."""
    return EXIT_CODES[overall([one.verdict for one in reviews])]


def _stand_all(part: Part, parts: list[Part]) -> Iterator[Reviewed]:
    """How the review of each flow of a project stands; one that cannot be told leaves the others told.

    Raises:
        FlowgateError: it cannot be told of the only flow there is.
    """
    targets, unread = readable_and_not_in(part, parts)
    if len(targets) + len(unread) == len(parts) == 1:
        yield from map(_stand, all_readable_in(part, parts))
        return
    for one in unread:
        yield Reviewed(one.path, one.path, INCONCLUSIVE, one.why)
    for target in targets:
        try:
            yield _stand(target)
        except FlowgateError as error:
            yield Reviewed(target.path, target.flow.name, INCONCLUSIVE, str(error))


def _stand(target: Target) -> Reviewed:
    held = Replayed(target.path, target.flow.name, *standing(target))
    return _reviewed(held, overlay(target.project, held.findings, "review", {target.path}).findings)


def _reviewed(held: Replayed, findings: list[Finding]) -> Reviewed:
    verdict = layer_result(findings, held.verdict) if held.verdict in ("pass", "blocked") else held.verdict
    return Reviewed(held.flow, held.name, verdict, held.note, tuple(findings), held.remarks)


def _named(project: Project, paths: list[str]) -> list[tuple[str, Target]]:
    """The flows at `paths`, each with the folder of its project; `flow.py:NoiseFlow` names one of several in a file."""
    files = [path.rpartition(":")[0] if _names_class(path) else path for path in paths]
    classes = {path.rpartition(":")[2] for path in paths if _names_class(path)}
    parts = parts_of(project, files)
    found = [(part.folder, target) for part in parts for target in all_readable_in(part, parts)]
    return [(folder, target) for folder, target in found if not classes or target.flow.name in classes]


def _names_class(path: str) -> bool:
    return ":" in path and not os.path.lexists(path)


def _only(project: Project, paths: list[str]) -> tuple[str, Target]:
    found = _named(project, paths)
    if len(found) != 1:
        flows = sorted(f"{below(folder, target.path)}:{target.flow.name}" for folder, target in found)
        raise FlowgateError(f"name the one flow to review; there are {', '.join(flows) or 'none of that name'}")
    return found[0]


def _read(source: str) -> str:
    try:
        if source == "-":
            return sys.stdin.read()
        with open(source, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise FlowgateError(f"{source} cannot be read: {error}") from None


def _person(project: Project) -> str:
    return git_output(project, "config", "user.name") or "unnamed"
