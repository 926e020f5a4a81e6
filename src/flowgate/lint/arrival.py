"""Does a value depend on an order that nobody chose: of a set, of a folder's entries, of what finished first?

`exposed` walks a value from where it is stored and yields each use of such an order that can be seen in it. What has no
order of its own (a set, a dict by key, a length, a largest) hides it; what puts an order in (`sorted`) mends it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from flowgate.flow.values import (
    Attr,
    Call,
    Const,
    Display,
    Element,
    Function,
    Item,
    Many,
    Mapping,
    Operation,
    Value,
    callee,
    constant,
    dotted,
    method_of,
    options,
    walk,
)

IsSource = Callable[[Value], bool]
_FREE = frozenset(
    f"builtins.{name}" for name in ("sorted", "set", "frozenset", "len", "any", "all", "min", "max", "bool")
)
_FREE |= {f"statistics.{name}" for name in ("median", "median_low", "median_high", "mean", "fmean", "multimode")}
_FREE |= {f"numpy.{name}" for name in ("median", "max", "min", "amax", "amin", "ptp", "any", "all")}
_FREE |= {
    "heapq.nsmallest",
    "heapq.nlargest",
    "math.fsum",
    "collections.Counter",
    "numpy.sort",
    "numpy.unique",
    "natsort.natsorted",
    "random.shuffle",
}
# What hands on the items of a collection in the order in which they come.
_IN_ORDER = frozenset(
    f"builtins.{name}" for name in ("list", "tuple", "iter", "enumerate", "reversed", "zip", "filter", "map", "next")
)
_IN_ORDER |= {
    f"itertools.{name}"
    for name in (
        "chain islice cycle accumulate tee groupby zip_longest pairwise batched starmap takewhile dropwhile compress "
        "chain.from_iterable"
    ).split()
}
_ARRAYS = frozenset(
    ("numpy.array", "numpy.asarray", "numpy.concatenate", "numpy.stack", "numpy.vstack", "numpy.hstack")
)
_ARRAYS |= {
    "numpy.fromiter",
    "pandas.concat",
    "pandas.DataFrame",
    "pandas.Series",
    "torch.tensor",
    "torch.stack",
    "torch.cat",
}
_TIED = frozenset(("builtins.sorted", "builtins.max", "builtins.min", "heapq.nsmallest", "heapq.nlargest"))
_WHOLE = frozenset("floor ceil gcd lcm comb perm factorial isqrt fsum trunc isnan isinf isfinite isclose".split())
_OWN_ITEMS = frozenset("copy keys values items".split())
_COUNTS = frozenset(f"builtins.{name}" for name in ("len", "int", "ord"))


def exposed(value: Value, is_source: IsSource, lists: bool) -> Iterator[Value]:
    """Every place in a value where the order of a source shows, as the value that is made there.

    Args:
        value: what is stored.
        is_source: whether a collection comes in an order that nobody chose.
        lists: whether a source is a list already, whose order is stored with it; a set's is not.
    """
    seen: set[int] = set()
    stack = [value]
    while stack:
        for option in options(stack.pop()):
            if id(option) in seen:
                continue
            seen.add(id(option))
            if lists and is_source(option):
                yield option
                continue
            shown, further = _look(option, is_source)
            if shown:
                yield option
            stack.extend(further)


def doubtful_sums(value: Value, is_source: IsSource) -> Iterator[Value]:
    """Every sum, in what a value is made of, over such an order that adds neither floats for certain nor ints."""
    for part in walk(value):
        if callee(part) == "builtins.sum" and isinstance(part, Call) and part.args:
            added = part.args[0]
            if in_arrival(added, is_source) and not _adds_floats(added) and not _adds_ints(added):
                yield part


def origin(value: Value, is_source: IsSource) -> Value:
    """The source whose order shows in a value, where it was written; else the value itself."""
    return next((part for part in walk(value) if is_source(part) and part.node is not None), value)


def _look(value: Value, is_source: IsSource) -> tuple[bool, list[Value]]:
    """Whether the order shows in this very value, and the parts in which it may show besides."""
    if isinstance(value, Call):
        return _look_at_call(value, is_source)
    if isinstance(value, Many):
        if value.type in ("dict", "set"):
            return any(_numbers(loop, is_source) for loop in value.loops), [value.element]
        return any(in_arrival(loop, is_source) for loop in value.loops), [value.element]
    if isinstance(value, Item):
        picks = not isinstance(constant(value.key), str) and _is_position(value.key)
        return picks and in_arrival(value.base, is_source), [] if picks else [value.base]
    if isinstance(value, Element):
        return False, []
    if isinstance(value, Attr) and any(
        (isinstance(base, Item) or callee(base) == "builtins.next") and _look(base, is_source)[0]
        for base in options(value.base)
    ):
        return True, []
    return False, list(value.parts())


def _numbers(loop: Value, is_source: IsSource) -> bool:
    """Whether a loop gives each item a number, or a partner, by the order in which it comes."""
    return any(
        callee(one) in ("builtins.enumerate", "builtins.zip") and in_arrival(one, is_source) for one in options(loop)
    )


def _look_at_call(call: Call, is_source: IsSource) -> tuple[bool, list[Value]]:
    name, given = callee(call), [*call.args, *call.keywords.values()]
    if name in _TIED and _leaves_ties(call.keywords.get("key")):
        return any(in_arrival(one, is_source) for one in call.args), []
    if name in _FREE or method_of(call) in (
        "union",
        "intersection",
        "difference",
        "issubset",
        "sort_values",
        "sort_index",
    ):
        return False, []
    if name == "builtins.sum":
        return bool(call.args) and _adds_floats(call.args[0]) and in_arrival(call.args[0], is_source), []
    if name in _IN_ORDER or name in _ARRAYS or method_of(call) == "join":
        return any(in_arrival(one, is_source) for one in given), given
    if method_of(call) == "pop" and not call.args and isinstance(call.func, Attr):
        return in_arrival(call.func.base, is_source), []
    base = [call.func.base] if isinstance(call.func, Attr) else []
    return False, [*given, *base]


def in_arrival(value: Value, is_source: IsSource, depth: int = 0) -> bool:
    """Whether iterating over a value follows the order of a source."""
    if depth > 12:
        return False
    return any(is_source(option) or _hands_on(option, is_source, depth + 1) for option in options(value))


def _hands_on(value: Value, is_source: IsSource, depth: int) -> bool:
    if isinstance(value, Many):
        return value.type != "set" and any(in_arrival(loop, is_source, depth) for loop in value.loops)
    if isinstance(value, Operation):
        return value.operator == "Add" and any(in_arrival(one, is_source, depth) for one in value.operands)
    if isinstance(value, Item):
        return not isinstance(constant(value.key), str | int) and in_arrival(value.base, is_source, depth)
    if not isinstance(value, Call):
        return False
    if callee(value) in _IN_ORDER or (callee(value) in _TIED and _leaves_ties(value.keywords.get("key"))):
        return any(in_arrival(one, is_source, depth) for one in value.args)
    own = method_of(value) in _OWN_ITEMS and isinstance(value.func, Attr)
    return own and isinstance(value.func, Attr) and in_arrival(value.func.base, is_source, depth)


def _leaves_ties(key: Value | None) -> bool:
    """Whether a key certainly is the same for several items: a count, a length, one part of a name.

    Ties keep the order in which they come, and of several largest the first is taken.
    """
    for option in options(key) if key is not None else []:
        if isinstance(option, Attr) and option.name == "count":
            return True
        if dotted(option) == "builtins.len":
            return True
        if isinstance(option, Function) and option.node is not None and any(map(_is_coarse, _returned(option.node))):
            return True
    return False


def _returned(function: ast.AST) -> list[ast.expr]:
    if isinstance(function, ast.Lambda):
        return [function.body]
    return [one.value for one in ast.walk(function) if isinstance(one, ast.Return) and one.value is not None]


def _is_coarse(node: ast.expr) -> bool:
    """`len(name)`, `votes.count(name)`, `path.stem[0]`, `path.stem.split("_")[0]`, `path.suffix`."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") == "len" or getattr(node.func, "attr", "") == "count"
    if isinstance(node, ast.Attribute):
        return node.attr in ("suffix", "parent", "st_size")
    if not isinstance(node, ast.Subscript):
        return False
    first = isinstance(node.slice, ast.Slice) or getattr(node.slice, "value", None) == 0
    made = getattr(node.value, "attr", "") or getattr(getattr(node.value, "func", None), "attr", "")
    return first and made in ("stem", "name", "split", "rsplit", "partition")


