"""One run over abstract values: its state, its scopes, and the two calls that every handler makes."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from flowgate.flow.modules import Modules
from flowgate.flow.trace import Path, Trace, Use
from flowgate.flow.values import Module, Value

_BUDGET = 60_000
NO_USE = Use("", "")
FUNCTION, CLASS, TOP = "function", "class", "top"

Env = dict[str, Value]


class Scope:
    """The names of one function call, class body or module, and the loops around the present statement."""

    __slots__ = ("born", "env", "foreign", "given", "kind", "loops", "module", "origins", "outer", "returned")

    def __init__(self, module: Module, outer: Scope | None, env: Env, loops: list[Value], kind: str = FUNCTION) -> None:
        self.module, self.outer, self.env, self.loops, self.kind = module, outer, env, loops, kind
        self.born: dict[str, int] = {}
        self.returned: list[Value] = []
        self.foreign: set[str] = set()
        self.given: set[str] = set()  # parameters that still hold what the caller gave
        self.origins: dict[str, tuple[str, Module]] = module.origins if kind == TOP else {}

    def bind(self, name: str, value: Value) -> None:
        if name in self.foreign:
            self.module.env[name] = value
            self.module.rebound.add(name)
            return
        if name not in value.names:
            value.names += (name,)
        self.given.discard(name)
        self.env[name] = value
        self.born[name] = len(self.loops)


class Run(ABC):
    """What the handlers of one run share: the trace they write, the modules they may enter, what is left of the budget."""

    def __init__(self, trace: Trace, modules: Modules, step: str = "") -> None:
        self.trace, self.modules, self.step = trace, modules, step
        self.guards = 0
        self.fuel = _BUDGET
        self.active: list[ast.AST] = []
        self.path: Path = ()
        self.calling: ast.AST | None = None
        self.use = NO_USE
        self.across: Callable[[Value], list[Value]] | None = None

    @abstractmethod
    def block(self, statements: Iterable[ast.stmt], scope: Scope) -> bool:
        """Run statements in order; True where the block never falls through its end."""

    @abstractmethod
    def value(self, node: ast.expr, scope: Scope) -> Value:
        """The abstract value of an expression."""


def label(node: ast.expr) -> str:
    """The name or attribute chain an expression is written as; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{label(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""
