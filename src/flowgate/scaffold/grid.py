# >>> flowgate grid
# fmt: off
"""The grid of an experiment: which datasets are made, and what is trained on each of them.

A data axis changes the dataset, a training axis only what is done with it. A branch is a point of the data axes and a
seed: its dataset is made once, and every method is trained on it in one process. An axis-agnostic method is trained once
a branch and evaluated at every training point; an axis-dependent one is trained anew for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

AGNOSTIC, DEPENDENT = "axis_agnostic", "axis_dependent"
SWEEP = "_sweep"
COLUMNS = frozenset("method seed selected value val_score mean interval lift scores labels".split())
Config = Mapping[str, Any]
Point = dict[str, Any]
Kinds = Mapping[str, tuple[Callable[..., Any], str]]


class GridError(ValueError):
    """A config that describes no grid, with the path of the key that is wrong."""


class Arm(NamedTuple):
    """One training: the method's candidates, one of which is selected, and the training points it is evaluated at."""

    method: str
    candidates: list[tuple[dict[str, Any], Point]]
    train_cfg: dict[str, Any]
    points: list[Point]


class Evaluation(NamedTuple):
    """One method at one training point: what names it, the point, what was trained, and the dataset."""

    row: dict[str, Any]
    point: Point
    result: Any
    data: Any


def branches(cfg: Config, kinds: Kinds) -> list[dict[str, Any]]:
    """One branch for each point of the data axes and each seed, as `{"axes": {...}, "seed": int}`.

    Raises:
        GridError: the axes, the seeds or the methods do not add up; it is said before anything is trained.
    """
    arms(cfg, kinds)
    experiment = _checked(cfg)
    points = _points(experiment["axes"], experiment["data_axes"])
    return [{"axes": point, "seed": seed} for point in points for seed in seeds(cfg)]


def training_points(cfg: Config) -> list[Point]:
    """Every point of the training axes: the axes that do not change the dataset.

    Raises:
        GridError: the axes do not add up.
    """
    experiment = _checked(cfg)
    return _points(experiment["axes"], [name for name in experiment["axes"] if name not in experiment["data_axes"]])


def seeds(cfg: Config) -> list[int]:
    """The seeds: `seeds` as it is listed, or 0 to `seeds` - 1.

    Raises:
        GridError: neither a positive count nor a list of different integers.
    """
    given = cfg.get("seeds")
    listed = list(range(given)) if type(given) is int else given
    if not isinstance(listed, list) or not listed or any(type(seed) is not int or seed < 0 for seed in listed):
        raise GridError(f"seeds: {given!r} is neither a count of at least 1 nor a list of integers from 0 on")
    _refuse_twice(listed, "seeds")
    return listed


def arms(cfg: Config, kinds: Kinds) -> list[Arm]:
    """What is trained in a branch, method by method, in the order of `experiment.methods`.

    Args:
        kinds: each kind's trainer, and whether it is `axis_agnostic` or `axis_dependent`.

    Raises:
        GridError: a method, its kind or its class is unknown, or it sets what `training` owns.
    """
    points = training_points(cfg)
    found = []
    for name in _methods(cfg):
        spec = _spec(cfg, name, kinds)
        candidates = _candidates(spec, f"methods.{name}")
        if kinds[spec["kind"]][1] == AGNOSTIC:
            found.append(Arm(name, candidates, dict(cfg["training"]), points))
        else:
            found += [Arm(name, candidates, {**cfg["training"], **point}, [point]) for point in points]
    return found


def evaluations(
    cfg: Config, branch: Config, kinds: Kinds, make_data: Callable[..., Any], train_arm: Callable[..., Any]
) -> Iterator[Evaluation]:
    """Train every method on the one dataset of a branch; each method at each training point, exactly once.

    Raises:
        GridError: the config describes no grid.
    """
    trainings = arms(cfg, kinds)
    data = make_data(cfg["data"], branch["axes"], branch["seed"])
    for arm in trainings:
        result, selected = _best(arm, data, branch["seed"], train_arm)
        for point in arm.points:
            row = {"method": arm.method, **branch["axes"], **point, "seed": branch["seed"], "selected": selected}
            yield Evaluation(row, point, result, data)


