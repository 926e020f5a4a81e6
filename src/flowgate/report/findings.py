"""The findings of a lint, as text, JSON or GitHub annotations."""

from __future__ import annotations

from collections.abc import Iterable

from flowgate.finding import ERROR, OPEN, OVERRIDDEN, Finding
from flowgate.project import Project
from flowgate.report.style import from_here, paint, printable
from flowgate.usecases.lint import LintReport


def show(report: LintReport, form: str, quiet: bool, color: bool) -> str:
    """The whole output of `flowgate lint`."""
    if form == "json":
        return as_json(report.findings)
    if form == "sarif":
        from flowgate.report.sarif import as_sarif

        return as_sarif(report.findings, report.project)
    if form == "github":
        from flowgate.report.annotations import commands, of_findings

        return commands(of_findings(report.findings), report.project)
    lines = [text(found, report.project, color, quiet) for found in report.findings]
    if report.standings:
        from flowgate.ledger.match import remarks

        lines += [f"ledger: {remark}\n" for remark in remarks(report.standings)]
    return "".join(lines) + _closing(report, quiet, color)


def as_json(findings: Iterable[Finding]) -> str:
    """`flowgate/lint/v1`."""
    import json

    record = {"schema": "flowgate/lint/v1", "findings": [found.as_record() for found in findings]}
    return json.dumps(record, indent=1) + "\n"


def text(found: Finding, project: Project, color: bool, quiet: bool = False) -> str:
    """One finding: place, rule and message, the source line, and what to write instead."""
    where = f"{printable(from_here(project, found.path))}:{found.line}"
    state = "" if found.state == OPEN else f" [{found.state}]"
    label = paint(found.rule, found.severity, color)
    lines = [f"{where}: {label} {printable(found.message)}{state}  ({found.id})"]
    if not quiet and found.state != OVERRIDDEN:
        from flowgate.flow.source import Source

        line = Source(project.absolute(found.path)).line(found.line).rstrip()
        if line:
            lines.append(f"    | {printable(line.expandtabs(4).strip())}")
        if found.mend:
            lines.append(f"    = {printable(found.mend)}")
    if found.note:
        lines.append(f"    ~ {printable(found.note)}")
    return "\n".join(lines) + "\n"


def _closing(report: LintReport, quiet: bool, color: bool) -> str:
    """One line that says how it stands; a folder without flows is said to be one, never passed in silence."""
    open_errors = sum(found.blocks for found in report.findings)
    overridden = sum(found.state == OVERRIDDEN for found in report.findings)
    warnings = sum(found.severity != ERROR and found.state == OPEN for found in report.findings)
    if quiet and not open_errors:
        return ""
    if not report.files:
        return "no flows found: no Python file here defines a FlowSpec\n"
    parts = [f"{overridden} overridden"] * bool(overridden) + [_count(warnings, "warning")] * bool(warnings)
    aside = f" ({', '.join(parts)})" if parts else ""
    files = _count(report.files, "file")
    if open_errors:
        return paint(f"blocked: {_count(open_errors, 'error')} in {files}{aside}", "blocked", color) + "\n"
    return paint(f"clean: {files} checked{aside}", "pass", color) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number != 1 else "")
