"""The promoted flow that the examples of several rules are variations of: whole, small, and clean under every rule."""

from __future__ import annotations

from flowgate.flow.shell import shell

_SHELL = shell()
SHELL = f"{_SHELL.begin}\n{_SHELL.text}{_SHELL.end}"
GUARDED = """
try:
    from metaflow import Config, FlowSpec, step
except ImportError:  # the seams import without Metaflow
    FlowSpec = object

    def step(function):
        return function

    def Config(*_args, **_kwargs):
        return None
"""
SEAMS = """
def make_data(data_spec, data_axes, seed):
    return data_spec, data_axes, seed


def build_model(model_spec):
    return model_spec


def train_arm(method_spec, data, seed, train_cfg):
    return method_spec, data, seed, train_cfg


def metric(scores, labels, **cfg):
    return float(scores == labels)
"""
_FLOW = '''
from pathlib import Path

import yaml

{shell}
{metaflow}

{seams}


class NoiseFlow(FlowSpec):
    """Does the lead survive noise?"""

    cfg = Config("cfg", default=str(Path(__file__).resolve().parent / "conf/config.yaml"), parser=yaml.safe_load)

    @step
    def start(self):
        {start}
        self.grid = list(self.cfg.experiment.axes.items())
        self.next(self.end)

    @step
    def end(self):
        {end}
'''
ECHO = "self.determinism = self.cfg.experiment.determinism"
EXPERIMENT = """name: noise
axes: {noise: [0.1, 0.5], eval_k: [50, 200]}
data_axes: [noise]
determinism: order_independent
surface: [results]
"""
CONFIG = "defaults:\n  - experiment: noise\n  - _self_\nseeds: 2\n"


def promoted(
    files: dict[str, str] | None = None,
    *,
    start: str = ECHO,
    end: str = "self.results = 1",
    seams: str = SEAMS,
    metaflow: str = "",
    stamped: str = SHELL,
) -> dict[str, str]:
    """A promoted flow, with some of its parts replaced and some files added."""
    return {
        "flow.py": _FLOW.format(start=start, end=end, seams=seams.strip(), metaflow=metaflow.strip(), shell=stamped),
        "conf/config.yaml": CONFIG,
        "conf/experiment/noise.yaml": EXPERIMENT,
        **(files or {}),
    }
