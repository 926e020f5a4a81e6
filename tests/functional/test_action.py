"""The action, executed end to end by act, without Docker: passing, blocking, and deciding nothing."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from tests.conftest import REPOSITORY, SCHEMAS, Done, git, run, write
from tests.functional.flows import COUNTED, fan, settings

pytestmark = pytest.mark.slow

FLOWGATE = "flowgate/flowgate@1111111111111111111111111111111111111111"
CACHE = "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae"
HOME = Path(__file__).parent
CLEAN = fan("self.input")
# What the caller keeps of the outputs: the step after the action runs whatever came of it.
KEEP = """
      - if: always()
        shell: bash
        env:
          OUTPUTS: ${{ toJSON(steps.flowgate.outputs) }}
        run: |
          mkdir -p "$KEEP"
          printf '%s' "$OUTPUTS" > "$KEEP/outputs.json"
          cp -r "$RUNNER_TEMP/flowgate/." "$KEEP/" || true
"""
WORKFLOW = """
name: gate
on: [push, pull_request]
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
CACHED      - id: flowgate
        uses: FLOWGATE
        with:
          python: PYTHON
"""


class Acted(NamedTuple):
    """What a run of the workflow left: what act printed, the outputs, and the folder of the files that they name."""

    done: Done
    outputs: dict[str, str]
    folder: Path

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    @property
    def verdict(self) -> Any:
        found = json.loads(self.text("verdict.json"))
        jsonschema.validate(found, json.loads((SCHEMAS / "verdict.json").read_text()))
        return found


class Runner:
    """A repository with the workflow, and act to run it."""

    def __init__(self, repository: Path, snapshot: Path, keep: Path) -> None:
        self.repository, self.snapshot, self.keep = repository, snapshot, keep
        self.runs = 0
        (keep / "store").mkdir()

    def commit(self, files: dict[str, str], given: str = "", cached: bool = False) -> str:
        """Commit files, and the workflow with further inputs of the action; the commit's id.

        Args:
            cached: with the steps around it by which `flowgate init` keeps receipts.
        """
        before, after = _cache_steps() if cached else ("", "")
        step = WORKFLOW.replace("FLOWGATE", FLOWGATE).replace("PYTHON", sys.executable).replace("CACHED", before)
        step += given + after + KEEP
        write(self.repository, {".github/workflows/gate.yml": step, ".gitignore": ".flowgate/cache/\n", **files})
        git(self.repository, "add", "-A", "-f")
        git(self.repository, "commit", "-q", "-m", "a change", "--allow-empty")
        return git(self.repository, "rev-parse", "HEAD").out.strip()

    def act(self, event: str = "push", /, *also: str, **payload: Any) -> Acted:
        """Run the workflow on what is checked out, with further options of act."""
        self.runs += 1
        keep = self.keep / str(self.runs)
        told = self.keep / "event.json"
        told.write_text(json.dumps({"repository": {"default_branch": "main"}, **payload}))
        environ = {
            "HOME": str(self.keep),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", os.path.expanduser("~/.cache/pip")),
        }
        command = ["act", event, "-e", str(told), "-P", "ubuntu-latest=-self-hosted"]
        command += ["--env", f"KEEP={keep}", "--env", f"CACHE_STORE={self.keep / 'store'}"]
        command += ["--local-repository", f"{FLOWGATE}={self.snapshot}"]
        command += ["--local-repository", f"{CACHE}={HOME / 'actions-cache'}"]
        done = run([*command, *also], self.repository, **environ)
        assert (keep / "outputs.json").exists(), done
        outputs = json.loads((keep / "outputs.json").read_text())
        return Acted(done, {name: value for name, value in outputs.items() if value}, keep)


def _cache_steps() -> tuple[str, str]:
    """The two steps that keep receipts, as the workflow of `flowgate init` has them."""
    text = (REPOSITORY / "src/flowgate/scaffold/workflow.yml.txt").read_text()
    text = text.replace("{receipts}", ".flowgate/cache/proofs/*/receipt*.json").replace("{job}", "flowgate")
    restore = text[text.index("      - uses: actions/cache/restore") : text.index("{gate}")]
    save = text[text.index("      - if: always() && github.event_name") : text.index("  # A job that is skipped")]
    return restore, save.rstrip() + "\n"


@pytest.fixture
def runner(repository: Path, snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(repository, snapshot, tmp_path_factory.mktemp("kept"))


def test_three_branches_pass_block_and_stay_undecided(runner: Runner) -> None:
    """One repository, three pull requests: each with the outputs, files and annotations that it should have."""
    base = runner.commit({"flow.py": CLEAN, "flowgate.toml": settings()}, "          statement: true\n")
    branches = {
        "pass": ({"flow.py": CLEAN + "# a remark\n"}, "0", ""),
        "blocked": ({"flow.py": fan("count(self.index)", before=COUNTED), "flowgate.toml": settings().replace("3", "2")}, "1", "FP101"),
        "inconclusive": ({"flow.py": fan("1 / 0")}, "3", "ZeroDivisionError"),
    }  # fmt: skip
    for name, (files, code, words) in branches.items():
        done = git(runner.repository, "checkout", "-q", "-b", f"it's-$(touch$IFS'owned')-{name}", base)
        assert done.code == 0, done
        runner.commit(files, "          statement: true\n")
        acted = runner.act("pull_request", number=7, pull_request={"base": {"sha": base, "ref": "main"}})
        outputs = acted.outputs
        assert (outputs["verdict"], outputs["exit-code"]) == (name, code), [
            one["message"] for one in acted.verdict["findings"]
        ]
        assert (acted.done.code == 0) == (name == "pass"), acted.done
        assert outputs.keys() >= {"verdict-file", "sarif-file", "summary-file", "html-file"}
        assert ("statement-file" in outputs) == (name != "inconclusive")
        assert acted.verdict["verdict"] == name and acted.verdict["base"]["commit"] == base
        summary = acted.text("summary.md")
        assert summary.startswith(f"## flowgate: {name}\n") and words in summary
        assert words in acted.done.out and acted.text("report.html").startswith("<!doctype html>")
        sarif = json.loads(acted.text("flowgate.sarif"))["runs"][0]["results"]
        assert {one["ruleId"] for one in sarif} == {one["rule"] for one in acted.verdict["findings"]}
        if name == "blocked":
            errors = {one["rule"] for one in acted.verdict["findings"] if one["severity"] == "error"}
            assert errors == {"FP101", "FG404"}, "and fewer workers"
            assert "Where the arms differ" in summary
        if "statement-file" in outputs:
            result = json.loads(acted.text("statement.json"))["predicate"]["result"]
            assert result == ("WARNED" if name == "pass" else "FAILED"), "lint warns of the clock that it stores"


def test_receipts_of_the_default_branch_serve_it_and_its_pull_requests(runner: Runner) -> None:
    """What a pull request leaves reaches nobody."""
    base = runner.commit({"flow.py": CLEAN, "flowgate.toml": settings()}, cached=True)
    pull = {"number": 7, "pull_request": {"base": {"sha": base, "ref": "main"}}}
    assert not runner.act("push", ref="refs/heads/main").verdict["proofs"][0]["reused"]
    assert len(list((runner.keep / "store").iterdir())) == 1
    again = runner.act("pull_request", **pull)
    assert again.outputs["verdict"] == "pass" and again.verdict["proofs"][0]["reused"], again.done
    runner.commit({"flow.py": fan("self.input * 2")}, cached=True)
    assert not runner.act("pull_request", **pull).verdict["proofs"][0]["reused"]
    assert len(list((runner.keep / "store").iterdir())) == 1, "another subject, and nothing is left of it"


def test_hostile_inputs_are_data(runner: Runner) -> None:
    """A flow's file, the folder and the base with names that a shell, a log or a table could stumble over."""
    folder = "a 'b' $(touch owned)"
    name = 'flow\n::error::owned `touch owned` "x".py'
    base = runner.commit({f"{folder}/{name}": fan("self.input * EPOCHS", before="EPOCHS = 15\n"), f"{folder}/flowgate.toml": "\n"},
        f"          directory: {json.dumps(folder)}\n          base-ref: \"$(touch owned); '::error::owned\"\n")  # fmt: skip
    acted = runner.act()
    assert acted.outputs["verdict"] == "blocked" and acted.verdict["base"]["result"] == "inconclusive", acted.done
    assert not list(runner.keep.rglob("owned")) and not (runner.repository / "owned").exists()
    lines = [line.strip() for line in re.sub(r"\[[^]]*\]", "", acted.done.out).splitlines()]
    assert not any(line.startswith(("❗  ::error::owned", "❗  owned")) for line in lines), acted.done.out
    assert base and "<script" not in acted.text("summary.md")


