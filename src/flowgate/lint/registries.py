"""The registries that methods are looked up in by their kind, and the kinds that each holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from flowgate.flow.syntax import nodes
from flowgate.flow.values import Mapping, Module, Value, constant, options

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_Parameter = tuple[str, str]


class Registries:
    """Those of a flow's own modules."""

    def __init__(self, modules: list[Module]) -> None:
        self.modules = [(module, tree) for module in modules if (tree := module.source.parse()) is not None]
        self.functions = {one.name: one for _, tree in self.modules for one in tree.body if isinstance(one, FUNCTIONS)}

    def filled(self, name: str) -> frozenset[str]:
        """The keys of a registry that decorators fill: `@method("topk")`, whose function does `METHODS[name] = fn`."""
        return frozenset(self._filled.get(name, ()))

    def handed(self, function: ast.FunctionDef | ast.AsyncFunctionDef, parameter: str) -> frozenset[str]:
        """The keys of the registries that a parameter is given, wherever its function is called; empty where not all are known."""
        return self._handed.get((function.name, parameter)) or frozenset()

    @cached_property
    def _filled(self) -> dict[str, set[str]]:
        fills: dict[str, str] = {}
        for function in self.functions.values():
            given = {argument.arg for argument in (*function.args.args, function.args.vararg) if argument is not None}
            for part in nodes(function):
                if (
                    isinstance(part, ast.Subscript)
                    and isinstance(part.ctx, ast.Store)
                    and isinstance(part.value, ast.Name)
                ):
                    if given or isinstance(part.slice, ast.Name):
                        fills[function.name] = part.value.id
        found: dict[str, set[str]] = {}
        for _, tree in self.modules if fills else []:
            for part in nodes(tree):
                for decorator in getattr(part, "decorator_list", []):
                    name = ast.unparse(decorator.func).rpartition(".")[2] if isinstance(decorator, ast.Call) else ""
                    if name in fills:
                        keys = [one.value for one in decorator.args if isinstance(one, ast.Constant)]
                        found.setdefault(fills[name], set()).update(key for key in keys if isinstance(key, str))
        return found

    @cached_property
    def _handed(self) -> dict[_Parameter, frozenset[str] | None]:
        """For each parameter the keys it is given; None where some call gives what cannot be read."""
        found: dict[_Parameter, frozenset[str] | None] = {}
        passed = list(self._passed())
        for _ in range(len(self.functions) + 1):
            before = dict(found)
            for parameter, given in passed:
                keys = found.get(given, frozenset()) if isinstance(given, tuple) else given
                held = found.get(parameter, frozenset())
                found[parameter] = None if keys is None or held is None else held | keys
            if found == before:
                break
        return found

    def _passed(self) -> Iterator[tuple[_Parameter, _Parameter | frozenset[str] | None]]:
        """What each call of an own function gives each parameter: known keys, a parameter of the caller's, or neither."""
        for module, tree in self.modules:
            callers = {id(part): one for one in nodes(tree) if isinstance(one, FUNCTIONS) for part in nodes(one)}
            for call in nodes(tree):
                called = self.functions.get(_name(call.func)) if isinstance(call, ast.Call) else None
                if called is None or not isinstance(call, ast.Call):
                    continue
                caller = callers.get(id(call))
                own = {one.arg for one in caller.args.args} if caller is not None else set()
                named = [(one.arg, one.value) for one in call.keywords if one.arg]
                for parameter, given in [*zip([one.arg for one in called.args.args], call.args, strict=False), *named]:
                    if caller is not None and isinstance(given, ast.Name) and given.id in own:
                        yield (called.name, parameter), (caller.name, given.id)
                    else:
                        held = options(module.env.get(_name(given)) or Value())[0]
                        yield (called.name, parameter), keys_of(held)


def keys_of(held: Value) -> frozenset[str] | None:
    """The keys of a dict of which all are known, and text."""
    if not isinstance(held, Mapping):
        return None
    keys = [constant(key) for key, _ in held.items]
    return (
        frozenset(key for key in keys if isinstance(key, str))
        if keys and all(isinstance(k, str) for k in keys)
        else None
    )


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
