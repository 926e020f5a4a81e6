"""Numbers as people read them: four digits that count, not the sixteen that a float can hold."""

from __future__ import annotations

import re

_LONG = re.compile(r"(?<![\w.])[-+]?\d+\.\d{4,}(?:[eE][-+]?\d+)?(?![\w.])")


def read_as(value: object) -> str:
    """A value as it is read: floats, and floats inside a text such as `[0.8123456, 0.9234567]`, with four digits that count.

    Whole numbers keep all of theirs.
    """
    if isinstance(value, bool) or not isinstance(value, float | str):
        return str(value)
    if isinstance(value, float):
        return _short(value)
    return _LONG.sub(lambda match: _short(float(match[0])), value)


def _short(value: float) -> str:
    if abs(value) < 1e15 and value.is_integer():
        return f"{value:.0f}"
    return f"{value:.4g}"
