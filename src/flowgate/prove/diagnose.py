"""After a divergence: which difference between the arms makes it, found by changing one thing at a time."""

from __future__ import annotations

import os
import tempfile
from typing import NamedTuple

from flowgate.prove.arms import Arm, Ran, Start
from flowgate.prove.contracts import overlap
from flowgate.prove.diverge import Divergence, diverging, first_cause, setting_of
from flowgate.prove.pipeline import Tell
from flowgate.prove.together import run_all
from flowgate.target import Target

_SEED, _OTHER_SEED = 1, 4242


class Perturbation(NamedTuple):
    """One thing that is changed, and what it means where that alone changes the conclusions."""

    name: str
    what: str
    cause: str
    mend: str


PERTURBATIONS = (
    Perturbation(
        "nothing",
        "the same run again",
        "something that differs between any two runs: a generator without a seed, a clock, a pid, a run or task id, "
        "or threads that race",
        "seed every generator from the config, and keep clocks and ids out of what conclusions are made of",
    ),
    Perturbation(
        "hash seed",
        "another PYTHONHASHSEED",
        "the order of a set, or the salted hash of a string",
        "sort the set before its order matters, and use hashlib instead of hash()",
    ),
    Perturbation(
        "scratch",
        "a temporary folder of another name",
        "a path below tempfile.gettempdir() that reaches a conclusion",
        "store what is in the file, not where it lies",
    ),
    Perturbation(
        "order",
        "the tasks of every split in reversed order",
        "something that tasks of one split share (a file, a service, a join's `inputs` taken by position), so that "
        "what one of them sees depends on which came first",
        "give each task what is its own, and combine in the join by index or by name, never by arrival",
    ),
    Perturbation(
        "workers",
        "several workers, in the same order",
        "the number of workers itself, or tasks that are under way at the same time",
        "derive seeds and splits from the data and the index, never from the number of workers or the machine",
    ),
    Perturbation(
        "overlap",
        "tasks that replace a shared file all read it first",
        "a file that tasks read, change and write back: of those under way together, all but the last are lost",
        "let each task write a file of its own, and combine them in the join; or take a lock around reading and writing",
    ),
    Perturbation(
        "everything",
        "all of it at once, as the adversarial arm has it",
        "two of these together",
        "mend the line that differs",
    ),
)


class Diagnosis(NamedTuple):
    """What became of the conclusions under one perturbation; `divergence` is None where they stayed."""

    perturbation: Perturbation
    divergence: Divergence | None


def diagnose(target: Target, start: Start, workers: int, tell: Tell) -> list[Diagnosis]:
    """Run the flow plainly, then once under each perturbation; stop where the plain run does not even repeat itself.

    Raises:
        Inconclusive: an arm failed, or the surface is not there.
    """
    with tempfile.TemporaryDirectory(prefix="flowgate-") as folder:
        return _each(target, start._replace(scratch=os.path.join(folder, "scratch")), workers, tell)


def _each(target: Target, start: Start, workers: int, tell: Tell) -> list[Diagnosis]:
    plain = _run(start, Arm("plain", 1, _SEED, "forward"), tell)
    found: list[Diagnosis] = []
    for perturbation in PERTURBATIONS:
        if perturbation.name == "everything" and any(one.divergence for one in found):
            break
        if perturbation.name == "overlap" and not plain.contested:
            continue
        arm, where = _changed(perturbation.name, start._replace(contested=tuple(plain.contested)), workers)
        ran = _run(where, arm, tell)
        apart = diverging(plain, ran, start.surface)
        divergence = first_cause(target.flow, setting_of(start), plain, ran, apart) if apart else None
        found.append(Diagnosis(perturbation, divergence))
        if divergence is not None and perturbation.name == "nothing":
            break
    return found


def _changed(name: str, start: Start, workers: int) -> tuple[Arm, Start]:
    """The arm that differs from the plain one in one thing."""
    slug = name.replace(" ", "-")
    if name == "hash seed":
        return Arm(slug, 1, _OTHER_SEED, "forward"), start
    if name == "order":
        return Arm(slug, 1, _SEED, "reversed"), start
    if name == "everything":
        return Arm(slug, workers, _OTHER_SEED, "reversed"), start._replace(scratch="")
    if name == "overlap":
        return overlap(workers)._replace(hash_seed=_SEED), start
    if name == "workers":
        return Arm(slug, workers, _SEED, "forward"), start
    return Arm(slug, 1, _SEED, "forward"), start._replace(scratch="") if name == "scratch" else start


def _run(start: Start, arm: Arm, tell: Tell) -> Ran:
    news = lambda one, done, expected, spent: tell("running", one, done, expected, spent)  # noqa: E731
    (ran,) = run_all(start, [arm], 1, news).ran
    return ran
