"""The static composition of a config, held against Hydra's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.errors import FlowgateError
from flowgate.flow.conf import Conf, compose, open_conf
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