def group(rows: Sequence[Config], keys: Sequence[str]) -> dict[tuple[Any, ...], list[Config]]:
    """The rows by the values of `keys`, in the order in which each group first appears."""
    found: dict[tuple[Any, ...], list[Config]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


def _checked(cfg: Config) -> Config:
    """The experiment, its axes and the names of those that change the dataset found to add up."""
    experiment: Config = cfg["experiment"]
    axes, data_axes = experiment.get("axes"), experiment.get("data_axes")
    if not isinstance(axes, Mapping) or not isinstance(data_axes, list):
        raise GridError("experiment.axes must map names to lists of values, and experiment.data_axes list names")
    for name, values in axes.items():
        if not isinstance(values, list) or not values:
            raise GridError(f"experiment.axes.{name}: an axis needs a list of at least one value, not {values!r}")
        for value in values:
            if isinstance(value, list | Mapping) or value != value:
                raise GridError(f"experiment.axes.{name}: {value!r} is no value that rows can be grouped by")
        _refuse_twice(values, f"experiment.axes.{name}")
        if name in COLUMNS:
            raise GridError(f"experiment.axes.{name}: a row of results has a column of that name already")
    _refuse_twice(data_axes, "experiment.data_axes")
    for name in data_axes:
        if name not in axes:
            raise GridError(f"experiment.data_axes: {name!r} is no axis ({', '.join(axes) or 'there is none'})")
        if name in cfg["training"]:
            raise GridError(f"experiment.data_axes: `training` owns {name!r}, so it is a training axis")
    return experiment


def _points(axes: Mapping[str, list[Any]], names: list[str]) -> list[Point]:
    return [dict(zip(names, point, strict=True)) for point in product(*(axes[name] for name in names))]


def _refuse_twice(values: list[Any], where: str) -> None:
    for at, value in enumerate(values):
        if value in values[:at]:
            raise GridError(f"{where}: {value!r} is there twice")


def _methods(cfg: Config) -> list[str]:
    methods = cfg["experiment"]["methods"]
    if not isinstance(methods, list) or not methods:
        raise GridError(f"experiment.methods: {methods!r} is no list of at least one method")
    _refuse_twice(methods, "experiment.methods")
    return methods


def _spec(cfg: Config, name: str, kinds: Kinds) -> dict[str, Any]:
    """A method's config, found to be complete and to leave `training` alone."""
    spec = cfg["methods"][name]
    kind = spec.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise GridError(f"methods.{name}.kind: {kind!r} is not registered ({', '.join(kinds)})")
    if kinds[kind][1] not in (AGNOSTIC, DEPENDENT):
        raise GridError(f"methods.{name}.kind: {kind!r} is neither {AGNOSTIC} nor {DEPENDENT}, but {kinds[kind][1]!r}")
    for key in spec:
        if key.removesuffix(SWEEP) in cfg["training"]:
            raise GridError(f"methods.{name}.{key}: `training` owns {key.removesuffix(SWEEP)!r}; set it there")
    return dict(spec)


def _candidates(spec: dict[str, Any], where: str) -> list[tuple[dict[str, Any], Point]]:
    """The method at every point of its sweeps: `temp_sweep: [0.5, 1.0]` tries `temp` at both."""
    sweeps = {key.removesuffix(SWEEP): values for key, values in spec.items() if key.endswith(SWEEP)}
    fixed = {key: value for key, value in spec.items() if not key.endswith(SWEEP)}
    for name, values in sweeps.items():
        if not isinstance(values, list) or not values:
            raise GridError(f"{where}.{name}{SWEEP}: a sweep needs a list of at least one value, not {values!r}")
        if name in fixed:
            raise GridError(f"{where}: {name!r} is both fixed and swept")
        _refuse_twice(values, f"{where}.{name}{SWEEP}")
    return [({**fixed, **point}, point) for point in _points(sweeps, list(sweeps))]


def _best(arm: Arm, data: Any, seed: int, train_arm: Callable[..., Any]) -> tuple[Any, Point]:
    """The candidate with the highest validation score, the first of equals; one candidate is not selected, but taken."""
    best: tuple[Any, Point] | None = None
    for spec, point in arm.candidates:
        result = train_arm(spec, data, seed, arm.train_cfg)
        if len(arm.candidates) > 1 and result.val_score != result.val_score:
            raise GridError(f"methods.{arm.method}: the validation score at {point} is nan, which selects nothing")
        if best is None or result.val_score > best[0].val_score:
            best = result, point
    assert best is not None
    return best


# fmt: on
# <<< flowgate grid
