"""Proofs, run for real: what holds passes, what does not is blocked with the right step, artifact and line."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flowgate.flow.shell import shell
from tests.conftest import SCHEMAS, Done, Flowgate, environment, git, write
from tests.functional.flows import SHARED, SPLIT, fan, settings
from tests.functional.kills import gone_within, kill_proofs, processes_of

pytestmark = pytest.mark.slow


def proof_of(done: Done) -> dict[str, Any]:
    """The one proof in the JSON output, which follows its schema."""
    document = done.json()
    jsonschema.validate(document, json.loads((SCHEMAS / "proof.json").read_text()))
    (proof,) = document["proofs"]
    assert isinstance(proof, dict)
    return proof


def prove(flowgate: Flowgate, folder: Path, flow: str, toml: str = settings()) -> tuple[Done, dict[str, Any]]:
    write(folder, {"flow.py": flow, "flowgate.toml": toml})
    done = flowgate(folder, "prove", "--format", "json")
    return done, proof_of(done)


def test_equal_conclusions_pass_and_leave_a_receipt(flowgate: Flowgate, tmp_path: Path) -> None:
    flow = fan("{self.input, 'b', 'a'} | {(1, 2.5)}")
    done, proof = prove(flowgate, tmp_path, flow)
    assert (done.code, proof["verdict"]) == (0, "pass"), done
    assert [(arm["name"], arm["workers"], arm["forced"]) for arm in proof["arms"]] == [
        ("forward", 1, True),
        ("adversarial", 3, True),
    ]
    again = proof_of(flowgate(tmp_path, "prove", "--format", "json"))
    assert again["reused"] and again["arms"] == proof["arms"]
    write(tmp_path, {"flow.py": flow + "OTHER = 1\n"})
    assert not proof_of(flowgate(tmp_path, "prove", "--format", "json"))["reused"]


@pytest.mark.parametrize("name", ["near.py", "lib/far.py", "table.csv", "settings.json"])
def test_a_receipt_is_bound_to_every_file_the_flow_reads(name: str, flowgate: Flowgate, tmp_path: Path) -> None:
    before = """
import os, sys
from metaflow import Config
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))

def read():
    import near, far
    return near.VALUE + far.VALUE + float(open(os.path.join(HERE, "table.csv")).read())
