"""What Hydra composed before, kept by the content of every file that it may have read."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from flowgate import __version__, witness
from flowgate.flow.conf import OVERRIDE, Composed, Conf, ConfigBroken, Origin, releases

_MOST_KEPT = 2000
# A variable of the environment that a config reads: its name, where that is written out.
_VARIABLE = re.compile(rb"oc\.env\s*:\s*([A-Za-z_]\w*)?")


class Answer(msgspec.Struct, array_like=True):
    """What a composition came to, with paths from the config folder, so that it holds for a copy of the folder too.

    Attributes:
        refused: Hydra's message, the file and the line that it is about; None where it composed.
        origins: of the value at some keys, the file and the line of all that gave one.
        outside: what Hydra looked at beside the folder: the digest of a file, `/` for a folder, empty for what is not there.
        lasting: whether the same would be said again.
    """

    refused: tuple[str, str, int] | None
    written: dict[Any, Any] = {}
    tree: dict[Any, Any] = {}
    unknown: list[tuple[list[Any], str]] = []
    origins: list[tuple[list[Any], list[tuple[str, int]]]] = []
    files: list[str] = []
    outside: dict[str, str] = {}
    lasting: bool = True


def compose(conf: Conf, overrides: tuple[str, ...]) -> Composed:
    """What Hydra composes, from memory where nothing that it would read has changed.

    Raises:
        ConfigBroken: Hydra refuses.
    """
    key = _key(conf, overrides)
    answer = _load(conf, key)
    if answer is None:
        from flowgate.flow import composer

        answer = composer.compose(conf, overrides)
        _save(conf, key, answer)
        if not answer.lasting:  # nor may lint believe what it said of it
            witness.note(witness.VARIABLE, witness.ANY_VARIABLE, witness.ANY_VARIABLE)
    if answer.refused is not None:
        raise ConfigBroken(conf, *answer.refused)
    return Composed(
        answer.written,
        answer.tree,
        {tuple(keys): why for keys, why in answer.unknown},
        {tuple(keys): tuple(_origin(conf, *giver) for giver in givers) for keys, givers in answer.origins},
        tuple(_absolute(conf, name) for name in answer.files),
    )


def _origin(conf: Conf, name: str, line: int) -> Origin:
    return Origin(name if name == OVERRIDE else _absolute(conf, name), line)


def _absolute(conf: Conf, name: str) -> str:
    return os.path.normpath(os.path.join(conf.folder, name))


def _key(conf: Conf, overrides: tuple[str, ...]) -> str:
    """What an answer hangs on; empty where that cannot be told."""
    contents, variables = _contents(conf, overrides)
    for name in variables:
        known = name or witness.ANY_VARIABLE
        witness.note(witness.VARIABLE, known, witness.state_of_variable(known))
    if not conf.kept or None in variables:
        return ""
    environment = {name: os.environ.get(name) for name in sorted(variables - {None}, key=str) if name is not None}
    parts = (__version__, _makers(), contents, conf.start, os.path.basename(conf.primary), overrides, environment)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _contents(conf: Conf, overrides: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], set[str | None]]:
    """The digest of each file of the folder by its path in it, the names of its folders, and the variables that are read;
    None for one whose name cannot be told."""
    held = [(f"{group}/", "") for group in conf.groups]
    variables: set[str | None] = {name.decode() or None for name in _VARIABLE.findall(" ".join(overrides).encode())}
    beside = (
        os.path.join(conf.folder, name) for name in witness.entries(conf.folder) if name.endswith((".yaml", ".yml"))
    )
    for path in dict.fromkeys([*conf.files(), *beside]):
        try:
            data = witness.read(path)
        except OSError as error:
            data = str(error).encode()
        held.append((os.path.relpath(path, conf.folder), hashlib.sha256(data).hexdigest()))
        variables |= {name.decode() or None for name in _VARIABLE.findall(data)}
    return tuple(sorted(held)), variables


@cache
def _makers() -> tuple[str, ...]:
    """The releases of what composes, and this code."""
    names = ("composer.py", "sources.py", "refusal.py", "provenance.py", "remembered.py")
    own = (os.path.join(os.path.dirname(__file__), name) for name in names)
    return (*map(witness.state_of_file, own), *releases())


def _load(conf: Conf, key: str) -> Answer | None:
    if not key:
        return None
    try:
        with open(os.path.join(conf.kept, key), "rb") as file:
            answer = msgspec.msgpack.decode(file.read(), type=Answer)
    except (OSError, msgspec.DecodeError):
        return None
    return answer if answer.outside == looked_at(conf, answer.outside) else None


def looked_at(conf: Conf, names: Iterable[str]) -> dict[str, str]:
    """How files and folders outside of the config folder stand."""
    found = {}
    for name in names:
        path = _absolute(conf, name)
        if os.path.isdir(path):
            found[name] = "/"
            witness.is_folder(path)
        else:
            witness.is_file(path)
            found[name] = witness.content_of_file(path) or ""
    return found


def _save(conf: Conf, key: str, answer: Answer) -> None:
    """Keep an answer; where that cannot be written, it is composed anew the next time."""
    if not key or not answer.lasting:
        return
    from flowgate.errors import FlowgateError
    from flowgate.files import cache_folder, write_whole

    try:
        data = msgspec.msgpack.encode(answer)
        cache_folder(os.path.dirname(os.path.dirname(conf.kept)))
        os.makedirs(conf.kept, exist_ok=True)
        _make_room(conf.kept)
        write_whole(os.path.join(conf.kept, key), data, key)
    except (OSError, FlowgateError, OverflowError, TypeError, ValueError):
        pass


def _make_room(folder: str) -> None:
    names = os.listdir(folder)
    if len(names) < _MOST_KEPT:
        return
    paths = sorted((os.path.join(folder, name) for name in names), key=os.path.getmtime)
    for path in paths[: len(paths) // 2]:
        os.unlink(path)
