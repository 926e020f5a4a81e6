"""FG204."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import WARNING, Finding
from flowgate.flow.model import SPLIT, SWITCH, Step
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Stored
from flowgate.flow.values import Artifact, Attr, Call, Element, Inputs, Item, Value, callee, options, walk
from flowgate.lint.arrival import doubtful_sums, exposed
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class UnorderedJoin(Rule):
    """A join takes the branches of a static split by their position.

    Metaflow gives the inputs of a foreach join in the order of their index, but those of a static split in the order of
    a set: which branch is `inputs[0]` hangs on the scheduler's hash seed. So does the winner of a tie, and the last one
    of a loop. What no branch assigns is the same in all of them and may be taken from any.
    """

    id = "FG204"
    slug = "unordered-join"
    mend = "take a branch by the name of its step, `inputs.<step>.<artifact>`, or sort by something that is theirs"

    def check(self, target: Target) -> Iterator[Finding]:
        for step in target.flow.steps.values():
            if step.is_join and _is_unordered(target, step):
                assigned = _assigned(target, step)
                for event in step.trace.events:
                    if isinstance(event, Stored):
                        yield from self._of(target, step, event, assigned)

    def _of(self, target: Target, step: Step, event: Stored, assigned: set[str]) -> Iterator[Finding]:
        uses = [value for value in exposed(event.value, _is_inputs, lists=False) if _reads(value, assigned)]
        if not _is_chosen(step, event.node):
            uses += [value for value in _picked(event.value) if value.name in assigned]
        if not uses:
            for value in doubtful_sums(event.value, _is_inputs):
                if _reads(value, assigned):
                    message = (
                        f"`{event.name}` is a sum in the order of the branches, which Metaflow leaves to a hash: of floats, "
                        f"its last bits differ from run to run"
                    )
                    mend = "add them in an order of their own, or with `math.fsum`"
                    yield self.found(
                        target, value.node, value.home, message, step=step.name, mend=mend, severity=WARNING
                    )
        for value in uses[:1]:
            message = (
                f"`{event.name}` depends on the order of the branches, which Metaflow leaves to a hash: "
                f"another run may take another branch first"
            )
            value = next((part for part in walk(value) if _is_unpacked(part)), value)
            yield self.found(target, value.node or event.node, value.home or event.home, message, step=step.name)


def _is_chosen(step: Step, stored: ast.AST) -> bool:
    """`if best is None or one.score > best.score: best = one` in a loop: a largest, written out."""
    names = {
        part.id for node in step.nodes if _stores(node, stored) for part in nodes(node) if isinstance(part, ast.Name)
    }
    for loop in (node for node in step.nodes if isinstance(node, ast.For)):
        for test in (node for node in nodes(loop) if isinstance(node, ast.If)):
            compares = any(
                isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE)
                for part in nodes(test.test)
            )
            kept = {
                one.id
                for part in test.body
                for one in nodes(part)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
            if compares and kept & names:
                return True
    return False


def _stores(node: ast.AST, target: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(one is target for one in node.targets)


def _is_unpacked(value: Value) -> bool:
    """`left, right = inputs`: where each got its name."""
    return isinstance(value, Item) and isinstance(value.node, ast.Name) and isinstance(value.base, Inputs)


def _is_inputs(value: Value) -> bool:
    return isinstance(value, Inputs)


def _is_unordered(target: Target, step: Step) -> bool:
    """Whether the step joins a static split, or a foreach whose tasks end at either end of a switch."""
    split = target.flow.split_of(step.name)
    if split is None:
        return False
    if split.kind == SPLIT:
        return True
    ends = [target.flow.steps[name] for name in target.flow.predecessors.get(step.name, [])]
    return len(ends) > 1 and any(
        transition.kind == SWITCH and {end.name for end in ends} & set(transition.targets)
        for before in target.flow.steps.values()
        for transition in before.transitions
    )


def _assigned(target: Target, step: Step) -> set[str]:
    """The artifacts that a step between the split and the join stores."""
    between = {name for names in target.flow.between(step.name).values() for name in names}
    return {
        event.name
        for name in between
        for event in target.flow.steps[name].trace.events
        if isinstance(event, Stored) and not (isinstance(event.value, Artifact) and event.value.name == event.name)
    }


def _reads(value: Value, assigned: set[str]) -> bool:
    """Whether an ordered use of `inputs` reads something that the branches assign, or nothing that can be told."""
    names = {part.name for part in walk(value) if isinstance(part, Attr) and _is_one_input(part.base)}
    return not names or bool(names & assigned)


def _picked(value: Value) -> Iterator[Attr]:
    """The `i.x` that a loop over `inputs` leaves behind: that of the last."""
    for option in options(value):
        if isinstance(option, Attr) and any(isinstance(base, Element) for base in options(option.base)):
            if _is_one_input(option.base):
                yield option


def _is_all(value: Value) -> bool:
    """`inputs`, or a list of them."""
    if callee(value) in ("builtins.list", "builtins.tuple") and isinstance(value, Call) and value.args:
        return any(_is_all(option) for option in options(value.args[0]))
    return isinstance(value, Inputs)


def _is_one_input(value: Value) -> bool:
    for option in options(value):
        if isinstance(option, Item) and any(_is_all(base) for base in options(option.base)):
            return True
        if isinstance(option, Element) and any(isinstance(part, Inputs) for part in walk(option.collection)):
            return True
        if callee(option) in ("builtins.next", "builtins.iter") and any(
            isinstance(part, Inputs) for part in walk(option)
        ):
            return True
    return False


def _flow(*body: str) -> dict[str, str]:
    return {
        "flow.py": f"""
from metaflow import FlowSpec, step


class TwoFlow(FlowSpec):
    @step
    def start(self):
        self.unit = "auc"
        self.next(self.svm, self.knn)

    @step
    def svm(self):
        self.score = 0.9
        self.next(self.join)

    @step
    def knn(self):
        self.score = 0.8
        self.next(self.join)

    @step
    def join(self, inputs):
        {(chr(10) + "        ").join(body)}
        self.next(self.end)

    @step
    def end(self):
        print(self.best)
"""
    }


UnorderedJoin.bad = (
    Example("the first branch", _flow("self.best = inputs[0].score")),
    Example("a list in the order of the branches", _flow("self.best = [one.score for one in inputs]")),
    Example("the last of a loop", _flow("for one in inputs:", "    self.best = one.score")),
    Example("two names for two positions", _flow("first, second = inputs", "self.best = first.score - second.score")),
)
UnorderedJoin.good = (
    Example("by the name of the step", _flow("self.best = inputs.svm.score")),
    Example("the largest", _flow("self.best = max(one.score for one in inputs)")),
    Example("what no branch assigns", _flow("self.best = inputs[0].unit")),
    Example("sorted", _flow("self.best = sorted(one.score for one in inputs)")),
)
