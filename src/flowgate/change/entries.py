"""The ledger entries that a change brings: they are what a person has to agree to, so they come first in every report."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from flowgate.change.base import Base
from flowgate.errors import FlowgateError
from flowgate.finding import Finding, below
from flowgate.ledger.store import Entry, read

NEW, CHANGED = "new", "changed"


class Entered(NamedTuple):
    """An entry that the base does not have, or has otherwise; `code` is what it excuses, empty where that is gone.

    `folder` is where its project lies below the one that was asked; empty for that one itself.
    """

    entry: Entry
    kind: str
    code: str
    folder: str = ""

    @property
    def flow(self) -> str:
        """The flow of the entry, in the paths of the project that was asked."""
        return below(self.folder, self.entry.flow)

    def seen_from_above(self, folder: str) -> Entered:
        """The entry of a nested project, as a project whose subfolder `folder` that one lies in sees it."""
        return self._replace(folder=below(folder, self.folder).rstrip("/")) if folder else self

    def sentence(self) -> str:
        """Who accepts what, and why."""
        entry = self.entry
        until = f", until {entry.expires}" if entry.expires else ""
        agreed = f", approved by {entry.approved_by}" if entry.approved_by else ""
        return f"{self.kind} override {entry.finding} of {self.flow}: {entry.reason} ({entry.by}{agreed}{until})"

    def as_record(self) -> dict[str, object]:
        """The entry as `gate` prints it in JSON."""
        entry = self.entry
        expires = entry.expires.isoformat() if isinstance(entry.expires, datetime.date) else None
        told: dict[str, object] = {"finding": entry.finding, "change": self.kind, "flow": self.flow}
        return told | {"reason": entry.reason, "by": entry.by, "expires": expires, "code": self.code}


def entered(base: Base, findings: Iterable[Finding], entries: list[Entry]) -> list[Entered]:
    """The entries of the present ledger that a change added or edited, in the ledger's order.

    Args:
        findings: what the ledger was held against, for the code of each entry.
        entries: the present ones.
    """
    code = {found.id: found.code for found in findings}
    before = {entry.finding: entry for entry in _entries(base)}
    made = [one for one in entries if before.get(one.finding) != one]
    return [Entered(one, CHANGED if one.finding in before else NEW, code.get(one.finding, "")) for one in made]


def _entries(base: Base) -> list[Entry]:
    """The base's entries; a ledger there that cannot be read excuses nothing."""
    try:
        return read(base.project) if base.project is not None else []
    except FlowgateError:
        return []


def flows_entered(base: Base, entries: list[Entry]) -> set[str]:
    """The flows of every entry that is not what it was, also of those that are gone."""
    before = _entries(base)
    return {one.flow for one in [*before, *entries] if one not in before or one not in entries}
