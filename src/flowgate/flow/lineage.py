"""Which artifacts feed which: the way back from a conclusion to what it was made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.flow.model import SWITCH, Flow, Step
from flowgate.flow.slice import artifacts_behind
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Read, Stored
from flowgate.flow.values import (
    Artifact,
    Attr,
    Call,
    Element,
    Input,
    Inputs,
    Item,
    Setting,
    Value,
    constant,
    options,
    walk,
)

Place = tuple[str, str]


def step_order(flow: Flow) -> list[str]:
    """The steps so that each comes after those that lead to it; a recursion counts as its first turn."""
    done: dict[str, None] = {}
    entered: set[str] = set()

    def visit(name: str) -> None:
        if name in entered or name not in flow.steps:
            return
        entered.add(name)
        for transition in reversed(flow.steps[name].transitions):
            for target in reversed(transition.targets):
                visit(target)
        done[name] = None

    visit(flow.start)
    for name in flow.steps:
        visit(name)
    return list(reversed(done))


def trail(flow: Flow, surface: list[Place], loose: bool = False) -> set[Place]:
    """Every (step, artifact) that can reach the surface.

    By default through the values that each artifact was computed from. With `loose`, through everything that a step
    reads, for code that passes values on in ways that cannot be followed.
    """
    found: set[Place] = set()
    queue = list(surface)
    while queue:
        place = queue.pop()
        if place in found or place[0] not in flow.steps:
            continue
        found.add(place)
        queue.extend(_feeds(flow, *place, loose))
    return found


def _feeds(flow: Flow, step: str, artifact: str, loose: bool) -> Iterator[Place]:
    before = flow.predecessors.get(step, [])
    stored = stored_in(flow.steps[step], artifact)
    names = {artifact} if artifact not in flow.steps[step].trace.attributes else set()
    if stored:
        names |= _all_reads(flow.steps[step]) if loose else _made_of(flow.steps[step], stored)
        yield from _fan_out(flow, step)
    for earlier in before:
        for transition in flow.steps[earlier].transitions:
            if transition.kind == SWITCH and step in transition.targets:
                yield (earlier, transition.artifact)  # which way was taken
    for name in names:
        yield (step, name)
        for earlier in before:
            yield (earlier, name)


def _made_of(step: Step, stored: list[Stored]) -> set[str]:
    """The artifacts that some stored values were computed from; all that the step reads, where that cannot be told."""
    names: set[str] = set()
    for event in stored:
        names |= read_by(event.value)
        if not any(node is event.node for node in nodes(step.node)):
            return names or _all_reads(step)  # stored by a helper
        names |= artifacts_behind(step.node, event.node)
    return names


def read_by(value: Value) -> set[str]:
    """The artifacts that a value was computed from, by name, also through the inputs of a join."""
    names: set[str] = set()
    for part in walk(value):
        if isinstance(part, Artifact | Setting) or (isinstance(part, Attr) and _is_branch(part.base)):
            names.add(part.name)
    return names


def _is_branch(value: Value) -> bool:
    """One of a join's inputs: `inputs[0]`, `inputs.left`, or a loop variable over them."""
    for option in options(value):
        if isinstance(option, Element):
            return any(isinstance(part, Inputs) for part in walk(option.collection))
        if isinstance(option, Item | Attr) and isinstance(option.base, Inputs):
            return True
    return False


def _all_reads(step: Step) -> set[str]:
    names = {event.name for event in step.trace.events if isinstance(event, Read)}
    for event in step.trace.events:
        if isinstance(event, Stored):
            names |= read_by(event.value)
    if step.is_join:
        names |= {node.attr for node in nodes(step.node) if isinstance(node, ast.Attribute)}
    return names


def _fan_out(flow: Flow, step: str) -> Iterator[Place]:
    """The list of the innermost foreach around a step, where the step uses its element."""
    values = flow.steps[step].trace.attributes.values()
    stored = any(isinstance(part, Input) for value in values for part in walk(value))
    read = any(isinstance(node, ast.Attribute) and node.attr == "input" for node in nodes(flow.steps[step].node))
    if not stored and not read:
        return
    for split, _ in reversed(flow.open_splits.get(step, ())):
        for transition in flow.steps[split].transitions:
            if transition.artifact:
                yield (split, transition.artifact)
                return


def stored_in(step: Step, artifact: str) -> list[Stored]:
    """Every place in a step, in order, that stores an artifact or changes it where it is."""
    return [event for event in step.trace.events if isinstance(event, Stored) and event.name == artifact]


def assigned_at(flow: Flow, step: str, artifact: str) -> tuple[str, int, str] | None:
    """The file, line and code that assign an artifact in a step, or else first use it; None where nothing there does."""
    if step not in flow.steps:
        return None
    setting = flow.settings().get(artifact)
    if setting is not None and setting.home is not None:
        return setting.home.path, getattr(setting.node, "lineno", 1), ast.unparse(setting.node or ast.Name(artifact))
    stored = stored_in(flow.steps[step], artifact)
    if not stored:
        return caught_at(flow.steps[step], artifact) or _touched_at(flow.steps[step], artifact)
    last = stored[-1]
    code = ast.unparse(last.value.node) if last.value.node is not None else ""
    return last.home.path, getattr(last.node, "lineno", 1), f"{ast.unparse(last.node)} = {code}"


def caught_at(step: Step, artifact: str) -> tuple[str, int, str] | None:
    """The file, line and code of the `@catch(var=...)` above a step that sets an artifact, after the step's own code."""
    for decorator in step.function.decorators:
        for option in options(decorator):
            if isinstance(option, Call) and constant(option.keywords.get("var")) == artifact:
                node = option.node
                home = step.function.home
                if node is not None and home is not None:
                    return home.path, getattr(node, "lineno", 1), ast.unparse(node)
    return None


def _touched_at(step: Step, artifact: str) -> tuple[str, int, str] | None:
    """The statement that first uses an artifact: `self.model.fit(data)` changes what it never assigns."""
    for event in step.trace.events:
        if isinstance(event, Read) and event.name == artifact:
            line = getattr(event.node, "lineno", 1)
            around = [
                node
                for node in nodes(step.node)
                if isinstance(node, ast.stmt)
                and node is not step.node
                and node.lineno <= line <= (node.end_lineno or line)
            ]
            code = ast.unparse(around[-1] if around else event.node)
            return event.home.path, line, code
    return None


def reaches(flow: Flow, step: str, other: str) -> bool:
    """Whether a step comes before another, or before itself in a recursion."""
    seen: set[str] = set()
    queue = [step]
    while queue:
        at = queue.pop()
        for transition in flow.steps[at].transitions if at in flow.steps else ():
            if other in transition.targets:
                return True
            queue += [target for target in transition.targets if target not in seen]
            seen.update(transition.targets)
    return False
