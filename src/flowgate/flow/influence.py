"""What a value made somewhere in a step, or in a helper of it, may end up in.

The values of `flow.values` say what an artifact was computed from, but not what a call changed where it stands:
`model.fit(data)`, `random.shuffle(rows)`, a loop over a loader that trains. Here a mark is spread over the text of each
function on the way, from the innermost to the step.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowgate.flow.model import Step
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Path
from flowgate.flow.values import Function, options

_TRAINS = ("train", "fit", "update", "shuffle", "learn", "optim", "init", "fill", "augment", "append", "extend")
_TELLS = frozenset("print display pprint log info debug warning error exception write sleep".split())
_READERS = frozenset("open load loadtxt genfromtxt imread fromfile listdir iterdir".split())
# An object that keeps one of these gives other answers by it, whatever it is asked.
_CARRIES = re.compile(r"(?i)rng|gen$|generator|random|state|model|net$|weights|policy|estimator")
_TURNS = 2  # what the end of a loop leaves to its beginning


class Spread(NamedTuple):
    """Where a mark got to in one function.

    `out` are the parts of what it returns that hold something of it: `""` for all, `"[1]"` for an element, `".last"` for an
    attribute. `changed` are the same parts of its parameters, which it changed in place; `artifacts` what it stored.
    """

    out: set[str]
    changed: dict[str, set[str]]
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
    mark, parts, held = node, {""}, set[str]()
    for at in range(len(path) - 1, 0, -2):
        function, call = path[at], path[at - 1]
        if (mark is None and not held) or not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            mark, parts, held = call, {""}, set()
            continue
        spread = _Spreading(function, mark, parts, held, id(function) in own).run()
        found |= spread.artifacts
        mark, parts, held = call if spread.out else None, spread.out, set()
        for parameter, changed in spread.changed.items():
            if function.name == "__init__" and parameter == _first(function):
                mark, parts = call, parts | changed
            else:
                held |= {base + part for base in _given(function, call, parameter) for part in changed}
        if mark is None and not held:
            break
    return found


def _first(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    arguments = [*function.args.posonlyargs, *function.args.args]
    return arguments[0].arg if arguments else ""


def _given(function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.AST | None, parameter: str) -> list[str]:
    """The name, or attribute of a name, that a call hands over as a parameter, as it is written."""
    if not isinstance(call, ast.Call):
        return []
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    given: list[ast.expr] = list(call.args)
    if isinstance(call.func, ast.Attribute) and names[:1] in (["self"], ["cls"]):
        given = [call.func.value, *given]
    found = {keyword.arg: keyword.value for keyword in call.keywords}.get(parameter)
    if found is None and parameter in names and names.index(parameter) < len(given):
        found = given[names.index(parameter)]
    parts = found.elts if isinstance(found, ast.List | ast.Tuple) else [found]
    return [ast.unparse(part) for part in parts if isinstance(part, ast.Name | ast.Attribute)]


class _Reads(NamedTuple):
    """What an expression is made of: the mark itself, names with what is read of them, artifacts."""

    marked: bool
    names: set[str]
    artifacts: set[str]


class _Spreading:
    """One mark over one function: the names that hold something of it, and what gets out.

    A name in `marked` stands for all that it holds; `loop.last` and `pair[1]` for a part of it, so that a clock kept in one
    attribute is not taken for what another holds.
    """

    def __init__(
        self,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        mark: ast.AST | None,
        parts: set[str],
        held: set[str],
        own: bool,
    ) -> None:
        self.function, self.mark, self.parts = function, mark, parts
        arguments = [*function.args.posonlyargs, *function.args.args]
        self.flow = arguments[0].arg if own and arguments else ""
        self.parameters = {one.arg for one in (*arguments, *function.args.kwonlyargs)} - {self.flow}
        stored = {node.id for node in nodes(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        self.local = stored | self.parameters
        self._reads: dict[int, _Reads] = {}
        flow = self.flow + "."
        self.artifacts = {
            re.split(r"[.\[]", name.removeprefix(flow))[0] for name in held if self.flow and name.startswith(flow)
        }
        self.marked = {name for name in held if not (self.flow and name.startswith(flow))}
        self.out: set[str] = set()

    def run(self) -> Spread:
        for _ in range(_TURNS):
            self._block(self.function.body, False, False)
        changed: dict[str, set[str]] = {}
        for name in self.marked:
            base = re.split(r"[.\[]", name)[0]
            if base in self.parameters:
                changed.setdefault(base, set()).add(name[len(base) :])
        return Spread(self.out, changed, self.artifacts)

    def _hot(self, expression: ast.AST | None) -> bool:
        """Whether an expression holds the mark, or something that does."""
        if expression is None:
            return False
        read = self._reads.get(id(expression))
        if read is None:
            read = self._reads[id(expression)] = _Reads(False, set(), set())
            read = self._reads[id(expression)] = self._read(expression)
        return read.marked or any(map(self._is_marked, read.names)) or not read.artifacts.isdisjoint(self.artifacts)

    def _is_marked(self, name: str) -> bool:
        base = re.split(r"[.\[]", name)[0]
        if base in self.marked or name in self.marked:
            return True
        return name == base and any(one.startswith((name + ".", name + "[")) for one in self.marked)

    def _read(self, expression: ast.AST) -> _Reads:
        names: set[str] = set()
        artifacts: set[str] = set()
        marked = False
        stack = [expression]
        while stack:
            node = stack.pop()
            marked = marked or node is self.mark
            if isinstance(node, ast.Call) and _reads_a_file(node):
                continue  # what a file holds does not hang on what it is called
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names.add(f"{node.func.id}.__call__")
                stack.extend([*node.args, *(keyword.value for keyword in node.keywords)])
            elif isinstance(node, ast.Attribute) and self._is_flow(node.value):
                artifacts.add(node.attr)
            elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name) and _part(node):
                names.add(node.value.id + _part(node))
            elif isinstance(node, ast.Name):
                names.add(node.id)
            else:
                stack.extend(ast.iter_child_nodes(node))
        return _Reads(marked, names, artifacts)

    def _is_flow(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and bool(self.flow) and node.id == self.flow

    def _taint(self, target: ast.AST, part: str = "") -> None:
        """Mark what an assignment or a change hits: a name, an artifact, or a part of either."""
        if isinstance(target, ast.Tuple | ast.List):
            for at, one in enumerate(target.elts):
                if part in ("", f"[{at}]"):
                    self._taint(one)
        elif isinstance(target, ast.Attribute) and self._is_flow(target.value):
            self.artifacts.add(target.attr)
        elif isinstance(target, ast.Attribute):
            apart = isinstance(target.value, ast.Name) and not _CARRIES.search(target.attr)
            self._taint(target.value, f".{target.attr}" if apart else "")
        elif isinstance(target, ast.Subscript | ast.Starred):
            self._taint(target.value)
        elif isinstance(target, ast.Call):
            self._taint(target.func)
        elif isinstance(target, ast.Name) and target.id in self.local:
            self.marked.add(target.id + part)

    def _assign(self, targets: Sequence[ast.expr], value: ast.expr | None) -> None:
        """Mark what a value goes to: element by element, or part by part, where they can be told apart."""
        parts = {""}
        if value is not None and value is self.mark and not self._is_hot_besides(value):
            parts = self.parts
        elif isinstance(value, ast.Tuple) or _is_record(value):
            parts = {f"[{at}]" for at, one in enumerate(_parts_of(value)) if self._hot(one)}
        elif isinstance(value, ast.Name) and value.id not in self.marked:
            parts = {one[len(value.id) :] for one in self.marked if one.startswith((value.id + ".", value.id + "["))}
        for target in targets:
            for part in parts:
                self._taint(target, part)

    def _is_hot_besides(self, value: ast.expr) -> bool:
        """Whether a call that is the mark is also given something that holds it."""
        return isinstance(value, ast.Call) and any(self._hot(one) for one in value.args)

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
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if decided or self._hot(statement.value):
                self._assign(targets, None if decided else statement.value)
            for target in targets:
                if isinstance(target, ast.Subscript) and self._hot(target.slice):
                    self._taint(target.value)
        elif isinstance(statement, ast.Return) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield | ast.YieldFrom)
        ):
            self._returned(statement.value, decided)
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

    def _returned(self, value: ast.expr | None, decided: bool) -> None:
        if decided:
            self.out.add("")
        elif value is not self.mark and (isinstance(value, ast.Tuple) or _is_record(value)):
            self.out |= {f"[{at}]" for at, one in enumerate(_parts_of(value)) if self._hot(one)}
        elif isinstance(value, ast.Name) and value.id not in self.marked and value is not self.mark:
            self.out |= {
                one[len(value.id) :] for one in self.marked if one.startswith((value.id + ".", value.id + "["))
            }
        elif self._hot(value):
            self.out |= self.parts if value is self.mark else {""}

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


def _is_record(value: ast.expr | None) -> bool:
    """`Timed(value, seconds)`: several values kept apart under names."""
    named = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id[:1].isupper()
    return named and len(_parts_of(value)) > 1


def _parts_of(value: ast.expr | None) -> list[ast.expr]:
    if isinstance(value, ast.Tuple):
        return value.elts
    return [*value.args, *(keyword.value for keyword in value.keywords)] if isinstance(value, ast.Call) else []


def _part(node: ast.Attribute | ast.Subscript) -> str:
    """`.last` and `[1]`; empty where the element cannot be told."""
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    held = node.slice.value if isinstance(node.slice, ast.Constant) else None
    return f"[{held}]" if type(held) is int and held >= 0 else ""


def _reads_a_file(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _READERS or name.startswith("read_")


def _trains(loop: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr in ("backward", "step") for node in nodes(loop))
