"""Which variables of the environment the project's own code asks for: another value is another run."""

from __future__ import annotations

import os
import sys
from typing import Any

from flowgate_probe.paths import asked_by_project, note_seen

_ALL = "*"

asked = set()  # type: Set[str]


def watch() -> None:
    """From now on, note them."""
    kind = type(os.environ)
    plain_get, plain_has, plain_iterate = kind.__getitem__, kind.__contains__, kind.__iter__

    def getitem(self: Any, name: Any) -> Any:
        _note(name, sys._getframe(1))
        return plain_get(self, name)

    def contains(self: Any, name: Any) -> bool:
        _note(name, sys._getframe(1))
        return plain_has(self, name)

    def iterate(self: Any) -> Any:
        _note(_ALL, sys._getframe(1))
        return plain_iterate(self)

    kind.__getitem__, kind.__contains__, kind.__iter__ = getitem, contains, iterate  # type: ignore


def note_all() -> None:
    """Note that any of them may have been asked for."""
    if _ALL not in asked:
        asked.add(_ALL)
        note_seen("variables", _ALL)


def _note(name: Any, frame: Any) -> None:
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if isinstance(name, str) and name not in asked and asked_by_project(frame):
        asked.add(name)
        note_seen("variables", name)
