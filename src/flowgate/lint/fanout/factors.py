"""The lists that multiply in the collection of a foreach, each with the names it goes by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowgate.flow.model import Flow
from flowgate.flow.values import (
    Attr,
    Call,
    Display,
    Element,
    Item,
    Many,
    Mapping,
    Operation,
    Unknown,
    Value,
    callee,
    constant,
    method_of,
    walk,
)
from flowgate.lint.fanout.shapes import GRIDS, SPREADS, THROUGH, reads

_DEEPEST = 16


class Factor(NamedTuple):
    """One list that the branches multiply in, and the names it is known by."""

    value: Value
    names: tuple[str, ...]


def factors(flow: Flow, value: Value, names: tuple[str, ...], depth: int = 0) -> Iterator[Factor]:
    """The lists that multiply in a collection, each with the names it went by on the way."""
    if depth > _DEEPEST:
        return
    for option in flow.resolve(value):
        inner = names + _carried(option, depth)
        if isinstance(option, Many) and any(reads(part, "data_axes") for held in option.within for part in walk(held)):
            continue
        if isinstance(option, Many) and isinstance(option.element, Item) and _is_key(option.element.key):
            tables = [held for held in flow.resolve(option.element.base) if isinstance(held, Mapping)]
            if tables:  # `product(*(space[key] for key in keys))`
                for table in tables:
                    yield from _of_grid(flow, Call(Unknown(), [], {}, option.node, option.home), table, inner, depth)
                continue
        if isinstance(option, Many):
            above = inner if len(option.loops) == 1 else ()
            for loop in option.loops:
                for part in _columns(loop):
                    yield from factors(flow, part, (*above, *_loop_names(option.element, part)), depth + 1)
            if not option.loops or isinstance(option.element, Element | Display | Mapping):
                yield from _grown(flow, option, inner, depth)
        elif isinstance(option, Call):
            yield from _of_call(flow, option, inner, depth)
        elif isinstance(option, Operation) and option.operator in ("Add", "Mult"):
            for operand in option.operands:
                yield from factors(flow, operand, inner, depth + 1)
        elif isinstance(option, Element):
            yield from _inside(flow, option, inner, depth)
        else:
            yield Factor(option, inner)


def _is_key(value: Value) -> bool:
    return isinstance(value, Element)


def _carried(value: Value, depth: int) -> tuple[str, ...]:
    """The names of a value; the name of the foreach's own artifact says nothing of where its elements come from."""
    return value.names if depth or isinstance(value, Display | Mapping) else ()


def _grown(flow: Flow, made: Many, names: tuple[str, ...], depth: int) -> Iterator[Factor]:
    """What grew outside any loop: its elements are as many as the appends."""
    if not made.loops:
        yield Factor(Display("list", [made.element], made.node, made.home), names)


def _inside(flow: Flow, element: Element, names: tuple[str, ...], depth: int) -> Iterator[Factor]:
    """A list that is itself an element of a list: `for part in parts: rows += part`."""
    for option in flow.resolve(element.collection):
        if isinstance(option, Display):
            for item in option.elements:
                yield from factors(flow, item, names, depth + 1)
        else:
            yield Factor(element, names)


def _columns(loop: Value) -> list[Value]:
    """The lists that a loop goes over together, each under names of its own."""
    together = isinstance(loop, Call) and callee(loop).rpartition(".")[2] in ("product", "zip")
    return list(loop.args) if together and isinstance(loop, Call) else [loop]


def _loop_names(element: Value, loop: Value) -> tuple[str, ...]:
    """The loop variables and keys under which the values of `loop` enter an element."""
    found: tuple[str, ...] = ()
    for part in walk(element):
        if (isinstance(part, Element) and _same_source(part.collection, loop)) or (
            isinstance(part, Item) and isinstance(part.base, Element) and part.base.collection is loop
        ):
            found += part.names
    return found


def _same_source(collection: Value, loop: Value) -> bool:
    return collection is loop or (isinstance(loop, Call) and any(collection is argument for argument in loop.args))


def _of_call(flow: Flow, call: Call, names: tuple[str, ...], depth: int) -> Iterator[Factor]:
    name = callee(call) or (call.func.name if isinstance(call.func, Attr) else "")
    last = name.rpartition(".")[2]
    if name in GRIDS and call.args:
        yield from _of_grid(flow, call, call.args[0], names, depth)
        return
    if name == "functools.reduce" and len(call.args) > 1:
        for option in flow.resolve(call.args[1]):
            if method_of(option) == "items" and isinstance(option, Call) and isinstance(option.func, Attr):
                for held in flow.resolve(option.func.base):
                    if isinstance(held, Mapping):
                        yield from _of_grid(flow, call, held, names, depth)
                    else:
                        yield from factors(flow, held, names, depth + 1)
        return
    if last in SPREADS:
        yield Factor(call, names)
        return
    if last not in THROUGH:
        yield Factor(call, names)
        return
    parts = list(call.args)
    if isinstance(call.func, Attr) and not callee(call):
        parts = [call.func.base]
    for part in parts:
        yield from factors(flow, part, names, depth + 1)


def _of_grid(flow: Flow, call: Call, grid: Value, names: tuple[str, ...], depth: int) -> Iterator[Factor]:
    """`ParameterGrid({...})`: a factor for each key; a grid that cannot be read is one of hyper-parameters."""
    for option in flow.resolve(grid):
        if isinstance(option, Mapping):
            for key, value in option.items:
                known = str(constant(key)).rpartition("__")  # `step__parameter` of a pipeline
                yield from factors(flow, value, ("hyperparameter" if known[1] else known[2],), depth + 1)
        else:
            yield Factor(call, names)
