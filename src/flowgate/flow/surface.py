"""Whether the artifacts that a surface names are stored at all, told before anything runs."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from flowgate.flow.lineage import step_order
from flowgate.flow.model import LINEAR, Flow
from flowgate.flow.trace import Stored
from flowgate.flow.values import (
    Call,
    Const,
    Display,
    Function,
    Mapping,
    Self,
    Setting,
    Value,
    callee,
    constant,
    options,
)


class Unstored(NamedTuple):
    """An entry of a surface that names nothing, and why, with the name that was probably meant."""

    entry: str
    why: str


def stored(flow: Flow) -> set[tuple[str, str]]:
    """Every (step, artifact) that a step stores."""
    return {
        (name, event.name)
        for name, step in flow.steps.items()
        for event in step.trace.events
        if isinstance(event, Stored)
    }


def unstored(flow: Flow, surface: tuple[str, ...]) -> Iterator[Unstored]:
    """The entries of a surface that no step stores.

    Silent about artifacts where the flow may store some that cannot be seen here: under names that are made when it runs, or
    by code that is not here and is given the flow itself.
    """
    held, given, is_open = stored(flow), _given(flow), may_store_more(flow)
    for entry in surface:
        step, _, artifact = entry.rpartition(".")
        if step and not any(fnmatch.fnmatchcase(name, step) for name in flow.steps):
            if not _has_foreign_base(flow):
                yield Unstored(entry, f"the flow has no step `{step}`{_meant(step, flow.steps)}")
            continue
        if is_open or any(fnmatch.fnmatchcase(name, artifact) for name in given):
            continue
        place = step or flow.end
        near = {name for at, name in held if reaches(flow, at, place)}
        if not any(fnmatch.fnmatchcase(name, artifact) for name in near):
            elsewhere = sorted({at for at, name in held if name == artifact})
            hint = f"; `{elsewhere[0]}` stores it: write `{elsewhere[0]}.{artifact}`" if elsewhere else ""
            hint = hint or _meant(artifact, near | given | {name for _, name in held})
            yield Unstored(entry, f"no step on the way to `{place}` stores `{artifact}`{hint}")


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, sorted(known), 1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _given(flow: Flow) -> set[str]:
    """Artifacts that no step stores: settings, attributes of the class, `@catch(var=...)`, and `setattr` with a plain name."""
    names = set(flow.settings()) | _of_class(flow)
    for step in flow.steps.values():
        named = (constant(call.argument(1, "name")) for call in step.calls() if _is_setattr(call))
        names |= {name for name in named if isinstance(name, str)}
    for step in flow.steps.values():
        for decorator in step.function.decorators:
            given = constant(decorator.keywords.get("var")) if isinstance(decorator, Call) else None
            names |= {given} if isinstance(given, str) else set()
    return names


def _of_class(flow: Flow) -> set[str]:
    """The attributes of the class, which Metaflow stores like artifacts."""
    bodies = (cls.body for cls in flow.cls.lineage())
    return {name for body in bodies for name, value in body.items() if not isinstance(value, Function)}


def may_store_more(flow: Flow) -> bool:
    """True if a step may store artifacts that cannot be seen here."""
    if _has_foreign_base(flow) or _has_decorated_class(flow):
        return True
    texts = [ast.unparse(step.node) for step in flow.steps.values()]
    if any(word in text for text in texts for word in ("__dict__", "__setattr__")):
        return True
    return any(_gives_the_flow_away(call) for step in flow.steps.values() for call in step.calls())


def _has_foreign_base(flow: Flow) -> bool:
    return any(not base.startswith(("metaflow", "builtins")) for base in flow.cls.foreign_bases())


def _has_decorated_class(flow: Flow) -> bool:
    """True if a decorator that is not Metaflow's stands above a class of the flow: it may put anything into it."""
    nodes = (cls.node for cls in flow.cls.lineage())
    names = (ast.unparse(one) for node in nodes for one in getattr(node, "decorator_list", []))
    return any(name.partition("(")[0] not in _METAFLOWS for name in names)


_METAFLOWS = frozenset("conda_base pypi_base project schedule trigger trigger_on_finish exit_hook".split())


def _is_setattr(call: Call) -> bool:
    return callee(call) == "builtins.setattr"


def _gives_the_flow_away(call: Call) -> bool:
    name = callee(call)
    if _is_setattr(call):
        return not isinstance(constant(call.argument(1, "name")), str)
    if name in ("builtins.vars", "builtins.exec", "builtins.eval"):
        return True
    given = any(
        isinstance(option, Self) for argument in (*call.args, *call.keywords.values()) for option in options(argument)
    )
    return given and bool(name) and not name.startswith("builtins.")


def reaches(flow: Flow, step: str, pattern: str) -> bool:
    """True if a step is, or leads to, one that the pattern names."""
    seen: set[str] = set()
    queue = [name for name in flow.steps if fnmatch.fnmatchcase(name, pattern)]
    while queue:
        name = queue.pop()
        if name not in seen:
            seen.add(name)
            queue += flow.predecessors.get(name, [])
    return step in seen


def at_end(flow: Flow) -> set[str]:
    """The public artifacts stored since the last join on the way to `end`, where they pass on unasked."""
    found: set[str] = set()
    seen: set[str] = set()
    queue = [flow.end]
    while queue:
        name = queue.pop()
        step = flow.steps.get(name)
        if step is None or name in seen:
            continue
        seen.add(name)
        found |= {artifact for artifact in step.trace.attributes if not artifact.startswith("_")}
        before = [] if step.is_join else flow.predecessors.get(name, [])
        queue += [one for one in before if all(way.kind == LINEAR for way in flow.steps[one].transitions)]
    return found


def computed(flow: Flow) -> list[tuple[str, str]]:
    """Every (step, artifact) that a step computes, rather than writing it out, those of later steps first."""
    ranks = {name: at for at, name in enumerate(step_order(flow))}
    found = {
        (name, event.name)
        for name, step in flow.steps.items()
        for event in step.trace.events
        if isinstance(event, Stored) and not event.name.startswith("_") and not _is_written_out(event.value)
    }
    return sorted(found, key=lambda place: (-ranks.get(place[0], 0), place[1]))


def says_nothing(flow: Flow, names: set[str]) -> bool:
    """True if artifacts of these names are the same in every run of any code: settings of the flow, and constants."""
    if not names or may_store_more(flow):
        return False
    written_out = {name for _, name in stored(flow)} - {name for _, name in computed(flow)}
    return names <= written_out | set(flow.settings()) | _of_class(flow)


def _is_written_out(value: Value) -> bool:
    """True for a constant, and for a list or dict of them."""
    for option in options(value):
        parts: list[Value]
        if isinstance(option, Display):
            parts = option.elements
        elif isinstance(option, Mapping):
            parts = [part for pair in option.items for part in pair]
        elif isinstance(option, Const | Setting):
            parts = []
        else:
            return False
        if not all(map(_is_written_out, parts)):
            return False
    return True
