"""What the probe makes of flows that are unusual in what they do, not in what they conclude."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import Flowgate, git, write
from tests.functional.flows import SPLIT, fan, settings
from tests.functional.test_prove import proof_of, prove

pytestmark = pytest.mark.slow

SMALL = """
from metaflow import FlowSpec, Parameter, step

class FanFlow(FlowSpec):  # the name of the outer flow, as if by accident
    n = Parameter("n", default=1)

    @step
    def start(self):
        self.results = self.n * 2
        self.next(self.end)

    @step
    def end(self):
        self.results += 1

if __name__ == "__main__":
    FanFlow()
"""
INNER = """
import os, subprocess, sys
SMALL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "small", "flow.py")

def inner(n):
    from metaflow import Runner
    with Runner(SMALL, pylint=False).run(n=n) as running:
        return running.run["end"].task.data.results
"""
UNUSUAL = """
import os
from metaflow import Config, FlowSpec, IncludeFile, Parameter, Run, Task, catch, step


def difference(left, right):
    return left - right


def digest(value):
    raise SystemExit("not the one that is meant")


answer = compare = show = None
PROGRAM = sides = request = "taken"


class Score:
    def __init__(self, value):
        self.value = value


class UnusualFlow(FlowSpec):
    table = IncludeFile("table", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "table.csv"))

    @step(start=True)
    def begin(self):
        self.parts = [1, 2, 3]
        self.next(self.work, foreach="parts")

    @catch(var="failed", print_exception=False)
    @step
    def work(self):
        self.score = Score({difference})
        if self.input == 2:
            raise ValueError({error})
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.scores = [getattr(one, "score", None) for one in inputs]
        self.failures = [str(one.failed) for one in inputs]
        self.next(self.finish)

    @step(end=True)
    def finish(self):
        self.count = len(self.scores)


if __name__ == "__main__":
    UnusualFlow()
"""
MUST_RUN_TOGETHER = """
import os, tempfile, time
from metaflow import FlowSpec, step


class PairFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        while not os.path.exists(os.path.join(tempfile.gettempdir(), "ready")):
            time.sleep(0.1)
        self.value = 1
        self.next(self.join)

    @step
    def right(self):
        open(os.path.join(tempfile.gettempdir(), "ready"), "w").close()
        self.value = 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = inputs.left.value + inputs.right.value
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PairFlow()
"""


def unusual(difference: str = "difference(self.input, 1)", error: str = "'two'") -> str:
    return UNUSUAL.replace("{difference}", difference).replace("{error}", error)


def test_a_run_that_a_step_starts_does_not_replace_the_flows_own_records(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"small/flow.py": SMALL})
    toml = 'flows = ["flow.py"]\n' + settings()
    done, proof = prove(flowgate, tmp_path, fan("inner(self.input)", before=INNER, parts=2), toml)
    assert (done.code, proof["verdict"]) == (0, "pass"), proof["note"]
    blocked = fan("inner(self.input) + __import__('os').getpid()", before=INNER, parts=2)
    done, proof = prove(flowgate, tmp_path, blocked, toml)
    assert (done.code, proof["divergence"]["step"], proof["divergence"]["artifact"]) == (1, "work", "value")


def test_names_of_the_flow_do_not_get_in_the_way_of_the_comparison(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"table.csv": "1,2\n"})
    toml = settings(surface='["scores", "failures", "table", "count"]')
    done, proof = prove(flowgate, tmp_path, unusual(), toml)
    assert (done.code, proof["verdict"]) == (0, "pass"), proof["note"]
    done, proof = prove(flowgate, tmp_path, unusual("difference(self.input, id(self))"), toml)
    assert (done.code, proof["divergence"]["path"]) == (1, "score.value"), proof["note"]


def test_what_catch_sets_is_part_of_the_step_that_sets_it(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"table.csv": "1,2\n"})
    flow = unusual(error="f'{id(self)}'")
    done, proof = prove(flowgate, tmp_path, flow, settings(surface='["work.failed"]'))
    assert (done.code, proof["divergence"]["step"], proof["divergence"]["artifact"]) == (1, "work", "failed"), proof[
        "note"
    ]
    assert "@catch" in flow.splitlines()[proof["divergence"]["line"] - 1]


def test_tasks_that_must_run_together_are_named_within_a_minute(flowgate: Flowgate, tmp_path: Path) -> None:
    toml = settings(surface='["join.total"]', timeout="30m")
    done, proof = prove(flowgate, tmp_path, MUST_RUN_TOGETHER, toml)
    assert (done.code, proof["verdict"]) == (3, "inconclusive")
    assert "`left` did nothing until `right`" in proof["note"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("__import__('metaflow').Flow('OtherFlow').latest_run.id", "reads_runs = "),
        ("print(Exception('printed')) or {}['the key']", "KeyError: 'the key'"),
    ],
)
def test_the_failure_that_ends_a_task_is_the_one_that_is_told(
    value: str, words: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    before = "import atexit, traceback\natexit.register(lambda: print('Traceback (most recent call last):\\nOSError: at exit'))"
    done, proof = prove(flowgate, tmp_path, fan(value, before=before))
    assert done.code == 3 and words in proof["note"] and "at exit" not in proof["note"], proof["note"]
    assert re.search(r'File ".*flow.py", line \d+, in work', proof["note"])


def test_a_flow_may_be_lent_the_runs_of_another_one(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"small/flow.py": SMALL.replace("FanFlow", "OtherFlow"), "flow.py": ""})
    toml = 'flows = ["flow.py"]\n' + settings() + 'reads_runs = ["OtherFlow"]\n'
    flow = fan("__import__('metaflow').Flow('OtherFlow').latest_run['end'].task.data.results + self.input")
    write(tmp_path, {"flow.py": flow, "flowgate.toml": toml})
    assert flowgate(tmp_path, "prove").code == 2, "there is none yet"
    import sys

    from tests.conftest import run

    assert run([sys.executable, "small/flow.py", "--no-pylint", "run"], tmp_path, METAFLOW_USER="flowgate").code == 0
    proof = proof_of(flowgate(tmp_path, "prove", "--format", "json"))
    assert proof["verdict"] == "pass", proof["note"]
    assert proof_of(flowgate(tmp_path, "prove", "--format", "json"))["reused"]
    assert run([sys.executable, "small/flow.py", "--no-pylint", "run"], tmp_path, METAFLOW_USER="flowgate").code == 0
    assert not proof_of(flowgate(tmp_path, "prove", "--format", "json"))["reused"], "there is another run to read"


def test_what_a_program_writes_is_put_aside_and_what_it_changed_put_back(
    unsealed_flowgate: Flowgate, repository: Path
) -> None:
    write(repository, {"table.csv": "1\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "data")
    before = """
