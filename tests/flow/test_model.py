"""The model of a flow: steps however they are written, transitions, and where values come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.flow.model import Flow, read_flows
from flowgate.flow.source import Source
from flowgate.flow.values import Const, Display
from tests.conftest import write


def flows(folder: Path, files: dict[str, str]) -> list[Flow]:
    write(folder, files)
    return read_flows(Source(str(folder / "flow.py")), str(folder))


STEPS = """
    @{step}
    def start(self):
        self.next(self.end)

    @{step}
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    "head",
    [
        "from metaflow import FlowSpec, step\nclass F(FlowSpec):",
        "from metaflow import FlowSpec as Base, step\nclass F(Base):",
        "import metaflow\nfrom metaflow import step\nclass F(metaflow.FlowSpec):",
        "import metaflow as mf\nstep = mf.step\nclass F(mf.FlowSpec):",
        "from metaflow import *\nclass F(FlowSpec):",
        "try:\n    from metaflow import FlowSpec, step\nexcept ImportError:\n    FlowSpec = object\n    step = lambda f: f\nclass F(FlowSpec):",
        "from metaflow import FlowSpec, step\nBase = FlowSpec\nclass Middle(Base):\n    pass\nclass F(Middle):",
        "from shared import Base, step\nclass F(Base):",
    ],
)
def test_a_flow_is_found_however_it_is_imported(head: str, tmp_path: Path) -> None:
    shared = "from metaflow import FlowSpec, step\nclass Base(FlowSpec):\n    pass\n"
    found = flows(tmp_path, {"flow.py": head + STEPS.format(step="step"), "shared.py": shared})
    assert [flow.name for flow in found] == ["F"]
    assert list(found[0].steps) == ["start", "end"]


GRAPH = """
from metaflow import FlowSpec, step, retry, card

class F(FlowSpec):
    @step
    def start(self):
        self.parts = [1, 2]
        self.next(self.work, foreach="parts")

    @retry(times=2)
    @card
    @step
    def work(self):
        self.go = "on"
        self.next({"on": self.left, "off": self.right}, condition="go")

    @step
    def left(self):
        self._finish()

    @step
    def right(self):
        self._finish()

    def _finish(self):
        self.value = self.input + self.parts[0]
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.values = [one.value for one in inputs]
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.join)

    @step
    def b(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_transitions_and_regions(tmp_path: Path) -> None:
    (flow,) = flows(tmp_path, {"flow.py": GRAPH})
    kinds = {name: [(t.kind, t.targets) for t in step.transitions] for name, step in flow.steps.items()}
    assert kinds["start"] == [("foreach", ("work",))]
    assert kinds["work"] == [("switch", ("left", "right"))]
    assert kinds["left"] == [("linear", ("gather",))], "through a helper"
    assert kinds["gather"] == [("split", ("a", "b"))]
    assert flow.between("gather") == {"work": {"work", "left", "right"}}
    assert flow.between("join") == {"a": {"a"}, "b": {"b"}}
    assert flow.steps["gather"].is_join and not flow.steps["a"].is_join
    assert flow.steps["work"].decorators == ["metaflow.retry", "metaflow.card", "metaflow.step"]


def test_values_are_followed_across_steps_and_helpers(tmp_path: Path) -> None:
    (flow,) = flows(tmp_path, {"flow.py": GRAPH})
    assert set(flow.steps["left"].trace.attributes) == {"value"}
    (parts,) = flow.stored_before("left", "parts")
    assert isinstance(parts, Display) and [e.value for e in parts.elements if isinstance(e, Const)] == [1, 2]


def test_inherited_and_overridden_steps(tmp_path: Path) -> None:
    base = "from metaflow import FlowSpec, step\nclass Base(FlowSpec):" + STEPS.format(step="step")
    child = "from metaflow import step\nfrom shared import Base\nclass Child(Base):\n    @step\n    def end(self):\n        self.x = 1\n"
    (flow,) = flows(tmp_path, {"flow.py": child, "shared.py": base})
    assert flow.name == "Child" and list(flow.steps) == ["start", "end"]
    assert "x" in flow.steps["end"].trace.attributes


def test_a_base_that_others_derive_from_is_no_flow_of_its_own(tmp_path: Path) -> None:
    text = "from metaflow import FlowSpec, step\nclass Base(FlowSpec):" + STEPS.format(step="step")
    text += "class One(Base):\n    pass\nclass Two(Base):\n    pass\n"
    assert [flow.name for flow in flows(tmp_path, {"flow.py": text})] == ["One", "Two"]
    started = text + "if __name__ == '__main__':\n    Base()\n"
    assert [flow.name for flow in flows(tmp_path, {"flow.py": started})] == ["Base", "One", "Two"]
