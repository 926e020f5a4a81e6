"""Whether a flow is a promoted one, and where its Hydra config lies."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from flowgate import witness
from flowgate.flow.composing import start_of
from flowgate.flow.conf import Conf, Start, open_conf
from flowgate.flow.model import Flow
from flowgate.flow.paths import CWD, FIXED, UNKNOWN, places
from flowgate.flow.values import Attr, Call, Function, Value, callee, constant, options

SCAFFOLD = os.path.join(os.path.dirname(os.path.dirname(__file__)), "scaffold")
BEGIN = "# >>> flowgate shell"
_MARK = re.compile(rb"(?m)^" + BEGIN.encode() + rb"\s*$")


class Piece(NamedTuple):
    """Text that is copied verbatim between two marks: as it is stamped today, and as it was before."""

    name: str
    begin: str
    end: str
    text: str
    past: tuple[str, ...]

    def stamped(self) -> str:
        """The piece with its marks."""
        return f"{self.begin}\n{self.text}{self.end}\n"

    def nearest(self, held: str) -> str:
        """The copy that a text was most likely stamped from."""
        return max((self.text, *self.past), key=lambda copy: difflib.SequenceMatcher(None, copy, held).ratio())


def _piece(name: str, file: str) -> Piece:
    begin, end = f"# >>> flowgate {name}", f"# <<< flowgate {name}"
    with open(os.path.join(SCAFFOLD, file), encoding="utf-8") as held:
        text = held.read().removeprefix(f"{begin}\n").removesuffix(f"{end}\n")
    folder = os.path.join(SCAFFOLD, "past")
    past = []
    for old in sorted(os.listdir(folder), reverse=True):
        if old.startswith(f"{name}-"):
            with open(os.path.join(folder, old), encoding="utf-8") as held:
                past.append(held.read())
    return Piece(name, begin, end, text, tuple(past))


@cache
def shell() -> Piece:
    """What a promoted flow's file begins with: the import guard, the anchored paths, the way overrides reach Hydra."""
    return _piece("shell", "shell.txt")


@cache
def grid() -> Piece:
    """What stands beside a promoted flow, as `grid.py`: which datasets are made, and what is trained on each."""
    return _piece("grid", "grid.py")


def region(lines: list[str], piece: Piece) -> tuple[int, int | None] | None:
    """Where a piece stands in a file: the places of its first line and of its end mark, counting from 0.

    None for the end where the mark is missing, and for all where there is no such piece.
    """
    begin = next((at for at, line in enumerate(lines) if line.rstrip() == piece.begin), None)
    if begin is None:
        return None
    return begin + 1, next((at for at, line in enumerate(lines) if at > begin and line.rstrip() == piece.end), None)


def conf_of(flow: Flow) -> Conf | None:
    """The Hydra config folder of a flow: where its Config's default file lies, else `conf/` beside it, if the flow reads it.

    A folder belongs to the flows that read it, and not to every flow beside it.
    """
    for setting in flow.settings().values():
        if setting.kind != "Config":
            continue
        default = setting.call.argument(1, "default")
        if default is None or constant(default) is None:
            continue
        for place in places(default):
            path = place.path if place.anchor == FIXED else os.path.join(flow.modules.root, place.path)
            if place.path.endswith((".yaml", ".yml")) and witness.is_folder(os.path.dirname(path)):
                found = _opened(flow, path)
                if found and any(found.groups.values()):
                    return found
    path = os.path.join(flow.module.package_folder, "conf", "config.yaml")
    beside = _opened(flow, path) if witness.is_file(path) else None
    return beside if beside is not None and _reads_conf(flow) else None


def _opened(flow: Flow, primary: str) -> Conf | None:
    """The config folder around a root file; with another root file where the flow's code composes that one by its name."""
    start = _start(flow, primary)
    named = os.path.join(os.path.dirname(primary), f"{start.config_name.removesuffix('.yaml')}.yaml")
    if start.config_name and named != primary and witness.is_file(named):
        primary = named
    return open_conf(primary, start)


def _start(flow: Flow, primary: str) -> Start:
    """How the config with this root file is composed: by the shell, if the flow carries it and the file is where it looks."""
    own = primary == os.path.join(flow.module.package_folder, "conf", "config.yaml")
    parsers = [setting.call.keywords.get("parser") for setting in flow.settings().values() if setting.kind == "Config"]
    by_shell = any(_names_shell(option) for parser in parsers if parser is not None for option in options(parser))
    carried = _carried(flow)
    return start_of(flow, os.path.dirname(primary), carried, own and by_shell)


