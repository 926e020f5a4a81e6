"""Wiring a repository: what is made in an empty one, what is added to a full one, and that twice is once."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.conftest import Flowgate, run, write

BIN = Path(sys.executable).parent
MADE = [
    "flowgate.toml",
    ".pre-commit-config.yaml",
    ".github/workflows/flowgate.yml",
    ".github/CODEOWNERS",
    ".gitignore",
]
FULL = {
    "pyproject.toml": '[project]\nname = "x"\nversion = "0"\n',
    ".pre-commit-config.yaml": """\
# our hooks
default_stages: [pre-commit]
repos:
- repo: https://github.com/astral-sh/ruff-pre-commit   # lint
  rev: v0.9.0
  hooks:
  - id: ruff
# what pre-commit.ci does
ci:
  autofix_prs: false
""",
    "CODEOWNERS": "* @lab/everyone  # all of us\n/docs @writers\n",
    ".gitignore": "*.log\n*.pyc",
}


def tree(folder: Path) -> dict[str, bytes]:
    kept = (path for path in folder.rglob("*") if path.is_file() and ".git/" not in f"{path.relative_to(folder)}/")
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def test_an_empty_repository_is_wired(repository: Path, flowgate: Flowgate) -> None:
    done = flowgate(repository, "init", "--owner", "@lab/leads")
    assert done.code == 0, done
    for name in MADE:
        assert (repository / name).exists() and f"created      {name}" in done.out
    assert "/.flowgate/ @lab/leads\n" in (repository / ".github/CODEOWNERS").read_text()
    checked = run([f"{BIN}/check-jsonschema", "--builtin-schema", "vendor.github-workflows", MADE[2]], repository)
    assert checked.code == 0, checked
    assert run([f"{BIN}/pre-commit", "validate-config", MADE[1]], repository).code == 0


def test_a_full_repository_is_added_to_and_nothing_is_lost(repository: Path, flowgate: Flowgate) -> None:
    write(repository, FULL)
    done = flowgate(repository, "init")
    assert done.code == 0, done
    assert tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["flowgate"] == {}
    hooks = (repository / ".pre-commit-config.yaml").read_text()
    for line in FULL[".pre-commit-config.yaml"].splitlines():
        assert line in hooks.splitlines()
    config = yaml.safe_load(hooks)
    assert [len(one["hooks"]) for one in config["repos"]] == [1, 3] and config["ci"] == {"autofix_prs": False}
    owners = (repository / "CODEOWNERS").read_text()
    assert owners.startswith(FULL["CODEOWNERS"]) and "/.flowgate/ @lab/everyone\n" in owners
    assert (repository / ".gitignore").read_text() == "*.log\n*.pyc\n.flowgate/cache/\n"


@pytest.mark.parametrize("files", [{}, FULL], ids=["empty", "full"])
def test_twice_is_once(files: dict[str, str], repository: Path, flowgate: Flowgate) -> None:
    write(repository, files)
    flowgate(repository, "init")
    once = tree(repository)
    again = flowgate(repository, "init")
    assert again.code == 0 and tree(repository) == once
    assert "created" not in again.out and "extended" not in again.out


def test_an_owner_named_later_takes_the_place_of_the_note(repository: Path, flowgate: Flowgate) -> None:
    flowgate(repository, "init")
    flowgate(repository, "init", "--owner", "@ada")
    text = (repository / ".github/CODEOWNERS").read_text()
    assert text.count(".flowgate/") == 1 and "/.flowgate/ @ada" in text


@pytest.mark.parametrize(
    "text",
    [
        "repos: [{repo: local, hooks: []}]\n",
        "repos:\n  - repo: local\n    hooks: [\n",
        "- not\n- a mapping\n",
        "repos: &a []\n",
    ],
)
def test_what_cannot_be_added_to_is_left_and_said(text: str, repository: Path, flowgate: Flowgate) -> None:
    write(repository, {".pre-commit-config.yaml": text})
    done = flowgate(repository, "init")
    assert done.code == 2 and "add by hand" in done.out and "- id: flowgate-lint" in done.out
    assert (repository / ".pre-commit-config.yaml").read_text() == text
    assert (repository / ".gitignore").exists(), "the rest is done"


def test_line_endings_are_kept(repository: Path, flowgate: Flowgate) -> None:
    for name, text in FULL.items():
        (repository / name).write_bytes(text.replace("\n", "\r\n").encode())
    assert flowgate(repository, "init").code == 0
    for name in FULL:
        data = (repository / name).read_bytes()
        assert data.count(b"\n") == data.count(b"\r\n"), name


def test_a_place_that_cannot_be_written_is_an_error(repository: Path, flowgate: Flowgate) -> None:
    (repository / ".github").write_text("in the way")
    done = flowgate(repository, "init")
    assert done.code == 2 and "cannot be" in done.err and "Traceback" not in done.err
