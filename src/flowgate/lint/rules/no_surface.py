"""FG403."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterator

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.flow.contract import declared
from flowgate.flow.trace import Stored
from flowgate.flow.values import Call, callee, constant
from flowgate.lint.examples import ECHO, promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class NoSurface(Rule):
    """A promoted flow without conclusions, or with one that no step stores.

    The surface is what a proof compares and a reader believes. An entry that names nothing compares nothing: it is
    found only when a run has ended.
    """

    id = "FG403"
    slug = "no-surface"
    mend = "name, under `surface` in the experiment, the artifacts that are the conclusions, as `step.artifact`"

    def check(self, target: Target) -> Iterator[Finding]:
        try:
            contract = declared(target.flow, target.conf, target.settings)
        except FlowgateError:
            return  # FG401 says so
        if contract is None:
            return
        stored = {
            (name, event.name)
            for name, step in target.flow.steps.items()
            for event in step.trace.events
            if isinstance(event, Stored)
        }
        if not contract.surface and not any(_is_public(name) for _, name in stored):
            yield self._finding(target, "the flow stores no artifact that could be a conclusion", "none")
        for entry in contract.surface:
            step, _, artifact = entry.rpartition(".")
            if step and not any(fnmatch.fnmatchcase(name, step) for name in target.flow.steps):
                yield self._finding(target, f"the surface names `{entry}`, but the flow has no step `{step}`", entry)
            elif _is_open(target) or any(fnmatch.fnmatchcase(name, artifact) for name in _given(target)):
                continue  # what is stored cannot all be told
            elif not any(
                fnmatch.fnmatchcase(name, artifact) for at, name in stored if _reaches(target, at, step or "end")
            ):
                yield self._finding(
                    target,
                    f"the surface names `{entry}`, but no step on the way to `{step or 'end'}` stores `{artifact}`",
                    entry,
                )

    def _finding(self, target: Target, message: str, code: str) -> Finding:
        return self.found(target, target.flow.cls.node, target.flow.module, message, code=f"surface {code}")


def _given(target: Target) -> set[str]:
    """Artifacts that a flow has without storing them: its settings, and what `@catch(var=...)` leaves."""
    names = set(target.flow.settings())
    for step in target.flow.steps.values():
        for decorator in step.function.decorators:
            given = constant(decorator.keywords.get("var")) if isinstance(decorator, Call) else None
            names |= {given} if isinstance(given, str) else set()
    return names


def _is_open(target: Target) -> bool:
    """Whether a step stores artifacts under names that are made when it runs."""
    dynamic = any(callee(call) == "builtins.setattr" for step in target.flow.steps.values() for call in step.calls())
    return dynamic or any("__dict__" in ast.unparse(step.node) for step in target.flow.steps.values())


def _is_public(name: str) -> bool:
    return not name.startswith("_") and name != "determinism"


def _reaches(target: Target, step: str, pattern: str) -> bool:
    """Whether a step is, or leads to, one that the pattern names."""
    seen: set[str] = set()
    queue = [name for name in target.flow.steps if fnmatch.fnmatchcase(name, pattern)]
    while queue:
        name = queue.pop()
        if name not in seen:
            seen.add(name)
            queue += target.flow.predecessors.get(name, [])
    return step in seen


def _flow(surface: str, end: str = "self.results = 1", start: str = ECHO) -> dict[str, str]:
    experiment = f"name: noise\ndeterminism: order_independent\n{surface}\n"
    made = promoted({"conf/experiment/noise.yaml": experiment}, start=start, end=end)
    made["flow.py"] = made["flow.py"].replace("        self.grid = list(self.cfg.experiment.axes.items())\n", "")
    return made


NoSurface.bad = (
    Example("an artifact that no step stores", _flow("surface: [lift_results]")),
    Example("a step that is not there", _flow("surface: [aggregate.lift_results]")),
    Example("no conclusion at all", _flow("", "pass")),
)
NoSurface.good = (
    Example("an artifact of `end`", _flow("surface: [results]")),
    Example("an artifact that `end` only carries", _flow("surface: [end.determinism, 'e*.results']")),
    Example("the default surface", _flow("")),
)
