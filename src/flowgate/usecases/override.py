"""`flowgate override`: find the finding that an id names, in whatever layer, and put it in the ledger; keep the ledger."""

from __future__ import annotations

import datetime
import os
import re
from typing import Any, NamedTuple

import msgspec

from flowgate.discover import flow_sources
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.files import read_text
from flowgate.finding import Finding
from flowgate.ledger.edit import renewed, without
from flowgate.ledger.match import GONE, Standing, date_under_test, layer_of, match
from flowgate.ledger.store import NAME, Entry, append, change, path_of, read
from flowgate.lint.engine import UNREADABLE
from flowgate.project import Project, git_output
from flowgate.prove.receipt import load
from flowgate.target import Target, readable
from flowgate.usecases.findings import current_findings, finding_named, weaknesses


def override(
    project: Project,
    name: str,
    reason: str,
    expires: str | None,
    by: str | None,
    approved_by: str | None = None,
    base_ref: str = "",
) -> Entry:
    """Accept the finding called `name` (a whole id, or enough of its beginning to be one).

    Args:
        base_ref: for a finding of FG404, the base that it was found against.

    Raises:
        FlowgateError: no finding or several have that id, it cannot be accepted, the reason is empty, the date is none, or
            nobody signs.
    """
    if not reason.strip():
        raise FlowgateError("an override needs a reason: why is the finding wrong here, or the risk accepted?")
    found = finding_named(project, name, base_ref)
    if found.rule == UNREADABLE:
        raise FlowgateError(f"{found.id} cannot be overridden: of a file that cannot be read, nothing can be accepted")
    if found.rule in project.settings.ledger.non_overridable:
        raise FlowgateError(f"{found.id} cannot be overridden: the settings name {found.rule} under `non_overridable`")
    entry = Entry(
        finding=found.id,
        flow=found.flow,
        reason=" ".join(reason.split()),
        by=by or _author(project),
        excuses=found.excuses,
        expires=_date(expires),
        approved_by=approved_by,
    )
    append(project, entry)
    return entry


def renew(
    project: Project, name: str, reason: str | None, expires: str | None, approved_by: str | None = None
) -> Entry:
    """Give an entry of the ledger another date, reason or approver, where it stands.

    Raises:
        FlowgateError: no entry or several have that id, or nothing new is given.
    """
    if reason is None and expires is None and approved_by is None:
        raise FlowgateError("nothing to renew: give --expires, --reason or --approved-by")
    old = _entry_named(read(project), name)
    changes: dict[str, Any] = {}
    if expires is not None:
        changes["expires"] = None if expires == "never" else _date(expires)
    if reason is not None and reason.strip():
        changes["reason"] = " ".join(reason.split())
    if approved_by is not None:
        changes["approved_by"] = approved_by
    new: Entry = msgspec.structs.replace(old, **changes)
    change(project, lambda text, held: (renewed(text, old, new), [new if one == old else one for one in held]))
    return new


class Listed(NamedTuple):
    """The ledger as it stands; `unknown` are entries on proofs of which no receipt tells, or on a change without a base."""

    standings: list[Standing]
    unknown: list[Entry]


def listing(project: Project) -> Listed:
    """What every entry of the ledger is worth, against what holds now."""
    entries, found = read(project), current_findings(project)
    of_change = _weaknesses(project, entries)
    proven = {one.path for one in _proven(project)}
    layers = {entry.finding: layer_of(entry.rule) for entry in entries}
    unknown = [
        entry
        for entry in entries
        if (layers[entry.finding] == "prove" and entry.flow not in proven)
        or (layers[entry.finding] == "gate" and of_change is None)
    ]
    known = [entry for entry in entries if entry not in unknown]
    matched = match(
        [*found, *(of_change or [])], known, date_under_test(project), project.root, project.settings.ledger
    )
    return Listed(matched.standings, unknown)


def _weaknesses(project: Project, entries: list[Entry]) -> list[Finding] | None:
    """What the change asks less than its base, where an entry speaks of that."""
    if not any(layer_of(entry.rule) == "gate" for entry in entries):
        return []
    try:
        return weaknesses(project)
    except Inconclusive:
        return None


def prunable(project: Project) -> tuple[str, str]:
    """The ledger as it is, and without the entries whose finding is gone."""
    path = path_of(project)
    text = read_text(path, NAME) if os.path.lexists(path) else ""
    return text, without(text, _gone(project)) if text else ""


def prune(project: Project) -> set[str]:
    """Remove the entries whose finding is gone; the ids of those that went."""
    gone = _gone(project)
    if gone:
        change(project, lambda text, held: (without(text, gone), [one for one in held if one.finding not in gone]))
    return gone


def _gone(project: Project) -> set[str]:
    return {one.entry.finding for one in listing(project).standings if one.state == GONE}


def _proven(project: Project) -> list[Target]:
    """The flows of which a receipt tells."""
    return [
        target
        for target in readable(project, flow_sources(project))
        if load(project, target.path, target.flow.name) is not None
    ]


def _entry_named(entries: list[Entry], name: str) -> Entry:
    hits = [one for one in entries if one.finding.lower().startswith(name.lower())]
    exact = [one for one in hits if one.finding.lower() == name.lower()]
    if len(exact or hits) == 1:
        return (exact or hits)[0]
    listed = ", ".join(one.finding for one in hits or entries) or "none"
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
    days = re.fullmatch(r"(\d{1,5})d", text)
    if days:
        return datetime.date.today() + datetime.timedelta(days=int(days[1]))
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise FlowgateError(f"--expires must be a date such as 2027-02-01, or days such as 90d, not {text!r}") from None
