"""FR105: what is chosen by a score, and the single values in the place of which a choice could stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowgate.meaning.words import is_parameter, words
from flowgate.review.evidence.page import Page, Shown

WORDS = re.compile(
    r"(?i)best|select|chos|choos|\bpick|\btun|sweep|\bgrid|candidate|early.stop|patience|checkpoint|threshold|restart|"
    r"\bmax|argm|\bfixed|\bval(?:id|_)|\bfinal|last epoch|\btop|probab|cut-?off|one half|0\.5|starts?\b|\bonce\b|n_init|\btrials|\bstop"
)
_PICKS = frozenset(
    """
    max min argmax argmin nanargmax nanargmin idxmax idxmin sorted nlargest nsmallest argsort topk argpartition most_common
    """.split()
)
_SEARCHES = ("SearchCV", "cross_val_score", "optuna", "hyperopt", "minimize_scalar", "EarlyStopping", "ModelCheckpoint")
_STATES = frozenset("load_state_dict state_dict deepcopy set_weights load_weights restore save_checkpoint".split())
_HELD_OUT = re.compile(
    r"(?i)\b(?:x|y)_?(?:v|va|val|valid|dev|t|te|test)\b|\b(?:val|valid|validation|dev|test|held_?out)\b|[._](?:val|test|dev)(?:_|\b)"
)
_SCORES = frozenset(
    """
    score scores val valid validation acc accuracy auc loss losses error err metric f1 best mae rmse mse ppl reward trial trials
    result results candidate candidates run runs history dev
    """.split()
)
_CHOICES = frozenset(
    "best chosen selected winner top threshold patience candidates grid sweep restarts n_restarts".split()
)

_MODELS = frozenset("model net network weights params state estimator clf forest curve".split())
_LEARNERS = ("sklearn.", "xgboost.", "lightgbm.", "catboost.")
# Options by which a library chooses among several by itself.
_OPTIONS = re.compile(
    r"n_init|restart|early_stopping|no_change|n_trials|\bcv\b|refit|patience|save_best|sweep|n_starts"
)


def gather(page: Page) -> Iterator[Shown]:
    """Every choice of one page, every training value that is one, and the words about either."""
    for node in page.nodes:
        if isinstance(node, ast.Call):
            last = page.name(node).rpartition(".")[2] or getattr(node.func, "attr", "")
            if last in _PICKS and (_speaks_of(node, _SCORES) or any(one.arg == "key" for one in node.keywords)):
                yield page.shown(node, f"picks with `{last}`")
            elif any(word in page.name(node) for word in _SEARCHES):
                yield page.shown(node, f"searches with `{last}`")
            elif last in _STATES:
                yield page.shown(node, f"keeps or restores a state with `{last}`")
            elif last[:1].isupper() and page.name(node).startswith(_LEARNERS):
                yield page.shown(node, f"makes a `{last}`", 1)
            elif part := _scored_part(node):
                yield page.shown(node, f"`{last}` looks at {part}", 1)
        elif isinstance(node, ast.If | ast.While | ast.IfExp) and _compares(node.test):
            yield page.shown(node, f"decides by {ast.unparse(node.test)}")
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from _of_assignment(page, node)
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            yield page.shown(node, f"compares {ast.unparse(node)}", 1)
        elif isinstance(node, ast.Return) and node.value is not None and _speaks_of(node, _MODELS):
            yield page.shown(node, "hands back what was trained", 1)
        elif isinstance(node, ast.For) and set(words(ast.unparse(node.iter))) & _CHOICES:
            yield page.shown(node, "goes through candidates")
        elif isinstance(node, ast.keyword) and node.arg and (is_parameter(node.arg) or _OPTIONS.search(node.arg)):
            yield page.shown(node, f"gives `{node.arg}`", 0 if _OPTIONS.search(node.arg) else 1)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _OPTIONS.search(node.value):
            yield page.shown(node, "names an option by which things are chosen", 1)
    if "/method/" in page.path:
        for number, line in enumerate(page.lines, 1):
            if ":" in line:
                yield page.mark(number, "the method's config says", 1)
    yield from page.mentions(WORDS, "speaks of a choice, or of a fixed value")


def _scored_part(call: ast.Call) -> str:
    """The held-out part of the data among the arguments of a call."""
    given = [one for one in call.args if isinstance(one, ast.Name | ast.Attribute | ast.Subscript)]
    return next((ast.unparse(one) for one in given if _HELD_OUT.search(ast.unparse(one))), "")


def _of_assignment(page: Page, node: ast.Assign | ast.AnnAssign) -> Iterator[Shown]:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    name = ast.unparse(target)
    if set(words(name)) & _CHOICES:
        yield page.shown(node, f"sets `{name}`")
    elif any(set(words(part)) & _MODELS for part in name.split(",")) and not isinstance(node.value, ast.Constant):
        yield page.shown(node, f"keeps `{name}`", 1)
    elif is_parameter(name) and isinstance(node.value, ast.Constant | ast.List | ast.Tuple):
        yield page.shown(node, f"sets `{name}`", 1)


def _compares(test: ast.expr) -> bool:
    ordered = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
    return any(
        isinstance(part, ast.Compare) and isinstance(part.ops[0], ordered) and _speaks_of(part, _SCORES | _CHOICES)
        for part in ast.walk(test)
    )


def _speaks_of(node: ast.AST, wanted: frozenset[str]) -> bool:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    names |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    names |= {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return any(set(words(name)) & wanted for name in names)
