"""What an arm that has ended did to the files of this machine, as its world tells, beside what its own Python code said."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from flowgate.prove.launch import Going, world_of
from flowgate.prove.model import Ran, Start
from flowgate.prove.reach import Reach, reach_of
from flowgate.prove.records import note


def with_traces(start: Start, going: Going, ran: Ran) -> Ran:
    """An arm with what is known from outside of what it read, wrote and left."""
    reach = reach_of(start.root, is_sealed=True, python=start.environment.python[0])
    scheduler: Any = note(going.home, "scheduler")
    told = _told(world_of(start.folder, going.arm.name), reach, scheduler.get("pid", 0) if scheduler else 0)
    return ran._replace(
        unexplained=_left_by_others(going.scratch, ran) | (told.written - ran.written - frozenset(ran.made)),
        written=ran.written | told.written | told.removed,
        unsealed=start.unsealed,
        kept=told.kept,
        read=ran.read | told.read,
        listed=ran.listed | told.listed,
        texts=ran.texts | told.texts,
        by_kernel=told.by_kernel,
    )


class _Told(NamedTuple):
    """What an arm wrote and removed, as it saw the files, and whether all of it was kept.

    `read` and `listed` are what any of its programs read, in whatever language, where `by_kernel` the kernel told of them; `texts` the
    Python files that a program read which is not Python.
    """

    written: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    kept: bool = True
    read: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    by_kernel: bool = False


def _told(folder: str, reach: Reach, scheduler: int) -> _Told:
    """What a world says in the end; nothing of an arm that had none."""
    done = _load(folder, "world.json")
    if done is None:
        return _Told()
    told = _Told(frozenset(done["written"]), frozenset(done["removed"]), done["kept"])
    seen = _load(folder, "seen.json")
    if seen is None:
        return told
    return told._replace(
        read=frozenset(filter(reach.holds, seen["read"])),
        listed=frozenset(
            path
            for path, processes in seen["listed"].items()
            # Metaflow walks through the whole folder of a flow; what the flow's own code lists there, the probe says.
            if processes != [scheduler] and reach.holds(path + os.sep) and not _holds_modules(path)
        ),
        texts=frozenset(filter(reach.holds, seen["texts"])),
        by_kernel=True,
    )


def _load(folder: str, name: str) -> Any:
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def _holds_modules(folder: str) -> bool:
    """Python itself lists every folder in which it looks for a module, whatever the flow does."""
    try:
        return any(
            name.endswith(".py") or os.path.isfile(os.path.join(folder, name, "__init__.py"))
            for name in os.listdir(folder)
        )
    except OSError:
        return True


def _left_by_others(scratch: str, ran: Ran) -> frozenset[str]:
    """The files that are left in the temporary folder and that no task's Python code made."""
    known = frozenset(key for task in ran.tasks.values() for key in task.changed)
    left = (os.path.join(at, name) for at, _, names in os.walk(scratch) for name in names)
    named = ("$TMPDIR" + path[len(scratch) :] for path in left)
    run = ran.run.rpartition("/")[2]
    return frozenset(name for name in named if name.replace(run, "$RUN") not in known)
