"""What an arm says of itself is held against what its datastore holds, and a task that says nothing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Flowgate
from tests.security.flows import FAN, LINE, proof, repository

pytestmark = pytest.mark.slow

# Each stores what differs from run to run, and tries to have it taken for what does not.
FORGED = {
    "a record of another task": """
import glob, json

def work(index):
    for path in glob.glob(os.environ["FLOW" + "GATE_PROBE_FOLDER"] + "/start-*.json"):
        record = json.loads(open(path).readline())
        record["artifacts"] = {}
        open(path, "w").write(json.dumps(record) + "\\n" + "0" * 64 + "\\n")
    return index
""",
    "no record of its own": """
def work(index):
    sys.modules["flow" + "gate_probe.record"].FOLDER = ""
    return os.getpid()
""",
    "digests of its own": """
def work(index):
    sys.modules["flow" + "gate_probe.record"]._describe = lambda item, own: {"digest": "sha256:00", "type": "int"}
    return os.getpid()
""",
    "tasks without the probe": """
if "run" in sys.argv:
    os.environ.pop("PYTHONPATH", None)

def work(index):
    return os.getpid()
""",
    "a class that pickles something else": """
class Score:
    def __init__(self):
        self.value = 1

    def __reduce__(self):
        return (make, (os.getpid(),))

def make(value):
    made = Score()
    made.value = value
    return made

def work(index):
    return Score()
""",
    "an array with something hidden in it": """
import numpy

class Hidden(numpy.ndarray):
    def __reduce__(self):
        return (numpy.array, ([os.getpid()],))

def work(index):
    return numpy.array([1]).view(Hidden)
""",
    "a class that is pickled in another way each time": """
import random

COUNT = [0]

class Turning:
    def __init__(self, seed=None):
        self.seed = seed

    def __reduce_ex__(self, protocol):
        COUNT[0] += 1
        return (Turning, ()) if COUNT[0] % 2 or self.seed is None else (rebuilt, (self.seed,))

def rebuilt(seed):
    return Turning()

def work(index):
    return Turning(random.random())
""",
    "a class that knows who pickles it": """
class Knowing:
    def __init__(self):
        self.value, self.token = 1, os.getpid()

    def __getstate__(self):
        at = sys._getframe(1)
        while at is not None and "metaflow" not in at.f_code.co_filename:
            at = at.f_back
        return {"value": self.value, "token": self.token if at else 0}

    def __setstate__(self, state):
        self.value, self.token = state["value"], 0

def work(index):
    return Knowing()
""",
    "a state that draws": """
import random

class Drawn:
    def __getstate__(self):
        return {"value": random.random()}

def work(index):
    return Drawn()
""",
}


def test_tasks_that_run_unwatched_are_named_though_they_agree(tmp_path: Path, flowgate: Flowgate) -> None:
    before = FORGED["tasks without the probe"].replace("os.getpid()", "index")
    repository(tmp_path, FAN.format(before=before))
    made = proof(flowgate, tmp_path)
    assert made["verdict"] == "inconclusive" and "ran without being watched" in made["note"], made


@pytest.mark.parametrize("way", FORGED)
def test_a_false_report_is_no_pass(way: str, tmp_path: Path, flowgate: Flowgate) -> None:
    flow = FAN.format(before=FORGED[way]).replace("self.got = work(self.input)", "self.got = work(self.input)")
    repository(tmp_path, flow, surface="each.got")
    made = proof(flowgate, tmp_path)
    assert made["verdict"] in ("blocked", "inconclusive"), made
    assert made["note"]


TRUE = {
    "a class with a plain state": """
class Score:
    def __init__(self):
        self.value = 1

def work():
    return Score()
""",
    "a class that says how it is made again": """
class Score:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return (Score, (self.value,))

def work():
    return Score(3)
""",
    "classes whose state Python makes, with sets in them": """
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

class Point(NamedTuple):
    names: frozenset

class Kind(Enum):
    ONE = 1

@dataclass(frozen=True, slots=True)
class Row:
    names: set
    kind: Kind

def work():
    names = {f"name {at}" for at in range(9)}
    return [Point(frozenset(names)), Row(names, Kind.ONE)]
""",
    "arrays, tables and models": """
import numpy, pandas

def work():
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None]}, index=["p", "q"])
    return [numpy.arange(6).reshape(2, 3).T, frame, {"nan": float("nan")}, {3, 1, 2}, numpy.float32(0.5)]
""",
    "a variable of its own": """
def work():
    os.environ["OWN_SETTING"] = "1"
    return subprocess.check_output([sys.executable, "-c", "import os; print(os.environ['OWN_SETTING'])"])
""",
}


@pytest.mark.parametrize("way", TRUE)
def test_a_true_report_passes(way: str, tmp_path: Path, flowgate: Flowgate) -> None:
    repository(tmp_path, LINE.format(before=TRUE[way]))
    made = proof(flowgate, tmp_path)
    assert made["verdict"] == "pass", made
