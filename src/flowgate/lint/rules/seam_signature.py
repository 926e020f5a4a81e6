"""FG305."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.model import SEAMS
from flowgate.flow.values import Function, options
from flowgate.lint.examples import SEAMS as TEXT
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_PARAMETERS = {
    "make_data": ("data_spec", "data_axes", "seed"),
    "build_model": ("model_spec",),
    "train_arm": ("method_spec", "data", "seed", "train_cfg"),
    "metric": ("scores", "labels"),
}


class SeamSignature(Rule):
    """A seam is missing, or takes other parameters than the contract's.

    The four seams are what tests, reviewers and the next experiment call. One that takes an epoch count or a path of its
    own has a way past the config, and one that is not there was written into a step, where nothing can test it.
    """

    id = "FG305"
    slug = "seam-signature"
    mend = "keep the four seams as the contract has them; what else they need comes from the config they are given"

    def check(self, target: Target) -> Iterator[Finding]:
        env = target.flow.module.env
        missing = [name for name in SEAMS if name not in env]
        if missing:
            message = f"the flow has no {' and no '.join(f'`{_signature(name)}`' for name in missing)}"
            yield self.found(
                target, target.flow.cls.node, target.flow.module, message, code=f"missing: {', '.join(missing)}"
            )
        for name in SEAMS:
            for option in options(env[name]) if name in env else ():
                if isinstance(option, Function) and isinstance(option.node, ast.FunctionDef | ast.AsyncFunctionDef):
                    given = _given(option.node)
                    if given != _expected(name):
                        message = f"`{name}({', '.join(given)})` is not the seam `{_signature(name)}`"
                        mend = f"give it the contract's parameters: `{_signature(name)}`"
                        head = f"{name}({', '.join(given)})"
                        yield self.found(target, option.node, option.home, message, mend=mend, code=head)


def _signature(name: str) -> str:
    return f"{name}({', '.join(_expected(name))})"


def _expected(name: str) -> list[str]:
    return [*_PARAMETERS[name], *(["**cfg"] if name == "metric" else [])]


def _given(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The parameters as written; an underscore in front says only that one is not used, and `**` may be called anything."""
    arguments = node.args
    names = [one.arg.lstrip("_") for one in (*arguments.posonlyargs, *arguments.args)]
    if arguments.vararg:
        names.append("*" + arguments.vararg.arg)
    named = [one.arg for one in arguments.kwonlyargs if not (arguments.kwarg and node.name == "metric")]
    names += ["*", *named] if named and not arguments.vararg else named
    return names + (["**cfg"] if arguments.kwarg else [])


SeamSignature.bad = (
    Example("a way past the config", promoted(seams=TEXT.replace("seed, train_cfg)", "seed, train_cfg, epochs=5)", 1))),
    Example("a seam that is not there", promoted(seams=TEXT.partition("def metric")[0])),
    Example(
        "another order", promoted(seams=TEXT.replace("data_spec, data_axes, seed)", "seed, data_spec, data_axes)", 1))
    ),
)
SeamSignature.good = (
    Example("the four of them", promoted()),
    Example("one that uses no config of its own", promoted(seams=TEXT.replace("**cfg", "**_cfg"))),
)
