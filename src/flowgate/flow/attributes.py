"""Attributes: of the flow itself, of modules, classes and objects."""

from __future__ import annotations

import ast

from flowgate.flow.functions import bound, enter
from flowgate.flow.imports import member
from flowgate.flow.run import FUNCTION, Run, Scope
from flowgate.flow.trace import Global, Read
from flowgate.flow.values import (
    Artifact,
    Attr,
    Call,
    Class,
    Either,
    Element,
    Function,
    Input,
    Instance,
    Item,
    Module,
    Package,
    Ref,
    Self,
    Setting,
    Unknown,
    Value,
    callee,
    dotted,
)

_MOST_OBJECTS = 4


def attribute(run: Run, base: Value, name: str, node: ast.AST, scope: Scope) -> Value:
    """`base.name`."""
    module = scope.module
    if isinstance(base, Self):
        return of_self(run, base, name, node, scope)
    if isinstance(base, Package):
        found = member(run, base, name, node, scope)
        if scope.kind == FUNCTION:
            read_global(run, found, name, base.module, node, scope)
        return found
    if isinstance(base, Instance):
        if name in base.attributes:
            return base.attributes[name]
        held = base.cls.lookup(name)
        if held is not None:
            return of_class(run, held, base.cls, base, name, node, scope)
    if isinstance(base, Class):
        held = base.lookup(name)
        if held is not None:
            return of_class(run, held, base, base, name, node, scope)
    if isinstance(base, Ref):
        return Ref(f"{base.dotted}.{name}", node, module)
    if run.across is not None and isinstance(base, Artifact | Input | Element | Item):
        objects = [one for one in run.across(base) if isinstance(one, Instance)]
        methods = [
            attribute(run, one, name, node, scope)
            for one in objects[:_MOST_OBJECTS]
            if isinstance(one.cls.lookup(name), Function)
        ]
        if methods:
            return methods[0] if len(methods) == 1 else Either(methods, node, module)
    return Attr(base, name, node, module)


def of_class(run: Run, held: Value, cls: Class, owner: Value, name: str, node: ast.AST, scope: Scope) -> Value:
    """An attribute found on a class: a bound method, a property's value, or a class-level constant that is read."""
    if isinstance(held, Function):
        kinds = [dotted(decorator) for decorator in held.decorators]
        if any(kind.endswith("property") for kind in kinds) and not isinstance(owner, Class):
            run.calling = node
            return enter(run, bound(held, owner), [], {}, scope) or Unknown(node, scope.module)
        if "builtins.classmethod" in kinds:
            return bound(held, cls)
        return held if isinstance(owner, Class) else bound(held, owner)
    if scope.kind == FUNCTION:
        read_global(run, held, name, cls.home or scope.module, node, scope)
    return held


def of_self(run: Run, base: Self, name: str, node: ast.AST, scope: Scope) -> Value:
    """`run.name` in a step or helper: an artifact, a declaration, a helper, or the foreach's input."""
    if name in run.trace.attributes:
        run.trace.events.append(Read(name, node, scope.module, True))
        return run.trace.attributes[name]
    if name == "input":
        return Input(run.step, node, scope.module)
    if name == "next":
        return Attr(base, name, node, scope.module)
    declared = base.cls.lookup(name)
    if isinstance(declared, Function):
        return of_class(run, declared, base.cls, base, name, node, scope)
    if isinstance(declared, Call):
        kind = callee(declared).rpartition(".")[2]
        if callee(declared).startswith("metaflow.") and kind in ("Config", "Parameter", "IncludeFile"):
            return Setting(kind, name, declared)
    run.trace.events.append(Read(name, node, scope.module, False))
    if declared is not None:
        read_global(run, declared, name, declared.home or scope.module, node, scope)
        return declared
    return Artifact(run.step, name, node, scope.module)


def read_global(run: Run, value: Value, name: str, owner: Module, node: ast.AST, scope: Scope) -> None:
    """Note that a function read what another scope holds."""
    if not isinstance(value, Package | Function | Class):
        run.trace.events.append(Global(name, value, owner, node, scope.module, run.use))
