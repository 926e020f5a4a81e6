"""What the values of a fan-out are: estimators, grids, configs, and what stands in the way to them."""

from __future__ import annotations

from flowgate.flow.evaluate import run_function
from flowgate.flow.model import Flow
from flowgate.flow.values import (
    Attr,
    Call,
    Class,
    Display,
    Element,
    Function,
    Item,
    Many,
    Mapping,
    Setting,
    Value,
    callee,
    constant,
    dotted,
    options,
    walk,
)

THROUGH = frozenset(
    """
    list tuple sorted set frozenset reversed iter enumerate zip chain from_iterable zip_longest islice product
    permutations combinations sample sum map shuffle deepcopy copy array to_container dict items keys values tolist
    """.split()
)


GRIDS = ("sklearn.model_selection.ParameterGrid", "sklearn.model_selection.ParameterSampler")


SPREADS = frozenset(["range", "linspace", "logspace", "arange", "geomspace", "uniform", "loguniform", "choice"])


_ESTIMATORS = ("sklearn.", "xgboost.", "lightgbm.", "catboost.", "torch.nn.", "torch.optim.", "keras.")


KEYS_DEEP = 4


def makes_many_estimators(flow: Flow, value: Value, depth: int = 0) -> bool:
    """A comprehension, or a generator function, that gives one estimator after the other."""
    if depth > KEYS_DEEP:
        return False
    if isinstance(value, Many):
        return any(is_estimator(option) for option in flow.resolve(value.element))
    if isinstance(value, Call) and callee(value).rpartition(".")[2] in THROUGH:
        return any(makes_many_estimators(flow, held, depth + 1) for part in value.args for held in flow.resolve(part))
    return False


def is_single(value: Value) -> bool:
    """A list of one element multiplies nothing."""
    return isinstance(value, Display | Mapping) and len(value.parts()) < 2


def unwrapped(value: Value) -> Value:
    """The dict in `json.dumps({...})`."""
    if isinstance(value, Call) and callee(value) in ("json.dumps", "yaml.dump", "yaml.safe_dump") and value.args:
        return options(value.args[0])[0]
    return value


def is_spelled_out(value: Value) -> bool:
    if isinstance(value, Display | Mapping):
        return True
    return isinstance(value, Call) and callee(value).rpartition(".")[2] in SPREADS


def makes_estimators(flow: Flow, value: Value) -> bool:
    """Whether a function of a registry returns an estimator."""
    made = run_function(value, flow.modules)[1] if isinstance(value, Function) else None
    return made is not None and any(is_estimator(option) for option in options(made))


def is_estimator(value: Value) -> bool:
    name = callee(value) or dotted(value)
    last = name.rpartition(".")[2]
    if name.startswith(_ESTIMATORS) and last[:1].isupper() and not name.startswith("sklearn.datasets"):
        return True
    return isinstance(value, Class) and any(base.startswith(_ESTIMATORS) for base in value.foreign_bases())


def config_path(flow: Flow, value: Value) -> tuple[str, ...] | None:
    """The keys from a Config down to the value, `*` for one that varies; None where it is no part of a Config."""
    if isinstance(value, Setting):
        return () if value.kind == "Config" else None
    key: str | None = None
    base: Value | None = None
    if isinstance(value, Attr):
        base, key = value.base, value.name
    elif isinstance(value, Item):
        base, key = value.base, _key(value.key)
    elif isinstance(value, Element):
        base, key = value.collection, "*"
    elif isinstance(value, Call) and isinstance(value.func, Attr) and value.func.name == "get" and value.args:
        base, key = value.func.base, _key(value.args[0])
    elif isinstance(value, Call) and isinstance(value.func, Attr) and value.func.name in ("items", "values", "keys"):
        return config_path(flow, value.func.base)
    elif isinstance(value, Call) and callee(value).rpartition(".")[2] in THROUGH and value.args:
        return config_path(flow, value.args[0])
    if base is None or key is None:
        return None
    for option in flow.resolve(base):
        above = config_path(flow, option)
        if above is not None:
            return (*above, key)
    return None


def _key(value: Value) -> str:
    held = constant(value)
    if isinstance(held, str):
        return held
    return "data_axes" if any("data_axes" in part.names or reads(part, "data_axes") for part in walk(value)) else "*"


def reads(value: Value, key: str) -> bool:
    if isinstance(value, Attr):
        return value.name == key
    return isinstance(value, Item) and constant(value.key) == key
