"""The evaluator: runs a file's top level, or a step, over abstract values and writes down what happened.

Both sides of a branch are taken and a loop's body runs once, so the cost is linear in the code; first-party
functions are followed at their call, up to a depth and a budget.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from typing import Any

from flowgate.flow.modules import Module
from flowgate.flow.trace import Called, Global, Import, Read, Stored, Trace, Use
from flowgate.flow.values import (
    Artifact,
    Attr,
    Call,
    Class,
    Const,
    Display,
    Either,
    Element,
    File,
    Function,
    Input,
    Inputs,
    Instance,
    Item,
    Many,
    Mapping,
    Operation,
    Package,
    Ref,
    Self,
    Setting,
    Unknown,
    Value,
    callee,
    constant,
    dotted,
    names_of,
    options,
    strings,
)

_DEEPEST = 12
_BUDGET = 60_000
_MOST_CHOICES = 24
_BUILTINS = frozenset(dir(builtins))
_IMPORT_FAULTS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_GROWERS = {"append": 0, "add": 0, "appendleft": 0, "insert": 1}
_EXTENDERS = frozenset({"extend", "update", "extendleft"})
_NO_USE = Use("", "")

FUNCTION, CLASS, TOP = "function", "class", "top"

Env = dict[str, Value]


class Scope:
    """The names of one function call, class body or module, and the loops around the present statement."""

    __slots__ = ("born", "env", "foreign", "kind", "loops", "module", "origins", "outer", "returned")

    def __init__(self, module: Module, outer: Scope | None, env: Env, loops: list[Value], kind: str = FUNCTION) -> None:
        self.module, self.outer, self.env, self.loops, self.kind = module, outer, env, loops, kind
        self.born: dict[str, int] = {}
        self.returned: list[Value] = []
        self.foreign: set[str] = set()
        self.origins: dict[str, tuple[str, Module]] = module.origins if kind == TOP else {}

    def bind(self, name: str, value: Value) -> None:
        if name in self.foreign:
            self.module.env[name] = value
            self.module.rebound.add(name)
            return
        if name not in value.names:
            value.names += (name,)
        self.env[name] = value
        self.born[name] = len(self.loops)


def run_module(module: Module) -> None:
    """Evaluate the top level of a module into its `env` and `trace`."""
    tree = module.source.parse()
    if tree is not None:
        evaluator = Evaluator(module.trace)
        evaluator.block(tree.body, Scope(module, None, module.env, [], TOP))


def run_step(function: Function, cls: Class, step: str) -> Trace:
    """Evaluate a step's body; the trace holds what it stored, read and called, also through its helpers."""
    trace = Trace()
    evaluator = Evaluator(trace, step)
    parameters = _parameters(function.node)
    arguments: list[Value] = [Self(cls)]
    arguments += [Inputs(step) for _ in parameters[1:2]]
    evaluator.enter(function, arguments, {})
    return trace


def run_function(function: Function) -> tuple[Trace, Value | None]:
    """Evaluate a function of which no argument is known: what it did, and what it returns where that can be told."""
    trace = Trace()
    return trace, Evaluator(trace).enter(function, [], {})


