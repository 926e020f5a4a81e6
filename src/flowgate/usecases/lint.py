"""`flowgate lint`: the findings of some or all flows, with the ledger laid over them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from flowgate.discover import candidates, judge_as_committed, no_flows, no_match, parts_of
from flowgate.finding import WARNING, Finding, in_reading_order
from flowgate.lint.pipeline import Tell, lint_paths
from flowgate.project import Part, Project
from flowgate.submodules import absent

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


def check(
    project: Project,
    paths: list[str],
    pedantic: bool = False,
    fresh: bool = False,
    tell: Tell | None = None,
    as_committed: bool = False,
) -> LintReport:
    """Lint the flows at `paths`, or every flow of the project, where the ledger entry of none is unused.

    Args:
        as_committed: judge what git tracks, and nothing that lies beside it.

    Raises:
        FlowgateError: a path does not exist or is no Python, nothing there is a flow, the settings match nothing, or the
            ledger cannot be read.
        Inconclusive: a flow is made of a file that is not committed.
    """
    if as_committed:
        judge_as_committed()
    reports = [_check(part, pedantic, fresh, tell, as_committed) for part in parts_of(project, paths)]
    findings = [found for report in reports for found in report.findings]
    findings = in_reading_order(findings if paths else [*findings, *_not_checked_out(project)])
    standings = [standing for report in reports for standing in report.standings]
    files = sum(report.files for report in reports)
    if not files and not as_committed:  # what is committed may well hold no flow yet
        raise no_flows(", ".join(paths) or project.root)
    return LintReport(project, findings, standings, files)


def _not_checked_out(project: Project) -> Iterator[Finding]:
    """A word on each submodule that is not checked out: there may be flows in it."""
    for one in absent(project.root):
        where, file = project.relative(one.folder), project.relative(one.file)
        yield Finding(
            rule="FG001",
            layer="lint",
            severity=WARNING,
            flow=file,
            name=file,
            path=file,
            line=one.line,
            step=None,
            code=f"submodule {where}",
            message=f"the submodule {where} is not checked out, so no flow in it is judged",
            mend=f"`git submodule update --init {where}`; in CI, check out with `submodules: true`",
        )


def _check(part: Part, pedantic: bool, fresh: bool, tell: Tell | None, as_committed: bool) -> LintReport:
    """Lint one project, in the paths of the one that was asked."""
    project, paths = part.project, part.paths
    chosen = candidates(project, paths)
    linted = lint_paths(project, chosen.paths, chosen.named, pedantic, fresh, tell, want_files=as_committed)
    if as_committed:
        from flowgate.usecases.committed import refuse_loose

        refuse_loose(project, linted.made_of)
    if not linted.files and not paths and project.settings.flows:
        raise no_match(project)
    findings = linted.findings
    standings: list[Standing] = []
    if os.path.lexists(project.state("ledger.yaml")):
        from flowgate.ledger.match import overlay

        seen = None if not paths else {project.relative(path) for path in chosen.paths}
        findings, standings = overlay(project, findings, "lint", seen)
    return LintReport(
        project,
        [found.seen_from_above(part.folder) for found in findings],
        [standing.seen_from_above(part.folder) for standing in standings],
        linted.files,
    )
