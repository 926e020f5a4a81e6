"""FG502."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import DOUBT, Finding
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Stored
from flowgate.flow.values import (
    Call,
    Display,
    Element,
    Item,
    Many,
    Operation,
    Value,
    callee,
    constant,
    dotted,
    method_of,
    number,
    options,
)
from flowgate.lint.arrival import doubtful_sums, exposed, origin
from flowgate.lint.edit import Edit, replaced, wrapped
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_LISTINGS = frozenset(("os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob"))
_LISTING_METHODS = frozenset(("iterdir", "rglob"))
_SETS = frozenset(("builtins.set", "builtins.frozenset"))
_SET_METHODS = frozenset(("union", "intersection", "difference", "symmetric_difference"))


class UnorderedIteration(Rule):
    """The order of a set, or of a folder's entries, reaches an artifact.

    A set of text is iterated in another order in every process, for Python salts its hashes; a folder is listed in the
    order of its file system. A list, an array or a text made in that order differs between two runs that agree on
    everything else. A set that is stored as a set, or looked up in, is fine.
    """

    id = "FG502"
    slug = "unordered-iteration"
    about_agreement = True
    mend = "sort before the order matters: `sorted(...)`"

    def check(self, target: Target) -> Iterator[Finding]:
        for found, _ in self._uses(target):
            yield found

    def fixes(self, target: Target) -> Iterator[tuple[Finding, list[Edit]]]:
        for found, edits in self._uses(target):
            if edits:
                yield found, edits

    def _uses(self, target: Target) -> Iterator[tuple[Finding, list[Edit]]]:
        """Each order that reaches an artifact, and how to sort it where that is one edit."""
        sums = any(b"sum(" in module.source.data for module in target.flow.closure)
        for step, event in target.flow.events():
            if step is None or not isinstance(event, Stored):
                continue
            for use in exposed(event.value, _is_listing, lists=True):
                value = origin(use, _is_listing)
                yield self._finding(target, step, event, value, "a folder's entries"), _sorted_listing(value)
            for use in exposed(event.value, _is_set, lists=False):
                if _is_the_only_one(use):
                    continue
                yield self._finding(target, step, event, use, "a set"), _sorted_use(use)
            for is_source, what in ((_is_set, "a set"), (_is_listing, "a folder's entries")) if sums else ():
                for use in doubtful_sums(event.value, is_source):
                    found = self._finding(target, step, event, use, what)
                    yield found._replace(severity=DOUBT), []

    def _finding(self, target: Target, step: str, event: Stored, value: Value, what: str) -> Finding:
        message = f"the order of {what} reaches `{event.name}`, and it is another one in the next run or elsewhere"
        return self.found(target, value.node or event.node, value.home or event.home, message, step=step)


def _sorted_listing(value: Value) -> list[Edit]:
    """`sorted(os.listdir(folder))`; what a walk or a scan yields has no order to sort by, and a
    list is no iterator."""
    name = callee(value).rpartition(".")[2] or method_of(value)
    if value.node is None or value.home is None or name in ("walk", "scandir") or _is_stepped(value):
        return []
    return [wrapped(value.home.path, value.node, "sorted")]


def _is_stepped(value: Value) -> bool:
    """Whether it is handed to `next` where it stands."""
    tree = value.home.source.parse() if value.home is not None else None
    return tree is not None and any(
        isinstance(call, ast.Call) and getattr(call.func, "id", "") == "next" and call.args[:1] == [value.node]
        for call in nodes(tree)
    )


def _sorted_use(use: Value) -> list[Edit]:
    """`sorted(names)` for `list(names)`, `",".join(sorted(names))` for `",".join(names)`."""
    node, home = use.node, use.home
    if not isinstance(node, ast.Call) or home is None or len(node.args) != 1 or node.keywords:
        return []
    if callee(use) == "builtins.list" and isinstance(node.func, ast.Name):
        return [replaced(home.path, node.func, "sorted")]
    if callee(use) == "builtins.tuple" or method_of(use) == "join":
        return [wrapped(home.path, node.args[0], "sorted")]
    return []


def _is_the_only_one(use: Value) -> bool:
    """`s.pop()` and `next(iter(s))` where the function has made sure that there is one."""
    if method_of(use) != "pop" and callee(use) not in ("builtins.next", "builtins.iter"):
        return False
    tree = use.home.source.parse() if use.home is not None else None
    for function in nodes(tree) if tree is not None else []:
        if isinstance(function, ast.FunctionDef) and any(part is use.node for part in nodes(function)):
            return any(_counts_to_one(part) for part in nodes(function))
    return False


def _counts_to_one(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Call)
        and getattr(node.left.func, "id", "") == "len"
        and getattr(node.comparators[0], "value", None) in (1, 2)
    )


def _is_walked_in_order(value: Value) -> bool:
    """`for folder, dirs, files in os.walk(root): dirs.sort()`: from the top, in the order of the names."""
    tree = value.home.source.parse() if value.home is not None else None
    for loop in nodes(tree) if tree is not None else []:
        if isinstance(loop, ast.For) and loop.iter is value.node and isinstance(loop.target, ast.Tuple):
            folders = getattr(loop.target.elts[1], "id", "") if len(loop.target.elts) == 3 else ""
            return any(_puts_in_order(part, folders) for part in nodes(loop))
    return False


def _puts_in_order(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sort":
        return getattr(node.func.value, "id", "") == name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        ordered = getattr(getattr(node.value, "func", None), "id", "") == "sorted"
        return ordered and getattr(node.targets[0].value, "id", "") == name
    return False


def _is_listing(value: Value) -> bool:
    if isinstance(value, Item) and isinstance(value.base, Element) and callee(value.base.collection) == "os.walk":
        return constant(value.key) in (1, 2)
    if callee(value) == "os.walk":
        return not _is_walked_in_order(value)
    if callee(value) in _LISTINGS:
        return True
    if not isinstance(value, Call) or method_of(value) not in (*_LISTING_METHODS, "glob"):
        return False
    return callee(value) == "" or callee(value).startswith("pathlib.")


def _is_set(value: Value) -> bool:
    """A set of something other than numbers, whose order is the same everywhere."""
    if isinstance(value, Item):
        return any(
            callee(one) == "collections.defaultdict"
            and isinstance(one, Call)
            and any(dotted(part) in _SETS for part in one.args[:1])
            for one in options(value.base)
        )
    if isinstance(value, Display):
        return value.type == "set" and not number(value)
    if isinstance(value, Many):
        return value.type == "set" and not number(value)
    if isinstance(value, Call):
        if callee(value) in _SETS:
            return bool(value.args) and not _is_numeric(value.args[0])
        if callee(value) == "functools.reduce":
            return _makes_sets(value)
        return method_of(value) in _SET_METHODS and any(
            _is_set(one) or callee(one) in _SETS for one in _operands(value)
        )
    if not isinstance(value, Operation) or value.operator not in ("BitOr", "BitAnd", "Sub", "BitXor"):
        return False
    operands = [option for operand in value.operands for option in options(operand)]
    return any(_is_set(one) or method_of(one) in ("keys", "items") for one in operands)


def _makes_sets(reduced: Call) -> bool:
    """`reduce(set.union, ...)`, `reduce(lambda a, b: a | b, ..., set())`."""
    function, start = reduced.args[0] if reduced.args else None, reduced.args[2] if len(reduced.args) > 2 else None
    return any(
        dotted(one) in ("builtins.set.union", "builtins.set.intersection") for one in options(function or Value())
    ) or (start is not None and any(callee(one) in _SETS for one in options(start)))


def _operands(call: Call) -> list[Value]:
    base = getattr(call.func, "base", None)
    return [option for value in ([base] if base is not None else []) for option in options(value)]


def _is_numeric(value: Value) -> bool:
    return all(number(option) or callee(option) == "builtins.range" for option in options(value))


def _flow(*body: str) -> dict[str, str]:
    return {
        "flow.py": f"""
