"""`flowgate lint`: the findings of some or all flows, with the ledger laid over them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from flowgate.discover import flow_sources, named_sources
from flowgate.finding import Finding
from flowgate.flow.source import Source
from flowgate.lint.engine import lint
from flowgate.project import Project, project_of

if TYPE_CHECKING:
    from flowgate.ledger.match import Standing


class LintReport(NamedTuple):
    """What lint found in `files` files, and what the ledger's entries on them are worth."""

    project: Project
    findings: list[Finding]
    standings: list[Standing]
    files: int

    @property
    def blocks(self) -> bool:
        """Whether an error is open."""
        return any(found.blocks for found in self.findings)


def check(project: Project, paths: list[str]) -> LintReport:
    """Lint the flows at `paths`, or every flow of the project."""
    project = project_of(project, paths)
    sources = named_sources(project, paths) if paths else flow_sources(project)
    return check_sources(project, sources, whole=not paths)


def check_sources(project: Project, sources: list[Source], whole: bool) -> LintReport:
    """Lint these files. With `whole`, they are all there are, and a ledger entry on none of them is unused."""
    findings = lint(project, sources)
    if not os.path.lexists(project.state("ledger.yaml")):
        return LintReport(project, findings, [], len(sources))
    from flowgate.ledger.match import overlay

    seen = None if whole else {project.relative(source.path) for source in sources}
    matched = overlay(project, findings, "FG", seen)
    return LintReport(project, matched.findings, matched.standings, len(sources))
