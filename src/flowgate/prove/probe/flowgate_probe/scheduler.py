"""In the scheduler's process: which task is launched next, with which hash salt, and whose turn it is.

Only one task's user code runs at a time. When a task has ended and what follows it is queued, free slots are filled by rank,
and the launched task that is first in rank gets the turn. A task that gives its turn away (see `turn`) gets it back when all
others have come as far. Nothing here depends on a clock, except how long a task may do nothing before others go on as well.

Scheduler and tasks talk through named pipes: one that the scheduler reads requests from, and one for each task, on which it
waits for its turn. The scheduler holds both ends of each open, so a message written early is not lost.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import select
import threading
import time
from typing import Any, Dict, Optional, Tuple

from flowgate_probe import order, process

MODE = os.environ.get("FLOWGATE_PROBE_ORDER", "")
TURNS = os.environ.get("FLOWGATE_PROBE_TURNS", "")
SEED = os.environ.get("FLOWGATE_PROBE_SEED", "0")
# How long a task may do nothing before others go on beside it, in seconds. In an overlapping arm it may be waiting for a lock
# that a task holds which gave its turn away, so less is enough there.
_IDLE = 5.0 if MODE == order.OVERLAPPING else 40.0
_SOON = 15.0  # a task that goes on this soon after another has begun was waiting for it
_USUAL_WORKERS = 4  # as many are launched without asking how much memory there is
_USUAL_SIZE = 300 << 20
_SPARE = 1 << 30
SHARED = "shared"
KEY = "FLOWGATE_PROBE_KEY"  # of one task alone: it takes the variable away before any of the user's code runs

Key = Tuple[str, str, int]


def install(module: Any) -> None:
    """Teach the scheduler's class to order its queue, to salt its tasks and to hand out turns.

    A Metaflow whose scheduler has other parts is left as it is, and so is a system without named pipes; tasks then record
    that nothing was forced.
    """
    runtime = module.NativeRuntime
    parts = ("_queue_push", "_queue_pop", "_launch_workers", "_launch_worker")
    if not MODE or not TURNS or not all(hasattr(runtime, name) for name in parts):
        return
    plain_push, plain_pop = runtime._queue_push, runtime._queue_pop
    plain_launch_all, plain_launch = runtime._launch_workers, runtime._launch_worker
    held = []  # type: List[Optional[Scheduler]]

    def scheduler_of(native: Any) -> Optional[Scheduler]:
        """The scheduler of this process's run; made when the run begins, so that a task's own process makes none."""
        if not held:
            held.append(None if installed() is not None else _scheduler(native))  # a step may start another run
        return held[0]

    def push(self: Any, step: Any, asked: Any, index: Any = None) -> None:
        scheduler = scheduler_of(self)
        if scheduler is not None:
            scheduler.count_siblings(asked)
        plain_push(self, step, asked, index)

    def pop(self: Any) -> Any:
        scheduler = scheduler_of(self)
        return scheduler.pop(plain_pop) if scheduler is not None else plain_pop(self)

    def launch_all(self: Any) -> None:
        scheduler = scheduler_of(self)
        if scheduler is None:
            plain_launch_all(self)
        else:
            scheduler.launch_all(plain_launch_all)

    def launch(self: Any, task: Any) -> None:
        scheduler = scheduler_of(self)
        if scheduler is None:
            plain_launch(self, task)
        else:
            scheduler.launch(task, plain_launch)

    runtime._queue_push, runtime._queue_pop = push, pop
    runtime._launch_workers, runtime._launch_worker = launch_all, launch


def installed() -> "Dict[str, Any] | None":
    """The scheduler of the arm: its process, its run and its order; None where none has been installed."""
    try:
        with open(os.path.join(TURNS, "installed")) as file:
            told = json.load(file)  # type: Dict[str, Any]
            return told
    except OSError:
        return None


def tell(name: str, text: str) -> None:
    """Leave a note for flowgate in the folder of turns, whole or not at all."""
    path = os.path.join(TURNS, name)
    temporary = "%s.%d" % (path, os.getpid())
    with open(temporary, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def _scheduler(native: Any) -> "Scheduler | None":
    try:
        return Scheduler(native)
    except OSError:  # no named pipes there
        return None


class Launched:
    """A task that has a process: its place, whether it has begun, and how far it has come.

    `steps` counts the times that it gave its turn away; `tries` says that it only tried once more what it had tried before, such
    as a lock that another task has; `starts` that it is about to start a program.
    """

    def __init__(self, key: Key, rank: Any, named: str, pipe: int) -> None:
        self.key, self.rank, self.named, self.pipe = key, rank, named, pipe
        self.pid = 0
        self.begun = self.waits = self.tries = self.starts = False
        self.steps = 0
        self.usage = process.Usage()


class Stall:
    """A task that did nothing for long, and another one that was let go on beside it. `since` is when that began or ended."""

    def __init__(self, idle: Launched, other: Launched) -> None:
        self.idle, self.other, self.since = idle, other, time.monotonic()


class Scheduler:
    """The turns of one run. Its own thread serves requests; Metaflow's loop tells it what was launched and what has ended."""

    def __init__(self, native: Any) -> None:
        self.native = native
        self.deep = order.is_deep(native._graph)
        self.places = {}  # type: Dict[str, order.Place]
        self.siblings = {}  # type: Dict[str, int]
        self.launched = {}  # type: Dict[Key, Launched]
        self.turns = []  # type: List[Key]  # whose turn it is; more than one only while the others do nothing
        self.stalls = []  # type: List[Stall]
        self.beside = []  # type: List[List[Any]]
        self.together = []  # type: List[List[List[Any]]]
        self.popped = self.expected = 0
        self.workers = native._max_workers
        self.size = 0
        self.keys = {}  # type: Dict[str, str]
        self.guard = threading.RLock()
        self.requests = _pipe(os.path.join(TURNS, "requests"))
        tell("installed", json.dumps({"order": MODE, "pid": os.getpid(), "run": str(native._run_id)}))
        threading.Thread(target=self.serve, daemon=True).start()
        atexit.register(self.tell_keys)

    # What Metaflow's loop calls.

    def count_siblings(self, asked: Dict[str, Any]) -> None:
        """A foreach queues all its tasks before any is taken off, so the largest index says how many there are."""
        if asked.get("split_index") is not None and asked.get("input_paths"):
            parent = str(asked["input_paths"][0])
            self.siblings[parent] = max(self.siblings.get(parent, 0), int(asked["split_index"]) + 1)

    def pop(self, plain: Any) -> Any:
        """Take the first in rank off the queue; under `forward`, the one that Metaflow would take."""
        queue = self.native._run_queue
        if not queue:
            return plain(self.native)
        if MODE.startswith(order.FORWARD):
            step, asked = plain(self.native)
        else:
            ranks = [(self.rank(step, asked), -at) for at, (step, asked) in enumerate(queue)]
            step, asked = queue.pop(ranks.index(min(ranks)))
        self.popped += 1
        if asked.get("input_paths") and self.native._graph[step].type == "join":
            asked = dict(asked, input_paths=order.ordered_inputs(MODE, asked["input_paths"]))
        return step, asked

    def launch_all(self, plain: Any) -> None:
        """Fill the free slots, as far as memory allows, then see to whose turn it is."""
        with self.guard:
            self.forget_ended()
            self.native._max_workers = self.room()
            plain(self.native)
            self.native._max_workers = self.workers
            expected = self.popped + len(self.native._run_queue)
            if expected > self.expected:
                self.expected = expected
                tell("expected", str(expected))
            self.next_turn()

    def launch(self, task: Any, plain: Any) -> None:
        """Start a task's process, with the salt and the pipe that are its own."""
        key = (str(task.step), str(task.task_id), int(task.retries))
        asked = {"input_paths": task.input_paths, "split_index": task.split_index}
        place = self.places[task.path] = self.place(task.step, asked)
        named = task.step if task.split_index is None else "%s[%s]" % (task.step, task.split_index)
        with self.guard:
            held = Launched(key, self.rank_of(place, key[0]), named, _pipe(pipe_of(key)))
            before = os.environ.get("PYTHONHASHSEED")
            os.environ["PYTHONHASHSEED"] = salt(SEED, "%s %s" % (task.step, [index for index, _ in place]), key[2])
            os.environ[KEY] = self.keys["%s-%s-%d" % key] = os.urandom(16).hex()
            try:
                plain(self.native, task)
            finally:
                os.environ.pop(KEY, None)
                if before is not None:
                    os.environ["PYTHONHASHSEED"] = before
            for worker in self.native._workers.values():
                if worker.task is task:
                    held.pid = worker._proc.pid
                    self.launched[key] = held
            if key not in self.launched:  # a task that is only cloned has no process
                os.close(held.pipe)

    def tell_keys(self) -> None:
        """Say with which key each task had to seal its record: once no task runs any more that could use another one's."""
        from flowgate_probe import reads  # which needs this module

        tell("scheduler", json.dumps({"pid": os.getpid(), **reads.noted()}))
        tell("keys", json.dumps(self.keys))

    # Places and ranks.

    def place(self, step: str, asked: Dict[str, Any]) -> order.Place:
        """The indices of the foreaches and splits around a task, each with the number of siblings, outermost first."""
        before = [str(path) for path in asked.get("input_paths") or []]
        above = [self.places[path] for path in before if path in self.places]
        if not above:
            return ()
        graph = self.native._graph
        if graph[step].type == "join":
            return above[0][:-1]
        if asked.get("split_index") is not None:
            index = int(asked["split_index"])
            return (*above[0], (index, max(self.siblings.get(before[0], 0), index + 1)))
        parent = graph[before[0].split("/")[-2]]
        if parent.type in ("split", "split-and"):
            return (*above[0], (list(parent.out_funcs).index(step), len(parent.out_funcs)))
        return above[0]

    def rank(self, step: str, asked: Dict[str, Any]) -> Any:
        return order.rank(MODE, self.place(step, asked), step, self.deep)

    def rank_of(self, place: order.Place, step: str) -> Any:
        """What decides whose turn is next: under `forward`, the order in which Metaflow launched them."""
        return self.popped if MODE.startswith(order.FORWARD) else order.rank(MODE, place, step, self.deep)

    # Turns.

    def next_turn(self) -> None:
        """Where nobody has the turn: those who have not begun go first, then those who have come least far.

        So each waits until all others have come as far; where one cannot, as another has what it waits for, that one goes on.
        """
        if self.turns:
            return
        waiting = [task for task in self.launched.values() if not task.begun or task.waits]
        if waiting:
            first = min(waiting, key=_next)
            # What a program does cannot be taken step by step, so those that are about to start one go on together.
            together = [task for task in waiting if task.starts and task.waits] if first.starts else []
            for task in together or [first]:
                self.give_turn(task)

    def give_turn(self, task: Launched) -> None:
        task.begun, task.waits = True, False
        task.usage = process.Usage()
        self.turns.append(task.key)
        os.write(task.pipe, b".")

    def forget_ended(self) -> None:
        """Take the turn from tasks whose process is gone."""
        alive = {id(worker.task): worker for worker in self.native._workers.values()}
        there = {(str(one.task.step), str(one.task.task_id), int(one.task.retries)) for one in alive.values()}
        for key in [key for key in self.launched if key not in there]:
            self.went_on(self.launched[key])
            ended = self.launched.pop(key)
            for stall in self.stalls:
                if stall.other is ended:
                    stall.since = time.monotonic()
            for task in self.launched.values():
                task.tries = False
            os.close(ended.pipe)
            os.unlink(pipe_of(key))
            self.turns = [other for other in self.turns if other != key]

    def serve(self) -> None:
        """Answer the tasks that give their turn away, and look after those that do nothing."""
        rest = b""
        while True:
            ready, _, _ = select.select([self.requests], [], [], 1.0)
            with self.guard:
                if ready:
                    *lines, rest = (rest + os.read(self.requests, 65536)).split(b"\n")
                    for line in lines:
                        self.pause(line.decode())
                else:
                    self.look_after_idle()

    def pause(self, request: str) -> None:
        kind, step, task_id, attempt = request.split(" ")
        task = self.launched.get((step, task_id, int(attempt)))
        if task is None:
            return
        task.waits, task.tries, task.starts = True, kind == "tries", kind == "starts"
        if not task.tries:
            task.steps += 1
            for other in self.launched.values():
                other.tries = False  # what one has done may be what the others wait for
        self.turns = [key for key in self.turns if key != task.key]
        self.next_turn()

    # Tasks that do nothing.

    def look_after_idle(self) -> None:
        """Let another task go on beside those that do nothing: they may be waiting for it."""
        for task in self.launched.values():
            task.usage.look(task.pid)
            self.size = max(self.size, task.usage.size)
        for task in [self.launched[key] for key in self.turns if key in self.launched]:
            if task.usage.is_busy():
                self.went_on(task)
        if not self.turns or not all(self.is_idle(key) for key in self.turns):
            return
        waiting = [task for task in self.launched.values() if not task.begun or task.waits]
        if waiting:
            idle, other = self.launched[self.turns[-1]], min(waiting, key=_next)
            self.stalls.append(Stall(idle, other))
            self.beside += [[*idle.key, idle.named], [*other.key, other.named]]
            tell("beside", json.dumps(self.beside))
            self.give_turn(other)
        elif self.native._run_queue and len(self.launched) >= self.workers:
            self.workers += 1  # Metaflow's loop launches one more, which gets here as a waiting one

    def is_idle(self, key: Key) -> bool:
        task = self.launched.get(key)
        return task is not None and task.usage.idle_for() > _IDLE

    def went_on(self, task: Launched) -> None:
        """A task that did nothing until another one had begun or ended, and then went on, may have waited for it.

        Flowgate looks at what the two touched, and decides.
        """
        for stall in self.stalls:
            if stall.idle is task and MODE != order.OVERLAPPING and time.monotonic() - stall.since < _SOON:
                self.together.append([[*one.key, one.named] for one in (stall.idle, stall.other)])
                tell("together", json.dumps(self.together))
        self.stalls = [stall for stall in self.stalls if stall.idle is not task]

    # Memory.

    def room(self) -> int:
        """How many tasks may have a process at once: the usual few, or as many as fit into memory."""
        if self.workers <= _USUAL_WORKERS:
            return self.workers
        size = (self.size or _USUAL_SIZE) * 3 // 2
        more = max(0, process.available_memory() - _SPARE) // size
        return max(_USUAL_WORKERS, min(self.workers, len(self.launched) + more))


def _next(task: Launched) -> Any:
    return (task.begun, task.tries, task.steps, task.rank, task.key)


def salt(seed: str, task: str, attempt: int) -> str:
    """The PYTHONHASHSEED of a task: the same whenever this arm is run, another one for each task unless they are to share one."""
    if seed == SHARED:
        return os.environ.get("PYTHONHASHSEED", "0")
    made = hashlib.sha256(("%s %s %d" % (seed, task, attempt)).encode()).digest()
    return str(int.from_bytes(made[:4], "big"))


def pipe_of(key: Key) -> str:
    """Where a task waits for its turn."""
    return os.path.join(TURNS, "%s-%s-%d" % key)


def _pipe(path: str) -> int:
    if not os.path.exists(path):
        os.mkfifo(path)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK)