def _is_position(key: Value) -> bool:
    return all(isinstance(one, Const) and isinstance(one.value, int) for one in options(key))


def _held_by_key(base: Value) -> list[Value]:
    """The values of a dict that is written out, or made by a comprehension."""
    found: list[Value] = []
    for option in options(base):
        if isinstance(option, Mapping):
            found += [value for _, value in option.items]
        elif isinstance(option, Many) and option.type == "dict" and isinstance(option.element, Display):
            found += option.element.elements[1:2]
    return found


def _adds_floats(value: Value) -> bool:
    """Whether a sum certainly adds floats: the last bit then shows in which order."""
    elements = [one.element for one in options(value) if isinstance(one, Many)]
    return bool(elements) and all(_is_float(element) for element in elements)


def _adds_ints(value: Value) -> bool:
    elements = [one.element for one in options(value) if isinstance(one, Many)]
    return bool(elements) and all(_is_int(option) for element in elements for option in options(element))


def _is_int(value: Value) -> bool:
    if isinstance(value, Const):
        return isinstance(value.value, int)
    return callee(value) in _COUNTS or (isinstance(value, Operation) and value.operator in ("Compare", "Not", "In"))


def _is_float(value: Value) -> bool:
    for option in options(value):
        if isinstance(option, Item) and any(map(_is_float, _held_by_key(option.base))):
            return True
        if callee(option).startswith("math.") and callee(option).rpartition(".")[2] not in _WHOLE:
            return True
        if isinstance(option, Call) and callee(option) in _COUNTS:
            return False
        if isinstance(option, Const) and isinstance(option.value, float):
            return True
        if isinstance(option, Call) and callee(option) == "builtins.float":
            return True
        if isinstance(option, Operation) and (option.operator == "Div" or any(map(_is_float, option.operands))):
            return True
    return False
