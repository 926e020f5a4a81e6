"""What a value made somewhere in a step, or in a helper of it, may end up in.

The values of `flow.values` say what an artifact was computed from, but not what a call changed where it stands:
`model.fit(data)`, `random.shuffle(rows)`, a loop over a loader that trains. Here a mark is spread over the text of each
function on the way, from the innermost to the step.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

from flowgate.flow.model import Step
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Path
from flowgate.flow.values import Function, options

_TRAINS = ("train", "fit", "update", "shuffle", "learn", "optim", "init", "fill", "augment", "append", "extend")
_TELLS = frozenset("print display pprint log info debug warning error exception write sleep".split())
_TURNS = 2  # what the end of a loop leaves to its beginning


class Spread(NamedTuple):
    """Where a mark got to in one function: out of it, or into artifacts."""

    leaves: bool
    artifacts: set[str]


def artifacts_of(step: Step, node: ast.AST | None, path: Path) -> set[str]:
    """The artifacts of a step that may hold something of what was made at `node`, inside the functions of `path`."""
    own = {
        id(option.node)
        for ancestor in step.cls.lineage()
        for held in ancestor.body.values()
        for option in options(held)
        if isinstance(option, Function)
    }
    found: set[str] = set()
    mark = node
    for at in range(len(path) - 1, 0, -2):
        function = path[at]
        if mark is None or not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            mark = path[at - 1]
            continue
        spread = _Spreading(function, mark, id(function) in own).run()
        found |= spread.artifacts
        if not spread.leaves:
            break
        mark = path[at - 1]
    return found


class _Reads(NamedTuple):
    """What an expression is made of: the mark itself, names, artifacts."""

    marked: bool
    names: set[str]
    artifacts: set[str]


class _Spreading:
    """One mark over one function: the names that hold something of it, and whether it gets out."""

    def __init__(self, function: ast.FunctionDef | ast.AsyncFunctionDef, mark: ast.AST, own: bool) -> None:
        self.function, self.mark = function, mark
        arguments = [*function.args.posonlyargs, *function.args.args]
        self.flow = arguments[0].arg if own and arguments else ""
        self.parameters = {one.arg for one in (*arguments, *function.args.kwonlyargs)} - {self.flow}
        stored = {node.id for node in nodes(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        self.local = stored | self.parameters
        self._reads: dict[int, _Reads] = {}
        self.marked: set[str] = set()
        self.artifacts: set[str] = set()
        self.leaves = False

    def run(self) -> Spread:
        for _ in range(_TURNS):
            self._block(self.function.body, False, False)
        return Spread(self.leaves or bool(self.marked & self.parameters), self.artifacts)

    def _hot(self, expression: ast.AST | None) -> bool:
        """Whether an expression holds the mark, or a name that does."""
        if expression is None:
            return False
        read = self._reads.get(id(expression))
        if read is None:
            read = self._reads[id(expression)] = self._read(expression)
        return read.marked or not read.names.isdisjoint(self.marked) or not read.artifacts.isdisjoint(self.artifacts)

    def _read(self, expression: ast.AST) -> _Reads:
        parts = nodes(expression)
        return _Reads(
            any(part is self.mark for part in parts),
            {part.id for part in parts if isinstance(part, ast.Name)},
            {part.attr for part in parts if isinstance(part, ast.Attribute) and self._is_flow(part.value)},
        )

    def _is_flow(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and bool(self.flow) and node.id == self.flow

    def _taint(self, target: ast.AST) -> None:
        """Mark what an assignment or a change hits: a name, an artifact, or what either is a part of."""
        if isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self._taint(part)
        elif isinstance(target, ast.Attribute) and self._is_flow(target.value):
            self.artifacts.add(target.attr)
        elif isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
            self._taint(target.value)
        elif isinstance(target, ast.Call):
            self._taint(target.func)
        elif isinstance(target, ast.Name) and target.id in self.local:
            self.marked.add(target.id)

    def _block(self, body: Iterable[ast.stmt], decided: bool, trains: bool) -> None:
        for statement in body:
            self._statement(statement, decided, trains)

    def _statement(self, statement: ast.stmt, decided: bool, trains: bool) -> None:
        """`decided`: by a condition that holds the mark; `trains`: in a loop over it that trains."""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if any(self._hot(part) for part in statement.body):
                self.marked.add(statement.name)
            return
        for call in _calls(statement):
            self._call(call, isinstance(statement, ast.Expr) and statement.value is call, trains)
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            if decided or self._hot(statement.value):
                for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                    self._taint(target)
        elif isinstance(statement, ast.Return) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield | ast.YieldFrom)
        ):
            self.leaves = self.leaves or decided or self._hot(statement.value)
        elif isinstance(statement, ast.For | ast.AsyncFor):
            hot = self._hot(statement.iter)
            if hot:
                self._taint(statement.target)
            self._block(statement.body, decided, trains or (hot and _trains(statement)))
            if self._hot(statement.target):
                self._taint(statement.iter)
            self._block(statement.orelse, decided, trains)
        elif isinstance(statement, ast.If | ast.While):
            chosen = decided or self._hot(statement.test)
            self._block([*statement.body, *statement.orelse], chosen, trains)
        else:
            self._inner(statement, decided, trains)

    def _inner(self, statement: ast.stmt, decided: bool, trains: bool) -> None:
        """The statements inside a `with`, `try` or `match`."""
        for item in getattr(statement, "items", []):
            if item.optional_vars is not None and self._hot(item.context_expr):
                self._taint(item.optional_vars)
        for field in ("body", "orelse", "finalbody"):
            self._block(getattr(statement, field, []), decided, trains)
        for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
            self._block(part.body, decided, trains)

    def _call(self, call: ast.Call, alone: bool, trains: bool) -> None:
        """What a call changes: its receiver, what it shuffles or fills, and in a training loop the model it calls."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        hot = any(self._hot(part) for part in given)
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in _TELLS:
            return
        takes_in = any(word in name.lower() for word in _TRAINS)
        if call is self.mark or (hot and takes_in):
            for part in given if alone or call is not self.mark else []:
                self._taint(part)
        if isinstance(call.func, ast.Attribute):
            if hot and (alone or takes_in) and not self._is_flow(call.func.value):
                self._taint(call.func.value)
            elif alone and self._hot(call.func.value) and not self._is_flow(call.func.value):
                for part in given:
                    self._taint(part)
        elif hot and trains:
            self._taint(call.func)


def _calls(statement: ast.stmt) -> list[ast.Call]:
    """The calls in a statement's own expressions, those of the statements inside it left out."""
    heads = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr | ast.withitem)]
    return [node for head in heads for node in nodes(head) if isinstance(node, ast.Call)]


def _trains(loop: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr in ("backward", "step") for node in nodes(loop))
