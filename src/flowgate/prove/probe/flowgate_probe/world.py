"""What differs between two plain runs and hangs on no schedule, made to differ between arms: see docs/proof.md.

Each arm has a number. The first, 0, lists folders in ascending order and leaves the rest as it is; 1 lists in descending, all
others in drawn order, and they have another host name, other addresses, and threads that come to their results in another
order. Time zone, locale and umask are set where the arm is started.
"""

from __future__ import annotations

import _thread
import hashlib
import os
import random
import sys
import time
from typing import Any, Callable, List

from flowgate_probe.patches import after_import
from flowgate_probe.paths import asked_by_project

_ROOT = os.environ.get("FLOWGATE_PROBE_ROOT", "")
_NUMBER = int(os.environ.get("FLOWGATE_PROBE_WORLD") or -1)
_ASPECTS = os.environ.get("FLOWGATE_PROBE_ASPECTS", "").split(",")
_HOST = "localhost"  # another name than the machine's that still resolves
_DELAY, _DELAYED, _TOGETHER = 0.01, 200, 8
_BALLAST, _LARGEST_SMALL = 4000, 512

_SLOWER = 3
_ROOM_LEFT = 0.7
_plain_sleep = time.sleep

_kept = []  # type: List[Any]


def vary() -> None:
    """For every process of an arm, as it starts: listings, the host's name, threads and pools."""
    if _NUMBER < 0:
        return
    _vary_listings()
    if _NUMBER > 0 and "host" in _ASPECTS:
        _vary_host()
        after_import({"socket": _vary_socket})
    if _NUMBER > 0 and "speed" in _ASPECTS:
        _vary_speed()
        _vary_room()
    if _NUMBER > 0 and "threads" in _ASPECTS:
        after_import(
            {
                "threading": _vary_threads,
                "concurrent.futures.thread": _vary_work_items,
                "concurrent.futures._base": _vary_completion,
                "multiprocessing.pool": _vary_unordered,
                "multiprocessing.process": _vary_processes,
            }
        )


def vary_task(own: str) -> None:
    """For a task, before the user's code runs: the addresses of objects. `own` names the task alike in all arms."""
    if _NUMBER >= 0 and "memory" in _ASPECTS:
        _scatter_memory("%d %s" % (_NUMBER, own))


# Listings.


