"""FG403."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.flow.conf import Origin
from flowgate.flow.contract import Contract, declared, of_experiment, place_in
from flowgate.flow.source import Source
from flowgate.flow.surface import stored, unstored
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
        yield from self._emptied(target)
        contracts = _contracts(target)
        if not contracts:
            return
        entries = tuple(dict.fromkeys(entry for contract in contracts for entry in contract.surface))
        if not entries and not any(_is_public(name) for _, name in stored(target.flow)):
            yield self._finding(target, "the flow stores no artifact that could be a conclusion", "none")
        for entry, why in unstored(target.flow, entries):
            yield self._finding(target, f"the surface names `{entry}`, but {why}", entry)

    def _emptied(self, target: Target) -> Iterator[Finding]:
        for place in _emptied(target):
            where = target.project.relative(place.file)
            message = "`surface` is an empty list, so the experiment has no conclusions"
            found = self.found(target, None, None, message, code=f"surface {where}")
            yield found._replace(path=where, line=place.line)

    def _finding(self, target: Target, message: str, code: str) -> Finding:
        found = self.found(target, target.flow.cls.node, target.flow.module, message, code=f"surface {code}")
        for path in target.conf.files() if target.conf is not None else []:
            for number, line in enumerate(Source(path).text.splitlines(), 1):
                if code in line.partition("#")[0] and ("surface" in line or "-" in line):
                    return found._replace(path=target.project.relative(path), line=number)
        return found


def _contracts(target: Target) -> list[Contract]:
    """What the default composition claims, and what each experiment does; those that cannot be composed are FG401's."""
    found = []
    for composed in (target.composed, *target.composing.values()):
        try:
            found.append(declared(target.flow, composed, target.settings))
        except FlowgateError:
            continue
    return [contract for contract in found if contract is not None]


def _emptied(target: Target) -> Iterator[Origin]:
    """The places that say, in so many words, that an experiment has no surface."""
    told = set()
    for composed in target.composing.values() if not target.settings.surface else ():
        try:
            empty = of_experiment(composed, "surface") == []
        except FlowgateError:
            continue
        place = place_in(composed, "surface") if empty else None
        if place is not None and place not in told:
            told.add(place)
            yield place


def _is_public(name: str) -> bool:
    return not name.startswith("_") and name != "determinism"


def _flow(surface: str, end: str = "self.results = 1", start: str = ECHO) -> dict[str, str]:
    experiment = f"name: noise\ndeterminism: order_independent\n{surface}\n"
    made = promoted({"conf/experiment/noise.yaml": experiment}, start=start, end=end)
    made["flow.py"] = made["flow.py"].replace("        self.grid = list(self.cfg.experiment.axes.items())\n", "")
    return made


NoSurface.bad = (
    Example("an artifact that no step stores", _flow("surface: [lift_results]")),
    Example("a misspelt artifact", _flow("surface: [resluts]")),
    Example("a step that is not there", _flow("surface: [aggregate.lift_results]")),
    Example("no conclusion at all", _flow("", "pass")),
)
NoSurface.good = (
    Example("an artifact of `end`", _flow("surface: [results]")),
    Example("an artifact that `end` only carries", _flow("surface: [end.determinism, 'e*.results']")),
    Example("the default surface", _flow("")),
)
