"""Fixtures: small repositories, real ones, and the command as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import pytest

from flowgate.discover import named_sources
from flowgate.finding import Finding
from flowgate.lint.engine import lint
from flowgate.project import open_project

# No test hangs on how fast the machine is.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")
REPOSITORY = Path(__file__).resolve().parents[1]
SCHEMAS = REPOSITORY / "src" / "flowgate" / "schemas"


class Done(NamedTuple):
    """A finished command."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Flowgate = Callable[..., Done]


def write(folder: Path, files: dict[str, str]) -> Path:
    """Put files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def lint_files(folder: Path, files: dict[str, str]) -> list[Finding]:
    """The findings on a small repository."""
    write(folder, files)
    project = open_project(str(folder))
    return lint(project, named_sources(project, [str(folder)]))


def environment() -> dict[str, str]:
    """The caller's environment, without what would colour or redirect a command under test."""
    redirects = ("METAFLOW", "FLOWGATE", "GIT", "PYTEST", "PRE_COMMIT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(redirects) and name != "CI"}
    identity = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        identity |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    return kept | identity | {"NO_COLOR": "1", "VIRTUAL_ENV": sys.prefix}


def run(command: list[str], folder: Path, given: str | None = None, **extra: str) -> Done:
    """Run a command in a folder."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment() | extra,
        input=given,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def git(folder: Path, *arguments: str) -> Done:
    """Run git, as Ada."""
    return run(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments], folder)


@pytest.fixture
def flowgate() -> Callable[..., Done]:
    """The command, started as a user starts it: `flowgate(folder, "lint", ...)`."""

    def start(folder: Path, *arguments: str, given: str | None = None, **extra: str) -> Done:
        return run([sys.executable, "-I", "-m", "flowgate", *arguments], folder, given, **extra)

    return start


@pytest.fixture
def unsealed_flowgate() -> Callable[..., Done]:
    """The command on a machine that lets nobody make namespaces: arms share it, and are put aside and back."""
    from tests.security.unsealed import without_worlds

    def start(folder: Path, *arguments: str, given: str | None = None, **extra: str) -> Done:
        return run(without_worlds([sys.executable, "-I", "-m", "flowgate", *arguments]), folder, given, **extra)

    return start


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository."""
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This work tree as a git repository with one commit: what a hook or the action would be installed from."""
    folder = tmp_path_factory.mktemp("flowgate")
    listed = git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard").out
    for name in listed.split("\0"):
        if name and (REPOSITORY / name).is_file() and not name.startswith(("tests/", "docs/", "bench/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "snapshot"]):
        done = git(folder, *arguments)
        assert done.code == 0, done
    return folder
