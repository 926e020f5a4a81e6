"""Functions and classes of first-party code: made, bound, entered, constructed."""

from __future__ import annotations

import ast
from typing import Any

from flowgate.flow.run import CLASS, NO_USE, Env, Run, Scope, label
from flowgate.flow.trace import Called
from flowgate.flow.values import (
    Call,
    Class,
    Const,
    Display,
    Either,
    Function,
    Instance,
    Mapping,
    Self,
    Unknown,
    Value,
    callee,
    options,
)

_DEEPEST = 12


def function(run: Run, node: Any, scope: Scope) -> Function:
    """A function value with its defaults evaluated where it is defined."""
    closure: Scope | None = scope
    while closure is not None and closure.kind == CLASS:
        closure = closure.outer
    made = Function(node, scope.module, closure)
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    offset = len(positional) - len(arguments.defaults)
    for argument, default in zip(positional[offset:], arguments.defaults, strict=True):
        made.defaults[argument.arg] = run.value(default, scope)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            made.defaults[argument.arg] = run.value(default, scope)
    return made


def enter(run: Run, function: Value, args: list[Value], keywords: Env, caller: Scope | None = None) -> Value | None:
    """Follow a first-party function; None where it is recursive, too deep or past the budget."""
    if not isinstance(function, Function) or function.node is None or function.home is None:
        return None
    node: Any = function.node
    if node in run.active or len(run.active) >= _DEEPEST or run.fuel <= 0:
        return None
    if function.owner is not None and not _is_static(node):
        args = [function.owner, *args]
    loops = caller.loops if caller is not None else []
    scope = Scope(function.home, function.closure, _bind(function, args, keywords), loops)
    scope.born = dict.fromkeys(scope.env, 0)
    scope.given = set(scope.env)
    run.active.append(node)
    outer, run.use = run.use, NO_USE
    path, run.path = run.path, (*run.path, run.calling, node)
    if isinstance(node, ast.Lambda):
        scope.returned.append(run.value(node.body, scope))
    else:
        run.block(node.body, scope)
    run.use, run.path = outer, path
    run.active.pop()
    if not scope.returned:
        return None
    return scope.returned[0] if len(scope.returned) == 1 else Either(scope.returned, node, function.home)


def decorated(run: Run, function: Function) -> Function:
    """The function that its decorators of ours leave in its place: what they do around it happens at every call."""
    held = bare = Function(function.node or ast.Pass(), function.home, function.closure, function.owner)
    bare.defaults = function.defaults
    for decorator in reversed(function.decorators):
        for option in options(decorator):
            if isinstance(option, Function):
                made = enter(run, option, [held], {})
                held = next((one for one in options(made) if isinstance(one, Function)), held) if made else held
    if held is not bare and function.owner is not None and held.owner is None:
        return bind_to(held, function.owner)
    return held if held is not bare else function


def bind_to(function: Function, owner: Value) -> Function:
    """A function as a method of an object."""
    made = Function(function.node or ast.Pass(), function.home, function.closure, owner)
    made.defaults, made.decorators = function.defaults, []
    return made


def construct(run: Run, cls: Class, call: Call, scope: Scope) -> Value:
    """An instance of a first-party class, its attributes traced through `__init__` or its fields."""
    made = Instance(cls, call.node, scope.module)
    initialise = cls.lookup("__init__")
    if isinstance(initialise, Function):
        enter(run, bound(initialise, made), call.args, call.keywords, scope)
        return made
    fields = _fields(cls)
    for (name, default), given in zip(fields, [*call.args, *[None] * len(fields)], strict=False):
        value = given or call.keywords.get(name) or _made_by_default(run, default, call, scope)
        if value is not None:
            made.attributes[name] = value
    return made


def _made_by_default(run: Run, default: Value | None, call: Call, scope: Scope) -> Value | None:
    """What a field holds that was not given: its default, or what its `default_factory` makes."""
    if not isinstance(default, Call) or callee(default).rpartition(".")[2] not in ("field", "Field", "ib", "attrib"):
        return default
    factory = default.keywords.get("default_factory") or default.keywords.get("factory")
    if factory is None:
        return default.keywords.get("default", default)
    made = Call(factory, [], {}, default.node, default.home)
    for option in options(factory):
        made.result = enter(run, option, [], {}, scope)
    run.trace.events.append(Called(made, default.home or scope.module, run.path))
    return made


def parameters(node: Any) -> list[str]:
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]


def _is_static(node: Any) -> bool:
    return any(label(decorator) == "staticmethod" for decorator in getattr(node, "decorator_list", []))


def bound(value: Value, owner: Value) -> Value:
    if not isinstance(value, Function):
        return value
    made = bind_to(value, owner)
    made.decorators = value.decorators
    return made


def _bind(function: Function, args: list[Value], keywords: Env) -> Env:
    """The parameters of a call: given, defaulted, or unknown."""
    node: Any = function.node
    names = parameters(node)
    env: Env = {}
    for index, name in enumerate(names):
        if index < len(args):
            env[name] = args[index]
    if node.args.vararg:
        env[node.args.vararg.arg] = Display("tuple", args[len(names) :], node, function.home)
    known = {*names, *(argument.arg for argument in node.args.kwonlyargs)}
    for name, value in keywords.items():
        if name in known:
            env[name] = value
    if node.args.kwarg:
        rest = [(Const(name), value) for name, value in keywords.items() if name not in known]
        env[node.args.kwarg.arg] = Mapping(list(rest), node, function.home)
    for name in known - env.keys():
        env[name] = function.defaults.get(name) or Unknown(node, function.home)
    for name, value in env.items():
        if name not in value.names and not isinstance(value, Self):
            value.names += (name,)
    return env


def _fields(cls: Class) -> list[tuple[str, Value | None]]:
    """The annotated fields of a dataclass or NamedTuple, bases first, with their defaults."""
    found: dict[str, Value | None] = {}
    for ancestor in reversed(list(cls.lineage())):
        assert isinstance(ancestor.node, ast.ClassDef)
        for statement in ancestor.node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                found[statement.target.id] = ancestor.body.get(statement.target.id)
    return list(found.items())
