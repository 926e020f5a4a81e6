"""`flowgate lint --fix` and `--diff`: what can be mended in exactly one way."""

from __future__ import annotations

import difflib
import os
from typing import NamedTuple

from flowgate.discover import candidates, forget, parts_of
from flowgate.files import write_whole
from flowgate.finding import OVERRIDDEN, Finding
from flowgate.flow.source import Source
from flowgate.ledger.match import overlay
from flowgate.lint.edit import Edit, edited
from flowgate.lint.engine import rules_of
from flowgate.project import Project
from flowgate.target import targets

_ROUNDS = 8  # edits that overlap are made one after the other


class Change(NamedTuple):
    """One file before and after its edits, absolute, and how many findings they mend."""

    path: str
    before: bytes
    after: bytes
    mended: int

    def diff(self, name: str) -> str:
        """The change as `git diff` shows it."""
        before, after = (
            data.decode("utf-8", "replace").splitlines(keepends=True) for data in (self.before, self.after)
        )
        lines = [
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
        ]
        return "".join(lines)


def changes(project: Project, paths: list[str]) -> list[Change]:
    """What fixing the flows at `paths`, or all of the project's, would change; nothing is written.

    Raises:
        FlowgateError: a path does not exist, or the settings or the ledger cannot be read.
    """
    return [change for part in parts_of(project, paths) for change in _changes(part.project, part.paths)]


def _changes(project: Project, paths: list[str]) -> list[Change]:
    """What fixing the flows of one project would change."""
    forget()
    chosen = candidates(project, paths)
    named = set(chosen.named)
    edits: dict[str, set[Edit]] = {}
    mended: dict[str, set[str]] = {}
    for path in chosen.paths:
        source = Source(path)
        if source.fault is None and (path in named or source.may_hold_a_flow()) and source.parse() is not None:
            for found, wanted in _fixable(project, source):
                for edit in wanted:
                    edits.setdefault(edit.path, set()).add(edit)
                    mended.setdefault(edit.path, set()).add(found.id)
    made = []
    for path, all_wanted in sorted(edits.items()):
        before = Source(path).data
        try:
            before.decode()
        except UnicodeDecodeError:
            continue  # places are told in UTF-8
        made.append(Change(path, before, edited(before, all_wanted), len(mended[path])))
    return made


def fix(project: Project, paths: list[str]) -> int:
    """Make the changes, each file whole or not at all; the number of findings mended.

    Raises:
        FlowgateError: a path does not exist or cannot be written, or the settings or the ledger cannot be read.
    """
    count = 0
    for _ in range(_ROUNDS):
        made = [change for change in changes(project, paths) if change.before != change.after]
        if not made:
            break
        for change in made:
            mode = os.stat(change.path).st_mode
            write_whole(os.path.realpath(change.path), change.after.decode(), change.path)
            os.chmod(os.path.realpath(change.path), mode)
            count += change.mended
    return count


def _fixable(project: Project, source: Source) -> list[tuple[Finding, list[Edit]]]:
    """The findings on one file that have a fix, without those that are accepted."""
    found = [
        fix
        for target in targets(project, source)
        for rule in rules_of(project)
        if rule.may_concern(target)
        for fix in rule.load().fixes(target)
    ]
    states = overlay(project, [one for one, _ in found], "lint").findings if found else []
    return [pair for pair, state in zip(found, states, strict=True) if state.state != OVERRIDDEN]
