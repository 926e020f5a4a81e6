"""One arm: a real run of the flow, isolated, watched, and ended with its whole process group."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from flowgate.errors import Inconclusive
from flowgate.prove.crash import Crash, crash_of
from flowgate.prove.environment import PROBE, Environment
from flowgate.prove.store import Store, arm_store, user_config

GUARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guard.py")
_STILL_THERE = 0.05
_NEWS = 0.25


class Arm(NamedTuple):
    """One run of a proof: its worker count, its PYTHONHASHSEED, and the order its tasks are put in."""

    name: str
    workers: int
    hash_seed: int
    order: str


class Task(NamedTuple):
    """What is known of one task. `place` is where it stands in foreaches and recursion, equal in every run."""

    step: str
    place: str
    task: str
    artifacts: dict[str, dict[str, Any]]
    order: str


class Ran(NamedTuple):
    """An arm that ran to its end, with the files that its tasks read, wrote and made, and the programs they started.

    `texts` are Python files that a task read as text, and not only as code; `imports` the first parts of the names of all
    modules that any process tried to import. `contested` are files that one task replaced after it had read them, and another
    replaced too, without a lock.
    """

    arm: Arm
    run: str
    seconds: float
    store: Store
    tasks: dict[tuple[str, str], Task]
    read: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    made: tuple[str, ...] = ()
    started: frozenset[str] = frozenset()
    origin: str = "proof"
    contested: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()


class Start(NamedTuple):
    """What is common to the arms of one proof.

    `watched`: whether the probe is attached to them. `scratch`: the temporary folder of all of them, emptied for each;
    else each has one of its own. `settings` is the table of the settings that says how arms run. `contested`: files before whose writing a task gives way, in an overlapping arm.
    """

    environment: Environment
    flow_path: str
    flow_name: str
    root: str
    folder: str
    surface: tuple[str, ...]
    before_run: tuple[str, ...]
    after_run: tuple[str, ...]
    timeout: float
    watched: bool = True
    scratch: str = ""
    contested: tuple[str, ...] = ()
    settings: str = "the settings"


Progress = Callable[[Arm, int, int, float], None]


class _Going(NamedTuple):
    """An arm under way."""

    arm: Arm
    home: str
    scratch: str
    guard: subprocess.Popen[bytes]
    began: float


def run(start: Start, arms: list[Arm], progress: Progress) -> list[Ran | Crash]:
    """Run arms side by side to their ends; once one has failed, the others are ended too.

    Raises:
        Inconclusive: one ran past its time-out, or left nothing to read.
    """
    going: list[_Going] = []
    ended: dict[str, Ran | Crash] = {}
    try:
        for arm in arms:
            going.append(_launch(start, arm))
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


def _launch(start: Start, arm: Arm) -> _Going:
    home = os.path.join(start.folder, arm.name)
    shutil.rmtree(home, ignore_errors=True)
    for name in ("records", "turns", "home"):
        os.makedirs(os.path.join(home, name))
    scratch = _scratch(start)
    with open(os.path.join(home, "log.txt"), "wb") as output:
        guard = subprocess.Popen(
            [sys.executable, "-I", GUARD, *_command(start, arm, home)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=start.root,
            env=_environ(start, arm, home, scratch),
            start_new_session=True,
        )
    return _Going(arm, home, scratch, guard, time.monotonic())


def _scratch(start: Start) -> str:
    """An empty temporary folder. Below the system's own: a socket's path may have no more than some 100 characters."""
    if not start.scratch:
        return tempfile.mkdtemp(prefix="flowgate-")
    shutil.rmtree(start.scratch, ignore_errors=True)
    os.makedirs(start.scratch)
    return start.scratch


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


def _environ(start: Start, arm: Arm, home: str, scratch: str) -> dict[str, str]:
    """The caller's environment, with Metaflow's state, the scratch folder and the hash seed of this arm alone."""
    environ = {**user_config(), **os.environ}
    for name in ("METAFLOW_PROFILE", "PYTHONHASHSEED"):
        environ.pop(name, None)
    interpreter = os.path.dirname(start.environment.python[0])
    environ |= arm_store(start.folder, arm.name).variables()
    environ |= {
        "METAFLOW_HOME": os.path.join(home, "home"),
        "METAFLOW_CLIENT_CACHE_PATH": os.path.join(home, "home", "client"),
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": os.path.join(home, "store"),
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_USER": environ.get("METAFLOW_USER") or "flowgate",
        "PATH": os.pathsep.join(filter(None, [interpreter, environ.get("PATH", os.defpath)])),
        "PYTHONHASHSEED": str(arm.hash_seed),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": scratch,
    }
    return environ | (probe_variables(start, home, arm.order) if start.watched else {})


def probe_variables(start: Start, home: str, order: str) -> dict[str, str]:
    """What attaches the probe to a run of the flow, and tells it where to write and what order to keep."""
    specs = filter(None, [os.environ.get("METAFLOW_DEFAULT_DECOSPECS"), "flowgate_probe.record.watch"])
    return {
        "METAFLOW_DEFAULT_DECOSPECS": " ".join(specs),
        "FLOWGATE_PROBE_FOLDER": os.path.join(home, "records"),
        "FLOWGATE_PROBE_ROOT": start.root,
        "FLOWGATE_PROBE_TURNS": os.path.join(home, "turns"),
        "FLOWGATE_PROBE_ORDER": order,
        "FLOWGATE_PROBE_SURFACE": json.dumps(start.surface),
        "FLOWGATE_PROBE_CONTESTED": json.dumps(start.contested),
        "PYTHONPATH": os.pathsep.join(filter(None, [PROBE, os.environ.get("PYTHONPATH", "")])),
    }


def _look_after(start: Start, going: list[_Going], progress: Progress) -> None:
    """Wait a moment for the arms under way, and tell how far they are."""
    until = time.monotonic() + _NEWS
    while time.monotonic() < until and all(one.guard.poll() is None for one in going):
        time.sleep(_STILL_THERE)
    for one in going:
        spent = time.monotonic() - one.began
        if spent > start.timeout:
            raise Inconclusive(
                f"arm `{one.arm.name}` was still running after {start.timeout:.0f} s and was ended; raise `timeout` "
                f"under {start.settings}, or look for a step that waits for something"
            )
        progress(one.arm, _count(one.home), _expected(one.home), spent)


def _count(home: str) -> int:
    return sum(name.endswith(".json") for name in os.listdir(os.path.join(home, "records")))


def _expected(home: str) -> int:
    """How many tasks the scheduler knows of; 0 where it does not say."""
    try:
        with open(os.path.join(home, "turns", "expected")) as file:
            return int(file.read() or 0)
    except (OSError, ValueError):
        return 0


def _end(going: list[_Going]) -> None:
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


def _outcome(start: Start, one: _Going) -> Ran | Crash:
    seconds = time.monotonic() - one.began
    code = one.guard.returncode
    if code != 0:
        return crash_of(one.arm.name, code, os.path.join(one.home, "log.txt"))
    ran = read_records(start.flow_name, one.arm, one.home, seconds, arm_store(start.folder, one.arm.name))
    if ran is not None:
        return ran
    try:
        with open(os.path.join(one.home, "run_id")) as file:
            return Ran(
                one.arm, f"{start.flow_name}/{file.read().strip()}", seconds, arm_store(start.folder, one.arm.name), {}
            )
    except OSError:
        raise Inconclusive(f"arm `{one.arm.name}` ended, but left no run: the launcher drops its arguments") from None


def read_records(flow_name: str, arm: Arm, home: str, seconds: float, store: Store) -> Ran | None:
    """An arm by what its tasks wrote down; None where none of them was watched."""
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    folder = os.path.join(home, "records")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            record = json.load(file)
        key = (record["step"], place_of(record["index"]))
        if key not in latest or latest[key]["attempt"] <= record["attempt"]:
            latest[key] = record
    if not latest:
        return None
    records = list(latest.values())
    tasks = {
        key: Task(key[0], key[1], record["task"], record["artifacts"], record["order"])
        for key, record in latest.items()
    }
    return Ran(
        arm,
        f"{flow_name}/{records[0]['run']}",
        seconds,
        store,
        tasks,
        _all(records, "read"),
        _all(records, "written"),
        tuple(dict.fromkeys(path for record in records for path in record["made"])),
        _all(records, "started"),
        contested=_contested(records),
        texts=_all(records, "texts"),
        imports=_imports(home),
    )


def _imports(home: str) -> frozenset[str]:
    """The modules that the arm's processes tried to import; empty where nothing tells."""
    try:
        with open(os.path.join(home, "imports"), encoding="utf-8", errors="replace") as file:
            return frozenset(file.read().split())
    except OSError:
        return frozenset()


def _contested(records: list[dict[str, Any]]) -> frozenset[str]:
    held = Counter(lock for record in records for lock in record["locks"])
    if any(count > 1 for count in held.values()):
        return frozenset()
    replaced = [(path, seen) for record in records for path, seen in record["replaced"].items()]
    writers = Counter(path for path, _ in replaced)
    return frozenset(path for path, seen in replaced if seen and writers[path] > 1)


def _all(records: list[dict[str, Any]], what: str) -> frozenset[str]:
    return frozenset(path for record in records for path in record[what])


def place_of(parts: list[Any]) -> str:
    """`[train:2][0]`: the foreach frames, then the turns of a recursion."""
    return "".join(f"[{part[0]}:{part[1]}]" if isinstance(part, list) else f"[{part}]" for part in parts)
