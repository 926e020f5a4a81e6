"""Worlds for programs of the project's: each sees this machine's files, and nothing that it does to them stays.

What is done with the kernel stands in the world`s program. bubblewrap makes the same kind of world, but knows overlays only from its
version 0.11 on, which few machines have; so the kernel is asked directly, as `unshare` and `mount` do.
"""

from __future__ import annotations

import functools
import glob
import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

from flowgate.project import repository_of
from flowgate.scratch import scratch_folder

_ENTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "world")
_REFUSAL = "not sealed: "
NOT_SEALED = 125  # how the world`s program exits where no world could be made
HOSTNAME = "localhost"  # of arms that vary it: another name than the machine's, which still resolves
_FOR_CI = ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_", "FLOWGATE_")
_TOKENS = (
    "GH_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "SSH_AUTH_SOCK",
    "GPG_AGENT_INFO",
    "DBUS_SESSION_BUS_ADDRESS",
    "DOCKER_HOST",
)
_OF_THE_USER = (".git-credentials", ".config/gh", ".config/git/credentials", ".gnupg")


class Share(NamedTuple):
    """A folder or file of this machine's that a world shares, by the path that it has there."""

    path: str
    seen_as: str
    may_write: bool = False


class Box(NamedTuple):
    """One world. `cwd` is where the program starts, and `root` the folder of the project.

    `told` is the folder that is to hold what the program wrote (`world.json`, and the files below `left`), empty for none, and
    `brought` the same folder of an earlier world whose files it is to find.
    """

    cwd: str
    root: str
    told: str = ""
    shares: tuple[Share, ...] = ()
    network: bool = True
    hostname: str = ""
    brought: str = ""

    def command(self, command: list[str]) -> list[str]:
        """The command line that runs `command` in this world."""
        return [sys.executable, "-I", _ENTER, json.dumps(self._asked()), *command]

    def _asked(self) -> dict[str, Any]:
        hidden = [*states(self.root), *_of_ci(self.root)]
        hidden += [os.path.join(os.path.expanduser("~"), name) for name in _OF_THE_USER]
        return {
            "cwd": self.cwd,
            "root": self.root,
            "told": self.told,
            "apart": _of_others([self.root, os.path.realpath(os.path.expanduser("~")), "/var/tmp"]),  # noqa: S108
            "hidden": [place for place in hidden if os.path.lexists(place)],
            "shares": [list(share) for share in self.shares],
            "configs": [place for place in _git_configs(self.root) if os.path.isfile(place)],
            "brought": self.brought,
            "network": self.network,
            "hostname": self.hostname,
        }


def _of_others(places: list[str]) -> list[str]:
    """The places that need an overlay of their own: one above them is somebody else's, and could not be copied to a layer."""
    if os.geteuid() == 0:
        return []
    found = []
    for place in dict.fromkeys(places):
        at = place
        while os.path.dirname(at) != "/" and at != "/":
            if os.path.isdir(at) and os.stat(at).st_uid != os.geteuid():
                found.append(place)
                break
            at = os.path.dirname(at)
    return found


def states(root: str) -> list[str]:
    """The folders in which flowgate keeps what it decides by: of the project, and of the repository around it."""
    tops = dict.fromkeys([root, repository_of(root) or root])
    return [os.path.join(top, ".flowgate") for top in tops]


def _of_ci(root: str) -> list[str]:
    """Where a runner keeps its tokens, and the files by which a step tells it what to do."""
    place = os.path.realpath(os.environ.get("RUNNER_TEMP") or "/nonexistent")
    needed = [one + os.sep for one in (root, sys.prefix, os.environ.get("VIRTUAL_ENV", "")) if one]
    if not any(one.startswith(place + os.sep) for one in needed):
        return [place]
    entries = (os.path.join(place, name) for name in os.listdir(place))
    return [entry for entry in entries if not any(one.startswith(entry + os.sep) for one in needed)]


def _git_configs(root: str) -> list[str]:
    """The files of the repository's git in which a token may stand."""
    found = []
    for folder in _git_folders(os.path.join(repository_of(root) or root, ".git")):
        found += [os.path.join(folder, name) for name in ("config", "config.worktree", "FETCH_HEAD")]
        found += sorted(glob.glob(os.path.join(glob.escape(folder), "modules", "**", "config"), recursive=True))
    return found


def _git_folders(place: str) -> list[str]:
    """Where git keeps what it knows: the folder `.git`, or those that the file `.git` of a worktree leads to."""
    own = _led_to(place, "gitdir: ") if os.path.isfile(place) else place
    common = _led_to(os.path.join(own, "commondir"), "")
    return list(dict.fromkeys(filter(None, (own, common))))


def _led_to(file: str, before: str) -> str:
    """The folder that a file of git's names, from where the file lies; empty where it names none."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as opened:
            said = opened.read().strip()
    except OSError:
        return ""
    return os.path.normpath(os.path.join(os.path.dirname(file), said.removeprefix(before)))


def environment() -> dict[str, str]:
    """The caller's variables, without those that hold CI's tokens and name its files, or reach services of this machine."""
    return {name: held for name, held in os.environ.items() if not name.startswith(_FOR_CI) and name not in _TOKENS}


@functools.cache
def why_not(root: str) -> str:
    """Why no world can be made on this machine; empty where one can. A world is made to find out."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    return _refusal(root) and _refusal(root)  # what another program does to the files meanwhile is no reason


def _refusal(root: str) -> str:
    with scratch_folder() as (folder, _):
        asked = Box(root, root, told=folder).command(["/bin/true"])
        try:
            done = subprocess.run(
                asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    if done.returncode == 0:
        return ""
    said = [line for line in done.stderr.splitlines() if line.startswith(_REFUSAL)]
    return said[-1].removeprefix(_REFUSAL) if said else f"a world could not be made: {done.stderr.strip()[-200:]}"


def run(
    box: Box, command: list[str], environ: dict[str, str], given: str = "", timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program of the project's to its end, in a world of its own where there can be one, and take what it prints."""
    sealed = not why_not(box.root)
    return subprocess.run(
        box.command(command) if sealed else command,
        cwd=box.cwd,
        env=environ,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
