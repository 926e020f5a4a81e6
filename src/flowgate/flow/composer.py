"""Hydra in flowgate's own process: it composes a config folder of the user's, and runs none of the user's code.

No plugin, callback or package of the user's is imported, nothing is instantiated. A config or resolver that only the user's
code registers leaves what it would give as not known here.
"""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import hydra
from hydra._internal import config_loader_impl
from hydra._internal.config_repository import CachingConfigRepository
from hydra._internal.defaults_list import DefaultsList, create_defaults_list
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException
from hydra.plugins.config_source import ConfigLoadError
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf._utils import split_key
from omegaconf.errors import OmegaConfBaseException, UnsupportedInterpolationType
from yaml import YAMLError

from flowgate.flow import provenance, sources
from flowgate.flow.conf import UNSPECIFIED, Conf
from flowgate.flow.refusal import message, refusal
from flowgate.flow.remembered import Answer, looked_at
from flowgate.flow.sources import Look
from flowgate.flow.yamlfile import Keys, YamlError, leaves

_MOST_VALUES = 60_000  # interpolations that multiply would be followed for ever
_MOST_KEYS = 60
_NOW = "\0now"  # what the resolver of the time gives here
_DEEPEST = 1000  # frames: what Python allows where Hydra runs by itself
# Groups of Hydra's own that a plugin may add to, which no value of the config hangs on.
_OF_PLUGINS = ("hydra/launcher", "hydra/sweeper", "hydra/job_logging", "hydra/hydra_logging", "hydra/env", "hydra/help")
_FAULTS = (
    HydraException,
    OmegaConfBaseException,
    YAMLError,
    YamlError,
    ValueError,
    TypeError,
    AssertionError,
    AttributeError,
    KeyError,
    IndexError,
    OSError,
)


class _Refused(Exception):
    """What the shell says of a config before it hands it on, and the keys of the value that it speaks of."""

    def __init__(self, said: str, keys: Keys) -> None:
        super().__init__(said)
        self.keys = keys


@cache
def _prepare() -> None:
    """Set Hydra up, without plugins that are not its own."""
    none = types.ModuleType("hydra_plugins")
    none.__path__ = []
    sys.modules.setdefault("hydra_plugins", none)
    Plugins.instance()


_late: set[str] = set()  # the folders of which one composition took too long: no other is begun


def compose(conf: Conf, overrides: tuple[str, ...]) -> Answer:
    """What Hydra composes; for a flow with the shell, what the shell's function makes of it."""
    look = Look(conf)
    if conf.folder in _late:
        return Answer((str(look.too_long()), "", 1), lasting=False)
    try:
        with _looking(look):
            answer = _composed(conf, list(overrides), look)
    except (*_FAULTS, _Refused, RecursionError) as error:
        said, file, line = refusal(conf, error)
        if isinstance(error, _Refused):
            file, line = _place(look, error.keys) or (file, line)
        answer = Answer((said, file, line))
    if look.is_late():
        _late.add(conf.folder)
        answer = Answer((str(look.too_long()), "", 1), lasting=False)
    answer.outside = looked_at(conf, sorted(look.outside))
    return answer


def _noted(*arguments: Any, **options: Any) -> DefaultsList:
    """Hydra's function that works out a defaults list, which is half of its work and is not done twice."""
    look = sources.under_way()
    look.listed = create_defaults_list(*arguments, **options)
    return look.listed


@contextmanager
def _looking(look: Look) -> Iterator[None]:
    """Hydra set up for one composition, and as it was afterwards."""
    _prepare()
    start, store, limit = look.conf.start, ConfigStore.instance(), sys.getrecursionlimit()
    base: dict[str, Any] = {} if start.version_base == UNSPECIFIED else {"version_base": start.version_base}
    registry = SourcesRegistry.instance()
    before, kinds = store.repo, registry.types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sources.begin(look)
        store.repo = _copied(before)
        patched = vars(config_loader_impl)
        patched |= {"create_defaults_list": _noted, "CachingConfigRepository": sources.Repository}
        registry.types = {**kinds, "file": sources.Folder, "pkg": sources.Package}
        handler: Any = None
        try:
            handler = _ring_after(look)
            sys.setrecursionlimit(_depth() + _DEEPEST)
            for name in start.stored:
                if not os.path.exists(os.path.join(look.conf.folder, f"{name}.yaml")):
                    _stand_in(look, name, f"the flow's own code registers `{name}`")
            with hydra.initialize_config_dir(config_dir=look.conf.folder, **base):
                OmegaConf.register_new_resolver("now", lambda pattern: _NOW, replace=True)
                yield
        finally:
            _ring_no_more(handler)
            sys.setrecursionlimit(limit)
            sources.end()
            store.repo = before
            patched |= {
                "create_defaults_list": create_defaults_list,
                "CachingConfigRepository": CachingConfigRepository,
            }
            registry.types = kinds


