"""FG303."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.flow.syntax import nodes
from flowgate.flow.values import Module
from flowgate.flow.yamlfile import line_of, read_yaml
from flowgate.lint.examples import promoted
from flowgate.lint.kinds import Dispatch, dispatches
from flowgate.lint.registries import FUNCTIONS, Registries
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target, sharing


class SilentKind(Rule):
    """A method of an unknown or missing kind is trained as another one.

    A default for `kind`, an `else` that trains, a registry asked with `.get(kind, default)`: each turns a slip of the
    config into a run of the wrong method under the right name. The numbers look plausible and are somebody else's.
    An unknown kind has to stop the run.
    """

    id = "FG303"
    slug = "silent-kind"
    mend = "read the kind without a default and look it up in one registry: `KINDS[method_spec['kind']]`"

    def check(self, target: Target) -> Iterator[Finding]:
        known: list[frozenset[str] | None] = []
        for module, found in _dispatches(target):
            known.append(found.known)
            if found.fault:
                yield self.found(target, found.node, module, found.fault)
        unknown = list(_unknown(target, known))
        if unknown:  # a flow beside this one may read the same config, and train what this one does not
            known += [found.known for other in sharing(target) for _, found in _dispatches(other)]
            unknown = list(_unknown(target, known))
        for path, kind in unknown:
            where, told = target.project.relative(path), ", ".join(sorted(_all(known)))
            message = f"no dispatch knows the kind {kind!r} (known: {told})"
            mend = f"register {kind!r} where the others are, or name one of {told}"
            made = self.found(target, None, None, message, mend=mend, code=f"{where}: kind: {kind}")
            yield made._replace(path=where, line=line_of(path, ("kind",)))


def _dispatches(target: Target) -> Iterator[tuple[Module, Dispatch]]:
    """Every decision by a method's kind in the code of a flow."""
    registries = Registries(target.flow.closure)
    for module in target.flow.closure:
        tree = module.source.parse() if b"kind" in module.source.data else None
        for function in nodes(tree) if tree is not None else ():
            if isinstance(function, FUNCTIONS | ast.ClassDef):
                yield from ((module, found) for found in dispatches(function, module, registries))


def _all(known: list[frozenset[str] | None]) -> frozenset[str]:
    return frozenset().union(*(one for one in known if one is not None))


def _unknown(target: Target, known: list[frozenset[str] | None]) -> Iterator[tuple[str, str]]:
    """The method configs whose kind no dispatch knows, each with the kind; none where not every dispatch can be told."""
    if target.conf is None or not any(known) or None in known:
        return
    for path in [*target.conf.choices("method").values(), *target.conf.choices("methods").values()]:
        try:
            kind = read_yaml(path).get("kind")
        except FlowgateError:
            continue
        if isinstance(kind, str) and "${" not in kind and kind not in _all(known):
            yield path, kind


def _seams(train: str) -> dict[str, str]:
    from flowgate.lint.examples import SEAMS

    old = "def train_arm(method_spec, data, seed, train_cfg):\n    return method_spec, data, seed, train_cfg\n"
    helpers = "def train_mlp(spec):\n    return spec\n\n\ndef train_topk(spec):\n    return [spec]\n\n\n"
    new = f"{helpers}def train_arm(method_spec, data, seed, train_cfg):\n    {train}\n"
    method = {"conf/method/topk.yaml": "kind: topk\nmargin: 1.0\n"}
    return promoted(method, seams=SEAMS.replace(old, new))


SilentKind.bad = (
    Example(
        "read with a default",
        _seams(
            'return KINDS[method_spec.get("kind", "mlp")](method_spec)\n\n\nKINDS = {"mlp": train_mlp, "topk": train_topk}'
        ),
    ),
    Example(
        "an else that trains",
        _seams(
            'if method_spec["kind"] == "topk":\n        return train_topk(method_spec)\n    else:\n        return train_mlp(method_spec)'
        ),
    ),
    Example(
        "a registry that always answers",
        _seams('kind = method_spec["kind"]\n    return {"topk": train_topk}.get(kind, train_mlp)(method_spec)'),
    ),
    Example(
        "a kind in the config that nobody knows",
        _seams('return {"mlp": train_mlp}[method_spec["kind"]](method_spec)'),
    ),
)
SilentKind.good = (
    Example(
        "a registry that refuses",
        _seams('return {"topk": train_topk, "mlp": train_mlp}[method_spec["kind"]](method_spec)'),
    ),
    Example(
        "an else that raises",
        _seams(
            'if method_spec["kind"] == "topk":\n        return train_topk(method_spec)\n    else:\n        raise ValueError(method_spec["kind"])'
        ),
    ),
)
