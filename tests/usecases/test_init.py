"""Wiring a repository: what is made in an empty one, what is added to a full one, and that twice is once."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from flowgate.errors import FlowgateError
from flowgate.installation import PUBLISHED_AT, is_local, source_named
from tests.conftest import REPOSITORY, Flowgate, git, run, write

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
    assert (repository / ".gitignore").read_text() == "*.log\n*.pyc\n.flowgate/cache/\n.venv/\n"


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
        "repos: 3\n",
        "repos: [{repo: x, hooks: 3}, {repo: y, hooks: [{id: flowgate-lint-x, args: 7}]}]\n",
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


SHA = "3f9a1c2b4d5e6f708192a3b4c5d6e7f8091a2b3c"
WORKFLOW = ".github/workflows/flowgate.yml"


def hooks_of(folder: Path) -> list[dict[str, object]]:
    """Every hook of the repository's pre-commit config."""
    document = yaml.safe_load((folder / ".pre-commit-config.yaml").read_text())
    return [hook for repo in document["repos"] for hook in repo["hooks"]]


def test_nothing_that_is_written_names_a_place_that_is_not_ours(repository: Path, flowgate: Flowgate) -> None:
    """Nothing is published: whoever owned a name that we made up could run code in a user's CI."""
    assert PUBLISHED_AT == ""
    flowgate(repository, "init")
    written = "".join(data.decode() for data in tree(repository).values())
    assert "flowgate/flowgate" not in written and "pip install metaflow-flowgate" not in written
    assert all(hook["language"] == "system" for hook in hooks_of(repository))
    places = ["src", "docs", "README.md", "action.yml", "pyproject.toml", "mkdocs.yml", ".pre-commit-hooks.yaml"]
    named = run(["git", "grep", "-nI", "flowgate/flowgate", *places], REPOSITORY).out
    assert not named, named


@pytest.mark.parametrize(
    ("source", "repo", "uses"),
    [
        (f"lab/flowgate@{SHA}", "https://github.com/lab/flowgate", f"lab/flowgate@{SHA}"),
        (f"https://github.com/lab/gate.git@{SHA}", "https://github.com/lab/gate.git", f"lab/gate@{SHA}"),
        (f"https://git.example.org/gate@{SHA}", "https://git.example.org/gate", ""),
        (f"git@git.example.org:lab/gate.git@{SHA}", "git@git.example.org:lab/gate.git", ""),
    ],
)
def test_a_source_is_where_hooks_and_workflow_get_flowgate_from(
    source: str, repo: str, uses: str, repository: Path, flowgate: Flowgate
) -> None:
    assert flowgate(repository, "init", "--source", source).code == 0
    (held,) = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())["repos"]
    assert (held["repo"], held["rev"]) == (repo, SHA)
    steps = yaml.safe_load((repository / WORKFLOW).read_text())["jobs"]["gate"]["steps"]
    (judge,) = [step for step in steps if step.get("id") == "flowgate"]
    assert judge.get("uses", "") == uses
    assert uses or f"@{SHA}" in str(steps), "what is no action is installed by pip from the same commit"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("https://git.example.org/gate", "names no revision"),
        ("lab/flowgate", "no place to get flowgate from"),
        ("lab/flowgate@3f9a1c2", "give the whole commit"),
        ("OWNER/REPO@SHA", "is the form"),
        (".", "no checkout of flowgate"),
    ],
)
def test_a_source_that_is_none_is_refused(source: str, words: str, repository: Path, flowgate: Flowgate) -> None:
    done = flowgate(repository, "init", "--source", source)
    assert done.code == 2 and words in done.err and not (repository / "flowgate.toml").exists()


def test_a_checkout_is_a_source_with_its_commit(snapshot: Path, repository: Path, flowgate: Flowgate) -> None:
    done = flowgate(repository, "init", "--source", str(snapshot))
    assert done.code == 0 and "only this machine has" in done.out
    (held,) = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())["repos"]
    assert held["repo"] == str(snapshot)
    assert held["rev"] == git(snapshot, "rev-parse", "HEAD").out.strip()


def test_a_wheel_inside_the_repository_is_installed_by_its_job(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"wheels/metaflow_flowgate-0.1.0-py3-none-any.whl": ""})
    assert flowgate(repository, "init", "--source", "wheels/metaflow_flowgate-0.1.0-py3-none-any.whl").code == 0
    assert "pip install ./wheels/metaflow_flowgate-0.1.0" in (repository / WORKFLOW).read_text()


def test_a_place_on_this_machine_is_told_from_one_that_others_have(tmp_path: Path) -> None:
    assert not is_local(source_named(f"lab/flowgate@{SHA}", str(tmp_path)))
    assert is_local(source_named(f"file:///srv/flowgate@{SHA}", str(tmp_path)))
    with pytest.raises(FlowgateError):
        source_named("nowhere", str(tmp_path))


