"""Arms under way: real runs of the flow, looked after, and ended with all their processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import time

from flowgate.errors import Inconclusive
from flowgate.prove.crash import Crash, crash_of
from flowgate.prove.launch import Going, launch
from flowgate.prove.model import Arm, Progress, Ran, Start
from flowgate.prove.records import note, read_records, record_of, unreported
from flowgate.prove.sandbox import NOT_SEALED
from flowgate.prove.store import arm_store
from flowgate.prove.traces import with_traces

_STILL_THERE = 0.05
_NEWS = 0.25


def run(start: Start, arms: list[Arm], progress: Progress) -> list[Ran | Crash]:
    """Run arms side by side to their ends; once one has failed, the others are ended too.

    Raises:
        Inconclusive: one ran past its time-out, or left nothing to read.
    """
    going: list[Going] = []
    ended: dict[str, Ran | Crash] = {}
    try:
        for arm in arms:
            going.append(launch(start, arm))
        while len(ended) < len(arms):
            for one in going:
                if one.arm.name not in ended and one.guard.poll() is not None:
                    ended[one.arm.name] = _outcome(start, one)
            if any(isinstance(one, Crash) for one in ended.values()):
                break
            _look_after(start, [one for one in going if one.arm.name not in ended], progress)
        return [ended.get(arm.name) or Crash(f"arm `{arm.name}` was ended with the other") for arm in arms]
    finally:
        _end(going)


def _look_after(start: Start, going: list[Going], progress: Progress) -> None:
    """Wait a moment for the arms under way, and tell how far they are."""
    until = time.monotonic() + _NEWS
    while time.monotonic() < until and all(one.guard.poll() is None for one in going):
        time.sleep(_STILL_THERE)
    for one in going:
        _refuse_together(one)
        spent = time.monotonic() - one.began
        if spent > start.timeout:
            raise Inconclusive(
                f"arm `{one.arm.name}` was still running after {start.timeout:.0f} s and was ended; raise `timeout` "
                f"under {start.settings}, or look for a step that waits for something"
            )
        progress(one.arm, _count(one.home), _expected(one.home), spent)


def _refuse_together(one: Going) -> None:
    """Two tasks of which one waits for the other never end at one worker: nothing can be said of such a flow.

    The scheduler tells which task went on only when another one did. That it waited for it is believed where the two touched
    the same thing; else it was only slow.
    """
    for waiting, other in note(one.home, "together"):
        records = [record_of(one.home, *task[:3]) for task in (waiting, other)]
        if not all(records):
            continue
        shared = sorted(set(records[0]["looked"]) & set(records[1]["changed"]))
        if shared:
            raise Inconclusive(
                f"in arm `{one.arm.name}`, task `{waiting[3]}` did nothing until `{other[3]}`, which waited for its turn, had "
                f"changed {shared[0]}: they have to run together, and with one worker the flow would never end. Hand over by "
                f"artifacts, from one step to the next, or declare `nondeterministic` with this as its reason"
            )


def _count(home: str) -> int:
    return sum(name.endswith(".json") for name in os.listdir(os.path.join(home, "records")))


def _expected(home: str) -> int:
    """How many tasks the scheduler knows of; 0 where it does not say."""
    try:
        with open(os.path.join(home, "turns", "expected")) as file:
            return int(file.read() or 0)
    except (OSError, ValueError):
        return 0


def _end(going: list[Going]) -> None:
    """Close the pipes, which ends the groups, and see them gone; a second interrupt ends them at once."""
    try:
        for one in going:
            assert one.guard.stdin is not None
            one.guard.stdin.close()
        for one in going:
            one.guard.wait(10)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass
    for one in going:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(one.guard.pid, signal.SIGKILL)
    for one in going:
        one.guard.wait()
        shutil.rmtree(one.scratch, ignore_errors=True)
        tidy(one.home)


def tidy(home: str) -> None:
    """Remove what nobody could copy from the folder of an arm that has ended: named pipes, and a link that leads nowhere."""
    turns = os.path.join(home, "turns")
    for name in os.listdir(turns) if os.path.isdir(turns) else []:
        if stat.S_ISFIFO(os.lstat(os.path.join(turns, name)).st_mode):
            os.unlink(os.path.join(turns, name))
    store = os.path.join(home, "store", ".metaflow")
    for flow in os.listdir(store) if os.path.isdir(store) else []:
        manifest = os.path.join(store, flow, "conda.manifest")
        if os.path.islink(manifest) and not os.path.exists(manifest):
            os.unlink(manifest)


def _outcome(start: Start, one: Going) -> Ran | Crash:
    seconds = time.monotonic() - one.began
    code = one.guard.returncode
    store = arm_store(start.folder, one.arm.name)
    _refuse_together(one)
    if code == NOT_SEALED and not start.unsealed:
        raise Inconclusive(f"the world of arm `{one.arm.name}` could not be made: {_last_line(one.home)}")
    if code != 0:
        return crash_of(one.arm.name, code, os.path.join(one.home, "log.txt"), start.settings)
    ran = read_records(start.flow_name, one.arm, one.home, seconds, store) if start.watched else None
    if ran is not None:
        task = unreported(start.flow_name, one.home, ran)
        if task:
            raise Inconclusive(_unwatched(one, f"task {task}"))
        return with_traces(start, one, ran)
    if start.watched and os.path.exists(
        os.path.join(one.home, "imports")
    ):  # the scheduler was watched, so its tasks had to be
        raise Inconclusive(_unwatched(one, "every task"))
    try:
        with open(os.path.join(one.home, "run_id")) as file:
            run = f"{start.flow_name}/{file.read().strip()}"
            return Ran(one.arm, run, seconds, store, {}, unsealed=start.unsealed)
    except OSError:
        raise Inconclusive(f"arm `{one.arm.name}` ended, but left no run: the launcher drops its arguments") from None


def _unwatched(one: Going, what: str) -> str:
    return (
        f"in arm `{one.arm.name}`, {what} ran without being watched: it says nothing of what it read and wrote. Look for code that "
        f"changes `PYTHONPATH` or other variables of the environment"
    )


def _last_line(home: str) -> str:
    with open(os.path.join(home, "log.txt"), encoding="utf-8", errors="replace") as file:
        return (file.read().strip().splitlines() or ["it does not say why"])[-1]
