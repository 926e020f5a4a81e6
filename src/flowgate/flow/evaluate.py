"""The evaluator: runs a file's top level, or a step, over abstract values and writes down what happened.

Both sides of a branch are taken and a loop's body runs once, so the cost is linear in the code; first-party
functions are followed at their call, up to a depth and a budget.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from flowgate.flow.expressions import EXPRESSIONS, operation
from flowgate.flow.functions import decorated, enter, parameters
from flowgate.flow.modules import Modules
from flowgate.flow.run import TOP, Run, Scope
from flowgate.flow.statements import STATEMENTS
from flowgate.flow.trace import Called, Trace
from flowgate.flow.values import Class, Function, Inputs, Module, Self, Value

Across = Callable[[Value], list[Value]]


def run_module(module: Module, trace: Trace, modules: Modules) -> None:
    """Evaluate the top level of a module into its `env` and a trace."""
    tree = module.source.parse()
    if tree is not None:
        evaluator = Evaluator(trace, modules)
        evaluator.block(tree.body, Scope(module, None, module.env, [], TOP))


def run_step(function: Function, cls: Class, step: str, modules: Modules, across: Across | None = None) -> Trace:
    """Evaluate a step's body; the trace holds what it stored, read and called, also through its helpers.

    Args:
        across: what an artifact or a foreach's item may be, where the steps before it are known already.
    """
    arguments: list[Value] = [Self(cls)]
    arguments += [Inputs(step) for _ in parameters(function.node)[1:2]]
    if len(function.decorators) > 1:
        wrapped = Trace()
        evaluator = Evaluator(wrapped, modules, step)
        evaluator.across = across
        enter(evaluator, decorated(evaluator, function), arguments, {})
        if any(function.node in event.path for event in wrapped.events if isinstance(event, Called)):
            return wrapped
    trace = Trace()
    evaluator = Evaluator(trace, modules, step)
    evaluator.across = across
    enter(evaluator, function, arguments, {})
    return trace


def run_function(function: Function, modules: Modules) -> tuple[Trace, Value | None]:
    """Evaluate a function of which no argument is known: what it did, and what it returns where that can be told."""
    trace = Trace()
    return trace, enter(Evaluator(trace, modules), function, [], {})


class Evaluator(Run):
    """A run whose handlers are found by the kind of syntax: one entry a kind, in `STATEMENTS` and `EXPRESSIONS`."""

    def block(self, statements: Iterable[ast.stmt], scope: Scope) -> bool:
        """Run statements in order; True where the block never falls through its end."""
        for statement in statements:
            handler = STATEMENTS.get(type(statement))
            if handler is None:
                for child in ast.iter_child_nodes(statement):
                    if isinstance(child, ast.expr):
                        self.value(child, scope)
            elif handler(self, statement, scope):
                return True
        return False

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """The abstract value of an expression."""
        self.fuel -= 1
        handler = EXPRESSIONS.get(type(node))
        if handler is not None:
            return handler(self, node, scope)
        return operation(self, node, scope)
