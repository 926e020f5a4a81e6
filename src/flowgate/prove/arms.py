"""One arm: a real run of the flow, isolated, watched, and ended with its whole process group."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from flowgate.errors import Inconclusive
from flowgate.prove.crash import Crash, crash_of
from flowgate.prove.environment import PROBE, Environment
from flowgate.prove.sandbox import HOSTNAME, Box, Share, environment
from flowgate.prove.store import Store, arm_store, user_config, user_store
from flowgate.prove.surroundings import surroundings, umask_of

GUARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guard.py")
ASPECTS = ("listings", "host", "memory", "threads", "surroundings")
BESIDE = "beside another"
_STILL_THERE = 0.05
_NEWS = 0.25


class Arm(NamedTuple):
    """One run of a proof: its worker count, the seed of its hash salts, the order its tasks are put in, and its surroundings.

    `world` numbers what else may differ between two runs: 0 leaves it as it is, every other number varies what `aspects` names.
    `shared_salt`: all tasks have the scheduler's hash salt, and none its own.
    """

    name: str
    workers: int
    hash_seed: int
    order: str
    world: int = 0
    aspects: tuple[str, ...] = ASPECTS
    shared_salt: bool = False


class Task(NamedTuple):
    """What is known of one task. `place` is where it stands in foreaches and recursion, equal in every run.

    `ends`: it is a task of the flow's last step. `looked` and `changed` are what it touched, by names that hold in every arm, and
    `started` the programs it started.
    """

    step: str
    place: str
    task: str
    artifacts: dict[str, dict[str, Any]]
    order: str
    ends: bool = False
    looked: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    started: frozenset[str] = frozenset()


class Ran(NamedTuple):
    """An arm that ran to its end, with the files that its tasks read, wrote and made.

    `texts` are Python files that a task read as text, and not only as code; `imports` the first parts of the names of all
    modules that any process tried to import. `missed` are files that they looked for and did not find, `listed` the folders
    that they listed. `unexplained` are files of the project that were made or changed while the arm ran,
    and not by any task's Python code; `altered` are those that could not be given back their old content.
    """

    arm: Arm
    run: str
    seconds: float
    store: Store
    tasks: dict[tuple[str, str], Task]
    read: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    made: tuple[str, ...] = ()
    origin: str = "proof"
    texts: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    missed: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    unexplained: frozenset[str] = frozenset()
    altered: frozenset[str] = frozenset()
    unsealed: str = ""
    fetched: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()


class Start(NamedTuple):
    """What is common to the arms of one proof.

    `watched`: whether the probe is attached to them. `scratch`: the temporary folder of all of them, emptied for each;
    else each has one of its own. `settings` is the table of the settings that says how arms run. `contested`: what several tasks touch, at
    which each gives way in an overlapping arm. `code` are the files that the flow is made of,
    `earlier` is the folder of an arm whose run stands in the store as an earlier one, and `brought` that of one whose files the
    next one finds. `unsealed` says why the arms have no worlds of their own, empty where they have; `network` whether those
    reach other machines.
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
    last_step: str = "end"
    reads_runs: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    earlier: str = ""
    brought: str = ""
    unsealed: str = ""
    network: bool = True


Progress = Callable[[Arm, int, int, float], None]


class _Going(NamedTuple):
    """An arm under way. `scratch` is where its temporary folder lies on this machine."""

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
    scratch = _scratch(start, home)
    seen_as = _seen_as(start, scratch)
    if start.earlier:
        shutil.copytree(
            os.path.join(start.earlier, "store"), os.path.join(home, "store"), symlinks=True, copy_function=os.link
        )
    _share_environments(start, home)
    _lend_runs(start, home)
    with open(os.path.join(home, "log.txt"), "wb") as output:
        guard = subprocess.Popen(
            [sys.executable, "-I", GUARD, *_boxed(start, arm, home, Share(scratch, seen_as, True))],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=start.root,
            env=_environ(start, arm, home, seen_as),
            umask=umask_of(arm),
            start_new_session=True,
        )
    return _Going(arm, home, scratch, guard, time.monotonic())


