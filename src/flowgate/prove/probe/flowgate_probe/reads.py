"""Which files a task read and wrote, in the project and in the places where files are left lying.

A proof stands only while the files it read are what they were; and a file that one arm leaves to the next carries an
answer over.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any, List, Tuple

ROOT = os.environ.get("FLOWGATE_PROBE_ROOT", "")
_SHARED = tuple(root + os.sep for root in (ROOT, "/tmp", "/var/tmp", "/dev/shm") if root)
_LEFT_OUT = ("/.flowgate/", "/.git/", "/.metaflow/", "/site-packages/")

_read = set()  # type: Set[str]
_written = set()  # type: Set[str]


def watch() -> None:
    """From now on, note every file there that this process opens."""
    if ROOT:
        sys.addaudithook(_note)


def _note(event: str, arguments: Tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = arguments
        writes = any(letter in (mode or "") for letter in "wax+") or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))
    elif event == "sqlite3.connect":
        path, writes = arguments[0], False
    else:
        return
    if isinstance(path, (str, bytes)):
        absolute = os.path.abspath(os.fsdecode(path))
        if absolute.startswith(_SHARED) and not any(part in absolute for part in _LEFT_OUT):
            (_written if writes else _read).add(absolute)


def noted() -> List[List[str]]:
    """The files read, and those written; compiled modules by their source."""
    return [sorted({_source(path) for path in _read}), sorted(_written)]


def _source(path: str) -> str:
    if path.endswith(".pyc"):
        try:
            return importlib.util.source_from_cache(path)
        except ValueError:
            return path
    return path
