"""What a process touches in the project and in the places where files are left lying: files, folders, sockets, locks.

A proof stands only while the files it read are what they were; a file that one arm leaves to the next carries an answer
over, so what an arm made is put aside, and what it changed is put back. Tasks that touch the same things can notice each
other, so they have to be tried in more orders, and overlapping.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from typing import Any, Dict, Tuple
from urllib.parse import unquote

from flowgate_probe import temporary, turn, variables, world
from flowgate_probe.patches import after_import
from flowgate_probe.paths import (
    HOME,
    ROOT,
    SCRATCH,
    STANDARD,
    STORE,
    append,
    asked_by_project,
    by_metaflow,
    is_own,
    is_record,
    is_shared,
    note_seen,
    path_of,
    source_of,
)

_RECORDS = "the records of the run"
_RUNS = "the earlier runs of the flow"
_STORE_OF_PROJECT = os.path.join(ROOT, ".metaflow", "")
_ALL_DISTRIBUTIONS = "*"
_ENTRIES = "/*"  # after a folder's path: what stands in it
_ANYTHING = "*"
_OF_THIS_MACHINE = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104
_LARGEST_ORIGINAL = 1 << 30
_RECORDS_FOLDER = os.environ.get("FLOWGATE_PROBE_FOLDER", "")
_ORIGINALS = os.path.join(HOME, "originals")  # what stood in files of the project before a task changed them
_ASK_THE_KIND = frozenset(
    "exists lexists isfile isdir islink is_file is_dir is_symlink is_mount ismount resolve realpath _joinrealpath".split()
)
_plain_lstat, _plain_stat = os.lstat, os.stat

# What several tasks touch, as earlier arms saw it, by names that hold in this one. `*`: something that cannot be watched.
_CONTESTED = frozenset(json.loads(os.environ.get("FLOWGATE_PROBE_CONTESTED", "[]")))

_read = set()  # type: Set[str]
_texts = set()  # type: Set[str]
_imported = set()  # type: Set[str]
_written = set()  # type: Set[str]
_made = {}  # type: Dict[str, None]
_looked = set()  # type: Set[str]
_missed = set()  # type: Set[str]  # looked for and not there: it would be, had an earlier run left it
_changed = set()  # type: Set[str]
_started = set()  # type: Set[str]
_unseen = set()  # type: Set[str]  # what was done of which nobody sees what it touches
_stated = set()  # type: Set[str]  # what was asked of that was there: `kind PATH`, `stat PATH` or `time PATH`
_fetched = set()  # type: Set[str]  # other machines, by name or address and port
_watching = []  # type: List[bool]
_run = []  # type: List[str]
_in_task = []  # type: List[bool]
_names = {}  # type: Dict[str, str]  # temporary files of earlier tasks, by names that hold in every arm


def watch() -> None:
    """From now on, note what this process touches."""
    if ROOT and not _watching:
        _watching.append(True)
        sys.addaudithook(_note)
        variables.watch()
        after_import({"importlib.util": _watch_searches})


def _watch_searches(module: Any) -> None:
    """To look whether a module is there is no event of Python's own, either."""
    plain = module.find_spec

    def find_spec(name: Any, package: Any = None) -> Any:
        if asked_by_project(sys._getframe(1)):
            _on_import("import", (name,))
        return plain(name, package)

    module.find_spec = find_spec


def begin_task(run: str) -> None:
    """The user's code of a task begins; `run` may stand in the names of its files."""
    _run[:] = [run]
    if os.path.isdir(_RECORDS_FOLDER):
        _names.update(temporary.earlier(_RECORDS_FOLDER))
    _in_task[:] = [True]
    os.environ.pop(
        "PYTHONHASHSEED", None
    )  # this process has its salt; those that it starts draw their own, as in a plain run
    for name in ("stat", "lstat", "access", "readlink"):  # to look whether a file is there is no event of Python's own
        world.replace(os, getattr(os, name), _looking(getattr(os, name)))
    if _ANYTHING in _CONTESTED:
        turn.go_by_lines()


def end_task() -> None:
    """The user's code of the task has ended; what Metaflow does after that is its own."""
    _in_task[:] = []
    turn.stop()


def _looking(plain: Any) -> Any:
    def looking(path: Any, *arguments: Any, **options: Any) -> Any:
        if _in_task and not isinstance(path, int) and not _made_anyway(sys._getframe(1)):
            _look(path_of(path))
            _note_stated(path_of(path), sys._getframe(1))
            _note_runs(path_of(path), sys._getframe(1))
        return plain(path, *arguments, **options)

    return looking


