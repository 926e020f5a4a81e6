"""What happened, in order, while a module's top level or a step ran: the record that rules read."""

from __future__ import annotations

import ast
from typing import NamedTuple

from flowgate.flow.values import Call, Module, Value

# The functions that are running, outermost first, each after the call that entered it.
Path = tuple[ast.AST | None, ...]


class Use(NamedTuple):
    """Where a value went: argument `keyword` of a call to `callee`, or the operation named by `callee`."""

    callee: str
    keyword: str


class Import(NamedTuple):
    """An import statement that ran. `guarded`: an `except` around it catches its failure."""

    name: str
    level: int
    node: ast.AST
    home: Module
    guarded: bool


class Called(NamedTuple):
    """A call that was made, `path` down from the step's own function."""

    call: Call
    home: Module
    path: Path = ()


class Stored(NamedTuple):
    """`self.name = value`, `path` down from the step's own function."""

    name: str
    value: Value
    node: ast.AST
    home: Module
    path: Path = ()


class Read(NamedTuple):
    """`self.name` read; `own` where this step had already stored it."""

    name: str
    node: ast.AST
    home: Module
    own: bool


class Global(NamedTuple):
    """A module-level or class-level name, defined in `owner`, read from inside a function."""

    name: str
    value: Value
    owner: Module
    node: ast.AST
    home: Module
    use: Use


Event = Import | Called | Stored | Read | Global


class Trace:
    """The events of one run, and the artifacts as they stood at its end."""

    __slots__ = ("attributes", "born", "events")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.attributes: dict[str, Value] = {}
        self.born: dict[str, int] = {}
