"""Where code decides by a method's kind, and what it does with one it does not know."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from flowgate.flow.syntax import nodes
from flowgate.flow.values import Function, Module, Value, options
from flowgate.lint.branches import after, chain_of, ends, only_prepares, shown, stops, texts
from flowgate.lint.registries import FUNCTIONS, Registries, keys_of
from flowgate.meaning.words import words

_TRAINING = frozenset(
    """
    method methods model models arm arms train trains trainer trainers training fit fitter fitters estimator estimators
    algorithm algo learner learners classifier regressor spec method_spec loss optimizer
    """.split()
)


# What has a kind that is no method's.
_OTHERS = frozenset(
    """
    data dataset plot chart figure file source event message row column record job task request token node corpus corpora
    noise distribution signal generator simulator augment augmentation channel layout
    """.split()
)


class Dispatch(NamedTuple):
    """Where code decides by a method's kind: what it does with one it does not know, and the kinds it knows."""

    fault: str
    node: ast.AST
    known: frozenset[str] | None


def dispatches(scope: ast.AST, module: Module, registries: Registries) -> Iterator[Dispatch]:
    """Every decision by a method's kind in one function, or default of it in one class."""
    if isinstance(scope, ast.ClassDef):
        yield from _defaults_of(scope)
        return
    assert isinstance(scope, FUNCTIONS)
    reader = _Reader(scope, module, registries)
    inner = {id(part) for one in nodes(scope) if isinstance(one, FUNCTIONS) and one is not scope for part in nodes(one)}
    chained: set[int] = set()
    for node in nodes(scope):
        if id(node) in inner:
            continue
        if isinstance(node, ast.If) and id(node) not in chained:
            chained |= {id(one) for one in chain_of(node)}
            yield from reader.of_chain(node)
        elif isinstance(node, ast.IfExp):
            yield from reader.of_choice(node)
        elif isinstance(node, ast.Call):
            yield from reader.of_call(node)
        elif isinstance(node, ast.Subscript):
            yield from reader.of_lookup(node.value, node.slice)
        elif isinstance(node, ast.Match):
            yield from reader.of_match(node)
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            yield from reader.of_or(node)
        elif isinstance(node, ast.Try):
            yield from reader.of_try(node)


