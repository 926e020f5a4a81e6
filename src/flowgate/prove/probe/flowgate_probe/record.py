"""In a task's process: wait for the turn, run the user's code in it, and write down what the task is about to store.

The user's code runs inside `MetaflowTask._exec_step_function`, decorators that replace or surround it included. What a task
stores is final when its datastore is told to persist it: `@catch(var=...)` and other decorators have set theirs by then.
"""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import json
import os
import traceback
from typing import Any, Dict, List

from flowgate_probe import reads, scheduler, temporary, turn, world
from flowgate_probe.storage import places

FOLDER = os.environ.get("FLOWGATE_PROBE_FOLDER", "")
_KEY = os.environ.pop(scheduler.KEY, "").encode()
SURFACE = json.loads(os.environ.get("FLOWGATE_PROBE_SURFACE", "[]"))


_before = [0]  # what this process had begun before the task's own code


def install_task(module: Any) -> None:
    """Have every task of the arm's own run wait for its turn before the user's code."""
    plain = getattr(module.MetaflowTask, "_exec_step_function", None)
    if plain is None or not FOLDER:
        return
    temporary.watch()

    def execute(self: Any, *arguments: Any, **options: Any) -> Any:
        from metaflow import current

        if not _is_own_run(str(current.run_id)):
            return plain(self, *arguments, **options)
        turn.await_turn(str(current.step_name), str(current.task_id), int(current.retry_count))
        world.vary_task("%s %s" % (current.step_name, current.task_id))
        reads.begin_task(str(current.run_id))
        _before[:] = [world.began()]
        try:
            return plain(self, *arguments, **options)
        finally:
            reads.end_task()

    plain_run = module.MetaflowTask.run_step

    def run_step(self: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return plain_run(self, *arguments, **options)
        except Exception as error:
            _write_failure(error)
            raise

    module.MetaflowTask._exec_step_function, module.MetaflowTask.run_step = execute, run_step


def _write_failure(error: BaseException) -> None:
    """Write down the exception that ends the task: its log may hold others, which were caught or came after."""
    from metaflow import current

    if current.task_id is None or not _is_own_run(str(current.run_id)):
        return
    told = traceback.TracebackException.from_exception(error)
    frames = [[frame.filename, frame.lineno, frame.name, frame.line] for frame in told.stack]
    text = "".join(told.format_exception_only()).strip()
    folder = os.path.join(os.path.dirname(FOLDER), "failures")
    os.makedirs(folder, exist_ok=True)
    with open(
        os.path.join(folder, "%s-%s-%s.json" % (current.step_name, current.task_id, current.retry_count)), "w"
    ) as file:
        json.dump({"frames": frames, "exception": text}, file)


def install_datastore(module: Any) -> None:
    """Have every task of the arm's own run write down what it persists."""
    plain = module.TaskDataStore.persist

    def persist(self: Any, flow: Any) -> Any:
        from metaflow import current

        if FOLDER and current.task_id is not None and _is_own_run(str(current.run_id)):
            _write(flow)
        return plain(self, flow)

    module.TaskDataStore.persist = persist


def _is_own_run(run: str) -> bool:
    """False for a run that a step has started: its tasks are plain ones."""
    known = scheduler.installed()
    return known is None or known["run"] == run


def _write(flow: Any) -> None:
    from metaflow import current

    step = str(current.step_name)
    record = {
        "step": step,
        "index": _index(flow),
        "task": str(current.task_id),
        "run": str(current.run_id),
        "attempt": int(current.retry_count),
        "order": turn.was_forced(),
        "ends": step == _named(flow, "end_step", "end"),
        "began": world.began() - _before[0],
        **reads.noted(),
        "own": _own(step, flow),
        "temporary": temporary.made(),
        "artifacts": _artifacts(step, flow),
    }
    path = os.path.join(FOLDER, "%s-%s-%s.json" % (step, current.task_id, current.retry_count))
    text = json.dumps(record)
    with open(path + ".tmp", "w") as file:
        file.write("%s\n%s\n" % (text, hmac.new(_KEY, text.encode(), hashlib.sha256).hexdigest()))
    os.replace(path + ".tmp", path)


def _named(flow: Any, attribute: str, usual: str) -> str:
    """The name of the first or last step: `@step(start=True)` and `@step(end=True)` allow other ones."""
    return getattr(flow._graph, attribute, None) or usual


def _index(flow: Any) -> List[Any]:
    """Where the task stands in its foreaches and its recursion: the same in every run, unlike its task id."""
    frames = getattr(flow, "_foreach_stack", None) or []
    turns = getattr(flow, "_iteration_stack", None) or []
    return places(frames, turns)


def _artifacts(step: str, flow: Any) -> Dict[str, Dict[str, str]]:
    """The digest and type of each artifact the task holds; those of the surface also where they are only carried."""
    held = {name: item for name, item in vars(flow).items() if not name.startswith("_") and name != "name"}
    for name in _carried(step, flow):
        if name not in held:
            held[name] = flow._datastore[name]
    made = {name: _describe(item, _own(step, flow)) for name, item in sorted(held.items())}
    if "determinism" in made:
        made["determinism"]["echo"] = str(held["determinism"])
    for name in _configs(step, flow):
        if name in made:
            made[name]["config"] = json.dumps(held[name], default=str)
    return made


def _configs(step: str, flow: Any) -> List[str]:
    """The names of the flow's configs, in its first step: there they are as the run was given them."""
    if step != _named(flow, "start_step", "start"):
        return []
    told = getattr(flow, "_graph_info", None) or {}
    return [one["name"] for one in told.get("parameters", []) if one.get("type") == "Config"]


def _carried(step: str, flow: Any) -> List[str]:
    """The artifacts of the surface that the task hands on, and in the first step the flow's parameters."""
    store, end = getattr(flow, "_datastore", None), _named(flow, "end_step", "end")
    wanted = [entry.rpartition(".") for entry in SURFACE] if SURFACE else [(end, ".", "*")]
    patterns = [name for at, _, name in wanted if fnmatch.fnmatchcase(step, at or end)]
    if step == _named(flow, "start_step", "start"):
        patterns += [name for name, _ in flow._get_parameters()]
    if store is None or not patterns:
        return []
    public = [name for name, _ in store.items() if not name.startswith("_") and name != "name"]
    return [name for name in public if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]


def _own(step: str, flow: Any) -> str:
    """A task by its step and place, as it is called in every arm."""
    return "%s %s" % (step, _index(flow))


def _describe(item: Any, own: str) -> Dict[str, str]:
    from metaflow import current

    from flowgate_probe.equality import Incomparable, digest, type_of

    try:
        made = {"digest": digest(item), "type": type_of(item)}
        plain = temporary.plain(item, own, str(current.run_id), FOLDER)
        return made if plain is item else dict(made, plain=digest(plain))
    except Incomparable as error:
        return {"fault": str(error), "type": type_of(item)}
    except Exception as error:
        return {"fault": "%s: %s" % (type(error).__name__, error), "type": type_of(item)}
