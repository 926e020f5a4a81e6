"""FR104: which helpers compute a quantity, with their formulas, and under which label each is stored."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowgate.meaning.words import words
from flowgate.review.evidence.page import Page, Shown

_METRICS = frozenset(
    """
    metric metrics score scores accuracy acc auc auroc auprc ap precision recall coverage rate ratio fraction frac share
    lift error err loss mae mse rmse mape f1 hit hits gain calibration ece brier bias regret reward return ndcg mrr map
    iou dice sensitivity specificity tpr fpr perplexity ppl bleu wer cer r2 correlation corr quantile interval width sharpness
    skill crps efficiency yield density mean median std var variance purity completeness improvement uplift delta
    """.split()
)
WORDS = re.compile(
    r"(?i)"
    + "|".join(rf"\b{word}" for word in sorted(_METRICS))
    + r"|denominator|numerator|defined as|out of|divided|per "
)
_COUNTS = frozenset("full isnan isfinite nan_to_num where clip dropna fillna notna isna".split())
_FOLDS = frozenset("mean sum nanmean median average std var quantile percentile count_nonzero trapz dot".split())


def gather(page: Page) -> Iterator[Shown]:
    """Every formula of one page, its labels, and the words about it."""
    for node in page.nodes:
        if isinstance(node, ast.FunctionDef) and (_is_metric(node.name) or _brings_to_one(page, node)):
            yield page.shown(node, f"defines `{node.name}`")
            yield from _steps(page, node)
        elif isinstance(node, ast.Return) and node.value is not None and _computes(page, node):
            yield page.shown(node, "returns a quantity")
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if (
                    isinstance(key, ast.Constant)
                    and isinstance(key.value, str)
                    and _is_labelled(page, key.value, value)
                ):
                    yield page.shown(value, f"stores a quantity as {key.value!r}")
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            name = ast.unparse(targets[0])
            if _is_labelled(page, name, node.value):
                yield page.shown(node, f"stores a quantity as `{name}`")
        elif isinstance(node, ast.Call) and page.name(node).startswith("sklearn.metrics."):
            yield page.shown(node, f"computes `{page.name(node)}`")
        elif isinstance(node, ast.Call) and page.name(node).rpartition(".")[2] in _COUNTS:
            yield page.shown(node, "decides what counts", 1)
        elif isinstance(node, ast.keyword) and node.arg and _is_metric(node.arg):
            yield page.shown(node, f"hands on a quantity as `{node.arg}`", 1)
    yield from page.mentions(WORDS, "speaks of a quantity")


def _is_metric(name: str) -> bool:
    return bool(set(words(name)) & _METRICS)


def _brings_to_one(page: Page, function: ast.FunctionDef) -> bool:
    returned = [part.value for part in ast.walk(function) if isinstance(part, ast.Return) and part.value is not None]
    return any(_folds(page, value) for value in returned)


def _steps(page: Page, function: ast.FunctionDef) -> Iterator[Shown]:
    """The statements of a formula's function: which rows count, and how."""
    for part in ast.walk(function):
        if isinstance(part, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.If | ast.For | ast.Return):
            if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
                yield page.shown(part, "a step of it", 1)


def _is_labelled(page: Page, label: str, value: ast.expr) -> bool:
    """Whether a value is a quantity: by its label, or by how it is computed."""
    return not isinstance(value, ast.Constant) and (_is_metric(label) or _folds(page, value))


def _computes(page: Page, node: ast.Return) -> bool:
    assert node.value is not None
    return _is_metric(page.function_of(node)) or _folds(page, node.value)


def _folds(page: Page, value: ast.expr) -> bool:
    """Whether an expression brings many numbers to one: a mean, a sum, a division."""
    for part in ast.walk(value):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div):
            return True
        if isinstance(part, ast.Call):
            name = page.name(part)
            if name.startswith("sklearn.metrics.") or name.rpartition(".")[2] in _FOLDS:
                return True
    return False
