"""The proof of one flow, from its contract to a verdict and a receipt."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from flowgate import __version__
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import ERROR, Finding
from flowgate.flow.contract import Contract, declared
from flowgate.flow.subject import changes, digests, files_of
from flowgate.flow.values import constant
from flowgate.prove import receipt as receipts
from flowgate.prove.arms import Arm, Ran, Start, plan, run
from flowgate.prove.diverge import Divergence, diverging, first_cause, surface_of
from flowgate.prove.environment import Environment, find
from flowgate.prove.receipt import ArmRecord, Receipt
from flowgate.settings import CONTRACTS
from flowgate.target import Target

PASS, BLOCKED, INCONCLUSIVE, SKIPPED = "pass", "blocked", "inconclusive", "skipped"
Tell = Callable[[str, Arm | None, int, float], None]


class Proof(NamedTuple):
    """What a proof came to. `note` says why, for a person; `reused` where a receipt stood in for the arms."""

    flow: str
    name: str
    verdict: str
    contract: str
    note: str
    arms: tuple[ArmRecord, ...] = ()
    surface: dict[str, str] = {}  # noqa: RUF012  (a NamedTuple's default is never mutated)
    divergence: Divergence | None = None
    findings: tuple[Finding, ...] = ()
    reused: bool = False
    reduced: tuple[str, ...] = ()

    def as_record(self) -> dict[str, object]:
        """The proof as `prove` and `gate` print it in JSON."""
        return {
            "flow": self.flow,
            "verdict": self.verdict,
            "contract": self.contract,
            "note": self.note,
            "reused": self.reused,
            "reduced": list(self.reduced),
            "arms": [
                {"name": a.name, "workers": a.workers, "run": a.run, "seconds": a.seconds, "forced": a.forced}
                for a in self.arms
            ],
            "surface": self.surface,
            "divergence": self.divergence.as_record() if self.divergence else None,
        }


class _Ground(NamedTuple):
    """What a proof stands on: the contract, the environment, and the parts that its receipt is bound to."""

    contract: Contract
    environment: Environment
    parts: dict[str, str]


def contract_of(target: Target, overrides: tuple[str, ...]) -> Contract | None:
    """The contract that the flow or its settings declare, under Hydra overrides.

    Raises:
        FlowgateError: the config cannot be composed, or what is declared is no contract.
    """
    contract = declared(target.flow, target.conf, target.settings, overrides)
    if contract is not None and contract.kind not in CONTRACTS:
        raise FlowgateError(
            f"{target.path}: `determinism` is {contract.kind!r}; it must be one of {', '.join(CONTRACTS)}"
        )
    return contract


def prove(target: Target, tell: Tell, fresh: bool = False) -> Proof:
    """Prove a flow under the contract it declares, or say why there is nothing to prove.

    Args:
        tell: called with a stage, an arm, its tasks done and its seconds, for progress.
        fresh: run the arms even where a receipt would do.

    Raises:
        FlowgateError: the flow's config cannot be composed, or declares no known contract.
    """
    overrides = target.project.settings.prove.overrides
    weakening = [one for one in overrides if re.match(r"[+~]*(experiment\.)?(determinism|surface)\b", one)]
    if weakening:
        raise FlowgateError(f"overrides under [tool.flowgate.prove] may not change the claim itself: {weakening[0]}")
    contract = contract_of(target, overrides)
    if contract is None:
        note = "it declares no contract; declare `determinism` to have it proven"
        return Proof(target.path, target.flow.name, SKIPPED, "", note)
    if not plan(contract.kind, 2):
        if not contract.reason.strip():
            raise FlowgateError(f"{target.path} declares {contract.kind} without a `determinism_reason`")
        note = f"declared nondeterministic: {contract.reason}"
        return Proof(target.path, target.flow.name, SKIPPED, contract.kind, note)
    try:
        ground = _ground(target, contract)
        with _alone(target, tell):
            held = None if fresh else receipts.load(target.project, target.path, target.flow.name)
            if held is not None and not changes(held.parts, ground.parts) and _still_there(target, held):
                return _from_receipt(target, held)
            return _run_arms(target, ground, tell)
    except Inconclusive as error:
        return Proof(target.path, target.flow.name, INCONCLUSIVE, contract.kind, str(error))


def _ground(target: Target, contract: Contract) -> _Ground:
    project, settings = target.project, target.project.settings.prove
    scripted = target.flow.module.source.script_block() is not None
    environment = find(project, target.flow.path, scripted)
    parts = digests(project, files_of(target.flow, target.conf))
    parts |= {f"environment: {name}": version for name, version in environment.subject().items()}
    parts |= {
        "contract": contract.kind,
        "surface": " ".join(contract.surface),
        "workers": str(settings.workers),
        "overrides": " ".join(settings.overrides),
        "run options": " ".join(settings.run_options),
        "launcher": " ".join(settings.launcher),
        "flowgate": __version__,
    }
    return _Ground(contract, environment, parts)


@contextmanager
def _alone(target: Target, tell: Tell) -> Iterator[None]:
    """One proof of a flow at a time: a second one waits, and finds the first one's receipt."""
    from filelock import FileLock, Timeout

    place = receipts.folder_of(target.project, target.path, target.flow.name)
    try:
        os.makedirs(place, exist_ok=True)
        lock = FileLock(place + ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell("waiting for another proof of this flow", None, 0, 0.0)
            lock.acquire()
    except OSError as error:
        raise FlowgateError(f"{place} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        lock.release()


def _still_there(target: Target, held: Receipt) -> bool:
    """Whether every file that the tasks read is what it was."""
    paths = [target.project.absolute(name) for name in held.files]
    return all(map(os.path.isfile, paths)) and digests(target.project, paths) == held.files


def _from_receipt(target: Target, held: Receipt) -> Proof:
    """What an earlier proof of exactly this came to."""
    why = "by receipt: the flow, its config and its environment are what they were"
    return Proof(
        flow=target.path,
        name=target.flow.name,
        verdict=held.verdict,
        contract=held.contract,
        note=f"proven {why}{_reduction(held.reduced)}" if held.verdict == PASS else f"{held.note} (known {why})",
        arms=tuple(held.arms),
        surface=held.surface,
        divergence=held.divergence,
        findings=tuple(held.findings),
        reused=True,
        reduced=tuple(held.reduced),
    )


def _run_arms(target: Target, ground: _Ground, tell: Tell) -> Proof:
    """Run the arms in a folder of their own, which outlives them only when they prove something."""
    place = receipts.folder_of(target.project, target.path, target.flow.name)
    folder = tempfile.mkdtemp(dir=place, prefix="run-")
    kept = False
    try:
        start = _start(target, ground, folder)
        ran = [
            run(start, arm, lambda arm, done, spent: tell("running", arm, done, spent))
            for arm in plan(ground.contract.kind, target.project.settings.prove.workers)
        ]
        tell("comparing", None, 0, 0.0)
        proof = _judge(target, ground, start, ran)
        receipts.save(target.project, _receipt(target, ground, proof, ran))
        _drop_others(place, folder)
        kept = proof.verdict == PASS
        return proof
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _start(target: Target, ground: _Ground, folder: str) -> Start:
    settings = target.project.settings.prove
    return Start(
        environment=ground.environment,
        flow_path=target.flow.path,
        flow_name=target.flow.name,
        root=target.project.root,
        folder=folder,
        surface=ground.contract.surface,
        before_run=config_arguments(target, settings.overrides),
        after_run=settings.run_options,
        timeout=settings.timeout,
    )


def config_arguments(target: Target, overrides: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments by which Hydra overrides reach a promoted flow's Config.

    Raises:
        FlowgateError: there are overrides, but the flow has no Config to give them to.
    """
    if not overrides:
        return ()
    for name, setting in target.flow.settings().items():
        if setting.kind == "Config":
            given = constant(setting.call.argument(0, "name"))
            option = given if isinstance(given, str) else name
            return ("--config-value", option, f"hydra_overrides: [{', '.join(overrides)}]")
    raise FlowgateError(f"{target.path} has no Config, so the overrides {', '.join(overrides)} cannot reach it")


def _judge(target: Target, ground: _Ground, start: Start, ran: list[Ran]) -> Proof:
    left, right = ran
    kind, surface = ground.contract.kind, ground.contract.surface
    arms = tuple(_record(one) for one in ran)
    reduced = target.project.settings.prove.overrides
    findings = list(_echo(target, ground.contract, left))
    apart = diverging(left, right, surface)
    divergence = first_cause(target.flow, start, left, right, apart) if apart else None
    if divergence is not None:
        findings.append(_diverged(target, divergence))
    verdict = BLOCKED if findings else PASS
    if verdict == PASS:
        _refuse_leftovers(target, left, right)
    digest_of = {
        f"{key[0]}{key[1]}.{name}": held.get("digest", "") for (key, name), held in surface_of(left, surface).items()
    }
    note = _note(findings, arms, kind) + _reduction(reduced)
    return Proof(
        target.path,
        target.flow.name,
        verdict,
        kind,
        note,
        arms,
        digest_of,
        divergence,
        tuple(findings),
        reduced=reduced,
    )


def _refuse_leftovers(target: Target, left: Ran, right: Ran) -> None:
    """Two arms that agree because the second read what the first had left behind prove nothing."""
    left_behind = sorted((left.written & right.read) - right.written)
    if left_behind:
        raise Inconclusive(
            f"arm `{right.arm.name}` read {target.project.relative(left_behind[0])}, which arm `{left.arm.name}` had "
            f"written, and wrote it not itself: its answer may be the other's. Remove the file and write it below "
            f"tempfile.gettempdir(), which is fresh in every arm"
        )


def _reduction(overrides: Sequence[str]) -> str:
    """What to add to the note of a proof that was reduced, so that no report shows it as a whole one."""
    return f"; a reduced proof, under {', '.join(overrides)}" if overrides else ""


def _note(findings: list[Finding], arms: tuple[ArmRecord, ...], kind: str) -> str:
    if findings:
        return f"blocked by {', '.join(found.id for found in findings)}"
    said = {"order_independent": "however the fan-out is scheduled", "single_worker": "at one worker"}[kind]
    unforced = (
        ""
        if all(arm.forced for arm in arms)
        else "; this Metaflow's order could not be forced, only its workers and hash seed"
    )
    return f"the surface is identical {said}{unforced}"


def _record(ran: Ran) -> ArmRecord:
    arm = ran.arm
    forced = all(task.forced for task in ran.tasks.values())
    return ArmRecord(arm.name, arm.workers, arm.hash_seed, arm.order, forced, ran.run, round(ran.seconds, 1))


def _echo(target: Target, contract: Contract, ran: Ran) -> list[Finding]:
    """A promoted flow echoes its contract as the artifact `determinism`; what it echoes must be what it declares."""
    held = [task.artifacts["determinism"] for task in ran.tasks.values() if "determinism" in task.artifacts]
    if not held and not target.promoted:
        return []
    if held and all(one.get("echo") == contract.kind for one in held):
        return []
    echoed = next((str(one.get("echo")) for one in held if one.get("echo") != contract.kind), "nothing")
    message = f"the flow declares {contract.kind}, but the run echoes {echoed} as the artifact `determinism`"
    mend = (
        "store the declared contract in `start`, from the config: `self.determinism = self.cfg.experiment.determinism`"
    )
    return [_finding(target, "FP102", None, 1, target.path, message, mend, f"{contract.kind} <> {echoed}")]


def _diverged(target: Target, found: Divergence) -> Finding:
    ulp = f", {found.ulp} ULP apart" if found.ulp else ""
    message = (
        f"the arms differ on `{found.surface}`; the first difference is `{found.path}` of task "
        f"`{found.step}{found.place}`: {found.left.arm} has {found.left.value} ({found.left.type}), {found.right.arm} has "
        f"{found.right.value} ({found.right.type}){ulp}; {found.consequences} later differences follow"
    )
    mend = "make that line give the same value in whatever order the tasks run, or declare a weaker contract with its reason"
    path = target.project.relative(found.file) if found.file else target.path
    return _finding(target, "FP101", found.step, found.line or 1, path, message, mend, found.code)


def _finding(
    target: Target, rule: str, step: str | None, line: int, path: str, message: str, mend: str, code: str
) -> Finding:
    return Finding(rule, "prove", ERROR, target.path, target.flow.name, path, line, step, code, message, mend)


def _receipt(target: Target, ground: _Ground, proof: Proof, ran: list[Ran]) -> Receipt:
    inside = target.project.root + os.sep
    read = {path for one in ran for path in one.read - one.written if path.startswith(inside) and os.path.isfile(path)}
    return Receipt(
        flow=target.path,
        name=target.flow.name,
        verdict=proof.verdict,
        contract=ground.contract.kind,
        note=proof.note,
        parts=ground.parts,
        files=digests(target.project, sorted(read)),
        environment={"python": ground.environment.version, "platform": ground.environment.platform},
        arms=list(proof.arms),
        surface=proof.surface,
        reduced=list(proof.reduced),
        divergence=proof.divergence,
        findings=list(proof.findings),
    )


def _drop_others(place: str, folder: str) -> None:
    """Remove the runs of earlier proofs, also of one that was killed."""
    for name in os.listdir(place):
        path = os.path.join(place, name)
        if name.startswith("run-") and path != folder:
            shutil.rmtree(path, ignore_errors=True)
