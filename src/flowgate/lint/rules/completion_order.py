"""FG504."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Stored
from flowgate.flow.values import Attr, Call, Display, Many, Module, Value, callee, constant, method_of, options
from flowgate.lint.arrival import exposed, origin
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_QUEUES = frozenset("Queue SimpleQueue JoinableQueue LifoQueue".split())


class CompletionOrder(Rule):
    """What finished first is put first: the order of completion reaches an artifact.

    `as_completed` and `imap_unordered` yield results as they come. Which one comes first depends on the machine and its
    load, so a list filled in that order is another one in the next run.
    """

    id = "FG504"
    slug = "completion-order"
    about_agreement = True
    mend = "keep the order of what was submitted: `executor.map(...)`, `pool.map(...)`, or a dict keyed by the item, read in sorted order"

    def check(self, target: Target) -> Iterator[Finding]:
        for step, event in target.flow.events():
            if step is None or not isinstance(event, Stored):
                continue
            for use in exposed(event.value, _is_race, lists=True):
                value = origin(use, _is_race)
                message = (
                    f"`{event.name}` holds results in the order in which they were finished, which no two runs share"
                )
                yield self.found(target, value.node or event.node, value.home or event.home, message, step=step)


def _is_race(value: Value) -> bool:
    if isinstance(value, Display) and value.type != "set":
        return any(_is_taken_from_queue(part) for one in value.elements for part in _unsorted(one))
    if isinstance(value, Many):
        return any(map(_is_taken_from_queue, _unsorted(value.element)))
    if not isinstance(value, Call):
        return False
    if method_of(value) == "apply_async" and "callback" in value.keywords:
        return True
    if callee(value).rpartition(".")[2] == "as_completed" or method_of(value) in ("imap_unordered", "as_completed"):
        return True
    made_by = value.func
    unordered = isinstance(made_by, Call) and constant(made_by.keywords.get("return_as")) == "generator_unordered"
    return unordered and callee(made_by).endswith("Parallel")


def _unsorted(value: Value) -> Iterator[Value]:
    """What a value is made of, what was put in order aside."""
    stack, seen = [value], set[int]()
    while stack:
        item = stack.pop()
        if id(item) not in seen and callee(item) != "builtins.sorted":
            seen.add(id(item))
            yield item
            stack.extend(item.parts())


def _is_taken_from_queue(value: Value) -> bool:
    """`done.get()` of a queue that several threads or processes put into."""
    if method_of(value) not in ("get", "get_nowait") or not isinstance(value, Call) or not isinstance(value.func, Attr):
        return False
    made = [callee(option).rpartition(".")[2] for option in options(value.func.base)]
    return any(name in _QUEUES for name in made) and value.home is not None and _has_workers(value.home)


def _has_workers(module: Module) -> bool:
    """Whether a file starts workers in a loop."""
    tree = module.source.parse()
    loops = (ast.For, ast.ListComp, ast.SetComp, ast.GeneratorExp)
    for loop in (node for node in nodes(tree) if isinstance(node, loops)) if tree is not None else ():
        for call in nodes(loop):
            name = ast.unparse(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
            if name in ("Thread", "Process", "submit", "apply_async", "start_new_thread"):
                return True
    return False


def _flow(*body: str) -> dict[str, str]:
    return {
        "flow.py": f"""
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing import Pool
from metaflow import FlowSpec, step


def fit(name):
    return len(name)


class PoolFlow(FlowSpec):
    @step
    def start(self):
        names = ["svm", "knn"]
        {(chr(10) + "        ").join(body)}
        self.next(self.end)

    @step
    def end(self):
        print(self.scores)
"""
    }


CompletionOrder.bad = (
    Example(
        "a list filled as results come",
        _flow(
            "with ThreadPoolExecutor() as pool:",
            "    todo = [pool.submit(fit, name) for name in names]",
            "    self.scores = [done.result() for done in as_completed(todo)]",
        ),
    ),
    Example(
        "appended in a loop",
        _flow(
            "scores = []",
            "with ThreadPoolExecutor() as pool:",
            "    for done in as_completed([pool.submit(fit, name) for name in names]):",
            "        scores.append(done.result())",
            "self.scores = scores",
        ),
    ),
    Example(
        "a pool that does not keep order",
        _flow("with Pool() as pool:", "    self.scores = list(pool.imap_unordered(fit, names))"),
    ),
)
CompletionOrder.good = (
    Example(
        "map keeps the order",
        _flow("with ThreadPoolExecutor() as pool:", "    self.scores = list(pool.map(fit, names))"),
    ),
    Example(
        "a dict by name",
        _flow(
            "with ThreadPoolExecutor() as pool:",
            "    todo = {pool.submit(fit, name): name for name in names}",
            "    self.scores = {todo[done]: done.result() for done in as_completed(todo)}",
        ),
    ),
    Example(
        "sorted afterwards", _flow("with Pool() as pool:", "    self.scores = sorted(pool.imap_unordered(fit, names))")
    ),
)
