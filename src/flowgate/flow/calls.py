"""Calls: followed into first-party code, and what a few of the standard library's functions mean."""

from __future__ import annotations

import ast

from flowgate.flow.assign import assign, grown, loops_since, store
from flowgate.flow.attributes import attribute, read_global
from flowgate.flow.functions import bound, construct, decorated, enter
from flowgate.flow.imports import import_by_name
from flowgate.flow.run import FUNCTION, Env, Run, Scope
from flowgate.flow.trace import Called, Use
from flowgate.flow.values import (
    Attr,
    Call,
    Class,
    Const,
    Display,
    Either,
    Element,
    Function,
    Instance,
    Item,
    Many,
    Mapping,
    Module,
    Ref,
    Self,
    Unknown,
    Value,
    callee,
    constant,
    dotted,
    method_of,
    names_of,
    options,
    strings,
)

_GROWERS = {"append": 0, "add": 0, "appendleft": 0, "insert": 1}


_MAPPERS = frozenset("map imap imap_unordered filter".split())
# What is known to call what it is given.
_CALLERS = _MAPPERS | frozenset(
    """
    optimize pipe submit apply apply_async map_async starmap starmap_async transform agg aggregate applymap assign run_in_executor Thread
    Process Timer delayed minimize minimize_scalar curve_fit differential_evolution from_generator
    """.split()
)
_ITERATING = frozenset(
    f"builtins.{name}"
    for name in ("list", "tuple", "set", "sorted", "enumerate", "zip", "sum", "max", "min", "iter", "dict")
)
_EXTENDERS = frozenset({"extend", "update", "extendleft"})


_MOST_CHOICES = 24


