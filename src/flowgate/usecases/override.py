"""`flowgate override`: find the finding that an id names, in whatever layer, and put it in the ledger."""

from __future__ import annotations

import datetime

from flowgate.discover import flow_sources
from flowgate.errors import FlowgateError
from flowgate.finding import RESOLVED, Finding
from flowgate.ledger.store import Entry, append
from flowgate.lint.engine import UNREADABLE
from flowgate.lint.pipeline import lint_paths
from flowgate.project import Project, git_output
from flowgate.prove.receipt import load
from flowgate.review.judge import standing
from flowgate.target import Target, readable


def override(project: Project, name: str, reason: str, expires: str | None, by: str | None) -> Entry:
    """Accept the finding called `name` (a whole id, or enough of its beginning to be one).

    Raises:
        FlowgateError: no finding or several have that id, the reason is empty, the date is none, or nobody signs.
    """
    if not reason.strip():
        raise FlowgateError("an override needs a reason: why is the finding wrong here, or the risk accepted?")
    found = _named(project, name)
    if found.rule == UNREADABLE:
        raise FlowgateError(f"{found.id} cannot be overridden: of a file that cannot be read, nothing can be accepted")
    entry = Entry(
        finding=found.id,
        flow=found.flow,
        reason=" ".join(reason.split()),
        by=by or _author(project),
        excuses=found.excuses,
        expires=_date(expires),
    )
    append(project, entry)
    return entry


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


def _reviewed(target: Target) -> list[Finding]:
    """The findings of the review; a case that cannot be opened has none to override."""
    try:
        return list(standing(target).findings)
    except FlowgateError:
        return []


def _named(project: Project, name: str) -> Finding:
    found = {one.id: one for one in current_findings(project)}
    hits = [one for key, one in found.items() if key.lower().startswith(name.lower())]
    if name.upper() in (key.upper() for key in found) or len(hits) == 1:
        return hits[0]
    if hits:
        raise FlowgateError(f"{name} could be {', '.join(sorted(one.id for one in hits))}; give the whole id")
    listed = ", ".join(sorted(found)) or "none"
    raise FlowgateError(f"there is no finding {name}; the open findings are: {listed}")


def _author(project: Project) -> str:
    name, email = git_output(project, "config", "user.name"), git_output(project, "config", "user.email")
    if not name:
        raise FlowgateError("git knows no user.name to sign the override with; give --by 'name <name@example.org>'")
    return f"{name} <{email}>" if email else name


def _date(text: str | None) -> datetime.date | None:
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise FlowgateError(f"--expires must be a date such as 2027-02-01, not {text!r}") from None
