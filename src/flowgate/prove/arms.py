"""The arms a contract asks for, and one arm run for real: isolated, watched, ended with its whole process group."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from flowgate.errors import Inconclusive
from flowgate.prove.environment import PROBE, Environment

GUARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guard.py")
_TAIL = 4000
_FATAL_LINES = 12


class Arm(NamedTuple):
    """One run of a proof: its worker count, its PYTHONHASHSEED, and the order its tasks are put in."""

    name: str
    workers: int
    hash_seed: int
    order: str


class Task(NamedTuple):
    """What the probe wrote of one task. `place` is where it stands in foreaches and recursion, equal in every run."""

    step: str
    place: str
    task: str
    artifacts: dict[str, dict[str, str]]
    forced: bool


class Ran(NamedTuple):
    """An arm that ran to its end, with the files that its tasks read and wrote."""

    arm: Arm
    run: str
    seconds: float
    store: str
    tasks: dict[tuple[str, str], Task]
    read: frozenset[str]
    written: frozenset[str]


class Start(NamedTuple):
    """What is common to the arms of one proof."""

    environment: Environment
    flow_path: str
    flow_name: str
    root: str
    folder: str
    surface: tuple[str, ...]
    before_run: tuple[str, ...]
    after_run: tuple[str, ...]
    timeout: float


Progress = Callable[[Arm, int, float], None]


def plan(contract: str, workers: int) -> list[Arm]:
    """The arms that a contract asks for; none for `nondeterministic`."""
    if contract == "order_independent":
        return [Arm("forward", 1, 1, "forward"), Arm("adversarial", workers, 4242, "reversed")]
    if contract == "single_worker":
        return [Arm("first", 1, 1, "forward"), Arm("second", 1, 4242, "forward")]
    return []


def run(start: Start, arm: Arm, progress: Progress) -> Ran:
    """Run one arm to its end.

    Raises:
        Inconclusive: it crashed, hung past its time-out, or left nothing to read.
    """
    home = os.path.join(start.folder, arm.name)
    for name in ("records", "turns", "scratch", "home"):
        os.makedirs(os.path.join(home, name))
    log = os.path.join(home, "log.txt")
    began = time.monotonic()
    with open(log, "wb") as output:
        guard = subprocess.Popen(
            [sys.executable, "-I", GUARD, *_command(start, arm, home)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=start.root,
            env=_environ(start, arm, home),
            start_new_session=True,
        )
        code = _wait(guard, start, arm, home, began, progress)
    if code != 0:
        raise Inconclusive(_crash(arm, code, log))
    return _read(start, arm, home, time.monotonic() - began)


def _command(start: Start, arm: Arm, home: str) -> list[str]:
    return [
        *start.environment.launcher,
        start.flow_path,
        "--no-pylint",
        *start.before_run,
        "run",
        *start.after_run,
        "--max-workers",  # last, so that no run option outvotes the arm
        str(arm.workers),
        "--run-id-file",
        os.path.join(home, "run_id"),
    ]


def _environ(start: Start, arm: Arm, home: str) -> dict[str, str]:
    """The caller's environment, with Metaflow's state, the scratch folder and the hash seed of this arm alone."""
    environ = {name: value for name, value in os.environ.items() if name not in ("METAFLOW_PROFILE", "PYTHONHASHSEED")}
    paths = [PROBE, environ.get("PYTHONPATH", "")]
    environ |= {
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": os.path.join(home, "store"),
        "METAFLOW_HOME": os.path.join(home, "home"),
        "METAFLOW_CLIENT_CACHE_PATH": os.path.join(home, "home", "client"),
        "METAFLOW_DEFAULT_DATASTORE": "local",
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_USER": environ.get("METAFLOW_USER") or "flowgate",
        "METAFLOW_DEFAULT_DECOSPECS": " ".join(
            filter(None, [environ.get("METAFLOW_DEFAULT_DECOSPECS"), "flowgate_probe.record.watch"])
        ),
        "FLOWGATE_PROBE_FOLDER": os.path.join(home, "records"),
        "FLOWGATE_PROBE_ROOT": start.root,
        "FLOWGATE_PROBE_TURNS": os.path.join(home, "turns"),
        "FLOWGATE_PROBE_ORDER": arm.order,
        "FLOWGATE_PROBE_SURFACE": json.dumps(start.surface),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONHASHSEED": str(arm.hash_seed),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": os.path.join(home, "scratch"),
    }
    return environ


def _wait(guard: subprocess.Popen[bytes], start: Start, arm: Arm, home: str, began: float, progress: Progress) -> int:
    """Wait for the arm, telling how far it is; end its process group on a time-out or an interrupt."""
    records = os.path.join(home, "records")
    try:
        while True:
            try:
                return guard.wait(0.2)
            except subprocess.TimeoutExpired:
                spent = time.monotonic() - began
                if spent > start.timeout:
                    raise Inconclusive(
                        f"arm `{arm.name}` was still running after {start.timeout:.0f} s and was ended; raise `timeout` "
                        f"under [tool.flowgate.prove], or look for a step that waits for something"
                    ) from None
                progress(arm, sum(name.endswith(".json") for name in os.listdir(records)), spent)
    finally:
        _end(guard)


def _end(guard: subprocess.Popen[bytes]) -> None:
    """Close the pipe, which ends the group, and see it gone; a second interrupt ends it at once."""
    assert guard.stdin is not None
    try:
        guard.stdin.close()
        guard.wait(10)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass
    finally:
        try:
            os.killpg(guard.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        guard.wait()


def _crash(arm: Arm, code: int, log: str) -> str:
    """What an arm that failed said last, the scheduler's own chatter left out."""
    with open(log, "rb") as file:
        file.seek(max(0, os.path.getsize(log) - _TAIL))
        lines = file.read().decode("utf-8", "replace").splitlines()
    if any("No module named 'metaflow'" in line for line in lines):
        return f"arm `{arm.name}` could not start: the launcher's Python has no Metaflow"
    if any("cannot import name 'user_step_decorator'" in line for line in lines):
        return f"arm `{arm.name}` could not start: this Metaflow is too old; flowgate needs 2.16 or newer"
    said = "\n    ".join(line.rstrip() for line in lines[-_FATAL_LINES:])
    return f"arm `{arm.name}` failed with exit code {code}, so nothing can be said of its conclusions:\n    {said}"