class _Entries:
    """What `os.scandir` returns, in another order."""

    def __init__(self, entries: List[Any]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> "_Entries":
        return self

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> "_Entries":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        self._entries = iter(())


def _vary_listings() -> None:
    plain_list, plain_scan = os.listdir, os.scandir

    def listdir(path: Any = None) -> List[Any]:
        return _in_order(plain_list(path), lambda name: name)

    def scandir(path: Any = None) -> _Entries:
        with plain_scan(path) as entries:
            return _Entries(_in_order(list(entries), lambda entry: entry.name))

    for plain, ours in ((plain_list, listdir), (plain_scan, scandir)):  # type: Any
        replace(os, plain, ours)


def replace(module: Any, plain: Any, ours: Any) -> None:
    """Put a function in the place of one of `os`, also in the tables that say what it supports."""
    ours.__name__ = ours.__qualname__ = plain.__name__
    ours.__doc__ = plain.__doc__
    for table in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if plain in table:
            table.add(ours)
    setattr(module, plain.__name__, ours)


def _in_order(items: List[Any], name_of: Callable[[Any], Any]) -> List[Any]:
    number = _NUMBER if "listings" in _ASPECTS else 0
    made = sorted(items, key=name_of, reverse=number == 1)
    if number > 1:
        made.sort(key=lambda item: hashlib.sha256(b"%d %s" % (_NUMBER, os.fsencode(name_of(item)))).digest())
    return made


# The host.


def _vary_host() -> None:
    plain_uname = os.uname

    def uname() -> Any:
        told = plain_uname()
        return os.uname_result((told[0], _HOST, *told[2:]))

    os.uname = uname  # type: ignore[assignment]
    os.environ["HOSTNAME"] = _HOST


def _vary_room() -> None:
    """Have the project's code find other numbers for what other programs take: room on a disk, and the load of the machine."""
    plain_room, plain_load = os.statvfs, os.getloadavg

    def statvfs(path: Any) -> Any:
        told = plain_room(path)
        if not asked_by_project(sys._getframe(1)):
            return told
        numbers = list(told)
        numbers[3:5] = [int(free * _ROOM_LEFT) for free in numbers[3:5]]  # f_bfree, f_bavail
        return os.statvfs_result(numbers, {"f_fsid": told.f_fsid})

    def getloadavg() -> Any:
        told = plain_load()
        return tuple(load + 1.0 for load in told) if asked_by_project(sys._getframe(1)) else told

    replace(os, plain_room, statvfs)
    replace(os, plain_load, getloadavg)


# Speed.


def _vary_speed() -> None:
    """Have the project's code measure that all takes three times as long, as it would on a loaded machine.

    Only what it asks itself: time-outs of libraries stay, and so does the time a core was used. `time.time` runs ahead by as much as
    has gone by twice, so that a budget of seconds is spent by any clock.
    """
    for name in ("perf_counter", "monotonic", "time"):
        for ending in ("", "_ns"):
            plain = getattr(time, name + ending)
            setattr(time, name + ending, _slowed(plain, plain()))


def _slowed(plain: Any, began: Any) -> Any:
    def measured() -> Any:
        now = plain()
        return began + _SLOWER * (now - began) if is_own(sys._getframe(1).f_code) else now

    measured.__name__ = measured.__qualname__ = plain.__name__
    return measured


# Memory.


def _scatter_memory(seed: str) -> None:
    """Leave holes among small objects, so that new ones do not come to lie in the order in which they are made.

    Python gives a freed block to the next object of its size, the block freed last first.
    """
    generator = random.Random(seed)  # noqa: S311
    blocks = [bytes(generator.randrange(1, _LARGEST_SMALL)) for _ in range(_BALLAST)]  # type: List[Any]
    blocks += [object() for _ in range(_BALLAST)] + [float(at) for at in range(_BALLAST)]  # smaller than any bytes
    generator.shuffle(blocks)
    _kept.extend(blocks[: len(blocks) // 2])


# Threads and pools.


def _vary_socket(socket: Any) -> None:
    socket.gethostname = lambda: _HOST


_begun = [0]
_draw = random.Random(_NUMBER)  # noqa: S311  (what is drawn is to be drawn alike in every proof)
_waiting = []  # type: List[_thread.LockType]
_guard = _thread.allocate_lock()
_releasing = [False]


def began() -> int:
    """How many threads, pieces of work and processes this process has begun, whose ends may come in any order."""
    return _begun[0]


def _let_others_begin() -> None:
    """Wait until those that came later have begun: of several that start together, the last one goes first.

    Whoever is let go says so before the next one is, so that a loaded machine keeps the order, too.
    """
    if _next_delay() <= 0:
        return
    turn = _thread.allocate_lock()
    turn.acquire()
    with _guard:
        _waiting.append(turn)
        starts, _releasing[0] = not _releasing[0], True
    if starts:
        _thread.start_new_thread(_release, ())
    turn.acquire()
    turn.release()


def _release() -> None:
    """Let those that wait go, one after the other, once nobody comes any more.

    In the second arm it is in turns the one that came last, and the first; in further ones any of them.
    """
    takes_last = True
    while True:
        came = len(_waiting)
        _plain_sleep(_DELAY)
        if len(_waiting) > came:
            continue
        with _guard:
            if not _waiting:
                _releasing[0] = False
                return
            turn = _waiting.pop((-1 if takes_last else 0) if _NUMBER == 1 else _draw.randrange(len(_waiting)))
        takes_last = not takes_last
        turn.release()
        for _ in range(_TOGETHER):  # until it has taken note
            _plain_sleep(_DELAY / _TOGETHER)
            if turn.acquire(False):
                turn.release()
                break


def _next_delay() -> float:
    """Seconds to wait: of several that start together, those are to begin first that were started last; or any of them."""
    at = _begun[0]
    _begun[0] += 1
    if at >= _DELAYED:
        return 0.0
    return _DELAY * (_TOGETHER - at % _TOGETHER - 1 if _NUMBER == 1 else _draw.randrange(1, _TOGETHER))


def _vary_processes(processes: Any) -> None:
    kind = processes.BaseProcess
    plain_start, plain_bootstrap = kind.start, kind._bootstrap

    def start(self: Any) -> None:
        self._flowgate_delay = _next_delay()
        plain_start(self)

    def bootstrap(self: Any, *arguments: Any, **options: Any) -> Any:
        time.sleep(getattr(self, "_flowgate_delay", 0.0))
        return plain_bootstrap(self, *arguments, **options)

    kind.start, kind._bootstrap = start, bootstrap


def _vary_threads(threading: Any) -> None:
    plain = threading.Thread._bootstrap_inner

    def bootstrap(self: Any) -> None:
        if _is_own(getattr(self, "_target", None)):
            run = self.run  # not before: whoever starts a thread waits until it is there

            def run_later() -> None:
                _let_others_begin()
                run()

            self.run = run_later
        plain(self)

    threading.Thread._bootstrap_inner = bootstrap


def _is_own(target: Any) -> bool:
    """True for a thread that runs the project's code, not one of a library or of Metaflow."""
    return is_own(getattr(getattr(target, "__func__", target), "__code__", None))


def is_own(code: Any) -> bool:
    """Whether some code is the project's."""
    name = getattr(code, "co_filename", "")
    return bool(name) and name.startswith(_ROOT + os.sep) and "/site-packages/" not in name


def _vary_work_items(pool: Any) -> None:
    plain = pool._WorkItem.run

    def run(self: Any, *arguments: Any) -> None:
        _let_others_begin()
        plain(self, *arguments)

    pool._WorkItem.run = run


def _vary_completion(base: Any) -> None:
    plain = base.as_completed

    def as_completed(fs: Any, timeout: Any = None) -> Any:
        asked = list(dict.fromkeys(fs))
        for _ in plain(asked, timeout):
            pass
        return iter(_otherwise(asked))

    base.as_completed = as_completed


def _otherwise(items: List[Any]) -> List[Any]:
    """In another order than they came or were asked for: backwards in the second arm, drawn in further ones."""
    return items[::-1] if _NUMBER == 1 else _draw.sample(items, len(items))


def _vary_unordered(pool: Any) -> None:
    results = pool.IMapUnorderedIterator
    plain = results.next

    def following(self: Any, timeout: Any = None) -> Any:
        until = time.monotonic() + 1.0
        while self._index != self._length and time.monotonic() < until:
            time.sleep(0.005)
        with self._cond:
            came = _otherwise(list(self._items))
            self._items.clear()
            self._items.extend(came)
        return plain(self, timeout)

    results.next = results.__next__ = following
    plain_apply = pool.ThreadPool.apply_async

    def apply_async(self: Any, func: Any, *arguments: Any, **options: Any) -> Any:
        def later(*given: Any, **named: Any) -> Any:
            _let_others_begin()
            return func(*given, **named)

        return plain_apply(self, later, *arguments, **options)

    pool.ThreadPool.apply_async = apply_async