def _note_runs(path: str, frame: Any) -> None:
    """Note that the project's code looks by itself, and not by Metaflow's client, for runs that lie beside the flow."""
    if _in_task and (path + os.sep).startswith(_STORE_OF_PROJECT) and asked_by_project(frame):
        _touch(_RUNS, looks=True)


def _note_stated(path: str, frame: Any) -> None:
    """Note that the project's code asked what stands at a path where something does: what kind, or all that `stat` tells."""
    if not is_shared(path) or not asked_by_project(frame) or not _is_there(path):
        return
    asker = frame.f_back if frame.f_code.co_name in ("stat", "lstat") else frame  # a method of pathlib's
    name = asker.f_code.co_name if asker is not None else ""
    _stated.add("%s %s" % ("kind" if name in _ASK_THE_KIND else "time" if name == "getmtime" else "stat", path))


def _note(event: str, arguments: Tuple[Any, ...]) -> None:
    handler = _EVENTS.get(event)
    if handler is not None:
        handler(event, arguments)


def _on_open(_: str, arguments: Tuple[Any, ...]) -> None:
    path, mode, flags = arguments[0], arguments[1] or "", arguments[2] or 0
    if isinstance(path, int):
        return
    writes = any(letter in mode for letter in "wax+") or bool(flags & (os.O_WRONLY | os.O_RDWR))
    reads = not writes or "+" in mode or bool(flags & os.O_RDWR)
    absolute = path_of(path)
    if _in_task and writes and absolute.startswith(("/proc/", "/sys/")):
        _unseen.add("what writes to %s" % absolute.split("/")[1])
    if absolute.startswith("/proc/") and absolute.endswith("/environ"):
        variables.note_all()
    if _in_task and is_record(absolute):
        _touch(_RECORDS, looks=True, changes=True)
    depends = reads or "a" in mode or "x" in mode or bool(flags & (os.O_APPEND | os.O_EXCL))
    _file(absolute, reads, writes, depends)


def _on_listing(_: str, arguments: Tuple[Any, ...]) -> None:
    if sys._getframe(2).f_code.co_filename.startswith("<frozen importlib"):
        return  # Python itself, that looks for a module
    path = os.getcwd() if arguments[0] is None else path_of(arguments[0])
    if path.endswith("/site-packages") and asked_by_project(sys._getframe(2)):
        _on_import("import", (_ALL_DISTRIBUTIONS,))
    if not _in_task and asked_by_project(sys._getframe(2)):
        note_seen("listed", path)
    if _in_task and STORE and (path + os.sep).startswith(STORE + os.sep):
        _touch(_RECORDS, looks=True, changes=True)  # every task changes what stands there, by ending
        if path == STORE:
            _touch(_RUNS, looks=True)
    else:
        _note_runs(path, sys._getframe(2))
        _look(path + _ENTRIES)


def _on_rename(_: str, arguments: Tuple[Any, ...]) -> None:
    _gone(path_of(arguments[0]))
    _file(path_of(arguments[1]), reads=False, writes=True)


def _on_making(event: str, arguments: Tuple[Any, ...]) -> None:
    if event == "os.mkdir" and _in_task and _made_anyway(sys._getframe(2)):
        path = path_of(arguments[0])
        if is_shared(path) and not _is_there(path):
            _made[path] = None
        return
    _file(path_of(arguments[0 if event == "os.mkdir" else 1]), reads=False, writes=True, depends=True)


def _on_removal(_: str, arguments: Tuple[Any, ...]) -> None:
    _gone(path_of(arguments[0]))


def _on_change(_: str, arguments: Tuple[Any, ...]) -> None:
    _file(path_of(arguments[0]), reads=False, writes=True)


def _on_database(_: str, arguments: Tuple[Any, ...]) -> None:
    path = arguments[0]
    if isinstance(path, (str, bytes)) and os.fsdecode(path).startswith("file:"):
        path = unquote(os.fsdecode(path)[len("file:") :].partition("?")[0])
    for ending in ("", "-wal", "-journal"):
        if not ending or _is_there(path_of(path) + ending):
            _file(path_of(path) + ending, reads=True, writes=True, depends=True)
        elif is_shared(path_of(path)):
            _missed.add(path_of(path) + ending)


def _on_connection(_: str, arguments: Tuple[Any, ...]) -> None:
    if _in_task and _CONTESTED:
        turn.watch_connection(arguments[0])


