"""The keys and fields, named like training parameters, that differ between the items of a foreach."""

from __future__ import annotations

import ast

from flowgate.flow.model import Flow
from flowgate.flow.values import (
    Attr,
    Call,
    Display,
    Element,
    Instance,
    Item,
    Many,
    Mapping,
    Operation,
    Value,
    callee,
    constant,
    method_of,
    options,
    strings,
    walk,
)
from flowgate.lint.fanout.shapes import KEYS_DEEP, SPREADS, THROUGH, is_single, unwrapped
from flowgate.meaning.words import is_data, is_parameter

_NAMEDTUPLES = ("collections.namedtuple", "typing.NamedTuple")


def varying_keys(flow: Flow, value: Value, depth: int = 0) -> list[str]:
    """The keys and fields, named like training parameters, that differ between the elements of a collection."""
    if isinstance(value, Many):
        loops = [held for loop in value.loops for held in flow.resolve(loop)]
        if depth < KEYS_DEEP and isinstance(unwrapped(value.element), Element):
            return [key for held in loops for key in varying_keys(flow, held, depth + 1)]
        found = [key for option in flow.resolve(value.element) for key, held in _fields(option) if varies(held)]
        return found + [key for held in loops for key in _computed_keys(flow, value, held)]
    if isinstance(value, Display):
        return _multiplied(flow, value)
    if isinstance(value, Item) and isinstance(value.key, Operation) and depth < KEYS_DEEP:  # a slice
        return [key for held in flow.resolve(value.base) for key in varying_keys(flow, held, depth + 1)]
    if isinstance(value, Call) and callee(value).rpartition(".")[2] in THROUGH and depth < KEYS_DEEP:
        parts = [held for part in value.args for held in flow.resolve(part)]
        return [key for held in parts for key in varying_keys(flow, held, depth + 1)]
    return []


def spelled_by_keys(flow: Flow, value: Value) -> set[int]:
    """The ids of the lists whose values a collection's elements hold under a key that is itself named as varying.

    `[{"learning_rate": lr} for lr in lrs]` varies in one axis, which goes by the name of the key.
    """
    found: set[int] = set()
    if not isinstance(value, Many):
        return found
    for option in flow.resolve(value.element):
        for _, held in _fields(option):
            for part in walk(held):
                if isinstance(part, Element) and varies(held):
                    found |= {id(source) for source in flow.resolve(part.collection)}
    return found


def _fields(element: Value) -> list[tuple[str, Value]]:
    """The keys of a dict, or the fields of a dataclass or namedtuple, that are named like training parameters."""
    found: list[tuple[str, Value]] = []
    if isinstance(element, Mapping):
        found = [(str(constant(key)), value) for key, value in element.items]
    elif isinstance(element, Instance):
        found = list(element.attributes.items())
    elif (
        isinstance(element, Call) and callee(element) in ("json.dumps", "yaml.dump", "yaml.safe_dump") and element.args
    ):
        return [field for option in options(element.args[0]) for field in _fields(option)]
    elif isinstance(element, Call) and isinstance(element.func, Call) and callee(element.func) in _NAMEDTUPLES:
        declared = element.func.args[1] if len(element.func.args) > 1 else None
        text = constant(declared)
        names = text.replace(",", " ").split() if isinstance(text, str) else strings(declared) or []
        found = [*zip(names, element.args, strict=False), *element.keywords.items()]
    return [(name, value) for name, value in found if is_parameter(name)]


def _computed_keys(flow: Flow, made: Many, loop: Value) -> list[str]:
    """`{**base, key: value}` for the items of a dict: its keys, where they are training parameters with several values."""
    if method_of(loop) != "items" or not isinstance(loop, Call) or not isinstance(loop.func, Attr):
        return []
    if not any(
        isinstance(option, Mapping) and constant(key) is ...
        for option in flow.resolve(made.element)
        for key, _ in getattr(option, "items", [])
    ):
        return []
    return [
        str(constant(key))
        for held in flow.resolve(loop.func.base)
        if isinstance(held, Mapping)
        for key, item in held.items
        if is_parameter(str(constant(key))) and not any(is_single(option) for option in flow.resolve(item))
    ]


def _literal(value: Value) -> object:
    """A literal, or a list of them as it is written."""
    held = constant(value)
    return ast.unparse(value.node) if held is ... and isinstance(value, Display) and value.node is not None else held


def varies(value: Value) -> bool:
    """Whether a value hangs on a loop's element, or is drawn anew each time."""
    return any(
        (isinstance(part, Element) and not any(is_single(held) for held in [part.collection]))
        or method_of(part) in SPREADS
        for part in walk(value)
    )


def _multiplied(flow: Flow, listed: Display) -> list[str]:
    """In dicts written out: the training parameters that differ while the data they are paired with do not."""
    rows = [unwrapped(option) for element in listed.elements for option in flow.resolve(element)]
    tables = [{str(constant(k)): _literal(item) for k, item in row.items} for row in rows if isinstance(row, Mapping)]
    data = [tuple(repr(value) for key, value in table.items() if is_data(key)) for table in tables]
    if any(data) and len(set(data)) == len(data):
        return []
    keys = dict.fromkeys(key for table in tables for key in table if is_parameter(key))
    return [key for key in keys if len({repr(table.get(key)) for table in tables}) > 1]
