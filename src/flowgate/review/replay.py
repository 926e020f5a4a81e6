"""The reviews on record, replayed for a whole repository: what was said of a file holds while nothing it was made from changed."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from flowgate import witness
from flowgate.discover import candidates, forget
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import Finding
from flowgate.flow.source import Source
from flowgate.memory import Memory
from flowgate.project import Project
from flowgate.review.judge import standing
from flowgate.target import targets

_ROOMS = ("flow", "meaning", "review")


class Replayed(NamedTuple):
    """How the review of one flow stands, before the ledger is laid over its findings."""

    flow: str
    name: str
    verdict: str
    note: str
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]


class Replay(NamedTuple):
    """The reviews of a repository, and the files that each flow's file and review are made of."""

    standings: list[Replayed]
    made_of: dict[str, list[str]]


class _Said(NamedTuple):
    """What is remembered of a file: its flows, and the classes elsewhere that they derive from."""

    standings: list[Replayed]
    parents: list[tuple[str, str]]

    def as_said(self) -> list[Any]:
        flows = [[*one[:4], [list(found) for found in one.findings], list(one.remarks)] for one in self.standings]
        return [flows, self.parents]

    @classmethod
    def of_said(cls, said: Any) -> _Said | None:
        try:
            flows, parents = said
            made = [
                Replayed(path, name, verdict, note, tuple(Finding(*found) for found in findings), tuple(remarks))
                for path, name, verdict, note, findings, remarks in flows
            ]
            return cls(made, [(path, name) for path, name in parents])
        except (IndexError, TypeError, ValueError):
            return None


def replayed(project: Project) -> Replay | None:
    """How every review stands; None where there is no flow, the settings name a file that holds none, or a file, a source
    of truth or a record cannot be read."""
    forget()
    chosen = candidates(project)
    # What is remembered says what to type, from where the user stands.
    memory = Memory(project, "review.json", _ROOMS, (os.path.relpath(project.root),))
    said = {}
    for path in chosen.paths:
        if path not in chosen.named and memory.is_plain(path):
            continue
        try:
            held = _Said.of_said(memory.answer(path)) or _judge(project, path, path in chosen.named, memory)
        except FlowgateError:
            return None
        if held is not None:
            said[path] = held
    memory.save()
    if not any(held.standings for held in said.values()) or any(path not in said for path in chosen.named):
        return None
    parents = {parent for held in said.values() for parent in held.parents}
    standings = [one for held in said.values() for one in held.standings if (one.flow, one.name) not in parents]
    return Replay(standings, {path: memory.files(path) for path in said})


def _judge(project: Project, path: str, named: bool, memory: Memory) -> _Said | None:
    """Judge a file anew, and remember what was said; None where it holds no flow."""
    witness.watch()
    try:
        source = Source(path)
        if not named and not source.may_hold_a_flow():
            memory.add_plain(path)
            return None
        if source.parse() is None:
            raise Inconclusive(f"{project.relative(path)}:{source.fault_line} {source.fault}")
        found = targets(project, source)
        made = [Replayed(target.path, target.flow.name, *standing(target)) for target in found]
        held = _Said(made, sorted({parent for target in found for parent in target.parents()}))
    finally:
        looks = witness.seen()
    if not held.standings:
        return None if named else held
    memory.add(path, held.as_said(), looks)
    return held
