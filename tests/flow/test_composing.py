"""How a flow's code has its config composed, told from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate import witness
from flowgate.flow.conf import UNSPECIFIED, Conf, Start
from flowgate.flow.shell import shell
from flowgate.flow.source import Source
from flowgate.project import open_project
from flowgate.target import Target, targets
from tests.conftest import write

FLOW = """
from pathlib import Path
import hydra
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from metaflow import Config, FlowSpec, step

{before}

def parse(text):
    {call}


class F(FlowSpec):
    cfg = Config("cfg", default=str(Path(__file__).parent / "conf" / "{default}.yaml"), parser=parse)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
CONF = {"conf/config.yaml": "a: 1\n", "conf/other.yaml": "a: 2\n", "conf/db/a.yaml": "x: 1\n"}


def conf_of(folder: Path, call: str = "return compose('config')", before: str = "", default: str = "config") -> Conf:
    write(folder, CONF | {"flow.py": FLOW.format(call=call, before=before, default=default)})
    (target,) = targets(open_project(str(folder)), Source(str(folder / "flow.py")))
    assert target.conf is not None
    return target.conf


@pytest.mark.parametrize(
    ("call", "base"),
    [
        ("initialize_config_dir('x', version_base='1.1')", "1.1"),
        ("initialize_config_dir('x', version_base=None)", None),
        ("hydra.initialize('x')", UNSPECIFIED),
        ("hydra.initialize_config_module('x', version_base=BASE)", None),
        ("return compose('config')", None),
    ],
)
def test_the_version_is_the_one_that_the_code_names(call: str, base: str | None, tmp_path: Path) -> None:
    assert conf_of(tmp_path, call).start.version_base == base


@pytest.mark.parametrize(
    ("call", "file"),
    [
        ("return compose('other')", "other.yaml"),
        ("return compose(config_name='other.yaml')", "other.yaml"),
        ("return compose(NAME)", "config.yaml"),
    ],
)
def test_the_root_file_is_the_one_that_the_code_composes(call: str, file: str, tmp_path: Path) -> None:
    assert Path(conf_of(tmp_path, call).primary).name == file


@pytest.mark.parametrize(
    ("before", "stored", "open_ended", "resolvers"),
    [
        ("", (), False, False),
        (
            "cs = ConfigStore.instance()\ncs.store(name='base', node={})\ncs.store('my', {}, 'db')",
            ("base", "db/my"),
            False,
            False,
        ),
        ("for name in NAMES:\n    ConfigStore.instance().store(group='db', name=name, node={})", (), True, False),
        ("from omegaconf import OmegaConf\nOmegaConf.register_new_resolver('half', lambda x: x / 2)", (), False, True),
    ],
)
def test_what_the_code_registers_is_known_by_name(
    before: str, stored: tuple[str, ...], open_ended: bool, resolvers: bool, tmp_path: Path
) -> None:
    start = conf_of(tmp_path, before=before).start
    assert (start.stored, start.open, start.resolvers) == (stored, open_ended, resolvers)


def test_the_shell_composes_where_a_config_is_parsed_by_it(tmp_path: Path) -> None:
    stamped = FLOW.replace("parser=parse", "parser=compose_config").replace(
        "{before}", shell().stamped().replace("{", "{{").replace("}", "}}")
    )
    write(tmp_path, CONF | {"flow.py": stamped.format(call="pass", default="config")})
    (target,) = targets(open_project(str(tmp_path)), Source(str(tmp_path / "flow.py")))
    assert target.conf is not None and target.conf.start == Start(shell=shell().text, roots=("..",))


def test_overrides_that_the_code_writes_out_are_given(tmp_path: Path) -> None:
    assert conf_of(tmp_path, "return compose('config', overrides=['a=3', '+b=1'])").start.overrides == ("a=3", "+b=1")
    assert conf_of(tmp_path, "return compose('config', overrides=['a=3', *text])").start.overrides == ()


def test_a_config_that_hydra_does_not_compose_is_not_held_against_it(tmp_path: Path) -> None:
    flow = FLOW.replace("hydra", "yaml").replace("from yaml.core.config_store import ConfigStore\n", "")
    write(
        tmp_path,
        CONF
        | {
            "flow.py": flow.format(call="return yaml.safe_load(text)", before="", default="config"),
            "conf/db/b.yaml": "defaults: [none]\n",
        },
    )
    (target,) = targets(open_project(str(tmp_path)), Source(str(tmp_path / "flow.py")))
    assert target.conf is not None and not target.conf.start.by_hydra


def test_configs_that_lie_elsewhere_in_the_project_are_parts_of_the_flow(tmp_path: Path) -> None:
    """What a search path brings is composed, so it is judged, reviewed and proven with the rest."""
    root = "defaults: [{db: pg}]\nhydra: {searchpath: ['file://shared']}\n"
    write(tmp_path, CONF | {"conf/config.yaml": root, "shared/db/pg.yaml": "port: 1\n"})
    write(tmp_path, {"flow.py": FLOW.format(call="return compose('config')", before="", default="config")})

    def target() -> Target:
        witness.forget()
        return targets(open_project(str(tmp_path)), Source(str(tmp_path / "flow.py")))[0]

    before = target()
    assert str(tmp_path / "shared/db/pg.yaml") in before.files and before.subject
    write(tmp_path, {"shared/db/pg.yaml": "port: 20\n"})
    assert target().subject != before.subject