"""
    flow = fan("read() + self.cfg.value", before=before).replace(
        "class FanFlow(FlowSpec):\n",
        "class FanFlow(FlowSpec):\n    cfg = Config('cfg', default=os.path.join(HERE, 'settings.json'))\n",
    )
    files = {"near.py": "VALUE = 1\n", "lib/far.py": "VALUE = 2\n", "table.csv": "3", "settings.json": '{"value": 4}'}
    write(tmp_path, files)
    _, proof = prove(flowgate, tmp_path, flow)
    assert proof["verdict"] == "pass", proof
    assert proof_of(flowgate(tmp_path, "prove", "--format", "json"))["reused"]
    write(tmp_path, {name: files[name].replace("1", "9").replace("2", "9").replace("3", "9").replace("4", "9")})
    assert not proof_of(flowgate(tmp_path, "prove", "--format", "json"))["reused"]


@pytest.mark.parametrize(
    ("flow", "step", "artifact", "path"),
    [
        pytest.param(fan("note(self.index)", before=SHARED), "work", "value", "value", id="a-file-that-siblings-share"),
        pytest.param(fan("hash(('a', self.input))"), "work", "value", "value", id="a-salted-hash"),
        pytest.param(
            fan("list({f'k{self.input}', f'm{self.input}', f'x{self.input}', f'z{self.input}'})"),
            "work",
            "value",
            "value[0]",
            id="the-order-of-a-set",
        ),
        pytest.param(
            SPLIT.format(best="[one.score for one in inputs]"), "join", "best", "best[0]", id="a-join-by-position"
        ),
        pytest.param(
            fan("self.input", "[one.value + 1e-16 * (one.started % 1) * 1e9 for one in inputs]"),
            "work",
            "started",
            "started",
            id="a-clock-that-reaches-a-conclusion",
        ),
    ],
)
def test_a_difference_is_blocked_and_its_first_cause_named(
    flow: str, step: str, artifact: str, path: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    surface = '["best"]' if "SplitFlow" in flow else '["results", "scaled"]'
    done, proof = prove(flowgate, tmp_path, flow, settings(surface=surface))
    assert (done.code, proof["verdict"]) == (1, "blocked"), done
    divergence = proof["divergence"]
    assert (divergence["step"], divergence["artifact"], divergence["path"]) == (step, artifact, path)
    line = (tmp_path / "flow.py").read_text().splitlines()[divergence["line"] - 1]
    assert f"self.{artifact} = " in line
    assert divergence["left"]["arm"] == "forward" and divergence["right"]["arm"] == "adversarial"
    assert divergence["left"]["value"] != divergence["right"]["value"]
    (finding,) = done.json()["findings"]
    assert finding["rule"] == "FP101" and finding["step"] == step


def test_a_clock_that_no_conclusion_is_made_of_is_left_aside(flowgate: Flowgate, tmp_path: Path) -> None:
    done, proof = prove(flowgate, tmp_path, fan("note(self.index)", before=SHARED))
    assert proof["divergence"]["artifact"] == "value", "`started` differs too, and earlier in the task"
    assert done.code == 1


def test_the_same_divergence_is_found_every_time(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("note(self.index)", before=SHARED), "flowgate.toml": settings()})
    found = [proof_of(flowgate(tmp_path, "prove", "--no-cache", "--format", "json"))["divergence"] for _ in range(2)]
    assert found[0]["left"]["value"] == "'0 '" and found[0]["right"]["value"] == "'4 3 2 1 0 '"
    assert found[1] == found[0]


def test_classes_of_the_flow_file_are_compared_inside(flowgate: Flowgate, tmp_path: Path) -> None:
    before = "class Score:\n    def __init__(self, value):\n        self.value = {'auc': [0.5, value]}\n"
    flow = fan("Score(hash(str(self.input)))", before=before)
    _, proof = prove(flowgate, tmp_path, flow)
    assert proof["divergence"]["path"] == "value.value['auc'][1]"
    assert proof["divergence"]["left"]["type"] == "int"


def test_single_worker_runs_twice_at_one_worker(flowgate: Flowgate, tmp_path: Path) -> None:
    flow = fan("note(self.index)", before=SHARED)
    done, proof = prove(flowgate, tmp_path, flow, settings("single_worker"))
    assert (done.code, proof["verdict"]) == (0, "pass"), done
    assert [arm["workers"] for arm in proof["arms"]] == [1, 1]


def test_nondeterministic_is_skipped_with_its_reason(flowgate: Flowgate, tmp_path: Path) -> None:
    done, proof = prove(flowgate, tmp_path, fan("1"), settings("nondeterministic"))
    assert (done.code, proof["verdict"], proof["arms"]) == (0, "skipped", [])
    assert "the test says so" in proof["note"]


@pytest.mark.parametrize(
    ("flow", "toml", "words"),
    [
        (fan("1 / 0"), settings(), "ZeroDivisionError"),
        (fan("__import__('time').sleep(600)"), settings(timeout="6s"), "still running after 6 s"),
        (fan("vars(self) and 1"), settings(surface='["nowhere"]'), "never wrote `nowhere`"),
        (fan("1"), settings(surface='["an_*.result"]'), "the flow has no step `an_*`"),
        (
            fan("1").replace("self.scaled =", "self.value ="),
            settings().replace("[prove]", '[prove]\nlauncher = ["/bin/false"]'),
            "no interpreter with Metaflow",
        ),
    ],
)
def test_what_cannot_be_decided_is_inconclusive(
    flow: str, toml: str, words: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    done, proof = prove(flowgate, tmp_path, flow, toml)
    assert (done.code, proof["verdict"]) == (3, "inconclusive"), done
    assert words in proof["note"]
    left = [path.name for path in tmp_path.glob(".flowgate/cache/proofs/*/*")]
    assert not left or left == ["crash.log"], "nothing is left behind but what a failed arm said"


def test_a_launcher_that_does_not_exist_is_a_configuration_error(flowgate: Flowgate, tmp_path: Path) -> None:
    toml = settings().replace("[prove]", '[prove]\nlauncher = ["/no/such/python"]')
    write(tmp_path, {"flow.py": fan("1"), "flowgate.toml": toml})
    done = flowgate(tmp_path, "prove")
    assert done.code == 2 and "launcher" in done.err and "/no/such/python" in done.err


def test_run_options_do_not_outvote_the_arms(flowgate: Flowgate, tmp_path: Path) -> None:
    toml = settings().replace("[prove]", '[prove]\nrun_options = ["--max-workers", "8"]')
    write(tmp_path, {"flow.py": fan("note(self.index)", before=SHARED), "flowgate.toml": toml})
    proof = proof_of(flowgate(tmp_path, "prove", "--format", "json"))
    assert proof["divergence"]["left"]["value"] == "'0 '"


def test_an_interpreter_without_metaflow_is_named(flowgate: Flowgate, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    python = str(tmp_path / "bare" / "bin" / "python")
    toml = settings().replace("[prove]", f'[prove]\nlauncher = ["{python}"]')
    done, proof = prove(flowgate, tmp_path, fan("1"), toml)
    assert done.code == 3 and "Metaflow" in proof["note"]


@pytest.mark.parametrize(
    "signals", [[signal.SIGINT], [signal.SIGINT, signal.SIGINT], [signal.SIGTERM], [signal.SIGKILL]]
)
def test_no_signal_leaves_an_orphan_or_a_receipt(signals: list[signal.Signals], tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("__import__('time').sleep(600)"), "flowgate.toml": settings()})
    marker, said = str(tmp_path / "flow.py"), tmp_path / "said.txt"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "flowgate", "prove"],
            cwd=tmp_path,
            env=environment(),
            stdout=output,
            stderr=output,
            # A test run in the background may have been started with SIGINT ignored, which is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    while not any(" step work " in " ".join(p.info["cmdline"]) for p in processes_of(marker)):
        assert process.poll() is None
        time.sleep(0.1)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.3)
    process.wait(30)
    assert "Traceback" not in said.read_text()
    if signals[0] == signal.SIGINT:
        assert process.returncode == 130
    for _ in range(100):
        left = processes_of(marker)
        if not left:
            break
        time.sleep(0.1)
    assert not left, [p.info["cmdline"] for p in left]
    assert not list(tmp_path.glob(".flowgate/cache/proofs/*/receipt.json"))


@pytest.mark.parametrize("place", ["os.path.dirname(os.path.abspath(__file__))", "os.getcwd()"])
def test_an_answer_that_one_arm_leaves_is_put_aside_before_the_next(
    place: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    before = f"""
