"""What each kind of expression may hold."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any, TypeGuard

from flowgate.flow.assign import assign, fields_of
from flowgate.flow.attributes import attribute, read_global
from flowgate.flow.calls import called, iterated
from flowgate.flow.decide import decided, is_truthy
from flowgate.flow.functions import function
from flowgate.flow.imports import widen_search
from flowgate.flow.run import CLASS, FUNCTION, TOP, Env, Run, Scope, label
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Called, Global, Use
from flowgate.flow.values import (
    Attr,
    Call,
    Const,
    Display,
    Either,
    Element,
    File,
    Function,
    Inputs,
    Instance,
    Item,
    Many,
    Mapping,
    Operation,
    Package,
    Ref,
    Unknown,
    Value,
    constant,
    dotted,
    options,
)

_BUILTINS = frozenset(dir(builtins))


_MOST_CHOICES = 24
_MOST_BRANCHES = 6


_OPERATION_USES: dict[type[ast.AST], str] = {ast.JoinedStr: "format", ast.Compare: "compare"}


def _on_constant(run: Run, node: ast.Constant, scope: Scope) -> Value:
    return Const(node.value, node, scope.module)


def _on_name(run: Run, node: ast.Name, scope: Scope) -> Value:
    name = node.id
    inner: Scope | None = scope
    while inner is not None and inner.kind != TOP:
        if name in inner.env and name not in inner.foreign:
            if name in inner.origins:
                read_global(run, inner.env[name], *inner.origins[name], node, scope)
            return inner.env[name]
        inner = inner.outer
    found = scope.module.env.get(name)
    if found is not None:
        if scope.kind == FUNCTION:
            read_global(run, found, *scope.module.origins.get(name, (name, scope.module)), node, scope)
        return found
    if name == "__file__":
        return File(node, scope.module)
    if name in _BUILTINS:
        return Ref("builtins." + name, node, scope.module)
    if scope.module.stars:
        return Ref(f"{scope.module.stars[-1]}.{name}", node, scope.module)
    return Unknown(node, scope.module)


def _on_attribute(run: Run, node: ast.Attribute, scope: Scope) -> Value:
    base = run.value(node.value, scope)
    holders, begun = options(base), len(run.trace.events)
    found = [attribute(run, holder, node.attr, node, scope) for holder in holders]
    if sum(isinstance(holder, Package) for holder in holders) > 1:  # a module that is chosen among several is a config
        run.trace.events[begun:] = [event for event in run.trace.events[begun:] if not isinstance(event, Global)]
    return found[0] if len(found) == 1 else Either(found, node, scope.module)


def _on_call(run: Run, node: ast.Call, scope: Scope) -> Value:
    func = run.value(node.func, scope)
    name = dotted(func) or (func.name if isinstance(func, Attr) else label(node.func))
    args = arguments(run, node.args, name, scope)
    if any(isinstance(option, Function) for option in options(func)):
        args = [part for one in args for part in _spread_inputs(one, node, scope)]
    call = Call(func, args, keywords(run, node.keywords, name, scope), node)
    call.home = scope.module
    run.calling = node
    call.result = called(run, call, node, scope)
    run.trace.events.append(Called(call, scope.module, run.path))
    if name.startswith("sys.path.") or name == "site.addsitedir":
        widen_search(run, call)
    return call


def _spread_inputs(value: Value, node: ast.Call, scope: Scope) -> list[Value]:
    """`f(*inputs)`: each branch by its position, for as many as a function may take."""
    starred = any(isinstance(one, ast.Starred) and one.value is value.node for one in node.args)
    if not isinstance(value, Inputs) or not (starred or any(isinstance(one, ast.Starred) for one in node.args)):
        return [value]
    return [Item(value, Const(at), node, scope.module) for at in range(_MOST_BRANCHES)]


def arguments(run: Run, nodes: list[ast.expr], callee_name: str, scope: Scope) -> list[Value]:
    """The positional arguments, a starred list written out among them."""
    args: list[Value] = []
    for node in nodes:
        value = argument(run, node, Use(callee_name, ""), scope)
        held = options(value)[0]
        args += held.elements if isinstance(node, ast.Starred) and isinstance(held, Display) else [value]
    return args


def keywords(run: Run, nodes: list[ast.keyword], callee_name: str, scope: Scope) -> Env:
    """The keyword arguments, those of a `**` dict written out among them."""
    found: Env = {}
    for node in nodes:
        value = argument(run, node.value, Use(callee_name, node.arg or "**"), scope)
        held = options(value)[0]
        if node.arg is not None:
            found[node.arg] = value
        elif isinstance(held, Mapping):
            found |= {key: v for name, v in held.items if isinstance(key := constant(name), str)}
        else:
            found["**"] = value
    return found


def argument(run: Run, node: ast.expr, use: Use, scope: Scope) -> Value:
    outer, run.use = run.use, use
    found = run.value(node.value if isinstance(node, ast.Starred) else node, scope)
    run.use = outer
    return found


def _on_lambda(run: Run, node: ast.Lambda, scope: Scope) -> Value:
    return function(run, node, scope)


def _on_display(run: Run, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Value:
    elements: list[Value] = []
    for element in node.elts:
        value = run.value(element.value if isinstance(element, ast.Starred) else element, scope)
        held = options(value)[0]
        if isinstance(element, ast.Starred) and isinstance(held, Display):
            elements += held.elements
        else:
            elements.append(Element(value, element, scope.module) if isinstance(element, ast.Starred) else value)
    unknown = [part.collection for part in elements if isinstance(part, Element) and isinstance(part.node, ast.Starred)]
    if unknown:  # `[first, *rest]`: a list joined to another
        rest = [part for part in elements if not isinstance(part.node, ast.Starred)]
        known: list[Value] = [Display("list", rest, node, scope.module)] if rest else []
        return Operation("Add", [*known, *unknown], node, scope.module)
    return Display(type(node).__name__.lower(), elements, node, scope.module)


def _on_dict(run: Run, node: ast.Dict, scope: Scope) -> Value:
    items: list[tuple[Value, Value]] = []
    for key, item in zip(node.keys, node.values, strict=True):
        value = run.value(item, scope)
        if key is not None:
            name = run.value(key, scope)
            text = constant(name)
            if isinstance(text, str) and text not in value.names:
                value.names += (text,)
            items.append((name, value))
        else:
            held = options(value)[0]
            items += held.items if isinstance(held, Mapping) else [(Unknown(item), value)]
    return Mapping(items, node, scope.module)


def _on_subscript(run: Run, node: ast.Subscript, scope: Scope) -> Value:
    base = run.value(node.value, scope)
    key = argument(run, node.slice, Use("[:]" if isinstance(node.slice, ast.Slice) else "[]", ""), scope)
    index = constant(key)
    held = options(base)[0]
    if isinstance(held, Display) and type(index) is int and -len(held.elements) <= index < len(held.elements):
        return held.elements[index]
    if isinstance(held, Instance) and type(index) is int and 0 <= index < len(fields_of(held)):
        return fields_of(held)[index]
    if isinstance(held, Mapping):
        for name, value in reversed(held.items):
            if index is not ... and constant(name) == index:
                return value
    if index is ...:
        choices = [v for _, v in held.items] if isinstance(held, Mapping) else getattr(held, "elements", [])
        if 0 < len(choices) <= _MOST_CHOICES:
            return Either(list(choices), node, scope.module)
    return Item(base, key, node, scope.module)


def _on_comprehension(run: Run, node: Any, scope: Scope) -> Value:
    inner = Scope(scope.module, scope, {}, scope.loops, FUNCTION if scope.kind == FUNCTION else CLASS)
    loops = []
    within: list[Value] = []
    for generator in node.generators:
        collection = iterated(run, run.value(generator.iter, inner), inner)
        assign(run, generator.target, Element(collection, generator.iter, scope.module), inner)
        loops.append(collection)
        for condition in generator.ifs:
            run.value(condition, inner)
            within += [run.value(part.comparators[0], inner) for part in nodes(condition) if _keeps_to(part)]
    kind = {"ListComp": "list", "SetComp": "set", "DictComp": "dict"}.get(type(node).__name__, "generator")
    if isinstance(node, ast.DictComp):
        pair = [run.value(node.key, inner), run.value(node.value, inner)]
        element: Value = Display("tuple", pair, node, scope.module)
    else:
        element = run.value(node.elt, inner)
    made = Many(element, loops, kind, node, scope.module)
    made.filtered = any(generator.ifs for generator in node.generators)
    made.within = within
    return made


def _keeps_to(node: ast.AST) -> TypeGuard[ast.Compare]:
    return isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.In)


def _on_either(run: Run, node: ast.IfExp | ast.BoolOp, scope: Scope) -> Value:
    if isinstance(node, ast.IfExp):
        run.value(node.test, scope)
        certain = decided(node.test, scope)
        if certain is not None:
            return run.value(node.body if certain else node.orelse, scope)
        found = [run.value(node.body, scope), run.value(node.orelse, scope)]
    elif isinstance(node.op, ast.Or):
        found = []
        for operand in node.values:
            found.append(run.value(operand, scope))
            if is_truthy(found[-1]):
                break
    else:
        found = [run.value(operand, scope) for operand in node.values]
    if len(found) == 1:
        return found[0]
    return Either(found, node, scope.module)


def _on_walrus(run: Run, node: ast.NamedExpr, scope: Scope) -> Value:
    value = run.value(node.value, scope)
    assign(run, node.target, value, scope)
    return value


def _on_yield(run: Run, node: ast.Yield | ast.YieldFrom, scope: Scope) -> Value:
    if node.value is not None:
        value = run.value(node.value, scope)
        loops = list(scope.loops)
        if isinstance(node, ast.YieldFrom):
            loops, value = [*loops, value], Element(value, node, scope.module)
        scope.returned.append(Many(value, loops, "generator", node, scope.module))
    return Unknown(node, scope.module)


def _on_through(run: Run, node: ast.Await | ast.Starred, scope: Scope) -> Value:
    return run.value(node.value, scope)


def operation(run: Run, node: ast.expr, scope: Scope) -> Value:
    """Any other expression: an operation over its parts."""
    outer, run.use = run.use, Use(_OPERATION_USES[type(node)], "") if type(node) in _OPERATION_USES else run.use
    operands = [run.value(child, scope) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    run.use = outer
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        tables = [options(one)[0] for one in operands]
        if all(isinstance(one, Mapping) for one in tables):
            return _united([one for one in tables if isinstance(one, Mapping)], node, scope)
    name = type(node.op).__name__ if isinstance(node, ast.BinOp | ast.UnaryOp) else type(node).__name__
    return Operation(name, operands, node, scope.module)


def _united(tables: list[Mapping], node: ast.expr, scope: Scope) -> Mapping:
    """`defaults | {"lr": 0.1}`: of a key that both have, the value of the later."""
    items: list[tuple[Value, Value]] = []
    for table in tables:
        keys = {key for name, _ in table.items if (key := constant(name)) is not ...}
        items = [item for item in items if constant(item[0]) not in keys] + table.items
    return Mapping(items, node, scope.module)


EXPRESSIONS: dict[type[ast.AST], Callable[[Run, Any, Scope], Value]] = {
    ast.Constant: _on_constant,
    ast.Name: _on_name,
    ast.Attribute: _on_attribute,
    ast.Call: _on_call,
    ast.Lambda: _on_lambda,
    ast.List: _on_display,
    ast.Tuple: _on_display,
    ast.Set: _on_display,
    ast.Dict: _on_dict,
    ast.Subscript: _on_subscript,
    ast.ListComp: _on_comprehension,
    ast.SetComp: _on_comprehension,
    ast.DictComp: _on_comprehension,
    ast.GeneratorExp: _on_comprehension,
    ast.IfExp: _on_either,
    ast.BoolOp: _on_either,
    ast.NamedExpr: _on_walrus,
    ast.Yield: _on_yield,
    ast.YieldFrom: _on_yield,
    ast.Await: _on_through,
    ast.Starred: _on_through,
}
