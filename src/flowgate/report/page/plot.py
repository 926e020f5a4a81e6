"""The numbers of a conclusion as dots on a line each, with their intervals where there are any."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from flowgate.report.numbers import read_as

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
    axes = named_axes(rows, axes)
    return [made for name in measures(rows, axes)[:_MEASURES] if (made := _plot(name, rows, axes)) is not None]


def named_axes(rows: list[dict[str, Any]], axes: frozenset[str]) -> frozenset[str]:
    """The columns that are axes: those the config varies, else those that the rows are sorted by."""
    return axes & rows[0].keys() or _leading(rows)


def _numbers(rows: list[dict[str, Any]]) -> list[str]:
    """The columns that hold numbers, the ends of intervals aside."""
    names = [name for name in rows[0] if all(is_number(row.get(name)) for row in rows)]
    return [name for name in names if not re.search(r"(^|_)(lo|hi|low|high|lower|upper)($|_)", name)]


def _leading(rows: list[dict[str, Any]]) -> frozenset[str]:
    """What the rows are sorted by, where the config names no axes: the first columns of numbers, the last one aside."""
    found = []
    for name in _numbers(rows)[:-1]:
        values = [row[name] for row in rows]
        if values != sorted(values) and len(set(values)) == len(rows):
            break
        found.append(name)
    return frozenset(found)


def measures(rows: list[dict[str, Any]], axes: frozenset[str]) -> list[str]:
    """The columns of numbers that are no axis."""
    return [name for name in _numbers(rows) if name not in axes]


def is_number(value: object) -> bool:
    return isinstance(value, _NUMBER) and not isinstance(value, bool) and math.isfinite(value)


def _plot(name: str, rows: Sequence[dict[str, Any]], axes: frozenset[str]) -> Plot | None:
    intervals = [interval_beside(row, name) for row in rows]
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
            read_as(row[name]),
            at(row[name]),
            *(map(at, held) if held else (None, None)),
        )
        for number, (row, held) in enumerate(zip(rows, intervals, strict=True))
    ]
    zero = at(0.0) if least < 0 < most else None
    return Plot(name, tuple(dots), zero, read_as(least), read_as(most), len(dots) * _LINE + 26)


def interval_beside(row: dict[str, Any], name: str) -> tuple[float, float] | None:
    """The interval of a measure: of columns such as `accuracy_low` and `accuracy_high`, or of one that reads `[0.9, 0.95]` and
    stands beside it or has its name."""
    for low, high in (("lo", "hi"), ("low", "high"), ("lower", "upper")):
        for pattern in (f"{name}_{{}}", f"{name}_ci_{{}}", f"ci_{name}_{{}}", "{}", "ci_{}"):
            ends = [row.get(pattern.format(end)) for end in (low, high)]
            if all(is_number(end) for end in ends):
                return float(ends[0] or 0), float(ends[1] or 0)
    names = list(row)
    beside = names[names.index(name) + 1 : names.index(name) + 2]
    for key, value in row.items():
        named = re.search("interval|ci", key) is not None and (name in key or key in beside)
        match = _INTERVAL.fullmatch(value) if isinstance(value, str) and named else None
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
        f"{key} {read_as(value)}" if is_number(value) else str(value)
        for key, value in row.items()
        if key != name and (key in axes or isinstance(value, bool | str | int)) and interval_of(value) is None
    ]
    return ", ".join(told) or f"row {number + 1}"


def interval_of(value: object) -> re.Match[str] | None:
    """The interval that a cell reads as; None where it is none."""
    return _INTERVAL.fullmatch(value) if isinstance(value, str) else None
