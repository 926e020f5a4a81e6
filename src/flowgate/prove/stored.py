"""Arms known only by what their runs stored: runs made elsewhere, and arms that could not be watched."""

from __future__ import annotations

from typing import Any

from flowgate.errors import Inconclusive
from flowgate.prove.diverge import Setting, ask_probe, setting_of
from flowgate.prove.model import Ran, Start, Task
from flowgate.prove.records import place_of


def from_store(start: Start, ran: list[Ran]) -> list[Ran]:
    """Arms that were not watched, with the tasks that their datastores hold.

    Raises:
        Inconclusive: a run cannot be read, or did not come to its end.
    """
    return read_runs(setting_of(start), start.surface, ran)


def read_runs(setting: Setting, surface: tuple[str, ...], runs: list[Ran]) -> list[Ran]:
    """The tasks and artifacts of runs, the first of them compared with each of the others.

    Artifacts with the same hash are not loaded. Equal artifacts are given the same digest, which is that of the first
    run's pickle and means nothing elsewhere.

    Raises:
        Inconclusive: a run cannot be read, or did not come to its end.
    """
    first, read = runs[0], []
    for other in runs[1:]:
        sides = [
            {"store": one.store.kind, "root": one.store.root, "run": one.run.partition("/")[2]}
            for one in (first, other)
        ]
        request = {"file": setting.flow_path, "flow": setting.flow_name, "surface": list(surface), "sides": sides}
        request["end"] = setting.last_step
        told = ask_probe(setting, "runs", request)
        if "fault" in told:
            raise Inconclusive(f"{first.run} and {other.run} cannot be compared: {told['fault']}")
        mine, theirs = (_tasks(side, setting.last_step) for side in told["sides"])
        first = first._replace(tasks=mine)
        read.append(other._replace(tasks=theirs))
    return [first, *read]


def _tasks(records: list[dict[str, Any]], last_step: str) -> dict[tuple[str, str], Task]:
    tasks = (
        Task(
            str(one["step"]),
            place_of(one["index"]),
            str(one["task"]),
            one["artifacts"],
            "not forced",
            one["step"] == last_step,
        )
        for one in records
    )
    return {(task.step, task.place): task for task in tasks}
