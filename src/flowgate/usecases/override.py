"""`flowgate override`: find the finding that an id names, in whatever layer, and put it in the ledger; keep the ledger."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from flowgate.discover import flow_sources, parts_of
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.files import read_text
from flowgate.finding import Finding, below
from flowgate.ledger.edit import renewed, without
from flowgate.ledger.match import GONE, Standing, authors_of, date_under_test, layer_of, match
from flowgate.ledger.store import NAME, Entry, append, change, is_said, path_of, read
from flowgate.lint.ruff import UNREADABLE
from flowgate.project import Part, Project, git_output
from flowgate.prove.receipt import load
from flowgate.target import Target, readable
from flowgate.usecases.findings import current_findings, findings_named, weaknesses


class Accepted(NamedTuple):
    """An entry that was written, and the ledger that holds it, in the paths of the project that was asked."""

    entry: Entry
    ledger: str
    flow: str


def override(
    project: Project,
    names: Sequence[str],
    reason: str,
    expires: str | None,
    by: str | None,
    approved_by: str | None = None,
    base_ref: str = "",
) -> list[Accepted]:
    """Accept findings by their ids (whole, or enough of the beginning to be one), each in its own project's ledger.

    All of them are looked up before the first is written, so that a misspelt id writes nothing.

    Args:
        base_ref: for a finding of FG404, the base that it was found against.

    Raises:
        FlowgateError: no finding or several have an id, one cannot be accepted, the reason is empty, the date is none, or
            nobody signs.
    """
    if not is_said(reason):
        raise FlowgateError("an override needs a reason: why is the finding wrong here, or the risk accepted?")
    named = findings_named(project, names, base_ref)
    entries = [
        (
            part,
            Entry(
                finding=_acceptable(part.project, found).id,
                flow=found.flow,
                reason=" ".join(reason.split()),
                by=by or _author(project),
                excuses=found.excuses,
                expires=_date(expires),
                approved_by=approved_by,
            ),
        )
        for part, found in named
    ]
    for part, entry in entries:
        append(part.project, entry)
    return [Accepted(entry, below(part.folder, NAME), below(part.folder, entry.flow)) for part, entry in entries]


def _acceptable(project: Project, found: Finding) -> Finding:
    if found.rule == UNREADABLE:
        raise FlowgateError(f"{found.id} cannot be overridden: of a file that cannot be read, nothing can be accepted")
    if found.rule in project.settings.ledger.non_overridable:
        raise FlowgateError(f"{found.id} cannot be overridden: the settings name {found.rule} under `non_overridable`")
    return found


def renew(
    project: Project, name: str, reason: str | None, expires: str | None, approved_by: str | None = None
) -> Accepted:
    """Give an entry of the ledger another date, reason or approver, where it stands.

    Raises:
        FlowgateError: no entry or several have that id, or nothing new is given.
    """
    if reason is None and expires is None and approved_by is None:
        raise FlowgateError("nothing to renew: give --expires, --reason or --approved-by")
    part, old = _entry_named([(part, entry) for part in parts_of(project, []) for entry in read(part.project)], name)
    changes: dict[str, Any] = {}
    if expires is not None:
        changes["expires"] = None if expires == "never" else _date(expires)
    if reason is not None and reason.strip():
        changes["reason"] = " ".join(reason.split())
    if approved_by is not None:
        changes["approved_by"] = approved_by
    new: Entry = msgspec.structs.replace(old, **changes)
    change(part.project, lambda text, held: (renewed(text, old, new), [new if one == old else one for one in held]))
    return Accepted(new, below(part.folder, NAME), below(part.folder, new.flow))


class Listed(NamedTuple):
    """The ledger as it stands; `unknown` are entries on proofs of which no receipt tells, or on a change without a base."""

    standings: list[Standing]
    unknown: list[Entry]


def listing(project: Project) -> Listed:
    """What every entry of the ledger is worth, against what holds now; of the ledgers of the projects below, too."""
    parts = parts_of(project, [])
    held = {part.folder: read(part.project) for part in parts}
    of_change = _weaknesses(project, parts, [entry for entries in held.values() for entry in entries])
    listed = [_listing(part, held[part.folder], of_change) for part in parts]
    return Listed(
        [
            standing.seen_from_above(part.folder)
            for part, one in zip(parts, listed, strict=True)
            for standing in one.standings
        ],
        [entry for one in listed for entry in one.unknown],
    )


def _listing(part: Part, entries: list[Entry], of_change: list[Finding] | None) -> Listed:
    """The ledger of one project, in its own paths."""
    project = part.project
    mine = [found.seen_inside() for found in of_change or [] if found.project == part.folder]
    proven = {one.path for one in _proven(project)}
    layers = {entry.finding: layer_of(entry.rule) for entry in entries}
    unknown = [
        entry
        for entry in entries
        if (layers[entry.finding] == "prove" and entry.flow not in proven)
        or (layers[entry.finding] == "gate" and of_change is None)
    ]
    known = [entry for entry in entries if entry not in unknown]
    found = [*current_findings(project), *mine] if entries else []
    policy = project.settings.ledger
    matched = match(found, known, date_under_test(project), project.root, policy, authors_of(project))
    return Listed(matched.standings, unknown)


def _weaknesses(project: Project, parts: list[Part], entries: list[Entry]) -> list[Finding] | None:
    """What the change asks less than its base, where an entry speaks of that."""
    if not any(layer_of(entry.rule) == "gate" for entry in entries):
        return []
    try:
        return weaknesses(project, parts)
    except Inconclusive:
        return None


class Prunable(NamedTuple):
    """One ledger, by its path for the user: as it is, as it would be, and the findings of the entries that would go."""

    project: Project
    ledger: str
    before: str
    after: str
    gone: frozenset[str]


def prunable(project: Project) -> list[Prunable]:
    """The ledgers that hold an entry whose finding is gone."""
    standings = listing(project).standings
    found = []
    for part in parts_of(project, []):
        gone = frozenset(one.entry.finding for one in standings if one.state == GONE and one.folder == part.folder)
        if gone:
            name = below(part.folder, NAME)
            text = read_text(path_of(part.project), name)
            found.append(Prunable(part.project, name, text, without(text, set(gone)), gone))
    return found


def prune(ledgers: list[Prunable]) -> None:
    """Remove the entries whose finding is gone."""
    for ledger in ledgers:
        change(ledger.project, partial(_pruned, set(ledger.gone)))


def _pruned(gone: set[str], text: str, entries: list[Entry]) -> tuple[str, list[Entry]]:
    return without(text, gone), [entry for entry in entries if entry.finding not in gone]


def _proven(project: Project) -> list[Target]:
    """The flows of which a receipt tells."""
    return [
        target
        for target in readable(project, flow_sources(project))
        if load(project, target.path, target.flow.name) is not None
    ]


def _entry_named(entries: list[tuple[Part, Entry]], name: str) -> tuple[Part, Entry]:
    hits = [(part, entry) for part, entry in entries if entry.finding.lower().startswith(name.lower())]
    exact = [(part, entry) for part, entry in hits if entry.finding.lower() == name.lower()]
    if len(exact or hits) == 1:
        return (exact or hits)[0]
    listed = ", ".join(entry.finding for _, entry in hits or entries) or "none"
    raise FlowgateError(f"the ledger has {'several entries' if hits else 'no entry'} {name}; it has: {listed}")


def _author(project: Project) -> str:
    name, email = git_output(project, "config", "user.name"), git_output(project, "config", "user.email")
    if not name:
        raise FlowgateError("git knows no user.name to sign the override with; give --by 'name <name@example.org>'")
    return f"{name} <{email}>" if email else name


def _date(text: str | None) -> datetime.date | None:
    """A date as 2027-02-01, or a number of days from today as 90d."""
    if text is None:
        return None
    today = datetime.date.today()
    days = re.fullmatch(r"(\d{1,5})d", text)
    if days:
        return today + datetime.timedelta(days=int(days[1]))
    try:
        given = datetime.date.fromisoformat(text)
    except ValueError:
        raise FlowgateError(f"--expires must be a date such as 2027-02-01, or days such as 90d, not {text!r}") from None
    if given < today:
        raise FlowgateError(f"--expires {text} is past: an entry that has expired excuses nothing")
    return given
