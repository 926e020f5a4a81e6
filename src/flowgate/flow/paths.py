"""Where a path leads, told from the expression that makes it: from the file, from home, or from wherever one stands."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import islice, product
from typing import NamedTuple

from flowgate.flow.values import (
    Attr,
    Call,
    Const,
    Display,
    Element,
    File,
    Item,
    Many,
    Mapping,
    Operation,
    Ref,
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
_MOST = 32
_PATH_CLASSES = frozenset(
    f"pathlib.{name}" for name in ("Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")
)
_SAME = _PATH_CLASSES | frozenset(
    """
    builtins.str os.fspath os.path.normpath os.path.normcase os.path.abspath os.path.realpath os.path.expandvars
    posixpath.abspath posixpath.normpath
    """.split()
)
_SAME_METHODS = frozenset(
    "resolve absolute as_posix expanduser __str__ __fspath__ strip rstrip with_suffix with_name".split()
)
_PATH_METHODS = frozenset("resolve absolute expanduser with_suffix with_name joinpath __truediv__ relative_to".split())
_ENVIRONMENT = ("os.environ.get", "os.getenv", "os.environ.setdefault", "os.environ.pop")


def places(value: Value) -> list[Place]:
    """Every place the value may name: one for each branch or element it may have come through."""
    found: dict[Place, None] = {}
    for option in options(value):
        for place in _places(option):
            found[place] = None
    return list(found)[:_MOST]


def is_path_object(value: Value) -> bool:
    """Whether the value is a `pathlib` path rather than a string."""
    for option in options(value):
        if isinstance(option, Call):
            method = option.func.name if isinstance(option.func, Attr) else ""
            if callee(option) in _PATH_CLASSES or callee(option) in ("pathlib.Path.cwd", "pathlib.Path.home"):
                return True
            if method in _PATH_METHODS and isinstance(option.func, Attr) and is_path_object(option.func.base):
                return True
        elif isinstance(option, Operation) and option.operator == "Div":
            return is_path_object(option.operands[0])
        elif isinstance(option, Attr) and option.name == "parent":
            return is_path_object(option.base)
        elif isinstance(option, Item) and isinstance(option.base, Attr) and option.base.name == "parents":
            return is_path_object(option.base.base)
        elif isinstance(option, Element):
            return any(is_path_object(member) for member in _members(option.collection))
    return False


def _places(value: Value) -> list[Place]:
    if isinstance(value, Const):
        return [_literal(value.value)]
    if isinstance(value, File):
        return [Place(FIXED, os.path.abspath(value.home.path))] if value.home else [_NOWHERE]
    if isinstance(value, Ref):
        name = {"curdir": ".", "pardir": ".."}.get(value.dotted.rpartition(".")[2], "")
        return [Place(CWD, name)] if name and value.dotted.startswith(("os.", "posixpath.")) else [_NOWHERE]
    if isinstance(value, Element):
        return [place for member in _members(value.collection) for place in places(member)] or [_NOWHERE]
    if isinstance(value, Attr):
        return _map(value.base, os.path.dirname) if value.name == "parent" else [_NOWHERE]
    if isinstance(value, Item):
        return _item(value)
    if isinstance(value, Operation):
        return _operation(value)
    return _call(value) if isinstance(value, Call) else [_NOWHERE]


def _members(collection: Value) -> list[Value]:
    """The elements of a collection written out, or the one that a comprehension makes."""
    found: list[Value] = []
    for option in options(collection):
        if isinstance(option, Display):
            found += option.elements
        elif isinstance(option, Many):
            found.append(option.element)
    return found


def _literal(value: object) -> Place:
    if not isinstance(value, str) or not value or value.startswith(("$", "%")):
        return _NOWHERE
    if os.path.isabs(value) or "://" in value or re.match(r"[A-Za-z]:[\\/]", value):
        return Place(FIXED, value)
    return Place(FIXED, os.path.expanduser(value)) if value.startswith("~") else Place(CWD, value)


def _map(value: Value, change: Callable[[str], str]) -> list[Place]:
    return [Place(p.anchor, change(p.path)) if p.anchor != UNKNOWN else _NOWHERE for p in places(value)]


def _item(value: Item) -> list[Place]:
    """`Path(...).parents[2]`, `sys.path[0]`, and an environment variable."""
    index = constant(value.key)
    if isinstance(value.base, Attr) and value.base.name == "parents" and isinstance(index, int) and index >= 0:
        found = places(value.base.base)
        for _ in range(index + 1):
            found = [Place(place.anchor, os.path.dirname(place.path)) for place in found]
        return found
    if dotted(value.base) == "sys.path" and index == 0 and value.home:
        return [Place(FIXED, value.home.package_folder)]
    if dotted(value.base) == "os.environ" and index == "PWD":
        return [Place(CWD, "")]
    return [_NOWHERE]


def _operation(value: Operation) -> list[Place]:
    if value.operator == "Div":
        return _combined(value.operands, _join)
    if value.operator in ("Add", "JoinedStr", "FormattedValue"):
        return _combined(value.operands, _concatenate)
    if value.operator == "Mod":
        return _template(value.operands)
    return [_NOWHERE]


def _combined(parts: list[Value], combine: Callable[[list[Place]], Place]) -> list[Place]:
    """Every way to put the parts together."""
    return [combine(list(chosen)) for chosen in islice(product(*(places(part) for part in parts)), _MOST)]


def _join(parts: list[Place]) -> Place:
    """`os.path.join`: a later absolute part starts anew, and what follows an anchor hangs on that anchor."""
    place: Place | None = None
    for part in parts:
        if place is None or part.anchor == FIXED:
            place = part
        else:
            place = Place(place.anchor, os.path.join(place.path, part.path or "..."))
    return place or _NOWHERE


def _concatenate(parts: list[Place]) -> Place:
    if not parts or parts[0].anchor == UNKNOWN:
        return _NOWHERE
    head = parts[0]
    tail = "".join(part.path or "..." for part in parts[1:])
    return _literal(head.path + tail) if head.anchor == CWD and head.path else Place(head.anchor, head.path + tail)


def _template(parts: list[Value]) -> list[Place]:
    """`"%s/conf" % HERE` hangs on HERE, `"conf/%s" % name` on where one stands."""
    text = constant(parts[0])
    if not isinstance(text, str):
        return [_NOWHERE]
    if not text.startswith("%"):
        return [_literal(text)]
    held = options(parts[1])[0]
    key = re.match(r"%\((\w+)\)s", text)
    if key is not None and isinstance(held, Mapping):
        first = next((value for name, value in held.items if constant(name) == key[1]), None)
        return _map(first, lambda path: path + text[key.end() :]) if first is not None else [_NOWHERE]
    if not text.startswith("%s"):
        return [_NOWHERE]
    first = held.elements[0] if isinstance(held, Display) and held.elements else parts[1]
    return _map(first, lambda path: path + text[2:])


def _format(func: Attr, call: Call) -> list[Place]:
    """`"{}/conf".format(HERE)` hangs on HERE, `"conf/{}".format(name)` on where one stands."""
    text = constant(func.base)
    if not isinstance(text, str):
        return [_NOWHERE]
    field = re.match(r"\{(\w*)[^}]*\}", text)
    if field is None:
        return [_literal(text)]
    first = call.argument(int(field[1] or 0) if (field[1] or "0").isdigit() else 99, field[1])
    return _map(first, lambda path: path + text[field.end() :]) if first is not None else [_NOWHERE]


def _call(value: Call) -> list[Place]:
    name, args = callee(value), value.args
    if name in ("os.getcwd", "pathlib.Path.cwd", "os.getcwdb"):
        return [Place(CWD, "")]
    if name in ("pathlib.Path.home", "importlib.resources.files", "tempfile.gettempdir"):
        return [Place(FIXED, os.path.expanduser("~"))]
    if name == "os.path.expanduser" and args:
        return _map(args[0], os.path.expanduser)
    if name in _ENVIRONMENT:
        if args and constant(args[0]) == "PWD":
            return [Place(CWD, "")]
        fallback = value.argument(1, "default")
        return places(fallback) if fallback is not None else [_NOWHERE]
    if name in ("os.path.join", "posixpath.join"):
        return _combined(args, _join)
    if name in _SAME:
        return _combined(args, _join) if args else [Place(CWD, "")]
    if name == "os.path.dirname" and args:
        return _map(args[0], os.path.dirname)
    if name == "os.path.basename" and args:
        return [_literal(os.path.basename(place.path)) for place in places(args[0]) if place.anchor != UNKNOWN] or [
            _NOWHERE
        ]
    if name in ("inspect.getfile", "inspect.getsourcefile") and value.home:
        return [Place(FIXED, os.path.abspath(value.home.path))]
    return _method(value.func, value) if isinstance(value.func, Attr) else [_NOWHERE]


def _method(func: Attr, call: Call) -> list[Place]:
    if func.name == "format":
        return _format(func, call)
    if func.name in _SAME_METHODS:
        return places(func.base)
    if func.name in ("joinpath", "__truediv__"):
        return _combined([func.base, *call.args], _join)
    if func.name == "join" and (constant(func.base) in ("/", os.sep) or dotted(func.base) == "os.sep"):
        held = options(call.args[0])[0] if call.args else func.base
        return _combined(held.elements, _join) if isinstance(held, Display) else [_NOWHERE]
    return [_NOWHERE]
