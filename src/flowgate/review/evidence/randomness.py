"""FR101: where generators are made, seeded, split and handed on, and where the parts of the data are cut."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowgate.flow.values import Call, callee, options
from flowgate.meaning.draws import SEEDERS, draw_of
from flowgate.meaning.words import words
from flowgate.review.evidence.page import Page, Shown, written

WORDS = re.compile(
    r"(?i)seed|\brng|random|offset|stream|generator|\bsplit|train[_/ ,-]|\bval(?:id|_|\b)|\btest|hold.?out|permut|\bfold|\bcut\b"
)
_MAKERS = frozenset(
    "default_rng RandomState SeedSequence PCG64 MT19937 Philox SFC64 Random Generator PRNGKey key".split()
)
_SPLITTERS = frozenset("spawn fork split jumped fold_in".split())
_DRAWS = frozenset(
    """
    normal standard_normal uniform integers random randint rand randn permutation permuted shuffle choice choices sample
    multivariate_normal poisson binomial exponential gamma beta bernoulli laplace standard_t gauss randrange randperm
    rand_like randn_like lognormal bytes
    """.split()
)
_CUTS = frozenset("train_test_split random_split KFold StratifiedKFold GroupKFold ShuffleSplit array_split".split())
_SPLITS = frozenset("split tensor_split loc iloc query".split())
_PARTS = frozenset("train val valid validation test holdout heldout dev eval tr te va tst trn".split())
_SHORT = re.compile(r"[a-z]{0,2}(?:tr|va|te|tst|trn|tes|tra)")
_CARRIERS = frozenset("rng rngs generator gen seed seeds random_state prng rs".split())


def gather(page: Page) -> Iterator[Shown]:
    """Every generator and cut of one page, and the words about them."""
    for node in page.nodes:
        if isinstance(node, ast.Call):
            yield from _of_call(page, node)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and _names_part(page, node):
            yield page.shown(node, "cuts a part of the data")
        elif isinstance(node, ast.Assign | ast.AnnAssign) and _sets_seed(node):
            yield page.shown(node, "sets a value of the randomness or the cut", 1)
        elif isinstance(node, ast.Assign) and _makes_parts(node):
            yield page.shown(node, "makes parts of the data", 1)
    yield from page.mentions(WORDS, "speaks of randomness or the cut")


def _of_call(page: Page, call: ast.Call) -> Iterator[Shown]:
    name = page.name(call)
    last = name.rpartition(".")[2]
    held = page.calls.get(id(call))
    given = ", ".join(ast.unparse(one) for one in [*call.args, *(k.value for k in call.keywords)])
    if last in _MAKERS and (name in SEEDERS or name.startswith(("torch", "jax", "numpy", "random"))):
        yield page.shown(
            call, f"makes a generator, seeded with {given}" if given else "makes a generator without a seed"
        )
    elif name in SEEDERS or last in ("manual_seed", "seed_everything", "set_seed"):
        yield page.shown(call, f"seeds a generator with {given}")
    elif last in _SPLITTERS and _is_generator(call):
        yield page.shown(call, "splits a generator or seed")
    elif last in _CUTS or (last in _SPLITS and _names_part(page, call)):
        yield page.shown(call, "cuts the data into parts")
    elif (last in _DRAWS and isinstance(call.func, ast.Attribute)) or (held is not None and draw_of(held) is not None):
        yield page.shown(call, f"draws from `{written(call.func).rpartition('.')[0] or 'a generator'}`")
    elif carried := _carried(call) or _held_generator(held):
        yield page.shown(call, f"hands `{carried}` to `{last or 'a call'}`")


def _is_generator(call: ast.Call) -> bool:
    base = call.func.value if isinstance(call.func, ast.Attribute) else None
    return bool(set(words(ast.unparse(base) if base is not None else "")) & (_CARRIERS | {"random", "jax"}))


def _carried(call: ast.Call) -> str:
    """The generator or seed among the arguments of a call."""
    for keyword in call.keywords:
        if keyword.arg in _CARRIERS:
            return f"{keyword.arg}={ast.unparse(keyword.value)}"
    for one in call.args:
        if isinstance(one, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp) and _carries(one):
            return ast.unparse(one)
    return ""


def _held_generator(call: Call | None) -> str:
    """A generator among the arguments of a call, whatever it is called."""
    for one in call.args if call is not None else []:
        if any(callee(option) in SEEDERS for option in options(one)):
            return "a generator"
    return ""


def _is_part(name: str) -> bool:
    """Whether a name is that of a part of the data: `test`, `val_rows`, `xtr`."""
    return any(word in _PARTS or _SHORT.fullmatch(word) for word in words(name))


def _carries(node: ast.expr) -> bool:
    texts = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    texts += [part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)]
    texts += [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return any(set(words(text)) & _CARRIERS for text in texts)


def _names_part(page: Page, node: ast.AST) -> bool:
    """Whether what is cut gets the name of a part, or is cut at the size of one."""
    texts = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    for above in page.above(node):
        if isinstance(above, ast.Assign):
            texts += [ast.unparse(target) for target in above.targets]
        if isinstance(above, ast.stmt):
            break
    return any(map(_is_part, texts))


def _makes_parts(node: ast.Assign) -> bool:
    """`train, val, test = ...`: two parts at least, or one that a call makes."""
    named = [part for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name | ast.Attribute)]
    found = {ast.unparse(part) for part in named if _is_part(ast.unparse(part))}
    return len(found) > 1 or (bool(found) and isinstance(node.value, ast.Call))


def _sets_seed(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    found = {word for target in targets for word in words(ast.unparse(target))}
    return bool(found & ({"seed", "seeds", "offset", "split"} | _PARTS)) and isinstance(
        node.value, ast.Constant | ast.BinOp | ast.List | ast.Tuple
    )