@pytest.mark.parametrize(("stage", "runs"), [("push", "pre-push"), ("commit", "pre-commit")])
@pytest.mark.parametrize("source", [(), ("--source", f"lab/flowgate@{SHA}")], ids=["installed", "cloned"])
def test_the_review_is_checked_at_push_unless_asked_at_commit(
    source: tuple[str, ...], stage: str, runs: str, repository: Path, flowgate: Flowgate
) -> None:
    chosen = () if stage == "push" else ("--review-stage", stage)
    flowgate(repository, "init", *source, *chosen)
    stages = {str(hook["id"]): hook.get("stages") for hook in hooks_of(repository)}
    assert runs in stages["flowgate-review"]  # type: ignore[operator]
    assert ("pre-commit" in stages["flowgate-review"]) == (stage == "commit")  # type: ignore[operator]
    assert stages["flowgate-lint"] is None or "pre-commit" in stages["flowgate-lint"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"requirements.txt": ""}, "requirements: requirements.txt"),
        ({"uv.lock": "", "requirements.txt": ""}, 'uv: "true"'),
    ],
)
def test_the_workflow_names_what_the_environment_is_installed_from(
    files: dict[str, str], told: str, repository: Path, flowgate: Flowgate
) -> None:
    write(repository, files)
    flowgate(repository, "init", "--source", f"lab/flowgate@{SHA}")
    assert told in (repository / WORKFLOW).read_text()


def test_without_any_the_message_names_the_inputs(repository: Path, flowgate: Flowgate) -> None:
    done = flowgate(repository, "init", "--source", f"lab/flowgate@{SHA}")
    assert "`requirements` or `uv`" in done.out


@pytest.mark.parametrize("source", [(), ("--source", f"lab/flowgate@{SHA}")], ids=["installed", "cloned"])
@pytest.mark.parametrize("start", ["cwd", "-C"])
def test_below_the_top_the_wiring_is_at_the_top(
    start: str, source: tuple[str, ...], repository: Path, flowgate: Flowgate
) -> None:
    write(repository, {"alpha/pyproject.toml": "[project]\nname = 'alpha'\n", "beta/.keep": ""})
    done = (
        flowgate(repository / "alpha", "init", "--owner", "@a", *source)
        if start == "cwd"
        else flowgate(repository, "-C", "alpha", "init", "--owner", "@a", *source)
    )
    assert done.code == 0, done
    assert "[tool.flowgate]" in (repository / "alpha/pyproject.toml").read_text()
    assert all(hook["args"] == ["-C", "alpha"] for hook in hooks_of(repository))
    workflow = (repository / ".github/workflows/flowgate-alpha.yml").read_text()
    assert "directory: alpha" in workflow or "flowgate -C alpha gate" in workflow
    assert "/alpha/.flowgate/ @a\n" in (repository / ".github/CODEOWNERS").read_text()
    assert not (repository / "alpha/.github").exists()
    # A second project has hooks, a workflow and an owner of its own; the same one has nothing added.
    assert flowgate(repository, "-C", "beta", "init", *source).code == 0
    assert [hook["args"] for hook in hooks_of(repository)] == [["-C", "alpha"]] * 3 + [["-C", "beta"]] * 3
    assert (repository / ".github/workflows/flowgate-beta.yml").exists()
    once = tree(repository)
    assert flowgate(repository, "-C", "alpha", "init").code == 0 and tree(repository) == once


def test_a_name_that_can_move_is_said_to(repository: Path, flowgate: Flowgate) -> None:
    assert "main can move: name a commit" in flowgate(repository, "init", "--source", "lab/flowgate@main").out
    (repository / ".pre-commit-config.yaml").unlink()
    (repository / WORKFLOW).unlink()
    done = flowgate(repository, "init", "--source", f"lab/flowgate@{SHA}")
    assert SHA in done.out and "can move" not in done.out


def test_another_source_is_not_dropped_in_silence(repository: Path, flowgate: Flowgate) -> None:
    assert flowgate(repository, "init").code == 0
    once = tree(repository)
    done = flowgate(repository, "init", "--source", f"lab/flowgate@{SHA}")
    assert done.code == 2 and done.out.count("not changed") == 2 and "run this again" in done.out, done
    assert tree(repository) == once
    for name in (".pre-commit-config.yaml", WORKFLOW):
        (repository / name).unlink()
    assert flowgate(repository, "init", "--source", f"lab/flowgate@{SHA}").code == 0
    assert flowgate(repository, "init", "--source", f"lab/flowgate@{SHA}").code == 0, "the same one is there already"


@pytest.mark.parametrize(("branch", "expected"), [("master", "master"), ("trunk", "trunk"), ("main", "main")])
def test_the_workflow_starts_on_the_branch_that_changes_go_to(
    branch: str, expected: str, tmp_path: Path, flowgate: Flowgate
) -> None:
    git(tmp_path, "init", "-q", "-b", branch)
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    git(tmp_path, "switch", "-qc", "feature")
    assert flowgate(tmp_path, "init").code == 0
    document = yaml.safe_load((tmp_path / WORKFLOW).read_text())
    assert document[True]["push"]["branches"] == [expected]  # YAML reads the key `on` as true


def test_the_receipts_of_every_project_are_kept(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"alpha/flowgate.toml": ""})
    assert flowgate(repository, "init").code == 0
    steps = yaml.safe_load((repository / WORKFLOW).read_text())["jobs"]["gate"]["steps"]
    paths = [step["with"]["path"] for step in steps if "cache" in step.get("uses", "")]
    assert paths == ["**/.flowgate/cache/proofs/*/receipt*.json"] * 2


def test_a_path_of_this_machine_is_in_no_workflow(snapshot: Path, repository: Path, flowgate: Flowgate) -> None:
    assert flowgate(repository, "init", "--source", str(snapshot)).code == 0
    assert str(snapshot) not in (repository / WORKFLOW).read_text()


def test_outside_of_a_repository_that_is_said(tmp_path: Path, flowgate: Flowgate) -> None:
    assert "run `git init`" in flowgate(tmp_path, "init").out
