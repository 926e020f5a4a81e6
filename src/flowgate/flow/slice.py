"""What a statement of a step is made of, read off its text: the artifacts in it, and in all that made its locals."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.flow.syntax import nodes

Enclosing = dict[ast.stmt, list[ast.expr]]


def artifacts_behind(function: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.AST) -> set[str]:
    """The attributes that the statement around a node, the locals in it, and the conditions around these are made of.

    A local is made by every statement that assigns it, calls one of its methods or hands it to a call.
    """
    enclosing = dict(_statements(function.body, []))
    around = [one for one in enclosing if any(part is node for part in nodes(one))]
    statement = around[-1] if around else node
    local = {node.id for node in nodes(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    local |= {one.name for one in enclosing if isinstance(one, ast.FunctionDef)}
    parts = _read_by(statement)
    queue, done = [*parts, *enclosing.get(statement, [])] if isinstance(statement, ast.stmt) else list(parts), set()
    found: set[str] = set()
    wanted: set[str] = set()
    while queue:
        expression = queue.pop()
        found |= {node.attr for node in nodes(expression) if isinstance(node, ast.Attribute)}
        names = {node.id for node in nodes(expression) if isinstance(node, ast.Name)} & local
        for name in names - wanted:
            wanted.add(name)
            for one, conditions in enclosing.items():
                if one not in done and _makes(one, name):
                    done.add(one)
                    queue += [*_read_by(one), *conditions]
    return found


def _statements(body: list[ast.stmt], conditions: list[ast.expr]) -> Iterator[tuple[ast.stmt, list[ast.expr]]]:
    """Every statement below, with the tests and iterables of those around it."""
    for one in body:
        yield one, conditions
        inner = [*conditions, *_heads(one)]
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(one, field, []), inner)
        for handler in getattr(one, "handlers", []):
            yield from _statements(handler.body, inner)
        for case in getattr(one, "cases", []):
            yield from _statements(case.body, inner)


def _heads(statement: ast.stmt) -> list[ast.expr]:
    heads = [getattr(statement, field, None) for field in ("test", "iter", "subject")]
    heads += [item.context_expr for item in getattr(statement, "items", [])]
    return [head for head in heads if isinstance(head, ast.expr)]


def _read_by(statement: ast.AST) -> list[ast.expr]:
    """The expressions that a statement computes with: without its plain targets, and without what it contains."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        inside = [part for target in targets for part in nodes(target) if isinstance(part, ast.Subscript)]
        return [
            *([statement.value] if statement.value else []),
            *(one.slice for one in inside),
            *(one.value for one in inside),
        ]
    if isinstance(statement, ast.AugAssign):
        return [statement.target, statement.value]
    if isinstance(statement, ast.FunctionDef):
        return [node for node in nodes(statement) if isinstance(node, ast.expr)]
    if isinstance(statement, ast.Expr | ast.Return):
        return [statement.value] if statement.value else []
    return _heads(statement) if isinstance(statement, ast.stmt) else []


def _makes(statement: ast.stmt, name: str) -> bool:
    """Whether a statement assigns a local, changes it, or hands it to a call that may."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name == name
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if any(_names(target, name) for target in targets):
            return True
    if isinstance(statement, ast.With | ast.AsyncWith):
        return any(item.optional_vars is not None and _names(item.optional_vars, name) for item in statement.items)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and _names(statement.value, name)


def _names(expression: ast.AST, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in nodes(expression))
