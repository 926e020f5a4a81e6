"""FG302."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.flow.yamlfile import Tree, leaves, line_of, package_of, read_yaml
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

Path = tuple[str, ...]


class MethodOverridesTraining(Rule):
    """A method's config sets a key that the training group owns.

    The training group is authoritative over epochs, learning rate, batch and size. A method file that sets one of them
    trains its arm under other conditions than the experiment says, and the comparison is between schedules, not methods.
    """

    id = "FG302"
    slug = "method-overrides-training"
    mend = "leave the key to `training/`; a deliberate difference of one experiment belongs in its `method_overrides`"

    def check(self, target: Target) -> Iterator[Finding]:
        conf = target.conf
        if conf is None:
            return
        owned: dict[Path, str] = {}
        for path in conf.choices("training").values():
            owned |= {leaf: path for leaf, _ in leaves(_tree(path))}
        for path in conf.choices("method").values():
            for leaf, value in leaves(_own(path)):
                if leaf in owned and not _is_of_training(value):
                    yield self._finding(target, path, leaf, value, owned[leaf])

    def _finding(self, target: Target, path: str, leaf: Path, value: object, owner: str) -> Finding:
        key, where = ".".join(leaf), target.project.relative(path)
        message = (
            f"`{key}: {value}` is set for this method, but `{target.project.relative(owner)}` owns `{key}`: the arm trains "
            f"under other conditions than the experiment says"
        )
        found = self.found(target, None, None, message, code=f"{where}: {key}")
        return found._replace(path=where, line=line_of(path, leaf))


def _own(path: str) -> Tree:
    """What a method's file says of the training: all of it, or of a file that lies at the root only what it puts there."""
    tree = _tree(path)
    if package_of(path) != "_global_":
        return tree
    below = tree.get("training")
    return below if isinstance(below, dict) else {}


def _tree(path: str) -> Tree:
    try:
        tree = read_yaml(path)
    except FlowgateError:
        return {}
    tree.pop("defaults", None)
    return tree


def _is_of_training(value: object) -> bool:
    return isinstance(value, str) and re.search(r"\$\{\s*\.*training[.\[]", value) is not None


def _example(title: str, method: str, training: str = "epochs: 20\nlr: 0.001\noptimizer:\n  beta: 0.9\n") -> Example:
    config = "defaults:\n  - experiment: noise\n  - training: default\n  - _self_\nseeds: 2\n"
    files = {"conf/config.yaml": config, "conf/training/default.yaml": training, "conf/method/topk.yaml": method}
    return Example(title, promoted(files))


MethodOverridesTraining.bad = (
    _example("a method with epochs of its own", "kind: topk\nepochs: 50\n"),
    _example("nested, by its full path", "kind: topk\noptimizer:\n  beta: 0.5\n"),
    _example("the same value today, another tomorrow", "kind: topk\nlr: 0.001\n"),
)
MethodOverridesTraining.good = (
    _example("what only this method has", "kind: topk\nmargin: 1.0\n"),
    _example("a reference to what training says", "kind: topk\nepochs: ${training.epochs}\n"),
    _example("the same leaf under another parent", "kind: topk\nsampler:\n  beta: 0.5\n"),
)
