"""A flow as every layer is given it: the model, its config, its settings."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from flowgate.discover import flow_sources, named_sources, no_flows
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.flow.composing import hydra_overrides
from flowgate.flow.conf import Composed, Conf, ConfigBroken, compose
from flowgate.flow.contract import Contract, declared
from flowgate.flow.lineage import Place, trail
from flowgate.flow.model import Flow, read_flows
from flowgate.flow.shell import conf_of, follows_standard, is_promoted
from flowgate.flow.source import Source
from flowgate.flow.subject import digests, files_of, subject
from flowgate.project import Part, Project
from flowgate.settings import FlowSettings, ProveSettings


class Target:
    """One flow: its model, and lazily its config folder, its default composition and its settings."""

    def __init__(self, flow: Flow, project: Project) -> None:
        self.flow, self.project = flow, project
        self.path = project.relative(flow.path)

    @property
    def shown(self) -> str:
        """The flow's file from where the user stands: what to type."""
        return os.path.relpath(self.flow.path)

    @cached_property
    def conf(self) -> Conf | None:
        """The flow's Hydra config folder."""
        found = conf_of(self.flow)
        return found._replace(kept=self.project.remembered("conf")) if found is not None else None

    @cached_property
    def composed(self) -> Composed | None:
        """The default composition; None where there is no config, or Hydra refuses it."""
        return self.default if isinstance(self.default, Composed) else None

    @cached_property
    def default(self) -> Composed | ConfigBroken | None:
        """What the config composes to without a choice of the user's, or why it does not; None where there is none."""
        try:
            return self.compose()
        except ConfigBroken as refusal:
            return refusal

    def compose(self, overrides: tuple[str, ...] = ()) -> Composed | None:
        """The config under some overrides; None where there is no config.

        Raises:
            ConfigBroken: Hydra refuses.
        """
        return compose(self.conf, (*self._given, *overrides)) if self.conf is not None else None

    @cached_property
    def _given(self) -> tuple[str, ...]:
        """The overrides that every start of the flow brings: those among the options that stand before `run`."""
        return hydra_overrides(self.proving.flow_options)

    @cached_property
    def experiments(self) -> dict[str, Composed | ConfigBroken]:
        """What each experiment composes to, by its name: the config, or why there is none."""
        found: dict[str, Composed | ConfigBroken] = {}
        conf = self.conf
        if conf is None:
            return found
        for name in sorted(conf.experiments):
            try:
                found[name] = compose(conf, self._given, experiment=name)
            except ConfigBroken as refusal:
                found[name] = refusal
        return found

    @property
    def composing(self) -> dict[str, Composed]:
        """The experiments that do compose, by name."""
        return {name: found for name, found in self.experiments.items() if isinstance(found, Composed)}

    def parents(self) -> set[tuple[str, str]]:
        """The classes of other files that this flow derives from, as (path, name); no flows of their own."""
        above = [cls for cls in self.flow.cls.lineage() if cls.home is not None and cls.home is not self.flow.module]
        return {(self.project.relative(cls.home.path), cls.name) for cls in above if cls.home}

    @cached_property
    def promoted(self) -> bool:
        """Whether all rules apply."""
        return is_promoted(self.flow)

    @cached_property
    def follows_standard(self) -> bool:
        """Whether the flow follows the pipeline standard without the shell, so that the rules on promoted flows leave it alone."""
        return follows_standard(self.flow, self.conf)

    @cached_property
    def contract(self) -> Contract | None:
        """The declared contract; None where there is none, or the config cannot be composed."""
        try:
            return declared(self.flow, self.compose(), self.settings)
        except FlowgateError:
            return None

    @property
    def claims_nothing(self) -> bool:
        """Whether the flow declares that two runs of it need not agree."""
        return self.contract is not None and self.contract.kind == "nondeterministic"

    @cached_property
    def conclusions(self) -> set[Place]:
        """Every (step, artifact) that can reach the surface that is declared; empty where none is."""
        entries = [entry.rpartition(".") for entry in (self.contract.surface if self.contract is not None else ())]
        surface = [
            (step, artifact)
            for pattern, _, artifact in entries
            for step in fnmatch.filter(self.flow.steps, pattern or self.flow.end)
        ]
        return trail(self.flow, surface)

    @cached_property
    def subject(self) -> str:
        """The digest of exactly what is judged: the flow's files, its sources of truth and its claim; empty where one of
        them cannot be read."""
        sources = [self.project.absolute(name) for name in self.settings.sources]
        try:
            parts = digests(self.project, [*self.files, *sources])
        except FlowgateError:
            return ""
        claim = self.contract
        return subject(parts | ({"contract": claim.kind, "surface": " ".join(claim.surface)} if claim else {}))

    @property
    def files(self) -> list[str]:
        """The files that the flow is made of, absolute: those of its config that lie elsewhere in the project, too."""
        made = [composed for composed in (self.composed, *self.composing.values()) if composed is not None]
        inside = self.project.root + os.sep
        configs = (path for composed in made for path in composed.files if path.startswith(inside))
        return list(dict.fromkeys([*files_of(self.flow, self.conf), *configs]))

    @property
    def proving(self) -> ProveSettings:
        """How the arms of this flow run."""
        return self.project.settings.proving(self.path)

    @property
    def settings(self) -> FlowSettings:
        """What the settings say of this flow."""
        return self.project.settings.of(self.path)


