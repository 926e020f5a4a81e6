"""FG203."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.merge import carries, coverage, is_merge
from flowgate.flow.model import FOREACH, PARALLEL, Flow, Step
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Called, Event, Read, Stored
from flowgate.flow.values import Function, Value, callee, dotted, options
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class BlindJoin(Rule):
    """An artifact that a join left behind is read as if it were still there.

    A join begins with nothing: what its branches hold it has only from `inputs`, or from `merge_artifacts`. What is read
    from `self` without either, or was left out of the merge, stops the run when all the training is done:
    `AttributeError: Flow GridFlow has no attribute 'model'`.
    """

    id = "FG203"
    slug = "blind-join"
    mend = "take it in the join from a chosen input, `self.model = inputs[0].model`, or from an aggregation over them"

    def check(self, target: Target) -> Iterator[Finding]:
        flow = target.flow
        if not any(step.is_join for step in flow.steps.values()):
            return
        for step in flow.steps.values():
            told: set[str] = set()
            for at, event in enumerate(step.trace.events):
                if isinstance(event, Read) and not event.own and event.name not in told:
                    join = _lost_at(flow, step, event.name, step.trace.events[:at])
                    if join is not None and _is_plain(flow, step, event) and not _is_open(step):
                        told.add(event.name)
                        yield self._finding(target, step, event, join)

    def _finding(self, target: Target, step: Step, event: Read, join: Step) -> Finding:
        flow, name = target.flow, event.name
        where = "here" if join is step else f"in `{join.name}`"
        loops = (split := flow.split_of(join.name)) is not None and split.kind in (FOREACH, PARALLEL)
        held = [
            last
            for last in flow.predecessors[join.name]
            if name in flow.steps[last].trace.attributes or flow.stored_before(last, name)
        ]
        source = "inputs[0]" if loops or not held else f"inputs.{held[0]}"
        return self.found(
            target,
            event.node,
            event.home,
            f"`{name}` is read from `self`, but the join left it behind {where}: the run stops with "
            f"'Flow {flow.name} has no attribute '{name}''",
            step=step.name,
            mend=f"take it in `{join.name}` from a chosen input, `self.{name} = {source}.{name}`, or from an aggregation "
            f"over `inputs`",
            code=f"self.{name}",
        )


def _is_open(step: Step) -> bool:
    """Whether the step gets artifacts in ways that cannot be followed."""
    text = step.home.source.data
    if any(not _is_followed(decorator) for decorator in step.function.decorators):
        return True
    return any(callee(call) == "builtins.setattr" for call in step.calls()) or (
        b"__dict__" in text and "__dict__" in ast.unparse(step.node)
    )


def _is_followed(decorator: Value) -> bool:
    """Whether it is known what a decorator does: Metaflow's own, or one of ours."""
    for option in options(decorator):
        name = callee(option) or dotted(option)
        if not name.startswith("metaflow.") and not isinstance(option, Function):
            return False
    return True


def _is_plain(flow: Flow, step: Step, event: Read) -> bool:
    """Whether it is a plain `self.x` of an artifact, whose absence nothing here reckons with."""
    if not isinstance(event.node, ast.Attribute) or flow.cls.lookup(event.name) is not None:
        return False
    for node in step.nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("hasattr", "getattr"):
            if any(isinstance(part, ast.Constant) and part.value == event.name for part in node.args):
                return False
        if (
            isinstance(node, ast.Try | ast.With)
            and _expects_none(node)
            and any(part is event.node for part in nodes(node))
        ):
            return False
    return True


def _expects_none(node: ast.Try | ast.With) -> bool:
    """Whether a block reckons with a missing attribute: any `try`, or `with pytest.raises(AttributeError)`."""
    return isinstance(node, ast.Try) or any("AttributeError" in ast.unparse(item.context_expr) for item in node.items)


def _lost_at(flow: Flow, step: Step, name: str, before: list[Event]) -> Step | None:
    """The join that leaves an artifact behind on every way to a step; None where some way may bring it."""
    if step.is_join:
        if step.name not in flow.open_splits or _is_merged(before, name):
            return None
        return step if _exists_before(flow, step, name) else None
    lost: Step | None = None
    seen: set[str] = set()
    queue = list(flow.predecessors.get(step.name, []))
    while queue:
        at = flow.steps[queue.pop()]
        if at.name in seen:
            continue
        seen.add(at.name)
        if name in at.trace.attributes or _is_open(at):
            return None
        if at.is_join and not carries(at, name):
            lost = at
        else:
            queue += flow.predecessors.get(at.name, [])
    return lost if lost is not None and _exists_before(flow, lost, name) else None


def _exists_before(flow: Flow, join: Step, name: str) -> bool:
    """Whether a step before the join stores it, so that the join is what loses it."""
    return bool(flow.stored_before(join.name, name))


def _is_merged(events: list[Event], name: str) -> bool:
    """Whether a merge has brought the artifact over by then."""
    for event in events:
        if isinstance(event, Called) and is_merge(event.call):
            covers = coverage(event.call)
            if covers is None or covers(name):
                return True
    return any(isinstance(event, Stored) and event.name == name for event in events)


def _flow(join: str, end: str = "pass") -> dict[str, str]:
    return {
        "flow.py": f"""
from metaflow import FlowSpec, step


class GridFlow(FlowSpec):
    @step
    def start(self):
        self.seeds = [0, 1]
        self.next(self.fit, foreach="seeds")

    @step
    def fit(self):
        self.model = {{"weight": self.input}}
        self.score = 1.0
        self.next(self.join)

    @step
    def join(self, inputs):
        {join}
        self.next(self.end)

    @step
    def end(self):
        {end}


if __name__ == "__main__":
    GridFlow()
"""
    }


BlindJoin.bad = (
    Example("read from self", _flow('self.weight = self.model["weight"]')),
    Example(
        "left out of the merge",
        _flow('self.merge_artifacts(inputs, exclude=["model"]); self.weight = self.model["weight"]'),
    ),
    Example("missed a step later", _flow("self.best = max(i.score for i in inputs)", "print(self.model)")),
)
BlindJoin.good = (
    Example("a chosen input", _flow("self.model = inputs[0].model", "print(self.model)")),
    Example("an aggregation", _flow("self.models = [i.model for i in inputs]", "print(self.models)")),
    Example(
        "merged",
        _flow('self.merge_artifacts(inputs, include=["score"]); self.model = inputs[0].model', "print(self.score)"),
    ),
)
