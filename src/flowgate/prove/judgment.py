"""What arms that ran say about the flow's claim: findings, a verdict, and the words for it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flowgate.errors import Inconclusive
from flowgate.finding import ERROR, Finding
from flowgate.flow.contract import Contract
from flowgate.outcome import BLOCKED, PASS
from flowgate.prove.config import refuse_other_config
from flowgate.prove.diverge import Divergence, Setting, diverging, first_cause, surface_of
from flowgate.prove.ground import composed_under
from flowgate.prove.model import BESIDE, Ran
from flowgate.prove.proof import ArmRecord, Proof, reduction
from flowgate.target import Target

CLAIMS = {"order_independent": "however the fan-out is scheduled", "single_worker": "at one worker"}


def judge(target: Target, contract: Contract, setting: Setting, ran: list[Ran], reduced: tuple[str, ...]) -> Proof:
    """The proof that arms come to: the first of them against each of the others.

    Raises:
        Inconclusive: an arm ran with another config, the surface is not there or cannot be compared, or an arm read what
            another had left behind.
    """
    left, surface = ran[0], contract.surface
    refuse_other_config(target, ran, reduced)
    findings = [*_echo(target, contract, left), *_grain(target, left, reduced)]
    divergence = None
    for right in ran[1:]:
        apart = diverging(left, right, surface)
        if apart:
            divergence = first_cause(target.flow, setting, left, right, apart)
            findings.append(_diverged(target, contract.kind, divergence))
            break
        _refuse_leftovers(target, left, right)
    arms = tuple(_record(target, one) for one in ran)
    found = surface_of(left, surface)
    return Proof(
        flow=target.path,
        name=target.flow.name,
        verdict=BLOCKED if findings else PASS,
        contract=contract.kind,
        note=_note(findings, ran, contract.kind) + reduction(reduced),
        arms=arms,
        surface={f"{key[0]}{key[1]}.{name}": held.get("digest", "") for (key, name), held in found.items()},
        divergence=divergence,
        findings=tuple(findings),
        reduced=reduced,
    )


def _refuse_leftovers(target: Target, left: Ran, right: Ran) -> None:
    """Two arms that agree because the second read what the first had left behind prove nothing."""
    stayed = left.altered if left.origin == "proof" else left.written - right.written
    left_behind = sorted(stayed & right.read)
    if left_behind:
        raise Inconclusive(
            f"arm `{right.arm.name}` read {target.project.relative(left_behind[0])}, which was changed while arm "
            f"`{left.arm.name}` ran, and could not be put back: its answer may be the other's. Write what a run makes below "
            f"tempfile.gettempdir(), which is fresh in every arm, and leave alone what it is given"
        )


def _note(findings: list[Finding], ran: list[Ran], kind: str) -> str:
    if findings:
        return f"blocked by {', '.join(found.id for found in findings)}"
    return f"the surface is identical {CLAIMS[kind]}{unforced(ran)}"


def unforced(ran: list[Ran]) -> str:
    """What to add where the order of some tasks was their own."""
    orders = {task.order for one in ran for task in one.tasks.values()}
    if "not forced" in orders:
        return "; the order of the tasks could not be forced here, only the workers and the hash seed"
    if BESIDE in orders:
        return "; a task did nothing for so long that another one went on beside it, in an order that was not forced"
    if "gang" in orders:
        return "; the members of a num_parallel gang run together, and their order was not forced"
    return ""


def _record(target: Target, ran: Ran) -> ArmRecord:
    arm = ran.arm
    forced = all(task.order != "not forced" for task in ran.tasks.values())
    root = target.project.relative(ran.store.root) if ran.store.kind == "local" else ran.store.root
    return ArmRecord(
        name=arm.name,
        workers=arm.workers,
        hash_seed=arm.hash_seed,
        order=arm.order,
        forced=forced,
        run=ran.run,
        seconds=round(ran.seconds, 1),
        origin=ran.origin,
        store=ran.store.kind,
        root=root,
    )


def _echo(target: Target, contract: Contract, ran: Ran) -> list[Finding]:
    """A promoted flow echoes its contract as the artifact `determinism`; what it echoes must be what it declares."""
    held = [task.artifacts["determinism"] for task in ran.tasks.values() if "determinism" in task.artifacts]
    if not held and not target.promoted:
        return []
    if held and all(one.get("echo", contract.kind) == contract.kind for one in held):
        return []
    echoed = next((str(one.get("echo")) for one in held if one.get("echo") != contract.kind), "nothing")
    message = f"the flow declares {contract.kind}, but the run echoes {echoed} as the artifact `determinism`"
    mend = (
        "store the declared contract in `start`, from the config: `self.determinism = self.cfg.experiment.determinism`"
    )
    return [_finding(target, "FP102", None, 1, target.path, message, mend, f"{contract.kind} <> {echoed}")]


def _grain(target: Target, ran: Ran, overrides: tuple[str, ...]) -> list[Finding]:
    """A promoted flow fans out over data axes and seeds: one branch for each dataset, and no more."""
    composed = composed_under(target, overrides) if target.promoted else None
    if composed is None:
        return []
    allowed = branches(composed.tree)
    count = Counter(task.step for task in ran.tasks.values() if task.place.startswith("[") and ":" in task.place)
    step, made = max(count.items(), key=lambda item: item[1], default=("", 0))
    if allowed is None or made <= allowed:
        return []
    message = (
        f"the run made {made} tasks of `{step}`, but data axes x seeds are {allowed}: every further branch makes the same "
        f"dataset again, and methods are compared across branches"
    )
    mend = "fan out over data axes x seeds only, and train every method inside the branch, against its one dataset"
    return [_finding(target, "FP103", step, 1, target.path, message, mend, f"{step}: {made} > {allowed}")]


def branches(tree: dict[str, Any]) -> int | None:
    """How many branches a composed experiment has: the product of its data axes, times its seeds; None if it has none."""
    experiment, seeds = tree.get("experiment"), tree.get("seeds")
    if not isinstance(experiment, dict) or not isinstance(experiment.get("axes"), dict):
        return None
    seeds = experiment.get("seeds", seeds)
    count = len(seeds) if isinstance(seeds, list) else seeds
    if not isinstance(count, int):
        return None
    for axis in experiment.get("data_axes") or []:
        values = experiment["axes"].get(axis)
        count *= len(values) if isinstance(values, list) else 1
    return count


_SAME = {
    "order_independent": "make that line give the same value in whatever order the tasks run",
    "single_worker": "make that line give the same value in every run: seed its generators, sort sets and listings, use hashlib "
    "instead of hash(), and keep clocks and ids out",
}


def _diverged(target: Target, kind: str, found: Divergence) -> Finding:
    path = target.project.relative(found.file) if found.file else target.path
    mend = (
        f"{_SAME[kind]}, or declare a weaker contract with its reason; `flowgate prove {target.shown} --diagnose` says what "
        "makes it differ"
    )
    return _finding(target, "FP101", found.step, found.line or 1, path, found.sentence(), mend, found.code)


def _finding(
    target: Target, rule: str, step: str | None, line: int, path: str, message: str, mend: str, code: str
) -> Finding:
    return Finding(rule, "prove", ERROR, target.path, target.flow.name, path, line, step, code, message, mend)
