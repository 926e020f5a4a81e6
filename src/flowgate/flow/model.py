"""The model of a flow: its steps, their transitions, and what each artifact may hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from flowgate.flow.evaluate import run_function, run_module, run_step
from flowgate.flow.modules import Modules
from flowgate.flow.source import Source
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Called, Event, Trace
from flowgate.flow.values import (
    Artifact,
    Attr,
    Call,
    Class,
    Display,
    Element,
    Function,
    Input,
    Inputs,
    Instance,
    Item,
    Many,
    Mapping,
    Module,
    Self,
    Setting,
    Unknown,
    Value,
    callee,
    constant,
    dotted,
    options,
)

SEAMS = ("make_data", "build_model", "train_arm", "metric")
LINEAR, SPLIT, FOREACH, PARALLEL, SWITCH = "linear", "split", "foreach", "parallel", "switch"


class Transition(NamedTuple):
    """A `self.next(...)`: its kind, its targets, and the artifact that `foreach=` or `condition=` names."""

    kind: str
    targets: tuple[str, ...]
    artifact: str
    call: Call


class Step:
    """One step of a flow, wherever in the class's ancestry it was written."""

    def __init__(self, name: str, function: Function, cls: Class, modules: Modules) -> None:
        self.name, self.function, self.cls, self.modules = name, function, cls, modules
        assert isinstance(function.node, ast.FunctionDef | ast.AsyncFunctionDef) and function.home is not None
        self.node, self.home = function.node, function.home

    @cached_property
    def trace(self) -> Trace:
        """What the step stores, reads and calls."""
        return run_step(self.function, self.cls, self.name, self.modules)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """The syntax of the step's own body."""
        return [node for statement in self.node.body for node in nodes(statement)]

    @cached_property
    def is_join(self) -> bool:
        """Whether the step takes `inputs`."""
        return len(self.node.args.posonlyargs) + len(self.node.args.args) > 1

    @cached_property
    def transitions(self) -> list[Transition]:
        """Every `self.next(...)` the step may reach."""
        found = []
        for event in self.trace.events:
            if isinstance(event, Called) and isinstance(event.call.func, Attr) and event.call.func.name == "next":
                if any(isinstance(option, Self) for option in options(event.call.func.base)):
                    found.append(_transition(event.call))
        return found

    @cached_property
    def decorators(self) -> list[str]:
        """The dotted names of the step's decorators."""
        names = []
        for decorator in self.function.decorators:
            for option in options(decorator):
                names.append(callee(option) or dotted(option))
        return names

    def calls(self) -> Iterator[Call]:
        """Every call the step makes, its helpers' calls included."""
        for event in self.trace.events:
            if isinstance(event, Called):
                yield event.call


