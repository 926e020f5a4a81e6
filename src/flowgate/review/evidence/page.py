"""A file of the case as evidence is read off it: its lines, and what each of its calls calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from flowgate.flow.evaluate import run_function, run_module
from flowgate.flow.modules import Modules
from flowgate.flow.source import Source
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Called, Event
from flowgate.flow.values import Call, Class, Function, Module, Value, callee, options

FLOW, SOURCE = "flow", "source"
_WIDEST = 300
_LONGEST = 8  # lines of a statement that is shown whole


class Shown(NamedTuple):
    """A line, or a statement of a few, that bears on a trap: where it stands, what it does, and the code or sentence itself.

    `weight` says how much it tells: 0 for what the code does, 1 for a value, 2 for words that only mention the matter.
    """

    path: str
    line: int
    last: int
    what: str
    code: str
    weight: int = 0


class Page:
    """One text file of the case; `tree` is None for what is not Python, or cannot be parsed."""

    def __init__(self, path: str, side: str, text: str) -> None:
        self.path, self.side, self.text = path, side, text
        self.lines = text.replace("\r\n", "\n").split("\n")
        self.calls: dict[int, Call] = {}
        self.tree: ast.Module | None = None

    @property
    def is_python(self) -> bool:
        """Whether its syntax can be asked."""
        return self.tree is not None

    @property
    def is_prose(self) -> bool:
        """Whether it is written for people: neither Python nor a config."""
        return not self.path.endswith((".py", ".yaml", ".yml", ".json", ".toml"))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file, in the order of its lines."""
        found = nodes(self.tree) if self.tree is not None else []
        return sorted((one for one in found if _place(one) != (0, 0)), key=_place)

    @cached_property
    def _around(self) -> dict[int, ast.AST]:
        found = {}
        for parent in nodes(self.tree) if self.tree is not None else []:
            for child in ast.iter_child_nodes(parent):
                found[id(child)] = parent
        return found

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around one, innermost first."""
        inner = self._around.get(id(node))
        while inner is not None:
            yield inner
            inner = self._around.get(id(inner))

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node that one is a part of."""
        return self._around.get(id(node))

    def function_of(self, node: ast.AST) -> str:
        """The name of the function around a node; empty at the top level."""
        found = (one.name for one in self.above(node) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
        return next(found, "")

    def loops_around(self, node: ast.AST) -> list[ast.For | ast.AsyncFor | ast.While]:
        """The loops of the same function that a node stands in, innermost first."""
        found: list[ast.For | ast.AsyncFor | ast.While] = []
        for one in self.above(node):
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                break
            if isinstance(one, ast.For | ast.AsyncFor | ast.While):
                found.append(one)
        return found

    def name(self, call: ast.Call) -> str:
        """The full name of what a call calls: as it is resolved, or else as it is written."""
        held = self.calls.get(id(call))
        return callee(held) or written(call.func)

    def shown(self, node: ast.AST, what: str, weight: int = 0) -> Shown:
        """A node as evidence, with the function it stands in."""
        first, last = self._span(node)
        function = self.function_of(node)
        place = f"in `{function}`: {what}" if function else what
        code = " ".join(self.lines[number - 1].strip() for number in range(first, last + 1))
        return Shown(self.path, first, last, place, _cut(code), weight)

    def _span(self, node: ast.AST) -> tuple[int, int]:
        """The lines of the statement that a node stands in, of its head where it holds others, or of the node alone."""
        own = getattr(node, "lineno", 1)
        statement = next((one for one in (node, *self.above(node)) if isinstance(one, ast.stmt)), None)
        if statement is None:
            return own, own
        body = getattr(statement, "body", None)
        if isinstance(body, list) and body:
            return statement.lineno, max(statement.lineno, min(body[0].lineno - 1, statement.lineno + _LONGEST))
        last = statement.end_lineno or own
        if last - statement.lineno < _LONGEST:
            return statement.lineno, last
        return own, min(getattr(node, "end_lineno", own) or own, own + _LONGEST)

    def line(self, number: int) -> str:
        """A line of the file, cut where it is very long."""
        return _cut(self.lines[number - 1].strip()) if 0 < number <= len(self.lines) else ""

    def mark(self, number: int, what: str, weight: int) -> Shown:
        """A line as evidence."""
        return Shown(self.path, number, number, what, self.line(number), weight)

    def mentions(self, pattern: re.Pattern[str], what: str, weight: int = 2) -> Iterator[Shown]:
        """The lines written for people, or in a config, in which a pattern is found."""
        for number in sorted(self._worded):
            if pattern.search(self.lines[number - 1]):
                yield self.mark(number, what, weight)

    @cached_property
    def _worded(self) -> set[int]:
        """The lines that are no code: all of a document or config, the comments and docstrings of Python."""
        if self.tree is None:
            return set(range(1, len(self.lines) + 1))
        found = {number for number, line in enumerate(self.lines, 1) if line.lstrip().startswith("#") or "  # " in line}
        for node in self.nodes:
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return found


def _place(node: ast.AST) -> tuple[int, int]:
    """Line and column; a comprehension's `for` has those of what it goes through."""
    at = node.iter if isinstance(node, ast.comprehension) else node
    return getattr(at, "lineno", 0), getattr(at, "col_offset", 0)


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def written(node: ast.AST) -> str:
    """A name or chain of attributes as it is written; `.name` where what stands before the dot is an expression."""
    if isinstance(node, ast.Attribute):
        return f"{written(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def read_calls(page: Page, module: Module, modules: Modules) -> None:
    """Take the tree of a Python page, and what each of its calls calls, from evaluating every function once."""
    page.tree = module.source.parse()
    for event in _events(module, modules):
        if isinstance(event, Called) and event.call.node is not None and event.home is module:
            page.calls.setdefault(id(event.call.node), event.call)


def script_at(path: str, root: str) -> tuple[Module, Modules]:
    """A script that is no part of the flow, evaluated with its imports looked for beside it and up to the root."""
    modules = Modules(root, run_module)
    return modules.adopt(Source(path)), modules


def _events(module: Module, modules: Modules) -> Iterator[Event]:
    yield from modules.trace(module).events
    for value in list(module.env.values()):
        for option in options(value):
            for function in _functions(option, module):
                yield from run_function(function, modules)[0].events


def _functions(value: Value, module: Module) -> Iterator[Function]:
    if isinstance(value, Function) and value.home is module:
        yield value
    elif isinstance(value, Class) and value.home is module:
        for held in value.body.values():
            yield from (one for one in options(held) if isinstance(one, Function))
