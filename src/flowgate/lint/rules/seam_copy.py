"""FG306."""

from __future__ import annotations

import ast
import difflib
import os
from collections.abc import Iterator

from flowgate.discover import is_test, python_files, tracked_files
from flowgate.finding import Finding
from flowgate.flow.model import SEAMS
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
        for path in _beside(target):
            source = Source(path)
            if b"def " not in source.data or source.parse() is None:
                continue
            for function in source.tree.body if source.tree is not None else ():
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    original = function.name if function.name in seams else _copied(function, seams)
                    if original:
                        yield self._finding(target, path, function, original)

    def _finding(self, target: Target, path: str, function: ast.AST, original: str) -> Finding:
        name, where = getattr(function, "name", original), target.project.relative(path)
        what = f"another `{name}` is defined here" if name == original else f"`{name}` is a near copy of the seam"
        message = f"{what}, beside the `{original}` of {target.path}: the two will drift apart"
        found = self.found(target, function, None, message, code=f"{where}: def {name}")
        return found._replace(path=where, line=getattr(function, "lineno", 1))


def _seams(target: Target) -> dict[str, ast.AST]:
    """The seams that the flow defines or imports."""
    found: dict[str, ast.AST] = {}
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


def _copied(function: ast.AST, seams: dict[str, ast.AST]) -> str:
    body = getattr(function, "body", [])
    if len(body) < _SHORTEST:
        return ""
    shape = _shape(function)
    for name, seam in seams.items():
        other = _shape(seam)
        if len(getattr(seam, "body", [])) < _SHORTEST or not 0.8 < len(shape) / max(1, len(other)) < 1.25:
            continue
        matcher = difflib.SequenceMatcher(None, shape, other, autojunk=False)
        if matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE:
            return name
    return ""


def _shape(function: ast.AST) -> list[str]:
    """The kinds of syntax in a body, with the attributes and literals it uses; names may differ in a copy."""
    found = []
    for statement in getattr(function, "body", []):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        for node in nodes(statement):
            detail = getattr(node, "attr", "") or (repr(node.value) if isinstance(node, ast.Constant) else "")
            found.append(f"{type(node).__name__} {detail}")
    return found


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
    Example("imported from the flow", promoted({"analysis.py": "from flow import metric\n\nprint(metric)\n"})),
    Example("a test's own helper", promoted({"tests/test_seams.py": "def metric(scores):\n    return 1.0\n"})),
    Example("a short function of its own", promoted({"plot.py": "def show(rows):\n    return rows\n"}, seams=_LONG)),
)
