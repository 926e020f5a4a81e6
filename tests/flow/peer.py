"""Hydra by itself, in a process of its own: the answer that flowgate's composition is held against."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from flowgate.flow.conf import Composed, Conf, ConfigBroken, Start, compose, open_conf

# Hydra's own package is read once: it is half of the time, and no part of a result.
_CHILD = """
import copy, json, sys, warnings
warnings.simplefilter("ignore")
import hydra
from hydra._internal.core_plugins.importlib_resources_config_source import ImportlibResourcesConfigSource as Package
from omegaconf import OmegaConf

load, own = Package.load_config, {}

def load_once(self, path):
    if path not in own:
        own[path] = load(self, path)
    return copy.deepcopy(own[path])

Package.load_config = load_once

for line in sys.stdin:
    number, folder, name, base, overrides = json.loads(line)
    given = {} if base == "unspecified" else {"version_base": base}
    try:
        with hydra.initialize_config_dir(config_dir=folder, **given):
            made = hydra.compose(name, overrides=overrides)
        written = OmegaConf.to_container(made, resolve=False)
    except BaseException as error:
        print(json.dumps([number, False, type(error).__name__ + ": " + str(error), None]), flush=True)
        continue
    try:
        resolved = repr(OmegaConf.to_container(made, resolve=True))
    except BaseException:
        resolved = None
    print(json.dumps([number, True, repr(written), resolved]), flush=True)
"""


class Answer(NamedTuple):
    """What Hydra came to: values with and without interpolations as Python writes them, or the error."""

    composes: bool
    written: str
    resolved: str | None


class Peer:
    """A process in which Hydra composes, one request after the other."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=folder,
        )
        self._asked = 0

    def ask(self, folder: str, name: str, overrides: tuple[str, ...], base: str | None = None) -> int:
        """Have it begin; the number by which to ask for the answer."""
        assert self._process.stdin is not None
        self._asked += 1
        self._process.stdin.write(json.dumps([self._asked, folder, name, base, overrides]) + "\n")
        self._process.stdin.flush()
        return self._asked

    def answer(self, asked: int) -> Answer:
        """Wait for what it came to; answers that nobody waited for are passed over."""
        assert self._process.stdout is not None
        while True:
            number, *said = json.loads(self._process.stdout.readline())
            if number == asked:
                return Answer(*said)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def conf_at(primary: Path, base: str | None = None) -> Conf:
    """The folder around a root file that need not be there."""
    start = Start(version_base=base)
    return open_conf(str(primary), start) or Conf(str(primary.parent), str(primary), {}, start)


def ours(conf: Conf, overrides: tuple[str, ...]) -> Composed | ConfigBroken:
    """What flowgate comes to."""
    try:
        return compose(conf, overrides)
    except ConfigBroken as refusal:
        return refusal


def disagreement(mine: Composed | ConfigBroken, theirs: Answer) -> str:
    """What differs between the two; empty where they agree."""
    if isinstance(mine, ConfigBroken):
        return f"flowgate refuses ({mine.said}), Hydra composes {theirs.written}" if theirs.composes else ""
    if not theirs.composes:
        return f"flowgate composes {mine.written}, Hydra refuses: {theirs.written}"
    if repr(mine.written) != theirs.written:
        return f"{mine.written} is not {theirs.written}"
    if mine.unknown:  # of some values; the others cannot be told apart in a text
        return ""
    if theirs.resolved is None:
        return f"flowgate resolves {mine.tree}, Hydra does not"
    return "" if repr(mine.tree) == theirs.resolved else f"resolved, {mine.tree} is not {theirs.resolved}"


def compare(peer: Peer, primary: Path, overrides: tuple[str, ...], base: str | None = None) -> str:
    """Compose in both, at the same time."""
    asked = peer.ask(str(primary.parent), primary.stem, overrides, base)
    mine = ours(conf_at(primary, base), overrides)
    return disagreement(mine, peer.answer(asked))
