"""What the rules say of one file: the unit that is remembered, and shared out among processes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from flowgate.finding import DOUBT, WARNING, Finding, counted, in_reading_order


class Examined(NamedTuple):
    """The findings on one file, doubts among them; the classes elsewhere that its flows derive from, and their number."""

    findings: list[Finding]
    parents: list[tuple[str, str]]
    flows: int

    def as_said(self) -> list[Any]:
        """As it is remembered."""
        return [[list(found) for found in self.findings], self.parents, self.flows]

    @classmethod
    def of_said(cls, said: Any) -> Examined | None:
        """What was remembered; None where it cannot be what it was."""
        try:
            findings, parents, flows = said
            return cls([Finding(*record) for record in findings], [(flow, name) for flow, name in parents], flows)
        except (TypeError, ValueError):
            return None


def together(examined: Iterable[Examined], pedantic: bool) -> list[Finding]:
    """The findings on several files, in reading order.

    A class that a flow of another file derives from is a base, and what holds against it is said of its children. Doubts
    are warnings where `pedantic` asks for them, and nothing where not.
    """
    listed = list(examined)
    parents = {parent for one in listed for parent in one.parents}
    told = (found for one in listed for found in one.findings if pedantic or found.severity != DOUBT)
    return counted(
        in_reading_order(
            [
                found._replace(severity=WARNING) if found.severity == DOUBT else found
                for found in told
                if (found.flow, found.name) not in parents
            ]
        )
    )
