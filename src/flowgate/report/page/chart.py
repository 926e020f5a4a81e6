"""The numbers of a conclusion over a numeric axis: a line for each method, told apart by colour, dash and mark."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from flowgate.report.numbers import read_as
from flowgate.report.page.plot import interval_beside, interval_of, is_number, measures, named_axes

_MEASURES, _LINES, _POINTS = 6, 8, 400  # that one conclusion is drawn with at most
_WIDE, _HIGH = 640, 280  # pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 12, 40  # pixels of room around the lines
_TICKS = 5


class Point(NamedTuple):
    """A value on a line: where it stands, the ends of its interval, and what it is, in words."""

    x: float
    y: float
    low: float | None
    high: float | None
    title: str


class Line(NamedTuple):
    """One series, such as a method: its label, its points in order, and the path through them as SVG has it."""

    label: str
    points: tuple[Point, ...]
    path: str


class Tick(NamedTuple):
    """A place on an axis, and what is written there."""

    at: float
    text: str


class Chart(NamedTuple):
    """One measure over one axis; `zero` is where no effect lies, where the scale crosses it."""

    name: str
    axis: str
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    zero: float | None
    width: int = _WIDE
    height: int = _HIGH
    left: int = _LEFT
    base: int = _HIGH - _BOTTOM


def charts(conclusion: dict[str, Any], axes: frozenset[str]) -> list[Chart]:
    """A chart of each measure; none where the rows have no numeric axis, or are more than can be told apart.

    Args:
        conclusion: name, type and rows of named cells.
        axes: the names that the flow's config varies.
    """
    rows: list[dict[str, Any]] = conclusion["rows"]
    if not 1 < len(rows) <= _POINTS:
        return []
    known = named_axes(rows, axes)
    axis = _axis(rows, known)
    if not axis:
        return []
    series = _series(rows, axis, known)
    if not series or len(series) > _LINES:
        return []
    made = (_chart(name, axis, series) for name in measures(rows, known)[:_MEASURES])
    return [chart for chart in made if chart is not None]


def _axis(rows: list[dict[str, Any]], axes: frozenset[str]) -> str:
    """The numeric axis with the most values; empty where none has two."""
    counts = {
        name: len({row[name] for row in rows})
        for name in rows[0]
        if name in axes and all(is_number(row.get(name)) for row in rows)
    }
    best = max(counts, key=lambda name: counts[name], default="")
    return best if counts.get(best, 0) > 1 else ""


def _series(rows: list[dict[str, Any]], axis: str, axes: frozenset[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows by what tells them apart besides the axis; none where two of a series stand at the same place."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        told = [
            f"{key} {read_as(value)}" if key in axes else str(value)
            for key, value in row.items()
            if key != axis and (key in axes or isinstance(value, str | bool)) and interval_of(value) is None
        ]
        found.setdefault(", ".join(told), []).append(row)
    for held in found.values():
        held.sort(key=lambda row: float(row[axis]))
        places = [row[axis] for row in held]
        if len(set(places)) < len(places):
            return {}
    return found


def _chart(name: str, axis: str, series: dict[str, list[dict[str, Any]]]) -> Chart | None:
    held = {label: [(row, interval_beside(row, name)) for row in rows] for label, rows in series.items()}
    values = [float(row[name]) for rows in series.values() for row in rows]
    ends = [end for rows in held.values() for _, interval in rows for end in interval or ()]
    places = [float(row[axis]) for rows in series.values() for row in rows]
    up, across = _Scale(values + ends, _HIGH - _BOTTOM, _TOP), _Scale(places, _LEFT + 8, _WIDE - _RIGHT - 8)
    if not (up.is_drawable and across.is_drawable):
        return None
    lines = []
    for label, rows in held.items():
        points = []
        for row, interval in rows:
            low, high = (up.at(interval[0]), up.at(interval[1])) if interval else (None, None)
            at = across.at(float(row[axis])), up.at(float(row[name]))
            points.append(Point(*at, low, high, _title(label, axis, name, row)))
        path = "M" + "L".join(f"{point.x:g} {point.y:g}" for point in points)
        lines.append(Line(label, tuple(points), path))
    zero = up.at(0.0) if up.least < 0 < up.most else None
    named = sorted(set(places))
    marks = named if len(named) <= 2 * _TICKS else across.ticks()
    return Chart(
        name,
        axis,
        tuple(lines),
        tuple(Tick(across.at(place), read_as(place)) for place in marks),
        tuple(Tick(up.at(value), read_as(value)) for value in up.ticks()),
        zero,
    )


def _title(label: str, axis: str, name: str, row: dict[str, Any]) -> str:
    where = ", ".join(filter(None, (label, f"{axis} {read_as(row[axis])}")))
    return f"{where}: {name} {read_as(row[name])}"


class _Scale:
    """From values to pixels."""

    def __init__(self, values: Iterable[float], start: float, end: float) -> None:
        listed = list(values)
        self.least, self.most, self.start, self.end = min(listed), max(listed), start, end
        self.span = self.most - self.least

    @property
    def is_drawable(self) -> bool:
        return math.isfinite(self.span)

    def at(self, value: float) -> float:
        share = (value - self.least) / self.span if self.span else 0.5
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self) -> list[float]:
        """Round values between the ends, as many as can be read."""
        if not self.span:
            return [self.least]
        rough = self.span / _TICKS
        if rough == 0 or not math.isfinite(rough):
            return [self.least, self.most]
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next((unit * by for by in (1, 2, 5, 10) if unit * by >= rough), unit * 10)
        first = math.ceil(self.least / step)
        return [value for k in range(first, first + 2 * _TICKS) if self.least <= (value := k * step) <= self.most]