def _names_shell(parser: Value) -> bool:
    return isinstance(parser, Function) and getattr(parser.node, "name", "") == "compose_config"


def _carried(flow: Flow) -> str:
    """The shell that a flow carries, where it is word for word one that was stamped; else nothing."""
    text = flow.module.source.text.replace("\r\n", "\n")
    if BEGIN not in text:
        return ""
    lines = text.splitlines()
    place = region(lines, shell())
    if place is None or place[1] is None:
        return ""
    held = "\n".join(lines[place[0] : place[1]]) + "\n"
    return held if held in (shell().text, *shell().past) else ""


# Code that composes a config, or names the folder `conf` in a path.
_COMPOSES = re.compile(rb"(?m)^\s*(?:import|from)\s+(?:hydra|omegaconf)\b|[\"'](?:[^\"'\n]*/)?conf(?:/[^\"'\n]*)?[\"']")
_OPENERS = (
    "builtins.open",
    "io.open",
    "pathlib.",
    "os.listdir",
    "os.scandir",
    "os.walk",
    "glob.",
    "yaml.",
    "json.",
    "tomllib.",
)


def _reads_conf(flow: Flow) -> bool:
    """True if a flow reads the `conf/` beside it: by a Config whose parser does, or by a call of its own.

    Told from the code that runs for this flow, not from its file or imports alone: a helper that another flow composes its
    config with may stand in the same module.
    """
    for setting in flow.settings().values():
        if setting.kind != "Config":
            continue
        parser, default = setting.call.keywords.get("parser"), setting.call.argument(1, "default")
        texts = list(_parser_texts(flow, parser)) if parser is not None else []
        if default is not None and any(place.anchor == UNKNOWN for place in places(default)):
            texts.append(flow.module.source.data)  # a path that cannot be told may lead there
        if any(map(_COMPOSES.search, texts)):
            return True
    folder = os.path.join(flow.module.package_folder, "conf")
    return any(_opens(call, folder) for _, call in flow.calls())


def _parser_texts(flow: Flow, parser: Value) -> Iterator[bytes]:
    """The code of the modules that a Config's parser stands in: it may be a function, or its dotted name as a text."""
    for option in options(parser):
        named = constant(option)
        if isinstance(option, Function) and option.home is not None:
            yield option.home.source.data
        elif isinstance(named, str) and "." in named:
            module = os.path.join(*named.split(".")[:-1]) + ".py"
            for folder in (flow.module.package_folder, flow.modules.root):
                path = os.path.join(folder, module)
                if witness.is_file(path):
                    with contextlib.suppress(OSError):  # too large to be code
                        yield witness.read(path)
                    break
        else:
            yield flow.module.source.data


def _opens(call: Call, folder: str) -> bool:
    """True if a call composes a config, or is given a path in that folder."""
    name = callee(call)
    if name.startswith(("hydra.", "omegaconf.")):
        return True
    given = [*call.args, *call.keywords.values()]
    if isinstance(call.func, Attr):  # `(HERE / "conf" / "config.yaml").read_text()`
        given.append(call.func.base)
    found = [place for argument in given for place in places(argument)]
    if any(place.anchor == FIXED and f"{place.path}{os.sep}".startswith(folder + os.sep) for place in found):
        return True
    # A path from wherever one stands: `conf` may be any word, so only what opens a file tells.
    relative = (place.path.split(os.sep) for place in found if place.anchor == CWD)
    return name.startswith(_OPENERS) and any("conf" in parts[:-1] for parts in relative)


def is_promoted(flow: Flow) -> bool:
    """Whether the flow carries the shell: only then it was stamped, and promises what all rules ask for."""
    return _MARK.search(flow.module.source.data) is not None


def follows_standard(flow: Flow, conf: Conf | None) -> bool:
    """Whether a flow without the shell follows the pipeline standard: a Hydra config with experiments, and a seam at least."""
    declares = any(setting.kind == "Config" for setting in flow.settings().values())
    if is_promoted(flow) or not declares or conf is None or not conf.groups.get("experiment"):
        return False
    return re.search(rb"\b(?:make_data|build_model|train_arm)\b", flow.module.source.data) is not None
