"""Sources in, findings out: one parse a file, one model a flow, every rule over it."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.flow.source import Source
from flowgate.lint.examined import Examined, together
from flowgate.lint.ruff import UNREADABLE
from flowgate.lint.rules import REGISTRY, Entry
from flowgate.project import Project
from flowgate.target import Target, targets

_DEEPEST = 8000


def lint(project: Project, sources: Iterable[Source], pedantic: bool = False) -> list[Finding]:
    """Every finding on the flows in `sources`, in reading order; with `pedantic`, doubts too, as warnings."""
    rules = rules_of(project)
    return together([examine(project, source, rules) for source in sources], pedantic)


def rules_of(project: Project) -> list[Entry]:
    """The rules that the settings leave in.

    Raises:
        FlowgateError: they leave out one that does not exist.
    """
    ignored = project.settings.lint.ignore
    unknown = set(ignored) - {name for rule in REGISTRY for name in (rule.id, rule.slug)}
    if unknown:
        raise FlowgateError(f"{project.place('lint')}: `ignore`: there is no rule {min(unknown)!r}")
    if {UNREADABLE, "unreadable"} & set(ignored):
        raise FlowgateError(
            f"{project.place('lint')}: `ignore`: {UNREADABLE} cannot be left out, for of a file that "
            f"cannot be read nothing is known; leave the file out with `exclude`"
        )
    return [rule for rule in REGISTRY if rule.id not in ignored and rule.slug not in ignored]


def examine(project: Project, source: Source, rules: list[Entry]) -> Examined:
    """What the rules say of the flows in one file."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEPEST))
    try:
        return _examine(project, source, rules)
    finally:
        sys.setrecursionlimit(limit)


def _examine(project: Project, source: Source, rules: list[Entry]) -> Examined:
    if source.fault is None and not source.may_hold_a_flow():
        return Examined([], [], 0)
    if source.parse() is None:
        return Examined([_unreadable(project, source)], [], 0)
    findings: list[Finding] = []
    parents: list[tuple[str, str]] = []
    found: list[Target] = []
    try:
        found = targets(project, source)
        for target in found:
            parents += sorted(target.parents())
            for rule in rules:
                if rule.may_concern(target):
                    findings += _unique(rule.load().check(target))
    except RecursionError:
        source.fault, source.fault_line = "is nested too deeply to be followed", 1
        findings.append(_unreadable(project, source))
    finally:
        for target in found[:1]:
            target.flow.modules.drop()
    return Examined(findings, parents, len(found))


def _unreadable(project: Project, source: Source) -> Finding:
    from flowgate.lint.rules.unreadable import unreadable

    return unreadable(project, source.path, source.path, source.fault or "", source.fault_line)


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each cause: a helper that several steps call is held against the first of them."""
    first: dict[tuple[str, int, str], Finding] = {}
    for found in findings:
        first.setdefault((found.path, found.line, found.code), found)
    return list(first.values())
