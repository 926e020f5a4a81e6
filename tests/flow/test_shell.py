"""Whose a config folder is: that of the flows that read it, and of no flow beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.flow.source import Source
from flowgate.project import open_project
from flowgate.target import Target, targets
from tests.conftest import write

_CONF = {
    "conf/config.yaml": "defaults: [{experiment: noise}, _self_]\nseeds: 2\n",
    "conf/experiment/noise.yaml": "determinism: order_independent\nsurface: [results]\n",
}
_STEPS = """
    @step
    def start(self):
        {body}
        self.results = 1
        self.next(self.end)

    @step
    def end(self):
        pass
"""
_COMPOSER = """
from pathlib import Path
import hydra

def compose(text):
    with hydra.initialize_config_dir(str(Path(__file__).resolve().parent / "conf"), version_base=None):
        return hydra.compose("config")
"""
_READERS = {
    "a parser that composes": {
        "flow.py": "from metaflow import Config, FlowSpec, step\n"
        + _COMPOSER
        + 'class A(FlowSpec):\n    cfg = Config("cfg", default_value="{}", parser=compose)\n'
        + _STEPS.format(body="pass"),
    },
    "a parser of another module": {
        "composer.py": _COMPOSER,
        "flow.py": "from metaflow import Config, FlowSpec, step\nfrom composer import compose\n\n\n"
        'class A(FlowSpec):\n    cfg = Config("cfg", default_value="{}", parser=compose)\n'
        + _STEPS.format(body="pass"),
    },
    "a call in a step": {
        "composer.py": _COMPOSER,
        "flow.py": "from metaflow import FlowSpec, step\nfrom composer import compose\n\n\nclass A(FlowSpec):\n"
        + _STEPS.format(body="self.cfg = compose('')"),
    },
    "a file opened by its place": {
        "flow.py": "import yaml\nfrom pathlib import Path\nfrom metaflow import FlowSpec, step\n"
        "HERE = Path(__file__).parent\n\n\nclass A(FlowSpec):\n"
        + _STEPS.format(body='self.cfg = yaml.safe_load((HERE / "conf/config.yaml").open())'),
    },
    "loaded at the top of the module": {
        "flow.py": "from omegaconf import OmegaConf\nfrom pathlib import Path\nfrom metaflow import FlowSpec, step\n"
        'CFG = OmegaConf.load(Path(__file__).parent / "conf" / "config.yaml")\n\n\nclass A(FlowSpec):\n'
        + _STEPS.format(body="pass"),
    },
}
_READERS["a parser by its dotted name"] = {
    "lib/composer.py": _COMPOSER,
    "flow.py": "from metaflow import Config, FlowSpec, step\n\n\n"
    'class A(FlowSpec):\n    cfg = Config("cfg", default_value="{}", parser="lib.composer.compose")\n'
    + _STEPS.format(body="pass"),
}
_BYSTANDER = "import logging\nimport os\nfrom pathlib import Path\nfrom metaflow import {names}\nHERE = Path(__file__).parent\n\n\nclass A(FlowSpec):\n    {declared}\n"
_NEIGHBOURS = {
    "a flow without any config": {
        "flow.py": "from metaflow import FlowSpec, step\n\n\nclass A(FlowSpec):\n" + _STEPS.format(body="pass"),
    },
    "a flow that shares a module with one that composes": {
        "composer.py": _COMPOSER + "\ndef mean(values):\n    return sum(values) / len(values)\n",
        "flow.py": "from metaflow import FlowSpec, step\nfrom composer import mean\n\n\nclass A(FlowSpec):\n"
        + _STEPS.format(body="self.mean = mean([1, 2])"),
    },
    "a Config of its own": {
        "settings.json": "{}",
        "flow.py": "import json\nfrom pathlib import Path\nfrom metaflow import Config, FlowSpec, step\n\n\n"
        'class A(FlowSpec):\n    cfg = Config("cfg", default=str(Path(__file__).parent / "settings.json"))\n'
        + _STEPS.format(body="pass"),
    },
    "a second flow in the file of one that composes": {
        "flow.py": "from metaflow import Config, FlowSpec, step\n"
        + _COMPOSER
        + 'class B(FlowSpec):\n    cfg = Config("cfg", default_value="{}", parser=compose)\n'
        + _STEPS.format(body="pass")
        + "\n\nclass A(FlowSpec):\n"
        + _STEPS.format(body="pass"),
    },
}


for _line in (
    "print('conf')",
    "{'conf': 1}.get('conf')",
    "logging.getLogger('conf')",
    "getattr(self, 'conf', None)",
    "'a.conf'.split('conf')",
    "open('/etc/conf/config.yaml')",
    "(HERE / 'data' / 'conf' / 'config.yaml').read_text()",
    "(HERE.parent / 'conf' / 'config.yaml').read_text()",
    "__import__('urllib.request').request.urlopen('https://x.example/conf/config.yaml')",
):
    _NEIGHBOURS[_line] = {
        "flow.py": _BYSTANDER.format(names="FlowSpec, step", declared="pass") + _STEPS.format(body=_line)
    }
for _declared in (
    'conf = Parameter("conf", default=1)',
    'cfg = Config("conf", default=str(HERE / "settings.json"))',
):
    _NEIGHBOURS[_declared] = {
        "flow.py": _BYSTANDER.format(names="Config, FlowSpec, Parameter, step", declared=_declared)
        + _STEPS.format(body="pass")
    }


def _target(folder: Path, files: dict[str, str]) -> Target:
    write(folder, {**_CONF, **files})
    project = open_project(str(folder))
    return next(one for one in targets(project, Source(str(folder / "flow.py"))) if one.flow.name == "A")


@pytest.mark.parametrize("name", _READERS)
def test_a_conf_folder_is_that_of_a_flow_that_reads_it(name: str, tmp_path: Path) -> None:
    target = _target(tmp_path, _READERS[name])
    assert target.conf is not None and target.contract is not None


@pytest.mark.parametrize("name", _NEIGHBOURS)
def test_a_conf_folder_of_a_neighbour_is_none(name: str, tmp_path: Path) -> None:
    """Its contract, its evidence and its stale reviews are the other flow's."""
    target = _target(tmp_path, _NEIGHBOURS[name])
    assert target.conf is None and target.contract is None
