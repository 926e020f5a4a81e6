"""FG501."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flowgate.finding import Finding
from flowgate.flow.influence import artifacts_of
from flowgate.flow.model import Step
from flowgate.flow.trace import Called, Event, Path, Stored
from flowgate.flow.values import Call, Value, callee, walk
from flowgate.lint.rule import Example, Rule
from flowgate.meaning.ambient import reads_a_file
from flowgate.meaning.draws import OWN, SEEDED_BY, SYSTEM, Draw, draw_of, is_kept_state, is_seed, seeds
from flowgate.target import Target


class UnseededRng(Rule):
    """Randomness that nobody seeded reaches an artifact.

    Each task is a process of its own. A generator that it does not seed itself, from the config or a parameter, starts
    in another state in every run: the split, the weights and the scores differ, and nobody can say which of them the
    conclusion was drawn from. Seeding in another step does nothing here.
    """

    id = "FG501"
    slug = "unseeded-rng"
    about_agreement = True
    mend = "draw from a generator made from the seed of the config: `rng = np.random.default_rng(seed)`"

    def check(self, target: Target) -> Iterator[Finding]:
        modules = [event for module in target.flow.closure for event in target.flow.modules.trace(module).events]
        loaded = dict(_unseeded(modules, set()))
        at_import = _seeded_by(modules)
        for step in target.flow.steps.values():
            yield from self._of_step(target, step, loaded, at_import)

    def _of_step(self, target: Target, step: Step, loaded: dict[Draw, Path], seeded: set[str]) -> Iterator[Finding]:
        stored = [event for event in step.trace.events if isinstance(event, Stored)]
        drawn = dict(_unseeded(step.trace.events, seeded))
        if not (drawn or loaded):
            return
        reaching: dict[str, list[tuple[Draw, str]]] = {}
        for number, (draw, path) in enumerate([*drawn.items(), *loaded.items()]):
            name = _holder(stored, draw.call) or (
                min(artifacts_of(step, draw.call.node, path), default="") if draw in drawn else ""
            )
            if name:
                each = f"{number}" if draw.generator == OWN else ""
                reaching.setdefault(draw.generator + each, []).append((draw, name))
        for draws in reaching.values():
            yield self._finding(target, step, draws)

    def _finding(self, target: Target, step: Step, draws: list[tuple[Draw, str]]) -> Finding:
        """One finding for all draws from a generator, for they have one mend; it is about each of them."""
        draw, name = draws[0]
        call = callee(draw.call) or "this"
        how = {
            SYSTEM: (f"`{call}` draws from the system, which no seed reaches", self.mend),
            OWN: (f"`{call}` makes a generator without a seed", f"give it the seed of the config: `{call}(seed)`"),
        }.get(draw.generator)
        if how is None:
            seed = SEEDED_BY[draw.generator]
            how = (
                f"this draws from the global generator of {draw.generator}, which `{step.name}` does not seed before it",
                f"call `{seed}` with the config's seed earlier in `{step.name}`, or hand it a generator or "
                f"`random_state` made from that seed",
            )
        why, mend = how
        message = f"{why}, and it reaches `{name}`: every run gets other numbers"
        code = "; ".join(ast.unparse(one.call.node) for one, _ in draws if one.call.node is not None)
        return self.found(target, draw.call.node, draw.call.home, message, step=step.name, mend=mend, code=code)


def _unseeded(events: Iterable[Event], before: set[str]) -> Iterator[tuple[Draw, Path]]:
    """The draws, in order, from generators that nothing had seeded by then."""
    seeded = set(before)
    kept: dict[int, set[str]] = {}
    for event in events:
        if not isinstance(event, Called):
            continue
        if is_kept_state(event.call):
            kept[id(event.call)] = seeded
        hit = seeds(event.call)
        if hit and kept:
            restored = (kept[id(part)] for one in event.call.args for part in walk(one) if id(part) in kept)
            seeded = next(restored, seeded | hit if is_seed(event.call) else seeded - hit)
            continue
        if hit:
            seeded = seeded | hit if is_seed(event.call) else seeded - hit
            continue
        draw = draw_of(event.call)
        if draw is not None and draw.generator not in seeded:
            yield draw, event.path


def _seeded_by(events: Iterable[Event]) -> set[str]:
    """The global generators that every task has seeded by importing the flow's modules."""
    return {one for event in events if isinstance(event, Called) and is_seed(event.call) for one in seeds(event.call)}


def _holder(stored: list[Stored], call: Call) -> str:
    """The artifact whose value the call is a part of."""
    return next((event.name for event in stored if any(part is call for part in _content(event.value))), "")


def _content(value: Value) -> Iterator[Value]:
    """What a value is made of; not the path of a file that was read."""
    seen: set[int] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if id(item) not in seen and not reads_a_file(item):
            seen.add(id(item))
            yield item
            stack.extend(item.parts())


def _flow(*body: str, before: str = "") -> dict[str, str]:
    return {
        "flow.py": f"""
import random
import numpy as np
from metaflow import FlowSpec, Parameter, step
{before}

class DrawFlow(FlowSpec):
    seed = Parameter("seed", default=0)

    @step
    def start(self):
        {(chr(10) + "        ").join(body)}
        self.next(self.end)

    @step
    def end(self):
        print(self.rows)
"""
    }


UnseededRng.bad = (
    Example("the global generator", _flow("self.rows = np.random.permutation(10).tolist()")),
    Example("a generator without a seed", _flow("rng = np.random.default_rng()", "self.rows = rng.normal(size=3)")),
    Example("shuffled where it is", _flow("rows = list(range(9))", "random.shuffle(rows)", "self.rows = rows")),
    Example(
        "a split that nobody fixed",
        _flow(
            "from sklearn.model_selection import train_test_split",
            "train, test = train_test_split(list(range(9)))",
            "self.rows = len(train), test[0]",
        ),
    ),
)
UnseededRng.good = (
    Example(
        "from the config's seed", _flow("rng = np.random.default_rng(self.seed)", "self.rows = rng.normal(size=3)")
    ),
    Example(
        "seeded in the same task, by a helper",
        _flow(
            "seed_all(self.seed)",
            "self.rows = random.random()",
            before="\ndef seed_all(seed):\n    random.seed(seed)\n",
        ),
    ),
    Example("drawn, but kept out of the results", _flow("print(random.random())", "self.rows = [1]")),
)
