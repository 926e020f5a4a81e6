"""What tasks hand over where no Python code opens a file: it is tried in a third order, and a second time in the same place."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.prove.sandbox import why_not
from tests.conftest import Flowgate
from tests.security.flows import FAN, LINE, proof, repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not("/")), reason=f"no world can be made here: {why_not('/')}"),
]

# Each task notes its index somewhere; the join stores how far neighbours lie apart, which is alike forwards and backwards.
ORDER = FAN.replace(
    "self.result = [one.got for one in sorted(inputs, key=lambda one: one.index_)]",
    "came = noted()\n        self.result = {result}",
).replace("self.parts = [0, 1, 2]", "self.parts = [0, 1, 2, 3, 4]")
APART = "sorted(abs(one - two) for one, two in zip(came, came[1:]))"
BY_MEMORY = """
import ctypes
library = ctypes.CDLL(None)
library.shmat.restype = ctypes.c_void_p

def numbers():
    return ctypes.cast(library.shmat(library.shmget(7341, 4096, 0o1666), None, 0), ctypes.POINTER(ctypes.c_int))

def work(index):
    held = numbers()
    held[0] += 1
    held[held[0]] = index
    return 0

def noted():
    held = numbers()
    return [held[at] for at in range(1, held[0] + 1)]
"""
BY_SHELL = """
def work(index):
    subprocess.check_call(["sh", "-c", f"echo {index} >> $TMPDIR/came"])
    return 0

def noted():
    said = subprocess.check_output(["sh", "-c", "cat $TMPDIR/came; rm $TMPDIR/came"])
    return [int(line) for line in said.split()]
"""


@pytest.mark.parametrize(
    ("way", "result", "verdict"),
    [(BY_MEMORY, APART, "blocked"), (BY_SHELL, APART, "blocked"), (BY_SHELL, "sorted(came)", "pass")],
    ids=["shared memory", "a shell", "what came, whatever its order"],
)
def test_an_order_that_is_alike_both_ways_is_tried_in_a_third_one(
    way: str, result: str, verdict: str, tmp_path: Path, flowgate: Flowgate
) -> None:
    repository(tmp_path, ORDER.replace("{before}", way).replace("{result}", result))
    made = proof(flowgate, tmp_path)
    assert made["verdict"] == verdict, made
    assert [arm["name"] for arm in made["arms"]] == ["forward", "adversarial", "overlapping"]


COUNTED = {
    "C code": """
import ctypes

def work():
    library, path = ctypes.CDLL(None), os.fsencode(os.path.expanduser("~/.flowgate-test-runs"))
    handle = library.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o644)
    library.write(handle, b"x", 1)
    return library.lseek(handle, 0, 2)
""",
    "a shell": """
def work():
    return int(subprocess.check_output(["sh", "-c", "echo >> ~/.flowgate-test-runs; wc -l < ~/.flowgate-test-runs"]))
""",
    "tags of git": """
def work():
    tags = subprocess.check_output(["git", "tag"]).split()
    subprocess.check_call(["git", "tag", f"run-{len(tags)}"])
    return len(tags)
""",
    "an artifact of the run before": """
import metaflow

def work():
    metaflow.namespace(None)
    try:
        return metaflow.Flow("Flow").latest_successful_run.data.result + 1
    except Exception:
        return 0
""",
    "a file that was there": """
HERE = os.path.dirname(os.path.abspath(__file__))

def work():
    with open(os.path.join(HERE, "state.txt"), "r+") as file:
        count = int(file.read()) + 1
        file.seek(0)
        file.write(str(count))
    return count
""",
    "the time of a file that was there": """
HERE = os.path.dirname(os.path.abspath(__file__))

def work():
    age = os.path.getmtime(os.path.join(HERE, "state.txt")) - os.path.getmtime(os.path.join(HERE, "first.txt"))
    os.utime(os.path.join(HERE, "state.txt"), (2e9, 2e9))
    return age > 1e6
""",
    "runs that lie beside it": """
import glob

def work():
    return len(glob.glob(".metaflow/Flow/[0-9]*"))
""",
    "a module that it writes": """
import importlib

def work():
    try:
        count = importlib.import_module("kept_by_run").COUNT
    except ImportError:
        count = 0
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "kept_by_run.py"), "w") as file:
        file.write(f"COUNT = {count + 1}")
    return count
""",
}


@pytest.mark.parametrize("way", COUNTED)
def test_a_run_that_finds_the_one_before_is_made(way: str, tmp_path: Path, flowgate: Flowgate) -> None:
    repository(tmp_path, LINE.format(before=COUNTED[way]), {"state.txt": "0", "first.txt": ""})
    made = proof(flowgate, tmp_path)
    assert made["verdict"] == "blocked" and made["arms"][1]["name"] == "again", made
    assert not Path("~/.flowgate-test-runs").expanduser().exists()


LARGE = """
def work():
    here = os.path.dirname(os.path.abspath(__file__))
    if not os.path.exists(os.path.join(here, "large")):
        subprocess.check_call(["sh", "-c", "head -c 300000000 /dev/zero > large"], cwd=here)
    return 1
"""


def test_what_is_too_large_to_be_found_again_leaves_it_undecided(tmp_path: Path, flowgate: Flowgate) -> None:
    repository(tmp_path, LINE.format(before=LARGE))
    made = proof(flowgate, tmp_path)
    assert made["verdict"] == "inconclusive" and "more than can be kept" in made["note"], made
    assert not (tmp_path / "large").exists()


# How far apart in the order of their ends those lie that were begun one after the other: alike forwards and backwards.
BY_THREADS = """
from concurrent.futures import ThreadPoolExecutor, as_completed

def work():
    with ThreadPoolExecutor(3) as pool:
        place = {pool.submit(int, index): index for index in range(6)}
        came = [place[future] for future in as_completed(place)]
    return RESULT
"""


@pytest.mark.parametrize(
    ("result", "verdict"),
    [("[abs(came.index(n) - came.index(n + 1)) for n in range(5)]", "blocked"), ("sorted(came)", "pass")],
    ids=["by the order of their ends", "whatever their order"],
)
@pytest.mark.parametrize("contract", ["order_independent", "single_worker"])
def test_threads_end_in_more_orders_than_two(
    contract: str, result: str, verdict: str, tmp_path: Path, flowgate: Flowgate
) -> None:
    repository(tmp_path, LINE.format(before=BY_THREADS.replace("RESULT", result)), contract=contract)
    made = proof(flowgate, tmp_path)
    assert made["verdict"] == verdict, made
    if verdict == "pass":
        assert [arm["name"] for arm in made["arms"]][2:] == ["threads-1", "threads-2"]
        assert "begins 6 threads or processes" in made["concurrency"]


MEASURED = {
    "seconds by the clock of the day": """
import time

def work():
    began = time.time()
    time.sleep(0.2)
    return time.time() - began < 0.5
""",
    "room on the disk": """
import shutil

def work():
    return shutil.disk_usage("/").free >> 26
""",
}


@pytest.mark.parametrize("way", MEASURED)
def test_what_other_programs_take_of_the_machine_differs_between_arms(
    way: str, tmp_path: Path, flowgate: Flowgate
) -> None:
    repository(tmp_path, LINE.format(before=MEASURED[way]))
    made = proof(flowgate, tmp_path)
    assert made["verdict"] == "blocked" and len(made["arms"]) == 2, made
