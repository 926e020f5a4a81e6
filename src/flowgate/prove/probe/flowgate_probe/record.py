"""A step decorator that watches every task of a run: it waits for the task's turn and digests what the task stores.

Metaflow attaches it to every step by its dotted name (METAFLOW_DEFAULT_DECOSPECS); the flow is not edited.
"""

from __future__ import annotations

import fnmatch
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from metaflow import current, user_step_decorator
from metaflow.runtime import NativeRuntime

from flowgate_probe import order, reads, temporary
from flowgate_probe.equality import Incomparable, digest, type_of

FOLDER = os.environ.get("FLOWGATE_PROBE_FOLDER", "")
SURFACE = json.loads(os.environ.get("FLOWGATE_PROBE_SURFACE", "[]"))

order.install(NativeRuntime)
reads.watch()
temporary.watch()


@user_step_decorator  # type: ignore[untyped-decorator]
def watch(step_name: str, flow: Any, inputs: Any = None, attributes: Any = None) -> Iterator[None]:
    """Wait for this task's turn, let the user's code run, then write down what it stored."""
    reads.of_run(str(current.run_id))
    order.await_turn(step_name, str(current.task_id), int(current.retry_count))
    try:
        yield
    finally:  # a task may fail and its flow go on, where `@catch` says so
        if FOLDER:
            _write(step_name, flow)


def _write(step_name: str, flow: Any) -> None:
    record = {
        "step": step_name,
        "index": _index(flow),
        "task": str(current.task_id),
        "run": str(current.run_id),
        "attempt": int(current.retry_count),
        "order": order.was_forced(),
        **reads.noted(),
        "own": _own(step_name, flow),
        "temporary": temporary.made(),
        "artifacts": _artifacts(step_name, flow),
    }
    path = os.path.join(FOLDER, "%s-%s-%s.json" % (step_name, current.task_id, current.retry_count))
    with open(path + ".tmp", "w") as file:
        json.dump(record, file)
    os.replace(path + ".tmp", path)


def _index(flow: Any) -> list[Any]:
    """Where the task stands in its foreaches and its recursion: the same in every run, unlike its task id."""
    frames = getattr(flow, "_foreach_stack", None) or []
    turns = getattr(flow, "_iteration_stack", None) or []
    return [[str(frame.step), int(frame.index)] for frame in frames] + [int(turn) for turn in turns]


def _artifacts(step_name: str, flow: Any) -> dict[str, dict[str, str]]:
    """The digest and type of each artifact the task holds; those of the surface also where they are only carried."""
    held = {name: item for name, item in vars(flow).items() if not name.startswith("_") and name != "name"}
    for name in _carried(step_name, flow):
        if name not in held:
            held[name] = flow._datastore[name]
    made = {name: _describe(item, _own(step_name, flow)) for name, item in sorted(held.items())}
    if "determinism" in made:
        made["determinism"]["echo"] = str(held["determinism"])
    for name in _configs(step_name, flow):
        if name in made:
            made[name]["config"] = json.dumps(held[name], default=str)
    return made


def _configs(step_name: str, flow: Any) -> list[str]:
    """The names of the flow's configs, in `start`: there they are as the run was given them."""
    if step_name != "start":
        return []
    told = getattr(flow, "_graph_info", None) or {}
    return [one["name"] for one in told.get("parameters", []) if one.get("type") == "Config"]


def _carried(step_name: str, flow: Any) -> list[str]:
    """The artifacts of the surface that the task hands on, and in `start` the flow's parameters."""
    store = getattr(flow, "_datastore", None)
    wanted = [entry.rpartition(".") for entry in SURFACE] if SURFACE else [("end", ".", "*")]
    patterns = [name for step, _, name in wanted if fnmatch.fnmatchcase(step_name, step or "end")]
    if step_name == "start":
        patterns += [name for name, _ in flow._get_parameters()]
    if store is None or not patterns:
        return []
    public = [name for name, _ in store.items() if not name.startswith("_") and name != "name"]
    return [name for name in public if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]


def _own(step_name: str, flow: Any) -> str:
    """A task by its step and place, as it is called in every arm."""
    return "%s %s" % (step_name, _index(flow))


def _describe(item: Any, own: str) -> dict[str, str]:
    try:
        made = {"digest": digest(item), "type": type_of(item)}
        plain = temporary.plain(item, own, str(current.run_id), FOLDER)
        return made if plain is item else dict(made, plain=digest(plain))
    except Incomparable as error:
        return {"fault": str(error), "type": type_of(item)}
    except Exception as error:
        return {"fault": "%s: %s" % (type(error).__name__, error), "type": type_of(item)}


if not FOLDER:
    print("flowgate: the probe was attached without FLOWGATE_PROBE_FOLDER; nothing is recorded", file=sys.stderr)