import os, random

def remembered():
    path = os.path.join({place}, "answer.txt")
    if not os.path.exists(path):
        with open(path, "w") as file:
            file.write(str(random.random()))
    return open(path).read()
"""
    done, proof = prove(flowgate, tmp_path, fan("remembered()", before=before))
    assert (done.code, proof["verdict"]) == (1, "blocked"), done
    assert proof["divergence"]["step"] == "work" and proof["divergence"]["artifact"] == "value"
    assert not (tmp_path / "answer.txt").exists()


def test_files_that_each_arm_writes_itself_are_fine(flowgate: Flowgate, tmp_path: Path) -> None:
    before = """
import os
HERE = os.path.dirname(os.path.abspath(__file__))

def keep(index):
    with open(os.path.join(HERE, f"part_{index}.txt"), "w") as file:
        file.write(str(index))
    return index
"""
    gather = "[open(os.path.join(HERE, f'part_{one.value}.txt')).read() for one in inputs]"
    done, proof = prove(flowgate, tmp_path, fan("keep(self.index)", gather, before=before))
    assert (done.code, proof["verdict"]) == (0, "pass"), done


def test_an_edited_receipt_is_not_believed(flowgate: Flowgate, tmp_path: Path) -> None:
    _, proof = prove(flowgate, tmp_path, fan("hash('a')"))
    assert proof["verdict"] == "blocked"
    (receipt,) = tmp_path.glob(".flowgate/cache/proofs/*/receipt.json")
    receipt.write_text(receipt.read_text().replace('"blocked"', '"pass"'))
    again = proof_of(flowgate(tmp_path, "prove", "--format", "json"))
    assert (again["verdict"], again["reused"]) == ("blocked", False)


def test_two_proofs_of_one_flow_at_once_share_one_receipt(tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("self.input"), "flowgate.toml": settings()})
    command = [sys.executable, "-m", "flowgate", "prove", "--format", "json"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    documents = [json.loads(process.communicate(timeout=300)[0]) for process in both]
    proofs = [document["proofs"][0] for document in documents]
    assert [proof["verdict"] for proof in proofs] == ["pass", "pass"]
    assert sorted(proof["reused"] for proof in proofs) == [False, True]


def test_a_divergence_can_be_overridden_and_then_passes_the_gate(flowgate: Flowgate, repository: Path) -> None:
    done, _ = prove(flowgate, repository, fan("__import__('os').environ['TMPDIR']"))
    (finding,) = done.json()["findings"]
    assert flowgate(repository, "override", finding["id"], "--reason", "known", "--by", "Ada").code == 0
    gate = flowgate(repository, "gate", "--format", "json")
    assert gate.code == 0 and gate.json()["verdict"] == "pass", gate
    errors = [(f["id"], f["state"]) for f in gate.json()["findings"] if f["severity"] == "error"]
    assert errors == [(finding["id"], "overridden")]
    assert os.path.exists(repository / ".flowgate" / "ledger.yaml")
    git(repository, "add", "-A")
    assert "cache" not in git(repository, "status", "--short").out


def test_an_artifact_that_one_arm_never_writes_is_a_difference(flowgate: Flowgate, tmp_path: Path) -> None:
    flow = fan("note(self.index)", before=SHARED).replace(
        "        self.next(self.gather)",
        "        if self.value == '0 ':\n            self.extra = 1\n        self.next(self.gather)",
    )
    done, proof = prove(flowgate, tmp_path, flow, settings(surface='["work.extra"]'))
    assert (done.code, proof["verdict"]) == (1, "blocked"), done
    assert (proof["divergence"]["step"], proof["divergence"]["surface"]) == ("work", "work.extra")
    assert proof["divergence"]["artifact"] == "value", "whether `extra` is written hangs on it"


@pytest.mark.parametrize("value", ["lambda: 1", "open(__file__)", "(n for n in range(3))"])
def test_a_surface_that_cannot_be_stored_decides_nothing(value: str, flowgate: Flowgate, tmp_path: Path) -> None:
    done, proof = prove(flowgate, tmp_path, fan(value))
    assert (done.code, proof["verdict"]) == (3, "inconclusive"), done


def test_a_full_disk_decides_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("list(range(100_000 + self.index))"), "flowgate.toml": settings()})
    done = subprocess.run(
        [sys.executable, "-m", "flowgate", "prove"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        # No file may grow beyond this: every write past it fails, as on a full disk.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000)),
    )
    assert done.returncode in (2, 3), done
    assert "Traceback" not in done.stderr and not list(tmp_path.glob(".flowgate/cache/proofs/*/receipt*.json"))


def test_a_checkout_that_cannot_be_written_is_a_configuration_error(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("1"), "flowgate.toml": settings(), ".flowgate": "a file where a folder must be\n"})
    done = flowgate(tmp_path, "prove")
    assert done.code == 2 and ".flowgate" in done.err and "Traceback" not in done.err, done


def test_a_scheduler_that_is_killed_decides_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("__import__('time').sleep(600)"), "flowgate.toml": settings()})
    marker = str(tmp_path / "flow.py")
    process = subprocess.Popen(
        [sys.executable, "-m", "flowgate", "prove", "--quiet"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
    )
    while not (working := [p for p in processes_of(marker) if " step work " in " ".join(p.info["cmdline"])]):
        time.sleep(0.1)
    scheduler = working[0].parent()
    assert scheduler is not None
    scheduler.kill()
    while not [p for p in processes_of(marker) if " step work " in " ".join(p.info["cmdline"])]:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)  # side by side one failed, so each is run again by itself
    process.wait(60)
    assert gone_within(marker, 10)
    assert not list(tmp_path.glob(".flowgate/cache/proofs/*/receipt*.json"))


def test_a_flow_killed_at_any_moment_leaves_no_wrong_receipt_and_no_process(tmp_path: Path) -> None:
    assert kill_proofs(tmp_path, times=8, seed=3) == []


def promoted(folder: Path, experiment: str) -> None:
    """A small promoted flow: a Config that Hydra composes, and an experiment."""
    conf = {
        "conf/config.yaml": "defaults: [{experiment: e}, {training: default}, _self_]\n",
        "conf/experiment/e.yaml": f"name: e\ndeterminism: order_independent\nsurface: [results]\n{experiment}",
        "conf/training/default.yaml": "epochs: 3\n",
        "conf/training/smoke.yaml": "epochs: 1\n",
    }
    before = (
        f"""
