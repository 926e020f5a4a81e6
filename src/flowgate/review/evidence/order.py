"""FR102: who shuffles, when, and in which method; loops over epochs and what is fixed before them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowgate.meaning.words import words
from flowgate.review.evidence.page import Page, Shown

WORDS = re.compile(r"(?i)shuffl|epoch|\border|\bbatch|permut|sampler|loader|re-?draw|each pass|full.batch")
_SHUFFLES = frozenset("shuffle permutation permuted randperm sample".split())
_LOADERS = frozenset(
    "DataLoader TensorDataset RandomSampler SequentialSampler BatchSampler DistributedSampler Dataset".split()
)
_FITS = frozenset("fit partial_fit fit_transform train fit_one_epoch train_on_batch backward step train_epoch".split())
_EPOCHS = frozenset("epoch epochs ep eps pass passes sweep sweeps iteration iterations step steps round rounds".split())
_BATCHES = frozenset(
    "batch batches chunk chunks order idx index indices perm loader minibatch minibatches rows cycle".split()
)
_TRAINERS = frozenset("optimizer optim opt loader dataloader batches batch minibatches".split())
# What goes over its training rows in an order, and shuffles them or not by an option.
_ORDERED = re.compile(r"(?:SGD|MLP|PassiveAggressive)\w+$|Perceptron$|\w*NB$|Word2Vec$|Doc2Vec$|LogisticRegression$")


def gather(page: Page) -> Iterator[Shown]:
    """Every ordering of training rows of one page, and the words about it."""
    for node in page.nodes:
        if isinstance(node, ast.For | ast.While) and _is_training(node):
            over = ast.unparse(node.iter) if isinstance(node, ast.For) else ast.unparse(node.test)
            yield page.shown(node, f"loops over {over}" + _when(page, node))
        elif isinstance(node, ast.Call):
            yield from _of_call(page, node)
        elif isinstance(node, ast.comprehension) and _names([node.target, node.iter]) & (_BATCHES | _EPOCHS):
            yield page.shown(node.iter, f"goes through {ast.unparse(node.iter)}{_when(page, node.iter)}")
        elif isinstance(node, ast.Assign) and _names(node.targets) & (_BATCHES | _EPOCHS):
            yield page.shown(node, f"makes `{ast.unparse(node.targets[0])}`" + _when(page, node), 1)
    yield from page.mentions(WORDS, "speaks of the order of training rows")


def _of_call(page: Page, call: ast.Call) -> Iterator[Shown]:
    name = page.name(call)
    last = name.rpartition(".")[2] or getattr(call.func, "attr", "")
    when = _when(page, call)
    if last in _LOADERS:
        given = ", ".join(f"{one.arg}={ast.unparse(one.value)}" for one in call.keywords)
        yield page.shown(call, f"`{last}` with {given or 'no options'}{when}")
    elif _ORDERED.match(last):
        given = ", ".join(f"{one.arg}={ast.unparse(one.value)}" for one in call.keywords)
        yield page.shown(call, f"`{last}` orders its rows by its options ({given or 'none given'}){when}")
    elif last == "set_epoch":
        yield page.shown(call, f"tells the sampler its epoch{when}")
    elif last in _SHUFFLES:
        yield page.shown(call, f"puts rows in a random order{when}")
    elif last in ("default_rng", "RandomState", "Random", "Generator", "manual_seed") and page.loops_around(call):
        yield page.shown(call, f"starts a generator anew{when}")
    elif last in _FITS:
        yield page.shown(call, f"trains with `{last}`{when}", 1)
    elif _names(call.args) & _TRAINERS and not isinstance(call.func, ast.Attribute):
        yield page.shown(call, f"hands the training on to `{last}`{when}", 1)
    elif any(one.arg == "shuffle" for one in call.keywords):
        yield page.shown(call, f"`{last}` is given `shuffle`{when}")


def _when(page: Page, node: ast.AST) -> str:
    """In which loops something happens, as far as they are loops of a training."""
    around = [one for one in page.loops_around(node) if one is not node]
    heads = [ast.unparse(one.target) + " in " + ast.unparse(one.iter) for one in around if isinstance(one, ast.For)]
    return f", inside the loop `for {heads[0]}`" if heads else ", outside any loop"


def _is_training(loop: ast.For | ast.While) -> bool:
    head = [loop.target, loop.iter] if isinstance(loop, ast.For) else [loop.test]
    if _names(head) & (_EPOCHS | _BATCHES):
        return True
    called = {getattr(one.func, "attr", "") for one in ast.walk(loop) if isinstance(one, ast.Call)}
    return bool(called & {"backward", "partial_fit", "step", "train_on_batch"})


def _names(parts: list[ast.expr]) -> set[str]:
    return {word for part in parts for word in words(ast.unparse(part))}
