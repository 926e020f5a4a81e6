"""A stamped flow, and the mistakes that can be made in it: each is found, and by the rule that is about it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from flowgate.usecases.promote import Request, stamps
from tests.conftest import lint_files

FLOW = "flow/noise_flow.py"
LOGISTIC, EXPERIMENT = "flow/conf/method/logistic.yaml", "flow/conf/experiment/noise.yaml"
BRANCHES = "self.branches = branches(self.cfg, KINDS)"
ROW = "self.rows.append({**row"


class Mistake(NamedTuple):
    """A change of one stamped file, and the rule that finds it."""

    rule: str
    path: str
    changes: tuple[tuple[str, str], ...]


def found_by(rule: str, path: str, *changes: tuple[str, str]) -> Mistake:
    return Mistake(rule, path, changes)


MISTAKES = {
    "the branches multiply in methods": found_by(
        "FG201",
        FLOW,
        (
            BRANCHES,
            'self.branches = [(one, m) for one in branches(self.cfg, KINDS) for m in self.cfg["experiment"]["methods"]]',
        ),
    ),
    "the branches multiply in training points": found_by(
        "FG201",
        FLOW,
        ("import branches,", "import training_points, branches,"),
        (
            BRANCHES,
            "self.branches = [(one, p) for one in branches(self.cfg, KINDS) for p in training_points(self.cfg)]",
        ),
    ),
    "a model is merged": found_by(
        "FG202",
        FLOW,
        (
            "        self.rows = []\n        for row, point",
            "        import torch\n        self.model = torch.nn.Linear(1, 1)\n        self.rows = []\n        for row, point",
        ),
        ('include=["determinism"])', 'include=["determinism", "model"])'),
    ),
    "an analysis is taken by its place": found_by("FG204", FLOW, ("inputs.an_axes.an_result", "inputs[0].an_result")),
    "a parameter in the module": found_by(
        "FG301",
        FLOW,
        ('for _ in range(train_cfg["epochs"]):', "for _ in range(_EP):"),
        ("# -- seams", "_EP = 15\n\n# -- seams"),
    ),
    "a method's file sets the epochs": found_by("FG302", LOGISTIC, ("penalty: 0.001", "penalty: 0.001\nepochs: 3")),
    "a kind with a default": found_by(
        "FG303",
        FLOW,
        ('KINDS[method_spec["kind"]]', 'KINDS.get(method_spec["kind"], KINDS["logistic"])'),
    ),
    "a kind that nothing knows": found_by("FG303", LOGISTIC, ("kind: logistic", "kind: logistics")),
    "an axis that is none": found_by("FG304", EXPERIMENT, ("data_axes: [label_noise]", "data_axes: [noise]")),
    "an axis without values": found_by("FG304", EXPERIMENT, ("lr: [0.05, 0.5]", "lr: []")),
    "a seam of another shape": found_by(
        "FG305",
        FLOW,
        ("def metric(scores, labels, **_cfg)", "def metric(scores, labels, k=5)"),
    ),
    "no contract": found_by("FG401", EXPERIMENT, ("determinism: order_independent", "determinism: null")),
    "a contract that is not the config's": found_by(
        "FG402",
        FLOW,
        ('self.cfg["experiment"]["determinism"]', '"order_independent"'),
    ),
    "a draw without a seed": found_by(
        "FG501",
        FLOW,
        ("draws = np.random.default_rng(seed)\n", "draws = np.random.default_rng()\n"),
    ),
    "the clock in a row": found_by(
        "FG503", FLOW, (ROW, "import time\n            value += time.time()\n            " + ROW)
    ),
    "a salted seed": found_by(
        "FG505",
        FLOW,
        ("draws = np.random.default_rng(seed)\n", "draws = np.random.default_rng(hash(str(seed)))\n"),
    ),
    "a file that all branches write": found_by(
        "FG506",
        FLOW,
        (ROW, 'open("/tmp/rows.txt", "a").write(str(value))\n            ' + ROW),
    ),
    "a default that hangs on the folder": found_by(
        "FG102",
        FLOW,
        ('str(HERE / "conf" / "config.yaml")', '"flow/conf/config.yaml"'),
    ),
    "a sweep in the grid's copy": found_by(
        "FG104", "flow/grid.py", ("result.val_score > best", "result.val_score >= best")
    ),
}


def stamped(folder: Path) -> dict[str, str]:
    request = Request("noise", "flow", "Does the lead survive?", "order_independent", None)
    return {stamp.path: stamp.text for stamp in stamps(str(folder), request)}


def test_a_stamped_flow_is_clean(tmp_path: Path) -> None:
    assert lint_files(tmp_path, stamped(tmp_path)) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(tmp_path: Path, mistake: str) -> None:
    rule, path, changes = MISTAKES[mistake]
    files = stamped(tmp_path)
    for old, new in changes:
        assert files[path].count(old) == 1
        files[path] = files[path].replace(old, new)
    assert rule in {found.rule for found in lint_files(tmp_path, files)}