# What a pull request may try on the runner: it finds no token, and its red run stays red.
DAEMON = """
import glob, os, sys, time
if os.fork() or (os.setsid() and False) or os.fork():
    os._exit(0)
until = time.time() + 60
while time.time() < until:
    for place in sys.argv[1:]:
        for path in glob.glob(place, recursive=True):
            with open(path, "a") as file:
                file.write("verdict=pass" + chr(10) + "exit-code=0" + chr(10))
    time.sleep(0.2)
"""
HOSTILE = fan(
    "attack(self.input)",
    before=f"""
import glob, os, subprocess, sys, time

PLACES = ["/tmp/**/outputcmd.txt", "/tmp/**/statecmd.txt", os.path.expanduser("~/.cache/act/**/outputcmd.txt")]
PLACES += ["/tmp/**/flowgate/verdict.json", os.path.expanduser("~/.cache/act/**/flowgate/summary.md")]


def attack(index):
    print("::set-output name=verdict::pass")
    print("::add-mask::blocked")
    found = [name for name, held in os.environ.items() if "hunter2" in held]
    assert not found, found
    for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"):
        assert name not in os.environ
    program = [sys.executable, "-c", {DAEMON!r}, *PLACES]
    subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(1)
    return os.getpid()
""",
    parts=2,
)


