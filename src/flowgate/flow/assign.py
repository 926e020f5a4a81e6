"""Assignment: names, artifacts, unpacking, and collections that grow in loops."""

from __future__ import annotations

import ast

from flowgate.flow.run import TOP, Run, Scope
from flowgate.flow.trace import Called, Stored
from flowgate.flow.values import (
    Attr,
    Call,
    Const,
    Display,
    Either,
    Element,
    Instance,
    Item,
    Many,
    Mapping,
    Ref,
    Self,
    Unknown,
    Value,
    callee,
    options,
)


def assign(run: Run, target: ast.expr, value: Value, scope: Scope, rebound: bool = False) -> None:
    """Bind a target; `rebound` where it is the same collection grown, born where it was born before."""
    if isinstance(target, ast.Name):
        born = scope.born.get(target.id, 0)
        scope.bind(target.id, value)
        if rebound:
            scope.born[target.id] = born
    elif isinstance(target, ast.Tuple | ast.List):
        unpack(run, target.elts, value, scope)
    elif isinstance(target, ast.Starred):
        assign(run, target.value, value, scope)
    elif isinstance(target, ast.Attribute):
        store(run, run.value(target.value, scope), target.attr, value, target, scope, rebound)
    elif isinstance(target, ast.Subscript):
        store_item(run, target, value, scope)


def store(run: Run, base: Value, name: str, value: Value, node: ast.AST, scope: Scope, rebound: bool = False) -> None:
    """`base.name = value`."""
    if name not in value.names:
        value.names += (name,)
    for holder in options(base):
        if isinstance(holder, Self):
            run.trace.events.append(Stored(name, value, node, scope.module, run.path))
            run.trace.attributes[name] = value
            if not rebound:
                run.trace.born[name] = len(scope.loops)
        elif isinstance(holder, Instance):
            holder.attributes[name] = value
        elif isinstance(holder, Ref):
            changed = Call(Ref(f"{holder.dotted}.{name}.__set__"), [value], {}, node, scope.module)
            run.trace.events.append(Called(changed, scope.module, run.path))


def store_item(run: Run, target: ast.Subscript, value: Value, scope: Scope) -> None:
    key = run.value(target.slice, scope)
    current = run.value(target.value, scope)
    held = options(current)[0]
    loops = loops_since(run, target.value, scope)
    if isinstance(held, Mapping) and not loops:
        grown: Value = Mapping([*held.items, (key, value)], target, scope.module)
    elif isinstance(held, Mapping | Many):
        made = Many(Display("tuple", [key, value], target, scope.module), loops, "dict", target, scope.module)
        grown = made if isinstance(held, Mapping) and not held.items else Either([current, made])
    else:
        grown = Call(Attr(current, "__setitem__", target, scope.module), [key, value], {}, target, scope.module)
        run.trace.events.append(Called(grown, scope.module, run.path))
        changed(run, target, value, scope)
        return
    if isinstance(target.value, ast.Name) and _is_of_module(target.value.id, scope):
        scope.module.env[target.value.id] = grown  # a table of the module, filled from inside a function
        return
    assign(run, target.value, grown, scope, rebound=True)


def _is_of_module(name: str, scope: Scope) -> bool:
    """Whether a name that a function uses is the module's own."""
    inner: Scope | None = scope
    while inner is not None and inner.kind != TOP:
        if name in inner.env:
            return False
        inner = inner.outer
    return scope.kind != TOP and name in scope.module.env


def changed(run: Run, target: ast.Subscript, value: Value, scope: Scope) -> None:
    """`run.name[...]... = value`: the artifact is another one after it."""
    inner: ast.expr = target
    while isinstance(inner, ast.Subscript):
        inner = inner.value
    if isinstance(inner, ast.Attribute) and inner.attr in run.trace.attributes:
        if any(isinstance(base, Self) for base in options(run.value(inner.value, scope))):
            run.trace.events.append(Stored(inner.attr, value, target, scope.module, run.path))


