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


class Hooked:
    """A repository with the hooks installed by a tool, which git commits through."""

    def __init__(self, tool: str, repository: Path, snapshot: Path, home: str) -> None:
        self.repository = repository
        bin_folder = Path(sys.executable).parent
        self.environ = {
            "PRE_COMMIT_HOME": home,
            "PREK_HOME": home,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        }
        revision = git(snapshot, "rev-parse", "HEAD").out.strip()
        self.config = f"repos:\n  - repo: {snapshot}\n    rev: {revision}\n    hooks:\n"
        hooks = "".join(f"      - id: flowgate-{name}\n" for name in ("lint", "review", "prove"))
        write(
            repository, {".pre-commit-config.yaml": self.config + hooks, "flowgate.toml": settings(), "flow.py": CLEAN}
        )
        stages = [word for stage in ("pre-commit", "pre-merge-commit", "pre-push") for word in ("-t", stage)]
        installed = run([tool, "install", "--install-hooks", *stages], repository, **self.environ)
        assert installed.code == 0, installed

    def __call__(self, *arguments: str, folder: Path | None = None) -> Done:
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=a@b.c", *arguments]
        return run(command, folder or self.repository, **self.environ)

    def commit(self, files: dict[str, str] | None = None, folder: Path | None = None) -> Done:
        write(folder or self.repository, files or {})
        self("add", "-A", folder=folder)
        return self("commit", "-m", "a change", folder=folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One cache of hooks for the module, so that the private environment is built once."""
    return str(tmp_path_factory.mktemp("pre-commit"))


@pytest.fixture
def hooked(repository: Path, snapshot: Path, home: str) -> Hooked:
    """A fresh repository with the hooks installed by pre-commit; called with git's arguments."""
    return Hooked("pre-commit", repository, snapshot, home)


def test_a_trap_is_blocked_until_it_is_mended_or_overridden(
    hooked: Hooked, repository: Path, flowgate: Callable[..., Done]
) -> None:
    assert hooked.commit().code == 0
    write(repository, {"flow.py": TRAPPED})
    blocked = hooked.commit()
    assert blocked.code == 1 and "FG301" in blocked.err and "EPOCHS = 15" in blocked.err, blocked
    write(repository, {"flow.py": fan("self.input * 2")})
    assert hooked.commit().code == 0, "mended"
    write(repository, {"flow.py": TRAPPED})
    listed = flowgate(repository, "lint", "--format", "json").json()["findings"]
    (found,) = (one for one in listed if one["severity"] == "error")
    assert flowgate(repository, "override", found["id"], "--reason", "for now", "--by", "Ada").code == 0
    assert hooked.commit().code == 0, "overridden"
    write(repository, {"flow.py": "# moved\n\n" + TRAPPED})
    assert hooked.commit().code == 0, "moving the code keeps the override"
    write(repository, {"flow.py": TRAPPED.replace("EPOCHS = 15", "EPOCHS = 16")})
    stale = hooked.commit()
    assert stale.code == 1 and "stale-override" in stale.err


def test_what_is_judged_is_what_is_staged(hooked: Hooked, repository: Path) -> None:
    assert hooked.commit().code == 0
    write(repository, {"flow.py": TRAPPED})
    hooked("add", "-A")
    write(repository, {"flow.py": CLEAN})
    assert hooked("commit", "-m", "the trap is staged").code == 1
    write(repository, {"flow.py": CLEAN + "\n"})
    hooked("add", "-A")
    write(repository, {"flow.py": TRAPPED})
    assert hooked("commit", "-m", "the trap is not staged").code == 0


def test_the_push_is_blocked_by_a_proof(hooked: Hooked, repository: Path, tmp_path: Path) -> None:
    git(repository, "init", "-q", "--bare", str(repository / "remote.git"))
    hooked("remote", "add", "origin", str(repository / "remote.git"))
    (repository / ".gitignore").write_text("remote.git\n")
    assert hooked.commit().code == 0
    assert hooked("push", "-q", "origin", "main").code == 0
    write(repository, {"flow.py": fan("count(self.index)", before=COUNTED)})
    assert hooked.commit().code == 0
    pushed = hooked("push", "-q", "origin", "main")
    assert pushed.code == 1 and "FP101" in pushed.out + pushed.err, pushed


def test_prek_runs_them_too(repository: Path, snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    hooked = Hooked("prek", repository, snapshot, str(tmp_path_factory.mktemp("prek")))
    assert hooked.commit().code == 0
    blocked = hooked.commit({"flow.py": TRAPPED})
    assert blocked.code == 1 and "FG301" in blocked.err + blocked.out, blocked
    write(repository, {"flow.py": CLEAN})
    assert hooked.commit({"flow.py": CLEAN + "\n"}).code == 0


def test_what_lies_beside_the_commit_is_not_judged(hooked: Hooked, repository: Path) -> None:
    assert hooked.commit().code == 0
    write(
        repository, {"scratch_flow.py": TRAPPED, "broken_flow.py": "class F(FlowSpec:\n", "flow.py": CLEAN + "# more\n"}
    )
    hooked("add", "flow.py")
    hooked("add", "-N", "broken_flow.py")
    assert hooked("commit", "-m", "scratch files stay where they are").code == 0
    write(
        repository, {"helper.py": "def twice(x):\n    return 2 * x\n", "flow.py": "from helper import twice\n" + CLEAN}
    )
    hooked("reset", "-q", "broken_flow.py")
    hooked("add", "flow.py")
    refused = hooked("commit", "-m", "without the helper")
    assert refused.code == 1 and "git add helper.py" in refused.err, refused
    hooked("add", "helper.py")
    assert hooked("commit", "-m", "with it").code == 0


def test_settings_and_overrides_beside_the_commit_do_not_decide(
    hooked: Hooked, repository: Path, flowgate: Callable[..., Done]
) -> None:
    assert hooked.commit().code == 0
    write(repository, {"flow.py": TRAPPED})
    listed = flowgate(repository, "lint", "--format", "json").json()["findings"]
    (found,) = (one for one in listed if one["severity"] == "error")
    assert flowgate(repository, "override", found["id"], "--reason", "for now", "--by", "Ada").code == 0
    hooked("add", "flow.py")
    refused = hooked("commit", "-m", "without the ledger")
    assert refused.code == 1 and "git add .flowgate/ledger.yaml" in refused.err, refused
    hooked("add", ".flowgate")
    assert hooked("commit", "-m", "with it").code == 0


def test_a_commit_that_only_deletes_or_renames_is_judged(
    hooked: Hooked, repository: Path, flowgate: Callable[..., Done]
) -> None:
    write(repository, {"flow.py": TRAPPED})
    (found,) = (
        one for one in flowgate(repository, "lint", "--format", "json").json()["findings"] if one["severity"] == "error"
    )
    assert flowgate(repository, "override", found["id"], "--reason", "for now", "--by", "Ada").code == 0
    assert hooked.commit().code == 0
    hooked("rm", "-q", ".flowgate/ledger.yaml")
    blocked = hooked("commit", "-m", "the override goes")
    assert blocked.code == 1 and "FG301" in blocked.err, blocked
    hooked("reset", "-q", "--hard")
    hooked("mv", "flow.py", "renamed.py")
    assert "there is no such file" in hooked("commit", "-m", "the settings stay").err
    text = (repository / "flowgate.toml").read_text()
    assert hooked.commit({"flowgate.toml": text.replace("flow.py", "renamed.py")}).code == 0, "the override follows"


def test_a_merge_that_brings_a_trap_is_judged(hooked: Hooked, repository: Path) -> None:
    assert hooked.commit({"notes.txt": "a\n"}).code == 0
    hooked("checkout", "-q", "-b", "side")
    write(repository, {"flow.py": TRAPPED, "notes.txt": "b\n"})
    hooked("commit", "-q", "-a", "--no-verify", "-m", "a trap")
    hooked("checkout", "-q", "main")
    assert hooked.commit({"notes.txt": "c\n"}).code == 0
    assert hooked("merge", "side").code == 1
    write(repository, {"notes.txt": "d\n"})
    hooked("add", "notes.txt")
    blocked = hooked("commit", "-m", "merged")
    assert blocked.code == 1 and "FG301" in blocked.err, blocked


def test_a_linked_worktree_and_a_submodule_are_repositories_too(
    hooked: Hooked, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("elsewhere")
    library = outside / "library"
    library.mkdir()
    git(library, "init", "-q", "-b", "main")
    write(library, {"steps.py": "EPOCHS = 15\n"})
    git(library, "add", "-A")
    git(library, "commit", "-q", "-m", "a library")
    hooked("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "library")
    assert hooked.commit({".gitignore": "scratch/\n"}).code == 0
    flow = "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'library'))\n"
    trapped = flow + "from steps import EPOCHS\n" + fan("self.input * EPOCHS")
    blocked = hooked.commit({"flow.py": trapped})
    assert blocked.code == 1 and "FG301" in blocked.err and "library/steps.py:1" in blocked.err, blocked
    hooked("reset", "-q", "--hard")
    tree = outside / "tree"
    assert hooked("worktree", "add", "-q", str(tree), "-b", "other").code == 0
    assert hooked.commit({"scratch/flow.py": TRAPPED, "flow.py": CLEAN + "# there\n"}, tree).code == 0
    blocked = hooked.commit({"flow.py": TRAPPED}, tree)
    assert blocked.code == 1 and "FG301" in blocked.err, blocked


def test_a_repository_of_two_thousand_files_without_a_flow_commits(hooked: Hooked, repository: Path) -> None:
    (repository / "flow.py").unlink()
    (repository / "flowgate.toml").unlink()
    files = {f"folder{at % 40}/module{at}.py": f"x = {at}\n" for at in range(2_000)}
    done = hooked.commit(files)
    assert done.code == 0 and "no flows found" not in done.err, done


def test_what_is_proven_is_what_is_pushed(hooked: Hooked, repository: Path) -> None:
    git(repository, "init", "-q", "--bare", str(repository / "remote.git"))
    hooked("remote", "add", "origin", str(repository / "remote.git"))
    write(repository, {".gitignore": "remote.git\n"})
    assert hooked.commit().code == 0
    assert hooked("push", "-q", "origin", "main").code == 0
    hooked("checkout", "-q", "-b", "other")
    assert hooked.commit({"flow.py": fan("count(self.index)", before=COUNTED)}).code == 0
    hooked("checkout", "-q", "main")
    for branch, prepare in (("other", None), ("main", CLEAN + "# staged, not committed\n")):
        if prepare:
            assert hooked.commit({"notes.md": "more\n"}).code == 0
            write(repository, {"flow.py": prepare})
            hooked("add", "flow.py")
        pushed = hooked("push", "-q", "origin", branch)
        assert pushed.code == 1 and "is not what is pushed" in pushed.err + pushed.out, pushed


def test_the_private_environment_is_light(hooked: Hooked, home: str) -> None:
    installed = {
        path.name.split("-")[0].lower() for path in Path(home).glob("*/py_env-*/lib/*/site-packages/*.dist-info")
    }
    assert "click" in installed and "metaflow_flowgate" in installed
    assert "hydra_core" in installed, "what composes is not what is composed for"
    assert not installed & {"metaflow", "torch", "numpy", "pandas", "scikit_learn"}
