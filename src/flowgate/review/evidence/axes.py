"""FR103: what is varied and what is fixed, on both sides; values tied to the seed; mixtures of regimes in one dataset."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowgate.flow.conf import ConfigBroken
from flowgate.meaning.words import words
from flowgate.review.evidence.page import SOURCE, Page, Shown
from flowgate.target import Target

WORDS = re.compile(
    r"(?i)\bax[ei]s|regime|level|fixed|\bvar(?:y|ied|ies)|sweep|\bgrid|mixture|\bmix|every|each|\bonly|condition|setting|\bat \d|\d\s*%|\d\.\d"
)
_SPREADS = frozenset("range linspace arange logspace geomspace product ParameterGrid enumerate zip".split())
_JOINS = frozenset(
    """
    concatenate concat vstack hstack stack append extend cat chain choice choices where select resize tile repeat cycle
    take insert
    """.split()
)
_PLUMBING = frozenset(
    "axis indent strict include exclude foreach resolve return_X_y keepdim keepdims dim sep end mode dtype".split()
)
_SEEDS = frozenset("seed seeds index rep repeat replicate run trial fold".split())


def gather(page: Page) -> Iterator[Shown]:
    """Every value that one page fixes or varies, and the words about it."""
    for node in page.nodes:
        if isinstance(node, ast.For | ast.comprehension):
            weight = 0 if _spreads(node.iter) else 1
            yield page.shown(node.iter, f"varies `{ast.unparse(node.target)}` over {_cut(node.iter)}", weight)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_literal(node.value):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            verb = "lists" if isinstance(node.value, ast.List | ast.Tuple | ast.Dict | ast.Call) else "fixes"
            yield page.shown(node, f"{verb} `{ast.unparse(target)}`")
        elif isinstance(node, ast.keyword) and node.arg not in _PLUMBING and _is_literal(node.value):
            yield page.shown(node, f"gives `{node.arg}` = {_cut(node.value)}", 1)
        elif isinstance(node, ast.BinOp | ast.Subscript | ast.Compare) and _tied_to_seed(node):
            yield page.shown(node, "ties a value to the seed or the repeat")
        elif isinstance(node, ast.Call) and _name(node) in _JOINS:
            yield page.shown(node, f"brings parts together with `{_name(node)}`", 1)
        elif isinstance(node, ast.FunctionDef):
            yield from _defaults(page, node)
    if page.path.endswith((".yaml", ".yml")):
        for number, line in enumerate(page.lines, 1):
            if re.search(r":\s*\S|^\s*-\s", line) and not line.lstrip().startswith("#"):
                yield page.mark(number, "the config says", 0 if "/experiment/" in page.path else 1)
    yield from page.mentions(WORDS, "speaks of what is varied or fixed")


def table(target: Target, pages: list[Page]) -> list[str]:
    """The axes of each experiment, each beside the lines of the sources that name it."""
    rows = []
    for name, composed in target.experiments.items():
        if isinstance(composed, ConfigBroken):
            rows.append(f"experiment {name}: cannot be composed: {composed.said}")
            continue
        experiment = composed.tree.get("experiment")
        axes = experiment.get("axes") if isinstance(experiment, dict) else None
        data = experiment.get("data_axes") or [] if isinstance(experiment, dict) else []
        for axis, values in axes.items() if isinstance(axes, dict) else []:
            kind = "data axis" if axis in data else "training axis"
            beside = ", ".join(_beside(str(axis), pages)) or "no line of the sources names it"
            rows.append(f"experiment {name}: {kind} `{axis}` = {values!r}; sources: {beside}")
    return rows


def _beside(axis: str, pages: list[Page]) -> Iterator[str]:
    """The lines of the sources that name an axis, by all of its words."""
    wanted = set(words(axis))
    for page in pages:
        if page.side == SOURCE:
            hits = [str(number) for number, line in enumerate(page.lines, 1) if wanted <= set(words(line))]
            if hits:
                yield f"{page.path}:{','.join(hits[:8])}"


def _spreads(iterable: ast.expr) -> bool:
    return (
        _is_literal(iterable)
        or (isinstance(iterable, ast.Call) and _name(iterable) in _SPREADS)
        or isinstance(iterable, ast.Name | ast.Attribute | ast.Subscript)
    )


def _is_literal(value: ast.expr) -> bool:
    """Numbers and strings written out, and collections or spreads of nothing else."""
    if isinstance(value, ast.UnaryOp):
        return _is_literal(value.operand)
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return bool(value.elts) and all(_is_literal(one) for one in value.elts)
    if isinstance(value, ast.Dict):
        return bool(value.values) and any(_is_literal(one) for one in value.values)
    if isinstance(value, ast.Call):
        return _name(value) in _SPREADS and bool(value.args) and all(_is_literal(one) for one in value.args)
    return (
        isinstance(value, ast.Constant) and not isinstance(value.value, bool | bytes) and value.value not in (None, ...)
    )


def _tied_to_seed(node: ast.BinOp | ast.Subscript | ast.Compare) -> bool:
    """`LEVELS[seed]`, `seed % 3`, `if seed < 5`: a regime that changes with the repeat."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod | ast.FloorDiv) and _is_seed(node.left)
    if isinstance(node, ast.Subscript):
        return not isinstance(node.slice, ast.Slice) and _is_seed(node.slice)
    return _is_seed(node.left)


def _is_seed(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_seed(node.left) or _is_seed(node.right)
    text = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return bool(set(words(text)) & _SEEDS)


def _defaults(page: Page, function: ast.FunctionDef) -> Iterator[Shown]:
    given = [one for one in [*function.args.defaults, *function.args.kw_defaults] if one is not None]
    if any(_is_literal(one) for one in given):
        yield page.shown(function, f"`{function.name}` has defaults", 1)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _cut(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 80 else text[:77] + "..."
