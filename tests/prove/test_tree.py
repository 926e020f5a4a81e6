"""The checkout after an arm: what it made is gone, what it changed is back, and nothing of the user's is lost."""

from __future__ import annotations

from pathlib import Path

from flowgate.prove.tree import named_by, put_back, tree_of
from tests.conftest import git, write


class Checkout:
    """A project before and after an arm. `settle` brings it back, and says what was unexplained, altered and kept aside."""

    def __init__(self, root: Path, files: dict[str, str]) -> None:
        self.root = root
        write(root, files)
        self.before = tree_of(str(root))

    def settle(self, *written: str, home: Path | None = None) -> tuple[set[str], set[str], set[str]]:
        """What `put_back` says of all changes since; `written` are those that tasks are known to have made."""
        known = frozenset(str(self.root / name) for name in written)
        homes = [str(home or self.root.parent / "arm")]
        told = put_back(self.before, known, homes, str(self.root.parent / "kept"))
        unexplained, altered, aside = ({str(Path(path).relative_to(self.root)) for path in one} for one in told)
        return unexplained, altered, aside


def test_a_file_that_a_task_made_is_gone(tmp_path: Path) -> None:
    root = tmp_path / "project"
    checkout = Checkout(root, {"data.csv": "1"})
    write(root, {"out/model.bin": "x"})
    assert checkout.settle("out/model.bin") == (set(), set(), set())
    assert not (root / "out" / "model.bin").exists() and (root / "data.csv").read_text() == "1"


def test_a_file_that_nobody_saw_being_made_is_moved_aside_and_named(tmp_path: Path) -> None:
    root = tmp_path / "project"
    checkout = Checkout(root, {"data.csv": "1"})
    write(root, {"model.pt": "weights"})
    assert checkout.settle() == ({"model.pt"}, set(), {"model.pt"})
    (kept,) = (tmp_path / "kept").rglob("model.pt")
    assert kept.read_text() == "weights" and not (root / "model.pt").exists()


def test_a_source_file_that_changed_or_came_is_taken_for_an_edit(tmp_path: Path) -> None:
    root = tmp_path / "project"
    checkout = Checkout(root, {"flow.py": "A = 1\n"})
    write(root, {"flow.py": "A = 22\n", "new.py": "B = 1\n"})
    assert checkout.settle() == ({"flow.py", "new.py"}, {"flow.py", "new.py"}, set())
    assert (root / "flow.py").read_text() == "A = 22\n" and (root / "new.py").exists()


def test_a_changed_file_gets_the_content_that_was_kept_before(tmp_path: Path) -> None:
    root, home = tmp_path / "project", tmp_path / "arm"
    checkout = Checkout(root, {"state.json": "old"})
    kept = Path(f"{home}/originals{root}/state.json")
    kept.parent.mkdir(parents=True)
    kept.write_text("old")
    write(root, {"state.json": "newer"})
    assert checkout.settle("state.json", home=home) == (set(), set(), set())
    assert (root / "state.json").read_text() == "old"
    assert checkout.settle(home=home) == (set(), set(), set()), "it counts as unchanged from then on"


def test_a_tracked_file_that_a_program_changed_or_removed_comes_back_from_git(repository: Path) -> None:
    write(repository, {"table.csv": "1,2\n", "sub/two.csv": "3\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "data")
    checkout = Checkout(repository, {})
    write(repository, {"table.csv": "9,9,9\n"})
    (repository / "sub" / "two.csv").unlink()
    unexplained, altered, aside = checkout.settle()
    assert (unexplained, altered, aside) == ({"table.csv", "sub/two.csv"}, set(), {"table.csv"})
    assert (repository / "table.csv").read_text() == "1,2\n" and (repository / "sub" / "two.csv").read_text() == "3\n"
    assert git(repository, "status", "--short").out == ""


def test_a_file_that_another_program_has_open_is_left_alone(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "project", {"data.csv": "1"})
    with (tmp_path / "project" / "log.txt").open("w") as log:
        log.write("what `flowgate prove > log.txt` writes")
        log.flush()
        assert checkout.settle() == (set(), set(), set())
    assert (tmp_path / "project" / "log.txt").read_text()


def test_a_file_in_a_shared_folder_is_the_flows_only_by_its_whole_name(tmp_path: Path) -> None:
    code = tmp_path / "flow.py"
    code.write_text('OUT = "/tmp/holdout_rows.bin"; x = np.float64(1); y = "rows.binary"\n')
    files = {"holdout_rows.bin": True, "t6": False, "loat64": False, "rows.bin": False, "other.bin": False}
    for name in files:
        (tmp_path / name).write_text("")
    (tmp_path / "float64").mkdir()
    paths = frozenset(str(tmp_path / name) for name in [*files, "float64"])
    assert named_by((str(code),), paths) == [str(tmp_path / name) for name, theirs in files.items() if theirs]


def test_what_cannot_be_brought_back_is_named(tmp_path: Path) -> None:
    root = tmp_path / "project"
    checkout = Checkout(root, {"big.bin": "old"})
    write(root, {"big.bin": "newer"})
    assert checkout.settle() == ({"big.bin"}, {"big.bin"}, {"big.bin"})


def test_git_caches_and_environments_are_left_out(tmp_path: Path) -> None:
    root = tmp_path / "project"
    checkout = Checkout(
        root,
        {".venv/pyvenv.cfg": "", ".venv/lib/a.txt": "1", ".flowgate/x": "1", "__pycache__/a.pyc": "1", "a.txt": "1"},
    )
    assert set(checkout.before.files) == {str(root / "a.txt")}
