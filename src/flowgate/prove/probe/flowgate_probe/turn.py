"""In a task's process: wait for the turn, and in an overlapping arm give it away until the others have come as far."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from typing import Any, Iterator, Tuple

from flowgate_probe import order, scheduler

ROOT = os.environ.get("FLOWGATE_PROBE_ROOT", "")
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_MOST = 400  # times that a task gives its turn away
_CALLERS = 6
_OFTEN = 50

_forced = ""
_mine = None  # type: Optional[scheduler.Key]
_pipe = -1
_pauses = 0
_stepping = threading.Lock()
_touched = {}  # type: Dict[Tuple[Any, ...], int]
_lines = set()  # type: Set[Tuple[Any, ...]]


def was_forced() -> str:
    """`forced` where this task waited for its turn, `gang` where another task started it, else `not forced`."""
    return _forced


def await_turn(step: str, task: str, attempt: int) -> None:
    """Wait until the scheduler has given this task its turn."""
    global _forced, _mine, _pipe
    known = scheduler.installed() if scheduler.MODE else None
    if known is None:
        _forced = "not forced"
        return
    if known["pid"] != os.getppid():
        _forced = "gang"  # a control task runs the members of its gang itself, within its own turn
        return
    os.register_at_fork(after_in_child=stop)  # what a task forks runs within its turn
    _mine = (step, task, attempt)
    _pipe = os.open(scheduler.pipe_of(_mine), os.O_RDWR | os.O_NONBLOCK)
    _wait()
    _forced = "forced"


def give_way(what: str = "", starts: bool = False, often: int = _OFTEN) -> None:
    """Let all others come as far before going on. Only in an overlapping arm, and not without end.

    Args:
        what: what is about to be touched. The same thing at the same line over and over is a try, and brings the task no further.
        often: how many times it may be touched before that.
        starts: a program is about to be started; it then runs beside those of the others.
    """
    global _pauses
    if scheduler.MODE != order.OVERLAPPING or _mine is None or _pauses >= _MOST:
        return
    if not _stepping.acquire(blocking=False):
        return
    try:
        at = (what, _line(sys._getframe(1)))
        _touched[at] = _touched.get(at, 0) + 1
        tries = bool(what) and _touched[at] > often
        _pauses += 0 if tries else 1
        requests = os.open(os.path.join(scheduler.TURNS, "requests"), os.O_WRONLY)
        kind = "tries" if tries else "starts" if starts else "step"
        os.write(requests, ("%s %s %s %d\n" % (kind, *_mine)).encode())
        os.close(requests)
        _wait()
    finally:
        _stepping.release()


def go_by_lines() -> None:
    """From now on, give way at each line of the project's code that runs for the first time."""
    if scheduler.MODE != order.OVERLAPPING or _mine is None or sys.gettrace() is not None:
        return
    frame = sys._getframe(1)  # type: Any
    while frame is not None:
        if _is_project(frame.f_code.co_filename):
            frame.f_trace = _on_line
        frame = frame.f_back
    sys.settrace(_on_call)


def stop() -> None:
    """Give no more way: the user's code has ended, or this is another process."""
    global _mine
    _mine = None
    if sys.gettrace() is _on_call:
        sys.settrace(None)


def _on_call(frame: Any, event: str, _: Any) -> Any:
    return _on_line if _is_project(frame.f_code.co_filename) else None


def _on_line(frame: Any, event: str, _: Any) -> Any:
    if event != "line":
        return _on_line
    line = _line(frame)
    if line not in _lines:
        _lines.add(line)
        if not _in_transaction():
            give_way()
    return _on_line


def _line(frame: Any) -> Tuple[Any, ...]:
    """A line of the project's code with the lines that call it: a helper that is called twice counts twice."""
    found = []  # type: List[Any]
    while frame is not None and len(found) < _CALLERS:
        if _is_project(frame.f_code.co_filename):
            found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return tuple(found)


def _is_project(path: str) -> bool:
    return path.startswith(ROOT + os.sep) and "/site-packages/" not in path and not path.startswith(_OWN)


_SHORTEST_PATIENCE = 1000  # milliseconds; sqlite3's own default is 5000
_asking = []  # type: List[bool]
_connections = []  # type: List[Any]
_locking = []  # type: List[bool]


def is_locking() -> bool:
    """True while a lock is tried here on behalf of the task."""
    return bool(_locking)


def lock_fairly(event: str, arguments: Tuple[Any, ...]) -> None:
    """Take a lock that a task is about to wait for, giving way as long as another has it: that one may have given way too.

    The task's own call comes after, and finds the lock its own.
    """
    import fcntl

    if scheduler.MODE != order.OVERLAPPING or _mine is None or arguments[1] & (fcntl.LOCK_NB | fcntl.LOCK_UN):
        return
    lock = fcntl.flock if event == "fcntl.flock" else fcntl.lockf
    while True:
        _locking.append(True)
        try:
            lock(arguments[0], arguments[1] | fcntl.LOCK_NB, *arguments[2:])
            return
        except OSError:
            pass
        finally:
            _locking.pop()
        give_way("lock %d" % arguments[0], often=0)
        time.sleep(0.001)


def watch_connection(connection: Any) -> None:
    """Give way before each SQL statement outside of a transaction; a transaction keeps others out by itself, if they wait for it."""
    _connections.append(connection)

    def before(_: str) -> None:
        if not _in_transaction():
            give_way()

    with contextlib.suppress(Exception):
        connection.set_trace_callback(before)


def _in_transaction() -> bool:
    return any(map(_holds_transaction, _connections))


def _holds_transaction(connection: Any) -> bool:
    try:
        return bool(connection.in_transaction) and _is_patient(connection)
    except Exception:  # a closed connection, or one of another thread, holds nothing here
        return False


def _is_patient(connection: Any) -> bool:
    """Whether who finds the database locked waits for as long as a transaction may take, rather than to go on without it."""
    if _asking:
        return True
    _asking.append(True)
    try:
        (milliseconds,) = connection.execute("PRAGMA busy_timeout").fetchone()
    finally:
        _asking.clear()
    return bool(milliseconds >= _SHORTEST_PATIENCE)


def _wait() -> None:
    parent = os.getppid()
    with _alarm_off():
        while True:
            ready, _, _ = select.select([_pipe], [], [], 0.5)
            if ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(_pipe, 1)
                    return
            if os.getppid() != parent:
                raise SystemExit("flowgate: the scheduler is gone")


@contextlib.contextmanager
def _alarm_off() -> Iterator[None]:
    """A task's `@timeout` is its own time: it does not run while the task waits for others."""
    left = signal.alarm(0)
    try:
        yield
    finally:
        signal.alarm(left)
