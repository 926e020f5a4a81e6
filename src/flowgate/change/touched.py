"""Which flows a change touches: those made of a file that changed, and all of them where nobody can tell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from flowgate.change.base import Base
from flowgate.change.entries import flows_entered
from flowgate.flow.subject import files_of
from flowgate.ledger.store import NAME as LEDGER
from flowgate.ledger.store import Entry
from flowgate.review.record import slug_of
from flowgate.target import Target

# Code that no flow imports, prose and wiring: no task can read what it is made of.
_APART = re.compile(
    r".*\.(py|pyi|ipynb|md|rst|svg|png|jpe?g|gif)|(.*/)?(LICENSE|CODEOWNERS|\.gitignore|\.gitattributes)"
    r"|\.github/.*|(.*/)?(docs|tests?)/.*|\.pre-commit-config\.yaml"
)


def touched(base: Base, targets: Iterable[Target], entries: list[Entry]) -> dict[tuple[str, str], str]:
    """Why each flow that a change touches is touched, by its path and class.

    A change of a file that any task may read, of the environment or of the settings touches every flow.
    """
    flows = flows_entered(base, entries)
    found = {}
    for target in targets:
        why = _reason(base, target, flows)
        if why:
            found[(target.path, target.flow.name)] = why
    return found


def _reason(base: Base, target: Target, entered: set[str]) -> str:
    project = target.project
    record = project.state("reviews", slug_of(target.path, target.flow.name))
    sources = [project.absolute(name) for name in target.settings.sources]
    made_of = {_from(base, path) for path in [*files_of(target.flow, target.conf), *sources, record]}
    mine = sorted(made_of & base.changed)
    if mine:
        return f"{mine[0]} changed"
    if target.path in entered:
        return "an override of it changed"
    ledger, state = (_from(base, project.absolute(name)) for name in (LEDGER, ".flowgate"))
    for path in sorted(base.changed):
        if path == ledger or path.startswith(f"{state}/reviews/"):
            continue
        if not os.path.exists(os.path.join(base.here, path)) and path.endswith(".py"):
            return f"{path} is gone"
        if not _APART.fullmatch(path):
            return f"{path} changed, which any task may read"
    return ""


def _from(base: Base, path: str) -> str:
    return os.path.relpath(path, base.here).replace(os.sep, "/")
