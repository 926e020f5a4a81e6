"""The order of a run's tasks, forced: the scheduler hands out turns, and a task's user code waits for its own.

Only one task's user code runs at a time. Which one is decided from the graph and the queue alone, never from a clock:
when a task has finished and what follows it is queued, the free slots are filled and the first in rank gets its turn.
The rank is the place in the foreaches and splits, so that two tasks which neither waits for run one way round under
`forward` and the other under `reversed`, whatever their distance from the split. Under `random:SEED` the rank is drawn.
Under `overlapping` a task also gives its turn away when it is about to write a file that others write as well, until all
that can be under way beside it have come as far: what each has read by then is out of date.

A join of a static split, or of a switch inside a foreach, gets its inputs in the order of a set, which hangs on the
scheduler's hash seed. That order is forced too: as named under `forward`, the other way round under `reversed`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

MODE = os.environ.get("FLOWGATE_PROBE_ORDER", "")
TURNS = os.environ.get("FLOWGATE_PROBE_TURNS", "")
OVERLAPPING = "overlapping"
_POLL = 0.005

_forced = ""
_mine = None  # type: Optional[Key]
_pauses = 0
Key = tuple[str, str, int]
Place = tuple[int, ...]


def install(runtime: Any) -> None:
    """Teach the scheduler's class to empty its queue by rank and to hand out turns.

    A Metaflow whose scheduler has other parts is left as it is; its tasks then record that nothing was forced.
    """
    if not MODE or not TURNS or not all(hasattr(runtime, name) for name in ("_queue_pop", "_launch_workers")):
        return
    plain_launch = runtime._launch_workers
    scheduler = _Scheduler()

    def pop(self: Any) -> Any:
        return scheduler.pop(self)

    def launch(self: Any) -> None:
        plain_launch(self)
        scheduler.settle(self)

    runtime._queue_pop = pop
    runtime._launch_workers = launch
    _tell("installed", MODE)


class _Scheduler:
    """In the scheduler's process: where each task stands, and which of the launched ones has its turn."""

    def __init__(self) -> None:
        self.places = {}  # type: Dict[str, Place]
        self.running = None  # type: Optional[Key]
        self.granted = set()  # type: Set[Key]
        self.pauses = {}  # type: Dict[Key, int]
        self.popped = 0
        self.expected = 0

    def pop(self, runtime: Any) -> Any:
        """Take the first in rank off the queue."""
        queue = runtime._run_queue
        if not queue:
            return None, {}
        places = [(self._place(runtime, *asked), asked[0]) for asked in queue]
        step, asked = queue.pop(min(range(len(queue)), key=lambda at: (_rank(*places[at]), -at)))
        self.popped += 1
        if asked.get("input_paths") and runtime._graph[step].type == "join":
            asked = dict(asked, input_paths=_ordered(asked["input_paths"]))
        return step, asked

    def settle(self, runtime: Any) -> None:
        """Give the turn to the first in rank, once the task that had it is gone and what follows it is launched."""
        if self.popped + len(runtime._run_queue) > self.expected:
            self.expected = self.popped + len(runtime._run_queue)
            _tell("expected", str(self.expected))
        launched = {}  # type: Dict[Key, Any]
        for worker in runtime._workers.values():
            task = worker.task
            launched.setdefault((str(task.step), str(task.task_id), int(task.retries)), task)
        if self.running in launched and not self._is_paused(self.running):
            return
        ranked = []
        for key, task in launched.items():
            asked = {"input_paths": task.input_paths, "split_index": task.split_index}
            place = self.places[task.path] = self._place(runtime, task.step, asked)
            ranked.append((key in self.granted, _rank(place, key[0]), key))  # who has not begun goes first
        self.running = min(ranked)[2] if ranked else None
        if self.running is not None:
            self._let(self.running)

    def _is_paused(self, key: Key) -> bool:
        return os.path.exists(os.path.join(TURNS, _pause(key, self.pauses.get(key, 0))))

    def _let(self, key: Key) -> None:
        """Grant a task its first turn, or the one after a pause."""
        if key in self.granted:
            _tell("%s-over" % _pause(key, self.pauses.get(key, 0)), "")
            self.pauses[key] = self.pauses.get(key, 0) + 1
        else:
            self.granted.add(key)
            _tell(_turn(key), "")

    def _place(self, runtime: Any, step: str, asked: dict[str, Any]) -> Place:
        """The indices of the foreaches and splits around a task, outermost first."""
        before = [str(path) for path in asked.get("input_paths") or []]
        above = [self.places[path] for path in before if path in self.places]
        if not above:
            return ()
        graph = runtime._graph
        if graph[step].type == "join":
            return above[0][:-1]
        if asked.get("split_index") is not None:
            return (*above[0], int(asked["split_index"]))
        parent = graph[before[0].split("/")[-2]]
        if parent.type in ("split", "split-and"):
            return (*above[0], list(parent.out_funcs).index(step))
        return above[0]