def _ring_after(look: Look) -> Any:
    """End a composition that takes too long wherever it is, again and again until it lets go; what handled the alarm before.

    Nothing where this is no main thread: only that one is told.
    """
    if threading.current_thread() is not threading.main_thread():
        return None

    def ring(*_: object) -> None:
        raise look.too_long()

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, look.seconds_left(), 1)
    return before


def _ring_no_more(before: Any) -> None:
    """The composition is over: the alarm is again what it was."""
    if before is not None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _copied(repo: dict[str, Any]) -> dict[str, Any]:
    return {name: _copied(held) if isinstance(held, dict) else held for name, held in repo.items()}


def _depth() -> int:
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def _stand_in(look: Look, name: str, why: str) -> None:
    """Register an empty config in the place of one that only the user's code knows."""
    group, _, choice = name.rpartition("/")
    look.unknown[name] = why
    ConfigStore.instance().store(name=choice, group=group or None, node={})


def _composed(conf: Conf, overrides: list[str], look: Look) -> Answer:
    name = os.path.splitext(os.path.basename(conf.primary))[0]
    made = _by_shell(conf, overrides, look) if conf.start.shell else _with_stand_ins(look, name, overrides)
    values = _Values(look)
    tree = values.of(made, ())
    written: Any = OmegaConf.to_container(made, resolve=False)
    assert isinstance(tree, dict) and isinstance(written, dict)
    if conf.start.shell:
        _hand_on(conf, made)
    listed = look.listed
    assert listed is not None
    for default in listed.defaults:
        if default.config_path in look.strange:
            values.unknown.setdefault(_keys(default.package or ""), look.strange[default.config_path])
    trail = provenance.trail_of(_layers(listed.defaults, look), _overrides(listed.config_overrides))
    if conf.start.shell:
        for method in _mapping(_mapping(tree.get("experiment")).get("method_overrides")):
            trail.move(("experiment", "method_overrides", method), ("methods", method))
    files = [look.files[one.config_path] for one in listed.defaults if one.config_path in look.files]
    return Answer(
        refused=None,
        written=written,
        tree=tree,
        unknown=[(list(keys), why) for keys, why in values.unknown.items()],
        origins=[(list(keys), trail.givers(keys)) for keys, _ in leaves(written)],
        files=[os.path.relpath(path, conf.folder) for path in dict.fromkeys(files)],
    )


def _place(look: Look, keys: Keys) -> tuple[str, int] | None:
    """The file and line that gave the value at some keys, or at the nearest above them; None where no file did."""
    if look.listed is None:
        return None
    trail = provenance.trail_of(_layers(look.listed.defaults, look), ())
    for length in range(len(keys), 0, -1):
        givers = trail.givers(keys[:length])
        if givers:
            return givers[-1]
    return None


def _mapping(value: object) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _keys(package: str) -> Keys:
    return tuple(split_key(package)) if package else ()


def _layers(defaults: list[Any], look: Look) -> Iterator[provenance.Layer]:
    """The configs of a defaults list, in the order in which they are merged; Hydra's own aside."""
    for default in defaults:
        path = look.files.get(default.config_path)
        found = sources.parsed(path) if path is not None else None
        if path is None or found is None:
            continue
        values = OmegaConf.to_container(found.config, resolve=False)
        if isinstance(values, dict):
            values.pop("defaults", None)
        package = default.package if default.package is not None else found.header["package"]
        file = os.path.relpath(path, look.conf.folder)
        yield provenance.Layer(file, _keys(package or ""), values, sources.lines(path))


def _overrides(parsed: list[Any]) -> Iterator[provenance.Override]:
    for one in parsed:
        yield provenance.Override(_keys(one.key_or_group), None if one.is_delete() else one.value(), one.is_delete())


def _with_stand_ins(look: Look, name: str, overrides: list[str]) -> DictConfig:
    """What Hydra composes, with something empty in the place of each config that is not here."""
    given = list(overrides)
    while True:
        try:
            return hydra.compose(name, overrides=given)
        except MissingConfigException as error:
            missing = error.missing_cfg_file or ""
            why = _why_missing(look, missing) if missing != name and missing not in look.unknown else ""
            if not why:
                raise
            _stand_in(look, missing, why)
        except HydraException as error:
            # A key that only the missing config would have brought is one that may be overridden.
            forced = [_forced(look.conf, one) for one in overrides]
            if not look.strange or "Could not override" not in str(error) or given == forced:
                raise
            given = forced


