"""`flowgate show-config`: a flow's composed config, value by value, and where each one is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, NamedTuple

from flowgate.errors import FlowgateError
from flowgate.flow.conf import OVERRIDE, Composed, Conf, Tree, compose, line_of, merge, read_yaml
from flowgate.project import Project
from flowgate.target import Target, all_readable

EMPTY = "empty"  # the file that would say it holds nothing


class Setting(NamedTuple):
    """One value of the composed config: its path of keys, and the file and line it is written at.

    An override has no file, and line 0; nor has what an empty file leaves.
    """

    keys: tuple[str, ...]
    value: Any
    file: str
    line: int


def show_config(project: Project, path: str, overrides: tuple[str, ...]) -> list[Setting]:
    """Every value of the config that the flow would run with, interpolations left as they are written.

    Raises:
        FlowgateError: the flow has no Hydra config, or it cannot be composed, or an override names nothing.
    """
    target = all_readable(project, [path])[0]
    if target.conf is None:
        raise FlowgateError(
            f"{target.path} has no Hydra config: no conf/config.yaml beside it, no Config that names one"
        )
    _refuse_unknown(target.conf, overrides)
    composed = compose(target.conf, overrides)
    _add_methods(target, composed, overrides)
    found = list(_settings(composed.tree, composed.origins, ()))
    return [Setting(keys, value, *_place(project, keys, origin)) for keys, value, origin in found]


def _refuse_unknown(conf: Conf, overrides: tuple[str, ...]) -> None:
    """Refuse what Hydra would: a key or a choice that is not there, without a `+`."""
    groups = {name: choices for name, choices in conf.groups.items() if name.split("/")[0] != "method"}
    chosen = tuple(one for one in overrides if one.lstrip("+~").partition("=")[0] in groups)
    tree = compose(conf, chosen).tree
    for one in overrides:
        key, equals, text = one.partition("=")
        if not equals:
            raise FlowgateError(f"{one!r} is no override; write KEY=VALUE")
        name = key.lstrip("+~")
        if name in groups:
            if text not in groups[name]:
                raise FlowgateError(f"{one}: {name} has no such choice ({', '.join(sorted(groups[name]))})")
        elif not key.startswith("+") and name.split(".")[0] not in ("methods", "hydra") and not _has(tree, name):
            known = [".".join(keys) for keys, *_ in _settings(tree, tree, ())]
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise FlowgateError(f"{one}: the config has no {name}{hint} To add it: +{one}")


def _has(tree: Tree, name: str) -> bool:
    held: Any = tree
    for key in name.split("."):
        if not isinstance(held, dict) or key not in held:
            return False
        held = held[key]
    return True


def _add_methods(target: Target, composed: Composed, overrides: tuple[str, ...]) -> None:
    """The methods that the experiment names, as the shell composes them: their files, then what changes them."""
    experiment = composed.tree.get("experiment")
    named = experiment.get("methods") if isinstance(experiment, dict) else None
    assert target.conf is not None
    files = target.conf.groups.get("method", {})
    if not isinstance(named, list) or b"method_overrides" not in target.flow.module.source.data:
        return
    given, origins = composed.tree.pop("methods", {}), composed.origins.pop("methods", {})
    composed.tree["methods"], composed.origins["methods"] = {}, {}
    for name in named:
        if name not in files and name not in given:
            raise FlowgateError(f"experiment.methods names {name!r}, which is no file of method/ ({', '.join(files)})")
        if name in files:
            _put(composed, name, read_yaml(files[name]), files[name])
    merge(composed.tree["methods"], given)
    merge(composed.origins["methods"], origins)
    assert isinstance(experiment, dict)
    for name, changes in (experiment.get("method_overrides") or {}).items():
        _refuse_change(composed.tree["methods"], name, changes)
        for key in changes:  # fixed and swept exclude each other
            other = key.removesuffix("_sweep") if key.endswith("_sweep") else f"{key}_sweep"
            composed.tree["methods"][name].pop(other, None)
        _put(composed, name, changes, composed.origins["experiment"]["method_overrides"])


def _refuse_change(methods: Tree, name: str, changes: object) -> None:
    """Refuse what the shell would: a method or a key that is not there."""
    where = f"experiment.method_overrides.{name}"
    if name not in methods:
        raise FlowgateError(f"{where}: the experiment has no such method")
    if not isinstance(changes, dict):
        raise FlowgateError(f"{where}: {changes!r} changes nothing; write `key: value`")
    for key in changes:
        if not {key, str(key).removesuffix("_sweep"), f"{key}_sweep"} & set(methods[name]):
            raise FlowgateError(f"{where}.{key}: method/{name} has no such key")


def _put(composed: Composed, name: str, held: Tree, origin: Any) -> None:
    """Merge values into a method; `origin` is a file, or where a tree like `{name: {key: file}}` says it for each."""
    merge(composed.tree["methods"].setdefault(name, {}), held)
    of = origin[name] if isinstance(origin, dict) else origin
    merge(
        composed.origins["methods"].setdefault(name, {}), {key: of[key] if isinstance(of, dict) else of for key in held}
    )


def _settings(tree: Tree, origins: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    for key, value in tree.items():
        origin = origins.get(key, OVERRIDE) if isinstance(origins, dict) else origins
        if isinstance(value, dict) and value:
            yield from _settings(value, origin, (*above, str(key)))
        else:
            yield (*above, str(key)), value, origin if isinstance(origin, str) else EMPTY


def _place(project: Project, keys: tuple[str, ...], origin: str) -> tuple[str, int]:
    if origin in (OVERRIDE, EMPTY):
        return origin, 0
    held = read_yaml(origin)
    within = next((keys[at:] for at in range(len(keys)) if _has(held, ".".join(keys[at:]))), keys[-1:])
    return project.relative(origin), line_of(origin, within)
