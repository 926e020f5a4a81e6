"""Small flows for attempts on the gate, and the repositories that they lie in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.conftest import Flowgate, git, write

SETTINGS = """
flows = ["*flow.py"]
[flow."flow.py"]
determinism = "{contract}"
determinism_reason = "the test says so"
surface = ["{surface}"]
[prove]
workers = 3
timeout = "4m"
{more}
"""
# Three siblings, of which each calls `work` with its index; what they return is the conclusion, in the order of the indices.
FAN = """
import os, subprocess, sys
from metaflow import FlowSpec, current, step

{before}


class Flow(FlowSpec):
    @step
    def start(self):
        self.parts = [0, 1, 2]
        self.next(self.each, foreach="parts")

    @step
    def each(self):
        self.index_ = self.input
        self.got = work(self.input)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.result = [one.got for one in sorted(inputs, key=lambda one: one.index_)]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Flow()
"""
# One step, which calls `work`.
LINE = """
import os, subprocess, sys
from metaflow import FlowSpec, current, step

{before}


class Flow(FlowSpec):
    @step
    def start(self):
        self.result = work()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Flow()
"""


def repository(
    folder: Path,
    flow: str,
    files: dict[str, str] | None = None,
    contract: str = "order_independent",
    surface: str = "end.result",
    more: str = "",
) -> Path:
    """A committed repository with a flow, its settings and a store of its own."""
    held = {"flow.py": flow, "flowgate.toml": SETTINGS.format(contract=contract, surface=surface, more=more)}
    write(folder, {**held, ".gitignore": ".metaflow\n", **(files or {})})
    (folder / ".metaflow").mkdir(exist_ok=True)
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "a flow"]):
        done = git(folder, *arguments)
        assert done.code == 0, done
    return folder


def proof(flowgate: Flowgate, folder: Path, *options: str, **variables: str) -> dict[str, Any]:
    """Prove the flow of a repository; its one proof."""
    done = flowgate(folder, "prove", "flow.py", "--format", "json", *options, **variables)
    assert done.out, done
    (made,) = done.json()["proofs"]
    assert done.code == {"pass": 0, "skipped": 0, "blocked": 1, "inconclusive": 3}[made["verdict"]]
    return dict(made)


def conclusion(flowgate: Flowgate, folder: Path, **variables: str) -> Any:
    """The proven value of the flow's one conclusion."""
    done = flowgate(folder, "results", "flow.py", "--format", "json", **variables)
    assert done.code == 0, done
    return json.loads(done.out)
