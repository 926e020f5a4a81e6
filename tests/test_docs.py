"""What the documents say of the action, the hooks and the workflow is what they are."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowgate.change.hooks import STAGES
from tests.conftest import REPOSITORY, Flowgate, run, write

ACTION: dict[str, Any] = yaml.safe_load((REPOSITORY / "action.yml").read_text())
TOLD = (REPOSITORY / "docs" / "action.md").read_text()
PROGRAMS = Path(sys.executable).parent
PIN = "OWNER/REPO@" + "1" * 40


def test_every_input_and_output_of_the_action_is_told_and_no_other() -> None:
    rows = re.findall(r"(?m)^\| `([\w-]+)` \|", TOLD)
    assert sorted(rows) == sorted(ACTION["inputs"])
    outputs = TOLD[TOLD.index("## Outputs") : TOLD.index("They are set before")]
    named = set(re.findall(r"`([\w-]+)`", outputs)) - {"pass", "blocked", "inconclusive"}
    assert named == set(ACTION["outputs"])


def test_inputs_are_flags_of_the_gate_or_say_what_they_set_up(flowgate: Flowgate, tmp_path: Path) -> None:
    told = flowgate(tmp_path, "gate", "--help").out
    setting_up = {"flows", "directory", "python", "requirements", "uv"}
    assert {name for name in ACTION["inputs"] if f"--{name}" not in told} == setting_up


def test_inputs_reach_the_scripts_through_the_environment_alone() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "uses" not in step, "an action that uses another cannot be run where nothing is fetched"
        assert "${{" not in step["run"]


def test_the_hooks_run_when_a_change_is_held_to_it() -> None:
    manifest = {one["id"]: one for one in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())}
    assert manifest.keys() == STAGES.keys()
    for name, hook in manifest.items():
        assert set(STAGES[name]) <= set(hook["stages"]) and hook["always_run"] and hook["require_serial"]
        assert not hook["pass_filenames"] and hook["entry"].endswith("--as-committed")


@pytest.mark.parametrize("of", ["init", "installed", "docs"])
def test_the_workflow_to_copy_is_valid_and_safe(of: str, tmp_path: Path, flowgate: Flowgate) -> None:
    """By GitHub's schema, and by zizmor, which wants the action pinned as the comment says."""
    path = ".github/workflows/flowgate.yml"
    if of == "init":
        assert flowgate(tmp_path, "init", "--source", PIN).code == 0
        text = (tmp_path / path).read_text()
    elif of == "installed":
        assert flowgate(tmp_path, "init").code == 0
        text = (tmp_path / path).read_text()
    else:
        text = re.findall(r"(?s)```yaml\n(.*?)```", TOLD)[0]
    write(tmp_path, {path: text.replace("OWNER/REPO@SHA", PIN)})
    schema = [str(PROGRAMS / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", path]
    assert run(schema, tmp_path).code == 0
    safe = run([str(PROGRAMS / "zizmor"), "--offline", "--strict-collection", "--quiet", ".github/workflows"], tmp_path)
    assert safe.code == 0, safe
