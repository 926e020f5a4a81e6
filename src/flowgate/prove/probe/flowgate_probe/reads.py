"""Which files a task read, wrote and made, in the project and in the places where files are left lying.

A proof stands only while the files it read are what they were; a file that one arm leaves to the next carries an answer
over, so what an arm made is put aside before the next one starts.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import Any, Dict, Tuple

from flowgate_probe import order

ROOT = os.environ.get("FLOWGATE_PROBE_ROOT", "")
_SCRATCH = os.environ.get("TMPDIR", "")
_SHARED = tuple(root + os.sep for root in (ROOT, "/tmp", "/var/tmp", "/dev/shm") if root)
_LEFT_OUT = ("/.flowgate/", "/.git/", "/.metaflow/", "/site-packages/")
# Beside the records of the arm: the modules that any of its processes tried to import, one name a line.
_FOLDER = os.environ.get("FLOWGATE_PROBE_FOLDER", "")
_IMPORTS = os.path.join(os.path.dirname(_FOLDER), "imports") if _FOLDER else ""
_STANDARD = os.path.dirname(os.__file__) + os.sep
_PROCESSES = ("subprocess.Popen", "os.system", "os.posix_spawn")

# Files that several tasks read and write, as an earlier arm saw it, by names that hold in this one.
_CONTESTED = frozenset(json.loads(os.environ.get("FLOWGATE_PROBE_CONTESTED", "[]")))

_read = set()  # type: Set[str]
_texts = set()  # type: Set[str]
_imported = set()  # type: Set[str]
_written = set()  # type: Set[str]
_seen = set()  # type: Set[str]
_made = {}  # type: Dict[str, None]
_replaced = {}  # type: Dict[str, bool]
_started = set()  # type: Set[str]
_exclusive = set()  # type: Set[str]
_locks = set()  # type: Set[str]
_watching = []  # type: List[bool]
_run = []  # type: List[str]


def watch() -> None:
    """From now on, note every file there that this process opens."""
    if ROOT and not _watching:
        _watching.append(True)
        sys.addaudithook(_note)


def of_run(run: str) -> None:
    """This process belongs to a run of that id, which may stand in the names of its files."""
    _run[:] = [run]


def _note(event: str, arguments: Tuple[Any, ...]) -> None:
    if event == "import":
        _import(str(arguments[0]))
    elif event == "open":
        path, mode, flags = arguments[0], arguments[1] or "", arguments[2] or 0
        if flags & os.O_EXCL:
            _exclusive.add(_absolute(path))
        writes = any(letter in mode for letter in "wax+") or bool(flags & (os.O_WRONLY | os.O_RDWR))
        _file(path, reads=not writes or "+" in mode, writes=writes, whole=not flags & os.O_APPEND and "+" not in mode)
    elif event == "os.rename":
        _file(arguments[1], reads=False, writes=True, whole=True)
    elif event in ("os.mkdir", "os.symlink", "os.link"):
        path = arguments[0 if event == "os.mkdir" else 1]
        _exclusive.add(_absolute(path))
        _file(path, reads=False, writes=True)
    elif event in ("os.remove", "os.rmdir") and _absolute(arguments[0]) in _exclusive:
        _locks.add(_by_name(_absolute(arguments[0])))  # what only one can make, and gives back: a lock
    elif event == "sqlite3.connect":
        _locks.add(_by_name(_absolute(arguments[0])))
        _file(arguments[0], reads=True, writes=True)
    elif event in ("fcntl.flock", "fcntl.lockf") and not _by_metaflow():
        _locks.add(event)
    elif event in _PROCESSES and not _by_metaflow():
        _started.add(os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else str(arguments[0]))


def _import(name: str) -> None:
    """Write down the first part of a module's name, whether or not it is found.

    At once, and by a file that is opened for it: a process may be killed, and a flow may close what it did not open.
    """
    top = name.partition(".")[0]
    if top in _imported or not _IMPORTS:
        return
    _imported.add(top)
    try:
        handle = os.open(_IMPORTS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError:
        return
    try:
        os.write(handle, (top + "\n").encode())
    finally:
        os.close(handle)


def _as_text() -> bool:
    """True if it is the flow that reads a Python file, and not Python or Metaflow, which take it as code."""
    try:
        frame = sys._getframe(3)
    except ValueError:  # Python itself opens the script that it was started with
        return False
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen ") or name.endswith(os.sep + "runpy.py"):
            return False
        if not name.startswith((_STANDARD, "<")) or "/site-packages/" in name:
            return "/site-packages/metaflow/" not in name
        frame = frame.f_back
    return True


def _absolute(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path)) if isinstance(path, (str, bytes)) else ""


def _by_metaflow() -> bool:
    """Whether it is Metaflow itself that does this: it asks git about the code, for one."""
    frame = sys._getframe(2)
    while frame is not None and os.path.basename(frame.f_code.co_filename) in ("subprocess.py", "os.py"):
        frame = frame.f_back
    return frame is not None and "/site-packages/metaflow/" in frame.f_code.co_filename


def _file(path: Any, reads: bool, writes: bool, whole: bool = False) -> None:
    """Note a file. `whole`: what was in it is replaced, not added to."""
    absolute = _absolute(path)
    if not absolute.startswith(_SHARED) or any(part in absolute for part in _LEFT_OUT):
        return
    if writes and "/__pycache__/" not in absolute:
        if _CONTESTED and _by_name(absolute) in _CONTESTED:
            order.give_way()
        if absolute not in _written and not os.path.lexists(absolute):
            _made[absolute] = None
        if whole:
            _replaced[absolute] = _replaced.get(absolute, False) or absolute in _seen
        _written.add(absolute)
    if reads:
        if absolute.endswith(".py") and absolute not in _texts and _as_text():
            _texts.add(absolute)
        _seen.add(absolute)
        if not (writes and absolute in _made):
            _read.add(absolute)


def noted() -> Dict[str, Any]:
    """The files read, written and made, compiled modules by their source; and the programs started.

    Those of the temporary folder are the arm's own, and left out. `replaced` are all files whose content the task
    replaced, each with whether it had read it before; `locks` are what it may have held meanwhile.
    """
    return {
        "read": sorted({_source(path) for path in _read if not _is_own(path)}),
        "texts": sorted(_texts),
        "written": sorted(path for path in _written if not _is_own(path)),
        "made": [path for path in _made if not _is_own(path)],
        "replaced": {_by_name(path): seen for path, seen in sorted(_replaced.items())},
        "locks": sorted(_locks),
        "started": sorted(_started),
    }


def _is_own(path: str) -> bool:
    return bool(_SCRATCH) and path.startswith(_SCRATCH + os.sep)


def _by_name(path: str) -> str:
    """A path that means the same in another arm, whose temporary folder and run have other names."""
    named = "$TMPDIR" + path[len(_SCRATCH) :] if _is_own(path) else path
    return named.replace(_run[0], "$RUN") if _run else named


def _source(path: str) -> str:
    if path.endswith(".pyc"):
        try:
            return importlib.util.source_from_cache(path)
        except ValueError:
            return path
    return path
