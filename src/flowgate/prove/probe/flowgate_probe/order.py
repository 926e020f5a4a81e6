"""The order of a run's tasks, forced: the scheduler hands out turns, and a task's user code waits for its own.

Only one task's user code runs at a time. Which one is decided from the graph and the queue alone, never from a clock:
when a task has finished and what follows it is queued, the free slots are filled and the first in rank gets its turn.
Under `reversed` the rank is the place in the foreaches and splits, last first.

A join of a static split, or of a switch inside a foreach, gets its inputs in the order of a set, which hangs on the
scheduler's hash seed. That order is forced too: as named under `forward`, the other way round under `reversed`.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

MODE = os.environ.get("FLOWGATE_PROBE_ORDER", "")
TURNS = os.environ.get("FLOWGATE_PROBE_TURNS", "")
_POLL = 0.005

_forced = False
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
        if MODE != "forward":
            scheduler.settle(self)

    runtime._queue_pop = pop
    runtime._launch_workers = launch
    with open(os.path.join(TURNS, "installed"), "w") as file:
        file.write(MODE)


class _Scheduler:
    """In the scheduler's process: where each task stands, and which of the launched ones has its turn."""

    def __init__(self) -> None:
        self.places = {}  # type: Dict[str, Place]
        self.running = None  # type: Optional[Key]

    def pop(self, runtime: Any) -> Any:
        """Take the first in rank off the queue; under `forward`, the one that has waited longest."""
        queue = runtime._run_queue
        if not queue:
            return None, {}
        step, asked = queue.pop(self._next(runtime, queue))
        if asked.get("input_paths") and runtime._graph[step].type == "join":
            asked = dict(asked, input_paths=_ordered(asked["input_paths"]))
        return step, asked

    def _next(self, runtime: Any, queue: Any) -> int:
        if MODE == "forward":
            return len(queue) - 1
        best = max(range(len(queue)), key=lambda at: (self._place(runtime, *queue[at]), at))
        return best

    def settle(self, runtime: Any) -> None:
        """Give the turn to the first in rank, once the task that had it is gone and what follows it is launched."""
        launched = {}  # type: Dict[Key, Any]
        for worker in runtime._workers.values():
            task = worker.task
            launched.setdefault((str(task.step), str(task.task_id), int(task.retries)), task)
        if self.running in launched:
            return
        ranked = []
        for key, task in launched.items():
            asked = {"input_paths": task.input_paths, "split_index": task.split_index}
            place = self.places[task.path] = self._place(runtime, task.step, asked)
            ranked.append((place, key))
        self.running = max(ranked)[1] if ranked else None
        if self.running is not None:
            _grant(self.running)

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


def _ordered(paths: Any) -> Any:
    """The inputs of a join, branch by branch; a foreach's own tasks stay in the order of their index."""
    parents = sorted({str(path).split("/")[-2] for path in paths}, reverse=MODE == "reversed")
    return [path for parent in parents for path in paths if str(path).split("/")[-2] == parent]


def _turn_file(key: Key) -> str:
    return os.path.join(TURNS, "%s-%s-%d" % key)


def _grant(key: Key) -> None:
    path = _turn_file(key)
    with open(path + ".tmp", "w") as file:
        json.dump(time.time(), file)
    os.replace(path + ".tmp", path)


def await_turn(step: str, task: str, attempt: int) -> None:
    """In a task's process: wait until the scheduler has granted the turn, or is no more."""
    global _forced
    if (
        not TURNS
        or MODE in ("", "forward")
        or _is_gang_member()
        or not os.path.exists(os.path.join(TURNS, "installed"))
    ):
        return
    path = _turn_file((step, task, attempt))
    scheduler = os.getppid()
    while not os.path.exists(path):
        if os.getppid() != scheduler:
            raise SystemExit("flowgate: the scheduler is gone")
        time.sleep(_POLL)
    _forced = True


def was_forced() -> bool:
    """Whether this task ran in the order asked for: it waited for a turn, or the scheduler keeps the natural order."""
    return _forced or (MODE == "forward" and os.path.exists(os.path.join(TURNS, "installed")))


def _is_gang_member() -> bool:
    """A `num_parallel` task: the gang runs together by design, and its workers are not the scheduler's own."""
    from metaflow import current

    return bool(getattr(current, "parallel", None) and getattr(current.parallel, "num_nodes", 1) > 1)
