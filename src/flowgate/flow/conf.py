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

    @property
    def experiments(self) -> dict[str, str]:
        """The experiments that can be chosen; a name that begins with `_` is a part that others are composed from."""
        choices = self.groups.get("experiment", {})
        return {name: path for name, path in choices.items() if not name.startswith("_")}

    def files(self) -> list[str]:
        """Every YAML file of the folder."""
        return [self.primary, *(path for choices in self.groups.values() for path in choices.values())]


class Composed(NamedTuple):
    """A composed config, the files it was composed from in the order they were merged, and the file of each value.

    `origins` has the shape of `tree`, with a file in the place of each value; an override's is `OVERRIDE`.
    """

    tree: Tree
    files: tuple[str, ...]
    origins: Tree


OVERRIDE = "override"
_ROUNDS = 5  # of files that choose others: each round settles at least one more


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
    for _ in range(_ROUNDS):
        made = _Composition(conf, chosen)
        made.add_file(conf.primary, "", "")
        further = {name: choice for name, choice in made.overridden.items() if name not in chosen}
        if not further:
            break
        chosen |= further  # a file that was merged chooses another for a group of the same defaults list
    for key, text in chosen.items():
        name = key.lstrip("+~")
        path = conf.groups.get(name, {}).get(text)
        if name not in conf.groups:
            made.add({name.rpartition(".")[2]: _scalar(text)}, name.rpartition(".")[0], OVERRIDE)
        elif path is not None and path not in made.files:  # a group that the defaults list does not name
            made.add_file(path, name, name.replace("/", "."))
    return Composed(made.tree, tuple(made.files), made.origins)


class _Composition:
    """A config as it grows, file by file."""

    def __init__(self, conf: Conf, chosen: dict[str, str]) -> None:
        self.conf, self.chosen = conf, chosen
        self.tree: Tree = {}
        self.origins: Tree = {}
        self.files: list[str] = []
        self.overridden: dict[str, str] = {}

    def add(self, held: Tree, package: str, origin: str) -> None:
        """Merge values at a place, and note where they came from."""
        merge(_at(self.tree, package), held)
        merge(_at(self.origins, package), _marked(held, origin))

    def add_file(self, path: str, group: str, package: str) -> None:
        """Merge one file, and before or after it what its defaults list names."""
        if path in self.files:
            raise FlowgateError(f"{path}: its defaults list leads back to itself")
        own = read_yaml(path)
        self.files.append(path)
        defaults = own.pop("defaults", None) or []
        if not isinstance(defaults, list):
            raise FlowgateError(f"{path}: `defaults` must be a list")
        header = package_of(path)
        if header is not None:
            package = "" if header == "_global_" else package if header == "_group_" else header
        merged = False
        for entry in defaults:
            if entry == "_self_":
                self.add(own, package, path)
                merged = True
            else:
                self._add_default(entry, path, group, package)
        if not merged:
            self.add(own, package, path)

    def _add_default(self, entry: object, path: str, group: str, package: str) -> None:
        optional = False
        if isinstance(entry, dict) and len(entry) == 1:
            name, choice = next(iter(entry.items()))
            words = str(name).split()
            optional, name = "optional" in words, words[-1]
            if name.lstrip("/").startswith("hydra/"):
                return
            if "override" in words:
                self.overridden[name.partition("@")[0].lstrip("/")] = str(choice)
                return
            name, _, renamed = name.partition("@")
            name = name.lstrip("/") if name.startswith("/") else f"{group}/{name}".lstrip("/")
            choice = self.chosen.get(name, choice)
        elif isinstance(entry, str):
            held, _, renamed = entry.partition("@")
            base, _, choice = held.rpartition("/")
            name = f"{group}/{base}".strip("/") if not base.startswith("/") else base.strip("/")
        else:
            raise FlowgateError(f"{path}: `defaults` holds {entry!r}, which is neither a name nor `group: choice`")
        for one in choice if isinstance(choice, list) else [choice]:
            if one is None:
                continue
            choices = self.conf.groups.get(name, {}) if name else _siblings(self.conf)
            found = choices.get(re.sub(r"\.ya?ml$", "", str(one)))
            if found is None and not optional:
                known = ", ".join(sorted(choices)) or "no such group"
                raise FlowgateError(f"{path}: `defaults` names {name}: {one}, which is not there (found: {known})")
            if found is not None:
                inner = (renamed or name).replace("/", ".")
                self.add_file(found, name, "" if inner == "_global_" else inner)


def _marked(held: Tree, origin: str) -> Tree:
    """A tree of the same shape, with the origin in the place of each value."""
    return {key: _marked(value, origin) if isinstance(value, dict) and value else origin for key, value in held.items()}


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


def merge(into: Tree, other: Tree) -> None:
    """Put one tree into another: mappings are joined, everything else is replaced."""
    for key, value in other.items():
        held = into.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            merge(held, value)
        else:
            into[key] = value


def _scalar(text: str) -> object:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
