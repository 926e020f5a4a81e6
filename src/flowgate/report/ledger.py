"""The ledger as a table, and as a difference."""

from __future__ import annotations

import difflib

from flowgate.report.style import printable
from flowgate.usecases.override import Listed


def table(listed: Listed) -> str:
    """Every entry in the ledger's order, with what it is worth."""
    rows = [(one.entry, one.flow, one.state) for one in listed.standings]
    rows += [
        (entry, entry.flow, "not judged here: no proof of the flow is on record, or no base to compare with")
        for entry in listed.unknown
    ]
    if not rows:
        return "no overrides\n"
    lines = []
    for entry, flow, state in rows:
        until = f", until {entry.expires}" if entry.expires else ""
        approved = f", approved by {entry.approved_by}" if entry.approved_by else ""
        lines.append(f"{entry.finding}  {printable(flow)}: {state}{until}")
        lines.append(f"    {printable(entry.reason)} ({printable(entry.by + approved)})")
    return "\n".join(lines) + "\n"


def difference(before: str, after: str, name: str) -> str:
    """What a change to the ledger of that name does, as a unified diff."""
    made = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (pruned)"
    )
    return "".join(printable(line.rstrip("\n")) + "\n" for line in made)
