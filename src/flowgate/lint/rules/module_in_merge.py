"""FG202."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flowgate.finding import Finding
from flowgate.flow.merge import carries, coverage, is_merge
from flowgate.flow.model import FOREACH, PARALLEL, Flow, Step
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Called, Read, Stored
from flowgate.flow.values import Artifact, Attr, Call, Display, Inputs, constant, options, strings
from flowgate.lint.pickles import unstable
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

# Under these, the workers of a gang other than the control task run no user code.
_CONTROL_ONLY = ("torchrun", "deepspeed", "metaflow_ray", "mpi")


class ModuleInMerge(Rule):
    """A torch module, tensor or other unstable pickle that reaches `merge_artifacts`.

    Metaflow compares what the branches hold by the hash of its pickle. A torch module pickles differently every time
    it is pickled, and reading an artifact in a task pickles it again, so equal models conflict:
    `Step join cannot merge the following artifacts due to them having conflicting values: [model]`.
    """

    id = "FG202"
    slug = "module-in-merge"
    mend = "take it from a chosen input before the merge, or exclude it"

    def check(self, target: Target) -> Iterator[Finding]:
        for step in target.flow.steps.values():
            if not step.is_join:
                continue
            for index, event in enumerate(step.trace.events):
                if isinstance(event, Called) and is_merge(event.call):
                    yield from self._merge(target, step, event.call, index)

    def _merge(self, target: Target, step: Step, call: Call, index: int) -> Iterator[Finding]:
        flow = target.flow
        split = flow.split_of(step.name)
        if split is None or _single_task(flow, step):
            return
        merged = _merged_branches(flow, step, call)
        if merged is None:
            return
        settled = {event.name for event in step.trace.events[:index] if isinstance(event, Stored)}
        covers = coverage(call)
        if covers is None:
            return
        names = {}
        for name, where in _touched(flow, step, merged).items():
            if name not in settled and covers(name) and where:
                held = _held(flow, step, name, where)
                if held:
                    names[name] = (held, sorted(where))
        if names:
            yield self._finding(target, step, call, names)

    def _finding(self, target: Target, step: Step, call: Call, names: dict[str, tuple[str, list[str]]]) -> Finding:
        listed = ", ".join(sorted(names))
        first = sorted(names)[0]
        held, where = names[first]
        source = "inputs[0]" if _loops(target.flow, step) else f"inputs.{_last_step(target.flow, step, where[0])}"
        touched = " and ".join(f"`{name}`" for name in where) + (
            " assign or read" if len(where) > 1 else " assigns or reads"
        )
        return self.found(
            target,
            call.node,
            call.home,
            f"`{first}` holds {held}, which {touched}: its pickle differs between the branches, and "
            f"`{step.name}` stops with 'cannot merge the following artifacts due to them having conflicting values: "
            f"[{listed}]'",
            step=step.name,
            mend=f"take it from a chosen input before the merge: `self.{first} = {source}.{first}`, or {_left_out(call, names)}",
            code=f"merge_artifacts: {listed}",
        )


def _last_step(flow: Flow, join: Step, touched: str) -> str:
    """The step of the touched one's branch that leads into the join: `inputs` is named after it."""
    branch = next((names for names in flow.between(join.name).values() if touched in names), {touched})
    return next((name for name in flow.predecessors[join.name] if name in branch), touched)


def _left_out(call: Call, names: Iterable[str]) -> str:
    """How to leave the artifacts out of the merge as it is written."""
    listed = call.argument(2, "include")
    if listed is not None and constant(listed) is not None:
        return f"remove {', '.join(sorted(names))} from `include`"
    excluded = strings(call.argument(1, "exclude")) or []
    return f"leave it out: `exclude={sorted({*excluded, *names})!r}`"


def _loops(flow: Flow, join: Step) -> bool:
    split = flow.split_of(join.name)
    return split is not None and split.kind in (FOREACH, PARALLEL)


def _single_task(flow: Flow, join: Step) -> bool:
    """A fan-out in which only one task runs user code, so that nothing can conflict."""
    split = flow.split_of(join.name)
    assert split is not None
    if split.kind == PARALLEL:
        worker = flow.steps.get(split.targets[0]) if split.targets else None
        return worker is not None and (
            any(name.endswith(_CONTROL_ONLY) for name in worker.decorators) or _tells_nodes_apart(worker)
        )
    if split.kind == FOREACH:
        held = flow.resolve(flow.foreach_list(flow.open_splits[join.name][-1][0], split))
        return all(isinstance(value, Display) and len(value.elements) == 1 for value in held)
    return False


def _tells_nodes_apart(worker: Step) -> bool:
    """Whether a gang's step branches on which node it is, so that what it stores may be the control task's alone."""
    tests = [node.test for node in nodes(worker.node) if isinstance(node, ast.If)]
    return any(getattr(part, "attr", "") == "node_index" for test in tests for part in nodes(test))