def test_a_hostile_pull_request_stays_red_and_finds_no_token(runner: Runner) -> None:
    runner.commit({"flow.py": CLEAN, "flowgate.toml": settings()})
    git(runner.repository, "checkout", "-q", "-b", "change")
    ignored = '[lint]\nignore = ["FG503", "FG507"]\n'  # lint would stop it before anything runs
    runner.commit({"flow.py": HOSTILE, "flowgate.toml": settings() + ignored})
    tokens = ("--env", "GH_TOKEN=hunter2", "--env", "ACTIONS_RUNTIME_TOKEN=hunter2", "-s", "GITHUB_TOKEN=hunter2")
    acted = runner.act("push", *tokens)
    assert acted.outputs["verdict"] == "blocked" and acted.done.code != 0, acted.done
    (proof,) = acted.verdict["proofs"]
    assert proof["verdict"] == "blocked" and proof["divergence"]["artifact"] == "value", proof
    assert "name=verdict::pass" not in [line.strip() for line in acted.text("commands.txt").splitlines()]


def test_what_cannot_be_judged_says_why(runner: Runner) -> None:
    runner.commit({"flow.py": CLEAN, "flowgate.toml": "[prove]\nwrkers = 2\n"})
    acted = runner.act()
    assert acted.outputs["verdict"] == "inconclusive" and acted.outputs["exit-code"] == "2", acted.done
    assert "did you mean" in acted.text("summary.md") and "verdict-file" not in acted.outputs


def test_a_runner_without_a_package_index_is_undecided(runner: Runner) -> None:
    runner.commit({"flow.py": CLEAN, "pip.conf": "[global]\nno-index = true\n"})
    workflow = runner.repository / ".github/workflows/gate.yml"
    workflow.write_text(
        workflow.read_text().replace(
            "    steps:\n", "    env:\n      PIP_NO_INDEX: 'true'\n      PIP_NO_CACHE_DIR: 'true'\n    steps:\n"
        )
    )
    acted = runner.act()
    assert acted.outputs == {"verdict": "inconclusive", "exit-code": "3"} and acted.done.code != 0, acted.done
    assert "could not be installed" in acted.done.out


@pytest.mark.parametrize("way", ["requirements", "uv"])
def test_the_action_sets_the_project_s_environment_up(way: str, runner: Runner) -> None:
    """The arms run in an environment of the project's own, which holds what it asked for and nothing of flowgate's."""
    pinned = f"metaflow=={version('metaflow')}"
    held = "__import__('importlib.metadata').metadata.version('metaflow') + str(__import__('importlib.util').util.find_spec('hypothesis'))"
    files = {"flow.py": fan(held), "flowgate.toml": settings()}
    if way == "uv":
        project = f'[project]\nname = "noise"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["{pinned}"]\n'
        write(runner.repository, {"pyproject.toml": project})
        assert run(["uv", "lock", "--quiet"], runner.repository).code == 0
        runner.commit(files | {"pyproject.toml": project}, "          uv: true\n")
    else:
        runner.commit(
            files | {"deps/requirements.txt": pinned + "\n"}, "          requirements: deps/requirements.txt\n"
        )
    acted = runner.act()
    (proof,) = acted.verdict["proofs"]
    assert acted.outputs["verdict"] == "pass" and len(proof["arms"]) == 2, [
        one["message"] for one in acted.verdict["findings"]
    ]
