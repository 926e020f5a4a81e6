"""A flow's Hydra config: the folder it lies in, and what Hydra composes from it.

Hydra itself composes, in `composer`; what it came to is remembered by the content of every file that it may have read, so
that a folder that has not changed costs reading it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from flowgate import witness
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.flow.yamlfile import Keys, Tree

OVERRIDE = "override"  # in the place of a file, where an override gave a value
UNSPECIFIED = "unspecified"
_WORDS = ("null", "true", "false", "nan", "inf")  # of the grammar of overrides: no texts without quotes
THE_FOLDER = "\0"  # in the place of the config folder's path, in a message that is remembered
_MOST_ENTRIES = 20_000  # a conf folder is no data folder


class Start(NamedTuple):
    """How a flow's code has its config composed, as far as the code tells.

    Attributes:
        by_hydra: whether Hydra composes it at all.
        config_name: what it has composed, where it says so by name; empty where it does not.
        overrides: those that it gives, where they are written out.
        version_base: what it gives Hydra under that name; None is Hydra's present version.
        stored: the configs that it registers in Hydra's ConfigStore, as `group/name`.
        open: whether it registers others under names that cannot be told.
        resolvers: whether it registers resolvers.
        roots: the folders that a package of it may lie in, as paths from the config folder.
        shell: the text of the shell that it carries, whose function composes; empty where it carries none.
    """

    by_hydra: bool = True
    config_name: str = ""
    overrides: tuple[str, ...] = ()
    version_base: str | None = None
    stored: tuple[str, ...] = ()
    open: bool = False
    resolvers: bool = False
    roots: tuple[str, ...] = ()
    shell: str = ""


_PLAIN = Start()


class Conf(NamedTuple):
    """A config folder: its root file and its groups, each a mapping of choice to file.

    `kept` is the folder in which compositions are remembered; empty for none.
    """

    folder: str
    primary: str
    groups: dict[str, dict[str, str]]
    start: Start = _PLAIN
    kept: str = ""

    @property
    def experiments(self) -> dict[str, str]:
        """The experiments that can be chosen, nested ones as `extra/deep`; a name that begins with `_` is a part of others."""
        return {
            name: path
            for name, path in self.choices("experiment").items()
            if not any(part.startswith("_") for part in name.split("/"))
        }

    def choices(self, group: str) -> dict[str, str]:
        """The files of a group and of the groups below it, by what chooses them."""
        found = dict(self.groups.get(group, {}))
        for name, held in self.groups.items():
            if name.startswith(f"{group}/"):
                below = name.removeprefix(f"{group}/")
                found |= {f"{below}/{choice}": path for choice, path in held.items()}
        return found

    def files(self) -> list[str]:
        """Every YAML file of the folder."""
        return [self.primary, *(path for choices in self.groups.values() for path in choices.values())]


class Origin(NamedTuple):
    """Where a value is written: a file, and the line in it. `OVERRIDE` and line 0 for what an override gave."""

    file: str
    line: int


class Composed(NamedTuple):
    """A composed config.

    Attributes:
        written: the values, interpolations as they are written.
        tree: the values, interpolations as what stands there, but for those in `unknown`.
        unknown: why a value cannot be told here, by its keys.
        origins: what gave each value, the last of them the one that holds; those before it were overridden.
        files: what it was composed from, in the order in which it was merged.
    """

    written: Tree
    tree: Tree
    unknown: dict[Keys, str]
    origins: dict[Keys, tuple[Origin, ...]]
    files: tuple[str, ...]

    def get(self, *keys: Any) -> Any:
        """The value at some keys; None where there is none.

        Raises:
            FlowgateError: it cannot be told here.
        """
        held: Any = self.tree
        for key in keys:
            held = held.get(key) if isinstance(held, dict) else None
        if isinstance(held, dict):
            return held
        for path, why in self.unknown.items():
            if path[: len(keys)] == keys or (held is None and keys[: len(path)] == path):
                raise FlowgateError(f"`{dotted(keys)}` is not known here: {why}")
        return held

    def written_at(self, *keys: Any) -> Any:
        """As `get`, but None too where only a config that is not here could hold it: no file says anything of it.

        Raises:
            FlowgateError: a file writes it, and what it comes to cannot be told here.
        """
        held: Any = self.written
        for key in keys:
            held = held.get(key) if isinstance(held, dict) else None
        return None if held is None else self.get(*keys)

    def origin(self, *keys: Any) -> Origin | None:
        """Where a value is written, or the first value below some keys; None where nothing is known of it."""
        if self.origins.get(keys):
            return self.origins[keys][-1]
        below = (givers[-1] for path, givers in self.origins.items() if path[: len(keys)] == keys and givers)
        return next(below, None)


class ConfigBroken(Inconclusive):
    """A config that Hydra does not compose.

    Attributes:
        said: Hydra's own message, which names the config folder by its name alone, so that it is the same in every copy.
        file: where it shows, as a path from the config folder; empty where that is not told.
        line: in that file.
    """

    def __init__(self, conf: Conf, said: str, file: str = "", line: int = 1) -> None:
        self._conf, self._said = conf, said
        self.said = said.replace(THE_FOLDER, os.path.basename(conf.folder))
        self.file, self.line, self.primary = file, line, os.path.relpath(conf.primary)
        self.choice = ""  # the override that chose the experiment
        super().__init__(f"{os.path.relpath(conf.primary)} cannot be composed: {self.seen_from(os.getcwd())}")

    def seen_from(self, folder: str) -> str:
        """Hydra's message, with paths from a folder."""
        return self._said.replace(THE_FOLDER, os.path.relpath(self._conf.folder, folder).replace(os.sep, "/"))


