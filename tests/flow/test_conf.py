"""The static composition of a config, held against Hydra's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.errors import FlowgateError
from flowgate.flow.conf import Conf, compose, open_conf
from flowgate.flow.source import Source
from flowgate.project import open_project
from flowgate.target import Target, targets
from tests.conftest import REPOSITORY, write

CONF = {
    "conf/config.yaml": "defaults:\n  - data: gauss\n  - experiment: noise\n  - training: default\n  - _self_\nseeds: 8\n",
    "conf/data/gauss.yaml": "n: 100\nnested: {a: 1, b: 2}\n",
    "conf/data/other.yaml": "defaults:\n  - gauss\nn: 7\n",
    "conf/experiment/noise.yaml": "name: noise\naxes: {noise: [0.1, 0.5]}\n",
    "conf/experiment/global.yaml": "# @package _global_\nseeds: 3\nname: everywhere\n",
    "conf/training/default.yaml": "lr: 0.1\n",
}


def _conf(folder: Path, files: dict[str, str]) -> Conf:
    write(folder, files)
    found = open_conf(str(folder / "conf" / "config.yaml"))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "overrides",
    [(), ("data=other",), ("experiment=global",), ("training.lr=0.5", "seeds=2"), ("experiment.axes.noise=[0.3]",)],
)
def test_it_composes_what_hydra_composes(overrides: tuple[str, ...], tmp_path: Path) -> None:
    import hydra
    from omegaconf import OmegaConf

    conf = _conf(tmp_path, CONF)
    with hydra.initialize_config_dir(config_dir=str(tmp_path / "conf"), version_base=None):
        theirs = OmegaConf.to_container(hydra.compose("config", overrides=list(overrides)))
    assert compose(conf, overrides).tree == theirs


def test_it_composes_the_example_as_hydra_does() -> None:
    import hydra
    from omegaconf import OmegaConf

    folder = REPOSITORY / "examples" / "digits" / "flow" / "conf"
    conf = open_conf(str(folder / "config.yaml"))
    assert conf is not None
    with hydra.initialize_config_dir(config_dir=str(folder), version_base=None):
        theirs = OmegaConf.to_container(hydra.compose("config", overrides=["training=smoke"]))
    assert compose(conf, ("training=smoke",)).tree == theirs


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"conf/config.yaml": "defaults:\n  - data: missing\n"}, "data: missing, which is not there"),
        ({"conf/config.yaml": "defaults: 3\n"}, "`defaults` must be a list"),
        ({"conf/data/gauss.yaml": "- a\n- b\n"}, "must hold a mapping"),
        ({"conf/data/gauss.yaml": "a: [\n"}, "not valid YAML"),
        ({"conf/data/gauss.yaml": "defaults:\n  - gauss\n"}, "leads back to itself"),
    ],
)
def test_what_cannot_be_composed_is_named(change: dict[str, str], words: str, tmp_path: Path) -> None:
    conf = _conf(tmp_path, CONF | change)
    with pytest.raises(FlowgateError, match=words):
        compose(conf)


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
