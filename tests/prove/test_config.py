"""The config that an arm has on record, held against the composed one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowgate.errors import Inconclusive
from flowgate.flow.source import Source
from flowgate.project import open_project
from flowgate.prove.config import refuse_other_config
from flowgate.prove.model import Arm, Ran, Task
from flowgate.prove.store import Store
from flowgate.target import Target, targets
from tests.conftest import write
from tests.functional.test_config import CONF, flow

MADE = {"experiment": {"size": 1, "determinism": "order_independent", "surface": ["results"]}, "seeds": 2}


def target_in(folder: Path) -> Target:
    write(folder, CONF | {"flow.py": flow()})
    (found,) = targets(open_project(str(folder)), Source(str(folder / "flow.py")))
    return found


def ran(*configs: object) -> Ran:
    """An arm whose `start` holds these configs."""
    artifacts = {f"cfg{at}": {"config": json.dumps(config)} for at, config in enumerate(configs)}
    task = Task("start", "", "1", artifacts, "forward")
    return Ran(Arm("forward", 1, 1, "forward"), "SizesFlow/1", 0.0, Store("local", "x"), {("start", ""): task})


@pytest.mark.parametrize(
    ("stored", "overrides"),
    [
        ([MADE], ()),
        ([MADE | {"more": 1}], ()),
        ([{"experiment": MADE["experiment"]}], ()),
        ([{"other": 3}, MADE], ()),
        ([], ()),
        ([MADE | {"seeds": 5}], ("seeds=5",)),
    ],
)
def test_a_config_that_is_the_composed_one_is_let_pass(
    stored: list[object], overrides: tuple[str, ...], tmp_path: Path
) -> None:
    refuse_other_config(target_in(tmp_path), [ran(*stored)], overrides)


@pytest.mark.parametrize(
    ("stored", "overrides", "words"),
    [
        ([MADE | {"seeds": 3}], (), r"`seeds` is 3 in the run and 2 as composed \(.*conf/config\.yaml:2\)"),
        ([MADE | {"seeds": "2"}], (), '`seeds` is "2" in the run and 2 as composed'),
        ([MADE], ("seeds=5",), "`seeds` is 2 in the run and 5 as composed"),
        ([{"experiment": MADE["experiment"]}], ("seeds=5",), "nothing in arm `forward` shows"),
        ([], ("seeds=5",), "left no config on record"),
    ],
)
def test_another_config_proves_nothing(
    stored: list[object], overrides: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(Inconclusive, match=words):
        refuse_other_config(target_in(tmp_path), [ran(*stored)], overrides)
