"""Where runs are kept: the datastore that Metaflow is set to use, and a place of its own there for each arm."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from flowgate.errors import FlowgateError


class Store(NamedTuple):
    """A datastore by Metaflow's name for its kind (`local`, `s3`, ...), and its root as Metaflow's storage takes it."""

    kind: str
    root: str

    def variables(self) -> dict[str, str]:
        """The environment that makes Metaflow write here."""
        root = os.path.dirname(self.root) if self.kind == "local" else self.root
        return {"METAFLOW_DEFAULT_DATASTORE": self.kind, f"METAFLOW_DATASTORE_SYSROOT_{self.kind.upper()}": root}


def user_config() -> dict[str, str]:
    """What the user's Metaflow profile sets, by the names of the environment; an arm has a Metaflow home of its own."""
    home = os.environ.get("METAFLOW_HOME") or os.path.expanduser("~/.metaflowconfig")
    profile = os.environ.get("METAFLOW_PROFILE")
    path = os.path.join(home, f"config_{profile}.json" if profile else "config.json")
    try:
        with open(path, encoding="utf-8") as file:
            held = json.load(file)
    except FileNotFoundError:
        if profile:
            raise FlowgateError(f"METAFLOW_PROFILE is {profile!r}, but {path} is not there") from None
        return {}
    except (OSError, ValueError) as error:
        raise FlowgateError(f"{path} cannot be read: {error}") from None
    return {name: str(value) for name, value in held.items() if name.startswith("METAFLOW_")}


def user_store(cwd: str) -> Store:
    """The datastore that a plain `python flow.py run` in `cwd` would use.

    Raises:
        FlowgateError: it is a remote one, and no root is set for it.
    """
    given = {**user_config(), **os.environ}
    kind = given.get("METAFLOW_DEFAULT_DATASTORE") or "local"
    root = given.get(f"METAFLOW_DATASTORE_SYSROOT_{kind.upper()}")
    if kind == "local":
        return Store(kind, os.path.join(root, ".metaflow") if root else _nearest(cwd))
    if not root:
        raise FlowgateError(
            f"METAFLOW_DEFAULT_DATASTORE is {kind!r}, but METAFLOW_DATASTORE_SYSROOT_{kind.upper()} is not set"
        )
    return Store(kind, root)


def _nearest(cwd: str) -> str:
    """The `.metaflow` folder that Metaflow would find from `cwd` upwards, or make there."""
    at = cwd
    while True:
        if os.path.isdir(os.path.join(at, ".metaflow")):
            return os.path.join(at, ".metaflow")
        if os.path.dirname(at) == at:
            return os.path.join(cwd, ".metaflow")
        at = os.path.dirname(at)


def arm_store(folder: str, name: str) -> Store:
    """The store of one arm: in the proof's own folder, or a folder of the remote datastore that has its name."""
    user = user_store(folder)
    if user.kind == "local":
        return Store("local", os.path.join(folder, name, "store", ".metaflow"))
    return Store(user.kind, f"{user.root.rstrip('/')}/flowgate/{os.path.basename(folder)}/{name}")
