"""After a divergence: which difference between the arms makes it, found by changing one thing at a time."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from flowgate.prove.contracts import OVERLAPPING
from flowgate.prove.diverge import Divergence, diverging, first_cause, setting_of
from flowgate.prove.further import Tell
from flowgate.prove.meeting import meeting_of
from flowgate.prove.model import ASPECTS, Arm, Ran, Start
from flowgate.prove.together import run_all
from flowgate.scratch import scratch_folder
from flowgate.target import Target

_SEED, _OTHER_SEED = 1, 4242
_PLAIN = Arm("plain", 1, _SEED, "forward", shared_salt=True, aspects=())


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
        "another PYTHONHASHSEED for all",
        "the order of a set, or the salted hash of a string",
        "sort the set before its order matters, and use hashlib instead of hash()",
    ),
    Perturbation(
        "salt of one task",
        "a PYTHONHASHSEED of its own for each task",
        "tasks that have to agree on hash() or on the order of a set, such as shards by hash(key): each task process has "
        "a salt of its own",
        "use hashlib instead of hash(), or decide once and hand the decision on as an artifact",
    ),
    Perturbation(
        "join inputs",
        "the inputs of a static join in another order",
        "a join that goes by the position or the order of its inputs, which follow the scheduler's hash seed",
        "read inputs by name (`inputs.left.score`), or sort them by something that the branches store",
    ),
    Perturbation(
        "listings",
        "folders listed in another order",
        "os.listdir, glob, iterdir or os.walk: no file system promises an order",
        "sort what is listed",
    ),
    Perturbation(
        "surroundings",
        "another time zone, locale, umask and host name",
        "a date, a host name, or text that is written or sorted by the user's locale",
        "take dates and names from the config, and use UTC",
    ),
    Perturbation(
        "addresses",
        "objects at other addresses in memory",
        "id(), the default repr of an object, or the order of a set of objects",
        "order by what the objects hold, not by where they lie",
    ),
    Perturbation(
        "threads",
        "threads and pools that finish in another order",
        "results taken in the order in which they were ready: as_completed, imap_unordered, a list that threads append to",
        "take results in the order of submission (executor.map, pool.map), or sort them",
    ),
    Perturbation(
        "speed",
        "a machine that takes three times as long",
        "a time that the flow measured, or a loop that runs for so many seconds: a loaded machine gets less done",
        "bound work by steps, not by seconds, and keep durations out of what conclusions are made of",
    ),
    Perturbation(
        "scratch",
        "a temporary folder of another name",
        "a path below tempfile.gettempdir() that reaches a conclusion",
        "store what is in the file, not where it lies",
    ),
    Perturbation(
        "level order",
        "branch by branch instead of step by step",
        "two steps of a branch that hand over by something all branches share, such as a file: Metaflow runs all tasks "
        "of one step before those of the next",
        "hand over by an artifact, or by a file of the branch's own",
    ),
    Perturbation(
        "order",
        "the tasks of every split in reversed order",
        "something that siblings share: a file, a counter, a cache, a list that is appended to",
        "give each task its own file and seed, made from its index or its input, and combine in the join",
    ),
    Perturbation(
        "workers",
        "several workers, in the same order",
        "the number of workers itself, or tasks that are under way at the same time",
        "derive seeds and splits from the data and the index, never from the number of workers or the machine",
    ),
    Perturbation(
        "overlap",
        "tasks that touch the same things are all under way at once",
        "tasks that look before they act on something they share: of those under way together, each acts on what was "
        "there before any of them did",
        "let each task write a file of its own, and combine them in the join; or take a lock around looking and acting",
    ),
    Perturbation(
        "everything",
        "all of it at once, as the adversarial arm has it",
        "two of these together",
        "change the line that differs",
    ),
)


class Diagnosis(NamedTuple):
    """What became of the conclusions under one perturbation; `divergence` is None where they stayed."""

    perturbation: Perturbation
    divergence: Divergence | None


def diagnose(target: Target, start: Start, workers: int, tell: Tell) -> list[Diagnosis]:
    """Run the flow plainly, then once under each perturbation, until one makes a difference.

    Raises:
        Inconclusive: an arm failed, or the surface is not there.
    """
    with scratch_folder() as (folder, _):
        return _each(target, start._replace(scratch=os.path.join(folder, "scratch")), workers, tell)


def _each(target: Target, start: Start, workers: int, tell: Tell) -> list[Diagnosis]:
    plain = _run(start, _PLAIN, tell)
    meeting = meeting_of(target.flow, [plain], start.surface)
    found: list[Diagnosis] = []
    for perturbation in PERTURBATIONS:
        if perturbation.name == "overlap" and meeting is None:
            continue
        contested = meeting.contested if perturbation.name == "overlap" and meeting is not None else ()
        scratch = "" if perturbation.name in ("scratch", "everything") else start.scratch
        arm = _changed(perturbation.name, workers)
        ran = _run(start._replace(contested=contested, scratch=scratch), arm, tell)
        apart = diverging(plain, ran, start.surface)
        divergence = first_cause(target.flow, setting_of(start), plain, ran, apart) if apart else None
        found.append(Diagnosis(perturbation, divergence))
        if divergence is not None:
            break
    return found


def _changed(name: str, workers: int) -> Arm:
    """The arm that differs from the plain one in one thing."""
    aspects = {
        "listings": ("listings",),
        "surroundings": ("surroundings", "host"),
        "addresses": ("memory",),
        "threads": ("threads",),
        "speed": ("speed",),
    }
    arm = _PLAIN._replace(name=name.replace(" ", "-"))
    if name in aspects:
        return arm._replace(world=1, aspects=aspects[name])
    changes: dict[str, dict[str, Any]] = {
        "hash seed": {"hash_seed": _OTHER_SEED},
        "salt of one task": {"shared_salt": False},
        "join inputs": {"order": "forward, joins reversed"},
        "level order": {"order": "branches"},
        "order": {"order": "reversed"},
        "workers": {"workers": workers},
        "overlap": {"workers": workers, "order": OVERLAPPING},
        "everything": {"workers": workers, "order": "reversed", "world": 1, "aspects": ASPECTS, "shared_salt": False}
        | {"hash_seed": _OTHER_SEED},
    }
    return arm._replace(**changes.get(name, {}))


def _run(start: Start, arm: Arm, tell: Tell) -> Ran:
    news = lambda one, done, expected, spent: tell("running", one, done, expected, spent)  # noqa: E731
    (ran,) = run_all(start, [arm], 1, news).ran
    return ran
