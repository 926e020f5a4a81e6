"""Evidence: for each trap, the lines on both sides that bear on it, found mechanically. A trap's is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from flowgate.review.case import Case
from flowgate.review.evidence import axes, decisions, metrics, order, randomness, selection
from flowgate.review.evidence.page import FLOW, SOURCE, Page, Shown, read_calls, script_at
from flowgate.target import Target

GATHER: dict[str, Callable[[Page], Iterator[Shown]]] = {
    "FR101": randomness.gather,
    "FR102": order.gather,
    "FR103": axes.gather,
    "FR104": metrics.gather,
    "FR105": selection.gather,
    "FR199": decisions.gather,
}


class Evidence(NamedTuple):
    """What bears on one trap: the lines of the flow's side, those of the sources, and what puts both beside each other."""

    trap: str
    flow: tuple[Shown, ...]
    sources: tuple[Shown, ...]
    beside: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def lines(self) -> set[tuple[str, int]]:
        """Every place that is shown."""
        shown = (*self.flow, *self.sources)
        return {(one.path, line) for one in shown for line in range(one.line, one.last + 1)}


def pages_of(target: Target, case: Case) -> list[Page]:
    """The files of the case, ready to be asked."""
    found = [Page(path, FLOW, text) for path, text in case.files.items()]
    found += [Page(path, SOURCE, text) for path, text in case.sources.items()]
    root = target.project.root
    for page in found:
        if not page.path.endswith(".py"):
            continue
        path = target.project.absolute(page.path)
        if page.side == FLOW:
            read_calls(page, target.flow.modules.load(path), target.flow.modules)
        else:
            read_calls(page, *script_at(path, root))
    return found


def evidence_of(target: Target, pages: list[Page]) -> list[Evidence]:
    """The evidence for each trap, in the order of the files and of their lines."""
    found = []
    for trap, gather in GATHER.items():
        sides = {
            side: tuple(one for page in pages if page.side == side for one in _by_line(gather(page)))
            for side in (FLOW, SOURCE)
        }
        beside = tuple(axes.table(target, pages)) if trap == "FR103" else ()
        found.append(Evidence(trap, sides[FLOW], sides[SOURCE], beside))
    return found


def _by_line(found: Iterator[Shown]) -> list[Shown]:
    """One note a place, the most telling, in the order of the lines; not for a line within a statement that is shown."""
    best: dict[int, Shown] = {}
    for one in found:
        held = best.get(one.line)
        if held is None or (one.weight, -one.last) < (held.weight, -held.last):
            best[one.line] = one
    kept: list[Shown] = []
    for line in sorted(best):
        if not kept or best[line].last > kept[-1].last or best[line].weight < kept[-1].weight:
            kept.append(best[line])
    return kept