class Flow:
    """A flow class with its steps, graph and first-party import closure."""

    def __init__(self, cls: Class, module: Module, modules: Modules) -> None:
        self.cls, self.module, self.modules = cls, module, modules
        self.name = cls.name

    @property
    def path(self) -> str:
        """The absolute path of the file that holds the class."""
        return self.module.path

    @cached_property
    def steps(self) -> dict[str, Step]:
        """The steps by name, inherited ones included, in the order they were written."""
        found: dict[str, Step] = {}
        for ancestor in reversed(list(self.cls.lineage())):
            for name, value in ancestor.body.items():
                for option in options(value):
                    if isinstance(option, Function) and _is_step(option):
                        found[name] = Step(name, option, self.cls, self.modules)
        return found

    def look_again(self) -> None:
        """Trace the steps once more where earlier ones store objects of ours, so that their methods are followed too."""
        stored = [value for step in self.steps.values() for value in step.trace.attributes.values()]
        if not any(_holds_objects(value) for value in stored):
            return
        for step in self.steps.values():
            step.transitions  # noqa: B018  (the graph stays as it was read first)
        self.open_splits  # noqa: B018
        for step in self.steps.values():
            step.trace = run_step(step.function, step.cls, step.name, step.modules, self._objects)

    def _objects(self, value: Value) -> list[Value]:
        """The objects that an artifact, an item or an element may be."""
        found = []
        for option in self.resolve(value):
            if isinstance(option, Element | Item):
                base = option.collection if isinstance(option, Element) else option.base
                found += [one for held in self.resolve(base) for one in _elements(held)]
            else:
                found.append(option)
        return found

    @cached_property
    def seams(self) -> dict[str, Trace]:
        """What each seam that the flow's file defines or imports does, whoever calls it."""
        found = {}
        for name in SEAMS:
            for option in options(self.module.env.get(name) or Unknown()):
                if isinstance(option, Function):
                    found[name] = run_function(option, self.modules)[0]
        return found

    @cached_property
    def closure(self) -> list[Module]:
        """Every first-party module the flow may import: at the top level, in a step or in a seam."""
        for step in self.steps.values():
            step.trace  # noqa: B018  (what a step imports is loaded when it is traced)
        self.seams  # noqa: B018
        return self.modules.closure()

    @cached_property
    def predecessors(self) -> dict[str, list[str]]:
        """Which steps lead to each step."""
        found: dict[str, list[str]] = {name: [] for name in self.steps}
        for step in self.steps.values():
            for transition in step.transitions:
                for target in transition.targets:
                    if target in found and step.name not in found[target]:
                        found[target].append(step.name)
        return found

    @cached_property
    def start(self) -> str:
        """The name of the first step: `start`, or the one that is marked `@step(start=True)`."""
        return self._marked("start")

    @cached_property
    def end(self) -> str:
        """The name of the last step: `end`, or the one that is marked `@step(end=True)`."""
        return self._marked("end")

    def _marked(self, word: str) -> str:
        for name, step in self.steps.items():
            for decorator in step.function.decorators:
                marks = [
                    one.keywords.get(word)
                    for one in options(decorator)
                    if isinstance(one, Call) and _is_step_decorator(one)
                ]
                if any(constant(mark) is True for mark in marks):
                    return name
        return next(iter(self.steps)) if len(self.steps) == 1 else word

    @cached_property
    def open_splits(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """For each step, the splits it lies inside, outermost first, as (split, first step of the branch)."""
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        stack: list[tuple[str, tuple[tuple[str, str], ...]]] = [(self.start, ())]
        while stack:
            name, inside = stack.pop()
            step = self.steps.get(name)
            if step is None or name in found:
                continue
            found[name] = inside
            outer = inside[:-1] if step.is_join else inside
            for transition in step.transitions:
                for target in transition.targets:
                    opens = transition.kind in (SPLIT, FOREACH, PARALLEL)
                    stack.append((target, (*outer, (name, target)) if opens else outer))
        return found

    def split_of(self, join: str) -> Transition | None:
        """The split whose branches a join brings together."""
        inside = self.open_splits.get(join, ())
        if not inside:
            return None
        return next((t for t in self.steps[inside[-1][0]].transitions if t.kind != LINEAR), None)

    def between(self, join: str) -> dict[str, set[str]]:
        """The steps between a join and its split, by the first step of their branch."""
        inside = self.open_splits.get(join, ())
        if not inside:
            return {}
        depth, split = len(inside) - 1, inside[-1][0]
        branches: dict[str, set[str]] = {}
        for name, opened in self.open_splits.items():
            if name != join and len(opened) > depth and opened[depth][0] == split:
                branches.setdefault(opened[depth][1], set()).add(name)
        return branches

    def stored_before(self, step: str, name: str) -> list[Value]:
        """What the artifact `name` may hold when `step` begins: the nearest stores on the ways to it."""
        found: list[Value] = []
        seen: set[str] = set()
        queue = list(self.predecessors.get(step, []))
        while queue:
            before = queue.pop(0)
            if before in seen:
                continue
            seen.add(before)
            value = self.steps[before].trace.attributes.get(name)
            if value is not None:
                found.append(value)
            else:
                queue.extend(self.predecessors[before])
        return found

    def foreach_list(self, step: str, transition: Transition) -> Value:
        """The collection that a foreach fans out over."""
        held = self.steps[step].trace.attributes.get(transition.artifact)
        return held if held is not None else Artifact(step, transition.artifact, transition.call.node)

    def resolve(self, value: Value) -> list[Value]:
        """The alternatives of a value, followed across steps to where they were made."""
        found: list[Value] = []
        seen: set[int] = set()
        queue = [value]
        while queue:
            for option in options(queue.pop(0)):
                if id(option) in seen:
                    continue
                seen.add(id(option))
                further = self._across_steps(option)
                if further:
                    queue.extend(further)
                else:
                    found.append(option)
        return found

    def _across_steps(self, value: Value) -> list[Value]:
        if isinstance(value, Artifact):
            return self.stored_before(value.step, value.name)
        if isinstance(value, Attr):
            return [held for step in self._branches(value.base) for held in self._at_end(step, value.name)]
        if isinstance(value, Input):
            inside = self.open_splits.get(value.step, ())
            for split, first in reversed(inside):
                for transition in self.steps[split].transitions:
                    if transition.kind == FOREACH and first in transition.targets:
                        return [Element(self.foreach_list(split, transition), value.node, value.home)]
        return []

    def _branches(self, value: Value) -> list[str]:
        """The steps whose artifacts one of a join's inputs holds: `inputs.left`, or any for `inputs[0]`."""
        found: list[str] = []
        for option in options(value):
            base = (
                option.base
                if isinstance(option, Attr | Item)
                else option.collection
                if isinstance(option, Element)
                else None
            )
            held = options(base)[0] if base is not None else None
            if isinstance(held, Inputs) and held.step in self.steps:
                named = option.name if isinstance(option, Attr) else None
                found += [name for name in self.predecessors[held.step] if named in (None, name)]
        return found

    def _at_end(self, step: str, name: str) -> list[Value]:
        held = self.steps[step].trace.attributes.get(name)
        return [held] if held is not None else self.stored_before(step, name)

    def events(self) -> Iterator[tuple[str | None, Event]]:
        """Everything that happens: at the top level of each first-party module, then step by step."""
        for module in self.closure:
            for event in self.modules.trace(module).events:
                yield None, event
        for step in self.steps.values():
            for event in step.trace.events:
                yield step.name, event

    def calls(self) -> Iterator[tuple[str | None, Call]]:
        """Every call that is made, with the step that makes it."""
        for step, event in self.events():
            if isinstance(event, Called):
                yield step, event.call

    def settings(self) -> dict[str, Setting]:
        """The flow's Config, Parameter and IncludeFile declarations by attribute."""
        found: dict[str, Setting] = {}
        for ancestor in self.cls.lineage():
            for name, value in ancestor.body.items():
                kind = callee(value).rpartition(".")[2]
                if isinstance(value, Call) and kind in ("Config", "Parameter", "IncludeFile"):
                    found.setdefault(name, Setting(kind, name, value))
        return found


def read_flows(source: Source, root: str) -> list[Flow]:
    """The concrete flows that a file defines, in the order they were written."""
    modules = Modules(root, run_module)
    module = modules.adopt(source)
    classes = [
        option
        for value in module.env.values()
        for option in options(value)
        if isinstance(option, Class) and option.home is module
    ]
    unique = list({id(cls): cls for cls in classes}.values())
    found = [cls for cls in unique if _is_flow(cls)]
    parents = {id(base) for cls in found for base in list(cls.lineage())[1:]}
    flows = [Flow(cls, module, modules) for cls in found]
    for flow in flows:
        flow.look_again()
    return [flow for flow in flows if id(flow.cls) not in parents or _stands_alone(flow)]


def _elements(value: Value) -> list[Value]:
    """The elements of a list that is written out or made by a comprehension."""
    held = value.elements if isinstance(value, Display) else [value.element] if isinstance(value, Many) else []
    return [option for one in held for option in options(one)]


def _holds_objects(value: Value) -> bool:
    return any(isinstance(one, Instance) for option in options(value) for one in (option, *_elements(option)))


def _stands_alone(flow: Flow) -> bool:
    """Whether a class that others derive from is a flow of its own: a whole graph, and started from here."""
    started = any(call.func is flow.cls or flow.cls in options(call.func) for _, call in flow.calls())
    return started and flow.start in flow.steps and flow.end in flow.steps


def _is_flow(cls: Class) -> bool:
    bases = set(cls.foreign_bases())
    if any(base.startswith("metaflow") and base.endswith(".FlowSpec") for base in bases):
        return True
    # A base class from a package that is not here: what carries Metaflow's steps is a flow all the same.
    unknown = bases - {"builtins.object"}
    return bool(unknown) and any(isinstance(value, Function) and _is_step(value) for value in cls.body.values())


def _is_step(function: Function) -> bool:
    return any(_is_step_decorator(option) for decorator in function.decorators for option in options(decorator))


def _is_step_decorator(value: Value) -> bool:
    """True for `@step`, and for `@step(start=True)`."""
    name = callee(value) if isinstance(value, Call) else dotted(value)
    return name.startswith("metaflow") and name.endswith(".step")


def _transition(call: Call) -> Transition:
    foreach, condition = constant(call.keywords.get("foreach")), constant(call.keywords.get("condition"))
    targets = []
    for argument in call.args:
        held = options(argument)[0]
        choices = [value for _, value in held.items] if isinstance(held, Mapping) else [argument]
        targets += [name for choice in choices for name in _step_names(choice)]
    if isinstance(foreach, str):
        kind = FOREACH
    elif "num_parallel" in call.keywords:
        kind = PARALLEL
    elif isinstance(condition, str):
        kind = SWITCH
    else:
        kind = SPLIT if len(targets) > 1 else LINEAR
    artifact = foreach if isinstance(foreach, str) else condition if isinstance(condition, str) else ""
    return Transition(kind, tuple(targets), artifact, call)


def _step_names(value: Value) -> list[str]:
    names = []
    for option in options(value):
        if isinstance(option, Function) and isinstance(option.node, ast.FunctionDef):
            names.append(option.node.name)
        elif isinstance(option, Artifact):
            names.append(option.name)
    return names
