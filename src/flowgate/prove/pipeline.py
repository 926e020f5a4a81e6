"""The proof of one flow, from its contract to a verdict and a receipt."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.flow.contract import Contract
from flowgate.flow.model import Flow
from flowgate.flow.subject import changes, digests_as_before
from flowgate.flow.surface import at_end, computed, may_store_more, says_nothing, unstored
from flowgate.outcome import INCONCLUSIVE, PASS, SKIPPED, STALE
from flowgate.prove import kept
from flowgate.prove import receipt as receipts
from flowgate.prove.contracts import RANDOM, plan
from flowgate.prove.diverge import setting_of
from flowgate.prove.further import Tell, news, said_by, with_more
from flowgate.prove.ground import Asked, Ground, contract_of, ground_of, start_of
from flowgate.prove.inputs import bound, changed_inputs
from flowgate.prove.judgment import judge
from flowgate.prove.launch import world_of
from flowgate.prove.model import Arm, Start
from flowgate.prove.proof import Proof, reduction, sealing
from flowgate.prove.receipt import Receipt
from flowgate.prove.stored import from_store
from flowgate.prove.together import Together, run_all
from flowgate.prove.variables import asked_for, variables_now
from flowgate.prove.verified import refuse_other_values
from flowgate.scratch import scratch_folder
from flowgate.target import Target

_NAMED = 3
_HELP = "What they need of the system is said on the page docs/proof.md"


def prove(target: Target, asked: Asked, tell: Tell) -> Proof:
    """Prove a flow under the contract it declares, or say why there is nothing to prove.

    Args:
        target: the flow.
        asked: what is wanted beside the contract: overrides, further orders, arms at a time.
        tell: called with a stage, an arm, its tasks done and expected and its seconds, for progress.

    Raises:
        FlowgateError: the flow's config declares no known contract, or cannot be composed under the overrides.
    """
    try:
        contract = contract_of(target, asked.overrides)
    except Inconclusive as error:
        return _undecided(target, error)
    if contract is None or contract.kind == "nondeterministic":
        return _nothing_to_prove(target, contract)
    fault = _surface_fault(target, contract)
    if fault:
        return Proof(target.path, target.flow.name, INCONCLUSIVE, contract.kind, fault)
    try:
        ground = ground_of(target, contract, asked.overrides)
        with alone(target, tell):
            held = _load(target, asked, ground)
            if held is not None and not asked.fresh and not _unfit(target, ground, held, asked):
                return _from_receipt(target, held)
            return _run_arms(target, ground, asked, held.apart if held is not None else "", tell)
    except Inconclusive as error:
        return Proof(target.path, target.flow.name, INCONCLUSIVE, contract.kind, str(error))


def recall(target: Target, asked: Asked) -> Proof:
    """The proof that is on record, running nothing: `stale` where something has changed since, undecided where there is none.

    Raises:
        FlowgateError: the flow's config declares no known contract, or cannot be composed under the overrides.
    """
    try:
        contract = contract_of(target, asked.overrides)
    except Inconclusive as error:
        return _undecided(target, error)
    if contract is None or contract.kind == "nondeterministic":
        return _nothing_to_prove(target, contract)
    said = Proof(target.path, target.flow.name, INCONCLUSIVE, contract.kind, _surface_fault(target, contract))
    if said.note:
        return said
    again = f"run `flowgate prove {target.shown}`"
    try:
        ground = ground_of(target, contract, asked.overrides)
        held = _load(target, asked, ground)
        if held is None:
            return said._replace(note=f"not proven yet; {again}")
        unfit = _unfit(target, ground, held, asked)
    except Inconclusive as error:
        return said._replace(note=str(error))
    if unfit:
        more = f" and {len(unfit) - _NAMED} more" if len(unfit) > _NAMED else ""
        what = "; ".join(unfit[:_NAMED]) + more
        return said._replace(verdict=STALE, note=f"proven before it changed ({what}); {again}")
    return _from_receipt(target, held)


def _undecided(target: Target, error: Inconclusive) -> Proof:
    return Proof(target.path, target.flow.name, INCONCLUSIVE, "", str(error))


def _surface_fault(target: Target, contract: Contract) -> str:
    """Why the surface cannot be there, told before two arms are run to find it missing; empty where it may be."""
    found = next(unstored(target.flow, contract.surface), None)
    if found is None:
        return _no_surface(target, contract)
    place = target.project.place(f'flow."{target.path}"')
    where = f"`surface` under {place}" if target.settings.surface else "`surface` in the experiment"
    return f"the surface names `{found.entry}`, but {found.why}; mend {where}"


def _no_surface(target: Target, contract: Contract) -> str:
    """Why there is nothing that could be compared; empty where there is, or where it cannot be told."""
    flow = target.flow
    if contract.surface or may_store_more(flow) or at_end(flow) or flow.settings() or flow.end not in flow.steps:
        return ""
    return f"the flow has no surface: no public artifact reaches `{flow.end}`, and no `surface` is declared{_could_be(flow)}"


def _could_be(flow: Flow) -> str:
    """Computed artifacts that could be the surface, for a person."""
    named = [f'"{step}.{name}"' for step, name in computed(flow)[:_NAMED]]
    return f". The flow computes, for one: surface = [{', '.join(named)}]" if named else ""


def _warning(target: Target, proof: Proof, together: Together) -> str:
    """What a reader should know of a proof that passed; empty where there is nothing."""
    if proof.verdict != PASS:
        return ""
    return "; ".join(filter(None, [_empty_surface(target, proof), _fetched(target, together)]))


def _fetched(target: Target, together: Together) -> str:
    """What to say where the flow asked other machines for something; empty where it asked none."""
    hosts = sorted(host for host in {host for one in together.ran for host in one.fetched})
    if not hosts or together.start.network is False:
        return ""
    named = ", ".join(hosts[:_NAMED])
    return (
        f"the flow fetched something from {named}, which the proof is not bound to: it holds as long as that answers the same; "
        f'with network = "off" under {target.project.place("prove")} it is about what stands here'
    )


def _empty_surface(target: Target, proof: Proof) -> str:
    """What to say of a proof whose surface no code has a part in; empty where it has."""
    names = {entry.rpartition(".")[2] for entry in proof.surface}
    if not says_nothing(target.flow, names):
        return ""
    return (
        f"the surface ({', '.join(sorted(names))}) holds only Parameters, Configs and constants, which are the same whatever the "
        f"flow does: this proves nothing of it{_could_be(target.flow)}"
    )


def changed_since(target: Target, ground: Ground, held: Receipt) -> list[str]:
    """What changed since a proof, in words: the flow, its environment, or a file that its arms could have read."""
    found = ground.since(held.parts, held.installed, held.absent, target.project.root)
    found += changes(held.variables, variables_now(target.project.root, held.variables))
    return found + changed_inputs(target.project, target.proving.inputs_exclude, held.files, ground.parts)


def _unfit(target: Target, ground: Ground, held: Receipt, asked: Asked) -> list[str]:
    """Why an earlier proof does not stand for one that is asked for now, in words; empty where it does."""
    orders = sum(arm.order.startswith(RANDOM) for arm in held.arms)
    found = [f"{asked.schedules} further orders are asked for"] if orders < asked.schedules else []
    if target.proving.require_sealed and held.unsealed:
        found.append(f"its arms were not sealed: {held.unsealed}")
    return found + changed_since(target, ground, held)


def _load(target: Target, asked: Asked, ground: Ground) -> Receipt | None:
    """The receipt that holds, of the last few; where none does, the last one."""
    if not asked.fresh:
        receipts.bring_back(
            target.project,
            target.path,
            target.flow.name,
            asked.overrides,
            lambda held: not _unfit(target, ground, held, asked),
        )
    return receipts.load(target.project, target.path, target.flow.name, asked.overrides)


def _nothing_to_prove(target: Target, contract: Contract | None) -> Proof:
    if contract is None:
        note = "it declares no contract; declare `determinism` to have it proven"
        return Proof(target.path, target.flow.name, SKIPPED, "", note)
    if not contract.reason.strip():
        raise FlowgateError(f"{target.path} declares {contract.kind} without a `determinism_reason`")
    note = f"declared nondeterministic: {contract.reason}"
    return Proof(target.path, target.flow.name, SKIPPED, contract.kind, note)


@contextmanager
def alone(target: Target, tell: Tell) -> Iterator[None]:
    """One proof of a flow at a time: a second one waits, and finds the first one's receipt."""
    from filelock import FileLock, Timeout

    place = receipts.folder_of(target.project, target.path, target.flow.name)
    try:
        os.makedirs(place, exist_ok=True)
        lock = FileLock(place + ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell("waiting for another proof of this flow", None, 0, 0, 0.0)
            lock.acquire()
    except OSError as error:
        raise FlowgateError(f"{place} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        lock.release()


def _from_receipt(target: Target, held: Receipt) -> Proof:
    """What an earlier proof of exactly this came to."""
    why = (
        f"by receipt: {len(held.parts) + len(held.files)} parts (the flow, its config, the files it could read, its "
        f"environment, the settings) are what they were"
    )
    return Proof(
        flow=target.path,
        name=target.flow.name,
        verdict=held.verdict,
        contract=held.contract,
        note=f"proven {why}{reduction(held.reduced)}{sealing(held.unsealed)}"
        if held.verdict == PASS
        else f"{held.note} (known {why})",
        arms=tuple(held.arms),
        surface=held.surface,
        divergence=held.divergence,
        findings=tuple(held.findings),
        reused=True,
        warning=held.warning,
        unsealed=held.unsealed,
        reads=held.reads,
        reduced=tuple(held.reduced),
    )


def _run_arms(target: Target, ground: Ground, asked: Asked, apart: str, tell: Tell) -> Proof:
    """Run the arms in a folder of their own, which outlives them only when they prove something.

    Args:
        apart: why they met in the proof before, so that they run one after the other from the start, unless the user says how
            many run at a time.
    """
    began = time.monotonic()
    if apart and not asked.fixed:
        asked = asked._replace(jobs=1)
    else:
        apart = ""
    with workplace(target) as (folder, keep):
        start = start_of(target, ground, folder, asked.overrides)
        if start.unsealed and target.proving.require_sealed:
            raise Inconclusive(
                f"`require_sealed` is set, and the arms cannot be sealed here: {start.unsealed}. {_HELP}"
            )
        counted = ground.inputs(target)
        proof, together = _proven_by_run(target, ground, start, asked, tell) or proven_by_arms(
            target, ground, start, asked, tell
        )
        remembered = f"one after the other, as in the proof before: {apart}; `--jobs 2` tries anew" if apart else ""
        if proof.verdict == PASS and together.start.watched:
            tell("reading the conclusions from the datastore", None, 0, 0, 0.0)
            refuse_other_values(setting_of(start), together.ran, ground.contract.surface)
        for one in together.ran:
            shutil.rmtree(world_of(folder, one.arm.name), ignore_errors=True)
        note = "; ".join(filter(None, [remembered, together.note, _kept_aside(together, folder)]))
        unsealed = next((one.unsealed for one in together.ran if one.unsealed), "")
        proof = proof._replace(
            warning=_warning(target, proof, together),
            concurrency=note,
            seconds=round(time.monotonic() - began, 1),
            unsealed=unsealed,
            reads="kernel" if all(one.by_kernel for one in together.ran) else "python",
            note=proof.note + sealing(unsealed),
        )
        _refuse_changes(target, ground, counted, together)
        keep()
        receipts.save(target.project, _receipt(target, ground, counted, proof, together, apart))
    return proof


def _refuse_changes(target: Target, ground: Ground, counted: dict[str, str], together: Together) -> None:
    """Arms of which one may have seen other files than the next prove nothing.

    What unsealed arms themselves changed and could not put back is looked into where the arms are compared.
    """
    known = {target.project.relative(path) for one in together.ran for path in one.altered | one.written}
    files = {name: held for name, held in ground.parts.items() if os.path.isfile(target.project.absolute(name))}
    changed = changes(counted, ground.inputs(target)) + changes(files, digests_as_before(target.project, files))
    other = next((one for one in changed if one.rsplit(" ", 1)[0].removesuffix(" is") not in known), None)
    if other is not None:
        raise Inconclusive(
            f"{other} while the arms ran, so they may have seen different files; leave the files alone and prove it again"
        )


def _kept_aside(together: Together, folder: str) -> str:
    """Which files were moved away although they may be the user's, and where to; empty where none were."""
    if not together.aside:
        return ""
    named = ", ".join(os.path.relpath(path) for path in together.aside[:_NAMED])
    more = f" and {len(together.aside) - _NAMED} more" if len(together.aside) > _NAMED else ""
    place = os.path.relpath(os.path.join(os.path.dirname(folder), "left"))
    return (
        f"{named}{more} appeared or changed, and not by the flow's Python code: kept below {place}, in case it is yours"
    )


def _proven_by_run(
    target: Target, ground: Ground, start: Start, asked: Asked, tell: Tell
) -> tuple[Proof, Together] | None:
    """A pass in which a run made by `flowgate run` is the first arm; None where there is none, or it does not pass.

    What is not a pass is looked into with arms that start from the same files, each in a store of its own.
    """
    first, *others = _plan(target, ground, asked)
    alone = asked.fresh or not start.watched or target.proving.require_sealed
    held = None if alone else kept.load(target, ground, first)
    if held is None:
        return None
    try:
        together = run_all(start, others, asked.jobs, news(tell), said_by(tell))
        if not together.start.watched:
            return None
        together = together._replace(ran=[held, *together.ran])
        proof = judge(target, ground.contract, setting_of(start), together.ran, asked.overrides)
        proof, together = with_more(target, ground, start, asked, proof, together, tell)
    except Inconclusive:
        return None
    return (proof, together) if proof.verdict == PASS else None


def proven_by_arms(target: Target, ground: Ground, start: Start, asked: Asked, tell: Tell) -> tuple[Proof, Together]:
    """The proof by all the arms that the contract asks for, and the arms.

    Raises:
        Inconclusive: an arm failed, or the surface is not there or cannot be compared.
    """
    together = run_all(start, _plan(target, ground, asked), asked.jobs, news(tell), said_by(tell))
    tell("comparing", None, 0, 0, 0.0)
    if not together.start.watched:
        together = together._replace(ran=from_store(together.start, together.ran))
    proof = judge(target, ground.contract, setting_of(start), together.ran, asked.overrides)
    return with_more(target, ground, start, asked, proof, together, tell)


def _plan(target: Target, ground: Ground, asked: Asked) -> list[Arm]:
    return plan(ground.contract.kind, target.proving.workers, asked.schedules)


@contextmanager
def workplace(target: Target) -> Iterator[tuple[str, Callable[[], None]]]:
    """A folder for the arms of one proof, gone afterwards unless a receipt says that they proved something.

    The function that comes with it is called before such a receipt is written.
    """
    place = receipts.folder_of(target.project, target.path, target.flow.name)
    _sweep(place)
    with scratch_folder(place, "run-") as (folder, keep):
        try:
            yield folder, keep
        finally:
            if os.path.basename(folder) not in receipts.folders(place):
                shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: str) -> None:
    """Remove the runs of earlier proofs that no receipt speaks of, also of one that was killed."""
    spoken_of = receipts.folders(place)
    for name in os.listdir(place):
        if name.startswith("run-") and name not in spoken_of:
            shutil.rmtree(os.path.join(place, name), ignore_errors=True)


def _receipt(
    target: Target, ground: Ground, counted: dict[str, str], proof: Proof, together: Together, apart: str
) -> Receipt:
    ran = together.ran
    names = frozenset(name for one in ran for name in one.imports) if all(one.imports for one in ran) else frozenset()
    parts, absent = ground.of_imports(target.project.root, names)
    seen = kept.seen_by(ran)
    return Receipt(
        flow=target.path,
        name=target.flow.name,
        verdict=proof.verdict,
        contract=ground.contract.kind,
        note=proof.note,
        parts=parts,
        files=bound(target.project, counted, ground.parts, seen),
        environment={"python": ground.environment.version, "platform": ground.environment.platform},
        arms=list(proof.arms),
        surface=proof.surface,
        reduced=list(proof.reduced),
        tasks=len(ran[0].tasks),
        divergence=proof.divergence,
        findings=list(proof.findings),
        installed=ground.environment.installed,
        absent=absent,
        apart=apart or together.apart,
        warning=proof.warning,
        unsealed=proof.unsealed,
        reads=proof.reads,
        variables=variables_now(target.project.root, asked_for(ran)),
    )
