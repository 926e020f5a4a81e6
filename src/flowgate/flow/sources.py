"""Where Hydra reads configs here: sources that look before they read, note where they looked, and import nothing of the user's."""

from __future__ import annotations

import copy
import os
import time
from typing import Any

from hydra._internal.config_repository import CachingConfigRepository
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.core_plugins.importlib_resources_config_source import ImportlibResourcesConfigSource
from hydra._internal.defaults_list import DefaultsList
from hydra.plugins.config_source import ConfigLoadError, ConfigResult
from omegaconf._utils import get_yaml_loader

from flowgate import witness
from flowgate.flow.conf import Conf
from flowgate.flow.yamlfile import Keys, YamlError, check_size, lines_of

_MOST_LOOKS = 20_000  # a defaults list that doubles at every level would be followed for ever
_LONGEST_SECONDS = 20  # where Hydra takes a tenth of one for an ordinary config


class TooLong(ConfigLoadError):
    """A composition that was ended; on another day, or another machine, it may come to its end."""


class Look:
    """What one composition may look at, and what it has looked at.

    Attributes:
        files: the path of each config that was loaded, by the name Hydra has for it.
        outside: paths from the config folder of what lies beside it.
        unknown: the configs that stand for one that is not here, and why it is not.
        listed: the defaults list of the last composition, as Hydra worked it out.
    """

    def __init__(self, conf: Conf) -> None:
        self.conf = conf
        self.left, self.until = _MOST_LOOKS, time.monotonic() + _LONGEST_SECONDS
        self.files: dict[str, str] = {}
        self.outside: set[str] = set()
        self.unknown: dict[str, str] = {}
        self.strange_sources = False
        self.listed: DefaultsList | None = None

    @property
    def strange(self) -> dict[str, str]:
        """Those of `unknown` that give values to the config, as Hydra's own groups do not."""
        return {name: why for name, why in self.unknown.items() if not name.startswith("hydra/")}

    def at(self, path: str) -> None:
        """Note a look at a path.

        Raises:
            ConfigLoadError: there were too many.
        """
        self.once_more()
        if not path.startswith(self.conf.folder + os.sep) and path != self.conf.folder:
            self.outside.add(os.path.relpath(path, self.conf.folder))

    def once_more(self) -> None:
        """Count a config that Hydra asks for.

        Raises:
            ConfigLoadError: there were too many, or it takes too long.
        """
        self.left -= 1
        if self.left < 0:
            raise ConfigLoadError(f"its defaults lists lead to more than {_MOST_LOOKS:,} others")
        self.in_time()

    def in_time(self) -> None:
        """Go on for a while.

        Raises:
            TooLong: it was a long while already.
        """
        if self.is_late():
            raise self.too_long()

    def is_late(self) -> bool:
        """Whether it was too long a while."""
        return time.monotonic() > self.until

    def seconds_left(self) -> float:
        """How long it may still take."""
        return max(0.001, self.until - time.monotonic())

    def too_long(self) -> TooLong:
        """What to say of it then."""
        return TooLong(
            f"Hydra did not come to an end within {_LONGEST_SECONDS} s; its defaults lists or interpolations are too long"
        )


_now: list[Look] = []  # the composition under way


def begin(look: Look) -> None:
    """From here on, note the looks of a composition."""
    _now.append(look)


def end() -> None:
    """The composition is over."""
    _now.clear()


def under_way() -> Look:
    """What the composition under way may look at."""
    return _now[-1]


def parsed(path: str) -> ConfigResult | None:
    """The config that was read from a file; None where none was."""
    kept = _parsed.get(path)
    return kept[1] if kept is not None else None


def lines(path: str) -> dict[Keys, int]:
    """The line of each key of a file that was read, as OmegaConf knows its keys."""
    state, _ = _parsed[path]
    kept = _lines.get(path)
    if kept is None or kept[0] != state or witness.is_fresh(state):
        kept = _lines[path] = (state, lines_of(path, get_yaml_loader()))
    return kept[1]


