"""FG201."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.finding import WARNING, Finding
from flowgate.flow.model import FOREACH, Flow, Step, Transition
from flowgate.flow.values import (
    Call,
    Self,
    Setting,
    Value,
)
from flowgate.lint.fanout.factors import factors
from flowgate.lint.fanout.keys import spelled_by_keys, varying_keys
from flowgate.lint.fanout.reasons import reason
from flowgate.lint.fanout.shapes import config_path, is_single, makes_many_estimators
from flowgate.lint.fanout.tasks import given_to_estimators, unpacked_in_task
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class PerConfigForeach(Rule):
    """A foreach with a branch for every method or training value.

    Each Metaflow task is a process of its own that imports torch again and goes through the datastore: some two to
    four seconds, which doubles the wall-clock of a short training, thousands of times over in a grid. It also makes
    the data anew for every config. Key the fan-out on data axes and seeds; train every method of a dataset in-process.
    That costs time and not truth, so it is an error on promoted flows, whose standard fixes the grain, and a warning on others.
    """

    id = "FG201"
    slug = "per-config-foreach"
    elsewhere = WARNING
    mend = "fan out over data axes x seeds, and loop over the methods and training values inside the task"

    def check(self, target: Target) -> Iterator[Finding]:
        flow = target.flow
        for step in flow.steps.values():
            for transition in step.transitions:
                if transition.kind != FOREACH:
                    continue
                listed = flow.foreach_list(step.name, transition)
                reasons = _reasons(target, listed, transition)
                if reasons:
                    yield self._finding(target, step, transition, listed, reasons)

    def _finding(
        self, target: Target, step: Step, transition: Transition, listed: Value, reasons: list[str]
    ) -> Finding:
        at = _built(target.flow, step, transition, listed)
        task = transition.targets[0] if transition.targets else "?"
        return self.found(
            target,
            at.node,
            at.home,
            f"the foreach over `{transition.artifact}` starts a task of `{task}` for every value of "
            f"{' x '.join(reasons)}: each is a process that imports its libraries and makes the data again, seconds of "
            f"overhead for one config",
            step=step.name,
            mend=f"keep data axes and seeds in `{transition.artifact}`, and loop over {' and '.join(reasons)} "
            f"inside `{task}`",
        )


def _built(flow: Flow, step: Step, transition: Transition, listed: Value) -> Value:
    """Where the list is built: in a helper of its own, or in the step, by a call that hands a helper what is to vary."""
    made = [value for value in flow.resolve(listed) if value.node is not None]
    at: Value = made[0] if made else transition.call
    own = {id(node) for node in step.nodes}
    if id(at.node) not in own and isinstance(listed, Call) and id(listed.node) in own:
        given = [*listed.args, *listed.keywords.values()]
        if any(config_path(flow, one) is None and not isinstance(one, Self | Setting) for one in given):
            return listed
    return at


def _reasons(target: Target, listed: Value, transition: Transition) -> list[str]:
    """The names of the factors that are methods, training values or whole configs."""
    found: dict[str, None] = {}
    spelled: set[int] = set()
    for value in target.flow.resolve(listed):
        spelled |= spelled_by_keys(target.flow, value)
        for name in varying_keys(target.flow, value):
            found[f"`{name}`"] = None
        if makes_many_estimators(target.flow, value):
            found["estimators"] = None
    if _is_whole(target, listed):
        return list(found)
    for name in unpacked_in_task(target.flow, listed, transition):
        found.setdefault(f"`{name}`", None)
    for name in given_to_estimators(target.flow, transition):
        if not all(is_single(option) for option in target.flow.resolve(listed)):
            found.setdefault(f"`{name}`", None)
    for factor in factors(target.flow, listed, ()):
        why = reason(target, factor, transition)
        if why and id(factor.value) not in spelled and not is_single(factor.value):
            found.setdefault(why, None)
    return list(found)


def _is_whole(target: Target, listed: Value) -> bool:
    """Whether the list is read whole from a Parameter or Config: what is in it is known only when the flow is started.

    The experiment schema says of `methods` and of the axes what they are, whoever reads them.
    """
    held = target.flow.resolve(listed)
    paths = [config_path(target.flow, option) for option in held]
    parameters = [isinstance(option, Setting) for option in held]
    if held and all(is_set or path is not None for is_set, path in zip(parameters, paths, strict=True)):
        return not any({"axes", "methods", "training_axes"} & set(path or ()) for path in paths)
    return False


_FLOW = """
from itertools import product
from metaflow import FlowSpec, step


class GridFlow(FlowSpec):
    @step
    def start(self):
        {body}
        self.next(self.train, foreach="{artifact}")

    @step
    def train(self):
        self.result = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [i.result for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GridFlow()
"""


def _example(title: str, *body: str, artifact: str = "todo") -> Example:
    return Example(title, {"flow.py": _FLOW.format(body="\n        ".join(body), artifact=artifact)})


PerConfigForeach.bad = (
    _example(
        "a product with a training axis", "lrs, seeds = [0.1, 0.01], [0, 1]", "self.todo = list(product(lrs, seeds))"
    ),
    _example(
        "a comprehension over methods",
        "methods = ['ce', 'topk']",
        "self.todo = [(m, s) for m in methods for s in range(3)]",
    ),
    _example(
        "grown in nested loops",
        "cs = []",
        "for epochs in (5, 20):",
        "    for s in range(3):",
        "        cs.append({'epochs': epochs, 'seed': s})",
        "self.todo = cs",
    ),
    _example("configs written out", "self.todo = [{'lr': 0.1, 'seed': 0}, {'lr': 0.01, 'seed': 0}]"),
)
PerConfigForeach.good = (
    _example("data axes x seeds", "self.todo = [(noise, s) for noise in (0.1, 0.5) for s in range(3)]"),
    _example("files, under a misleading name", "configs = ['a.csv', 'b.csv']", "self.todo = configs"),
    _example("seeds alone", "self.seeds = list(range(8))", artifact="seeds"),
    _example(
        "methods looped over inside each element's task",
        "methods = ['ce', 'topk']",
        "self.methods = methods",
        "self.todo = [0, 1, 2]",
    ),
)
