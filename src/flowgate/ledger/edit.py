"""Changes to entries that stand in the ledger: text for text, so that every comment and every other byte survives."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from flowgate.ledger.store import Entry, scalar


class _Place(NamedTuple):
    """Where an entry stands in the text: its first line and the one after its last, and the marks of its values."""

    first: int
    after: int
    values: dict[str, tuple[int, int]]
    indent: int


def without(text: str, gone: set[str]) -> str:
    """The ledger's text without the entries of some findings; comments stay."""
    lines = text.splitlines(keepends=True)
    for place in sorted((_places(text)[name] for name in gone), reverse=True):
        del lines[place.first : place.after]
    left = "".join(lines)
    if gone and not _places(left):
        return left.replace("overrides:", "overrides: []", 1)
    return left


def renewed(text: str, old: Entry, new: Entry) -> str:
    """The ledger's text with the fields of one entry as they are in `new`."""
    for field in ("reason", "expires", "approved_by"):
        if getattr(new, field) != getattr(old, field):
            text = _set(text, old.finding, field, getattr(new, field))
    return text


def _set(text: str, finding: str, field: str, value: str | datetime.date | None) -> str:
    place = _places(text)[finding]
    shown = scalar(value) if isinstance(value, str) else "null" if value is None else value.isoformat()
    if field in place.values:
        start, end = place.values[field]
        return f"{text[:start]}{shown}{text[end:]}"
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if "\r\n" in text else "\n"
    if lines and not lines[place.after - 1].endswith("\n"):
        lines[place.after - 1] += newline
    lines.insert(place.after, f"{' ' * place.indent}{field}: {shown}{newline}")
    return "".join(lines)


def _places(text: str) -> dict[str, _Place]:
    """Where the entry of each finding stands."""
    import yaml

    root: Any = yaml.compose(text, yaml.SafeLoader)
    listed: Any = next((value for key, value in root.value if key.value == "overrides"), None)
    found = {}
    for node in listed.value if listed is not None and isinstance(listed.value, list) else []:
        values = {key.value: (value.start_mark.index, value.end_mark.index) for key, value in node.value}
        name = next(value.value for key, value in node.value if key.value == "finding")
        last = max(_last_line(value) for _, value in node.value)
        found[name] = _Place(node.start_mark.line, last + 1, values, node.start_mark.column)
    return found


def _last_line(node: Any) -> int:
    """The last line of a value; a block scalar's end mark is on the line after it."""
    mark = node.end_mark
    return int(mark.line if mark.column or mark.line == node.start_mark.line else mark.line - 1)