class Evaluator:
    """One run over abstract values; every `_on_<Node>` method answers for one kind of syntax."""

    def __init__(self, trace: Trace, step: str = "") -> None:
        self.trace, self.step = trace, step
        self.guards = 0
        self.fuel = _BUDGET
        self.active: list[ast.AST] = []
        self.use = _NO_USE

    # -- statements

    def block(self, statements: Iterable[ast.stmt], scope: Scope) -> bool:
        """Run statements in order; True where the block never falls through its end."""
        for statement in statements:
            handler = _STATEMENTS.get(type(statement))
            if handler is None:
                for child in ast.iter_child_nodes(statement):
                    if isinstance(child, ast.expr):
                        self.value(child, scope)
            elif handler(self, statement, scope):
                return True
        return False

    def _on_expr(self, node: ast.Expr, scope: Scope) -> None:
        self.value(node.value, scope)

    def _on_assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self.value(node.value, scope)
        for target in node.targets:
            self.assign(target, value, scope)

    def _on_ann_assign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value, scope), scope)

    def _on_aug_assign(self, node: ast.AugAssign, scope: Scope) -> None:
        added = self.value(node.value, scope)
        current = self.value(node.target, scope)
        held = options(current)[0]
        if isinstance(held, Display | Many) and isinstance(node.op, ast.Add | ast.BitOr):
            grown = self.grown(current, added, True, node.target, scope, node)
        else:
            grown = Operation(type(node.op).__name__, [current, added], node, scope.module)
        self.assign(node.target, grown, scope, rebound=True)

    def _on_return(self, node: ast.Return, scope: Scope) -> bool:
        if node.value is not None:
            scope.returned.append(self.value(node.value, scope))
        return True

    def _on_raise(self, node: ast.Raise, scope: Scope) -> bool:
        for part in (node.exc, node.cause):
            if part is not None:
                self.value(part, scope)
        return True

    def _on_jump(self, node: ast.stmt, scope: Scope) -> bool:
        return True

    def _on_if(self, node: ast.If, scope: Scope) -> bool:
        test = ast.unparse(node.test) if isinstance(node.test, ast.Name | ast.Attribute) else ""
        self.value(node.test, scope)
        if test.split(".")[-1] == "TYPE_CHECKING":
            return self.block(node.orelse, scope)
        return self.branches([node.body, node.orelse], scope)

    def branches(self, blocks: list[list[ast.stmt]], scope: Scope) -> bool:
        """Run each block from the present state and join what they leave; True where none falls through."""
        envs, attributes = [], []
        before, stored = dict(scope.env), dict(self.trace.attributes)
        for statements in blocks:
            _reset(scope.env, before)
            _reset(self.trace.attributes, stored)
            if not self.block(statements, scope):
                envs.append(dict(scope.env))
                attributes.append(dict(self.trace.attributes))
        _reset(scope.env, _joined(envs) if envs else before)
        _reset(self.trace.attributes, _joined(attributes) if attributes else stored)
        return not envs

    def _on_for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        collection = self.value(node.iter, scope)
        before, stored = dict(scope.env), dict(self.trace.attributes)
        self.assign(node.target, Element(collection, node.iter, scope.module), scope)
        scope.loops.append(collection)
        self.block(node.body, scope)
        scope.loops.pop()
        _reset(scope.env, _joined([scope.env, before]))
        _reset(self.trace.attributes, _joined([self.trace.attributes, stored]))
        self.block(node.orelse, scope)

    def _on_while(self, node: ast.While, scope: Scope) -> None:
        self.value(node.test, scope)
        self.branches([node.body, []], scope)
        self.block(node.orelse, scope)

    def _on_with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
        guarded = False
        for item in node.items:
            value = self.value(item.context_expr, scope)
            guarded = guarded or (callee(value) == "contextlib.suppress" and _suppresses_imports(item.context_expr))
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value, scope)
        self.guards += guarded
        ended = self.block(node.body, scope)
        self.guards -= guarded
        return ended and not guarded

    def _on_try(self, node: Any, scope: Scope) -> bool:
        guarded = any(_catches_imports(handler) for handler in node.handlers)
        self.guards += guarded
        ended = self.block(node.body, scope)
        self.guards -= guarded
        if not ended:
            self.block(node.orelse, scope)
        if node.handlers:
            falls: list[ast.stmt] = [ast.Raise()] if ended else []
            ended = self.branches([falls, *(handler.body for handler in node.handlers)], scope)
        return self.block(node.finalbody, scope) or ended

    def _on_match(self, node: ast.Match, scope: Scope) -> bool:
        subject = self.value(node.subject, scope)
        for case in node.cases:
            for name in _captures(case.pattern):
                scope.bind(name, Item(subject, Unknown(), case.pattern, scope.module))
        return self.branches([case.body for case in node.cases] + [[]], scope)

    def _on_import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            self.trace.events.append(Import(alias.name, 0, node, scope.module, self.guards > 0))
            bound = alias.name if alias.asname else alias.name.split(".")[0]
            scope.bind(alias.asname or bound, self.imported(bound, 0, node, scope))
            if bound != alias.name:
                self.imported(alias.name, 0, node, scope)

    def _on_import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        name = node.module or ""
        self.trace.events.append(Import(name, node.level, node, scope.module, self.guards > 0))
        origin = self.imported(name, node.level, node, scope)
        for alias in node.names:
            if alias.name != "*":
                scope.bind(alias.asname or alias.name, self.member(origin, alias.name, node, scope))
                if isinstance(origin, Package):
                    scope.origins[alias.asname or alias.name] = (alias.name, origin.module)
            elif isinstance(origin, Package):
                scope.env.update(origin.module.env)
                scope.module.stars += origin.module.stars
            else:
                scope.module.stars.append(name)

    def imported(self, name: str, level: int, node: ast.AST, scope: Scope) -> Value:
        """The module an import binds: followed where first-party, a name where not."""
        module = scope.module
        path = module.modules.find(name, module, level)
        if path is not None:
            return Package(module.modules.load(path))
        return Ref(name, node, module) if not level else Unknown(node, module)

    def member(self, origin: Value, name: str, node: ast.AST, scope: Scope) -> Value:
        """`from origin import name`."""
        if not isinstance(origin, Package):
            return Ref(f"{origin.dotted}.{name}", node, scope.module) if isinstance(origin, Ref) else Unknown(node)
        found = origin.module.env.get(name)
        if found is None:
            path = origin.module.modules.find(name, origin.module, 1)
            found = Package(origin.module.modules.load(path)) if path else Unknown(node, scope.module)
        return found

    def _on_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        made = self.function(node, scope)
        made.decorators = [self.value(decorator, scope) for decorator in node.decorator_list]
        scope.bind(node.name, made)

    def function(self, node: Any, scope: Scope) -> Function:
        """A function value with its defaults evaluated where it is defined."""
        closure: Scope | None = scope
        while closure is not None and closure.kind == CLASS:
            closure = closure.outer
        made = Function(node, scope.module, closure)
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        offset = len(positional) - len(arguments.defaults)
        for argument, default in zip(positional[offset:], arguments.defaults, strict=True):
            made.defaults[argument.arg] = self.value(default, scope)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                made.defaults[argument.arg] = self.value(default, scope)
        return made

    def _on_class(self, node: ast.ClassDef, scope: Scope) -> None:
        bases = [self.value(base, scope) for base in node.bases]
        for decorator in node.decorator_list:
            self.value(decorator, scope)
        inner = Scope(scope.module, scope, {}, [], CLASS)
        self.block(node.body, inner)
        scope.bind(node.name, Class(node, scope.module, bases, inner.env))

    def _on_global(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        if isinstance(node, ast.Global):
            scope.foreign.update(node.names)

    # -- assignment

    def assign(self, target: ast.expr, value: Value, scope: Scope, rebound: bool = False) -> None:
        """Bind a target; `rebound` where it is the same collection grown, born where it was born before."""
        if isinstance(target, ast.Name):
            born = scope.born.get(target.id, 0)
            scope.bind(target.id, value)
            if rebound:
                scope.born[target.id] = born
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target.elts, value, scope)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, scope)
        elif isinstance(target, ast.Attribute):
            self.store(self.value(target.value, scope), target.attr, value, target, scope, rebound)
        elif isinstance(target, ast.Subscript):
            self.store_item(target, value, scope)

    def store(self, base: Value, name: str, value: Value, node: ast.AST, scope: Scope, rebound: bool = False) -> None:
        """`base.name = value`."""
        if name not in value.names:
            value.names += (name,)
        for holder in options(base):
            if isinstance(holder, Self):
                self.trace.events.append(Stored(name, value, node, scope.module))
                self.trace.attributes[name] = value
                if not rebound:
                    self.trace.born[name] = len(scope.loops)
            elif isinstance(holder, Instance):
                holder.attributes[name] = value
            elif isinstance(holder, Ref):
                changed = Call(Ref(f"{holder.dotted}.{name}.__set__"), [value], {}, node, scope.module)
                self.trace.events.append(Called(changed, scope.module))

    def store_item(self, target: ast.Subscript, value: Value, scope: Scope) -> None:
        key = self.value(target.slice, scope)
        current = self.value(target.value, scope)
        held = options(current)[0]
        loops = self.loops_since(target.value, scope)
        if isinstance(held, Mapping) and not loops:
            grown: Value = Mapping([*held.items, (key, value)], target, scope.module)
        elif isinstance(held, Mapping | Many):
            made = Many(Display("tuple", [key, value], target, scope.module), loops, "dict", target, scope.module)
            grown = made if isinstance(held, Mapping) and not held.items else Either([current, made])
        else:
            grown = Call(Attr(current, "__setitem__", target, scope.module), [key, value], {}, target, scope.module)
            self.trace.events.append(Called(grown, scope.module))
            self.changed(target, value, scope)
            return
        self.assign(target.value, grown, scope, rebound=True)

    def changed(self, target: ast.Subscript, value: Value, scope: Scope) -> None:
        """`self.name[...]... = value`: the artifact is another one after it."""
        inner: ast.expr = target
        while isinstance(inner, ast.Subscript):
            inner = inner.value
        if isinstance(inner, ast.Attribute) and inner.attr in self.trace.attributes:
            if any(isinstance(base, Self) for base in options(self.value(inner.value, scope))):
                self.trace.events.append(Stored(inner.attr, value, target, scope.module))

    def unpack(self, targets: list[ast.expr], value: Value, scope: Scope) -> None:
        """`a, b = value`, also for what enumerate, zip, product and dict.items() yield."""
        parts = _columns_of([_unpacked(held, len(targets)) for held in options(value)], len(targets))
        for index, target in enumerate(targets):
            part = parts[index] if index < len(parts) else Item(value, Const(index), target, scope.module)
            self.assign(target, part, scope)

    def loops_since(self, target: ast.expr, scope: Scope) -> list[Value]:
        """The loops entered since the collection that `target` names was made."""
        born = 0
        if isinstance(target, ast.Name):
            born = scope.born.get(target.id, 0)
        elif isinstance(target, ast.Attribute):
            born = self.trace.born.get(target.attr, 0)
        return scope.loops[born:]

    def grown(self, held: Value, added: Value, spread: bool, target: ast.expr, scope: Scope, node: ast.AST) -> Value:
        """A collection after an append (or, with `spread`, an extend) in the present loops."""
        loops = self.loops_since(target, scope)
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

    # -- expressions

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """The abstract value of an expression."""
        self.fuel -= 1
        handler = _EXPRESSIONS.get(type(node))
        if handler is not None:
            return handler(self, node, scope)
        outer, self.use = self.use, Use(_OPERATION_USES[type(node)], "") if type(node) in _OPERATION_USES else self.use
        operands = [self.value(child, scope) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        self.use = outer
        name = type(node.op).__name__ if isinstance(node, ast.BinOp | ast.UnaryOp) else type(node).__name__
        return Operation(name, operands, node, scope.module)

    def _on_constant(self, node: ast.Constant, scope: Scope) -> Value:
        return Const(node.value, node, scope.module)

    def _on_name(self, node: ast.Name, scope: Scope) -> Value:
        name = node.id
        inner: Scope | None = scope
        while inner is not None and inner.kind != TOP:
            if name in inner.env and name not in inner.foreign:
                if name in inner.origins:
                    self.read_global(inner.env[name], *inner.origins[name], node, scope)
                return inner.env[name]
            inner = inner.outer
        found = scope.module.env.get(name)
        if found is not None:
            if scope.kind == FUNCTION:
                self.read_global(found, *scope.module.origins.get(name, (name, scope.module)), node, scope)
            return found
        if name == "__file__":
            return File(node, scope.module)
        if name in _BUILTINS:
            return Ref("builtins." + name, node, scope.module)
        if scope.module.stars:
            return Ref(f"{scope.module.stars[-1]}.{name}", node, scope.module)
        return Unknown(node, scope.module)

    def read_global(self, value: Value, name: str, owner: Module, node: ast.AST, scope: Scope) -> None:
        """Note that a function read what another scope holds."""
        if not isinstance(value, Package | Function | Class):
            self.trace.events.append(Global(name, value, owner, node, scope.module, self.use))

    def _on_attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        base = self.value(node.value, scope)
        found = [self.attribute(holder, node.attr, node, scope) for holder in options(base)]
        return found[0] if len(found) == 1 else Either(found, node, scope.module)

    def attribute(self, base: Value, name: str, node: ast.AST, scope: Scope) -> Value:
        """`base.name`."""
        module = scope.module
        if isinstance(base, Self):
            return self.of_self(base, name, node, scope)
        if isinstance(base, Package):
            found = self.member(base, name, node, scope)
            if scope.kind == FUNCTION:
                self.read_global(found, name, base.module, node, scope)
            return found
        if isinstance(base, Instance):
            if name in base.attributes:
                return base.attributes[name]
            held = base.cls.lookup(name)
            if held is not None:
                return self.of_class(held, base.cls, base, name, node, scope)
        if isinstance(base, Class):
            held = base.lookup(name)
            if held is not None:
                return self.of_class(held, base, base, name, node, scope)
        if isinstance(base, Ref):
            return Ref(f"{base.dotted}.{name}", node, module)
        return Attr(base, name, node, module)

    def of_class(self, held: Value, cls: Class, owner: Value, name: str, node: ast.AST, scope: Scope) -> Value:
        """An attribute found on a class: a bound method, a property's value, or a class-level constant that is read."""
        if isinstance(held, Function):
            kinds = [dotted(decorator) for decorator in held.decorators]
            if any(kind.endswith("property") for kind in kinds) and not isinstance(owner, Class):
                return self.enter(_bound(held, owner), [], {}, scope) or Unknown(node, scope.module)
            if "builtins.classmethod" in kinds:
                return _bound(held, cls)
            return held if isinstance(owner, Class) else _bound(held, owner)
        if scope.kind == FUNCTION:
            self.read_global(held, name, cls.home or scope.module, node, scope)
        return held

    def of_self(self, base: Self, name: str, node: ast.AST, scope: Scope) -> Value:
        """`self.name` in a step or helper: an artifact, a declaration, a helper, or the foreach's input."""
        if name in self.trace.attributes:
            self.trace.events.append(Read(name, node, scope.module, True))
            return self.trace.attributes[name]
        if name == "input":
            return Input(self.step, node, scope.module)
        if name == "next":
            return Attr(base, name, node, scope.module)
        declared = base.cls.lookup(name)
        if isinstance(declared, Function):
            return self.of_class(declared, base.cls, base, name, node, scope)
        if isinstance(declared, Call):
            kind = callee(declared).rpartition(".")[2]
            if callee(declared).startswith("metaflow.") and kind in ("Config", "Parameter", "IncludeFile"):
                return Setting(kind, name, declared)
        self.trace.events.append(Read(name, node, scope.module, False))
        if declared is not None:
            self.read_global(declared, name, declared.home or scope.module, node, scope)
            return declared
        return Artifact(self.step, name, node, scope.module)

    def _on_call(self, node: ast.Call, scope: Scope) -> Value:
        func = self.value(node.func, scope)
        label = dotted(func) or (func.name if isinstance(func, Attr) else _label(node.func))
        args = self.arguments(node.args, label, scope)
        keywords = self.keywords(node.keywords, label, scope)
        call = Call(func, args, keywords, node, scope.module)
        call.result = self.called(call, node, scope)
        self.trace.events.append(Called(call, scope.module))
        return call

    def arguments(self, nodes: list[ast.expr], label: str, scope: Scope) -> list[Value]:
        """The positional arguments, a starred list written out among them."""
        args: list[Value] = []
        for node in nodes:
            value = self.argument(node, Use(label, ""), scope)
            held = options(value)[0]
            args += held.elements if isinstance(node, ast.Starred) and isinstance(held, Display) else [value]
        return args

    def keywords(self, nodes: list[ast.keyword], label: str, scope: Scope) -> Env:
        """The keyword arguments, those of a `**` dict written out among them."""
        found: Env = {}
        for node in nodes:
            value = self.argument(node.value, Use(label, node.arg or ""), scope)
            held = options(value)[0]
            if node.arg is not None:
                found[node.arg] = value
            elif isinstance(held, Mapping):
                found |= {key: v for name, v in held.items if isinstance(key := constant(name), str)}
            else:
                found["**"] = value
        return found

    def argument(self, node: ast.expr, use: Use, scope: Scope) -> Value:
        outer, self.use = self.use, use
        found = self.value(node.value if isinstance(node, ast.Starred) else node, scope)
        self.use = outer
        return found

    def called(self, call: Call, node: ast.Call, scope: Scope) -> Value | None:
        """What the call returns, where it can be followed; growth of a collection happens here too."""
        if isinstance(node.func, ast.Attribute) and isinstance(call.func, Attr | Function):
            self.grow_by_method(node.func, call, scope)
        results = [self.follow(target, call, node, scope) for target in options(call.func)]
        known = [result for result in results if result is not None]
        if not known:
            return None
        return known[0] if len(known) == 1 else Either(known, node, scope.module)

    def grow_by_method(self, target: ast.Attribute, call: Call, scope: Scope) -> None:
        spread = target.attr in _EXTENDERS
        position = 0 if spread else _GROWERS.get(target.attr, -1)
        if not 0 <= position < len(call.args) or not isinstance(target.value, ast.Name | ast.Attribute):
            return
        held = call.func.base if isinstance(call.func, Attr) else Unknown()
        if isinstance(options(held)[0], Display | Many):
            node = call.node or target
            grown = self.grown(held, call.args[position], spread, target.value, scope, node)
            self.assign(target.value, grown, scope, rebound=True)

    def follow(self, target: Value, call: Call, node: ast.Call, scope: Scope) -> Value | None:
        if isinstance(target, Function):
            return self.enter(target, call.args, call.keywords, scope)
        if isinstance(target, Class):
            return self.construct(target, call, scope)
        if isinstance(target, Instance):
            run = target.cls.lookup("__call__") or target.cls.lookup("forward")
            return self.enter(_bound(run, target), call.args, call.keywords, scope) if run is not None else None
        if isinstance(target, Call) and callee(target) == "functools.partial" and target.args:
            self.read_parts(target, node, scope)
            whole = Call(target.args[0], [*target.args[1:], *call.args], {**target.keywords, **call.keywords}, node)
            whole.home = scope.module
            whole.result = self.follow(options(target.args[0])[0], whole, node, scope)
            self.trace.events.append(Called(whole, scope.module))
            return whole
        if isinstance(target, Attr) and target.name == "get" and call.args:
            return self.looked_up(target.base, call)
        name = dotted(target)
        if name == "builtins.super" and not call.args:
            return self.parent(scope)
        if name in ("importlib.import_module", "builtins.__import__") and call.args:
            return self.import_by_name(constant(call.args[0]), node, scope)
        if name == "builtins.dict":
            return _as_mapping(call)
        if name == "builtins.type" and len(call.args) == 1:
            held = options(call.args[0])[0]
            return held.cls if isinstance(held, Self | Instance) else None
        if name == "builtins.map" and len(call.args) > 1:
            elements: list[Value] = [Element(collection, node, scope.module) for collection in call.args[1:]]
            mapped = Call(call.args[0], elements, {}, node, scope.module)
            mapped.result = self.called(mapped, node, scope)
            return Many(mapped, list(call.args[1:]), "generator", node, scope.module)
        if name in ("builtins.getattr", "builtins.hasattr", "builtins.setattr") and len(call.args) > 1:
            return self.reflect(name, call, node, scope)
        return None

    def read_parts(self, partial: Call, node: ast.Call, scope: Scope) -> None:
        """A partial that a module made of its constants hands them to whoever calls it."""
        home = partial.home
        if home is None or scope.kind != FUNCTION or not any(partial is value for value in home.env.values()):
            return
        names = {id(value): name for name, value in home.env.items()}
        for keyword, value in [*(("", one) for one in partial.args[1:]), *partial.keywords.items()]:
            if id(value) in names:
                used, self.use = self.use, Use(dotted(partial.args[0]), keyword)
                self.read_global(value, names[id(value)], home, node, scope)
                self.use = used

    def import_by_name(self, name: object, node: ast.Call, scope: Scope) -> Value | None:
        """`importlib.import_module("package.module")`."""
        if not isinstance(name, str) or name.startswith("."):
            return None
        self.trace.events.append(Import(name, 0, node, scope.module, self.guards > 0))
        return self.imported(name, 0, node, scope)

    def looked_up(self, base: Value, call: Call) -> Value | None:
        """`registry.get(key, default)` on a dict written out: any of its values, or the default."""
        held = options(base)[0]
        if not isinstance(held, Mapping) or not 0 < len(held.items) <= _MOST_CHOICES:
            return None
        key = constant(call.args[0])
        found = [value for name, value in held.items if key is ... or constant(name) == key]
        return Either([*found, *call.args[1:2]], call.node, call.home) if found else None

    def reflect(self, name: str, call: Call, node: ast.Call, scope: Scope) -> Value | None:
        """`getattr(x, name)` and `setattr(x, name, value)` where the name, or the list it loops over, is written out."""
        attributes = names_of(call.args[1])
        if not name.endswith("setattr"):
            base = options(call.args[0])[0]
            found = [self.attribute(base, attribute, node, scope) for attribute in attributes]
            return (found[0] if len(found) == 1 else Either(found, node, scope.module)) if found else None
        for attribute in attributes if len(call.args) > 2 else []:
            self.store(call.args[0], attribute, call.args[2], node, scope)
        return None

    def parent(self, scope: Scope) -> Value | None:
        """`super()` in a method of a flow: the flow again, seen from its base class."""
        holder = next((value for value in scope.env.values() if isinstance(value, Self)), None)
        if holder is None or not self.active:
            return None
        for ancestor in holder.cls.lineage():
            if any(isinstance(v, Function) and v.node is self.active[-1] for v in ancestor.body.values()):
                rest = list(ancestor.lineage())[1:]
                if rest:
                    return Self(rest[0])
        return None

    def construct(self, cls: Class, call: Call, scope: Scope) -> Value:
        """An instance of a first-party class, its attributes traced through `__init__` or its fields."""
        made = Instance(cls, call.node, scope.module)
        initialise = cls.lookup("__init__")
        if isinstance(initialise, Function):
            self.enter(_bound(initialise, made), call.args, call.keywords, scope)
            return made
        fields = _fields(cls)
        for (name, default), given in zip(fields, [*call.args, *[None] * len(fields)], strict=False):
            value = given or call.keywords.get(name) or default
            if value is not None:
                made.attributes[name] = value
        return made

    def enter(self, function: Value, args: list[Value], keywords: Env, caller: Scope | None = None) -> Value | None:
        """Follow a first-party function; None where it is recursive, too deep or past the budget."""
        if not isinstance(function, Function) or function.node is None or function.home is None:
            return None
        node: Any = function.node
        if node in self.active or len(self.active) >= _DEEPEST or self.fuel <= 0:
            return None
        if function.owner is not None and not _is_static(node):
            args = [function.owner, *args]
        loops = caller.loops if caller is not None else []
        scope = Scope(function.home, function.closure, _bind(function, args, keywords), loops)
        scope.born = dict.fromkeys(scope.env, 0)
        self.active.append(node)
        outer, self.use = self.use, _NO_USE
        if isinstance(node, ast.Lambda):
            scope.returned.append(self.value(node.body, scope))
        else:
            self.block(node.body, scope)
        self.use = outer
        self.active.pop()
        if not scope.returned:
            return None
        return scope.returned[0] if len(scope.returned) == 1 else Either(scope.returned, node, function.home)

    def _on_lambda(self, node: ast.Lambda, scope: Scope) -> Value:
        return self.function(node, scope)

    def _on_display(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Value:
        elements: list[Value] = []
        for element in node.elts:
            value = self.value(element.value if isinstance(element, ast.Starred) else element, scope)
            held = options(value)[0]
            if isinstance(element, ast.Starred) and isinstance(held, Display):
                elements += held.elements
            else:
                elements.append(Element(value, element, scope.module) if isinstance(element, ast.Starred) else value)
        unknown = [
            part.collection for part in elements if isinstance(part, Element) and isinstance(part.node, ast.Starred)
        ]
        if unknown:  # `[first, *rest]`: a list joined to another
            rest = [part for part in elements if not isinstance(part.node, ast.Starred)]
            known: list[Value] = [Display("list", rest, node, scope.module)] if rest else []
            return Operation("Add", [*known, *unknown], node, scope.module)
        return Display(type(node).__name__.lower(), elements, node, scope.module)

    def _on_dict(self, node: ast.Dict, scope: Scope) -> Value:
        items: list[tuple[Value, Value]] = []
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item, scope)
            if key is not None:
                name = self.value(key, scope)
                text = constant(name)
                if isinstance(text, str) and text not in value.names:
                    value.names += (text,)
                items.append((name, value))
            else:
                held = options(value)[0]
                items += held.items if isinstance(held, Mapping) else [(Unknown(item), value)]
        return Mapping(items, node, scope.module)

    def _on_subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        base = self.value(node.value, scope)
        key = self.argument(node.slice, Use("[:]" if isinstance(node.slice, ast.Slice) else "[]", ""), scope)
        index = constant(key)
        held = options(base)[0]
        if isinstance(held, Display) and type(index) is int and -len(held.elements) <= index < len(held.elements):
            return held.elements[index]
        if isinstance(held, Mapping):
            for name, value in reversed(held.items):
                if index is not ... and constant(name) == index:
                    return value
        if index is ...:
            choices = [v for _, v in held.items] if isinstance(held, Mapping) else getattr(held, "elements", [])
            if 0 < len(choices) <= _MOST_CHOICES:
                return Either(list(choices), node, scope.module)
        return Item(base, key, node, scope.module)

    def _on_comprehension(self, node: Any, scope: Scope) -> Value:
        inner = Scope(scope.module, scope, {}, scope.loops, FUNCTION if scope.kind == FUNCTION else CLASS)
        loops = []
        for generator in node.generators:
            collection = self.value(generator.iter, inner)
            self.assign(generator.target, Element(collection, generator.iter, scope.module), inner)
            loops.append(collection)
            for condition in generator.ifs:
                self.value(condition, inner)
        kind = {"ListComp": "list", "SetComp": "set", "DictComp": "dict"}.get(type(node).__name__, "generator")
        if isinstance(node, ast.DictComp):
            pair = [self.value(node.key, inner), self.value(node.value, inner)]
            element: Value = Display("tuple", pair, node, scope.module)
        else:
            element = self.value(node.elt, inner)
        made = Many(element, loops, kind, node, scope.module)
        made.filtered = any(generator.ifs for generator in node.generators)
        return made

    def _on_either(self, node: ast.IfExp | ast.BoolOp, scope: Scope) -> Value:
        if isinstance(node, ast.IfExp):
            self.value(node.test, scope)
            found = [self.value(node.body, scope), self.value(node.orelse, scope)]
        else:
            found = [self.value(operand, scope) for operand in node.values]
        return Either(found, node, scope.module)

    def _on_walrus(self, node: ast.NamedExpr, scope: Scope) -> Value:
        value = self.value(node.value, scope)
        self.assign(node.target, value, scope)
        return value

    def _on_yield(self, node: ast.Yield | ast.YieldFrom, scope: Scope) -> Value:
        if node.value is not None:
            value = self.value(node.value, scope)
            loops = list(scope.loops)
            if isinstance(node, ast.YieldFrom):
                loops, value = [*loops, value], Element(value, node, scope.module)
            scope.returned.append(Many(value, loops, "generator", node, scope.module))
        return Unknown(node, scope.module)

    def _on_through(self, node: ast.Await | ast.Starred, scope: Scope) -> Value:
        return self.value(node.value, scope)


_OPERATION_USES: dict[type[ast.AST], str] = {ast.JoinedStr: "format", ast.Compare: "compare"}

_STATEMENTS: dict[type[ast.AST], Callable[[Evaluator, Any, Scope], bool | None]] = {
    ast.Expr: Evaluator._on_expr,
    ast.Assign: Evaluator._on_assign,
    ast.AnnAssign: Evaluator._on_ann_assign,
    ast.AugAssign: Evaluator._on_aug_assign,
    ast.Return: Evaluator._on_return,
    ast.Raise: Evaluator._on_raise,
    ast.Break: Evaluator._on_jump,
    ast.Continue: Evaluator._on_jump,
    ast.If: Evaluator._on_if,
    ast.For: Evaluator._on_for,
    ast.AsyncFor: Evaluator._on_for,
    ast.While: Evaluator._on_while,
    ast.With: Evaluator._on_with,
    ast.AsyncWith: Evaluator._on_with,
    ast.Try: Evaluator._on_try,
    ast.TryStar: Evaluator._on_try,
    ast.Match: Evaluator._on_match,
    ast.Import: Evaluator._on_import,
    ast.ImportFrom: Evaluator._on_import_from,
    ast.FunctionDef: Evaluator._on_function,
    ast.AsyncFunctionDef: Evaluator._on_function,
    ast.ClassDef: Evaluator._on_class,
    ast.Global: Evaluator._on_global,
    ast.Nonlocal: Evaluator._on_global,
}

_EXPRESSIONS: dict[type[ast.AST], Callable[[Evaluator, Any, Scope], Value]] = {
    ast.Constant: Evaluator._on_constant,
    ast.Name: Evaluator._on_name,
    ast.Attribute: Evaluator._on_attribute,
    ast.Call: Evaluator._on_call,
    ast.Lambda: Evaluator._on_lambda,
    ast.List: Evaluator._on_display,
    ast.Tuple: Evaluator._on_display,
    ast.Set: Evaluator._on_display,
    ast.Dict: Evaluator._on_dict,
    ast.Subscript: Evaluator._on_subscript,
    ast.ListComp: Evaluator._on_comprehension,
    ast.SetComp: Evaluator._on_comprehension,
    ast.DictComp: Evaluator._on_comprehension,
    ast.GeneratorExp: Evaluator._on_comprehension,
    ast.IfExp: Evaluator._on_either,
    ast.BoolOp: Evaluator._on_either,
    ast.NamedExpr: Evaluator._on_walrus,
    ast.Yield: Evaluator._on_yield,
    ast.YieldFrom: Evaluator._on_yield,
    ast.Await: Evaluator._on_through,
    ast.Starred: Evaluator._on_through,
}


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
    return isinstance(node, ast.Call) and any(_label(kind) in _IMPORT_FAULTS for kind in node.args)


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    """Whether the handler lets the module go on without the import."""
    if isinstance(handler.body[-1], ast.Raise):
        return False
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(_label(kind).rpartition(".")[2] in _IMPORT_FAULTS for kind in kinds)


def _label(node: ast.expr) -> str:
    """The name or attribute chain an expression is written as; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{_label(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def _captures(pattern: ast.pattern) -> list[str]:
    names = (getattr(node, "name", None) or getattr(node, "rest", None) for node in ast.walk(pattern))
    return [name for name in names if isinstance(name, str)]


def _parameters(node: Any) -> list[str]:
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]


def _is_static(node: Any) -> bool:
    return any(_label(decorator) == "staticmethod" for decorator in getattr(node, "decorator_list", []))


def _bound(value: Value, owner: Value) -> Value:
    if not isinstance(value, Function):
        return value
    bound = Function(value.node or ast.Pass(), value.home, value.closure, owner)
    bound.defaults, bound.decorators = value.defaults, value.decorators
    return bound


def _bind(function: Function, args: list[Value], keywords: Env) -> Env:
    """The parameters of a call: given, defaulted, or unknown."""
    node: Any = function.node
    names = _parameters(node)
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


def _fields(cls: Class) -> list[tuple[str, Value | None]]:
    """The annotated fields of a dataclass or NamedTuple, bases first, with their defaults."""
    found: dict[str, Value | None] = {}
    for ancestor in reversed(list(cls.lineage())):
        assert isinstance(ancestor.node, ast.ClassDef)
        for statement in ancestor.node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                found[statement.target.id] = ancestor.body.get(statement.target.id)
    return list(found.items())


def _unpacked(held: Value, count: int) -> list[Value]:
    """The parts of what is being unpacked, where they can be told apart."""
    if isinstance(held, Display):
        return held.elements if len(held.elements) == count else []
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
