"""Import statements: followed into first-party modules, a dotted name for all others."""

from __future__ import annotations

import ast
import os

from flowgate import witness
from flowgate.flow.paths import FIXED, places
from flowgate.flow.run import Run, Scope
from flowgate.flow.trace import Import
from flowgate.flow.values import Call, Package, Ref, Unknown, Value


def _on_import(run: Run, node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        run.trace.events.append(Import(alias.name, 0, node, scope.module, run.guards > 0))
        bound = alias.name if alias.asname else alias.name.split(".")[0]
        scope.bind(alias.asname or bound, imported(run, bound, 0, node, scope))
        if bound != alias.name:
            imported(run, alias.name, 0, node, scope)


def _on_import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    name = node.module or ""
    run.trace.events.append(Import(name, node.level, node, scope.module, run.guards > 0))
    origin = imported(run, name, node.level, node, scope)
    for alias in node.names:
        if alias.name != "*":
            scope.bind(alias.asname or alias.name, member(run, origin, alias.name, node, scope))
            if isinstance(origin, Package):
                scope.origins[alias.asname or alias.name] = (alias.name, origin.module)
        elif isinstance(origin, Package):
            scope.env.update(origin.module.env)
            scope.module.stars += origin.module.stars
        else:
            scope.module.stars.append(name)


def widen_search(run: Run, call: Call) -> None:
    """`sys.path.insert(0, folder)`: what lies there is first-party too."""
    for argument in call.args:
        for place in places(argument):
            if place.anchor == FIXED and witness.is_folder(place.path):
                run.modules.also_search(os.path.normpath(place.path))
            elif place.anchor != FIXED and place.path and not os.path.isabs(place.path):
                run.modules.inserted += [os.path.join(base, place.path) for base in run.modules.search[:1]]


def imported(run: Run, name: str, level: int, node: ast.AST, scope: Scope) -> Value:
    """The module an import binds: followed where first-party, a name where not."""
    module = scope.module
    path = run.modules.find(name, module, level)
    if path is not None:
        for above in _packages_above(name):  # Python runs them first
            package = run.modules.find(above, module, level)
            if package is not None:
                run.modules.load(package)
        return Package(run.modules.load(path))
    return Ref(name, node, module) if not level else Unknown(node, module)


def _packages_above(name: str) -> list[str]:
    """`a` and `a.b` for `a.b.c`."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def member(run: Run, origin: Value, name: str, node: ast.AST, scope: Scope) -> Value:
    """`from origin import name`."""
    if not isinstance(origin, Package):
        return Ref(f"{origin.dotted}.{name}", node, scope.module) if isinstance(origin, Ref) else Unknown(node)
    found = origin.module.env.get(name)
    if found is None:
        path = run.modules.find(name, origin.module, 1)
        found = Package(run.modules.load(path)) if path else Unknown(node, scope.module)
    return found


def import_by_name(run: Run, name: object, node: ast.Call, scope: Scope) -> Value | None:
    """`importlib.import_module("package.module")`."""
    if not isinstance(name, str) or name.startswith("."):
        return None
    run.trace.events.append(Import(name, 0, node, scope.module, run.guards > 0))
    return imported(run, name, 0, node, scope)