def called(run: Run, call: Call, node: ast.Call, scope: Scope) -> Value | None:
    """What the call returns, where it can be followed; growth of a collection happens here too."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "sort":
        sort_in_place(run, node.func.value, call, scope)
    if isinstance(node.func, ast.Attribute) and isinstance(call.func, Attr | Function):
        grow_by_method(run, node.func, call, scope)
    if dotted(call.func) in _ITERATING:
        call.args = [iterated(run, one, scope) for one in call.args]
    grow_by_callback(run, node, call, scope)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "pop":
        drop_key(run, node.func.value, call, scope)
    results = []
    for target in options(call.func):
        run.calling = node  # what was entered for another target has moved it
        results.append(follow(run, target, call, node, scope))
    known = [result for result in results if result is not None]
    if not known:
        call_back(run, call, scope)
        return None
    return known[0] if len(known) == 1 else Either(known, node, scope.module)


def sort_in_place(run: Run, target: ast.expr, call: Call, scope: Scope) -> None:
    """`names.sort()`: from here on the name stands for what is sorted."""
    if isinstance(target, ast.Name | ast.Attribute):
        held = run.value(target, scope)
        ordered = Call(Ref("builtins.sorted"), [held], dict(call.keywords), call.node, scope.module)
        assign(run, target, ordered, scope, rebound=True)


def grow_by_method(run: Run, target: ast.Attribute, call: Call, scope: Scope) -> None:
    spread = target.attr in _EXTENDERS
    position = 0 if spread else _GROWERS.get(target.attr, -1)
    if not 0 <= position < len(call.args) or not isinstance(target.value, ast.Name | ast.Attribute | ast.Subscript):
        return
    held = call.func.base if isinstance(call.func, Attr) else Unknown()
    made = options(held)[0]
    if isinstance(made, Call) and callee(made) == "builtins.set" and not made.args:
        node, added = call.node or target, call.args[position]
        loops = loops_since(run, target.value, scope)
        element = Element(added, node, scope.module) if spread else added
        grown_set = Many(element, [*loops, added] if spread else loops, "set", node, scope.module)
        assign(run, target.value, grown_set, scope, rebound=True)
    elif isinstance(made, Display | Many):
        node = call.node or target
        longer = grown(run, held, call.args[position], spread, target.value, scope, node)
        assign(run, target.value, longer, scope, rebound=True)


def _is_listed(value: Value) -> bool:
    """A collection with an order of its own, of which `pop` takes an element."""
    held = options(value)[0]
    if isinstance(held, Display | Many):
        return held.type == "list"
    return callee(held).rpartition(".")[2] in ("deque", "list", "ParameterGrid", "product", "sorted")


def drop_key(run: Run, target: ast.expr, call: Call, scope: Scope) -> None:
    """`row.pop("seconds")`: from here on the dict is without it."""
    held = options(call.func.base)[0] if isinstance(call.func, Attr) else None
    key = constant(call.args[0]) if call.args else ...
    if isinstance(held, Mapping) and key is not ... and isinstance(target, ast.Name):
        left = [(name, value) for name, value in held.items if constant(name) != key]
        if len(left) < len(held.items):
            assign(run, target, Mapping(left, held.node, held.home), scope, rebound=True)


def iterated(run: Run, collection: Value, scope: Scope) -> Value:
    """What iterating over a value yields: of an object of ours, what its `__iter__` gives."""
    held = options(collection)[0]
    method = held.cls.lookup("__iter__") if isinstance(held, Instance) else None
    if not isinstance(held, Instance) or method is None:
        return collection
    return enter(run, bound(method, held), [], {}, scope) or collection


def grow_by_callback(run: Run, node: ast.Call, call: Call, scope: Scope) -> None:
    """`pool.apply_async(fit, (x,), callback=results.append)`: the list grows by what is called back."""
    for keyword in node.keywords:
        held = call.keywords.get(keyword.arg or "")
        if keyword.arg != "callback" or not isinstance(keyword.value, ast.Attribute) or not isinstance(held, Attr):
            continue
        if keyword.value.attr in _GROWERS and isinstance(keyword.value.value, ast.Name):
            longer = Many(Unknown(keyword.value, scope.module), [call], "list", node, scope.module)
            assign(run, keyword.value.value, longer, scope, rebound=True)


def call_back(run: Run, call: Call, scope: Scope) -> None:
    """A function of ours that a foreign one is given is called by it: by what it is handed, where that can be told."""
    method = method_of(call)
    if scope.kind != FUNCTION or (method or callee(call).rpartition(".")[2]) not in _CALLERS:
        return
    for one in call.keywords.values() if "target" in call.keywords else ():
        for option in options(one):
            enter(run, option, [], {}, scope)
    for at, one in enumerate(call.args):
        for option in options(one):
            if not isinstance(option, Function):
                continue
            rest = call.args[at + 1 :]
            if method == "pipe" and isinstance(call.func, Attr):
                given = [call.func.base, *rest]
            elif method in ("submit", "apply"):
                given = rest
            elif method in _MAPPERS or callee(call).rpartition(".")[2] in _MAPPERS:
                given = [Element(collection, call.node, scope.module) for collection in rest]
            else:
                given = []
            enter(run, option, given, {}, scope)


def follow(run: Run, target: Value, call: Call, node: ast.Call, scope: Scope) -> Value | None:
    if isinstance(target, Function):
        read_decorators(run, target, node, scope)
        target = decorated(run, target)
        return enter(run, target, call.args, call.keywords, scope)
    if isinstance(target, Class):
        return construct(run, target, call, scope)
    if isinstance(target, Instance):
        method = target.cls.lookup("__call__") or target.cls.lookup("forward")
        return enter(run, bound(method, target), call.args, call.keywords, scope) if method is not None else None
    if isinstance(target, Call) and callee(target) == "functools.partial" and target.args:
        read_parts(run, target, node, scope)
        whole = Call(target.args[0], [*target.args[1:], *call.args], {**target.keywords, **call.keywords}, node)
        whole.home = scope.module
        whole.result = follow(run, options(target.args[0])[0], whole, node, scope)
        run.trace.events.append(Called(whole, scope.module, run.path))
        return whole
    if isinstance(target, Attr) and target.name in ("pop", "popleft") and _is_listed(target.base):
        return Element(target.base, node, scope.module)
    if isinstance(target, Attr) and target.name == "get" and call.args:
        return looked_up(run, target.base, call)
    name = dotted(target)
    if name == "builtins.super" and not call.args:
        return parent(run, scope)
    if name in ("importlib.import_module", "builtins.__import__") and call.args:
        return import_by_name(run, constant(call.args[0]), node, scope)
    if name in ("builtins.dict", "collections.OrderedDict"):
        return _as_mapping(call)
    if name == "builtins.type" and len(call.args) == 1:
        held = options(call.args[0])[0]
        return held.cls if isinstance(held, Self | Instance) else None
    if name == "builtins.map" and len(call.args) > 1:
        elements: list[Value] = [Element(collection, node, scope.module) for collection in call.args[1:]]
        mapped = Call(call.args[0], elements, {}, node, scope.module)
        mapped.result = called(run, mapped, node, scope)
        run.trace.events.append(Called(mapped, scope.module, run.path))
        return Many(mapped, list(call.args[1:]), "generator", node, scope.module)
    if name in ("builtins.getattr", "builtins.hasattr", "builtins.setattr") and len(call.args) > 1:
        return reflect(run, name, call, node, scope)
    return None


def read_decorators(run: Run, function: Function, node: ast.Call, scope: Scope) -> None:
    """A decorator of ours that a module gave its constants hands them to whoever calls what it decorates."""
    for decorator in function.decorators:
        if isinstance(decorator, Call) and any(isinstance(option, Function) for option in options(decorator.func)):
            _hand_over(run, dotted(decorator.func), decorator.args, decorator.keywords, function.home, node, scope)


def read_parts(run: Run, partial: Call, node: ast.Call, scope: Scope) -> None:
    """A partial that a module made of its constants hands them to whoever calls it."""
    home = partial.home
    if home is None or scope.kind != FUNCTION or not any(partial is value for value in home.env.values()):
        return
    _hand_over(run, dotted(partial.args[0]), partial.args[1:], partial.keywords, home, node, scope)


def _hand_over(
    run: Run, name: str, args: list[Value], keywords: Env, home: Module | None, node: ast.Call, scope: Scope
) -> None:
    """Note the module's constants among what was given to `name` when the module was imported."""
    if home is None or scope.kind != FUNCTION:
        return
    names = {id(value): name for name, value in home.env.items()}
    for keyword, value in [*(("", one) for one in args), *keywords.items()]:
        if id(value) in names:
            used, run.use = run.use, Use(name, keyword)
            read_global(run, value, names[id(value)], home, node, scope)
            run.use = used