import os
import yaml
{shell().stamped()}
HERE = os.path.dirname(os.path.abspath(__file__))
"""
        + """
def parse(text):
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf
    given = yaml.safe_load(text) or {}
    with initialize_config_dir(os.path.join(HERE, "conf"), version_base=None):
        return OmegaConf.to_container(compose("config", overrides=given.get("hydra_overrides", [])), resolve=True)

def make_data(data_spec, data_axes, seed):
    return None
"""
    )
    flow = (
        fan("self.cfg.training.epochs", before=before)
        .replace(
            "class FanFlow(FlowSpec):\n",
            "class FanFlow(FlowSpec):\n    cfg = Config('cfg', default=os.path.join(HERE, 'conf', 'config.yaml'), parser=parse)\n",
        )
        .replace(
            "        self.parts =", "        self.determinism = self.cfg.experiment.determinism\n        self.parts ="
        )
    )
    write(folder, {"flow.py": flow, **conf})


def test_a_proof_reduced_by_hand_is_shown_as_reduced_and_replaces_no_whole_one(
    flowgate: Flowgate, tmp_path: Path
) -> None:
    promoted(tmp_path, "")
    whole = proof_of(flowgate(tmp_path, "prove", "--format", "json"))
    assert (whole["verdict"], whole["reduced"]) == ("pass", []), whole
    reduced = proof_of(flowgate(tmp_path, "prove", "--overrides", "training=smoke", "--format", "json"))
    assert (reduced["verdict"], reduced["reduced"]) == ("pass", ["training=smoke"]), reduced
    assert "a reduced proof, under training=smoke" in reduced["note"]
    assert whole["surface"] != reduced["surface"]
    assert proof_of(flowgate(tmp_path, "prove", "--format", "json"))["reused"], "the whole proof still stands"
    again = flowgate(tmp_path, "prove", "--overrides", "training=smoke")
    assert "reduced by training=smoke" in again.out and "by receipt" in again.out
    assert "[1, 1" in str([row["value"] for row in _rows(flowgate, tmp_path, "--overrides", "training=smoke")])
    assert "[3, 3" in str([row["value"] for row in _rows(flowgate, tmp_path)])
    assert flowgate(tmp_path, "prove", "--overrides", "experiment.determinism=nondeterministic").code == 2


def _rows(flowgate: Flowgate, folder: Path, *options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = flowgate(folder, "results", "flow.py", *options, "--format", "json").json()[
        "conclusions"
    ][0]["rows"]
    return rows


def test_more_branches_than_data_axes_and_seeds_are_a_finding(flowgate: Flowgate, tmp_path: Path) -> None:
    axes = "axes: {noise: [0.1, 0.5], epochs: [1, 2, 3]}\ndata_axes: [noise]\n"
    promoted(tmp_path, axes + "seeds: 3\n")
    assert proof_of(flowgate(tmp_path, "prove", "--format", "json"))["verdict"] == "pass", "5 tasks, 6 branches"
    promoted(tmp_path, axes + "seeds: [0, 1]\n")
    done = flowgate(tmp_path, "prove", "--format", "json")
    (finding,) = done.json()["findings"]
    assert (done.code, finding["rule"], finding["step"]) == (1, "FP103", "work")
    assert "5 tasks of `work`" in finding["message"] and "are 4" in finding["message"]
