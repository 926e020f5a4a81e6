"""Nothing in the judged repository can take the place of what flowgate itself is made of."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import Flowgate, git, run, write
from tests.security.flows import LINE, proof, repository

COMMAND = str(Path(sys.executable).parent / "flowgate")
# Each of these leaves a mark where it is run at all.
MARKED = "import os\nopen(os.path.join({folder!r}, 'run-by-' + os.path.basename(__file__)), 'w').close()\n"
NAMES = (
    "yaml.py",
    "click.py",
    "secrets.py",
    "json.py",
    "tomllib.py",
    "sitecustomize.py",
    "usercustomize.py",
    "conftest.py",
    "msgspec/__init__.py",
    "flowgate/__init__.py",
    "flowgate/__main__.py",
    "hydra/__init__.py",
    "filelock/__init__.py",
    "rich/__init__.py",
    "metaflow_extensions/own/__init__.py",
)
FLOW = LINE.format(before="def work():\n    return 1\n")


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A repository with a file for each library that flowgate uses, below which the flow lies in a folder of its own."""
    marked = MARKED.format(folder=str(tmp_path))
    files = dict.fromkeys(NAMES, marked) | {"own.pth": f"import sys; exec({marked!r})\n"}
    settings = '[flow."flows/flow.py"]\ndeterminism = "order_independent"\nsurface = ["result"]\n'
    write(tmp_path, {**files, "flows/flow.py": FLOW, "flowgate.toml": settings, ".gitignore": ".metaflow\n"})
    (tmp_path / ".metaflow").mkdir()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "crowded")
    return tmp_path


STARTS = {
    "the command": [COMMAND],
    "python -m": [sys.executable, "-m", "flowgate"],
    "python -I -m": [sys.executable, "-I", "-m", "flowgate"],
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("command", ["lint", "status"])
def test_flowgate_runs_nothing_of_the_repository(command: str, start: str, crowded: Path) -> None:
    if start == "python -m":  # Python itself looks into the folder it is started in, before flowgate can say a word
        for name in ("flowgate", "json.py"):
            path = crowded / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    variables = {} if start == "python -m" else {"PYTHONPATH": str(crowded)}
    done = run([*STARTS[start], command, "--format", "json", "flows/flow.py"], crowded, **variables)
    assert done.json()["schema"].startswith("flowgate/"), done
    assert not marks(crowded)


def marks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("run-by-*"))


def test_the_command_starts_python_isolated(crowded: Path) -> None:
    """From its first line on: a script of an installer's would have run `sitecustomize.py`, and imported `flowgate/`."""
    done = run([COMMAND, "lint"], crowded, PYTHONPATH=str(crowded), PYTHONSTARTUP=str(crowded / "conftest.py"))
    assert done.code in (0, 1), done
    assert not marks(crowded)


def test_a_hook_starts_python_isolated() -> None:
    import yaml

    hooks = yaml.safe_load((Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml").read_text())
    assert all("python -I -m flowgate" in hook["entry"] for hook in hooks if hook["language"] == "python")


@pytest.mark.slow
def test_an_arm_whose_imports_change_is_named_and_its_receipt_holds_the_file(
    tmp_path: Path, flowgate: Flowgate
) -> None:
    before = "import colorsys\n\ndef work():\n    return colorsys.NUMBER\n"
    repository(tmp_path, LINE.format(before=before), {"colorsys.py": "NUMBER = 1\n"})
    linted = flowgate(tmp_path, "lint", "--format", "json").json()["findings"]
    assert ("FG105", "colorsys.py") in [(one["rule"], one["path"]) for one in linted]
    assert proof(flowgate, tmp_path)["verdict"] == "pass"
    write(tmp_path, {"colorsys.py": "NUMBER = 2\n"})
    assert not proof(flowgate, tmp_path)["reused"]


GIT = {
    "a monitor of files": ("core.fsmonitor", "touch {mark}; false"),
    "another diff": ("diff.external", "touch {mark}; true"),
    "hooks elsewhere": ("core.hooksPath", "{folder}/hooks"),
    "a pager": ("core.pager", "touch {mark}; cat"),
    "a text converter": ("diff.own.textconv", "touch {mark}; cat"),
}


@pytest.mark.parametrize("way", GIT)
def test_git_runs_nothing_of_the_repository_while_flowgate_looks(way: str, tmp_path: Path, flowgate: Flowgate) -> None:
    mark = tmp_path / "run-by-git"
    hooks = {f"hooks/{name}": f"#!/bin/sh\ntouch {mark}\n" for name in ("post-checkout", "post-index-change")}
    folder = repository(tmp_path / "project", FLOW, {**hooks, ".gitattributes": "*.py diff=own\n"})
    for name in hooks:
        (folder / name).chmod(0o755)
    key, held = GIT[way]
    git(folder, "config", key, held.format(mark=mark, folder=folder))
    write(folder, {"flow.py": FLOW + "# changed\n", "other.py": "VALUE = 1\n"})
    for command in (["lint"], ["status"], ["gate", "--base-ref", "HEAD", "--scope", "changed", "other.py"]):
        done = flowgate(folder, *command)
        assert done.code in (0, 1, 2, 3), done
    assert not mark.exists()