def unpack(run: Run, targets: list[ast.expr], value: Value, scope: Scope) -> None:
    """`a, b = value`, also for what enumerate, zip, product and dict.items() yield."""
    parts = _columns_of([_unpacked(held, len(targets)) for held in options(value)], len(targets))
    if len(targets) == 1 and not parts and not isinstance(targets[0], ast.Starred):
        assign(run, targets[0], Element(value, targets[0], scope.module), scope)  # of one, there is no order
        return
    for index, target in enumerate(targets):
        part = parts[index] if index < len(parts) else Item(value, Const(index), target, scope.module)
        assign(run, target, part, scope)


def loops_since(run: Run, target: ast.expr, scope: Scope) -> list[Value]:
    """The loops entered since the collection that `target` names was made."""
    born = 0
    if isinstance(target, ast.Name):
        born = scope.born.get(target.id, 0)
    elif isinstance(target, ast.Attribute):
        born = run.trace.born.get(target.attr, 0)
    return scope.loops[born:]


def grown(run: Run, held: Value, added: Value, spread: bool, target: ast.expr, scope: Scope, node: ast.AST) -> Value:
    """A collection after an append (or, with `spread`, an extend) in the present loops."""
    loops = loops_since(run, target, scope)
    current = options(held)[0]
    empty = isinstance(current, Display) and not current.elements
    addition = options(added)[0]
    if not loops and isinstance(current, Display) and isinstance(addition, Display) and spread:
        return Display(current.type, [*current.elements, *addition.elements], current.node, scope.module)
    if not loops and isinstance(current, Display) and not spread:
        return Display(current.type, [*current.elements, added], current.node, scope.module)
    element: Value = added
    if spread:
        element = Either(addition.elements) if isinstance(addition, Display) else Element(added, node, scope.module)
        loops = loops if isinstance(addition, Display) else [*loops, added]
    if isinstance(element, Either) and len(element.options) == 1:
        element = element.options[0]
    made = Many(element, loops, "list", node, scope.module)
    return made if empty else Either([held, made])


def _unpacked(held: Value, count: int) -> list[Value]:
    """The parts of what is being unpacked, where they can be told apart."""
    if isinstance(held, Display):
        return held.elements if len(held.elements) == count else []
    if isinstance(held, Instance):
        return fields_of(held) if len(fields_of(held)) == count else []
    if not isinstance(held, Element):
        return []
    collection = options(held.collection)[0]
    if isinstance(collection, Display | Many):
        return _columns(collection, count)
    name = callee(collection).rpartition(".")[2]
    if isinstance(collection, Call):
        if name == "enumerate" and collection.args:
            return [Unknown(held.node, held.home), Element(collection.args[0], held.node, held.home)]
        if name in ("zip", "product"):
            return [Element(argument, held.node, held.home) for argument in collection.args]
        if isinstance(collection.func, Attr) and collection.func.name == "items":
            base = collection.func.base
            return [Element(base, held.node, held.home), Item(base, Unknown(), held.node, held.home)]
    return []


def fields_of(value: Instance) -> list[Value]:
    """The fields of a NamedTuple, in their order; nothing for another object."""
    named = any(base.endswith("NamedTuple") for base in value.cls.foreign_bases())
    return list(value.attributes.values()) if named else []


def _columns_of(rows: list[list[Value]], count: int) -> list[Value]:
    """Column by column, what several values unpack to; nothing where one of them cannot be told apart."""
    if not rows or any(len(row) != count for row in rows):
        return []
    return [column[0] if len(column) == 1 else Either(list(column)) for column in zip(*rows, strict=True)]


def _columns(collection: Display | Many, count: int) -> list[Value]:
    """Column by column, what a list of tuples holds."""
    rows = collection.elements if isinstance(collection, Display) else [collection.element]
    tuples = [row for row in (options(row)[0] for row in rows) if isinstance(row, Display)]
    return _columns_of([row.elements for row in tuples], count) if len(tuples) == len(rows) else []