def dotted(keys: Keys) -> str:
    """Some keys as one writes them."""
    return ".".join(map(str, keys))


def open_conf(primary: str, start: Start = _PLAIN) -> Conf | None:
    """The config folder around a root file; None where the file does not exist."""
    if not witness.is_file(primary):
        return None
    primary = os.path.abspath(primary)
    folder = os.path.dirname(primary)
    endings = (".yaml", ".yml") if start.version_base in ("1.1", UNSPECIFIED) else (".yaml",)
    groups: dict[str, dict[str, str]] = {}
    for group, parent, names in _groups(folder):
        choices = {os.path.splitext(name)[0]: os.path.join(parent, name) for name in names if name.endswith(endings)}
        if choices:
            groups[group] = choices
    return Conf(folder, primary, groups, start)


def _groups(folder: str) -> Iterator[tuple[str, str, list[str]]]:
    """The folders below one, where links lead, too: name, path and the names of the files in each."""
    seen = 0
    waiting: list[tuple[str, str, tuple[str, ...]]] = [("", folder, (os.path.realpath(folder),))]
    while waiting and seen < _MOST_ENTRIES:
        above, parent, trail = waiting.pop(0)
        for name in witness.entries(parent):
            seen += 1
            path = os.path.join(parent, name)
            if not os.path.isdir(path):
                continue
            real = os.path.realpath(path)
            if real in trail:  # a link that leads back
                continue
            group = f"{above}/{name}" if above else name
            try:
                inside = witness.entries(path)
            except OSError:
                continue
            yield group, path, inside
            waiting.append((group, path, (*trail, real)))


def releases() -> tuple[str, ...]:
    """Which releases of Hydra and of what it reads with are installed, without importing them."""
    found = (find_spec(name) for name in ("hydra", "omegaconf", "yaml"))
    return tuple(witness.state_of_file(spec.origin) for spec in found if spec is not None and spec.origin)


def compose(conf: Conf, overrides: tuple[str, ...] = (), experiment: str | None = None) -> Composed:
    """The config as Hydra composes it under some overrides; for a flow with the shell, as the shell does.

    Raises:
        ConfigBroken: Hydra refuses.
    """
    from flowgate.flow import remembered

    overrides = (*conf.start.overrides, *overrides)
    if experiment is None:
        return remembered.compose(conf, overrides)
    choice = f"experiment={quoted(experiment)}"
    try:
        return remembered.compose(conf, (*overrides, choice))
    except ConfigBroken as refusal:
        if "Could not override 'experiment'. No match in the defaults list" not in refusal.said:
            refusal.choice = choice
            raise
    try:
        return remembered.compose(conf, (*overrides, f"+{choice}"))
    except ConfigBroken as refusal:
        refusal.choice = f"+{choice}"
        raise


def quoted(name: str) -> str:
    """A choice as an override takes it: a name that is a number, a word of the grammar or holds its signs in quotes."""
    is_plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./-]*", name) is not None and name.lower() not in _WORDS
    return name if is_plain else "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