def targets(project: Project, source: Source) -> list[Target]:
    """The flows that a readable file defines."""
    return [Target(flow, project) for flow in read_flows(source, project.root)]


def readable(project: Project, sources: list[Source]) -> Iterator[Target]:
    """The flows of those files that can be parsed; a class that a flow in another file derives from is none."""
    found = [target for source in sources if source.parse() is not None for target in targets(project, source)]
    parents = {parent for target in found for parent in target.parents()}
    yield from (target for target in found if (target.path, target.flow.name) not in parents)


def chosen(project: Project, paths: list[str]) -> list[Source]:
    """The flow files that the user named, or all of them.

    Raises:
        FlowgateError: there is none. A gate with nothing to judge must not look like one that was passed.
    """
    found = named_sources(project, paths) if paths else flow_sources(project)
    named = {os.path.realpath(path) for path in [*paths, *map(project.absolute, project.settings.flow)]}
    flows = [source for source in found if source.may_hold_a_flow() or os.path.realpath(source.path) in named]
    for source in flows:
        if source.parse() is not None and os.path.realpath(source.path) in named and not targets(project, source):
            raise FlowgateError(
                f"{project.relative(source.path)} defines no FlowSpec at its top level, so nothing is judged"
            )
    if not any(source.parse() is None or targets(project, source) for source in flows):
        where = ", ".join(paths) or project.root
        raise no_flows(where)
    return flows


def sharing(target: Target) -> list[Target]:
    """The other flows of the project that read the same config folder."""
    folder = target.conf.folder if target.conf is not None else ""
    found = []
    for source in flow_sources(target.project):
        if source.parse() is None or os.path.dirname(folder) not in (source.folder, os.path.dirname(source.folder)):
            continue
        others = (other for other in targets(target.project, source) if other.conf is not None)
        found += [other for other in others if other.conf and other.conf.folder == folder]
    return [other for other in found if (other.path, other.flow.name) != (target.path, target.flow.name)]


class Unread(NamedTuple):
    """A file that may hold a flow and cannot be parsed: its path in the project, and why."""

    path: str
    why: str


def all_readable(project: Project, paths: list[str]) -> list[Target]:
    """The flows that the user named, or all of them, where every one can be read.

    Raises:
        FlowgateError: there is none.
        Inconclusive: a file cannot be parsed.
    """
    found, unread = readable_and_not(project, paths)
    if unread:
        raise Inconclusive(unread[0].why)
    return found


def readable_and_not(project: Project, paths: list[str]) -> tuple[list[Target], list[Unread]]:
    """The flows that the user named, or all of them, and the files of which nothing can be told.

    Raises:
        FlowgateError: there is none.
    """
    sources = chosen(project, paths)
    unread = []
    for source in sources:
        if source.parse() is None:
            path = project.relative(source.path)
            unread.append(Unread(path, f"{path}:{source.fault_line} {source.fault}"))
    return list(readable(project, sources)), unread


def is_empty(part: Part) -> bool:
    """True if a project has no flow, and neither the user nor its settings named one."""
    return not (part.paths or part.project.settings.flows or flow_sources(part.project))


def all_readable_in(part: Part, parts: list[Part]) -> list[Target]:
    """The flows of one of the projects that a command is about; of several, one may have none, if another has some.

    Raises:
        FlowgateError: there is none.
        Inconclusive: a file cannot be parsed.
    """
    return [] if _may_be_empty(part, parts) else all_readable(part.project, part.paths)


def readable_and_not_in(part: Part, parts: list[Part]) -> tuple[list[Target], list[Unread]]:
    """As `all_readable_in`, with the files of which nothing can be told beside the flows.

    Raises:
        FlowgateError: there is none.
    """
    return ([], []) if _may_be_empty(part, parts) else readable_and_not(part.project, part.paths)


def _may_be_empty(part: Part, parts: list[Part]) -> bool:
    return len(parts) > 1 and is_empty(part) and (part is not parts[0] or not all(map(is_empty, parts)))