def _share_environments(start: Start, home: str) -> None:
    """Have `@conda` and `@pypi` environments resolved once for all proofs of a flow: Metaflow notes them in the run's own store."""
    shared = os.path.join(os.path.dirname(start.folder), "conda.manifest")
    place = os.path.join(home, "store", ".metaflow", start.flow_name)
    own = os.path.join(user_store(start.root).root, start.flow_name, "conda.manifest")
    if not os.path.exists(shared) and os.path.isfile(own):
        shutil.copyfile(own, shared)
    os.makedirs(place, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.symlink(shared, os.path.join(place, "conda.manifest"))


def _lend_runs(start: Start, home: str) -> None:
    """Put the user's runs of other flows into the arm's store, where the settings say that the flow reads them."""
    for flow in start.reads_runs:
        with contextlib.suppress(FileExistsError):
            os.symlink(os.path.join(user_store(start.root).root, flow), os.path.join(home, "store", ".metaflow", flow))


def _scratch(start: Start, home: str) -> str:
    """An empty temporary folder.

    That of a sealed arm lies beside its records, and is seen elsewhere; that of any other below the system's own: a socket's
    path may have no more than some 100 characters.
    """
    if not start.unsealed:
        os.makedirs(os.path.join(home, "scratch"))
        return os.path.join(home, "scratch")
    if not start.scratch:
        return tempfile.mkdtemp(prefix="flowgate-")
    shutil.rmtree(start.scratch, ignore_errors=True)
    os.makedirs(start.scratch)
    return start.scratch


def _seen_as(start: Start, scratch: str) -> str:
    """The path by which an arm knows its temporary folder; in a world of its own it is another one in every arm."""
    if start.unsealed:
        return scratch
    return start.scratch or os.path.join("/tmp", f"flowgate-{secrets.token_hex(4)}")  # noqa: S108


def _boxed(start: Start, arm: Arm, home: str, scratch: Share) -> list[str]:
    """The command of an arm, in a world of its own where there is one."""
    command = _command(start, arm, home)
    if start.unsealed:
        return command
    manifest = os.path.join(os.path.dirname(start.folder), "conda.manifest")
    shares = [Share(home, home, True), scratch]
    shares += [Share(manifest, manifest)] if os.path.exists(manifest) else []
    hostname = HOSTNAME if arm.world > 0 and "host" in arm.aspects else ""
    return Box(start.root, start.root, home, tuple(shares), start.network, hostname, start.brought).command(command)


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
    environ = {**user_config(), **environment()}
    for name in ("METAFLOW_PROFILE", "PYTHONHASHSEED"):
        environ.pop(name, None)
    interpreter = os.path.dirname(start.environment.python[0])
    environ |= arm_store(start.folder, arm.name).variables()
    environ |= {
        "METAFLOW_HOME": os.path.join(home, "home"),
        # Where environments that `@conda` and `@pypi` have resolved are kept: not once for each arm.
        "METAFLOW_TOKEN_HOME": environ.get("METAFLOW_TOKEN_HOME")
        or os.path.expanduser(environ.get("METAFLOW_HOME") or "~/.metaflowconfig"),
        "METAFLOW_CLIENT_CACHE_PATH": os.path.join(home, "home", "client"),
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": os.path.join(home, "store"),
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_USER": _user(environ),
        "PATH": os.pathsep.join(filter(None, [interpreter, environ.get("PATH", os.defpath)])),
        "PYTHONHASHSEED": str(arm.hash_seed),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": scratch,
    }
    environ |= surroundings(arm, environ)
    environ |= {} if start.unsealed else {"FLOWGATE_PROBE_SEALED": "1"}
    return environ | (probe_variables(start, arm, home) if start.watched else {})


def _user(environ: dict[str, str]) -> str:
    """The user as Metaflow knows him, whose runs the client finds; root has to be given another name."""
    names = (environ.get(name) for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"))
    return next((name for name in names if name and name != "root"), "flowgate")


def probe_variables(start: Start, arm: Arm, home: str) -> dict[str, str]:
    """What attaches the probe to a run of the flow, and tells it where to write, what order to keep and what to vary."""
    return {
        "FLOWGATE_PROBE_HOME": home,
        "FLOWGATE_PROBE_FOLDER": os.path.join(home, "records"),
        "FLOWGATE_PROBE_ROOT": start.root,
        "FLOWGATE_PROBE_STORE": os.path.join(home, "store", ".metaflow", start.flow_name),
        "FLOWGATE_PROBE_TURNS": os.path.join(home, "turns"),
        "FLOWGATE_PROBE_ORDER": arm.order,
        "FLOWGATE_PROBE_SEED": "shared" if arm.shared_salt else str(arm.hash_seed),
        "FLOWGATE_PROBE_ASPECTS": ",".join(arm.aspects),
        "FLOWGATE_PROBE_WORLD": str(arm.world),
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
        _refuse_together(one)
        spent = time.monotonic() - one.began
        if spent > start.timeout:
            raise Inconclusive(
                f"arm `{one.arm.name}` was still running after {start.timeout:.0f} s and was ended; raise `timeout` "
                f"under {start.settings}, or look for a step that waits for something"
            )
        progress(one.arm, _count(one.home), _expected(one.home), spent)


def _refuse_together(one: _Going) -> None:
    """Two tasks of which one waits for the other never end at one worker: nothing can be said of such a flow.

    The scheduler tells which task went on only when another one did. That it waited for it is believed where the two touched
    the same thing; else it was only slow.
    """
    for waiting, other in _note(one.home, "together"):
        records = [_record_of(one.home, *task[:3]) for task in (waiting, other)]
        if records[0] is None or records[1] is None:
            continue
        shared = sorted(set(records[0]["looked"]) & set(records[1]["changed"]))
        if shared:
            raise Inconclusive(
                f"in arm `{one.arm.name}`, task `{waiting[3]}` did nothing until `{other[3]}`, which waited for its turn, had "
                f"changed {shared[0]}: they have to run together, and with one worker the flow would never end. Hand over by "
                f"artifacts, from one step to the next, or declare `nondeterministic` with this as its reason"
            )


def _note(home: str, name: str) -> list[Any]:
    """What the scheduler has left in a note; nothing where it left none."""
    try:
        with open(os.path.join(home, "turns", name), encoding="utf-8") as file:
            told: list[Any] = json.load(file)
            return told
    except (OSError, ValueError):
        return []


def _record_of(home: str, step: str, task: str, attempt: int) -> dict[str, Any] | None:
    try:
        with open(os.path.join(home, "records", f"{step}-{task}-{attempt}.json"), encoding="utf-8") as file:
            record: dict[str, Any] = json.loads(file.readline())
            return record
    except (OSError, ValueError):
        return None


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


def _outcome(start: Start, one: _Going) -> Ran | Crash:
    seconds = time.monotonic() - one.began
    code = one.guard.returncode
    store = arm_store(start.folder, one.arm.name)
    _refuse_together(one)
    if code != 0:
        return crash_of(one.arm.name, code, os.path.join(one.home, "log.txt"), start.settings)
    ran = read_records(start.flow_name, one.arm, one.home, seconds, store) if start.watched else None
    if ran is not None:
        task = unreported(start.flow_name, one.home, ran)
        if task:
            raise Inconclusive(
                f"in arm `{one.arm.name}`, task {task} ran without being watched: it says nothing of what it read and wrote. Look "
                f"for code that changes `PYTHONPATH` or other variables of the environment"
            )
        world = _world(one.home)
        return ran._replace(
            unexplained=_unexplained(one.scratch, ran) | (world.written - ran.written - frozenset(ran.made)),
            written=ran.written | world.written | world.removed,
            unsealed=start.unsealed,
        )
    try:
        with open(os.path.join(one.home, "run_id")) as file:
            return Ran(one.arm, f"{start.flow_name}/{file.read().strip()}", seconds, store, {})
    except OSError:
        raise Inconclusive(f"arm `{one.arm.name}` ended, but left no run: the launcher drops its arguments") from None


class _World(NamedTuple):
    """What an arm did to the files of this machine, as it saw them: what it wrote, and what it removed."""

    written: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


def _world(home: str) -> _World:
    """What the world of an arm that has ended says of it; nothing where it had none.

    Raises:
        Inconclusive: it had one, which does not say.
    """
    try:
        with open(os.path.join(home, "world.json"), encoding="utf-8") as file:
            told = json.load(file)
        return _World(frozenset(told["written"]), frozenset(told["removed"]))
    except FileNotFoundError:
        return _World()


def _unexplained(scratch: str, ran: Ran) -> frozenset[str]:
    """The files that are left in the temporary folder and that no task's Python code made."""
    known = frozenset(key for task in ran.tasks.values() for key in task.changed)
    left = (os.path.join(at, name) for at, _, names in os.walk(scratch) for name in names)
    named = ("$TMPDIR" + path[len(scratch) :] for path in left)
    run = ran.run.rpartition("/")[2]
    return frozenset(name for name in named if name.replace(run, "$RUN") not in known)


def read_records(flow_name: str, arm: Arm, home: str, seconds: float, store: Store) -> Ran | None:
    """An arm by what its tasks wrote down; None where none of them was watched.

    Raises:
        Inconclusive: a record was not written by the task that it is about.
    """
    keys = _keys(home)
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    folder = os.path.join(home, "records")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        record = _sealed_record(os.path.join(folder, name), keys.get(name.removesuffix(".json"), ""))
        key = (record["step"], place_of(record["index"]))
        if key not in latest or latest[key]["attempt"] <= record["attempt"]:
            latest[key] = record
    if not latest:
        return None
    records = list(latest.values())
    beside = (
        {(step, task) for step, task, *_ in _note(home, "beside")} if not arm.order.startswith("overlapping") else set()
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
        _all(records, "read"),
        _all(records, "written"),
        tuple(dict.fromkeys(path for record in records for path in record["made"])),
        texts=_all(records, "texts"),
        imports=_imports(home),
        missed=_all(records, "missed"),
        listed=_all(records, "listed"),
        fetched=_all(records, "fetched"),
        variables=_all(records, "variables"),
    )


def _keys(home: str) -> dict[str, str]:
    """The key with which each task sealed its record, by step, task and attempt; none where no scheduler gave them out."""
    told: Any = _note(home, "keys")
    return told if isinstance(told, dict) else {}


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
    touched = (frozenset(record[name]) for name in ("looked", "changed", "started"))
    return Task(
        key[0], key[1], record["task"], record["artifacts"], record["order"] or "forced", record["ends"], *touched
    )


def _imports(home: str) -> frozenset[str]:
    """The modules that the arm's processes tried to import; empty where nothing tells."""
    try:
        with open(os.path.join(home, "imports"), encoding="utf-8", errors="replace") as file:
            return frozenset(file.read().split())
    except OSError:
        return frozenset()


def _all(records: list[dict[str, Any]], what: str) -> frozenset[str]:
    return frozenset(path for record in records for path in record[what])


def place_of(parts: list[Any]) -> str:
    """`[train:2][0]`: the foreach frames, then the turns of a recursion."""
    return "".join(f"[{part[0]}:{part[1]}]" if isinstance(part, list) else f"[{part}]" for part in parts)