import os
from pathlib import Path
from metaflow import FlowSpec, step


class FilesFlow(FlowSpec):
    @step
    def start(self):
        {(chr(10) + "        ").join(body)}
        self.next(self.end)

    @step
    def end(self):
        print(self.names)
"""
    }


UnorderedIteration.bad = (
    Example("a list of a set", _flow('self.names = list({"auc", "f1"})')),
    Example("a folder, as it is listed", _flow("self.names = [n.upper() for n in os.listdir('/data')]")),
    Example("the first that a glob finds", _flow("self.names = next(Path('/data').glob('*.csv')).name")),
    Example("a text joined from a set", _flow("kept = set('a b c'.split()) - {'b'}", "self.names = ' '.join(kept)")),
)
UnorderedIteration.good = (
    Example("sorted first", _flow('self.names = sorted({"auc", "f1"})', "self.files = sorted(os.listdir('/data'))")),
    Example("a set stored as a set", _flow('self.names = {"auc", "f1"}')),
    Example("sorted where it is", _flow("names = os.listdir('/data')", "names.sort()", "self.names = names")),
    Example("a dict by name", _flow("self.names = {n: os.path.getsize(n) for n in os.listdir('/data')}")),
    Example("how many there are", _flow("self.names = len(os.listdir('/data'))")),
)
