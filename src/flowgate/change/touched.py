"""Which flows a change touches: those made of a file that changed, and all of them where nobody can tell."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from flowgate.change.base import WHOLE, Base, from_above, from_above_all
from flowgate.change.entries import flows_entered
from flowgate.discover import loose_files
from flowgate.errors import Inconclusive
from flowgate.flow.subject import names_file
from flowgate.ledger.store import NAME as LEDGER
from flowgate.ledger.store import Entry
from flowgate.project import Project, git, repository_of
from flowgate.prove.inputs import counts
from flowgate.prove.receipt import load
from flowgate.review.record import slug_of
from flowgate.target import Target

# Of a flow that is not proven, and so never run: prose, wiring, and what lies in the folders of documents and tests at the top.
_APART = re.compile(
    r".*\.(md|rst)|(.*/)?(LICENSE|CODEOWNERS|\.gitignore|\.gitattributes)|\.github/.*|\.pre-commit-config\.yaml"
    r"|docs/.*\.(py|html|css|png|svg|jpe?g|gif)|tests?/.*\.py"
)
_CODE = (".py", ".pyi")


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
    mine = sorted(_made_of(target, base.here) & base.changed)
    if mine:
        return f"{mine[0]} changed"
    if target.path in entered:
        return "an override of it changed"
    if _is_proven(target) and not _on_record(target):
        return "no proof of it is on record, by which it could be told what it depends on"
    ledger, state = (from_above(base.here, project.absolute(name)) for name in (LEDGER, ".flowgate"))
    others = (path for path in base.changed if path != ledger and not path.startswith(f"{state}/reviews/"))
    return _readable_by_any(sorted(others), target, base.here)


def _is_proven(target: Target) -> bool:
    return target.contract is not None and target.contract.kind != "nondeterministic"


def _on_record(target: Target) -> bool:
    return load(target.project, target.path, target.flow.name) is not None


def _made_of(target: Target, here: str) -> set[str]:
    """The files that a flow, its sources and its review are made of and its proof depends on, from the top."""
    project = target.project
    held = load(project, target.path, target.flow.name)
    proven_with = [project.absolute(name) for name in held.files] if held is not None else []
    record = project.state("reviews", slug_of(target.path, target.flow.name))
    sources = [project.absolute(name) for name in target.settings.sources]
    return from_above_all(here, [*target.files, *sources, record, *proven_with])


def _readable_by_any(paths: Iterable[str], target: Target, here: str) -> str:
    """Why a change of some files, of which the flow is not known to be made, may matter to it; empty where it cannot.

    Every file of its project does that its proof depends on. Of other files, and of a flow that is not proven, code does that it
    names, and all that is neither prose nor wiring.
    """
    project, is_proven = target.project, _is_proven(target)
    does_count = counts(project, target.proving.inputs_exclude)
    for path in paths:
        whole = os.path.join(here, path)
        name = project.relative(whole)
        is_gone = not os.path.lexists(whole)
        if is_proven and not os.path.isabs(name):
            matters = does_count(name)
        elif path.endswith(_CODE):
            matters = is_gone or names_file(target.flow, path)
        else:
            matters = not _APART.fullmatch(path)
        if matters:
            return f"{path} {'is gone' if is_gone else 'changed, which any task may read'}"
    return ""


def departures(project: Project) -> Callable[[Target], str]:
    """For a flow, how what stands here departs from the commit that is pushed, or else from HEAD; empty where it does not.

    Raises:
        Inconclusive: git does not tell.
    """
    pushed = os.environ.get("PRE_COMMIT_TO_REF") or "HEAD"
    here = repository_of(project.root)
    told = git(here, "diff", *WHOLE, "--name-only", "-z", pushed, "--") if here is not None else None
    if here is None or told is None:
        raise Inconclusive(f"what stands here cannot be compared with {pushed}, which is pushed: git refuses")
    changed = set(filter(None, told.split("\0")))
    loose = {from_above(here, path) for path in loose_files(here)}

    def departure(target: Target) -> str:
        mine = sorted(_made_of(target, here) & (changed | loose))
        if mine:
            return f"{mine[0]} is not what {pushed[:12]} holds"
        return _readable_by_any(sorted(changed), target, here)

    return departure
