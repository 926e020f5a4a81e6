"""Where each value of a composed config is written: the file and line that gave it, and those that it overrode.

Hydra says which configs it merged, in which order and at which place; what is done here is to merge their places alike.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from flowgate.flow.conf import OVERRIDE
from flowgate.flow.yamlfile import Keys

Giver = tuple[str, int]  # a file, or OVERRIDE, and a line
_BY_OVERRIDE: Giver = (OVERRIDE, 0)
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")


class Layer(NamedTuple):
    """One config as it is merged: its values, the place they go to, and where each key is written."""

    file: str
    package: Keys
    values: Any
    lines: dict[Keys, int]


class Override(NamedTuple):
    """An override of a value: the keys, and what stands there now; `deletes` where nothing does."""

    keys: Keys
    value: Any
    deletes: bool = False


class _Node:
    """A place of the config: who gave the value that stands there, in order, or the places below it."""

    __slots__ = ("below", "givers", "value")

    def __init__(self, givers: list[Giver] | None = None) -> None:
        self.givers = list(givers or [])
        self.value: Any = None
        self.below: dict[Any, _Node] = {}

    def all_givers(self) -> Iterator[Giver]:
        """Those of this place and of all below it."""
        yield from self.givers
        for node in self.below.values():
            yield from node.all_givers()


class Trail:
    """Who gave the values of a config, as it is merged."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, layer: Layer) -> None:
        """Merge a config."""
        self._merge(self._at(layer.package), layer.values, (), layer)

    def override(self, override: Override) -> None:
        """Lay an override over the config."""
        if override.deletes:
            above = self._find(override.keys[:-1])
            if above is not None:
                above.below.pop(override.keys[-1], None)
            return
        node = self._root
        for key in override.keys:
            if isinstance(node.value, list):  # an element of it: the list is what is known
                node.givers.append(_BY_OVERRIDE)
                return
            node = node.below.setdefault(key, _Node(self._opened(node)))
        self._merge(node, override.value, (), None)

    def move(self, source: Keys, target: Keys) -> None:
        """Merge what stands at one place into another."""
        found = self._find(source)
        if found is not None:
            self._join(self._at(target), found)

    def givers(self, keys: Keys) -> list[Giver]:
        """Who gave the value at some keys, the last of them the one that holds."""
        found = self._find(keys)
        if found is None:
            return []
        return list(dict.fromkeys(found.all_givers())) if found.below else found.givers

    def _at(self, keys: Keys) -> _Node:
        node = self._root
        for key in keys:
            node = node.below.setdefault(key, _Node())
        return node

    def _find(self, keys: Keys) -> _Node | None:
        node: _Node | None = self._root
        for key in keys:
            node = node.below.get(key) if node is not None else None
        return node

    def _merge(self, node: _Node, value: Any, keys: Keys, layer: Layer | None) -> None:
        """Merge a value into a place: mappings are joined, all else is replaced."""
        if isinstance(value, dict) and value:
            before = self._opened(node)
            for key, below in value.items():
                self._merge(node.below.setdefault(key, _Node(before)), below, (*keys, key), layer)
            return
        if (value == "???" and (node.givers or node.below)) or (value == {} and node.below):
            return  # neither replaces what is there
        before = list(node.all_givers())
        node.below, node.value = {}, value
        giver = (layer.file, _line(layer.lines, keys)) if layer is not None else _BY_OVERRIDE
        if before[-1:] == [_BY_OVERRIDE]:  # of several overrides of one value, the last one is told
            before.pop()
        node.givers = [*before, giver]

    def _opened(self, node: _Node) -> list[Giver]:
        """Make a place one that holds others; who gave the value that stood there, which each of them overrides.

        A reference is what it stands for from here on, as Hydra has it.
        """
        match = _REFERENCE.fullmatch(node.value) if isinstance(node.value, str) else None
        found = self._find(tuple(match[1].split("."))) if match is not None else None
        before = node.givers[-1:]
        node.givers, node.value = [], None
        if found is not None and found.below:
            node.below = copy.deepcopy(found.below)
            return []
        return before

    def _join(self, node: _Node, other: _Node) -> None:
        if other.below:
            for key, below in other.below.items():
                self._join(node.below.setdefault(key, _Node()), below)
        else:
            node.givers = [*node.all_givers(), *other.givers]
            node.below, node.value = {}, other.value


def _line(lines: dict[Keys, int], keys: Keys) -> int:
    """The line of a key, else of the nearest key above it."""
    return next((lines[keys[:length]] for length in range(len(keys), 0, -1) if keys[:length] in lines), 1)


def trail_of(layers: Iterable[Layer], overrides: Iterable[Override]) -> Trail:
    """The trail of configs that are merged in this order, with overrides laid over them."""
    trail = Trail()
    for layer in layers:
        trail.add(layer)
    for override in overrides:
        trail.override(override)
    return trail
