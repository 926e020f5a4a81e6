"""Why a list is one of methods or training values rather than data: by the config, its contents, or its names."""

from __future__ import annotations

from flowgate.errors import FlowgateError
from flowgate.flow.model import Flow, Transition
from flowgate.flow.paths import FIXED, places
from flowgate.flow.values import (
    Attr,
    Call,
    Display,
    Item,
    Mapping,
    Setting,
    Value,
    callee,
    constant,
    method_of,
    strings,
    walk,
)
from flowgate.flow.yamlfile import read_yaml
from flowgate.lint.fanout.factors import Factor
from flowgate.lint.fanout.shapes import GRIDS, config_path, is_estimator, is_spelled_out, makes_estimators
from flowgate.lint.fanout.tasks import consumers
from flowgate.meaning.words import is_algorithm, is_data, is_number, is_parameter
from flowgate.target import Target

_CONFIG_FOLDERS = frozenset(
    "method methods model models experiment experiments training hparams hyperparams sweeps grids optimizer".split()
)


# Sections of a config whose every list is one of training values.
_SECTIONS = frozenset(
    "model models training train trainer optim optimizer optimiser hparams hyperparameters hyper net network".split()
)


def reason(target: Target, factor: Factor, transition: Transition) -> str:
    """Why a factor is a config rather than data, as the name to show; empty where it is not, or cannot be told."""
    value = factor.value
    if callee(value) in GRIDS:
        return "a parameter grid"
    listed = _listed_configs(value)
    if listed:
        return listed
    path = config_path(target.flow, value)
    if path is not None:
        return _by_config(target, path)
    if isinstance(value, Item | Attr) and not isinstance(value.base, Setting):
        key = constant(value.key) if isinstance(value, Item) else value.name
        return f"`{key}`" if isinstance(key, str) and is_parameter(key) and _is_read(value.base) else ""
    if not is_spelled_out(value):
        return ""
    if isinstance(value, Display | Mapping):
        found = _by_contents(target.flow, value)
        if found == "estimators" or (found and not any(is_data(name) for name in factor.names)):
            return found
    if strings(value) and any(is_number(name) for name in factor.names):
        return ""  # texts are no learning rates
    return _by_names((*factor.names, *consumers(target.flow, value, transition)))


def _listed_configs(value: Value) -> str:
    """The folder of a listing, where it holds a config for each method or experiment."""
    method = method_of(value)
    path: Value | None = None
    if method in ("iterdir", "glob", "rglob") and isinstance(value, Call) and isinstance(value.func, Attr):
        path = value.func.base
    elif callee(value) in ("os.listdir", "os.scandir", "glob.glob") and isinstance(value, Call) and value.args:
        path = value.args[0]
    for place in places(path) if path is not None else ():
        folder = next((part for part in reversed(place.path.split("/")) if part and "*" not in part), "")
        if folder.lower() in _CONFIG_FOLDERS:
            return f"the configs in `{folder}`"
    return ""


def _is_read(value: Value) -> bool:
    """Whether a table comes from a file that the flow reads."""
    return any(callee(part).rpartition(".")[2] in ("load", "loads", "safe_load") for part in walk(value))


def _by_names(names: tuple[str, ...]) -> str:
    if any(is_data(name) for name in names):
        return ""
    return next((f"`{name}`" for name in names if name != "**" and is_parameter(name)), "")


def _by_contents(flow: Flow, value: Display | Mapping) -> str:
    """A list whose elements are estimators, or dicts and tuples of training values."""
    elements = value.elements if isinstance(value, Display) else [item for _, item in value.items]
    texts = [text for text in map(constant, elements) if isinstance(text, str)]
    if len(texts) > 1 and sum(is_algorithm(text) for text in texts) * 2 > len(texts):
        return "methods"
    for element in elements:
        for option in flow.resolve(element):
            if is_estimator(option) or makes_estimators(flow, option):
                return "estimators"
            if isinstance(option, Display) and any(is_estimator(part) for part in option.elements):
                return "estimators"
    return ""


def _by_config(target: Target, path: tuple[str, ...]) -> str:
    """By the experiment schema where the config follows it, else by the last key of the path."""
    keys = [key for key in path if key != "*"]
    shown = ".".join(keys)
    if "axes" in keys:
        axis = keys[keys.index("axes") + 1 :]
        if not axis:
            listed = [] if _data_axes(target) else _training_keys(target, keys)
            return f"`{shown}.{listed[0]}`" if listed else _whole_axes(target)
        if axis[0] == "data_axes" or axis[0] in _data_axes(target):
            return ""
        if not _data_axes(target):
            return f"`{shown}`" if is_parameter(axis[0]) else ""
        return f"the training axis `{axis[0]}`"
    if not keys or keys[-1] in ("data_axes", "seeds"):
        return ""
    listed = _training_keys(target, keys)
    if listed:
        return f"`{shown}.{listed[0]}`"
    if is_parameter(keys[-1]) or keys[-1] == "training_axes":
        return f"`{shown}`"
    return f"`{shown}`" if set(keys[:-1]) & _SECTIONS and not is_data(keys[-1]) else ""


def _training_keys(target: Target, keys: list[str]) -> list[str]:
    """The training parameters with several values in a mapping of the config, as its default file has it."""
    tree: object = _tree(target)
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    held = tree.items() if isinstance(tree, dict) else ()
    return [str(key) for key, value in held if isinstance(value, list) and len(value) > 1 and is_parameter(str(key))]


def _tree(target: Target) -> object:
    """The config as it is composed, or the file that the flow's Config reads by default."""
    if target.composed is not None:
        return target.composed.tree
    for setting in target.flow.settings().values():
        default = setting.call.argument(1, "default") if setting.kind == "Config" else None
        for place in places(default) if default is not None else []:
            if place.anchor == FIXED and place.path.endswith((".yaml", ".yml", ".json")):
                try:
                    return read_yaml(place.path)
                except FlowgateError:
                    return None
    return None


def _whole_axes(target: Target) -> str:
    """All axes of the experiment at once: the training axes among them, where the config has any."""
    experiment = target.composed.tree.get("experiment") if target.composed else None
    axes = experiment.get("axes") if isinstance(experiment, dict) else None
    rest = [axis for axis in axes if axis not in _data_axes(target)] if isinstance(axes, dict) else []
    return f"the training axis `{rest[0]}`" if rest else ""


def _data_axes(target: Target) -> list[str]:
    experiment = target.composed.tree.get("experiment") if target.composed else None
    axes = experiment.get("data_axes") if isinstance(experiment, dict) else None
    return [str(axis) for axis in axes] if isinstance(axes, list) else []
