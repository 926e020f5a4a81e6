"""Which files a task read, wrote and made, in the project and in the places where files are left lying.

A proof stands only while the files it read are what they were; a file that one arm leaves to the next carries an answer
over, so what an arm made is put aside before the next one starts.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any, Dict, List, Tuple

ROOT = os.environ.get("FLOWGATE_PROBE_ROOT", "")
_SHARED = tuple(root + os.sep for root in (ROOT, "/tmp", "/var/tmp", "/dev/shm") if root)
_LEFT_OUT = ("/.flowgate/", "/.git/", "/.metaflow/", "/site-packages/")
_PROCESSES = ("subprocess.Popen", "os.system", "os.posix_spawn")

_read = set()  # type: Set[str]
_written = set()  # type: Set[str]
_made = {}  # type: Dict[str, None]
_started = set()  # type: Set[str]
_watching = []  # type: List[bool]


def watch() -> None:
    """From now on, note every file there that this process opens."""
    if ROOT and not _watching:
        _watching.append(True)
        sys.addaudithook(_note)


def _note(event: str, arguments: Tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = arguments
        writes = any(letter in (mode or "") for letter in "wax+") or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))
        _file(path, reads=not writes or "+" in (mode or ""), writes=writes)
    elif event == "sqlite3.connect":
        _file(arguments[0], reads=True, writes=True)
    elif event == "os.rename":
        _file(arguments[1], reads=False, writes=True)
    elif event in ("os.mkdir", "os.symlink", "os.link"):
        _file(arguments[0 if event == "os.mkdir" else 1], reads=False, writes=True)
    elif event in _PROCESSES and not _by_metaflow():
        _started.add(os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else str(arguments[0]))


def _by_metaflow() -> bool:
    """Whether it is Metaflow itself that starts a program: it asks git about the code, for one."""
    frame = sys._getframe(2)
    while frame is not None and os.path.basename(frame.f_code.co_filename) in ("subprocess.py", "os.py"):
        frame = frame.f_back
    return frame is not None and "/site-packages/metaflow/" in frame.f_code.co_filename


def _file(path: Any, reads: bool, writes: bool) -> None:
    if not isinstance(path, (str, bytes)):
        return
    absolute = os.path.abspath(os.fsdecode(path))
    if not absolute.startswith(_SHARED) or any(part in absolute for part in _LEFT_OUT):
        return
    if writes and "/__pycache__/" not in absolute:
        if absolute not in _written and not os.path.lexists(absolute):
            _made[absolute] = None
        _written.add(absolute)
    if reads and not (writes and absolute in _made):
        _read.add(absolute)


def noted() -> Dict[str, List[str]]:
    """The files read, written and made, compiled modules by their source; and the programs started."""
    return {
        "read": sorted({_source(path) for path in _read}),
        "written": sorted(_written),
        "made": list(_made),
        "started": sorted(_started),
    }


def _source(path: str) -> str:
    if path.endswith(".pyc"):
        try:
            return importlib.util.source_from_cache(path)
        except ValueError:
            return path
    return path