def _rank(place: Place, step: str) -> Any:
    """What is compared to find who is next: the smallest goes first."""
    if MODE == "forward":
        return place
    if MODE in ("reversed", OVERLAPPING):
        return tuple(-index for index in place)
    return hashlib.sha256(("%s %s %r" % (MODE, step, place)).encode()).digest()


def _ordered(paths: Any) -> Any:
    """The inputs of a join, branch by branch; a foreach's own tasks stay in the order of their index."""
    parents = sorted({str(path).split("/")[-2] for path in paths}, key=lambda name: _drawn(name))
    if MODE in ("reversed", OVERLAPPING):
        parents.reverse()
        middle = len(parents) // 2
        if len(parents) > 2 and len(parents) % 2:  # a plain reversal leaves the middle one in its place
            parents[middle], parents[middle + 1] = parents[middle + 1], parents[middle]
    return [path for parent in parents for path in paths if str(path).split("/")[-2] == parent]


def _drawn(name: str) -> Any:
    return _rank((), name) if MODE.startswith("random") else name


def _turn(key: Key) -> str:
    return "%s-%s-%d" % key


def _pause(key: Key, count: int) -> str:
    return "%s-pause-%d" % (_turn(key), count)


def _tell(name: str, text: str) -> None:
    """Leave a note in the folder that scheduler, tasks and flowgate share, whole or not at all."""
    path = os.path.join(TURNS, name)
    temporary = "%s.%d" % (path, os.getpid())  # every process of the arm comes by here
    with open(temporary, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def await_turn(step: str, task: str, attempt: int) -> None:
    """In a task's process: wait until the scheduler has granted the turn, or is no more."""
    global _forced, _mine
    if not TURNS or not MODE or not os.path.exists(os.path.join(TURNS, "installed")):
        _forced = "not forced"
        return
    if _is_gang_member():
        _forced = "gang"
        return
    _mine = (step, task, attempt)
    with _alarm_off():
        _wait_for(os.path.join(TURNS, _turn(_mine)))
    _forced = "forced"


def give_way() -> None:
    """In a task's process, under `overlapping`: let all others come as far before going on."""
    global _pauses
    if MODE == OVERLAPPING and _mine is not None:
        name = _pause(_mine, _pauses)
        _pauses += 1
        _tell(name, "")
        with _alarm_off():
            _wait_for(os.path.join(TURNS, name + "-over"))


def _wait_for(path: str) -> None:
    scheduler = os.getppid()
    while not os.path.exists(path):
        if os.getppid() != scheduler:
            raise SystemExit("flowgate: the scheduler is gone")
        time.sleep(_POLL)


@contextlib.contextmanager
def _alarm_off() -> Iterator[None]:
    """A task's `@timeout` is its own time: it does not run while the task waits for others."""
    left = signal.alarm(0)
    try:
        yield
    finally:
        signal.alarm(left)


def was_forced() -> str:
    """`forced` where this task waited for its turn; `gang` for a `num_parallel` task, else `not forced`."""
    return _forced


def _is_gang_member() -> bool:
    """A `num_parallel` task: the gang runs together by design, and its workers are not the scheduler's own."""
    from metaflow import current

    return bool(getattr(current, "parallel", None) and getattr(current.parallel, "num_nodes", 1) > 1)
