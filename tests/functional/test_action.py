"""The action, executed end to end by act, without Docker: passing, blocking, and deciding nothing."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import SCHEMAS, Done, git, run, write
from tests.functional.flows import COUNTED, fan, settings

pytestmark = pytest.mark.slow

WORKFLOW = """
name: gate
on: push
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
      - id: flowgate
        uses: ./.flowgate-action
        with:
          python: PYTHON
          directory: "."
          flows: |
            flow.py
      - if: always()
        shell: bash
        env:
          VERDICT: ${{ steps.flowgate.outputs.verdict }}
          CODE: ${{ steps.flowgate.outputs.exit-code }}
          FILE: ${{ steps.flowgate.outputs.verdict-file }}
        run: |
          echo "$VERDICT $CODE" > "$KEEP/outputs.txt"
          cp "$GITHUB_STEP_SUMMARY" "$KEEP/summary.md" || true
          if [ -n "$FILE" ]; then cp "$FILE" "$KEEP/verdict.json"; fi
""".replace("PYTHON", sys.executable)


@pytest.fixture
def act(
    repository: Path, snapshot: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], tuple[Done, Path]]:
    """Run the workflow on a flow and its settings: what act printed, and the folder the workflow left its outputs in."""
    shutil.copytree(snapshot, repository / ".flowgate-action", ignore=shutil.ignore_patterns(".git", "examples"))
    keep = tmp_path_factory.mktemp("kept")

    def start(flow: str, toml: str) -> tuple[Done, Path]:
        write(repository, {"flow.py": flow, "flowgate.toml": toml, ".github/workflows/gate.yml": WORKFLOW})
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", "a change")
        environ = {
            "HOME": str(keep),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", os.path.expanduser("~/.cache/pip")),
        }
        command = ["act", "push", "-P", "ubuntu-latest=-self-hosted", "--env", f"KEEP={keep}"]
        return run(command, repository, **environ), keep

    return start


@pytest.mark.parametrize(
    ("flow", "toml", "outputs", "words"),
    [
        pytest.param(fan("self.input"), settings(), "pass 0", "", id="pass"),
        pytest.param(
            fan("self.input * EPOCHS", before="EPOCHS = 15\n"), settings(), "blocked 1", "FG301", id="blocked-by-lint"
        ),
        pytest.param(fan("count(self.index)", before=COUNTED), settings(), "blocked 1", "FP101", id="blocked-by-proof"),
        pytest.param(fan("1 / 0"), settings(), "inconclusive 3", "", id="inconclusive"),
        pytest.param(fan("1"), "[prove]\nwrkers = 2\n", "inconclusive 2", "did you mean", id="misconfigured"),
    ],
)
def test_the_action_gives_the_gate_s_verdict(
    flow: str, toml: str, outputs: str, words: str, act: Callable[[str, str], tuple[Done, Path]]
) -> None:
    done, keep = act(flow, toml)
    assert (keep / "outputs.txt").read_text().strip() == outputs, done
    assert (done.code == 0) == (outputs == "pass 0"), done
    assert words in done.out + done.err
    if not outputs.endswith("2"):
        verdict = json.loads((keep / "verdict.json").read_text())
        jsonschema.validate(verdict, json.loads((SCHEMAS / "verdict.json").read_text()))
        assert verdict["verdict"] == outputs.split()[0]
