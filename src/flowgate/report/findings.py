"""The findings of a lint, as text, JSON or GitHub annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowgate.finding import ERROR, OPEN, OVERRIDDEN, RESOLVED, Finding
from flowgate.project import Project
from flowgate.report.style import from_here, paint, printable
from flowgate.usecases.lint import LintReport


def show(report: LintReport, form: str, quiet: bool, color: bool, verbose: bool = False) -> str:
    """The whole output of `flowgate lint`."""
    if form == "json":
        return as_json(report.findings)
    if form == "sarif":
        from flowgate.report.sarif import as_sarif

        return as_sarif(report.findings, report.project)
    if form == "github":
        from flowgate.report.annotations import commands, of_findings

        return commands(of_findings(report.findings), report.project)
    lines = [said.text(report.project, color, quiet) for said in told_once(report.findings, verbose)]
    if report.standings:
        from flowgate.ledger.match import remarks

        lines += [f"ledger: {remark}\n" for remark in remarks(report.standings)]
    return "".join(lines) + _closing(report, quiet, color, verbose)


class Told(NamedTuple):
    """A finding as a person is told of it: once, with all the flows that it is held against."""

    finding: Finding
    others: tuple[Finding, ...]

    def text(self, project: Project, color: bool, quiet: bool = False) -> str:
        """Place, rule and message, the source line, and what to write instead; the other flows, each with its id."""
        said = text(self.finding, project, color, quiet)
        if not self.others:
            return said
        flows = [f"{printable(from_here(project, one.flow))} {one.name} ({one.id})" for one in self.others]
        return f"{said}    ~ held against {len(flows)} more flow{'s' * (len(flows) > 1)}: {', '.join(flows)}\n"


def told_once(findings: Iterable[Finding], verbose: bool) -> list[Told]:
    """The findings to show, those on the same code of a shared module as one; overridden ones only where they are asked for."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for found in findings:
        if found.state == RESOLVED or (found.state == OVERRIDDEN and not verbose):
            continue
        shared = found.path != found.flow
        key = (found.rule, found.path, found.line, found.code, found.state, found.severity)
        groups.setdefault(key if shared else (*key, found.id), []).append(found)
    sorted_groups = (sorted(held, key=lambda found: (found.flow, found.name)) for held in groups.values())
    return [Told(held[0], tuple(held[1:])) for held in sorted_groups]


def folded(findings: Iterable[Finding], verbose: bool) -> str:
    """How many findings are overridden and not shown, and how to see them; empty where there are none."""
    count = sum(found.state == OVERRIDDEN for found in findings)
    return (
        ""
        if verbose or not count
        else f"{_count(count, 'finding')} overridden; -v shows {'it' if count == 1 else 'them'}"
    )


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
        if line and not _is_elsewhere(found, line):
            lines.append(f"    | {printable(line.expandtabs(4).strip())}")
        if found.mend:
            lines.append(f"    = {printable(found.mend)}")
    if found.note:
        lines.append(f"    ~ {printable(found.note)}")
    return "\n".join(lines) + "\n"


def _is_elsewhere(found: Finding, line: str) -> bool:
    """True if the code that a review quoted is not in that line any more: it was changed since, and the review is stale."""
    quoted, there = ("".join(text.split()) for text in (found.code, line.partition("#")[0]))
    return found.layer == "review" and quoted not in there and there not in quoted


def _closing(report: LintReport, quiet: bool, color: bool, verbose: bool) -> str:
    """One line that says how it stands; a folder without flows is said to be one, never passed in silence."""
    open_errors = sum(told.finding.blocks for told in told_once(report.findings, verbose))
    overridden = sum(found.state == OVERRIDDEN for found in report.findings)
    warnings = sum(
        told.finding.severity != ERROR and told.finding.state == OPEN for told in told_once(report.findings, verbose)
    )
    if quiet and not open_errors:
        return ""
    if not report.files:
        return "no flows found: no Python file here defines a FlowSpec\n"
    shown = f"{overridden} overridden" + ("" if verbose else ", which -v shows")
    parts = [shown] * bool(overridden) + [_count(warnings, "warning")] * bool(warnings)
    aside = f" ({', '.join(parts)})" if parts else ""
    files = _count(report.files, "file")
    if open_errors:
        return paint(f"blocked: {_count(open_errors, 'error')} in {files}{aside}", "blocked", color) + "\n"
    return paint(f"clean: {files} checked{aside}", "pass", color) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number != 1 else "")
