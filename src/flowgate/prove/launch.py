"""How one arm is started: its folders, its command, its variables, and the world that it runs in."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from flowgate.prove.environment import PROBE
from flowgate.prove.model import Arm, Start
from flowgate.prove.reach import reach_of
from flowgate.prove.sandbox import HOSTNAME, Box, Share, environment
from flowgate.prove.store import arm_store, user_config, user_store
from flowgate.prove.surroundings import surroundings, umask_of

GUARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guard.py")


class Going(NamedTuple):
    """An arm under way. `scratch` is where its temporary folder lies on this machine."""

    arm: Arm
    home: str
    scratch: str
    guard: subprocess.Popen[bytes]
    began: float


def launch(start: Start, arm: Arm) -> Going:
    home = os.path.join(start.folder, arm.name)
    for place in (home, world_of(start.folder, arm.name)):
        shutil.rmtree(place, ignore_errors=True)
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
            [
                sys.executable,
                "-I",
                GUARD,
                scratch if start.unsealed else "",
                *_boxed(start, arm, home, Share(scratch, seen_as, True)),
            ],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=start.root,
            env=_environ(start, arm, home, seen_as),
            umask=umask_of(arm),
            start_new_session=True,
        )
    return Going(arm, home, scratch, guard, time.monotonic())


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
    if start.earlier:  # an artifact is found where its own run stored it
        store = os.path.join(start.earlier, "store")
        shares.append(Share(store, store))
        # What looks for runs beside the flow by itself, and not by Metaflow's client, finds those of the arm there.
        shares.append(Share(os.path.join(home, "store", ".metaflow"), os.path.join(start.root, ".metaflow"), True))
    hostname = HOSTNAME if arm.world > 0 and "host" in arm.aspects else ""
    told = world_of(start.folder, arm.name)
    os.makedirs(told)
    return Box(start.root, start.root, told, tuple(shares), start.network, hostname, start.brought).command(command)


def world_of(folder: str, name: str) -> str:
    """The folder that holds what a sealed arm wrote on the machine, as its world told in the end: out of the arm's own reach."""
    return os.path.join(folder, f"{name}.world")


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
        "FLOWGATE_PROBE_REACH": reach_of(start.root, not start.unsealed, start.environment.python[0]).as_variable(),
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
