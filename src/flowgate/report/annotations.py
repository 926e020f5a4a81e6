"""Workflow commands of GitHub: annotations in a job's log and beside the lines of a change, within GitHub's limits.

GitHub shows 10 errors, 10 warnings and 10 notices of a step and cuts a message at 4,096 characters (actions/toolkit,
docs/problem-matchers.md; actions/runner, ExecutionContext.cs).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowgate.finding import ERROR, OVERRIDDEN, RESOLVED, Finding
from flowgate.project import Project, from_top

_OF_A_LEVEL = 10
_LONGEST = 4000
LEVELS = ("error", "warning", "notice")


class Annotation(NamedTuple):
    """One remark: its level, its title and text, and the file, relative to the project's root, and line it is about."""

    level: str
    title: str
    message: str
    path: str = ""
    line: int = 0


def of_findings(findings: Iterable[Finding]) -> list[Annotation]:
    """The findings that are not settled; those that block come first."""
    shown = [found for found in findings if found.state not in (OVERRIDDEN, RESOLVED)]
    return [
        Annotation(
            "error" if found.severity == ERROR else "warning",
            f"{found.rule} {found.id}",
            found.message + (f". {found.mend}" if found.mend else ""),
            found.path,
            found.line,
        )
        for found in sorted(shown, key=lambda found: not found.blocks)
    ]


def commands(annotations: Iterable[Annotation], project: Project) -> str:
    """The annotations as workflow commands, level by level; where there are too many, the last one says how many more."""
    listed = list(annotations)
    parts = []
    for level in LEVELS:
        of_level = [one for one in listed if one.level == level]
        shown = of_level if len(of_level) <= _OF_A_LEVEL else of_level[: _OF_A_LEVEL - 1]
        parts += [_command(one, project) for one in shown]
        if len(shown) < len(of_level):
            more = f"{len(of_level) - len(shown)} more of this level are not shown here; the job's summary has all"
            parts.append(_command(Annotation(level, "flowgate", more), project))
    return "".join(parts)


def _command(one: Annotation, project: Project) -> str:
    """One workflow command; its data cannot end the command or start another."""
    place = f"file={_property(from_top(project, one.path))}," if one.path else ""
    place += f"line={one.line}," if one.line else ""
    return f"::{one.level} {place}title={_property(one.title)}::{_data(one.message[:_LONGEST])}\n"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
