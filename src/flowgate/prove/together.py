"""Several arms: side by side where that cannot change what they say, else one after the other.

Each arm must start from the same files. What an arm made in the project, or where files are left lying, is put aside
when it has ended; and arms that ran side by side and met in a file, or started programs whose files nobody watches,
are run again, each by itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from itertools import permutations
from typing import NamedTuple

from flowgate.errors import Inconclusive
from flowgate.prove.arms import Arm, Progress, Ran, Start, run
from flowgate.prove.crash import Crash


class Together(NamedTuple):
    """The arms that ran, how they were started in the end, and what was done about running them side by side.

    `apart` says why they cannot, empty where nothing was found against it.
    """

    ran: list[Ran]
    start: Start
    note: str
    apart: str = ""


def run_all(
    start: Start, arms: list[Arm], jobs: int, progress: Progress, say: Callable[[str], None] = lambda _: None
) -> Together:
    """Run the arms to their ends, up to `jobs` at a time.

    An arm to which the probe cannot be attached is run without it, and so are all others: its order is then its own.

    Raises:
        Inconclusive: one failed by itself, ran past its time-out, or left nothing to read.
    """
    ran: list[Ran] = []
    notes: dict[str, None] = {}
    apart = ""
    jobs = jobs if start.watched else 1
    for first in range(0, len(arms), jobs):
        group = arms[first : first + jobs]
        outcomes = run(start, group, progress)
        if start.watched and any(isinstance(one, Crash) and one.unwatchable for one in outcomes):
            return run_all(start._replace(watched=False), arms, 1, progress, say)
        ended = [one for one in outcomes if isinstance(one, Ran)]
        _put_aside(start, ended)
        against = _against(outcomes) if len(group) > 1 else ""
        if against:
            if len(ended) < len(outcomes):
                say("an arm failed, so each is run again by itself, to see whether the other was the cause")
                notes["were run again, one after the other: side by side, one failed"] = None
            else:
                apart = against
                say(f"the arms met ({against}), so they are run again, one after the other")
                notes[
                    f"were run again, one after the other: {against}. This is remembered; to have it so from the first proof "
                    f"on, give `--jobs 1`, or set `jobs = 1` under {start.settings}"
                ] = None
            ended = [_alone(start, run(start, [arm], progress)[0]) for arm in group]
        elif len(ended) < len(group):
            ended = [_alone(start, one) for one in outcomes]
        elif len(group) > 1:
            notes["side by side"] = None
        ran += ended
    return Together(ran, start, "; ".join(notes), apart)


def _alone(start: Start, outcome: Ran | Crash) -> Ran:
    """The arm that ran by itself, its files put aside; its failure is the flow's own."""
    if isinstance(outcome, Ran):
        _put_aside(start, [outcome])
        return outcome
    raise Inconclusive(f"{outcome}{_keep_log(start, outcome)}")


def _keep_log(start: Start, crash: Crash) -> str:
    """Save the log of a failed arm from the folder that is about to go; where it is, for a person."""
    if not crash.log:
        return ""
    path = os.path.join(os.path.dirname(start.folder), "crash.log")
    shutil.copyfile(crash.log, path)
    return f"\n  the whole log: {os.path.relpath(path, start.root)}"


def _against(outcomes: list[Ran | Crash]) -> str:
    """Why what arms said side by side cannot be relied on; empty where it can."""
    ended = [one for one in outcomes if isinstance(one, Ran)]
    if len(ended) < len(outcomes):
        return "side by side, one failed"
    for one, other in permutations(ended, 2):
        met = sorted(one.written & (other.read | other.written))
        if met:
            return f"both use {_short(met[0])}"
    programs = sorted({os.path.basename(name) for one in ended for name in one.started})
    return f"their tasks start {programs[0]}, whose files are not watched" if programs else ""


def _short(path: str) -> str:
    """A path from where the user stands, where it lies below."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _put_aside(start: Start, ended: list[Ran]) -> None:
    """Move what the arms made out of the way of the next one, into their own folders."""
    for ran in ended:
        left = os.path.join(start.folder, ran.arm.name, "left")
        for path in reversed(ran.made):
            if os.path.isdir(path) and not os.path.islink(path):
                _drop_if_empty(path)
            elif os.path.lexists(path):
                aside = os.path.join(left, path.lstrip(os.sep))
                os.makedirs(os.path.dirname(aside), exist_ok=True)
                shutil.move(path, aside)


def _drop_if_empty(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError:
        pass  # something else is in it
