"""FG304."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.conf import Composed, Origin
from flowgate.flow.shell import region, shell
from flowgate.flow.syntax import nodes
from flowgate.flow.yamlfile import Keys, duplicates, line_of
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class UntaggedAxis(Rule):
    """An experiment whose axes do not add up.

    `data_axes` says which axes change the dataset; the others are training axes. A name there that is no axis, an axis
    declared twice, one without a value, or axes that no code reads: the run has another grid than the config says, and
    nothing fails.
    """

    id = "FG304"
    slug = "untagged-axis"
    mend = "name each axis once under `axes`, with at least one value, and list under `data_axes` those that change the data"

    def check(self, target: Target) -> Iterator[Finding]:
        conf = target.conf
        if conf is None:
            return
        read = _names_read(target)
        for name, path in sorted(conf.experiments.items()):
            for keys in duplicates(path):
                if keys[:-1] in (("axes",), ("experiment", "axes")) or keys == ("axes",):
                    fault = f"the axis `{keys[-1]}` is declared twice, so Hydra refuses the file"
                    yield self._finding(target, name, path, path, fault, line_of(path, keys))
            composed = target.composing.get(name)
            if composed is None:
                continue  # FG406 says why
            for fault, keys in _faults(composed, read):
                place = composed.origin("experiment", *keys)
                if place is None or not place.line:
                    place = Origin(path, line_of(path, keys))
                yield self._finding(target, name, path, place.file, fault, place.line)

    def _finding(self, target: Target, name: str, path: str, where: str, fault: str, line: int) -> Finding:
        code = f"{target.project.relative(path)}: {fault}"
        found = self.found(target, None, None, f"experiment {name}: {fault}", code=code)
        return found._replace(path=target.project.relative(where), line=line)


def _faults(composed: Composed, read: set[str] | None) -> Iterator[tuple[str, Keys]]:
    """What is wrong with the axes of one experiment, with the keys that lead there."""
    tree = composed.tree.get("experiment")
    if not isinstance(tree, dict):
        return
    axes = tree.get("axes")
    tagged = tree.get("data_axes")
    names = list(axes) if isinstance(axes, dict) else []
    if not isinstance(axes, dict | None) or (axes is None and not tagged):
        return
    entries = [str(one) for one in tagged] if isinstance(tagged, list) else []
    for entry in dict.fromkeys(entries):
        if entry not in names and "${" not in entry:
            known = ", ".join(names) or "there is none"
            yield f"`data_axes` names `{entry}`, which is no axis ({known})", ("data_axes",)
        if entries.count(entry) > 1:
            yield f"`data_axes` names `{entry}` twice", ("data_axes",)
    also = tree.get("training_axes")
    for entry in also if isinstance(also, list) else []:
        if entry in entries:
            yield f"`{entry}` is both a data axis and a training axis", ("training_axes",)
        elif entry not in names:
            yield f"`training_axes` names `{entry}`, which is no axis", ("training_axes",)
    for name in names:
        values = axes[name] if isinstance(axes, dict) else None
        if values is None or (isinstance(values, list | dict) and not values):
            yield f"the axis `{name}` has no value, so the grid is empty", ("axes", str(name))
    unread = [name for name in names if read is not None and str(name) not in read]
    if unread and read is not None:
        listed = ", ".join(f"`{name}`" for name in unread)
        yield f"no code reads the axes {listed}: they are composed, shown, and change nothing", ("axes", str(unread[0]))


def _names_read(target: Target) -> set[str] | None:
    """The names that the code reads by; None where it goes over all axes, whatever they are called."""
    found: set[str] = set()
    for module in target.flow.closure:
        tree = module.source.parse()
        for node in nodes(tree) if tree is not None else ():
            name = ""
            if isinstance(node, ast.Attribute):
                name = node.attr
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value
            if name:
                found.add(name)
    return None if _goes_over_all(target) else found


def _goes_over_all(target: Target) -> bool:
    """Whether the axes are taken as a whole somewhere, rather than one by its name."""
    for module in target.flow.closure:
        tree = module.source.parse() if b"axes" in module.source.data else None
        if tree is None:
            continue
        place = region(module.source.text.splitlines(), shell())  # it asks whether a name is an axis, whatever its name
        stamped = range(place[0], place[1] or place[0]) if place is not None else range(0)
        own = [node for node in nodes(tree) if getattr(node, "lineno", 0) not in stamped]
        whole = {id(node) for node in own if _is_axes(node)}
        for node in own:
            if isinstance(node, ast.Attribute) and id(node.value) in whole and node.attr not in _VIEWS:
                whole.discard(id(node.value))
            elif isinstance(node, ast.Subscript) and id(node.value) in whole:
                if isinstance(node.slice, ast.Constant):
                    whole.discard(id(node.value))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                if node.args and isinstance(node.args[0], ast.Constant):
                    whole.discard(id(node.func.value))
        if whole:
            return True
    return False


_VIEWS = frozenset("items keys values copy".split())


def _is_axes(node: ast.AST) -> bool:
    """`cfg.experiment.axes`, `experiment["axes"]`, `experiment.get("axes")`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "axes" and isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "axes"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return isinstance(node.args[0], ast.Constant) and node.args[0].value == "axes"
    return False


def _experiment(text: str, start: str = "") -> dict[str, str]:
    from flowgate.lint.examples import ECHO

    files = {"conf/experiment/noise.yaml": f"name: noise\ndeterminism: order_independent\nsurface: [results]\n{text}"}
    made = promoted(files, start=start or ECHO)
    if start:
        made["flow.py"] = made["flow.py"].replace("        self.grid = list(self.cfg.experiment.axes.items())\n", "")
    return made


UntaggedAxis.bad = (
    Example("a data axis that is none", _experiment("axes: {noise: [0.1, 0.5]}\ndata_axes: [noize]\n")),
    Example("an axis declared twice", _experiment("axes:\n  noise: [0.1]\n  noise: [0.5]\ndata_axes: [noise]\n")),
    Example("an axis without a value", _experiment("axes: {noise: [], eval_k: [50]}\ndata_axes: [noise]\n")),
    Example(
        "an axis that no code reads",
        _experiment(
            "axes: {noise: [0.1], eval_k: [50]}\ndata_axes: [noise]\n",
            'self.determinism = self.cfg.experiment.determinism; self.grid = self.cfg.experiment.axes["noise"]',
        ),
    ),
)
UntaggedAxis.good = (
    Example(
        "one data axis, one training axis", _experiment("axes: {noise: [0.1], eval_k: [50]}\ndata_axes: [noise]\n")
    ),
    Example(
        "a part of experiments, which is none itself",
        _experiment("axes: {noise: [0.1], eval_k: [50]}\ndata_axes: [noise]\n")
        | {"conf/experiment/_base.yaml": "data_axes: [noise]\n"},
    ),
    Example("no axes at all", _experiment("axes: {}\ndata_axes: []\n")),
)
