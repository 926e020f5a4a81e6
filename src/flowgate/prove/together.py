"""Several arms: side by side where that cannot change what they say, else one after the other.

Each arm must start from the same files. What an arm made or changed in the project, or where files are left lying, is put
aside or back when it has ended; and arms that ran side by side and met in a file, or left files that nobody saw them write,
are run again, each by itself.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import NamedTuple

from flowgate.errors import Inconclusive
from flowgate.prove.arms import run
from flowgate.prove.crash import Crash
from flowgate.prove.launch import world_of
from flowgate.prove.model import Arm, Progress, Ran, Start
from flowgate.prove.records import read_records
from flowgate.prove.store import Store
from flowgate.prove.tree import Settled, Tree, move_aside, named_by, put_back, shared_entries, tree_of


class Together(NamedTuple):
    """The arms that ran, how they were started in the end, and what was done about running them side by side.

    `apart` says why they cannot, empty where nothing was found against it; `aside` is what was moved away although it may be the
    user's.
    """

    ran: list[Ran]
    start: Start
    note: str
    apart: str = ""
    aside: tuple[str, ...] = ()


def run_all(
    start: Start, arms: list[Arm], jobs: int, progress: Progress, say: Callable[[str], None] = lambda _: None
) -> Together:
    """Run the arms to their ends, up to `jobs` at a time.

    An arm to which the probe cannot be attached keeps an order of its own, and is compared by its datastore; so are all others
    then.

    Raises:
        Inconclusive: one failed by itself, ran past its time-out, or left nothing to read.
    """
    ran: list[Ran] = []
    notes: dict[str, None] = {}
    apart, aside = "", ()  # type: str, tuple[str, ...]
    jobs = jobs if start.watched else 1
    before = tree_of(start.root) if start.unsealed else None
    for first in range(0, len(arms), jobs):
        group = arms[first : first + jobs]
        outcomes, settled = _settled(start, before, group, progress)
        aside += settled.aside
        against = _against(outcomes) if len(group) > 1 else ""
        if against:
            if any(isinstance(one, Crash) for one in outcomes):
                say("an arm failed, so each is run again by itself, to see whether the other was the cause")
                notes["were run again, one after the other: side by side, one failed"] = None
            else:
                apart = against
                say(f"the arms met ({against}), so they are run again, one after the other")
                notes[
                    f"were run again, one after the other: {against}. This is remembered; to have it so from the first proof "
                    f"on, give `--jobs 1`, or set `jobs = 1` under {start.settings}"
                ] = None
            outcomes = []
            for arm in group:
                again, settled = _settled(start, before, [arm], progress)
                outcomes += again
                aside += settled.aside
        elif len(group) > 1:
            notes["side by side"] = None
        ran += [_ended(start, one) for one in outcomes]
    if start.watched and not all(one.tasks for one in ran):
        start = start._replace(watched=False)
    return Together(ran, start, "; ".join(notes), apart, tuple(dict.fromkeys(aside)))


def _settled(
    start: Start, before: Tree | None, group: Sequence[Arm], progress: Progress
) -> tuple[list[Ran | Crash], Settled]:
    """Run some arms side by side and bring the files back to what they were; each arm says what nobody saw it write.

    Sealed arms have changed no file, so there is no tree to compare with.
    """
    if before is None:
        return run(start, list(group), progress), Settled(frozenset(), frozenset(), ())
    kept = os.path.join(os.path.dirname(start.folder), "left")
    homes = [os.path.join(start.folder, arm.name) for arm in group]
    written: frozenset[str] = frozenset()
    folders: list[str] = []
    shared = shared_entries()
    try:
        outcomes = run(start, list(group), progress)
    finally:
        for arm, home in zip(group, homes, strict=True):
            seen = (
                read_records(start.flow_name, arm, home, 0.0, Store("", ""), ended=False)
                if os.path.isdir(home)
                else None
            )
            if seen is not None:
                written |= seen.written | frozenset(seen.made)
                folders += _put_aside(home, seen)
        for folder in folders:
            _drop_if_empty(folder)
        settled = put_back(before, written, homes, kept)
        of_flow = named_by(start.code, shared_entries() - shared - written)
        for path in of_flow:
            with contextlib.suppress(OSError):
                move_aside(path, kept)
        settled = settled._replace(
            unexplained=settled.unexplained | frozenset(of_flow), aside=settled.aside + tuple(of_flow)
        )
    told: list[Ran | Crash] = []
    for outcome in outcomes:
        if isinstance(outcome, Ran) and start.watched:
            outcome = outcome._replace(
                unexplained=outcome.unexplained | {_short(path) for path in settled.unexplained},
                altered=settled.altered,
            )
        told.append(outcome)
    return told, settled


def _ended(start: Start, outcome: Ran | Crash) -> Ran:
    """The arm that ran to its end; the failure of one is the flow's own."""
    if isinstance(outcome, Ran):
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
        port = _port_of_both(one, other)
        if port:
            return f"both use {port}"
        if not one.unsealed:
            continue  # each has its own files
        met = sorted(one.written & (other.read | other.written))
        if met:
            return f"both use {_short(met[0])}"
    left = sorted(path for one in ended if one.unsealed for path in one.unexplained if not path.startswith("$TMPDIR"))
    return f"{left[0]} was written, and not by their Python code" if left else ""


