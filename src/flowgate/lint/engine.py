"""Sources in, findings out: one parse a file, one model a flow, every rule over it."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from flowgate.errors import FlowgateError
from flowgate.finding import DOUBT, ERROR, WARNING, Finding, in_reading_order
from flowgate.flow.source import Source
from flowgate.lint.rule import Rule
from flowgate.lint.rules import RULES
from flowgate.project import Project
from flowgate.target import Target, targets

UNREADABLE = "FG001"
_DEEPEST = 8000


def lint(project: Project, sources: Iterable[Source], pedantic: bool = False) -> list[Finding]:
    """Every finding on the flows in `sources`, in reading order; with `pedantic`, doubts too, as warnings."""
    ignored = project.settings.lint.ignore
    unknown = set(ignored) - {name for rule in RULES for name in (rule.id, rule.slug)}
    if unknown:
        raise FlowgateError(
            f"{project.settings.origin}, [tool.flowgate.lint] ignore: there is no rule {min(unknown)!r}"
        )
    rules = [rule for rule in RULES if rule.id not in ignored and rule.slug not in ignored]
    findings: list[Finding] = []
    parents: set[tuple[str, str]] = set()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEPEST))
    try:
        for source in sources:
            findings += _lint_source(project, source, rules, parents)
    finally:
        sys.setrecursionlimit(limit)
    certain = [found for found in findings if pedantic or found.severity != DOUBT]
    told = [found._replace(severity=WARNING) if found.severity == DOUBT else found for found in certain]
    return in_reading_order([found for found in told if (found.flow, found.name) not in parents])


def _lint_source(project: Project, source: Source, rules: list[Rule], parents: set[tuple[str, str]]) -> list[Finding]:
    """The findings on the flows of one file; the bases they have in other files are added to `parents`."""
    if source.parse() is None:
        return [_unreadable(project, source.path, source.path, source.fault or "", source.fault_line)]
    if not source.may_hold_a_flow():
        return []
    findings: list[Finding] = []
    try:
        for target in targets(project, source):
            parents |= target.parents()
            findings += _broken_files(project, target)
            for rule in rules:
                if target.promoted or not rule.promoted_only:
                    findings += _unique(rule.check(target))
    except RecursionError:
        fault = "is nested too deeply to be followed"
        findings.append(_unreadable(project, source.path, source.path, fault))
    return findings


def _broken_files(project: Project, target: Target) -> list[Finding]:
    """The modules and config files of a flow that cannot be read."""
    modules = [module.source for module in target.flow.closure if module.source.fault]
    found = [_unreadable(project, target.flow.path, one.path, one.fault or "", one.fault_line) for one in modules]
    return found + [
        _unreadable(project, target.flow.path, path, fault, line) for path, fault, line in target.broken_config()
    ]


def _unreadable(project: Project, flow: str, path: str, fault: str, line: int = 1) -> Finding:
    name = project.relative(flow)
    where = project.relative(path)
    message = f"{where} {fault}. Nothing that depends on it can be judged, so it cannot pass"
    mend = "mend the file, or leave it out with `exclude` in the settings"
    return Finding(UNREADABLE, "lint", ERROR, name, where, where, line, None, fault, message, mend)


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each identity and place: a helper followed twice is read once."""
    return list({(found.id, found.path, found.line): found for found in findings}.values())
