"""How a flow's code has its config composed: by Hydra or not, with what of its own, and at which of Hydra's versions."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator

from flowgate.flow.conf import UNSPECIFIED, Start
from flowgate.flow.model import Flow
from flowgate.flow.syntax import nodes

_INITIALIZERS = ("initialize", "initialize_config_dir", "initialize_config_module")
_STORE = ("name", "node", "group")  # the order of ConfigStore.store's arguments


def start_of(flow: Flow, folder: str, shell: str, by_shell: bool) -> Start:
    """What the code of a flow says of it.

    Args:
        folder: that of the config.
        shell: the text of the shell that the flow carries as it was stamped; empty where it carries none.
        by_shell: whether the shell's function is what composes the config.
    """
    places = (flow.module.package_folder, flow.modules.root)
    roots = tuple(dict.fromkeys(os.path.relpath(place, folder) for place in places))
    data = [module.source.data.replace(b"\r\n", b"\n").replace(shell.encode(), b"") for module in flow.closure]
    by_shell = by_shell and bool(shell)
    if not by_shell and not any(b"hydra" in one for one in data):
        return Start(by_hydra=False, roots=roots)
    calls = list(_calls(flow))
    stored, names_told = _stored(calls) if any(b"ConfigStore" in one for one in data) else ((), True)
    return Start(
        config_name="" if by_shell else _config_name(calls),
        overrides=() if by_shell else _literal_overrides(calls),
        version_base=None if by_shell else _version_base(calls),
        stored=stored,
        open=not names_told,
        resolvers=any(b"register_new_resolver" in one or b"register_resolver" in one for one in data),
        roots=roots,
        shell=shell if by_shell else "",
    )


def _calls(flow: Flow) -> Iterator[ast.Call]:
    for module in flow.closure:
        if b"hydra" in module.source.data:
            tree = module.source.parse()
            yield from (node for node in (nodes(tree) if tree is not None else ()) if isinstance(node, ast.Call))


def _config_name(calls: list[ast.Call]) -> str:
    """The config that the first call of `compose` names; empty where none does."""
    for call in calls:
        if ast.unparse(call.func).split(".")[-1] == "compose":
            given = [*call.args[:1], *(one.value for one in call.keywords if one.arg == "config_name")]
            if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
                return given[0].value
    return ""


def _literal_overrides(calls: list[ast.Call]) -> tuple[str, ...]:
    """The overrides that the first call of `compose` gives, where all of them are written out; none where they are not."""
    for call in calls:
        if ast.unparse(call.func).split(".")[-1] == "compose":
            given = [*call.args[1:2], *(one.value for one in call.keywords if one.arg == "overrides")]
            listed = given[0].elts if given and isinstance(given[0], ast.List | ast.Tuple) else []
            texts = [one.value for one in listed if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            return tuple(texts) if len(texts) == len(listed) else ()
    return ()


def hydra_overrides(words: Iterable[str]) -> tuple[str, ...]:
    """The Hydra overrides in a flow's arguments, or in a variable that holds one: `hydra_overrides: [...]`."""
    import yaml

    found: list[str] = []
    for word in words:
        if "hydra_overrides" not in word:
            continue
        try:
            waiting: list[object] = [yaml.safe_load(word)]
        except yaml.YAMLError:
            continue
        while waiting:  # the variable holds a mapping of configs, each of them a text or a mapping
            held = waiting.pop()
            if isinstance(held, str) and "hydra_overrides" in held and held != word:
                found += hydra_overrides([held])
            elif isinstance(held, dict):
                listed = held.get("hydra_overrides")
                found += [str(one) for one in listed] if isinstance(listed, list) else []
                waiting += [value for key, value in held.items() if key != "hydra_overrides"]
    return tuple(found)


def _version_base(calls: list[ast.Call]) -> str | None:
    """What the first call that sets Hydra up gives as `version_base`; None where it cannot be told."""
    for call in calls:
        path = ast.unparse(call.func).split(".")
        if path[-1] in _INITIALIZERS or path[-2:] == ["hydra", "main"]:
            given = next((one.value for one in call.keywords if one.arg == "version_base"), None)
            if given is None:
                return UNSPECIFIED
            return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None
    return None


def _stored(calls: list[ast.Call]) -> tuple[tuple[str, ...], bool]:
    """The configs that calls of `store` register, as `group/name`, and whether all of their names can be told."""
    found, told = [], True
    for call in calls:
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "store"):
            continue
        given = dict(zip(_STORE, call.args, strict=False)) | {one.arg: one.value for one in call.keywords if one.arg}
        name, group = given.get("name"), given.get("group", ast.Constant(None))
        if isinstance(name, ast.Constant) and isinstance(group, ast.Constant):
            found.append("/".join(str(part) for part in (group.value, name.value) if part))
        else:
            told = False
    return tuple(dict.fromkeys(found)), told
