"""FG306."""

from __future__ import annotations

import ast
import difflib
import functools
import os
from collections.abc import Iterator
from typing import NamedTuple

from flowgate import witness
from flowgate.discover import is_test, python_files, tracked_files
from flowgate.finding import Finding, digest
from flowgate.flow.model import SEAMS
from flowgate.flow.shell import shell
from flowgate.flow.source import Source
from flowgate.flow.syntax import nodes
from flowgate.flow.values import Function, options
from flowgate.lint.examples import SEAMS as TEXT
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_ALIKE = 0.9  # of the body's tokens, names aside
_SHORTEST = 3  # statements: shorter bodies are alike by chance
_TESTS = ("tests", "test", "poc")


class SeamCopy(Rule):
    """Another definition of a seam lies beside the flow, or a near copy of its body.

    Two functions of one name drift apart, one mend at a time, until nobody can say which of them the numbers came from.
    The flow is to hold the only one.
    """

    id = "FG306"
    slug = "seam-copy"
    severity = "warning"
    mend = "delete the copy and import the seam from the flow"

    def check(self, target: Target) -> Iterator[Finding]:
        seams = _seams(target)
        if len(seams) < len(SEAMS):
            return
        shapes = {name: _shape(seam) for name, seam in seams.items() if len(seam.body) >= _SHORTEST}
        for path in _beside(target):
            state = witness.state_of_file(path)
            witness.note(witness.DEFINITIONS, path, state)
            for definition in _definitions(path, state):
                original = definition.name if definition.name in seams else _copied(definition, shapes)
                if original:
                    yield self._finding(target, path, definition, original)

    def _finding(self, target: Target, path: str, definition: Definition, original: str) -> Finding:
        name, where = definition.name, target.project.relative(path)
        what = f"another `{name}` is defined here" if name == original else f"`{name}` is a near copy of the seam"
        message = f"{what}, beside the `{original}` of {target.path}: the two will drift apart"
        found = self.found(target, target.flow.cls.node, None, message, code=f"{where}: def {name}")
        return found._replace(path=where, line=definition.line)


class Definition(NamedTuple):
    """A function at the top of a file, with the shape of its body; none where it is too short to be a copy."""

    name: str
    line: int
    shape: tuple[str, ...]


def digest_of_definitions(path: str) -> str:
    """What the functions at the top of a file come to for this rule, however else the file changes."""
    return digest(repr(_definitions(path, witness.state_of_file(path))))


@functools.lru_cache(maxsize=20_000)
def _definitions(path: str, state: str) -> tuple[Definition, ...]:
    """The functions at the top of a file, as it is in a state; those of another promoted flow are its own seams."""
    try:
        data = witness.read_unseen(path)
    except OSError:
        return ()
    if b"def " not in data or shell().begin.encode() in data:
        return ()
    source = Source(path, data)
    source.parse()
    return tuple(
        Definition(node.name, node.lineno, _shape(node) if len(node.body) >= _SHORTEST else ())
        for node in (source.tree.body if source.tree is not None else ())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _seams(target: Target) -> dict[str, ast.FunctionDef]:
    """The seams that the flow defines or imports."""
    found: dict[str, ast.FunctionDef] = {}
    for name in SEAMS:
        held = target.flow.module.env.get(name)
        for option in options(held) if held is not None else ():
            if isinstance(option, Function) and isinstance(option.node, ast.FunctionDef):
                found[name] = option.node
    return found


def _beside(target: Target) -> list[str]:
    """The other Python files of the investigation: of the flow's folder and the one above it, its own modules, tests and
    sources of truth aside."""
    above = os.path.dirname(os.path.dirname(os.path.realpath(target.flow.path)))
    root = above if above.startswith(target.project.root) else os.path.dirname(os.path.realpath(target.flow.path))
    own = {os.path.realpath(module.path) for module in target.flow.closure}
    sources = {target.project.absolute(one) for one in target.settings.sources}
    found = []
    for name in tracked_files(root) or python_files(root):
        path = os.path.join(root, name)
        if (
            not name.endswith(".py")
            or path in own
            or path in sources
            or is_test(name)
            or set(name.split(os.sep)[:-1]) & set(_TESTS)
        ):
            continue
        found.append(path)
    return found


def _copied(definition: Definition, shapes: dict[str, tuple[str, ...]]) -> str:
    """The seam of which a function is a near copy; empty where it is of none."""
    for name, other in shapes.items():
        if not 0.8 < len(definition.shape) / max(1, len(other)) < 1.25:
            continue
        matcher = difflib.SequenceMatcher(None, definition.shape, other, autojunk=False)
        if matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE:
            return name
    return ""


def _shape(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """The kinds of syntax in a body, with the attributes and literals it uses; names may differ in a copy."""
    found = []
    for statement in function.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        for node in nodes(statement):
            detail = getattr(node, "attr", "") or (repr(node.value) if isinstance(node, ast.Constant) else "")
            found.append(f"{type(node).__name__} {detail}")
    return tuple(found)


_BODY = """    total = 0
    for row in data_spec:
        total += row * seed
    return {"rows": total, "axes": data_axes}
"""
_LONG = TEXT.replace("    return data_spec, data_axes, seed\n", _BODY, 1)
SeamCopy.bad = (
    Example("another definition", promoted({"old/train.py": "def train_arm(spec, data):\n    return spec\n"})),
    Example(
        "a near copy under another name",
        promoted(
            {
                "scripts.py": "def load(spec, axes, s):\n"
                + _BODY.replace("data_spec", "spec").replace("data_axes", "axes").replace("seed", "s")
            },
            seams=_LONG,
        ),
    ),
    Example("a metric in an analysis", promoted({"analysis.py": "def metric(scores, labels):\n    return 1.0\n"})),
)
SeamCopy.good = (
    Example(
        "the seams of another promoted flow",
        promoted({"other/flow.py": f"{shell().stamped()}\n\ndef metric(scores, labels):\n    return 1.0\n"}),
    ),
    Example("imported from the flow", promoted({"analysis.py": "from flow import metric\n\nprint(metric)\n"})),
    Example("a test's own helper", promoted({"tests/test_seams.py": "def metric(scores):\n    return 1.0\n"})),
    Example("a short function of its own", promoted({"plot.py": "def show(rows):\n    return rows\n"}, seams=_LONG)),
)
