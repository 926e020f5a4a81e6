"""FG103."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.model import SEAMS
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Import
from flowgate.flow.values import Function, Module, Package, options
from flowgate.lint.examples import SEAMS as SEAM_TEXT
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class EagerMetaflow(Rule):
    """The seams cannot be imported where Metaflow is not installed.

    Tests of the seams, a notebook and a reviewer import four functions; none of them needs a scheduler. With the import
    unguarded they all do, and it is half a second and a user name away from working:
    `ModuleNotFoundError: No module named 'metaflow'`.
    """

    id = "FG103"
    slug = "eager-metaflow"
    mend = "guard the import, with stand-ins in the `except ImportError`, as the shell does"

    def check(self, target: Target) -> Iterator[Finding]:
        for module in _needed(target):
            for event in target.flow.modules.trace(module).events:
                if isinstance(event, Import) and event.level == 0 and event.name.partition(".")[0] == "metaflow":
                    fault = _fault(module, event)
                    if fault:
                        message = f"`{ast.unparse(event.node)}` {fault}: the seams cannot be imported without Metaflow"
                        yield self.found(target, event.node, event.home, message)


def _needed(target: Target) -> list[Module]:
    """The modules that importing the seams runs: those they are defined in, and what these import when they load."""
    env = target.flow.module.env
    homes = [
        option.home for name in SEAMS if name in env for option in options(env[name]) if isinstance(option, Function)
    ]
    queue = [home for home in homes if home is not None] or [target.flow.module]
    found: dict[str, Module] = {}
    while queue:
        module = queue.pop()
        if module.path not in found:
            found[module.path] = module
            queue += [held.module for held in module.env.values() if isinstance(held, Package)]
            queue += [origin for _, origin in module.origins.values()]
    return list(found.values())


def _fault(module: Module, event: Import) -> str:
    """What is wrong with an import of Metaflow; empty where its absence is reckoned with."""
    tree = module.source.parse()
    around = [node for node in nodes(tree) if _holds(node, event.node)] if tree is not None else []
    if any(isinstance(node, ast.If) and "find_spec" in ast.unparse(node.test) for node in around):
        return ""
    if not event.guarded:
        return "is not guarded"
    tries = [node for node in around if isinstance(node, ast.Try)]
    if tree is None or not tries or not all(_does_nothing(handler.body) for handler in tries[-1].handlers):
        return ""
    bound = {alias.asname or alias.name for alias in getattr(event.node, "names", [])}
    return "is guarded, but nothing stands in for what it names" if _used_at_import(tree, bound, tries[-1]) else ""


def _holds(node: ast.AST, inner: ast.AST) -> bool:
    return isinstance(node, ast.stmt) and node is not inner and any(part is inner for part in nodes(node))


def _does_nothing(body: list[ast.stmt]) -> bool:
    return all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)) for one in body
    )


def _used_at_import(tree: ast.Module, names: set[str], guard: ast.stmt) -> bool:
    """Whether a class at the top level derives from one of the names, which nothing else binds."""
    others = {
        node.id
        for one in tree.body
        if one is not guard
        for node in nodes(one)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    bases = [base for one in tree.body if isinstance(one, ast.ClassDef) for base in one.bases]
    return any(isinstance(base, ast.Name) and base.id in names - others for base in bases)


EagerMetaflow.bad = (
    Example("not guarded", promoted(metaflow="from metaflow import Config, FlowSpec, step")),
    Example(
        "guarded against something else",
        promoted(
            metaflow="try:\n    from metaflow import Config, FlowSpec, step\nexcept OSError:\n    FlowSpec = object"
        ),
    ),
    Example(
        "the seams' own module, without a guard",
        promoted(
            {"seams.py": f"from metaflow import S3\n{SEAM_TEXT}"},
            seams="from seams import build_model, make_data, metric, train_arm",
        ),
    ),
)
EagerMetaflow.good = (
    Example("with stand-ins", promoted()),
    Example(
        "the seams in a module of their own",
        promoted(
            {"seams.py": SEAM_TEXT},
            metaflow="from metaflow import Config, FlowSpec, step",
            seams="from seams import build_model, make_data, metric, train_arm",
        ),
    ),
)
