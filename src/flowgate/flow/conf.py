"""A flow's Hydra config, composed statically: the files that make it, and the values they give."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flowgate import witness
from flowgate.errors import FlowgateError

_PACKAGE = re.compile(r"(?m)^#\s*@package\s+(\S+)")
Tree = dict[str, Any]


class Conf(NamedTuple):
    """A config folder: its root file and its groups, each a mapping of choice to file."""

    folder: str
    primary: str
    groups: dict[str, dict[str, str]]

    def files(self) -> list[str]:
        """Every YAML file of the folder."""
        return [self.primary, *(path for choices in self.groups.values() for path in choices.values())]


class Composed(NamedTuple):
    """A composed config and the files it was composed from, in the order they were merged."""

    tree: Tree
    files: tuple[str, ...]


def open_conf(primary: str) -> Conf | None:
    """The config folder around a root file; None where the file does not exist."""
    if not witness.is_file(primary):
        return None
    folder = os.path.dirname(primary)
    groups: dict[str, dict[str, str]] = {}
    for group, parent, names in _groups(folder):
        choices = {os.path.splitext(name)[0]: os.path.join(parent, name) for name in names if _is_yaml(name)}
        if choices:
            groups[group] = choices
    return Conf(folder, primary, groups)


def _groups(folder: str, above: str = "") -> Iterator[tuple[str, str, list[str]]]:
    """The folders below one, links that lead elsewhere aside: name, path and the names of the files in each."""
    for name in witness.entries(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            group = f"{above}{name}"
            inside = witness.entries(path)
            yield group, path, inside
            yield from _groups(path, f"{group}/")


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def read_yaml(path: str) -> Tree:
    """The mapping in a YAML file.

    Raises:
        FlowgateError: the file is missing, is not YAML, or holds something other than a mapping.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        tree = yaml.load(witness.read(path), loader)  # noqa: S506  (both loaders are safe ones)
    except yaml.YAMLError as error:
        raise FlowgateError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FlowgateError(f"{path} cannot be read: {error}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise FlowgateError(f"{path} must hold a mapping, not {type(tree).__name__}")
    return tree


def package_of(path: str) -> str | None:
    """The package that a file's header puts it in; None where it has none."""
    header = _PACKAGE.search(witness.read(path)[:2000].decode("utf-8", "replace"))
    return header[1] if header else None


def line_of(path: str, keys: tuple[str, ...]) -> int:
    """The line of the last of some keys, each found below the one before it; 1 where they are not there."""
    at = 0
    for number, line in enumerate(witness.read(path).decode("utf-8", "replace").splitlines(), 1):
        for key in keys[at:]:
            if not re.search(rf"(?:^|[\s{{,])[\"']?{re.escape(key)}[\"']?\s*:", line):
                break
            at += 1
            if at == len(keys):
                return number
    return 1


def duplicates(path: str) -> list[tuple[str, ...]]:
    """The keys that a mapping of a YAML file holds twice, each with those above it; YAML lets the last one win.

    Raises:
        FlowgateError: the file cannot be read.
    """
    import yaml

    try:
        root = yaml.compose(witness.read(path), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError) as error:
        raise FlowgateError(f"{path} cannot be read: {error}") from None
    found: list[tuple[str, ...]] = []
    stack: list[tuple[tuple[str, ...], Any]] = [((), root)] if root is not None else []
    while stack:
        above, node = stack.pop()
        seen: set[str] = set()
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            here = (*above, str(key.value))
            if key.value in seen:
                found.append(here)
            seen.add(key.value)
            stack.append((here, value))
    return found


def compose(conf: Conf, overrides: tuple[str, ...] = (), experiment: str | None = None) -> Composed:
    """The config as Hydra would compose it, interpolations left as they are written.

    Raises:
        FlowgateError: a file cannot be read, or the defaults list names a group or choice that is not there.
    """
    chosen = dict(part.split("=", 1) for part in overrides if "=" in part)
    if experiment is not None:
        chosen["experiment"] = experiment
    tree: Tree = {}
    files: list[str] = []
    _merge_file(conf, conf.primary, "", "", chosen, tree, files)
    for key, text in chosen.items():
        name = key.lstrip("+~")
        path = conf.groups.get(name, {}).get(text)
        if name not in conf.groups:
            _put(tree, name.split("."), _scalar(text))
        elif path is not None and path not in files:  # a group that the defaults list does not name
            _merge_file(conf, path, name, name.replace("/", "."), chosen, tree, files)
    return Composed(tree, tuple(files))


def _merge_file(
    conf: Conf, path: str, group: str, package: str, chosen: dict[str, str], tree: Tree, files: list[str]
) -> None:
    """Merge one file, and before or after it what its defaults list names."""
    if path in files:
        raise FlowgateError(f"{path}: its defaults list leads back to itself")
    own = read_yaml(path)
    files.append(path)
    defaults = own.pop("defaults", None) or []
    if not isinstance(defaults, list):
        raise FlowgateError(f"{path}: `defaults` must be a list")
    header = package_of(path)
    if header is not None:
        package = "" if header == "_global_" else package if header == "_group_" else header
    merged = False
    for entry in defaults:
        if entry == "_self_":
            _merge(_at(tree, package), own)
            merged = True
        else:
            _merge_default(conf, entry, path, group, package, chosen, tree, files)
    if not merged:
        _merge(_at(tree, package), own)


def _merge_default(
    conf: Conf, entry: object, path: str, group: str, package: str, chosen: dict[str, str], tree: Tree, files: list[str]
) -> None:
    optional = False
    if isinstance(entry, dict) and len(entry) == 1:
        name, choice = next(iter(entry.items()))
        words = str(name).split()
        optional, name = "optional" in words, words[-1]
        if "override" in words or name.startswith("hydra/"):
            return
        name, _, renamed = name.partition("@")
        name = name.lstrip("/") if name.startswith("/") else f"{group}/{name}".lstrip("/")
        choice = chosen.get(name, choice)
    elif isinstance(entry, str):
        base, _, choice = entry.rpartition("/")
        name, renamed = f"{group}/{base}".strip("/") if not base.startswith("/") else base.strip("/"), ""
    else:
        raise FlowgateError(f"{path}: `defaults` holds {entry!r}, which is neither a name nor `group: choice`")
    for one in choice if isinstance(choice, list) else [choice]:
        if one is None:
            continue
        choices = conf.groups.get(name, {}) if name else _siblings(conf)
        found = choices.get(re.sub(r"\.ya?ml$", "", str(one)))
        if found is None and not optional:
            known = ", ".join(sorted(choices)) or "no such group"
            raise FlowgateError(f"{path}: `defaults` names {name}: {one}, which is not there (found: {known})")
        if found is not None:
            inner = (renamed or name).replace("/", ".")
            _merge_file(conf, found, name, "" if inner == "_global_" else inner, chosen, tree, files)


def _siblings(conf: Conf) -> dict[str, str]:
    names = [name for name in witness.entries(conf.folder) if _is_yaml(name)]
    return {os.path.splitext(name)[0]: os.path.join(conf.folder, name) for name in names}


def _at(tree: Tree, package: str) -> Tree:
    for key in [part for part in package.split(".") if part]:
        below = tree.get(key)
        if not isinstance(below, dict):
            below = tree[key] = {}
        tree = below
    return tree


def _merge(into: Tree, other: Tree) -> None:
    for key, value in other.items():
        held = into.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            _merge(held, value)
        else:
            into[key] = value


def _put(tree: Tree, keys: list[str], value: object) -> None:
    _at(tree, ".".join(keys[:-1]))[keys[-1]] = value


def _scalar(text: str) -> object:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