def _merged_branches(flow: Flow, join: Step, call: Call) -> dict[str, set[str]] | None:
    """The branches whose inputs the call merges; None where that cannot be told, or it merges one input alone."""
    branches = flow.between(join.name)
    given = call.argument(0, "inputs")
    held = options(given)[0] if given is not None else None
    if isinstance(held, Inputs):
        return branches
    if not isinstance(held, Display) or len(held.elements) < 2:
        return None
    chosen = [option.name for part in held.elements for option in options(part) if isinstance(option, Attr)]
    return {name: steps for name, steps in branches.items() if steps & set(chosen)} if chosen else None


def _touched(flow: Flow, join: Step, branches: dict[str, set[str]]) -> dict[str, set[str]]:
    """The artifacts that may conflict at a join, with the steps that assign or read them in the branches."""
    depth = len(flow.open_splits[join.name])
    found: dict[str, dict[str, set[str]]] = {}
    for branch, names in branches.items():
        for name in names:
            for artifact in _artifacts(flow.steps[name]):
                if _survives(flow, name, artifact, names, depth):
                    found.setdefault(artifact, {}).setdefault(branch, set()).add(name)
    everywhere = _loops(flow, join)
    split = flow.open_splits[join.name][-1][0]
    conflicts = {}
    for artifact, by_branch in found.items():
        carried = _before_split(flow, split, artifact)
        holding = [
            branch
            for branch, names in branches.items()
            if _reaches_the_end(flow, names, artifact, depth, carried or branch in by_branch)
        ]
        if everywhere or len(holding) > 1:
            conflicts[artifact] = set().union(*by_branch.values())
    return conflicts


def _artifacts(step: Step) -> set[str]:
    return {event.name for event in step.trace.events if isinstance(event, Stored | Read)}


def _before_split(flow: Flow, split: str, artifact: str) -> bool:
    return artifact in flow.steps[split].trace.attributes or bool(flow.stored_before(split, artifact))


def _reaches_the_end(flow: Flow, branch: set[str], artifact: str, depth: int, held: bool) -> bool:
    """Whether a branch holds the artifact at its end: an inner join that leaves it behind drops it."""
    inner = [flow.steps[name] for name in branch if flow.steps[name].is_join]
    dropped = any(not carries(join, artifact) for join in inner)
    again = any(
        artifact in flow.steps[name].trace.attributes for name in branch if len(flow.open_splits[name]) == depth
    )
    return held and (not dropped or again)


def _survives(flow: Flow, step: str, artifact: str, branch: set[str], depth: int) -> bool:
    """Whether the artifact, touched inside an inner fan-out, is carried over the inner joins to the outer one."""
    if len(flow.open_splits[step]) <= depth:
        return True
    inner = [name for name in branch if flow.steps[name].is_join]
    return all(carries(flow.steps[name], artifact) for name in inner if _closes(flow, name, step))


def _closes(flow: Flow, join: str, step: str) -> bool:
    return any(step in names for names in flow.between(join).values())


def _held(flow: Flow, join: Step, artifact: str, where: set[str]) -> str:
    """What unstable thing the artifact holds, assigned in the branches or carried into them."""
    for name in sorted(where):
        value = flow.steps[name].trace.attributes.get(artifact) or Artifact(name, artifact)
        found = unstable(flow, value)
        if found:
            return found
    return ""


_FLOW = """
import torch
from metaflow import FlowSpec, Parameter, step


class BranchFlow(FlowSpec):
    seed = Parameter("seed", default=0)

    @step
    def start(self):
        torch.manual_seed(self.seed)
        self.model = {made}
        self.next(self.left, self.right)

    @step
    def left(self):
        {left}
        self.next(self.join)

    @step
    def right(self):
        self.b = 2
        self.next(self.join)

    @step
    def join(self, inputs):
        {join}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BranchFlow()
"""


def _example(
    title: str, left: str, join: str = "self.merge_artifacts(inputs)", made: str = "torch.nn.Linear(2, 1)"
) -> Example:
    return Example(title, {"flow.py": _FLOW.format(made=made, left=left, join=join)})


ModuleInMerge.bad = (
    _example("merely read in one branch", "self.n = sum(p.numel() for p in self.model.parameters())"),
    _example("made anew in one branch", "torch.manual_seed(self.seed)\n        self.model = torch.nn.Linear(2, 1)"),
    _example(
        "a state dict in a container",
        "self.best = len(self.model)",
        made='{"weights": torch.nn.Linear(2, 1).state_dict()}',
    ),
    _example(
        "through an alias of the merge", "print(self.model)", "merge = self.merge_artifacts\n        merge(inputs)"
    ),
)
ModuleInMerge.good = (
    _example("carried through untouched", "self.n = 1"),
    _example(
        "taken from a chosen input first",
        "print(self.model)",
        "self.model = inputs.left.model\n        self.merge_artifacts(inputs)",
    ),
    _example("excluded", "print(self.model)", 'self.merge_artifacts(inputs, exclude=["model"])'),
    _example("an equal list, read", "print(self.model)", made="[1, 2, 3]"),
    _example("alive in one branch only", "self.probe = torch.zeros(2)"),
)