def _why_missing(look: Look, name: str) -> str:
    """Why a config that is not here may be there where the flow runs; empty where nothing says so."""
    if name.startswith(_OF_PLUGINS):
        return f"a plugin of Hydra may bring `{name}`"
    if look.conf.start.open:
        return f"the flow's own code may register `{name}`"
    return f"`{name}` may lie on a search path that is not here" if look.strange_sources else ""


def _forced(conf: Conf, override: str) -> str:
    key = override.partition("=")[0]
    plain = "=" in override and not key.startswith(("+", "~")) and "@" not in key and key not in conf.groups
    return f"++{override}" if plain else override


@cache
def _function(text: str) -> types.CodeType:
    """The shell's function that composes, without its imports: what they name is given to it."""
    tree = ast.parse(text)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "compose_config")
    function.body = [node for node in function.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    return compile(ast.Module([function], []), "shell.txt", "exec")


class _Kept(OmegaConf):
    """OmegaConf, but that the config is handed on as it is, for some of its values cannot be told here."""

    @staticmethod
    def to_container(cfg: Any, **options: Any) -> Any:
        """The config itself where a run would take its values."""
        return cfg if options.get("resolve") else OmegaConf.to_container(cfg, **options)


class _Nothing(Exception):
    """An error that is never raised: Hydra's own are wanted as they are."""


def _by_shell(conf: Conf, overrides: list[str], look: Look) -> DictConfig:
    """What the function of the shell, as it is stamped, makes of the config.

    Raises:
        _Refused: it ends with a message.
    """
    import yaml

    names: dict[str, Any] = {
        "HERE": Path(conf.folder).parent,
        "yaml": yaml,
        "compose": lambda name, overrides: _with_stand_ins(look, name, overrides),
        "initialize_config_dir": lambda **_: nullcontext(),
        "OmegaConf": _Kept,
        "HydraException": _Nothing,
        "OmegaConfBaseException": _Nothing,
    }
    exec(_function(conf.start.shell), names)  # noqa: S102  (the text is that of our own scaffold, word for word)
    try:
        made = names["compose_config"](json.dumps({"hydra_overrides": overrides}))
    except SystemExit as refusal:
        keys = re.match(r"([\w.]+):", str(refusal))
        raise _Refused(str(refusal), tuple(keys[1].split(".")) if keys is not None else ()) from None
    assert isinstance(made, DictConfig)
    return made


def _hand_on(conf: Conf, made: DictConfig) -> None:
    """Refuse what the shell could not hand on to the run; what only the flow's own resolvers know is not refused."""
    try:
        OmegaConf.to_container(made, resolve=True, throw_on_missing="throw_on_missing" in conf.start.shell)
    except UnsupportedInterpolationType as error:
        if not conf.start.resolvers:
            raise _Refused(message(error), _keys(str(error.full_key or ""))) from None
    except OmegaConfBaseException as error:
        raise _Refused(message(error), _keys(str(error.full_key or ""))) from None


class _Values:
    """The values of a config, interpolations as what they stand for; why one cannot be told, by its keys."""

    def __init__(self, look: Look) -> None:
        self.unknown: dict[Keys, str] = {}
        self._look, self._left = look, _MOST_VALUES

    def of(self, node: Any, keys: Keys) -> Any:
        """The value of a node as plain data; the text of an interpolation where it cannot be told.

        Raises:
            ConfigLoadError: interpolations multiply, so that there is no end to them.
        """
        self._left -= 1
        if self._left < 0:
            raise ConfigLoadError(f"its interpolations come to more than {_MOST_VALUES:,} values")
        self._look.in_time()
        as_written = node._value()
        if node._is_interpolation():
            try:
                if len(keys) > _MOST_KEYS:
                    raise ValueError("it leads to itself, or is nested too deeply")
                node = node._dereference_node()
            except UnsupportedInterpolationType as error:
                known = self._look.conf.start.resolvers
                self.unknown[keys] = "only the flow's own code knows its resolver" if known else message(error)
                return as_written
            except (*_FAULTS, RecursionError) as error:
                self.unknown[keys] = message(error)
                return as_written
        held = node._value()
        if isinstance(node, DictConfig) and isinstance(held, dict):
            return {key: self.of(below, (*keys, key)) for key, below in held.items()}
        if isinstance(node, ListConfig) and isinstance(held, list):
            return [self.of(below, (*keys, at)) for at, below in enumerate(held)]
        if isinstance(held, str) and _NOW in held:
            self.unknown[keys] = "it is the time of the run"
            return as_written
        return held
