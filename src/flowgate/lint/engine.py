"""Sources in, findings out: one parse a file, one model a flow, every rule over it."""

from __future__ import annotations

from collections.abc import Iterable

from flowgate.errors import FlowgateError
from flowgate.finding import ERROR, Finding, in_reading_order
from flowgate.flow.conf import read_yaml
from flowgate.flow.source import Source
from flowgate.lint.rule import Rule
from flowgate.lint.rules import RULES
from flowgate.project import Project
from flowgate.target import Target, targets

UNREADABLE = "FG001"


def lint(project: Project, sources: Iterable[Source]) -> list[Finding]:
    """Every finding on the flows in `sources`, in reading order."""
    ignored = project.settings.lint.ignore
    rules = [rule for rule in RULES if rule.id not in ignored and rule.slug not in ignored]
    findings: list[Finding] = []
    for source in sources:
        findings += _lint_source(project, source, rules)
    return in_reading_order(findings)


def _lint_source(project: Project, source: Source, rules: list[Rule]) -> list[Finding]:
    if source.parse() is None:
        return [_unreadable(project, source.path, source.path, source.fault or "", source.fault_line)]
    if not source.may_hold_a_flow():
        return []
    findings: list[Finding] = []
    try:
        for target in targets(project, source):
            broken = [path for path in _config_files(target) if _yaml_fault(path)]
            findings += [_unreadable(project, source.path, path, _yaml_fault(path)) for path in broken]
            for rule in rules:
                if target.promoted or not rule.promoted_only:
                    findings += _unique(rule.check(target))
    except RecursionError:
        fault = "is nested too deeply to be followed"
        findings.append(_unreadable(project, source.path, source.path, fault))
    return findings


def _config_files(target: Target) -> list[str]:
    return target.conf.files() if target.conf is not None else []


def _yaml_fault(path: str) -> str:
    try:
        read_yaml(path)
    except FlowgateError as error:
        return str(error).removeprefix(path).strip()
    return ""


def _unreadable(project: Project, flow: str, path: str, fault: str, line: int = 1) -> Finding:
    name = project.relative(flow)
    where = project.relative(path)
    message = f"{where} {fault}. Nothing in it can be judged, so it cannot pass"
    mend = "mend the file, or leave it out with `exclude` in the settings"
    return Finding(UNREADABLE, "lint", ERROR, name, where, where, line, None, fault, message, mend)


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each identity and place: a helper followed twice is read once."""
    return list({(found.id, found.path, found.line): found for found in findings}.values())
