"""What each flow of a project claims: what is proven of it, what it is judged against, whether all rules apply."""

from __future__ import annotations

import fnmatch
import os
from typing import NamedTuple

from flowgate import witness
from flowgate.change.base import from_above, from_above_all
from flowgate.discover import flow_sources
from flowgate.errors import FlowgateError
from flowgate.flow.conf import Conf, Origin
from flowgate.flow.contract import declared, of_experiment, place_in
from flowgate.flow.model import Flow
from flowgate.flow.surface import at_end
from flowgate.project import Project
from flowgate.review.case import is_asked
from flowgate.target import Target, targets

Place = tuple[str, str]  # step, artifact


class Experiment(NamedTuple):
    """What one experiment of a flow's config says of itself, and where: the file from the top, and the line."""

    contract: str
    surface: tuple[str, ...]
    path: str
    line: int


class FlowClaims(NamedTuple):
    """The claims of one flow. Paths are relative to the top of the repository.

    `surface` are the entries, `conclusions` the (step, artifact) that they stand for, and `stored` every one that any step
    stores. `experiments` are those that are not the default, by name. `written` says where each claim is, `project` is the
    root of the project that the flow is of.
    """

    path: str
    name: str
    promoted: bool
    reviewed: bool
    contract: str
    surface: tuple[str, ...]
    conclusions: frozenset[Place]
    stored: frozenset[Place]
    sources: tuple[str, ...]
    experiments: dict[str, Experiment]
    written: dict[str, tuple[str, int]]
    project: str = ""

    @property
    def claims_something(self) -> bool:
        """Whether more is asked of the flow than lint."""
        return bool(self.contract) or self.reviewed

    def covers(self, step: str, artifact: str) -> bool:
        """Whether the surface holds an artifact of a step."""
        if not self.surface:
            return (step, artifact) in self.conclusions
        entries = (entry.rpartition(".") for entry in self.surface)
        return any(fnmatch.fnmatchcase(step, held or "end") and name == artifact for held, _, name in entries)


def claims_of(project: Project, top: str, asked: Asked | None = None) -> list[FlowClaims]:
    """The claims of the flows of a project that can be read.

    Args:
        top: the top of the repository, from which paths are told.
        asked: which files are asked of; None for all.
    """
    try:
        sources = flow_sources(project)
    except FlowgateError:  # the settings name flows, and there is none
        return []
    found: list[FlowClaims] = []
    parents: set[tuple[str, str]] = set()
    for source in sources:
        if source.parse() is None or (asked is not None and not asked.may_concern(from_above(top, source.path))):
            continue
        witness.watch()
        held = targets(project, source)
        made = [_claims(target, top) for target in held]
        looks = from_above_all(top, (path for kind, path in witness.seen() if kind == witness.FILE))
        looks |= {name for one in made for name in one.sources}
        parents |= {parent for target in held for parent in target.parents()}
        if asked is None or asked.concerns({*looks, from_above(top, source.path)}):
            found += made
    root = os.path.relpath(project.root, top)
    bases = {(os.path.normpath(os.path.join(root, path)), name) for path, name in parents}
    return [one for one in found if (one.path, one.name) not in bases]


class Asked(NamedTuple):
    """Which flows are asked of: those whose file is one of `files`, and those made of a file that is one of `changed`; None
    where any may be."""

    files: frozenset[str] | None
    changed: frozenset[str] | None

    def may_concern(self, path: str) -> bool:
        """Whether a file has to be looked into at all."""
        return self.files is None or path in self.files

    def concerns(self, made_of: set[str]) -> bool:
        """Whether a flow made of some files is asked of."""
        return self.changed is None or bool(made_of & self.changed)


def _claims(target: Target, top: str) -> FlowClaims:
    flow, conf = target.flow, target.conf
    contract = target.contract
    surface = contract.surface if contract is not None else target.settings.surface
    stored = {(name, artifact) for name, step in flow.steps.items() for artifact in step.trace.attributes}
    root = os.path.relpath(target.project.root, top)
    return FlowClaims(
        path=from_above(top, flow.path),
        name=flow.name,
        promoted=target.promoted,
        reviewed=is_asked(target),
        contract=contract.kind if contract is not None else "",
        surface=surface,
        conclusions=frozenset(_conclusions(flow, surface)),
        stored=frozenset(stored),
        sources=tuple(os.path.normpath(os.path.join(root, one)) for one in target.settings.sources),
        experiments=_experiments(target, conf, top) if conf is not None else {},
        written={
            "determinism": _written(target, conf, "determinism", top),
            "surface": _written(target, conf, "surface", top),
            "sources": _written(target, None, "sources", top),
        },
        project=target.project.root,
    )


def _conclusions(flow: Flow, surface: tuple[str, ...]) -> list[Place]:
    """What a surface stands for in a flow: with no entries, the public artifacts that are there at `end`."""
    if not surface:
        return [(flow.end, name) for name in sorted(at_end(flow))]
    entries = [entry.rpartition(".") for entry in surface]
    return [
        (step, artifact)
        for pattern, _, artifact in entries
        for step in fnmatch.filter(flow.steps, pattern or flow.end) or [pattern or flow.end]
    ]


def _experiments(target: Target, conf: Conf, top: str) -> dict[str, Experiment]:
    """The experiments of a config, by name: those that cannot be composed claim nothing."""
    found = {}
    for name, composed in target.composing.items():
        try:
            made = declared(target.flow, composed, target.settings)
            place = place_in(composed, "determinism")
        except FlowgateError:
            continue
        if made is not None:
            if place is None or not place.line:
                place = Origin(conf.experiments[name], 1)
            found[name] = Experiment(made.kind, made.surface, from_above(top, place.file), place.line)
    return found


def _written(target: Target, conf: Conf | None, key: str, top: str) -> tuple[str, int]:
    """Where a claim of the default experiment is written: the file and the line; the flow's settings, where it is there."""
    settings = target.project.settings
    composed = target.composed if conf is not None else None
    try:
        place = place_in(composed, key) if composed is not None and of_experiment(composed, key) is not None else None
    except FlowgateError:
        place = None
    if place is not None and place.line:
        return from_above(top, place.file), place.line
    if settings.origin:
        path = target.project.absolute(settings.origin)
        return from_above(top, path), setting_line(path, key, target.path)
    return from_above(top, target.flow.path), 1


def setting_line(path: str, key: str, flow: str = "") -> int:
    """The line of a settings file in which a key stands, in the table of a flow where one is named; 1 where it does not."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return 1
    inside = not flow
    table = 1
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("[") and flow:
            inside = flow in line
            table = number if inside else table
        if inside and line.split("=", 1)[0].strip().strip("\"'") == key:
            return number
    return table
