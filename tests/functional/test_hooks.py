"""The hooks, for real: pre-commit installs them from a commit of this repository, and git commits through them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Done, git, run, write
from tests.functional.flows import COUNTED, fan, settings

pytestmark = pytest.mark.slow

CLEAN = fan("self.input")
TRAPPED = fan("self.input * EPOCHS", before="EPOCHS = 15\n")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One pre-commit cache for the module, so that the private environment is built once."""
    return str(tmp_path_factory.mktemp("pre-commit"))


@pytest.fixture
def hooked(repository: Path, snapshot: Path, home: str) -> Callable[..., Done]:
    """A fresh repository with the hooks installed; called with git's arguments."""
    revision = git(snapshot, "rev-parse", "HEAD").out.strip()
    hooks = "".join(f"      - id: flowgate-{name}\n" for name in ("lint", "review", "prove"))
    write(
        repository,
        {
            ".pre-commit-config.yaml": f"repos:\n  - repo: {snapshot}\n    rev: {revision}\n    hooks:\n{hooks}",
            "flowgate.toml": settings(),
            "flow.py": CLEAN,
        },
    )
    environ = {"PRE_COMMIT_HOME": home, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    installed = run(
        ["pre-commit", "install", "--install-hooks", "-t", "pre-commit", "-t", "pre-push"], repository, **environ
    )
    assert installed.code == 0, installed

    def start(*arguments: str) -> Done:
        return run(["git", "-c", "user.name=Ada", "-c", "user.email=a@b.c", *arguments], repository, **environ)

    return start


def commit(hooked: Callable[..., Done]) -> Done:
    hooked("add", "-A")
    return hooked("commit", "-m", "a change")


def test_a_trap_is_blocked_until_it_is_mended_or_overridden(
    hooked: Callable[..., Done], repository: Path, flowgate: Callable[..., Done]
) -> None:
    assert commit(hooked).code == 0
    write(repository, {"flow.py": TRAPPED})
    blocked = commit(hooked)
    assert blocked.code == 1 and "FG301" in blocked.err and "EPOCHS = 15" in blocked.err, blocked
    write(repository, {"flow.py": fan("self.input * 2")})
    assert commit(hooked).code == 0, "mended"
    write(repository, {"flow.py": TRAPPED})
    listed = flowgate(repository, "lint", "--format", "json").json()["findings"]
    (found,) = (one for one in listed if one["severity"] == "error")
    assert flowgate(repository, "override", found["id"], "--reason", "for now", "--by", "Ada").code == 0
    assert commit(hooked).code == 0, "overridden"
    write(repository, {"flow.py": "# moved\n\n" + TRAPPED})
    assert commit(hooked).code == 0, "moving the code keeps the override"
    write(repository, {"flow.py": TRAPPED.replace("EPOCHS = 15", "EPOCHS = 16")})
    stale = commit(hooked)
    assert stale.code == 1 and "stale-override" in stale.err


def test_what_is_judged_is_what_is_staged(hooked: Callable[..., Done], repository: Path) -> None:
    assert commit(hooked).code == 0
    write(repository, {"flow.py": TRAPPED})
    hooked("add", "-A")
    write(repository, {"flow.py": CLEAN})
    assert hooked("commit", "-m", "the trap is staged").code == 1
    write(repository, {"flow.py": CLEAN + "\n"})
    hooked("add", "-A")
    write(repository, {"flow.py": TRAPPED})
    assert hooked("commit", "-m", "the trap is not staged").code == 0


def test_the_push_is_blocked_by_a_proof(hooked: Callable[..., Done], repository: Path, tmp_path: Path) -> None:
    git(repository, "init", "-q", "--bare", str(repository / "remote.git"))
    hooked("remote", "add", "origin", str(repository / "remote.git"))
    (repository / ".gitignore").write_text("remote.git\n")
    assert commit(hooked).code == 0
    assert hooked("push", "-q", "origin", "main").code == 0
    write(repository, {"flow.py": fan("count(self.index)", before=COUNTED)})
    assert commit(hooked).code == 0
    pushed = hooked("push", "-q", "origin", "main")
    assert pushed.code == 1 and "FP101" in pushed.out + pushed.err, pushed


def test_the_private_environment_is_light(hooked: Callable[..., Done], home: str) -> None:
    installed = {
        path.name.split("-")[0].lower() for path in Path(home).glob("*/py_env-*/lib/*/site-packages/*.dist-info")
    }
    assert "click" in installed and "metaflow_flowgate" in installed
    assert not installed & {"metaflow", "torch", "numpy", "hydra_core", "pandas", "scikit_learn"}