def looked_up(run: Run, base: Value, call: Call) -> Value | None:
    """`registry.get(key, default)` on a dict written out: any of its values, or the default."""
    held = options(base)[0]
    if not isinstance(held, Mapping) or not 0 < len(held.items) <= _MOST_CHOICES:
        return None
    key = constant(call.args[0])
    found = [value for name, value in held.items if key is ... or constant(name) == key]
    return Either([*found, *call.args[1:2]], call.node, call.home) if found else None


def reflect(run: Run, name: str, call: Call, node: ast.Call, scope: Scope) -> Value | None:
    """`getattr(x, name)` and `setattr(x, name, value)` where the name, or the list it loops over, is written out."""
    names = names_of(call.args[1])
    if not name.endswith("setattr"):
        base = options(call.args[0])[0]
        found = [attribute(run, base, one, node, scope) for one in names]
        return (found[0] if len(found) == 1 else Either(found, node, scope.module)) if found else None
    for one in names if len(call.args) > 2 else []:
        store(run, call.args[0], one, call.args[2], node, scope)
    return None


def parent(run: Run, scope: Scope) -> Value | None:
    """`super()` in a method of a flow: the flow again, seen from its base class."""
    holder = next((value for value in scope.env.values() if isinstance(value, Self)), None)
    if holder is None or not run.active:
        return None
    for ancestor in holder.cls.lineage():
        if any(isinstance(v, Function) and v.node is run.active[-1] for v in ancestor.body.values()):
            rest = list(ancestor.lineage())[1:]
            if rest:
                return Self(rest[0])
    return None


def _as_mapping(call: Call) -> Mapping | None:
    """`dict(a=1)`, `dict(other, a=1)` and `dict(zip(names, values))` with the names written out."""
    items: list[tuple[Value, Value]] = []
    for argument in call.args:
        held = options(argument)[0]
        names = (
            strings(held.args[0]) if callee(held) == "builtins.zip" and isinstance(held, Call) and held.args else None
        )
        if isinstance(held, Mapping):
            items += held.items
        elif names is not None and isinstance(held, Call) and len(held.args) == 2:
            items += [(Const(name), Item(held.args[1], Const(at))) for at, name in enumerate(names)]
        else:
            return None
    for name, value in call.keywords.items():
        if name not in value.names:
            value.names += (name,)
        items.append((Const(name), value))
    return Mapping(items, call.node, call.home)