def _on_lock(event: str, arguments: Tuple[Any, ...]) -> None:
    path = path_of(arguments[0])
    if _in_task and not turn.is_locking() and is_shared(path):
        _touch(path, looks=True, changes=True)
        if _is_contested(path):
            turn.lock_fairly(event, arguments)


def _on_mapping(_: str, arguments: Tuple[Any, ...]) -> None:
    if _in_task and isinstance(arguments[0], int) and arguments[0] >= 0 and is_shared(path_of(arguments[0])):
        _touch(path_of(arguments[0]), looks=True)


def _on_socket(event: str, arguments: Tuple[Any, ...]) -> None:
    address = arguments[1]
    if not _in_task or by_metaflow(sys._getframe(2)):
        return
    if isinstance(address, (str, bytes)):
        _touch(os.fsdecode(address), looks=True, changes=event != "socket.connect")
    elif isinstance(address, tuple) and len(address) > 1 and address[1]:
        if event != "socket.bind" and not str(address[0]).startswith(_OF_THIS_MACHINE):
            _fetched.add("%s:%s" % address[:2])
        _touch("port %s" % address[1], looks=True, changes=event != "socket.connect")


def _on_program(_: str, arguments: Tuple[Any, ...]) -> None:
    if by_metaflow(sys._getframe(2)):
        return
    program = arguments[0]
    _started.add(os.fsdecode(program) if isinstance(program, (str, bytes)) else str(program))
    if _in_task and _ANYTHING in _CONTESTED:
        turn.give_way(starts=True)


def _on_c_code(event: str, arguments: Tuple[Any, ...]) -> None:
    """Code of the project's calls C functions: what those touch, nobody sees."""
    if _in_task and asked_by_project(sys._getframe(2)):
        _unseen.add("C code, by ctypes" if event.startswith("ctypes.") else event)
        if _ANYTHING in _CONTESTED:
            turn.give_way()


def _on_import(_: str, arguments: Tuple[Any, ...]) -> None:
    """Write down the first part of a module's name, whether or not it is found.

    At once, and by a file that is opened for it: a process may be killed, and a flow may close what it did not open.
    """
    top = str(arguments[0]).partition(".")[0]
    if top in _imported:
        return
    _imported.add(top)
    append("imports", top)


def _as_text() -> bool:
    """True if it is the flow that reads a Python file, and not Python or Metaflow, which take it as code."""
    try:
        frame = sys._getframe(4)
    except ValueError:  # Python itself opens the script that it was started with
        return False
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen ") or name.endswith(os.sep + "runpy.py"):
            return False
        if not name.startswith((STANDARD, "<")) or "/site-packages/" in name:
            return "/site-packages/metaflow/" not in name
        frame = frame.f_back
    return True


def _is_there(path: str) -> bool:
    try:
        _plain_lstat(path)
    except OSError:
        return False
    return True


def _made_anyway(frame: Any) -> bool:
    """True inside of `makedirs(exist_ok=True)` and its like: what comes of it is the same whoever made the folder."""
    for _ in range(3):
        if frame is None:
            return False
        if frame.f_code.co_name in ("makedirs", "mkdir") and frame.f_locals.get("exist_ok"):
            return True
        frame = frame.f_back
    return False


def _file(path: str, reads: bool, writes: bool, depends: bool = False) -> None:
    """Note a file that is opened, made or put in the place of another; before it happens.

    `depends`: what comes of it is another thing where the file is there already.
    """
    if not is_shared(path):
        return
    is_new = writes and path not in _written and not _is_there(path)
    if is_new or (depends and not _is_there(path)):
        _missed.update([path] if depends else [])
    if is_new:
        _made[path] = None
    elif writes and path not in _written:
        _save_original(path)
    if writes:
        _written.add(path)
    if reads:
        if path.endswith(".py") and path not in _texts and _as_text():
            _texts.add(path)
        if path not in _made and path not in _read:
            _read.add(path)
            note_seen("read", path)
    if is_new:
        _touch(os.path.dirname(path) + _ENTRIES, changes=True)
    _touch(path, looks=reads, changes=writes)
    _touch_by_inode(path, reads, writes)


def _touch_by_inode(path: str, reads: bool, writes: bool) -> None:
    """A file that has several names is touched under all of them."""
    try:
        named, held = _plain_lstat(path), _plain_stat(path)
    except OSError:
        return
    if (stat.S_ISREG(held.st_mode) and held.st_nlink > 1) or stat.S_ISLNK(named.st_mode):
        _touch("file %d of device %d" % (held.st_ino, held.st_dev), looks=reads, changes=writes)


