"""The grid: every evaluation happens once, every dataset is made once, and a config that describes no grid is refused."""

from __future__ import annotations

import importlib.util
from collections import Counter
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import REPOSITORY

Config = dict[str, Any]


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("grid", REPOSITORY / "src/flowgate/scaffold/grid.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


grid = _load()
KINDS = {"plain": (None, grid.AGNOSTIC), "tuned": (None, grid.DEPENDENT)}


class Trained(NamedTuple):
    """What a training returns here: what it was given, so that it can be asked afterwards."""

    spec: Config
    data: Any
    train_cfg: Config
    val_score: float


class Log:
    """The seams, and what they were called with."""

    def __init__(self) -> None:
        self.made: list[tuple[Config, int]] = []
        self.trained: list[Trained] = []

    def make_data(self, data_spec: Config, data_axes: Config, seed: int) -> int:
        self.made.append((dict(data_axes), seed))
        return len(self.made)

    def train_arm(self, method_spec: Config, data: int, seed: int, train_cfg: Config) -> Trained:
        self.trained.append(Trained(method_spec, data, dict(train_cfg), float(method_spec.get("temp", 0))))
        return self.trained[-1]


def config(**changes: Any) -> Config:
    experiment = {
        "axes": {"noise": [0.1, 0.5], "k": [50, 200]},
        "data_axes": ["noise"],
        "methods": ["base", "ours"],
    }
    methods = {"base": {"kind": "plain"}, "ours": {"kind": "tuned", "margin": 1.0}}
    whole = {"experiment": experiment, "methods": methods, "seeds": 2, "data": {}, "training": {"epochs": 3}}
    for path, value in changes.items():
        *above, last = path.split("__")
        held: Any = whole
        for key in above:
            held = held[key]
        held[last] = value
    return whole


def evaluated(cfg: Config) -> tuple[Log, list[Any]]:
    log = Log()
    found = [
        evaluation
        for branch in grid.branches(cfg, KINDS)
        for evaluation in grid.evaluations(cfg, branch, KINDS, log.make_data, log.train_arm)
    ]
    return log, found


values = st.lists(st.integers(0, 9) | st.text("abc", min_size=1, max_size=2), min_size=1, max_size=3, unique_by=repr)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    names = draw(st.lists(st.sampled_from("abcd"), max_size=3, unique=True))
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=3))
    methods = {f"m{at}": {"kind": kind} for at, kind in enumerate(kinds)}
    return config(
        experiment__axes={name: draw(values) for name in names},
        experiment__data_axes=[name for name in names if draw(st.booleans())],
        experiment__methods=list(methods),
        methods=methods,
        seeds=draw(st.integers(1, 3) | st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True)),
    )


@given(configs())
def test_everything_is_evaluated_exactly_once(cfg: Config) -> None:
    _, found = evaluated(cfg)
    axes = cfg["experiment"]["axes"]
    seen = Counter((row["method"], row["seed"], *(repr(row[name]) for name in axes)) for row, *_ in found)
    wanted = product(
        cfg["experiment"]["methods"], grid.seeds(cfg), *([repr(one) for one in axes[name]] for name in axes)
    )
    assert seen == Counter(wanted)


@given(configs())
def test_a_dataset_is_made_once_a_branch(cfg: Config) -> None:
    log, _ = evaluated(cfg)
    assert [{"axes": axes, "seed": seed} for axes, seed in log.made] == grid.branches(cfg, KINDS)
    assert all(set(axes) == set(cfg["experiment"]["data_axes"]) for axes, _ in log.made)


@given(configs())
def test_a_method_is_trained_once_a_branch_or_once_a_training_point(cfg: Config) -> None:
    log, found = evaluated(cfg)
    points = grid.training_points(cfg)
    for data in range(1, len(log.made) + 1):
        for name, spec in cfg["methods"].items():
            results = [result for row, _, result, made in found if made == data and row["method"] == name]
            assert len({id(result) for result in results}) == (1 if spec["kind"] == "plain" else len(points))
    each = sum(1 if spec["kind"] == "plain" else len(points) for spec in cfg["methods"].values())
    assert len(log.trained) == each * len(log.made)


@given(configs())
def test_a_training_point_reaches_the_training_of_the_methods_that_depend_on_it(cfg: Config) -> None:
    _, found = evaluated(cfg)
    for row, point, result, _ in found:
        dependent = cfg["methods"][row["method"]]["kind"] == "tuned"
        assert result.train_cfg == ({**cfg["training"], **point} if dependent else cfg["training"])


