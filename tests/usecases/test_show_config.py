"""The config as it is shown, held against the config as Hydra composes it for the run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Flowgate, run, write

FLOW = "flow/noise_flow.py"
COMPOSE = "import json, sys; sys.modules['metaflow'] = None; import noise_flow; print(json.dumps(noise_flow.compose_config(sys.argv[1])))"


@pytest.fixture
def place(repository: Path, flowgate: Flowgate) -> Path:
    assert flowgate(repository, "promote", "noise").code == 0
    return repository


def rows(flowgate: Flowgate, place: Path, *overrides: str) -> list[dict[str, Any]]:
    done = flowgate(place, "show-config", FLOW, *overrides, "--format", "json")
    assert done.code == 0, done
    found: list[dict[str, Any]] = done.json()["settings"]
    return found


def flat(tree: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, dict) and value else {f"{above}{key}": value}
    return found


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("training=smoke", "seeds=1"),
        ("experiment.axes.lr=[1,2]", "data.distance=0.5"),
        ("methods.logistic.penalty=3", "+data.extra=text"),
        ("+experiment.method_overrides.logistic.penalty_sweep=[0.1,0.2]",),
        ("experiment.methods=[logistic]", "seeds=[3,5]"),
    ],
)
def test_what_is_shown_is_what_runs(place: Path, flowgate: Flowgate, overrides: tuple[str, ...]) -> None:
    composed = run([sys.executable, "-c", COMPOSE, json.dumps({"hydra_overrides": overrides})], place / "flow")
    assert composed.code == 0, composed
    assert {row["key"]: row["value"] for row in rows(flowgate, place, *overrides)} == flat(json.loads(composed.out))


def test_each_value_has_its_place(place: Path, flowgate: Flowgate) -> None:
    found = {row["key"]: (row["file"], row["line"]) for row in rows(flowgate, place, "seeds=1")}
    assert found.pop("seeds") == ("override", 0)
    for key, (path, line) in found.items():
        assert f"{key.rpartition('.')[2]}:" in (place / path).read_text().splitlines()[line - 1]
    assert found["methods.logistic.penalty"][0] == "flow/conf/method/logistic.yaml"


def test_what_an_experiment_changes_in_a_method_is_placed_in_the_experiment(place: Path, flowgate: Flowgate) -> None:
    path = place / "flow/conf/experiment/noise.yaml"
    path.write_text(path.read_text().replace("method_overrides: {}", "method_overrides: {logistic: {penalty: 0.7}}"))
    (row,) = [row for row in rows(flowgate, place) if row["key"] == "methods.logistic.penalty"]
    assert (row["value"], row["file"]) == (0.7, "flow/conf/experiment/noise.yaml")


def test_paths_are_relative_to_where_the_user_stands(place: Path, flowgate: Flowgate) -> None:
    shown = flowgate(place / "docs", "show-config", f"../{FLOW}")
    assert shown.code == 0 and "../flow/conf/config.yaml:7" in shown.out


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sedes=1", "To append to your config use +sedes=1 (did you mean seeds?)"),
        ("zzz=1", "Could not override 'zzz'. To append to your config use +zzz=1"),
        ("training=smok", "Could not find 'training/smok' Available options in 'training': default, smoke"),
        ("seeds", "missing EQUAL at '<EOF>'"),
        (
            "experiment.methods=[centroid,svm]",
            "Could not find 'method/svm' Available options in 'method': centroid, logistic",
        ),
        ("+experiment.method_overrides.logistic=3", "method_overrides.logistic: 3 changes nothing"),
        ("+experiment.method_overrides.logistic.penalti=3", "logistic.penalti: method/logistic has no such key"),
        ("+experiment.method_overrides.svm.C=1", "method_overrides.svm: the experiment has no such method"),
    ],
)
def test_an_override_of_nothing_is_refused(place: Path, flowgate: Flowgate, override: str, said: str) -> None:
    done = flowgate(place, "show-config", FLOW, override)
    assert done.code == 2 and said in done.err and "Traceback" not in done.err


def test_a_flow_without_a_config_is_told(repository: Path, flowgate: Flowgate) -> None:
    flow = "from metaflow import FlowSpec, step\n\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    write(repository, {"flow.py": flow})
    done = flowgate(repository, "show-config", "flow.py")
    assert done.code == 2 and "flow.py has no Hydra config" in done.err


def test_a_file_that_cannot_be_read_is_named(place: Path, flowgate: Flowgate) -> None:
    write(place, {"flow/conf/method/logistic.yaml": "kind: [\n"})
    done = flowgate(place, "show-config", FLOW)
    assert done.code == 2 and "flow/conf/method/logistic.yaml" in done.err


def test_an_empty_file_is_shown_as_empty(place: Path, flowgate: Flowgate) -> None:
    write(place, {"flow/conf/training/default.yaml": ""})
    (row,) = [row for row in rows(flowgate, place) if row["key"] == "training"]
    assert (row["value"], row["file"], row["line"]) == ({}, "flow/conf/training/default.yaml", 1)


def test_an_experiment_that_a_run_would_refuse_is_refused(place: Path, flowgate: Flowgate) -> None:
    write(place, {"flow/conf/experiment/noise.yaml": ""})
    done = flowgate(place, "show-config", FLOW)
    assert done.code == 2 and "experiment.methods: None is no list of different methods" in done.err


def test_a_value_names_what_it_overrode(place: Path, flowgate: Flowgate) -> None:
    (row,) = [row for row in rows(flowgate, place, "training.epochs=5") if row["key"] == "training.epochs"]
    lines = (place / "flow/conf/training/default.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("epochs:"))
    assert (row["value"], row["file"]) == (5, "override")
    assert row["overrode"] == [{"file": "flow/conf/training/default.yaml", "line": line}]
