"""What the tasks of an arm wrote down about themselves, each sealed with a key that it alone had."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from flowgate.errors import Inconclusive
from flowgate.prove.model import BESIDE, Arm, Ran, Task
from flowgate.prove.store import Store


def read_records(flow_name: str, arm: Arm, home: str, seconds: float, store: Store, ended: bool = True) -> Ran | None:
    """An arm by what its tasks wrote down; None where none of them was watched.

    Args:
        ended: it came to its end, so the keys are known with which the records were sealed.

    Raises:
        Inconclusive: a record was not written by the task that it is about.
    """
    keys = _keys(home)
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    folder = os.path.join(home, "records")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        path = os.path.join(folder, name)
        record = _sealed_record(path, keys.get(name.removesuffix(".json"), "")) if ended else _record(path)
        if not record:
            continue
        key = (record["step"], place_of(record["index"]))
        if key not in latest or latest[key]["attempt"] <= record["attempt"]:
            latest[key] = record
    if not latest:
        return None
    records = list(latest.values())
    scheduler: Any = note(home, "scheduler") or {}
    beside_tasks = [scheduler] if isinstance(scheduler, dict) else []
    beside_tasks.append(_seen(home))
    beside = (
        {(step, task) for step, task, *_ in note(home, "beside")} if not arm.order.startswith("overlapping") else set()
    )
    for record in records:
        if (record["step"], record["task"]) in beside:
            record["order"] = BESIDE
    return Ran(
        arm,
        f"{flow_name}/{records[0]['run']}",
        seconds,
        store,
        {key: _task(key, record) for key, record in latest.items()},
        _all([*records, *beside_tasks], "read"),
        _all([*records, *beside_tasks], "written"),
        tuple(dict.fromkeys(path for record in [*records, *beside_tasks] for path in record.get("made", []))),
        texts=_all([*records, *beside_tasks], "texts"),
        imports=_imports(home),
        missed=_all(records, "missed"),
        stated=_all(records, "stated"),
        listed=_all([*records, *beside_tasks], "listed"),
        fetched=_all([*records, *beside_tasks], "fetched"),
        variables=_all([*records, *beside_tasks], "variables"),
    )


def _keys(home: str) -> dict[str, str]:
    """The key with which each task sealed its record, by step, task and attempt; none where no scheduler gave them out."""
    told: Any = note(home, "keys")
    return told if isinstance(told, dict) else {}


def _record(path: str) -> dict[str, Any]:
    """A record as it stands; nothing where none can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            record: dict[str, Any] = json.loads(file.readline())
            return record
    except (OSError, ValueError):
        return {}


def _sealed_record(path: str, key: str) -> dict[str, Any]:
    """What a task wrote down about itself.

    Raises:
        Inconclusive: somebody else wrote it.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text, seal, *_ = [*file.read().split("\n"), "", ""]
        record: dict[str, Any] = json.loads(text)
    except (OSError, ValueError):
        record, text, seal = {}, "", ""
    forced = record.get("order") not in ("", "not forced")
    wanted = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not record or seal != wanted or (forced and not key):
        name = os.path.basename(path).removesuffix(".json")
        raise Inconclusive(
            f"the record of task {name} is not the one that the task itself wrote; look for code that writes there"
        )
    return record


def unreported(flow_name: str, home: str, ran: Ran) -> str:
    """A task that ran without being watched, for a person; empty where there is none."""
    run = os.path.join(home, "store", ".metaflow", flow_name, ran.run.rpartition("/")[2])
    known = {(task.step, task.task) for task in ran.tasks.values()}
    for step in sorted(os.listdir(run)) if os.path.isdir(run) else []:
        folder = os.path.join(run, step)
        if step.startswith("_") or not os.path.isdir(folder):
            continue
        for task in sorted(os.listdir(folder)):
            if task.isdigit() and (step, task) not in known:
                return f"{step}/{task}"
    return ""


def _task(key: tuple[str, str], record: dict[str, Any]) -> Task:
    """A task as it was written down; one whose user code did not run, as after `@catch` gave up, had no order to keep."""
    looked, changed, started, unseen = (
        frozenset(record.get(name, ())) for name in ("looked", "changed", "started", "unseen")
    )
    order = record["order"] or "forced"
    return Task(
        *key,
        record["task"],
        record["artifacts"],
        order,
        record["ends"],
        looked,
        changed,
        started,
        unseen,
        record.get("began", 0),
    )


def _seen(home: str) -> dict[str, Any]:
    """What any process of the arm looked at, also one that has no record: `read` files, `listed` folders, `variables`."""
    found: dict[str, Any] = {"read": [], "listed": [], "variables": []}
    try:
        with open(os.path.join(home, "seen"), encoding="utf-8", errors="replace") as file:
            for line in file:
                what, _, name = line.rstrip("\n").partition(" ")
                found.get(what, []).append(name)
    except OSError:
        pass
    return found


def _imports(home: str) -> frozenset[str]:
    """The modules that the arm's processes tried to import; empty where nothing tells."""
    try:
        with open(os.path.join(home, "imports"), encoding="utf-8", errors="replace") as file:
            return frozenset(file.read().split())
    except OSError:
        return frozenset()


def _all(records: list[dict[str, Any]], what: str) -> frozenset[str]:
    return frozenset(path for record in records for path in record.get(what, []))


def place_of(parts: list[Any]) -> str:
    """`[train:2][0]`: the foreach frames, then the turns of a recursion."""
    return "".join(f"[{part[0]}:{part[1]}]" if isinstance(part, list) else f"[{part}]" for part in parts)


def note(home: str, name: str) -> list[Any]:
    """What the scheduler has left in a note; nothing where it left none."""
    try:
        with open(os.path.join(home, "turns", name), encoding="utf-8") as file:
            told: list[Any] = json.load(file)
            return told
    except (OSError, ValueError):
        return []


def record_of(home: str, step: str, task: str, attempt: int) -> dict[str, Any]:
    """What one task wrote down, as it stands; nothing where it has not yet."""
    return _record(os.path.join(home, "records", f"{step}-{task}-{attempt}.json"))