class _Reader:
    """One function, and what in it is a method's kind."""

    def __init__(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module, registries: Registries
    ) -> None:
        self.function, self.module, self.registries = function, module, registries
        self.aliases: set[str] = set()
        for node in nodes(function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                if self._names_kind(node.value):
                    self.aliases.add(node.targets[0].id)

    def _names_kind(self, node: ast.AST) -> str:
        """The name by which an expression is read as a kind: `kind`, `spec["kind"]`, `spec.kind`, `spec.get("kind")`."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("get", "pop") and node.args:
                return _kind(getattr(node.args[0], "value", ""))
            return self._names_kind(node.func.value) if node.func.attr in ("lower", "strip", "upper") else ""
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and len(node.args) > 1:
            return _kind(getattr(node.args[1], "value", ""))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "str" and node.args:
            return self._names_kind(node.args[0])
        if isinstance(node, ast.Subscript):
            return _kind(getattr(node.slice, "value", ""))
        if isinstance(node, ast.Attribute):
            return _kind(node.attr)
        if isinstance(node, ast.Name):
            return "kind" if node.id in self.aliases else _kind(node.id)
        return ""

    def _is_method(self, node: ast.AST, *branches: ast.AST) -> bool:
        """Whether a kind is that of a method: by what it is read from, where, or what is done with it."""
        name = self._names_kind(node)
        if not name:
            return False
        own = set(words(name)) - {"kind"}
        if own:
            return bool(own & _TRAINING)
        read_from = {word for part in nodes(node) for word in words(getattr(part, "id", ""))}
        if (read_from | set(words(self.function.name))) & _OTHERS:
            return False
        around = set(words(self.function.name)) | {
            word for part in nodes(node) for word in words(getattr(part, "id", ""))
        }
        called = [part.func for branch in branches for part in nodes(branch) if isinstance(part, ast.Call)]
        around |= {word for func in called for word in words(ast.unparse(func))}
        return bool(around & _TRAINING)

    def of_call(self, call: ast.Call) -> Iterator[Dispatch]:
        """A kind read with a default, or a registry asked with one."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "pop") and call.args:
            default = call.args[1] if len(call.args) > 1 else None
            default = default or next((k.value for k in call.keywords if k.arg == "default"), None)
            if _kind(getattr(call.args[0], "value", "")) and self._is_method(call):
                if default is not None and not _is_none(default) and not self._is_sentinel(default):
                    yield Dispatch(_silent(f"read with the default {ast.unparse(default)}"), call, frozenset())
            elif self._is_method(call.args[0], call.func.value, *([default] if default is not None else [])):
                yield from self.of_lookup(call.func.value, call.args[0], default, call)
        elif getattr(call.func, "id", "") == "getattr" and len(call.args) > 2 and self._is_method(call):
            yield Dispatch(_silent(f"read with the default {ast.unparse(call.args[2])}"), call, frozenset())

    def of_lookup(
        self, registry: ast.expr, key: ast.expr, default: ast.expr | None = None, call: ast.Call | None = None
    ) -> Iterator[Dispatch]:
        """`REGISTRY[kind]` and `REGISTRY.get(kind, default)`."""
        if not self._names_kind(key) or not (call or self._is_method(key, registry)):
            return
        held = options(self.module.env.get(getattr(registry, "id", "")) or Value())[0]
        names = keys_of(held) or _keys_here(self.function, registry) or frozenset()
        names |= self.registries.filled(ast.unparse(registry).rpartition(".")[2])
        if not names and isinstance(registry, ast.Name):
            names = self.registries.handed(self.function, registry.id)
        if default is not None and not _is_none(default):
            fault = _silent(f"looked up with the default {ast.unparse(default)}")
            yield Dispatch(fault, call or registry, names or None)
        else:
            made = _collected_with_default(self.module, self.function, registry)
            yield Dispatch(
                _silent("looked up in a `defaultdict`") if made is not None else "", made or key, names or None
            )

    def of_try(self, node: ast.Try) -> Iterator[Dispatch]:
        """`try: fit = KINDS[kind]` with an `except KeyError` that goes on with another."""
        looked_up = [
            part
            for one in node.body
            for part in nodes(one)
            if isinstance(part, ast.Subscript)
            and self._names_kind(part.slice)
            and self._is_method(part.slice, part.value)
        ]
        for handler in node.handlers if looked_up else []:
            caught = (
                {getattr(part, "id", "") for part in nodes(handler.type)} if handler.type is not None else {"Exception"}
            )
            if (
                caught & {"KeyError", "LookupError", "Exception"}
                and not self._stops(handler.body)
                and self._trains(handler.body)
            ):
                yield Dispatch(_silent(f"sent to `{shown(handler.body)}`"), handler, frozenset())

    def _is_sentinel(self, default: ast.expr) -> bool:
        """Whether a default only says that there is none: it is tested with `is`, and what follows refuses."""
        if not isinstance(default, ast.Name | ast.Attribute):
            return False
        for one in nodes(self.function):
            if isinstance(one, ast.If) and isinstance(one.test, ast.Compare) and isinstance(one.test.ops[0], ast.Is):
                if ast.unparse(one.test.comparators[0]) == ast.unparse(default) and self._stops(one.body):
                    return True
        return False

    def _stops(self, body: list[ast.stmt]) -> bool:
        """Whether a block refuses: by itself, or by a function of ours that always does."""
        if stops(body):
            return True
        called = [
            one.value for one in body if isinstance(one, ast.Expr | ast.Return) and isinstance(one.value, ast.Call)
        ]
        names = [call.func.id for call in called if isinstance(call.func, ast.Name)]
        return any(_refuses(option) for name in names for option in options(self._held(name)))

    def _held(self, name: str) -> Value:
        return self.module.env.get(name) or Value()

    def of_or(self, node: ast.BoolOp) -> Iterator[Dispatch]:
        """`spec.get("kind") or "mlp"`, `REGISTRY.get(kind) or train_mlp`."""
        first, last = node.values[0], node.values[-1]
        if isinstance(first, ast.Call) and isinstance(first.func, ast.Attribute) and first.func.attr == "get":
            of_registry = bool(first.args) and self._is_method(first.args[0], first.func.value)
            if self._is_method(first) or of_registry:
                yield Dispatch(_silent(f"replaced by {ast.unparse(last)} where there is none"), node, frozenset())
        elif self._is_method(first) and not _is_none(last):
            yield Dispatch(_silent(f"replaced by {ast.unparse(last)} where there is none"), node, frozenset())

    def of_choice(self, node: ast.IfExp) -> Iterator[Dispatch]:
        kinds = self._compared(node.test, node.body, node.orelse)
        if kinds is not None and not isinstance(node.orelse, ast.IfExp) and not _is_none(node.orelse):
            if self._trains([node.orelse]) and self._trains([node.body]):
                yield Dispatch(_silent(f"sent to `{ast.unparse(node.orelse)}`"), node, kinds)

    def of_chain(self, first: ast.If) -> Iterator[Dispatch]:
        """`if kind == ...: ... elif ...: ... else: ...`, or what follows where every branch returns."""
        chain = chain_of(first)
        compared = [self._compared(one.test, *one.body) for one in chain]
        if any(one is None for one in compared):
            return
        kinds = frozenset().union(*(one for one in compared if one is not None))
        rest: list[ast.stmt] = chain[-1].orelse
        if not rest and all(ends(one.body) for one in chain):
            rest = after(self.function, first)
            later = (one for one in rest if isinstance(one, ast.If))
            if any(self._compared(one.test, *one.body) is not None for one in later):
                yield Dispatch("", first, kinds)  # a later `if` goes on with it
                return
        if not rest or self._stops(rest) or not self._trains(rest) or only_prepares([*chain, *rest]):
            yield Dispatch("", first, kinds)
            return
        guards = list(self._guards(first))
        if guards:
            told = [one for one in guards if one is not None]
            yield Dispatch("", first, kinds.union(*told) if len(told) == len(guards) else None)
        else:
            yield Dispatch(_silent(f"sent to `{shown(rest)}`"), first, kinds)

    def _guards(self, dispatch: ast.If) -> Iterator[frozenset[str] | None]:
        """What stands before a dispatch and stops a kind that nobody knows: the kinds that it lets pass, None where they
        cannot be told."""
        for node in nodes(self.function):
            if getattr(node, "lineno", dispatch.lineno) >= dispatch.lineno:
                continue
            if isinstance(node, ast.Assert) and self._asks_for_kind(node.test):
                yield texts(node.test)
            elif isinstance(node, ast.If) and self._asks_for_kind(node.test) and self._stops(node.body):
                called = [part for part in nodes(node.test) if isinstance(part, ast.Call)]
                helpers = [helper for call in called for helper in self._helpers(call)]
                yield frozenset().union(*map(texts, helpers), texts(node.test)) or None
            elif isinstance(node, ast.Call) and any(self._names_kind(given) for given in node.args):
                for helper in self._helpers(node):
                    if any(isinstance(part, ast.Raise | ast.Assert) for part in nodes(helper)):
                        yield texts(helper) or None

    def _asks_for_kind(self, test: ast.expr) -> bool:
        """Whether a test is whether a kind is among those that are known: `kind in KINDS`, `not is_known(kind)`."""
        return any(
            (
                isinstance(part, ast.Compare)
                and self._names_kind(part.left)
                and isinstance(part.ops[0], ast.In | ast.NotIn)
            )
            or (isinstance(part, ast.Call) and any(self._names_kind(given) for given in part.args))
            for part in nodes(test)
        )

    def _helpers(self, call: ast.Call) -> Iterator[ast.AST]:
        """The functions of ours that a call may run."""
        if isinstance(call.func, ast.Name):
            for option in options(self._held(call.func.id)):
                if isinstance(option, Function) and isinstance(option.node, FUNCTIONS):
                    yield option.node

    def of_match(self, node: ast.Match) -> Iterator[Dispatch]:
        patterns: list[ast.AST] = [case.pattern for case in node.cases]
        if not self._is_method(node.subject, *node.cases):
            patterns = [one for pattern in patterns for one in _kind_patterns(pattern)]
            asked = ast.Subscript(node.subject, ast.Constant("kind"))
            if not patterns or not self._is_method(asked, *node.cases):
                return
        kinds = frozenset(
            part.value.value
            for pattern in patterns
            for part in nodes(pattern)
            if isinstance(part, ast.MatchValue)
            and isinstance(part.value, ast.Constant)
            and isinstance(part.value.value, str)
        )
        last = node.cases[-1]
        open_ended = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and last.guard is None
        if open_ended and not self._stops(last.body) and self._trains(last.body):
            yield Dispatch(_silent(f"sent to `{shown(last.body)}`"), last.pattern, kinds)
        else:
            yield Dispatch("", node, kinds if kinds else None)

    def _compared(self, test: ast.expr, *branches: ast.AST) -> frozenset[str] | None:
        """The kinds that a test compares a method's kind with; None where it does no such thing."""
        if isinstance(test, ast.BoolOp):
            parts = [self._compared(one, *branches) for one in test.values]
            known = [one for one in parts if one is not None]
            return frozenset().union(*known) if known else None
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return None
        left, right = test.left, test.comparators[0]
        if isinstance(test.ops[0], ast.Eq) and isinstance(left, ast.Constant):
            left, right = right, left
        if not isinstance(test.ops[0], ast.Eq | ast.In | ast.Is) or not self._is_method(left, *branches):
            return None
        given = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
        texts = [one.value for one in given if isinstance(one, ast.Constant)]
        return frozenset(text for text in texts if isinstance(text, str)) if texts else None

    def _trains(self, body: list[ast.stmt] | list[ast.expr]) -> bool:
        """Whether code goes on with something of its own: calls, returns or chooses it."""
        for part in body:
            if isinstance(part, ast.Call | ast.Name | ast.Attribute | ast.Lambda):
                return True
            if isinstance(part, ast.Return) and part.value is not None and not isinstance(part.value, ast.Constant):
                return True
            if any(isinstance(one, ast.Call) and not _tells(one) for one in nodes(part)):
                return True
            if isinstance(part, ast.Assign) and isinstance(part.value, ast.Name | ast.Attribute):
                return True
        return False


def _refuses(value: Value) -> bool:
    """Whether a function never returns: it says so, or all it comes to is a `raise`."""
    node = value.node if isinstance(value, Function) else None
    if not isinstance(node, FUNCTIONS):
        return False
    said = ast.unparse(node.returns).rpartition(".")[2] if node.returns is not None else ""
    return said in ("NoReturn", "Never") or (
        isinstance(node.body[-1], ast.Raise) and not any(isinstance(one, ast.Return) for one in nodes(node))
    )


def _kind_patterns(pattern: ast.AST) -> list[ast.AST]:
    """What stands under `"kind"` in the mappings of a pattern: `case {"kind": "topk", **rest}`."""
    return [
        inner
        for one in nodes(pattern)
        if isinstance(one, ast.MatchMapping)
        for key, inner in zip(one.keys, one.patterns, strict=True)
        if _kind(getattr(key, "value", ""))
    ]


def _kind(name: object) -> str:
    return name if isinstance(name, str) and (name == "kind" or name.endswith("_kind")) else ""


def _silent(how: str) -> str:
    return f"the kind of a method is {how}: a missing or misspelt one trains another method under its name"


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _tells(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in ("print", "info", "warning", "debug", "warn", "error", "format", "join", "keys", "sorted")


def _keys_here(function: ast.AST, registry: ast.expr) -> frozenset[str] | None:
    """The keys of a dict that stands where it is looked up, or is bound in the same function."""
    made: ast.expr | None = registry if isinstance(registry, ast.Dict) else None
    for node in nodes(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            if any(ast.unparse(target) == ast.unparse(registry) for target in node.targets):
                made = node.value
    if not isinstance(made, ast.Dict):
        return None
    keys = [key.value if isinstance(key, ast.Constant) else None for key in made.keys]
    return frozenset(key for key in keys if isinstance(key, str)) if all(isinstance(k, str) for k in keys) else None


def _collected_with_default(module: Module, function: ast.AST, registry: ast.expr) -> ast.AST | None:
    """The `defaultdict(...)` that a registry is, where it makes something for a key it does not know."""
    tree = module.source.parse()
    name = getattr(registry, "id", None)
    for node in [*(tree.body if tree is not None else []), *nodes(function)] if name else []:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", None) == name for target in node.targets):
            if (
                isinstance(node.value, ast.Call)
                and ast.unparse(node.value.func).endswith("defaultdict")
                and node.value.args
            ):
                return node.value
    return None


def _defaults_of(cls: ast.ClassDef) -> Iterator[Dispatch]:
    """`kind: str = "mlp"` in the dataclass of a method."""
    if not set(words(cls.name)) & _TRAINING:
        return
    for statement in cls.body:
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.value is not None
        ):
            if _kind(statement.target.id) and not _is_none(statement.value) and _has_value(statement.value):
                yield Dispatch(_silent(f"given the default {ast.unparse(statement.value)}"), statement, frozenset())


def _has_value(value: ast.expr) -> bool:
    """Whether a field's right-hand side is a default: a literal, or a `field(...)` that has one."""
    if isinstance(value, ast.Call):
        return any(keyword.arg in ("default", "default_factory") for keyword in value.keywords)
    return True
