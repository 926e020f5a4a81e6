"""YAML that others own, read as far as it can be: what a config or a workflow says, and the line where it stands."""

from __future__ import annotations

import math
import os
import re
from typing import Any

Said = tuple[str, str, int]  # the code of the finding, what it means, and the line where it shows
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # of a commit, which does not move
_LARGEST = 2_000_000
_MOST = 100_000  # values of a document, its aliases written out


def text_of(top: str, path: str) -> str:
    """The text of a file below a folder; empty where there is none that can be read."""
    try:
        with open(os.path.join(top, path), encoding="utf-8", errors="replace") as file:
            return file.read(_LARGEST)
    except OSError:
        return ""


def parsed(text: str) -> object:
    """What a YAML text says; None where it says nothing, is no YAML, or says more than anybody could read."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, loader)
        if root is None or _size(root, {}) > _MOST:
            return None
        return yaml.load(text, loader)  # noqa: S506  (both loaders are safe ones)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _size(node: Any, known: dict[int, float]) -> float:
    """The values that a document holds once its aliases are written out: few lines can stand for more than there is room for."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = math.inf  # until it is known: what holds itself never ends
    inside = node.value if isinstance(node.value, list) else []
    parts = [part for one in inside for part in (one if isinstance(one, tuple) else (one,))]
    known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


def mapping(value: object) -> dict[Any, Any]:
    """A value as a mapping; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """A value as a list: one that stands alone is the only one, and nothing is none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def line_of(text: str, words: str) -> int:
    """The first line that holds some words; 1 where none does."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if words in line), 1)
