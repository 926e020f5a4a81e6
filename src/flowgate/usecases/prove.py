"""The use cases of `flowgate prove`: proofs of some or all flows, two runs compared, a diagnosis, a suggestion."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from flowgate.change.touched import departures
from flowgate.discover import judge_as_committed, parts_of
from flowgate.errors import FlowgateError
from flowgate.finding import below
from flowgate.flow.contract import Contract, surface_of_flow
from flowgate.ledger.match import overlay
from flowgate.outcome import BLOCKED, INCONCLUSIVE, PASS
from flowgate.project import Part, Project
from flowgate.prove import diagnose as diagnoses
from flowgate.prove import suggest as suggestions
from flowgate.prove.diverge import Setting, diverging, first_cause, surface_of
from flowgate.prove.further import Tell
from flowgate.prove.ground import Asked, asked_of, contract_of, environment_of, ground_of, start_of
from flowgate.prove.model import Arm, Ran
from flowgate.prove.pipeline import alone, prove, workplace
from flowgate.prove.proof import Proof
from flowgate.prove.store import user_store
from flowgate.prove.stored import read_runs
from flowgate.target import Target, all_readable_in, is_empty, readable_and_not_in
from flowgate.verdict import layer_result


class Wanted(NamedTuple):
    """What the command line asks of the proofs, over the settings."""

    overrides: tuple[str, ...] = ()
    schedules: int | None = None
    jobs: int | None = None
    fresh: bool = False
    as_committed: bool = False

    def of(self, target: Target) -> Asked:
        """What is asked of one flow."""
        return asked_of(target, self.overrides, self.schedules, self.jobs, self.fresh)


def prove_flows(project: Project, paths: list[str], wanted: Wanted, tell: Tell) -> list[Proof]:
    """Prove the flows at `paths`, or every flow of the project.

    As committed, a flow that is not what is pushed is undecided, and a repository without flows has nothing to prove.

    Raises:
        FlowgateError: no flow is there, settings or ledger cannot be read, or the only flow there is cannot be proven as asked.
    """
    if wanted.as_committed:
        judge_as_committed()
    parts = parts_of(project, paths)
    if wanted.as_committed and all(is_empty(part) for part in parts):
        return []
    return [proof.seen_from_above(part.folder) for part in parts for proof in _prove_part(part, parts, wanted, tell)]


def _prove_part(part: Part, parts: list[Part], wanted: Wanted, tell: Tell) -> Iterator[Proof]:
    """The proofs of the flows of one project of several, in its own paths."""
    departure = departures(part.project) if wanted.as_committed else lambda _: ""
    targets, unread = readable_and_not_in(part, parts)
    for one in unread:
        yield Proof(one.path, one.path, INCONCLUSIVE, "", one.why)
    for target in targets:
        apart = departure(target)
        try:
            proof = prove(target, wanted.of(target), tell) if not apart else _undecided(target, apart)
        except FlowgateError as error:
            if len(parts) == len(targets) == 1 and not unread:
                raise
            proof = Proof(target.path, target.flow.name, INCONCLUSIVE, "", str(error))
        findings = overlay(part.project, proof.findings, "prove", {target.path}).findings
        yield proof._replace(findings=tuple(findings), verdict=layer_result(findings, proof.verdict))


def _undecided(target: Target, apart: str) -> Proof:
    note = f"what stands here is not what is pushed: {apart}. Commit it or put it aside, check out what you push, and push again"
    return Proof(target.path, target.flow.name, INCONCLUSIVE, "", note)


def compare(project: Project, paths: list[str], runs: tuple[str, str]) -> Proof:
    """Compare the surfaces of two runs that exist, in the datastore that Metaflow is set to use.

    Raises:
        FlowgateError: a run is not named `Flow/run`, they are of two flows, or the flow is not in the project.
        Inconclusive: a run cannot be read, or did not come to its end, or its surface cannot be compared.
    """
    named = [run.split("/") for run in runs]
    for run, parts in zip(runs, named, strict=True):
        if len(parts) != 2 or not all(parts):
            raise FlowgateError(f"a run is named as Metaflow names it, `Flow/run`, not {run!r}")
    if named[0][0] != named[1][0]:
        raise FlowgateError(f"{runs[0]} and {runs[1]} are runs of two flows; a flow is compared with itself")
    part, target = _flow_named(parts_of(project, paths), named[0][0])
    contract = contract_of(target, ())
    surface = contract.surface if contract is not None else surface_of_flow(target.flow, target.settings)
    store = user_store(os.getcwd())
    setting = Setting(
        environment_of(target),
        target.flow.path,
        target.flow.name,
        target.project.root,
        target.proving.timeout,
        target.flow.end,
    )
    sides = [Ran(Arm(run, 0, 0, ""), run, 0.0, store, {}) for run in runs]
    left, right = read_runs(setting, surface, sides)
    apart = diverging(left, right, surface)
    divergence = first_cause(target.flow, setting, left, right, apart) if apart else None
    digests = {f"{k[0]}{k[1]}.{name}": held.get("digest", "") for (k, name), held in surface_of(left, surface).items()}
    return Proof(
        below(part.folder, target.path),
        target.flow.name,
        BLOCKED if divergence else PASS,
        contract.kind if contract is not None else "",
        divergence.sentence() if divergence else f"{runs[0]} and {runs[1]} came to the same conclusions",
        surface=digests,
        divergence=divergence,
    )


def _flow_named(parts: list[Part], name: str) -> tuple[Part, Target]:
    targets = [(part, target) for part in parts for target in all_readable_in(part, parts)]
    for part, target in targets:
        if target.flow.name == name:
            return part, target
    known = ", ".join(sorted(target.flow.name for _, target in targets))
    raise FlowgateError(f"no flow named {name!r} is in this project ({known}); name its file as well")


class Diagnosed(NamedTuple):
    """A flow, and what became of its conclusions under each perturbation."""

    flow: str
    name: str
    found: list[diagnoses.Diagnosis]

    @property
    def culprit(self) -> diagnoses.Diagnosis | None:
        """The perturbation that changes the conclusions, the simplest first."""
        return next((one for one in self.found if one.divergence is not None), None)


def diagnose(project: Project, paths: list[str], wanted: Wanted, tell: Tell) -> list[Diagnosed]:
    """Run flows under one perturbation at a time.

    Raises:
        FlowgateError: no flow is there, or settings or config cannot be read.
        Inconclusive: an arm failed, or the surface is not there.
    """
    made = []
    for part, target in _targets(project, paths):
        asked = wanted.of(target)
        now = contract_of(target, asked.overrides)
        contract = now or Contract("order_independent", "", surface_of_flow(target.flow, target.settings))
        ground = ground_of(target, contract, asked.overrides)
        with alone(target, tell), workplace(target) as (folder, _):
            start = start_of(target, ground, folder, asked.overrides)
            found = diagnoses.diagnose(target, start, target.proving.workers, tell)
        made.append(Diagnosed(below(part.folder, target.path), target.flow.name, found))
    return made


def _targets(project: Project, paths: list[str]) -> list[tuple[Part, Target]]:
    """The flows that are named, or all of them, each with the project that it is of."""
    parts = parts_of(project, paths)
    return [(part, target) for part in parts for target in all_readable_in(part, parts)]


def suggest(project: Project, paths: list[str], wanted: Wanted, tell: Tell) -> list[suggestions.Suggestion]:
    """The strongest contract that each flow holds to.

    Raises:
        FlowgateError: no flow is there, or settings or config cannot be read.
        Inconclusive: an arm failed, or the surface is not there.
    """
    made = [(part, suggestions.suggest(target, wanted.of(target), tell)) for part, target in _targets(project, paths)]
    return [suggested._replace(flow=below(part.folder, suggested.flow)) for part, suggested in made]
