"""Two real arms of each contract: whatever varies between two plain runs varies between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowgate_probe.equality import digest

from flowgate.flow.source import Source
from flowgate.project import open_project
from flowgate.prove.contracts import plan
from flowgate.prove.ground import contract_of, ground_of, start_of
from flowgate.prove.model import Ran
from flowgate.prove.together import run_all
from flowgate.target import targets
from tests.conftest import write
from tests.functional.flows import settings

pytestmark = pytest.mark.slow

# A flow that stores everything which may differ between two plain runs, each thing by a name of its own.
FLOW = """
import concurrent.futures, datetime, glob, locale, multiprocessing.pool, os, platform, socket, subprocess, sys, tempfile
import threading, time
from pathlib import Path
from metaflow import FlowSpec, Parameter, current, step


def of_scheduler(context):
    return hash("a") % 10**9


def squared(n):
    time.sleep(0.01)
    return n * n


class RowFlow(FlowSpec):
    scheduler_salt = Parameter("scheduler_salt", default=of_scheduler, type=int)

    @step
    def start(self):
        self.parts = ["a", "b", "c"]
        self.next(self.left, self.middle, self.right)

    @step
    def left(self):
        self.name_ = "left"
        self.next(self.join)

    @step
    def middle(self):
        self.name_ = "middle"
        self.next(self.join)

    @step
    def right(self):
        self.name_ = "right"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.join_order = [one.name_ for one in inputs]
        self.parts = inputs.left.parts
        self.next(self.spread)

    @step
    def spread(self):
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.task_salt = hash("a")
        ask = [sys.executable, "-c", "print(hash('a'))"]
        self.child_salts = [subprocess.check_output(ask, text=True) for _ in range(2)]
        self.children_differ = self.child_salts[0] != self.child_salts[1]
        self.scratch = tempfile.gettempdir()
        self.drawn_name = os.path.basename(tempfile.mkdtemp())
        self.pid, self.run, self.task = os.getpid(), current.run_id, current.task_id
        self.clock, self.date = time.time(), datetime.date.today()
        self.host = socket.gethostname()
        self.node = platform.node()
        self.nodename = os.uname().nodename
        self.load = (os.getloadavg(), time.perf_counter())
        folder = Path(tempfile.mkdtemp())
        for letter in "abcde":
            (folder / letter).write_text(letter)
        self.listed = os.listdir(folder)
        self.scanned = [entry.name for entry in os.scandir(folder)]
        self.globbed = [os.path.basename(path) for path in glob.glob(str(folder / "*"))]
        self.iterated = [path.name for path in folder.iterdir()]
        self.walked = [names for _, _, names in os.walk(folder)]
        self.address = id(folder)
        objects = [object() for _ in range(50)]
        self.by_address = sorted(range(50), key=lambda at: id(objects[at]))
        self.zone, self.locale = time.tzname, os.environ.get("LC_ALL")
        self.mode = oct((folder / "a").stat().st_mode)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            submitted = [pool.submit(squared, n) for n in range(4)]
            self.completed = [one.result() for one in concurrent.futures.as_completed(submitted)]
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            submitted = [pool.submit(squared, n) for n in range(4)]
            self.completed_processes = [one.result() for one in concurrent.futures.as_completed(submitted)]
        with multiprocessing.pool.ThreadPool(2) as pool:
            self.unordered = list(pool.imap_unordered(squared, range(6)))
        found = []
        threads = [threading.Thread(target=lambda n: found.append(n), args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.appended = found
        words = Path(f"/proc/{os.getppid()}/cmdline").read_bytes().split(bytes(1))
        self.workers = words[words.index(b"--max-workers") + 1]
        left = Path(__file__).parent / "left.txt"
        self.left_behind = left.exists()
        left.write_text("answer")
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.salts = len({one.task_salt for one in inputs})
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RowFlow()
"""
# What differs between two runs of every contract, and the step that stores it.
VARIES = [
    ("start", "scheduler_salt"),
    ("join", "join_order"),
    *(
        ("work", name)
        for name in "task_salt child_salts scratch drawn_name pid run clock date host node nodename load".split()
    ),
    *(("work", name) for name in "listed scanned globbed iterated walked address by_address zone locale mode".split()),
    *(("work", name) for name in "completed completed_processes unordered appended".split()),
]
# What only differs where the fan-out is scheduled in another way.
SCHEDULED = [("work", "task"), ("work", "workers")]


def arms_of(contract: str, folder: Path) -> list[Ran]:
    """The arms that a contract asks for, run for real."""
    write(folder, {"flow.py": FLOW, "flowgate.toml": settings(contract, surface='["salts"]')})
    (target,) = targets(open_project(str(folder)), Source(str(folder / "flow.py")))
    held = contract_of(target, ())
    assert held is not None
    place = folder / ".flowgate" / "cache" / "proofs" / "rows" / "run-1"
    place.mkdir(parents=True)
    start = start_of(target, ground_of(target, held, ()), str(place), ())
    return run_all(start, plan(contract, 5), 1, lambda *_: None).ran


def digests(ran: Ran, step: str, artifact: str) -> list[str]:
    return [task.artifacts[artifact]["digest"] for _, task in sorted(ran.tasks.items()) if task.step == step]


@pytest.mark.parametrize("contract", ["order_independent", "single_worker"])
def test_whatever_varies_between_plain_runs_varies_between_arms(contract: str, tmp_path: Path) -> None:
    left, right = arms_of(contract, tmp_path)
    expected = VARIES + (SCHEDULED if contract == "order_independent" else [])
    alike = [name for step, name in expected if digests(left, step, name) == digests(right, step, name)]
    assert not alike, f"calmer than a plain run: {alike}"
    found = [sorted(digests(ran, "work", "left_behind")) for ran in (left, right)]
    assert found[0] == found[1], "one task of each finds nothing: no arm reads what another left"
    if contract == "single_worker":
        assert digests(left, "work", "workers") == digests(right, "work", "workers")
    yes = digest(True)
    for ran in (left, right):
        assert digests(ran, "work", "children_differ") == [yes] * 3, "programs that a task starts draw their own salts"
        assert len(set(digests(ran, "work", "task_salt"))) == 3, "each task has a salt of its own"
        assert len(set(digests(ran, "work", "child_salts"))) == 3


def test_the_salts_of_an_arm_are_drawn_the_same_way_every_time(tmp_path: Path) -> None:
    first, second = (arms_of("single_worker", tmp_path / name)[0] for name in ("one", "two"))
    for step, name in (("start", "scheduler_salt"), ("work", "task_salt"), ("join", "join_order")):
        assert digests(first, step, name) == digests(second, step, name), "a divergence replays"
