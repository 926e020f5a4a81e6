"""Rules that claim a failure at run time, held to it: the bad example fails when run, the good one does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flowgate.lint.rule import Example
from flowgate.lint.rules import all_rules
from tests.conftest import REPOSITORY, Done, run, write

pytestmark = pytest.mark.slow


def _examples(rule: str) -> list[object]:
    (found,) = [one for one in all_rules() if one.id == rule]
    return [
        pytest.param(example, kind == "bad", id=f"{kind}-{example.title.replace(' ', '-')}")
        for kind in ("bad", "good")
        for example in getattr(found, kind)
    ]


def start(folder: Path, flow: Path, *arguments: str) -> Done:
    home = {"METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder / "store"), "METAFLOW_HOME": str(folder / "home")}
    return run([sys.executable, str(flow), "--no-pylint", *arguments], folder, METAFLOW_USER="ada", **home)


@pytest.mark.parametrize(("example", "bad"), _examples("FG101"))
def test_script_mode_import(example: Example, bad: bool, tmp_path: Path) -> None:
    """As a script, from another folder, with nothing of the repository installed; `uv run` gives it the same sys.path."""
    write(tmp_path, example.files)
    installed = "# ///" not in example.files["flows/flow.py"]
    if installed:  # not a script, but a module of a project whose package is installed
        write(tmp_path, {"flows/lab/data.py": example.files["src/lab/data.py"]})
    (tmp_path / "elsewhere").mkdir()
    done = start(tmp_path / "elsewhere", tmp_path / "flows" / "flow.py", "run")
    assert (done.code != 0) is bad, done
    if bad:
        assert "ModuleNotFoundError" in done.err + done.out or "ImportError" in done.err + done.out


@pytest.mark.parametrize(("example", "bad"), _examples("FG102"))
def test_cwd_relative_path(example: Example, bad: bool, tmp_path: Path) -> None:
    """From the flow's own folder it works; from another one the bad example does not."""
    write(tmp_path / "flows", example.files)
    (tmp_path / "elsewhere").mkdir()
    assert start(tmp_path / "flows", tmp_path / "flows" / "flow.py", "check").code == 0
    done = start(tmp_path / "elsewhere", tmp_path / "flows" / "flow.py", "check")
    assert (done.code != 0) is bad, done
    if bad:
        assert "could not be read" in " ".join((done.err + done.out).split())


@pytest.mark.parametrize(("example", "bad"), _examples("FG202"))
def test_module_in_merge(example: Example, bad: bool, tmp_path: Path) -> None:
    """The join really stops, with the words that the message quotes."""
    write(tmp_path, example.files)
    done = start(tmp_path, tmp_path / "flow.py", "run")
    assert (done.code != 0) is bad, done
    if bad:
        assert "conflicting values" in done.err + done.out


@pytest.mark.parametrize(("example", "bad"), _examples("FG203"))
def test_blind_join(example: Example, bad: bool, tmp_path: Path) -> None:
    """The run really stops, when all branches have been trained, with the words that the message quotes."""
    write(tmp_path, example.files)
    done = start(tmp_path, tmp_path / "flow.py", "run")
    assert (done.code != 0) is bad, done
    if bad:
        assert "Flow GridFlow has no attribute 'model'" in done.err + done.out


@pytest.mark.parametrize(("example", "bad"), _examples("FG103"))
def test_eager_metaflow(example: Example, bad: bool, tmp_path: Path) -> None:
    """Where Metaflow is not installed, the seams can be imported or not."""
    write(tmp_path, example.files)
    home = "seams" if "seams.py" in example.files else "flow"
    without = (
        f"import sys; sys.modules['metaflow'] = None; from {home} import make_data, build_model, train_arm, metric"
    )
    done = run([sys.executable, "-c", without], tmp_path)
    assert (done.code != 0) is bad, done
    if bad:
        assert "Error" in done.err and ("metaflow" in done.err or "FlowSpec" in done.err)


def test_the_example_s_seams_hold_without_metaflow() -> None:
    """The investigation's own contract tests, as its team would run them."""
    folder = REPOSITORY / "examples" / "digits"
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], folder)
    assert done.code == 0, done
