"""What a value is, as equality sees it: a header, and parts that are described in turn."""

from __future__ import annotations

import collections
import copyreg
import struct
import sys
import types
from typing import Any, Iterable, List, NamedTuple, Tuple

from flowgate_probe import libraries


class Incomparable(Exception):
    """A value about which nothing can be decided: where in the artifact it stands, and why."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(why)
        self.why, self.path = why, path

    def __str__(self) -> str:
        return "%s: %s" % (self.path, self.why) if self.path else self.why

    def inside(self, accessor: str) -> "Incomparable":
        """The same, seen from the value that holds it."""
        return Incomparable(self.why, accessor + self.path)


class Attribute(str):
    """A label that is an attribute's name: its path is `.name`, not `['name']`."""


class Described(NamedTuple):
    """A value as equality sees it.

    `header` holds type, dtype and shape, and the bits of a value without parts. `parts` are (label, part); where
    `keyed`, they are matched by label and their order says nothing. `blob` yields the bytes of an array.
    """

    header: Tuple[bytes, ...]
    parts: List[Tuple[Any, Any]]
    keyed: bool = False
    blob: Any = None


def describe(value: Any) -> Described:
    """The header and parts of a value.

    Raises:
        Incomparable: it cannot be described.
    """
    kind = type(value)
    maker = _EXACT.get(kind)
    if maker is not None:
        return maker(value)
    for recognise in libraries.RECOGNISERS:
        found = recognise(value)
        if found is not None:
            return found
    if kind is types.FunctionType and ("<lambda>" in value.__qualname__ or "<locals>" in value.__qualname__):
        return _local_function(value)
    if isinstance(value, type) or kind in _GLOBALS:
        return Described((b"global", _global(value)), [])
    return _object(value)


def name_of(kind: Any) -> str:
    return "%s.%s" % (getattr(kind, "__module__", "?"), getattr(kind, "__qualname__", repr(kind)))


def _global(value: Any) -> bytes:
    return (
        (getattr(value, "__module__", None) or "").encode()
        + b":"
        + getattr(value, "__qualname__", repr(value)).encode()
    )


def _bits(tag: bytes, data: bytes) -> Described:
    return Described((tag, data), [])


def float_bits(value: float) -> bytes:
    """The eight bytes of a float; every NaN has the same."""
    return struct.pack(">d", value) if value == value else b"nan"


def _sequence(tag: bytes, items: Iterable[Any]) -> Described:
    return Described((tag,), list(enumerate(items)))


def _set(tag: bytes, items: Iterable[Any]) -> Described:
    return Described((tag,), [(item, None) for item in items], keyed=True)


_EXACT = {
    type(None): lambda v: _bits(b"none", b""),
    bool: lambda v: _bits(b"bool", b"1" if v else b"0"),
    int: lambda v: _bits(b"int", hex(v).encode()),
    float: lambda v: _bits(b"float", float_bits(v)),
    complex: lambda v: Described((b"complex", float_bits(v.real), float_bits(v.imag)), []),
    str: lambda v: _bits(b"str", v.encode("utf-8", "surrogatepass")),
    bytes: lambda v: _bits(b"bytes", v),
    bytearray: lambda v: _bits(b"bytearray", bytes(v)),
    list: lambda v: _sequence(b"list", v),
    tuple: lambda v: _sequence(b"tuple", v),
    dict: lambda v: Described((b"dict",), list(v.items()), keyed=True),
    set: lambda v: _set(b"set", v),
    frozenset: lambda v: _set(b"frozenset", v),
    type(Ellipsis): lambda v: _bits(b"ellipsis", b""),
    range: lambda v: _sequence(b"range", (v.start, v.stop, v.step)),
    slice: lambda v: _sequence(b"slice", (v.start, v.stop, v.step)),
}
_GLOBALS = (type(describe), type(len), type(sys))


def _local_function(function: Any) -> Described:
    """A function that no module holds under its name, by what it does: its code, and all that it closes over."""
    cells = [(cell.cell_contents,) if _is_set(cell) else () for cell in function.__closure__ or ()]
    parts = [
        (Attribute("__code__"), _code(function.__code__)),
        (Attribute("__defaults__"), function.__defaults__),
        (Attribute("__kwdefaults__"), function.__kwdefaults__),
        (Attribute("__closure__"), cells),
        (Attribute("__dict__"), function.__dict__),
    ]
    return Described((b"function",), parts)


def _is_set(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _code(code: Any) -> Tuple[Any, ...]:
    """What a code object does, wherever it was written."""
    constants = [_code(item) if isinstance(item, types.CodeType) else item for item in code.co_consts]
    counts = (code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags)
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, counts)


# Attributes in which a class notes the address of something, for its own use: no two runs share them.
_ADDRESSES = {"sklearn.feature_extraction.text": ("_stop_words_id",)}


def _object(value: Any) -> Described:
    """Any other object, by its class and what pickle would store of it."""
    reducer = copyreg.dispatch_table.get(type(value))
    try:
        reduced = reducer(value) if reducer is not None else value.__reduce_ex__(4)
    except RecursionError:
        raise
    except Exception as error:
        raise Incomparable(
            "a %s cannot be pickled (%s); store what it holds instead: numbers, text, arrays, or a dict of them"
            % (name_of(type(value)), error)
        ) from None
    if isinstance(reduced, str):
        return Described((b"global", reduced.encode(), name_of(type(value)).encode()), [])
    made = list(reduced) + [None] * (5 - len(reduced))
    function, arguments, state, items, pairs = made[:5]
    parts = [(Attribute(""), function), (Attribute("__reduce__"), arguments)]  # type: List[Tuple[Any, Any]]
    if state is not None:
        parts += state_parts(_without_addresses(type(value), state))
    if items is not None:
        parts += list(enumerate(items))
    if pairs is not None:
        pairs = list(pairs)
        ordered = isinstance(value, collections.OrderedDict)
        parts.append((Attribute(""), pairs if ordered else dict(pairs)))
    return Described((b"object", name_of(type(value)).encode()), parts)


def _without_addresses(kind: type, state: Any) -> Any:
    modules = {base.__module__ for base in kind.__mro__}
    names = [name for module, held in _ADDRESSES.items() if module in modules for name in held]
    if names and type(state) is dict:
        return {name: item for name, item in state.items() if name not in names}
    return state


def state_parts(state: Any) -> list[tuple[Any, Any]]:
    """The attributes of an object, by name; whatever else it calls its state, whole."""
    tables = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    if all(table is None or type(table) is dict for table in tables):
        names = {name: item for table in tables if table for name, item in table.items()}
        if all(isinstance(name, str) for name in names):
            return [(Attribute(name), names[name]) for name in sorted(names)] + [(Attribute(""), sorted(names))]
    return [(Attribute("__state__"), state)]