def _read(start: Start, arm: Arm, home: str, seconds: float) -> Ran:
    records = os.path.join(home, "records")
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for name in sorted(os.listdir(records)):
        if not name.endswith(".json"):
            continue
        with open(os.path.join(records, name), encoding="utf-8") as file:
            record = json.load(file)
        key = (record["step"], _place(record["index"]))
        if key not in latest or latest[key]["attempt"] <= record["attempt"]:
            latest[key] = record
    if not latest:
        raise Inconclusive(f"arm `{arm.name}` ended, but no task was watched: the launcher drops PYTHONPATH")
    tasks = {
        key: Task(key[0], key[1], record["task"], record["artifacts"], bool(record["forced"]))
        for key, record in latest.items()
    }
    read = {path for record in latest.values() for path in record["files"][0]}
    written = {path for record in latest.values() for path in record["files"][1]}
    run_id = next(iter(latest.values()))["run"]
    return Ran(
        arm,
        f"{start.flow_name}/{run_id}",
        seconds,
        os.path.join(home, "store", ".metaflow"),
        tasks,
        frozenset(read),
        frozenset(written),
    )


def _place(parts: list[Any]) -> str:
    """`[train:2][0]`: the foreach frames, then the turns of a recursion."""
    return "".join(f"[{part[0]}:{part[1]}]" if isinstance(part, list) else f"[{part}]" for part in parts)
