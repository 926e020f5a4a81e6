"""Where a path leads, told from the expression that makes it: from the file, from home, or from wherever one stands."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from flowgate.flow.values import (
    Attr,
    Call,
    Const,
    Display,
    Element,
    File,
    Item,
    Operation,
    Value,
    callee,
    constant,
    dotted,
    options,
)

FIXED, CWD, UNKNOWN = "fixed", "cwd", "unknown"


class Place(NamedTuple):
    """A path and what it hangs on: `fixed` (absolute, by `__file__` or home), `cwd`, or `unknown`."""

    anchor: str
    path: str


_NOWHERE = Place(UNKNOWN, "")
_SAME = frozenset(
    """
    builtins.str os.fspath pathlib.Path pathlib.PurePath pathlib.PosixPath os.path.normpath os.path.normcase
    os.path.abspath os.path.realpath os.path.expandvars posixpath.abspath posixpath.normpath
    """.split()
)
_SAME_METHODS = frozenset(
    [
        "resolve",
        "absolute",
        "as_posix",
        "expanduser",
        "__str__",
        "__fspath__",
        "strip",
        "rstrip",
        "format",
        "with_suffix",
        "with_name",
    ]
)


def places(value: Value) -> list[Place]:
    """Every place the value may name, one for each branch it may have come through."""
    found: list[Place] = []
    for option in options(value):
        held = options(option.collection)[0] if isinstance(option, Element) else None
        if isinstance(held, Display):
            found += [place for element in held.elements for place in places(element)]
        else:
            found.append(_place(option))
    return found


def _place(value: Value) -> Place:
    if isinstance(value, Const):
        return _literal(value.value)
    if isinstance(value, File):
        return Place(FIXED, os.path.abspath(value.home.path)) if value.home else _NOWHERE
    if isinstance(value, Attr):
        return _map(value.base, os.path.dirname) if value.name == "parent" else _NOWHERE
    if isinstance(value, Item):
        return _item(value)
    if isinstance(value, Operation):
        return _operation(value)
    if isinstance(value, Call):
        return _call(value)
    return _NOWHERE


def _literal(value: object) -> Place:
    if not isinstance(value, str):
        return _NOWHERE
    if os.path.isabs(value) or "://" in value:
        return Place(FIXED, value)
    return Place(FIXED, os.path.expanduser(value)) if value.startswith("~") else Place(CWD, value)


def _map(value: Value, change: Callable[[str], str]) -> Place:
    place = _first(value)
    return Place(place.anchor, change(place.path)) if place.anchor != UNKNOWN else _NOWHERE


def _first(value: Value) -> Place:
    """The place of a part of a path; one that hangs on the current directory wins over one that does not."""
    found = places(value)
    return next((place for place in found if place.anchor == CWD), found[0] if found else _NOWHERE)


def _item(value: Item) -> Place:
    """`Path(...).parents[2]`, and `sys.path[0]`, the folder of the script."""
    index = constant(value.key)
    if isinstance(value.base, Attr) and value.base.name == "parents" and isinstance(index, int) and index >= 0:
        place = _first(value.base.base)
        for _ in range(index + 1):
            place = Place(place.anchor, os.path.dirname(place.path))
        return place
    if dotted(value.base) == "sys.path" and index == 0 and value.home:
        return Place(FIXED, value.home.package_folder)
    return _NOWHERE


def _operation(value: Operation) -> Place:
    if value.operator == "Div":
        return _join(value.operands)
    if value.operator in ("Add", "JoinedStr", "FormattedValue"):
        return _concatenate(value.operands)
    if value.operator == "Mod":
        return _template(value.operands)
    return _NOWHERE


def _join(parts: list[Value]) -> Place:
    """`os.path.join`: a later absolute part starts anew, and what follows an anchor hangs on that anchor."""
    place: Place | None = None
    for part in parts:
        found = _first(part)
        if place is None or found.anchor == FIXED:
            place = found
        elif found.anchor == UNKNOWN:
            place = Place(place.anchor, os.path.join(place.path, "*"))
        else:
            place = Place(place.anchor, os.path.join(place.path, found.path))
    return place or _NOWHERE


def _concatenate(parts: list[Value]) -> Place:
    if not parts:
        return _NOWHERE
    head = _first(parts[0])
    if head.anchor == UNKNOWN:
        return _NOWHERE
    tail = "".join(_first(part).path or "*" for part in parts[1:])
    return _literal(head.path + tail) if head.anchor == CWD and head.path else Place(head.anchor, head.path + tail)


def _template(parts: list[Value]) -> Place:
    """`"%s/conf" % HERE` hangs on HERE, `"conf/%s" % name` on where one stands."""
    text = constant(parts[0])
    if not isinstance(text, str):
        return _NOWHERE
    if text.startswith("%s"):
        held = options(parts[1])[0]
        first = getattr(held, "elements", [held])[0]
        return _map(first, lambda path: path + text[2:])
    return _literal(text)


def _call(value: Call) -> Place:
    name, args = callee(value), value.args
    if name in ("os.getcwd", "pathlib.Path.cwd", "os.getcwdb"):
        return Place(CWD, "")
    if name in ("pathlib.Path.home", "os.path.expanduser", "importlib.resources.files", "tempfile.gettempdir"):
        return Place(FIXED, os.path.expanduser("~")) if name != "os.path.expanduser" else _home(value)
    if name in ("os.environ.get", "os.getenv", "os.environ.setdefault"):
        return _first(args[1]) if len(args) > 1 else _NOWHERE
    if name in ("os.path.join", "posixpath.join"):
        return _join(args)
    if name in _SAME:
        return _join(args) if args else Place(CWD, "")
    if name == "os.path.dirname" and args:
        return _map(args[0], os.path.dirname)
    if name in ("inspect.getfile", "inspect.getsourcefile") and value.home:
        return Place(FIXED, os.path.abspath(value.home.path))
    if isinstance(value.func, Attr):
        return _method(value.func, args)
    return _NOWHERE


def _home(value: Call) -> Place:
    place = _first(value.args[0]) if value.args else _NOWHERE
    return Place(place.anchor, os.path.expanduser(place.path)) if place.anchor != UNKNOWN else place


def _method(func: Attr, args: list[Value]) -> Place:
    if func.name in _SAME_METHODS:
        return _first(func.base)
    if func.name in ("joinpath", "__truediv__"):
        return _join([func.base, *args])
    if func.name == "join" and constant(func.base) in ("/", os.sep):
        held = options(args[0])[0] if args else func.base
        return _join(list(getattr(held, "elements", [])))
    return _NOWHERE
