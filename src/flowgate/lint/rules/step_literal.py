"""FG307."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.model import Step
from flowgate.lint.rule import Example, Rule
from flowgate.meaning.words import is_parameter
from flowgate.target import Target

_SEEDS = ("seed", "random_state", "random_seed")
_KINDS = {ast.Call, ast.Assign, ast.AnnAssign, ast.Dict}
_SEEDERS = ("seed", "manual_seed", "default_rng", "RandomState", "seed_everything", "set_seed")


class StepLiteral(Rule):
    """A training parameter or a seed is written out inside a step.

    Nobody reads it in the config, no override reaches it and no run records it; the next experiment copies it.
    """

    id = "FG307"
    slug = "step-literal"
    severity = "warning"
    mend = "read it from the config, `self.cfg.training.lr`, or from a Parameter"

    def check(self, target: Target) -> Iterator[Finding]:
        for step in target.flow.steps.values():
            for node, name, value in _literals(step):
                shown = ast.unparse(value)
                message = (
                    f"`{name}` is {shown} in the middle of `{step.name}`: no config shows it and no override reaches it"
                )
                yield self.found(target, node, step.home, message, step=step.name, code=f"{name}={shown}")


def _literals(step: Step) -> Iterator[tuple[ast.AST, str, ast.expr]]:
    """The numbers in a step's own body that are named as parameters, or seed a generator."""
    for node in step.nodes:
        kind = node.__class__
        if kind not in _KINDS:
            continue
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg and _is_named(keyword.arg) and _is_number(keyword.value):
                    yield keyword.value, keyword.arg, keyword.value
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _SEEDERS and node.args and _is_number(node.args[0]):
                yield node.args[0], "seed", node.args[0]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_number(node.value):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
                if name and _is_named(name):
                    yield node, name, node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                name = key.value if isinstance(key, ast.Constant) else None
                if isinstance(name, str) and _is_named(name) and _is_number(value):
                    yield value, name, value


def _is_named(name: str) -> bool:
    return name in _SEEDS or is_parameter(name)


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    if isinstance(node, ast.Tuple | ast.List):
        return bool(node.elts) and all(_is_number(one) for one in node.elts)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _flow(*body: str) -> dict[str, str]:
    return {
        "flow.py": f"""
from metaflow import FlowSpec, Parameter, step


def fit(xs, lr=0.1, epochs=3):
    return sum(xs) * lr * epochs


class FitFlow(FlowSpec):
    lr = Parameter("lr", default=0.01)

    @step
    def start(self):
        {(chr(10) + "        ").join(body)}
        self.next(self.end)

    @step
    def end(self):
        print(self.loss)
"""
    }


StepLiteral.bad = (
    Example("in a call", _flow("self.loss = fit([1, 2], lr=0.01)")),
    Example("under a name", _flow("epochs = 20", "self.loss = fit([1, 2], epochs=epochs)")),
    Example("in a dict of options", _flow('options = {"lr": 0.5}', "self.loss = fit([1, 2], **options)")),
)
StepLiteral.good = (
    Example("from a Parameter", _flow("self.loss = fit([1, 2], lr=self.lr)")),
    Example("the function's own default", _flow("self.loss = fit([1, 2])")),
    Example("a number that is no parameter", _flow("self.loss = round(fit([1, 2]), 3)", "self.n_rows = 10")),
)