def _gone(path: str) -> None:
    """Note a file that is removed, or moved away."""
    if is_shared(path):
        if path not in _made and path not in _written:
            _save_original(path)
        _written.add(path)
        _touch(os.path.dirname(path) + _ENTRIES, changes=True)
        _touch(path, looks=True, changes=True)


def _look(path: str) -> None:
    if is_shared(path):
        if not path.endswith(_ENTRIES) and not _is_there(path):
            _missed.add(path)
        _touch(path, looks=True)


def _touch(key: str, looks: bool = False, changes: bool = False) -> None:
    """Note what a task looks at and changes, and let the others come as far where they touch it as well."""
    if not _in_task or key.endswith((".py", ".pyc")):
        return
    if looks:
        _looked.add(key)
    if changes:
        _changed.add(key)
    if _is_contested(key):
        turn.go_by_lines()
        turn.give_way(key)


def _is_contested(key: str) -> bool:
    return bool(_CONTESTED) and _by_name(key) in _CONTESTED


def _save_original(path: str) -> None:
    """Keep what stands in a file of the project, before any task of the arm changes it."""
    kept = _ORIGINALS + path
    try:
        held = _plain_lstat(path)
        if not HOME or not path.startswith(ROOT + os.sep) or os.path.lexists(kept):
            return
        if not stat.S_ISREG(held.st_mode) or held.st_size > _LARGEST_ORIGINAL:
            return
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        copy = "%s.%d~" % (kept, os.getpid())
        shutil.copy2(path, copy)
        os.rename(copy, kept)
    except OSError:
        return  # what cannot be kept cannot be put back, which is noticed then


def noted() -> Dict[str, Any]:
    """The files read, written and made, compiled modules by their source; what was looked at and changed; programs started.

    Those of the temporary folder are the arm's own, and left out of the files; `looked` and `changed` hold them by a name that
    another arm has for them too.
    """
    return {
        "read": sorted({source_of(path) for path in _read if not is_own(path)}),
        "texts": sorted(_texts),
        "written": sorted(path for path in _written if not is_own(path)),
        "made": [path for path in _made if not is_own(path)],
        "missed": sorted(path for path in _missed if not is_own(path)),
        "stated": sorted(one for one in _stated if not is_own(one.partition(" ")[2])),
        "listed": sorted(key[: -len(_ENTRIES)] for key in _looked if key.endswith(_ENTRIES)),
        "looked": sorted(map(_by_name, _looked)),
        "changed": sorted(map(_by_name, _changed)),
        "started": sorted(_started),
        "unseen": sorted(_unseen),
        "fetched": sorted(_fetched),
        "variables": sorted(variables.asked),
    }


def _by_name(path: str) -> str:
    """A path that means the same in another arm, whose temporary folder and run have other names."""
    for made, label in _names.items():
        if path.startswith(made):
            return label + path[len(made) :]
    named = "$TMPDIR" + path[len(SCRATCH) :] if SCRATCH and path.startswith(SCRATCH) else path
    return named.replace(_run[0], "$RUN") if _run else named


_EVENTS = {
    "open": _on_open,
    "import": _on_import,
    "os.listdir": _on_listing,
    "os.scandir": _on_listing,
    "os.rename": _on_rename,
    "os.mkdir": _on_making,
    "os.symlink": _on_making,
    "os.link": _on_making,
    "os.remove": _on_removal,
    "os.rmdir": _on_removal,
    "os.truncate": _on_change,
    "os.chmod": _on_change,
    "os.utime": _on_change,
    "sqlite3.connect": _on_database,
    "sqlite3.connect/handle": _on_connection,
    "fcntl.flock": _on_lock,
    "fcntl.lockf": _on_lock,
    "mmap.__new__": _on_mapping,
    "socket.bind": _on_socket,
    "socket.connect": _on_socket,
    "socket.sendto": _on_socket,
    "socket.sendmsg": _on_socket,
    "ctypes.dlopen": _on_c_code,
    "ctypes.dlsym": _on_c_code,
    "resource.setrlimit": _on_c_code,
    "resource.prlimit": _on_c_code,
    "subprocess.Popen": _on_program,
    "os.system": _on_program,
    "os.posix_spawn": _on_program,
    "os.exec": _on_program,
}
