"""Edits of source text, by the places that the syntax tree gives: lines from 1, columns in bytes of UTF-8."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

Place = tuple[int, int]


class Edit(NamedTuple):
    """Put `text` in the place of what stands from `start` up to `end` in a file."""

    path: str
    start: Place
    end: Place
    text: str


def replaced(path: str, node: ast.expr, text: str) -> Edit:
    """`text` instead of an expression."""
    return Edit(path, (node.lineno, node.col_offset), _end(node), text)


def wrapped(path: str, node: ast.AST, function: str) -> Edit:
    """An expression handed to a function, spelled as it was: the text holds `{}` where it stood."""
    assert isinstance(node, ast.expr)
    return Edit(path, (node.lineno, node.col_offset), _end(node), function + "({})")


def _end(node: ast.expr) -> Place:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes of a file after its edits; one that overlaps another waits for the next time."""
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0

    def offset(place: Place) -> int:
        line, column = place
        return min(starts[min(line, len(starts)) - 1] + column + (mark if line == 1 else 0), len(data))

    end = len(data) + 1
    for edit in sorted(set(edits), key=lambda one: (one.start, one.end), reverse=True):
        first, last = offset(edit.start), offset(edit.end)
        if last > end:
            continue
        new = edit.text.encode().replace(b"\n", newline)
        new = new.replace(b"{}", data[first:last]) if edit.text.endswith("({})") else new
        data, end = data[:first] + new + data[last:], first
    return data
