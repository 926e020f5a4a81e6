"""A repository with every claim that a change could lower, and the gate's answer on a change to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conftest import Flowgate, git, write

FLOW = """
from metaflow import FlowSpec, step


class NoiseFlow(FlowSpec):
    @step
    def start(self):
        self.parts = [1, 2, 3]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = self.input * 2
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.an_drop, self.an_lift)

    @step
    def an_drop(self):
        self.an_result = max(self.results)
        self.next(self.end_join)

    @step
    def an_lift(self):
        self.an_result = min(self.results)
        self.next(self.end_join)

    @step
    def end_join(self, inputs):
        self.results = inputs.an_drop.results
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NoiseFlow()
"""
OTHER = FLOW.replace("NoiseFlow", "OtherFlow")
PLAIN = FLOW.replace("NoiseFlow", "PlainFlow")
SETTINGS = """\
exclude = ["sandbox/**"]
[lint]
ignore = ["FG307"]
[prove]
workers = 4
schedules = 2
[review]
reviewer = "command"
command = ["judge", "--strict"]
votes = 3
block_on = "concern"
[ledger]
non_overridable = ["FP101", "FG404"]
require_approver = true
[flow."flow/noise_flow.py"]
determinism = "order_independent"
surface = ["results", "an_*.an_result"]
sources = ["docs/investigation.md", "poc/noise.txt"]
[flow."flow/other_flow.py"]
determinism = "single_worker"
determinism_reason = "gensim"
surface = ["gather.results"]
"""
HOOKS = """\
repos:
  - repo: https://github.com/flowgate/flowgate
    rev: v0.2.0
    hooks:
      - id: flowgate-lint
      - id: flowgate-review
      - id: flowgate-prove
        stages: [pre-push, manual]
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.9.0
    hooks:
      - id: ruff
"""
WORKFLOW = """\
name: gate
on:
  pull_request:
  merge_group:
  push:
    branches: [main]
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
          fetch-depth: 0
      - uses: flowgate/flowgate@1111111111111111111111111111111111111111
        with:
          policy-from-base: true
  required:
    if: always()
    needs: [gate]
    runs-on: ubuntu-latest
    steps:
      - run: test "$RESULT" = success
        env:
          RESULT: ${{ needs.gate.result }}
"""
FILES = {
    "flow/noise_flow.py": FLOW,
    "flow/other_flow.py": OTHER,
    "flow/plain_flow.py": PLAIN,
    "docs/investigation.md": "# Noise\n\nTwo parts in three.\n",
    "poc/noise.txt": "0.5\n",
    "flowgate.toml": SETTINGS,
    ".pre-commit-config.yaml": HOOKS,
    ".github/workflows/gate.yml": WORKFLOW,
    ".github/CODEOWNERS": "* @everyone\n/.flowgate/ @leads\n/flowgate.toml @leads\n/.github/ @leads\n",
    ".gitignore": ".flowgate/cache/\n",
}
Edit = dict[str, tuple[str, str] | str | None]  # by path: a replacement, a new text, or None to delete


def change(folder: Path, edits: Edit) -> None:
    """Make a change on a branch of its own: every replacement has to hit."""
    git(folder, "checkout", "-q", "-b", "change")
    for name, edit in edits.items():
        path = folder / name
        if edit is None:
            path.unlink()
        elif isinstance(edit, str):
            write(folder, {name: edit})
        else:
            old, new = edit
            text = path.read_text()
            assert text.count(old) >= 1, (name, old)
            path.write_text(text.replace(old, new))
    git(folder, "add", "-A", "-f")
    done = git(folder, "commit", "-q", "-m", "a change")
    assert done.code == 0, done


def committed(folder: Path, files: dict[str, str]) -> Path:
    """A repository whose main branch holds the files."""
    write(folder, files)
    git(folder, "add", "-A", "-f")
    done = git(folder, "commit", "-q", "-m", "the base")
    assert done.code == 0, done
    return folder


def verdict(flowgate: Flowgate, folder: Path, *arguments: str) -> dict[str, Any]:
    """What the gate says of a change against main; no flow is run, for the interpreter has no Metaflow."""
    done = flowgate(folder, "gate", "--base-ref", "main", "--format", "json", *arguments)
    assert done.code in (0, 1, 3), done
    answer: dict[str, Any] = done.json()
    return answer


def weaknesses(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings of FG404 that block."""
    return [one for one in answer["findings"] if one["rule"] == "FG404" and one["severity"] == "error"]
