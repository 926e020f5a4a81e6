"""FG503."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import WARNING, Finding
from flowgate.flow.influence import artifacts_of
from flowgate.flow.model import Step
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Called, Event, Stored
from flowgate.flow.values import Value, callee
from flowgate.lint.rule import Example, Rule
from flowgate.meaning.ambient import ambient, ambient_parts
from flowgate.meaning.draws import SEEDERS
from flowgate.target import Target


class AmbientValue(Rule):
    """The clock, a random id, the process, the machine or the run's own id reaches an artifact.

    No two runs share it. In a conclusion it makes every proof diverge; in other artifacts it is noise that a reader has
    to tell from the signal, and only a warning. What a run was called and when it ran, Metaflow records by itself.
    """

    id = "FG503"
    slug = "ambient-value"
    about_agreement = True
    mend = "keep it out of the artifact: print it, or read the run's own `created_at`, `finished_at` and id later"

    def check(self, target: Target) -> Iterator[Finding]:
        modules = target.flow.closure
        at_import = any(_tells(target.flow.modules.trace(module).events) for module in modules)
        names_run = any(b"current" in module.source.data for module in modules)
        for step in target.flow.steps.values():
            if not (at_import or names_run or _tells(step.trace.events)):
                continue
            for value, what, names in _reaching(step):
                concluding = sorted(name for name in names if (step.name, name) in target.conclusions)
                yield self._finding(target, step, value, what, sorted(names), concluding)

    def _finding(
        self, target: Target, step: Step, value: Value, what: str, names: list[str], concluding: list[str]
    ) -> Finding:
        name = (concluding or names)[0]
        end = (
            "which the conclusions are made of: no two runs can agree on them"
            if concluding
            else "so two runs never agree on it"
        )
        return self.found(
            target,
            value.node,
            value.home,
            f"{what} reaches `{name}`, {end}",
            step=step.name,
            severity="" if concluding else WARNING,
        )


def _tells(events: list[Event]) -> bool:
    """Whether anything in a trace asks for the surroundings."""
    return any(isinstance(event, Called) and ambient(event.call) for event in events)


def _reaching(step: Step) -> Iterator[tuple[Value, str, set[str]]]:
    """Every ambient value that reaches artifacts of a step, what it tells, and their names."""
    held: dict[int, tuple[Value, str, set[str]]] = {}
    for event in step.trace.events:
        if isinstance(event, Stored):
            for part, what in ambient_parts(event.value, SEEDERS):
                held.setdefault(id(part.node), (part, what, set()))[2].add(event.name)
    seeds = any(isinstance(event, Called) and callee(event.call) in SEEDERS for event in step.trace.events)
    for event in step.trace.events:
        if isinstance(event, Called) and ambient(event.call) and not (seeds and _only_seeds(step, event.call.node)):
            names = artifacts_of(step, event.call.node, event.path)
            if names:
                held.setdefault(id(event.call.node), (event.call, ambient(event.call), set()))[2].update(names)
    yield from held.values()


def _only_seeds(step: Step, node: ast.AST | None) -> bool:
    """Whether the value is an argument of a call that seeds a generator: that one is FG501's."""
    for call in nodes(step.node):
        if isinstance(call, ast.Call) and call is not node and any(part is node for part in nodes(call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if any(name == seeder.rpartition(".")[2] for seeder in SEEDERS):
                return True
    return False


def _flow(*body: str, settings: str = 'surface = ["result"]', after: str = "") -> dict[str, str]:
    return {
        "flow.py": f"""
import os
import time
import uuid
from datetime import datetime
from metaflow import FlowSpec, current, step


class ClockFlow(FlowSpec):
    @step
    def start(self):
        {(chr(10) + "        ").join(body)}
        self.next(self.end)

    @step
    def end(self):
        self.result = self.score
{after}""",
        "flowgate.toml": f'[flow."flow.py"]\ndeterminism = "order_independent"\n{settings}\n',
    }


AmbientValue.bad = (
    Example("a duration among the results", _flow("began = time.time()", "self.score = (1, time.time() - began)")),
    Example("a random id as a key", _flow("row = {}", "row[str(uuid.uuid4())] = 1", "self.score = row")),
    Example("the run's own id", _flow("self.score = f'{current.run_id}: 1'")),
)
AmbientValue.good = (
    Example("a clock that is only shown", _flow("print(datetime.now())", "self.score = 1")),
    Example("the step's name, which is the same in every run", _flow("self.score = current.step_name")),
    Example("a date that is given", _flow("self.score = datetime(2024, 1, 1).isoformat()")),
)
