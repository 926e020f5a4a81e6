"""Which entries excuse which findings: pure, and the same for the same commit whenever it is asked."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable
from typing import NamedTuple

from flowgate.finding import OVERRIDDEN, STALE, Finding
from flowgate.ledger.store import NAME, Entry, read
from flowgate.project import Project, git_output

HOLDS, CHANGED, GONE, EXPIRED = "holds", "excused code changed", "finding gone", "expired"


class Standing(NamedTuple):
    """What an entry is worth: it holds, its code changed, its finding is gone, or it expired."""

    entry: Entry
    state: str

    def sentence(self) -> str:
        """The entry and its state, with what to do about it."""
        advice = {
            HOLDS: "",
            CHANGED: f"; look again, then remove it from {NAME} and override the new finding, or mend the code",
            GONE: f"; remove it from {NAME}",
            EXPIRED: f" on {self.entry.expires}; mend the code, or renew its date in {NAME}",
        }
        return f"{self.entry.finding} ({self.entry.flow}): {self.state}{advice[self.state]}"


def remarks(standings: Iterable[Standing]) -> list[str]:
    """What to say of the ledger: every entry that does not hold, by name; those whose finding is gone come last."""
    broken = [standing for standing in standings if standing.state != HOLDS]
    return [standing.sentence() for standing in sorted(broken, key=lambda standing: standing.state == GONE)]


class Matched(NamedTuple):
    """The findings with the states the ledger gives them, and what each entry is worth."""

    findings: list[Finding]
    standings: list[Standing]


def match(findings: list[Finding], entries: list[Entry], date: datetime.date, root: str) -> Matched:
    """Excuse what the ledger excuses. An entry whose code changed marks what came of it `stale-override`."""
    states: dict[int, Finding] = {}
    standings: list[Standing] = []
    left: list[Entry] = []
    for entry in entries:
        hits = [i for i, found in enumerate(findings) if found.id == entry.finding and _same_flow(entry, found, root)]
        if not hits:
            left.append(entry)
            continue
        standing = _standing(entry, findings[hits[0]], date)
        standings.append(standing)
        for index in hits:
            states[index] = _excused(findings[index], standing)
    for entry in left:
        heir = _descendant(entry, findings, states, root)
        standing = Standing(entry, GONE if heir is None else CHANGED)
        standings.append(standing)
        if heir is not None:
            states[heir] = _excused(findings[heir], standing)
    order = {entry.finding: place for place, entry in enumerate(entries)}
    standings.sort(key=lambda standing: order[standing.entry.finding])
    return Matched([states.get(index, found) for index, found in enumerate(findings)], standings)


def _same_flow(entry: Entry, found: Finding, root: str) -> bool:
    """The flow the entry names, or one that took its place when its file was renamed."""
    return entry.flow == found.flow or not os.path.exists(os.path.join(root, entry.flow))


def _standing(entry: Entry, found: Finding, date: datetime.date) -> Standing:
    if entry.excuses != found.excuses:
        return Standing(entry, CHANGED)
    if entry.expires is not None and entry.expires < date:
        return Standing(entry, EXPIRED)
    return Standing(entry, HOLDS)


def _excused(found: Finding, standing: Standing) -> Finding:
    reason = standing.entry.reason
    if standing.state == HOLDS:
        return found._replace(state=OVERRIDDEN, note=reason)
    if standing.state == CHANGED:
        return found._replace(state=STALE, note=f"{standing.entry.finding} excused other code: {reason}")
    return found._replace(note=f"its override expired on {standing.entry.expires}: {reason}")


def _descendant(entry: Entry, findings: list[Finding], taken: dict[int, Finding], root: str) -> int | None:
    """The finding of the same rule and flow that no entry speaks for: what the excused code became."""
    for index, found in enumerate(findings):
        if index not in taken and found.rule == entry.rule and _same_flow(entry, found, root):
            return index
    return None


def layer_of(rule: str) -> str:
    """The layer that a rule belongs to; lint holds what ruff says too."""
    return {"FR": "review", "FP": "prove"}.get(rule[:2], "lint")


def overlay(project: Project, findings: Iterable[Finding], layer: str, flows: set[str] | None = None) -> Matched:
    """The findings of a layer (`lint`, `review`, `prove`) with the states that the ledger gives them.

    Args:
        flows: the flows that were judged; entries of others are not spoken of. None where all were.
    """
    listed = list(findings)
    entries = [entry for entry in read(project) if layer_of(entry.rule) == layer]
    mine = [entry for entry in entries if flows is None or entry.flow in flows]
    return match(listed, mine, date_under_test(project), project.root) if mine else Matched(listed, [])


def date_under_test(project: Project) -> datetime.date:
    """The date of the commit under test, so that one commit always has one verdict; today where there is no commit."""
    stamp = git_output(project, "log", "-1", "--format=%cs")
    return datetime.date.fromisoformat(stamp) if stamp else datetime.date.today()
