"""A flow's graph as boxes and lines: every step in the column after its last predecessor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowgate.usecases.report import Node

_WIDE, _HIGH, _GAP, _ROW = 8.2, 34, 46, 54  # pixels: of a letter, of a box, between columns, from row to row
_LEAST = 84  # pixels: `differs first` has to fit
_SHAPES = {"foreach": "fans out", "split": "splits", "parallel": "in parallel", "switch": "chooses", "join": "joins"}


class Box(NamedTuple):
    """A step: its place, its name, what it does to the flow, and how it is marked."""

    x: float
    y: float
    width: float
    name: str
    does: str
    mark: str


class Graph(NamedTuple):
    """Boxes of one height, and the lines between them as paths of SVG."""

    width: float
    height: float
    box: int
    boxes: tuple[Box, ...]
    lines: tuple[tuple[str, str], ...]


def drawn(nodes: Iterable[Node]) -> Graph:
    """The graph of a flow's steps."""
    listed = list(nodes)
    columns = _columns(listed)
    count = max(columns.values(), default=-1) + 1
    inside = [[node for node in listed if columns[node.name] == at] for at in range(count)]
    tallest = max(map(len, inside), default=0)
    boxes: dict[str, Box] = {}
    x = 4.0
    for column in inside:
        width = max(_LEAST, max((len(node.name) for node in column), default=0) * _WIDE + 22)
        top = (tallest - len(column)) * _ROW / 2 + 4
        for at, node in enumerate(column):
            boxes[node.name] = Box(x, top + at * _ROW, width, node.name, _SHAPES.get(node.kind, ""), node.mark)
        x += width + _GAP
    lines = [
        (_line(boxes[node.name], boxes[target]), "follows" if node.mark and boxes[target].mark else "")
        for node in listed
        for target in node.targets
        if target in boxes
    ]
    return Graph(max(x - _GAP + 4, 8), tallest * _ROW + 8, _HIGH, tuple(boxes.values()), tuple(lines))


def _columns(nodes: list[Node]) -> dict[str, int]:
    """The column of each step; a way back, in a recursion, moves nothing."""
    found = {node.name: 0 for node in nodes}
    targets = {node.name: [to for to in node.targets if to in found] for node in nodes}
    for _ in nodes:
        moved = False
        for name, column in list(found.items()):
            for to in targets[name]:
                if found[to] <= column < len(nodes) - 1 and not _leads_back(to, name, targets):
                    found[to], moved = column + 1, True
        if not moved:
            break
    return found


def _leads_back(start: str, goal: str, targets: dict[str, list[str]]) -> bool:
    seen, queue = {start}, [start]
    while queue:
        at = queue.pop()
        if at == goal:
            return True
        fresh = [to for to in targets[at] if to not in seen]
        seen.update(fresh)
        queue += fresh
    return False


def _line(before: Box, after: Box) -> str:
    """A curve from the right of one box to the left of another."""
    x1, y1 = before.x + before.width, before.y + _HIGH / 2
    x2, y2 = after.x - 6, after.y + _HIGH / 2
    bend = max(abs(x2 - x1) / 2, 16)
    return f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
