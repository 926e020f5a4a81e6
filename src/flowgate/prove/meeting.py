"""Whether tasks of an arm could notice each other: they touched the same thing, or did what cannot be watched.

Where they could, two orders say too little: what comes out alike forwards and backwards may come out otherwise in a third,
and tasks that were never under way at the same time may rely on it.
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

from flowgate.flow.lineage import Place, reaches, trail
from flowgate.flow.model import Flow
from flowgate.flow.surface import at_end, may_store_more, stored
from flowgate.prove.model import Ran, Task

ANYTHING = "*"
RECORDS = "the records of the run"  # what Metaflow writes down about its tasks
RUNS = "the earlier runs of the flow"
ENTRIES = "/*"  # after the path of a folder: what stands in it


class Meeting(NamedTuple):
    """What tasks touched that do not wait for each other, by names that hold in every arm, and why, for a person."""

    contested: tuple[str, ...]
    why: str


def meeting_of(flow: Flow, ran: list[Ran], surface: tuple[str, ...]) -> Meeting | None:
    """Where the tasks of some arms met, or could tell later ones in which order they ran; None where nothing speaks for it."""
    found: dict[str, str] = {}
    touched = [frozenset(key for task in one.tasks.values() for key in task.looked | task.changed) for one in ran]
    for one in ran:
        for key, left, right in _shared(flow, list(one.tasks.values())):
            why = f"{_named(left)} and {_named(right)} both touch {key}"
            found.setdefault(key, why)
            if not all(key in keys for keys in touched):
                found.setdefault(ANYTHING, why)  # it has another name in every arm, so it is not recognised in the next
        unwatched = _unwatched(flow, one)
        if unwatched:
            found.setdefault(ANYTHING, unwatched)
    carried = _carried(flow, ran, surface)
    if carried:
        found.setdefault(ANYTHING, carried)
    if not found:
        return None
    return Meeting(tuple(sorted(found)), found[min(found, key=lambda key: (key == ANYTHING, key))])


def _shared(flow: Flow, tasks: list[Task]) -> Iterator[tuple[str, Task, Task]]:
    """Everything that one task changed and another one looked at or changed, where neither waits for the other."""
    touching: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        for key in task.looked | task.changed:
            touching[key].append(task)
    for key, those in touching.items():
        if len(those) < 2 or not any(key in task.changed for task in those):
            continue
        pairs = (pair for pair in combinations(those, 2) if _notice(key, *pair) or _notice(key, *reversed(pair)))
        pair = next((pair for pair in pairs if are_concurrent(flow, *pair)), None)
        if pair is not None:
            yield key, *pair


def _notice(key: str, one: Task, two: Task) -> bool:
    """True if a task could notice what another one changed; two that add to a folder notice it only where one lists it."""
    return key in one.changed and (key in two.looked or (key in two.changed and not key.endswith(ENTRIES)))


def _carried(flow: Flow, ran: list[Ran], surface: tuple[str, ...]) -> str:
    """An artifact by which later tasks could tell in which order others ran; empty where there is none.

    What is alike in arms of different orders says nothing of the order, and neither does what no conclusion can be made of.
    """
    reaches_surface = _on_the_way(flow, surface)
    tasks = list(ran[0].tasks.values())
    concurrent = [one for one in tasks if any(two is not one and are_concurrent(flow, one, two) for two in tasks)]
    reader = next((task for one in ran for task in one.tasks.values() if RECORDS in task.looked), None)
    if concurrent and reader is not None:
        return f"{_named(reader)} looks at {RECORDS}, which say when each task ended"
    for reader in tasks:
        seen = [task for task in concurrent if task is not reader and reader.looked & task.changed]
        pair = next((pair for pair in combinations(seen, 2) if are_concurrent(flow, *pair)), None)
        if pair is not None:
            key = min(reader.looked & pair[0].changed)
            return f"{_named(reader)} looks at {key} and its like, of which several tasks wrote some: their times tell the order"
    for other in ran[1:]:
        for task in concurrent:
            names = _differing(task, other.tasks.get((task.step, task.place)))
            name = next((name for name in names if reaches_surface((task.step, name))), "")
            if name:
                return f"{_named(task)} stores `{name}`, which is not the same in each arm, and may tell later tasks the order"
    return ""


def _on_the_way(flow: Flow, surface: tuple[str, ...]) -> Callable[[Place], bool]:
    """Tells whether a step's artifact may reach the surface: through anything that a step reads."""
    known = {name for _, name in stored(flow)} | set(flow.settings())
    if may_store_more(flow) or any(set("*?[") & set(entry.rpartition(".")[2]) for entry in surface):
        return lambda place: True
    entries = [entry.rpartition(".") for entry in surface or tuple(at_end(flow))]
    ends = [(step, name) for pattern, _, name in entries for step in fnmatch.filter(flow.steps, pattern or flow.end)]
    reached = trail(flow, ends, loose=True)
    return lambda place: place in reached or place[1] not in known


def _differing(one: Task, two: Task | None) -> Iterator[str]:
    """The artifacts that two tasks do not share, names of temporary files aside."""
    theirs = two.artifacts if two is not None else {}
    for name in dict.fromkeys([*one.artifacts, *theirs]):
        mine, other = one.artifacts.get(name, {}), theirs.get(name, {})
        if mine.get("digest") != other.get("digest") and (
            mine.get("plain") is None or mine.get("plain") != other.get("plain")
        ):
            yield name


def _unwatched(flow: Flow, ran: Ran) -> str:
    """What concurrent tasks may have touched unseen; empty where nothing speaks for it."""
    tasks = list(ran.tasks.values())
    if not any(are_concurrent(flow, *pair) for pair in combinations(tasks, 2)):
        return ""
    if ran.unexplained:
        return f"{min(ran.unexplained)} was left, and no task's Python code wrote it"
    for one, two in combinations([task for task in tasks if task.unseen], 2):
        if are_concurrent(flow, one, two):
            return f"{_named(one)} and {_named(two)} run {min(one.unseen)}, and what that touches is not seen"
    for one, two in combinations([task for task in tasks if programs_of(task)], 2):
        if are_concurrent(flow, one, two):
            return f"{_named(one)} and {_named(two)} start programs ({min(programs_of(one))}), which may look at what others write"
    return ""


# Programs that only tell of the machine or of the repository.
_TELLING = frozenset(
    "arch cat date df du file free git gcc cc getconf hostname id ldconfig ldd ls lsb_release lscpu lspci nproc numactl nvcc "
    "nvidia-smi ps rocm-smi sw_vers sysctl true tty uname uptime which whoami".split()
)


def programs_of(task: Task) -> list[str]:
    """The programs that a task started and that may do more than tell of the machine."""
    return [name for name in task.started if name.split(" ", 1)[0].rpartition("/")[2] not in _TELLING]


def are_concurrent(flow: Flow, one: Task, two: Task) -> bool:
    """True if neither task waits for the other."""
    mine, theirs = _frames(one.place), _frames(two.place)
    if one.step == two.step:
        return mine != theirs
    shared = min(len(mine), len(theirs))
    if mine[:shared] != theirs[:shared]:
        return True
    return not reaches(flow, one.step, two.step) and not reaches(flow, two.step, one.step)


def _frames(place: str) -> list[tuple[str, str]]:
    """The foreach frames of a task; the turns of a recursion follow one another and are left out."""
    return re.findall(r"\[([^:\]]+):(-?\d+)\]", place)


def _named(task: Task) -> str:
    return f"{task.step}{task.place}"
