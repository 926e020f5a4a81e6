"""Tests whose outcome is certain from the values at hand: `rng is None` where a generator was given."""

from __future__ import annotations

import ast

from flowgate.flow.run import Scope
from flowgate.flow.values import (
    Call,
    Class,
    Const,
    Display,
    Function,
    Instance,
    Mapping,
    Setting,
    Unknown,
    Value,
    callee,
    constant,
    method_of,
    options,
)

_MAY_BE_NONE = frozenset("get pop match search fullmatch find first getattr environ".split())
_GENERATORS = frozenset("default_rng Generator Random RandomState".split())


def decided(test: ast.expr, scope: Scope) -> bool | None:
    """Whether a test certainly holds, or certainly does not; None where it cannot be told."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = decided(test.operand, scope)
        return None if inner is None else not inner
    if isinstance(test, ast.Name):
        flag = constant(_held(test.id, scope))
        return flag if isinstance(flag, bool) else None
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.left, ast.Name):
        return None
    right = test.comparators[0]
    held = _held(test.left.id, scope)
    if held is None or not isinstance(right, ast.Constant):
        return None
    same: bool | None = None
    if right.value is None:
        same = _is_none(held)
    elif isinstance(right.value, str) and isinstance(constant(held), str):
        same = constant(held) == right.value
    if same is None or not isinstance(test.ops[0], ast.Is | ast.Eq | ast.IsNot | ast.NotEq):
        return None
    return same if isinstance(test.ops[0], ast.Is | ast.Eq) else not same


def is_truthy(value: Value) -> bool:
    """Whether a value is certainly no empty one: a generator, an object, a function, a collection with something in it."""
    return all(_is_truthy(option) for option in options(value))


def _held(name: str, scope: Scope) -> Value | None:
    """What a parameter was given; nothing for a name that the function has bound since, perhaps for a later turn of a loop."""
    return scope.env.get(name) if name in scope.given else None


def _is_none(value: Value) -> bool | None:
    """Whether a value is None; None where that hangs on what it is made of.

    What was handed over by name or position counts as something: a caller who passes None says so.
    """
    found = [_one_is_none(option) for option in options(value)]
    return found[0] if found and all(one is found[0] for one in found) else None


def _one_is_none(value: Value) -> bool | None:
    if isinstance(value, Const):
        return value.value is None
    if isinstance(value, Unknown | Setting):
        return None
    if isinstance(value, Call) and (
        method_of(value) in _MAY_BE_NONE or callee(value).rpartition(".")[2] in _MAY_BE_NONE
    ):
        return None
    return False


def _is_truthy(value: Value) -> bool:
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, Display | Mapping):
        return bool(value.parts())
    if isinstance(value, Call):
        return callee(value).rpartition(".")[2] in _GENERATORS
    return isinstance(value, Instance | Function | Class)