def _port_of_both(one: Ran, other: Ran) -> str:
    """A port or an abstract socket that one arm listens at and the other uses; empty where there is none."""
    opened = {key for task in one.tasks.values() for key in task.changed if key.startswith(("port ", "\0"))}
    used = {key for task in other.tasks.values() for key in task.looked}
    return min(opened & used, default="").replace("\0", "@")


def _short(path: str) -> str:
    """A path from where the user stands, where it lies below."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _put_aside(home: str, ran: Ran) -> list[str]:
    """Move the files that an arm made out of the way of the next one; the folders that it made, inner ones first."""
    folders = []
    for path in reversed(ran.made):
        if os.path.isdir(path) and not os.path.islink(path):
            folders.append(path)
        elif os.path.lexists(path):
            aside = os.path.join(home, "left", path.lstrip(os.sep))
            os.makedirs(os.path.dirname(aside), exist_ok=True)
            shutil.move(path, aside)
    return sorted(folders, key=len, reverse=True)


def leftovers(start: Start, ran: Ran) -> dict[str, str]:
    """What an arm left where the next run of the flow would find it and look for it, by path, and where it was put aside.

    What it left and not by its Python code is looked for by what nobody sees, and a module by whoever imports it.

    Raises:
        Inconclusive: there is something, and too much was left to be kept.
    """
    folder = os.path.join(start.folder, ran.arm.name) if ran.unsealed else world_of(start.folder, ran.arm.name)
    left = os.path.join(folder, "left")
    sought = (path for path in ran.made if path in ran.missed or os.path.dirname(path) in ran.listed)
    loose = [] if ran.unsealed else [path for path in ran.unexplained if path.startswith(os.sep)]
    modules = [path for path in ran.made if path.endswith(".py")]
    left_there = [path for path in loose if not path.endswith((".git/index", ".git/FETCH_HEAD"))]
    changed = [] if ran.unsealed else _changed(ran, left)
    looked_for = dict.fromkeys([*sought, *left_there, *modules, *changed])
    if looked_for and not ran.kept:
        raise Inconclusive(
            f"the flow looks for {_short(min(looked_for))} or its like, which it leaves behind, and leaves more than can be kept "
            f"for a second run to find; write large files below tempfile.gettempdir()"
        )
    return {path: left + path for path in looked_for if os.path.isfile(left + path)}


def _changed(ran: Ran, left: str) -> list[str]:
    """The files that were there before, that an arm read or asked about, and that it left as others than they were."""
    asked = {one.partition(" ")[2] for one in ran.stated if one.startswith(("stat ", "time "))}
    found = []
    for path in sorted(ran.written & (ran.read | asked)):
        if os.path.isfile(path) and os.path.isfile(left + path):
            has_other_time = os.stat(path).st_mtime_ns != os.stat(left + path).st_mtime_ns
            if (path in asked and has_other_time) or not filecmp.cmp(path, left + path, shallow=False):
                found.append(path)
    return found


def _drop_if_empty(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError:
        pass  # something else is in it