import os, subprocess, random
HERE = os.path.dirname(os.path.abspath(__file__))

def cached():
    subprocess.run(["sh", "-c", f"cd {HERE} && test -f cache.txt || echo {random.random()} > cache.txt; echo 2 > table.csv"])
    return open(os.path.join(HERE, "cache.txt")).read()
"""
    done, proof = prove(unsealed_flowgate, repository, fan("cached()", before=before))
    assert (done.code, proof["verdict"]) == (1, "blocked"), "the second arm did not read what the first had left"
    assert (repository / "table.csv").read_text() == "1\n" and not (repository / "cache.txt").exists()
    kept = list((repository / ".flowgate" / "cache").rglob("cache.txt"))
    assert kept, "it may have been the user's, so it is kept"
    assert "cache.txt" in proof["concurrency"] and "kept below" in proof["concurrency"], "and that is said"


def test_programs_that_leave_nothing_do_not_make_arms_run_again(flowgate: Flowgate, tmp_path: Path) -> None:
    value = "__import__('subprocess').check_output(['uname', '-s'], text=True)"
    _, proof = prove(flowgate, tmp_path, fan(value), settings() + "jobs = 2\n")
    assert (proof["verdict"], proof["concurrency"]) == ("pass", "side by side"), proof
    assert len(proof["arms"]) == 2
    shutil.copytree(tmp_path, tmp_path.parent / "copy")  # no pipe and no dead link is left, which could not be copied


def test_no_surface_is_said_before_anything_runs(flowgate: Flowgate, tmp_path: Path) -> None:
    flow = SPLIT.format(best="max(one.score for one in inputs)").replace("self.best = ", "self._best = ")
    flow = flow.replace("self.score = 1.0", "self.score = sum([1.0])")
    toml = '[flow."flow.py"]\ndeterminism = "order_independent"\n'
    done, proof = prove(flowgate, tmp_path, flow, toml)
    assert (done.code, proof["arms"]) == (3, [])
    assert "no surface" in proof["note"] and '"left.score"' in proof["note"]


def test_a_surface_without_anything_computed_is_no_proof(flowgate: Flowgate, tmp_path: Path) -> None:
    flow = fan("self.input * 2").replace(
        "class FanFlow(FlowSpec):",
        "class FanFlow(FlowSpec):\n    seed = __import__('metaflow').Parameter('seed', default=1)\n    version = '1'",
    )
    done, proof = prove(flowgate, tmp_path, flow, settings(surface='["seed", "start.parts"]'))
    assert done.code == 0 and proof["warning"] == ""  # parts are computed
    done, proof = prove(flowgate, tmp_path, flow, settings(surface='["seed"]'))
    assert done.code == 0 and "proves nothing" in proof["warning"] and '"end.scaled"' in proof["warning"], proof
    text = flowgate(tmp_path, "prove").out
    assert "warning: the surface (seed) holds only" in text
    suggested = flowgate(tmp_path, "prove", "--suggest").out
    assert 'declare surface = ["end.scaled"]' in suggested


@pytest.mark.parametrize("kind", ["order_independent", "single_worker"])
def test_a_join_that_goes_by_position_is_blocked_under_every_contract(
    kind: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    flow = SPLIT.format(best="[one.score for one in inputs]")
    done, proof = prove(flowgate, tmp_path, flow, settings(kind, surface='["best"]'))
    assert (done.code, proof["divergence"]["step"], proof["divergence"]["artifact"]) == (1, "join", "best")
    (finding,) = done.json()["findings"]
    assert ("order the tasks run" in finding["mend"]) == (kind == "order_independent")
