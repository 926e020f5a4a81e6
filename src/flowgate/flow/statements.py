"""What each kind of statement does to the names and artifacts of a run."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from flowgate.flow.assign import assign, grown, loops_since
from flowgate.flow.calls import iterated
from flowgate.flow.decide import decided
from flowgate.flow.functions import enter, function
from flowgate.flow.imports import _on_import, _on_import_from
from flowgate.flow.run import CLASS, Env, Run, Scope, label
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Called, Event
from flowgate.flow.values import (
    Call,
    Class,
    Const,
    Display,
    Either,
    Element,
    Function,
    Item,
    Many,
    Operation,
    Ref,
    Unknown,
    Value,
    callee,
    dotted,
    options,
)

_IMPORT_FAULTS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def _on_expr(run: Run, node: ast.Expr, scope: Scope) -> None:
    run.value(node.value, scope)


def _summed(current: Value, added: Value, node: ast.AST, target: ast.expr, scope: Scope, run: Run) -> Value | None:
    """A number that grows in a loop, as the sum that it is; None where it does not."""
    start = options(current)[0]
    loops = loops_since(run, target, scope)
    if not loops or not isinstance(start, Const) or not isinstance(start.value, int | float):
        return None
    element = Operation("Add", [start, added], node, scope.module) if isinstance(start.value, float) else added
    return Call(Ref("builtins.sum"), [Many(element, loops, "generator", node, scope.module)], {}, node, scope.module)


def _on_assign(run: Run, node: ast.Assign, scope: Scope) -> None:
    value = run.value(node.value, scope)
    if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Add) and isinstance(value, Operation):
        if ast.unparse(node.value.left) == ast.unparse(node.targets[0]):  # `total = total + x`
            value = _summed(value.operands[0], value.operands[1], node, node.targets[0], scope, run) or value
    for target in node.targets:
        assign(run, target, value, scope)


def _on_ann_assign(run: Run, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assign(run, node.target, run.value(node.value, scope), scope)


def _on_aug_assign(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    added = run.value(node.value, scope)
    current = run.value(node.target, scope)
    held = options(current)[0]
    changed: Value = Operation(type(node.op).__name__, [current, added], node, scope.module)
    if isinstance(held, Display | Many) and isinstance(node.op, ast.Add | ast.BitOr):
        changed = grown(run, current, added, True, node.target, scope, node)
    elif isinstance(node.op, ast.Add):
        changed = _summed(current, added, node, node.target, scope, run) or changed
    assign(run, node.target, changed, scope, rebound=True)


def _on_return(run: Run, node: ast.Return, scope: Scope) -> bool:
    if node.value is not None:
        scope.returned.append(run.value(node.value, scope))
    return True


def _on_raise(run: Run, node: ast.Raise, scope: Scope) -> bool:
    for part in (node.exc, node.cause):
        if part is not None:
            run.value(part, scope)
    return True


def _on_jump(run: Run, node: ast.stmt, scope: Scope) -> bool:
    return True


def _on_if(run: Run, node: ast.If, scope: Scope) -> bool:
    test = ast.unparse(node.test) if isinstance(node.test, ast.Name | ast.Attribute) else ""
    run.value(node.test, scope)
    if test.split(".")[-1] == "TYPE_CHECKING":
        return run.block(node.orelse, scope)
    certain = decided(node.test, scope)
    if certain is not None:
        return run.block(node.body if certain else node.orelse, scope)
    return branches(run, [node.body, node.orelse], scope)


def branches(run: Run, blocks: list[list[ast.stmt]], scope: Scope) -> bool:
    """Run each block from the present state and join what they leave; True where none falls through."""
    envs, attributes = [], []
    before, stored = dict(scope.env), dict(run.trace.attributes)
    for statements in blocks:
        _reset(scope.env, before)
        _reset(run.trace.attributes, stored)
        if not run.block(statements, scope):
            envs.append(dict(scope.env))
            attributes.append(dict(run.trace.attributes))
    _reset(scope.env, _joined(envs) if envs else before)
    _reset(run.trace.attributes, _joined(attributes) if attributes else stored)
    return not envs


def _on_for(run: Run, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
    collection = iterated(run, run.value(node.iter, scope), scope)
    before, stored = dict(scope.env), dict(run.trace.attributes)
    assign(run, node.target, Element(collection, node.iter, scope.module), scope)
    scope.loops.append(collection)
    run.block(node.body, scope)
    scope.loops.pop()
    _reset(scope.env, _joined([scope.env, before]))
    _reset(run.trace.attributes, _joined([run.trace.attributes, stored]))
    run.block(node.orelse, scope)


def _on_while(run: Run, node: ast.While, scope: Scope) -> None:
    test = run.value(node.test, scope)
    drained = isinstance(node.test, ast.Name) and isinstance(options(test)[0], Display | Many | Call)
    scope.loops += [test] * drained  # `while queue:` goes on for as long as there is an element
    branches(run, [node.body, []], scope)
    del scope.loops[len(scope.loops) - drained :]
    run.block(node.orelse, scope)


def _on_with(run: Run, node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
    guarded = False
    closing: list[Event] = []
    for item in node.items:
        begun = len(run.trace.events)
        value = run.value(item.context_expr, scope)
        closing = _taken_after_yield(run, item.context_expr, value, begun) + closing
        if callee(value) == "torch.random.fork_rng":
            kept = Call(Ref("torch.get_rng_state"), [], {}, item.context_expr, scope.module)
            restored = Call(Ref("torch.set_rng_state"), [kept], {}, item.context_expr, scope.module)
            run.trace.events.append(Called(kept, scope.module, run.path))
            closing.append(Called(restored, scope.module, run.path))
        guarded = guarded or (callee(value) == "contextlib.suppress" and _suppresses_imports(item.context_expr))
        if item.optional_vars is not None:
            assign(run, item.optional_vars, value, scope)
    run.guards += guarded
    ended = run.block(node.body, scope)
    run.guards -= guarded
    run.trace.events.extend(closing)
    return ended and not guarded


def _taken_after_yield(run: Run, node: ast.expr, value: Value, begun: int) -> list[Event]:
    """What a context manager written as a generator does when it is left, taken out of what it did when it was entered."""
    made = value.func if isinstance(value, Call) else None
    entered = next((option for option in options(made) if isinstance(option, Function)), None) if made else None
    if entered is None or not any(dotted(one).endswith("contextmanager") for one in entered.decorators):
        return []
    body = nodes(entered.node) if entered.node is not None else []
    yields = [one.lineno for one in body if isinstance(one, ast.Yield)]
    if len(yields) != 1:
        return []
    late = {id(one) for one in body if getattr(one, "lineno", 0) > yields[0]}
    events = run.trace.events[begun:]
    after = [event for event in events if id(_place(event)) in late]
    run.trace.events[begun:] = [event for event in events if id(_place(event)) not in late]
    return after


def _place(event: Event) -> ast.AST | None:
    return event.call.node if isinstance(event, Called) else event.node


def _on_try(run: Run, node: Any, scope: Scope) -> bool:
    guarded = any(_catches_imports(handler) for handler in node.handlers)
    run.guards += guarded
    ended = run.block(node.body, scope)
    run.guards -= guarded
    if not ended:
        run.block(node.orelse, scope)
    if node.handlers:
        falls: list[ast.stmt] = [ast.Raise()] if ended else []
        ended = branches(run, [falls, *(handler.body for handler in node.handlers)], scope)
    return run.block(node.finalbody, scope) or ended


def _on_match(run: Run, node: ast.Match, scope: Scope) -> bool:
    subject = run.value(node.subject, scope)
    for case in node.cases:
        for name in _captures(case.pattern):
            scope.bind(name, Item(subject, Unknown(), case.pattern, scope.module))
    return branches(run, [case.body for case in node.cases] + [[]], scope)


def _on_function(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
    made = function(run, node, scope)
    made.decorators = [run.value(decorator, scope) for decorator in node.decorator_list]
    for decorator in reversed(made.decorators):
        for option in options(decorator):
            if isinstance(option, Function):  # it may register what it decorates
                enter(run, option, [made], {}, scope)
    scope.bind(node.name, made)


def _on_class(run: Run, node: ast.ClassDef, scope: Scope) -> None:
    bases = [run.value(base, scope) for base in node.bases]
    for decorator in node.decorator_list:
        run.value(decorator, scope)
    inner = Scope(scope.module, scope, {}, [], CLASS)
    run.block(node.body, inner)
    scope.bind(node.name, Class(node, scope.module, bases, inner.env))


def _on_global(run: Run, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    if isinstance(node, ast.Global):
        scope.foreign.update(node.names)


def _reset(env: Env, state: Env) -> None:
    if env is not state:
        env.clear()
        env.update(state)


def _joined(states: list[Env]) -> Env:
    """The state after one of several, with each name holding any of what they left."""
    if len(states) == 1:
        return states[0]
    joined: Env = {}
    for name in {name: None for state in states for name in state}:
        found: list[Value] = []
        for state in states:
            value = state.get(name)
            if value is not None and not any(value is other for other in found):
                found.append(value)
        joined[name] = found[0] if len(found) == 1 else Either(found, found[0].node, found[0].home)
    return joined


def _suppresses_imports(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and any(label(kind) in _IMPORT_FAULTS for kind in node.args)


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    """Whether the handler lets the module go on without the import."""
    if isinstance(handler.body[-1], ast.Raise):
        return False
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(label(kind).rpartition(".")[2] in _IMPORT_FAULTS for kind in kinds)


def _captures(pattern: ast.pattern) -> list[str]:
    names = (getattr(node, "name", None) or getattr(node, "rest", None) for node in nodes(pattern))
    return [name for name in names if isinstance(name, str)]


STATEMENTS: dict[type[ast.AST], Callable[[Run, Any, Scope], bool | None]] = {
    ast.Expr: _on_expr,
    ast.Assign: _on_assign,
    ast.AnnAssign: _on_ann_assign,
    ast.AugAssign: _on_aug_assign,
    ast.Return: _on_return,
    ast.Raise: _on_raise,
    ast.Break: _on_jump,
    ast.Continue: _on_jump,
    ast.If: _on_if,
    ast.For: _on_for,
    ast.AsyncFor: _on_for,
    ast.While: _on_while,
    ast.With: _on_with,
    ast.AsyncWith: _on_with,
    ast.Try: _on_try,
    ast.TryStar: _on_try,
    ast.Match: _on_match,
    ast.Import: _on_import,
    ast.ImportFrom: _on_import_from,
    ast.FunctionDef: _on_function,
    ast.AsyncFunctionDef: _on_function,
    ast.ClassDef: _on_class,
    ast.Global: _on_global,
    ast.Nonlocal: _on_global,
}
