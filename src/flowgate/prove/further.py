"""Further arms of a proof that passed, where what its tasks did asks for them: a second run in the same place, and a third order."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from flowgate.errors import Inconclusive
from flowgate.outcome import PASS
from flowgate.prove.contracts import again, overlap, threads
from flowgate.prove.diverge import setting_of
from flowgate.prove.ground import Asked, Ground
from flowgate.prove.judgment import judge
from flowgate.prove.launch import world_of
from flowgate.prove.meeting import RUNS, meeting_of
from flowgate.prove.model import Arm, Progress, Start
from flowgate.prove.proof import Proof
from flowgate.prove.together import Together, leftovers, run_all
from flowgate.target import Target

Tell = Callable[[str, Arm | None, int, int, float], None]


def with_more(
    target: Target, ground: Ground, start: Start, asked: Asked, proof: Proof, together: Together, tell: Tell
) -> tuple[Proof, Together]:
    """A proof that passed, with the arms that its tasks' doings ask for."""
    proof, together = _with_overlap(target, ground, start, asked, proof, together, tell)
    proof, together = _with_threads(target, ground, start, asked, proof, together, tell)
    return _with_leftovers(target, ground, start, asked, proof, together, tell)


def _with_leftovers(
    target: Target, ground: Ground, start: Start, asked: Asked, proof: Proof, together: Together, tell: Tell
) -> tuple[Proof, Together]:
    """A further arm that finds what the first one left, where the flow looks for it: as a second plain run does."""
    first = together.ran[0]
    if proof.verdict != PASS or first.origin != "proof":
        return proof, together
    found = leftovers(start, first)
    reads_runs = first.store.kind == "local" and any(RUNS in task.looked for task in first.tasks.values())
    if not found and not reads_runs:
        return proof, together
    what = f"{os.path.relpath(min(found))}, which it leaves behind" if found else "its own earlier runs"
    why = f"the flow looks for {what}"
    tell(f"one more arm, for {why}", None, 0, 0, 0.0)
    home = os.path.join(start.folder, first.arm.name)
    start = start._replace(earlier=home if reads_runs else "")
    try:
        with _left_in_place(found) if first.unsealed else nullcontext():
            start = start if first.unsealed else start._replace(brought=world_of(start.folder, first.arm.name))
            more = run_all(start, [again()], 1, news(tell))
    except Inconclusive as error:
        raise Inconclusive(f"{why}, and a run that finds it fails: {error}") from None
    ran = [first, *more.ran, *together.ran[1:]]
    proof = judge(target, ground.contract, setting_of(start), ran, asked.overrides)
    note = f"{together.note}; then `again`, because {why}".removeprefix("; ")
    return proof, together._replace(ran=ran, note=note, aside=together.aside + more.aside)


@contextmanager
def _left_in_place(found: dict[str, str]) -> Iterator[None]:
    """What an arm left, where it had left it, for as long as the next one runs."""
    try:
        for path, kept in found.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy2(kept, path)
        yield
    finally:
        for path in found:
            with contextlib.suppress(OSError):
                os.unlink(path)


def _with_overlap(
    target: Target, ground: Ground, start: Start, asked: Asked, proof: Proof, together: Together, tell: Tell
) -> tuple[Proof, Together]:
    """A proof that passed, with the arm that its tasks' doings ask for, where they ask for one."""
    more = _overlap(target, ground, start, together, tell) if proof.verdict == PASS else None
    if more is None:
        return proof, together
    overlapping, why = more
    note = f"{together.note}; then `overlapping`, because {why}".removeprefix("; ")
    together = together._replace(
        ran=[*together.ran, *overlapping.ran], note=note, aside=together.aside + overlapping.aside
    )
    return judge(target, ground.contract, setting_of(start), together.ran, asked.overrides), together


def _overlap(
    target: Target, ground: Ground, start: Start, together: Together, tell: Tell
) -> tuple[Together, str] | None:
    """A further arm in a third order, in which tasks that touch the same things are all under way at once; None where none do.

    Raises:
        Inconclusive: it did not come to its end, though the others did.
    """
    if ground.contract.kind != "order_independent" or not together.start.watched:
        return None
    meeting = meeting_of(target.flow, together.ran, ground.contract.surface)
    if meeting is None:
        return None
    tell(f"one more arm, for tasks can notice each other: {meeting.why}", None, 0, 0, 0.0)
    start = start._replace(contested=meeting.contested)
    try:
        return run_all(start, [overlap(target.proving.workers)], 1, news(tell)), meeting.why
    except Inconclusive as error:
        raise Inconclusive(f"{meeting.why}. Where they are under way at the same time, {error}") from None


def _with_threads(
    target: Target, ground: Ground, start: Start, asked: Asked, proof: Proof, together: Together, tell: Tell
) -> tuple[Proof, Together]:
    """A proof that passed, with arms in which what tasks began side by side ends in drawn orders, where there are none yet."""
    drawn = sum(one.arm.world > 1 for one in together.ran)
    several = (task for one in together.ran for task in one.tasks.values() if task.began > 1)
    task = None if drawn > 1 or proof.verdict != PASS else next(several, None)
    if task is None:
        return proof, together
    why = f"{task.step}{task.place} begins {task.began} threads or processes, which may end in any order"
    arms = threads()[drawn:]
    tell(f"{len(arms)} more, for {why}", None, 0, 0, 0.0)
    try:
        more = run_all(start, arms, asked.jobs, news(tell))
    except Inconclusive as error:
        raise Inconclusive(f"{why}. Where they end in another one, {error}") from None
    ran = [*together.ran, *more.ran]
    note = f"{together.note}; then {', '.join(f'`{arm.name}`' for arm in arms)}, because {why}".removeprefix("; ")
    together = together._replace(ran=ran, note=note, aside=together.aside + more.aside)
    return judge(target, ground.contract, setting_of(start), ran, asked.overrides), together


def said_by(tell: Tell) -> Callable[[str], None]:
    """Tells a stage by its words alone."""
    return lambda stage: tell(stage, None, 0, 0, 0.0)


def news(tell: Tell) -> Progress:
    """Tells how far an arm is."""
    return lambda arm, done, expected, spent: tell("running", arm, done, expected, spent)
