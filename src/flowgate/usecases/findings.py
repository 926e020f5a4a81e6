"""Every finding that holds now, and the one that an id names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowgate.change.base import base_of, likely_base, stated_base
from flowgate.change.compare import weaker
from flowgate.change.weakening import RULE as WEAKER_GATE
from flowgate.discover import flow_sources, parts_of
from flowgate.errors import FlowgateError
from flowgate.finding import RESOLVED, Finding
from flowgate.ledger.match import authors_of, date_under_test, match
from flowgate.ledger.store import read
from flowgate.lint.pipeline import lint_paths
from flowgate.project import Part, Project, repository_of
from flowgate.prove.receipt import load
from flowgate.review import record as records
from flowgate.review.answers import Quote
from flowgate.review.judge import standing
from flowgate.target import Target, readable


def current_findings(project: Project) -> list[Finding]:
    """Every finding that holds now: of lint, of the reviews on record, and of the last proof of each flow."""
    sources = flow_sources(project)
    paths = [source.path for source in sources]
    found = lint_paths(project, paths, paths).findings
    for target in readable(project, sources):
        found += _reviewed(target)
        receipt = load(project, target.path, target.flow.name)
        found += receipt.findings if receipt is not None else []
    return [one for one in found if one.state != RESOLVED]


def weaknesses(project: Project, parts: list[Part], base_ref: str = "") -> list[Finding] | None:
    """What the change asks less of itself than its base: the one named, that of CI, or the branch it most likely goes to.

    In the paths of the project that was asked. None where there is no base to compare with.

    Raises:
        Inconclusive: the base that is named is not there.
    """
    ref = base_ref or stated_base(project) or likely_base(project)
    if not ref:
        return None
    with base_of(project, ref) as base:
        return weaker(base, project, [part.project for part in parts])


def _reviewed(target: Target) -> list[Finding]:
    """The findings of the review; a case that cannot be opened has none to override."""
    try:
        return list(standing(target).findings)
    except FlowgateError:
        return []


class Named(NamedTuple):
    """A finding in the paths of the project that judged it, and that project: whose ledger it would be accepted in."""

    part: Part
    finding: Finding


def findings_named(project: Project, names: Sequence[str], base_ref: str = "") -> list[Named]:
    """The findings with these ids, or with ids that nothing else begins like; each name once.

    Args:
        base_ref: the base to compare with, for a finding of FG404.

    Raises:
        FlowgateError: there is none of a name, or there are several.
    """
    parts = parts_of(project, [])
    known: list[Named] = []
    if any(name.upper().startswith(WEAKER_GATE) for name in names):
        folders = {part.folder: part for part in parts}
        held = weaknesses(project, parts, base_ref) or []
        known += [Named(folders[found.project], found.seen_inside()) for found in held]
    if any(not name.upper().startswith(WEAKER_GATE) for name in names):
        known += [Named(part, found) for part in parts for found in current_findings(part.project)]
    found = [named for name in names for named in _named(name, known, project)]
    return list({(named.part.folder, named.finding.id): named for named in found}.values())


def _named(name: str, known: list[Named], project: Project) -> list[Named]:
    """The finding of one name; in a copy of the project it has the same id, and is held against both."""
    ids = {named.finding.id for named in known}
    hits = {one for one in ids if one.lower() == name.lower()} or {
        one for one in ids if one.lower().startswith(name.lower())
    }
    if len(hits) > 1:
        raise FlowgateError(f"{name} could be {', '.join(sorted(hits))}; give the whole id")
    if not hits:
        top = repository_of(project.root)
        others = f"; findings of other projects are known at {top}" if top not in (None, project.root) else ""
        raise FlowgateError(
            f"there is no finding {name}; the open findings are: {', '.join(sorted(ids)) or 'none'}{others}"
        )
    return [named for named in known if named.finding.id in hits]


class LookedUp(NamedTuple):
    """A finding with the state that the ledger gives it, the project that it is of, in whose paths it is told, and for one of
    the review the quotes it rests on, by their side."""

    finding: Finding
    project: Project
    of_flow: tuple[Quote, ...] = ()
    of_sources: tuple[Quote, ...] = ()


def looked_up(project: Project, name: str) -> LookedUp:
    """The finding that an id names, as a person looks into it.

    Raises:
        FlowgateError: there is none, or there are several.
    """
    part, found = findings_named(project, [name])[0]
    project = part.project
    policy = project.settings.ledger
    judged = match(
        [found], read(project), date_under_test(project), project.root, policy, authors_of(project)
    ).findings[0]
    record = records.load(project, found.flow, found.name) if found.layer == "review" else None
    quotes = next((held.quotes for held in record.findings if held.id == found.id), []) if record is not None else []
    sources = project.settings.of(found.flow).sources
    return LookedUp(
        judged,
        project,
        tuple(quote for quote in quotes if quote.path not in sources),
        tuple(quote for quote in quotes if quote.path in sources),
    )
