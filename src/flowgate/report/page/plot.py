"""The numbers of a conclusion as dots on a line each, with their intervals where there are any."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

_MEASURES, _ROWS = 6, 40  # that one conclusion is drawn with at most
_LEFT, _RIGHT, _LINE = 8.0, 92.0, 22  # per cent of the width; pixels from row to row
_INTERVAL = re.compile(r"[\[(]\s*([-+\d.eE]+)\s*,\s*([-+\d.eE]+)\s*[\])]")
_NUMBER = (int, float)


class Dot(NamedTuple):
    """One row: its label and value, and where the value and the ends of its interval stand, in per cent of the width."""

    label: str
    value: str
    at: float
    low: float | None
    high: float | None


class Plot(NamedTuple):
    """One measure: its name, its dots, where zero stands, and the ends of its scale."""

    name: str
    dots: tuple[Dot, ...]
    zero: float | None
    least: str
    most: str
    height: int


def plots(conclusion: dict[str, Any], axes: frozenset[str]) -> list[Plot]:
    """A plot of each measure of a conclusion; none where it holds no numbers, or too many rows to be seen."""
    rows: list[dict[str, Any]] = conclusion["rows"]
    if not 1 < len(rows) <= _ROWS:
        return []
    return [made for name in _measures(rows, axes)[:_MEASURES] if (made := _plot(name, rows, axes)) is not None]


def _measures(rows: list[dict[str, Any]], axes: frozenset[str]) -> list[str]:
    """The columns of numbers that are no axis; where the config names none, those whose values do not repeat."""
    names = [name for name in rows[0] if name not in axes and all(_is_number(row.get(name)) for row in rows)]
    if not axes and len(names) > 1:
        fresh = [name for name in names if len({row[name] for row in rows}) == len(rows)]
        names = fresh or names[-1:]
    return [name for name in names if not re.search(r"(^|_)(lo|hi|low|high|lower|upper)($|_)", name)]


def _is_number(value: object) -> bool:
    return isinstance(value, _NUMBER) and not isinstance(value, bool) and math.isfinite(value)


def _plot(name: str, rows: Sequence[dict[str, Any]], axes: frozenset[str]) -> Plot | None:
    intervals = [_interval(row, name) for row in rows]
    ends = [end for interval in intervals if interval is not None for end in interval]
    values = [float(row[name]) for row in rows] + ends
    least, most = min(values), max(values)
    span = most - least
    if not math.isfinite(span):
        return None

    def at(value: float) -> float:
        share = (value - least) / span if span else 0.5
        return round(_LEFT + share * (_RIGHT - _LEFT), 2)

    dots = [
        Dot(
            _label(row, name, axes, number),
            f"{row[name]:.6g}",
            at(row[name]),
            *(map(at, held) if held else (None, None)),
        )
        for number, (row, held) in enumerate(zip(rows, intervals, strict=True))
    ]
    zero = at(0.0) if least < 0 < most else None
    return Plot(name, tuple(dots), zero, f"{least:.6g}", f"{most:.6g}", len(dots) * _LINE + 26)


def _interval(row: dict[str, Any], name: str) -> tuple[float, float] | None:
    """The interval of a row: of columns such as `accuracy_low` and `accuracy_high`, or of one that reads `[0.9, 0.95]`."""
    for low, high in (("lo", "hi"), ("low", "high"), ("lower", "upper")):
        for pattern in (f"{name}_{{}}", "{}", "ci_{}"):
            ends = [row.get(pattern.format(end)) for end in (low, high)]
            if all(_is_number(end) for end in ends):
                return float(ends[0] or 0), float(ends[1] or 0)
    for key, value in row.items():
        match = _INTERVAL.fullmatch(value) if isinstance(value, str) and re.search("interval|ci", key) else None
        if match:
            try:
                found = float(match[1]), float(match[2])
            except ValueError:
                continue
            if all(map(math.isfinite, found)):
                return found
    return None


def _label(row: dict[str, Any], name: str, axes: frozenset[str], number: int) -> str:
    """What tells a row from the others: its axes and its words."""
    told = [
        f"{key} {value}" if _is_number(value) else str(value)
        for key, value in row.items()
        if key != name and (key in axes or isinstance(value, bool | str | int)) and not _is_interval(value)
    ]
    return ", ".join(told) or f"row {number + 1}"


def _is_interval(value: object) -> bool:
    return isinstance(value, str) and _INTERVAL.fullmatch(value) is not None