class Repository(CachingConfigRepository):
    """Hydra's own, which has every config read once, and here counts how often it is asked for one."""

    def load_config(self, config_path: str) -> ConfigResult | None:
        under_way().once_more()
        return super().load_config(config_path)


class Folder(FileConfigSource):
    """A folder of configs, each parsed once while it does not change.

    A relative one is looked for from the project's root, then from the flow's folder: the run takes it from where it is
    started, which cannot be told here.
    """

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        conf, given = under_way().conf, self.path
        places = [
            os.path.normpath(os.path.join(conf.folder, root, given)) for root in reversed(conf.start.roots or ("",))
        ]
        self.path = next((place for place in places if os.path.isdir(place)), places[0])
        if not os.path.isabs(given) and not os.path.isdir(self.path):
            under_way().strange_sources = True

    def load_config(self, config_path: str) -> ConfigResult:
        path = self._path(self._normalize_file_name(config_path))
        under_way().at(path)
        under_way().files[config_path] = path
        state = witness.state_of_file(path)
        kept = _parsed.get(path)
        if kept is None or kept[0] != state or witness.is_fresh(state):
            kept = _parsed[path] = (state, self._parse(config_path, path))
        return copy.deepcopy(kept[1])

    def _parse(self, config_path: str, path: str) -> ConfigResult:
        try:
            check_size(witness.read(path))
            return super().load_config(config_path)
        except YamlError as error:
            raise ConfigLoadError(f"{path}:{error.line} {error}") from None
        except UnicodeDecodeError as error:
            raise ConfigLoadError(f"{path}: {error}") from None
        except RecursionError:
            raise ConfigLoadError(f"{path} is nested too deeply") from None

    def is_group(self, config_path: str) -> bool:
        under_way().at(self._path(config_path))
        return super().is_group(config_path)

    def is_config(self, config_path: str) -> bool:
        under_way().at(self._path(self._normalize_file_name(config_path)))
        return super().is_config(config_path)

    def _path(self, config_path: str) -> str:
        return os.path.normpath(os.path.join(self.path, config_path))


_parsed: dict[str, tuple[str, ConfigResult]] = {}
_lines: dict[str, tuple[str, dict[Keys, int]]] = {}
_own: dict[str, ConfigResult] = {}


class Package(ImportlibResourcesConfigSource):
    """Hydra's own package as Hydra reads it; any other as a folder that is looked for, for importing it would run it."""

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        self._folder: Folder | None = None
        if not self._is_hydras():
            found = self._find()
            self._folder = Folder(provider, found) if found else None
            if not found:
                under_way().strange_sources = True

    def _is_hydras(self) -> bool:
        return self.path.partition(".")[0] == "hydra"

    def _find(self) -> str:
        inside = self.path.replace(".", os.sep)
        places = (
            os.path.normpath(os.path.join(under_way().conf.folder, root, inside))
            for root in under_way().conf.start.roots
        )
        return next((place for place in places if os.path.isdir(place)), "")

    def load_config(self, config_path: str) -> ConfigResult:
        if self._folder is not None:
            return self._folder.load_config(config_path)
        if config_path not in _own:
            _own[config_path] = super().load_config(config_path)
        return copy.deepcopy(_own[config_path])

    def available(self) -> bool:
        return super().available() if self._is_hydras() else self._folder is not None

    def is_group(self, config_path: str) -> bool:
        if self._is_hydras():
            return super().is_group(config_path)
        return self._folder is not None and self._folder.is_group(config_path)

    def is_config(self, config_path: str) -> bool:
        if self._is_hydras():
            return super().is_config(config_path)
        return self._folder is not None and self._folder.is_config(config_path)

    def list(self, config_path: str, results_filter: Any) -> list[str]:
        if self._is_hydras():
            return super().list(config_path, results_filter)
        return self._folder.list(config_path, results_filter) if self._folder is not None else []