def test_a_sweep_is_tried_whole_and_the_best_is_kept() -> None:
    cfg = config(methods__ours={"kind": "tuned", "temp_sweep": [0.5, 2.0, 1.0]})
    log, found = evaluated(cfg)
    ours = [evaluation for evaluation in found if evaluation.row["method"] == "ours"]
    assert {evaluation.result.spec["temp"] for evaluation in ours} == {2.0}
    assert all(evaluation.row["selected"] == {"temp": 2.0} for evaluation in ours)
    assert sum("temp" in trained.spec for trained in log.trained) == 3 * len(ours)
    assert all("temp_sweep" not in trained.spec for trained in log.trained)


def test_a_sweep_of_one_value_selects_nothing() -> None:
    log, found = evaluated(config(methods__ours={"kind": "tuned", "temp_sweep": [0.5]}))
    ours = [evaluation for evaluation in found if evaluation.row["method"] == "ours"]
    assert len([one for one in log.trained if "temp" in one.spec]) == len(ours)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"experiment__data_axes": ["noize"]}, "experiment.data_axes: 'noize' is no axis (noise, k)"),
        ({"experiment__data_axes": ["noise", "noise"]}, "experiment.data_axes: 'noise' is there twice"),
        ({"experiment__axes": {"noise": [0.1, 0.1]}}, "experiment.axes.noise: 0.1 is there twice"),
        ({"experiment__axes": {"noise": []}}, "experiment.axes.noise"),
        ({"experiment__axes": {"noise": 0.1}}, "experiment.axes.noise"),
        ({"experiment__axes": ["noise"]}, "experiment.axes must map"),
        ({"experiment__axes": {"noise": [1], "seed": [1]}}, "experiment.axes.seed"),
        ({"experiment__methods": []}, "experiment.methods"),
        ({"experiment__methods": ["base", "base"]}, "experiment.methods: 'base' is there twice"),
        ({"methods__ours": {"kind": "guess"}}, "methods.ours.kind: 'guess' is not registered (plain, tuned)"),
        ({"methods__ours": {}}, "methods.ours.kind: None is not registered"),
        ({"methods__ours": {"kind": "tuned", "epochs": 9}}, "methods.ours.epochs: `training` owns 'epochs'"),
        ({"methods__ours": {"kind": "tuned", "epochs_sweep": [9]}}, "methods.ours.epochs_sweep"),
        ({"methods__ours": {"kind": "tuned", "temp": 1, "temp_sweep": [1]}}, "both fixed and swept"),
        ({"methods__ours": {"kind": "tuned", "temp_sweep": []}}, "methods.ours.temp_sweep"),
        ({"methods__ours": {"kind": ["tuned"]}}, "methods.ours.kind: ['tuned'] is not registered"),
        ({"experiment__axes": None}, "experiment.axes must map"),
        ({"experiment__data_axes": None}, "experiment.data_axes list names"),
        ({"experiment__axes": {"noise": [0.1, float("nan")]}}, "experiment.axes.noise: nan"),
        ({"experiment__axes": {"noise": [[1, 2]]}}, "experiment.axes.noise: [1, 2]"),
        ({"experiment__axes": {"noise": [1], "mean": [1]}}, "experiment.axes.mean: a row of results has a column"),
        ({"experiment__axes": {"epochs": [1]}, "experiment__data_axes": ["epochs"]}, "`training` owns 'epochs'"),
        ({"seeds": [-1]}, "seeds: [-1]"),
        ({"seeds": None}, "seeds: None"),
        ({"seeds": 0}, "seeds: 0"),
        ({"seeds": True}, "seeds: True"),
        ({"seeds": [1, 1]}, "seeds: 1 is there twice"),
        ({"seeds": [1.5]}, "seeds: [1.5]"),
    ],
)
def test_a_config_that_describes_no_grid_is_refused_before_anything_is_made(changes: Config, said: str) -> None:
    with pytest.raises(grid.GridError) as raised:
        evaluated(config(**changes))
    assert said in str(raised.value)


def test_a_score_of_nan_selects_nothing() -> None:
    cfg = config(methods__ours={"kind": "tuned", "temp_sweep": [float("inf"), 1.0]})
    log = Log()

    def train(spec: Config, data: int, seed: int, train_cfg: Config) -> Trained:
        return log.train_arm(spec, data, seed, train_cfg)._replace(val_score=float("nan"))

    with pytest.raises(grid.GridError, match="selects nothing"):
        list(grid.evaluations(cfg, grid.branches(cfg, KINDS)[0], KINDS, log.make_data, train))


def test_a_kind_of_no_class_is_refused() -> None:
    kinds = {**KINDS, "tuned": (None, "sometimes")}
    with pytest.raises(grid.GridError, match="sometimes"):
        grid.branches(config(), kinds)
