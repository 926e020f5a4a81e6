"""The project's own environment: which interpreter runs the arms, and what is installed beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import digest
from flowgate.project import Project, repository_of
from flowgate.prove import sandbox

PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe")


class Environment(NamedTuple):
    """How a flow is started (`launcher`, before its path), the interpreter behind it, and what that one holds."""

    launcher: tuple[str, ...]
    python: tuple[str, ...]
    version: str
    platform: str
    distributions: dict[str, str]
    start: str = ""
    loose: str = ""

    def subject(self) -> dict[str, str]:
        """All of the environment that a proof may depend on: the interpreter, what it runs when it starts, every library."""
        return {"python": self.version, "platform": self.platform, "start-up": self.start, **self.distributions}

    @property
    def installed(self) -> str:
        """One digest of all that is installed."""
        return digest(self.loose, *(f"{name}={version}" for name, version in sorted(self.distributions.items())))


class Imported(NamedTuple):
    """What modules come from: the distributions, with those that they require, and the modules that are not there."""

    distributions: frozenset[str]
    absent: tuple[str, ...]


def imported(environment: Environment, root: str, names: Iterable[str]) -> Imported | None:
    """What some modules come from in an environment; None where it does not tell."""
    told = _ask(environment.python, root, ["imports"], json.dumps(sorted(names)))
    try:
        return Imported(frozenset(told["distributions"]), tuple(told["absent"]))
    except (KeyError, TypeError):
        return None


def find(project: Project, flow_path: str, scripted: bool, launcher: tuple[str, ...]) -> Environment:
    """The environment the flow's arms run in: that of the launcher, where there is one, else the first with Metaflow.

    Raises:
        Inconclusive: there is none; the message names every interpreter that was tried.
    """
    if launcher:
        if shutil.which(launcher[0], path=_search_path(project.root)) is None:
            place = project.place("prove")
            raise FlowgateError(f"{place}: `launcher` names {launcher[0]!r}, which cannot be run")
        python = _behind(launcher, flow_path, scripted, project.root)
        found = _inspect(python, launcher, project.root)
        if "metaflow" not in found.distributions:
            raise Inconclusive(_missing(project, [" ".join(python)]))
        return found
    tried = []
    for candidate in candidates(project.root):
        found = _inspect((candidate,), (candidate,), project.root)
        if "metaflow" in found.distributions:
            return found
        tried.append(candidate)
    raise Inconclusive(_missing(project, tried))


def _search_path(root: str) -> str:
    return os.pathsep.join([root, os.environ.get("PATH", os.defpath)])


def _missing(project: Project, tried: list[str]) -> str:
    what = f"no interpreter with Metaflow: tried {', '.join(tried) or 'none'}. "
    name_it = f'launcher = ["path/to/python"] under {project.place("prove")}'
    if os.environ.get("GITHUB_ACTIONS") == "true":
        return (
            f"{what}Name what the project's environment is installed from in the action's input `requirements` or `uv`, "
            f"set it up in a step before, or name it: {name_it}"
        )
    return f"{what}Activate the project's environment, install Metaflow into .venv, or name it: {name_it}"


def candidates(root: str) -> list[str]:
    """Interpreters in the order a person would expect: the active environment, the project's own, the PATH, ours."""
    prefixes = [os.environ.get("VIRTUAL_ENV"), os.environ.get("CONDA_PREFIX")]
    prefixes += [os.path.join(folder, name) for folder in _up_to_top(root) for name in (".venv", "venv")]
    paths = [os.path.join(prefix, "bin", "python") for prefix in prefixes if prefix]
    paths += [shutil.which("python3") or "", shutil.which("python") or "", sys.executable]
    return list(dict.fromkeys(path for path in paths if path and os.access(path, os.X_OK)))


def _up_to_top(root: str) -> list[str]:
    """A project's folder and those above it, up to the top of its repository: they may share an environment."""
    top = repository_of(root) or root
    folders = [root]
    while folders[-1] != top:
        folders.append(os.path.dirname(folders[-1]))
    return folders


def _behind(launcher: tuple[str, ...], flow_path: str, scripted: bool, root: str) -> tuple[str, ...]:
    """The interpreter that a launcher would run the flow with."""
    name = os.path.basename(launcher[0])
    if name not in ("uv", "uvx"):
        return launcher
    if not scripted:
        return (*launcher, "python")
    subprocess.run([launcher[0], "sync", "--quiet", "--script", flow_path], cwd=root, check=False)
    done = subprocess.run(
        [launcher[0], "python", "find", "--script", flow_path], cwd=root, capture_output=True, text=True, check=False
    )
    return (done.stdout.strip(),) if done.returncode == 0 and done.stdout.strip() else (*launcher, "python")


def _inspect(python: tuple[str, ...], launcher: tuple[str, ...], root: str) -> Environment:
    """What an interpreter holds; nothing where it cannot be run."""
    told = _ask(python, root, [], "")
    try:
        return Environment(
            launcher,
            python,
            told["python"],
            told["platform"],
            told["distributions"],
            told.get("start", ""),
            told.get("loose", ""),
        )
    except KeyError:
        return Environment(launcher, python, "", "", {})


def _ask(python: tuple[str, ...], root: str, arguments: list[str], given: str) -> dict[str, Any]:
    """What the script in an interpreter prints, whatever a launcher prints before it; nothing where it cannot be run."""
    script = os.path.join(PROBE, "flowgate_probe", "environment.py")
    environ = {name: value for name, value in sandbox.environment().items() if name != "PYTHONPATH"}
    try:
        done = sandbox.run(sandbox.Box(root, root), [*python, script, *arguments], environ, given, timeout=120)
        told = json.loads(done.stdout[done.stdout.rfind('{"distributions"' if arguments else '{"python"') :])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    return told if isinstance(told, dict) else {}
