"""Which files are looked into: never an environment, a build or what a tool keeps; and no text takes longer than its length."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgate.discover import _launches, candidates, forget, launch_lines, python_files
from flowgate.project import open_project
from tests.conftest import Flowgate, git, run, write
from tests.functional.flows import fan

FLOW = fan("self.input")
BROKEN = fan("__import__('random').random()")


def found_in(folder: Path) -> set[str]:
    """The Python files that are looked into, relative to a folder."""
    forget()
    return set(python_files(str(folder)))


@pytest.mark.parametrize("known_to_git", ["untracked", "committed", "no repository"])
@pytest.mark.parametrize(
    "inside",
    [
        {"env/pyvenv.cfg": "home = /usr/bin\n", "env/lib/python3.11/x.py": BROKEN},
        {"tools/conda/conda-meta/history": "", "tools/conda/x.py": BROKEN},
        {".venv/lib/x.py": BROKEN},
        {"site/.tox/py311/x.py": BROKEN},
        {"build/lib/x.py": BROKEN},
        {"node_modules/tool/x.py": BROKEN},
        {".ipynb_checkpoints/x.py": BROKEN},
        {"vendor/gate/src/flowgate/scaffold/shell.txt": "", "vendor/gate/tests/x.py": BROKEN},
    ],
    ids=lambda files: str(list(files)[-1]),
)
def test_environments_and_builds_are_left_out(
    inside: dict[str, str], known_to_git: str, tmp_path: Path, flowgate: Flowgate
) -> None:
    write(tmp_path, {"flow.py": FLOW, "builder/flow.py": FLOW, **inside})
    if known_to_git != "no repository":
        git(tmp_path, "init", "-q")
    if known_to_git == "committed":
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", "all of it, the environment too")
    assert found_in(tmp_path) == {"flow.py", "builder/flow.py"}
    done = flowgate(tmp_path, "lint")
    assert done.code == 0 and "2 files checked" in done.out, done


def test_a_real_environment_that_git_does_not_ignore_is_left_out(repository: Path, flowgate: Flowgate) -> None:
    run([sys.executable, "-m", "venv", "--without-pip", "theirs"], repository)
    write(repository, {"flow.py": FLOW, "theirs/lib/metaflow/tutorial.py": BROKEN})
    done = flowgate(repository, "lint")
    assert done.code == 0 and "1 file checked" in done.out, done


def test_a_folder_that_is_named_is_looked_into_all_the_same(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"build/flow.py": BROKEN})
    assert flowgate(repository, "lint", "build").code == 1
    assert flowgate(repository, "lint", "build/flow.py").code == 1


@pytest.mark.parametrize("committed", [True, False])
def test_a_flow_that_the_settings_name_is_judged_wherever_it_lies(committed: bool, repository: Path) -> None:
    write(repository, {"build/flow.py": FLOW, "flowgate.toml": '[flow."build/flow.py"]\n'})
    if committed:
        git(repository, "add", "-A")
        git(repository, "commit", "-qm", "a flow in a folder that is skipped otherwise")
    forget()
    found = candidates(open_project(str(repository)))
    assert [Path(path).name for path in found.named] == ["flow.py"]


LAUNCHES = {
    "uv run flow.py\n": ["uv run flow.py"],
    "a\nPYTHONPATH=src \\\n  python flow.py run \\\n  --tag x\nb": [
        "PYTHONPATH=src \\\n  python flow.py run \\\n  --tag x"
    ],
    "  uvx  run x and uv run y": ["  uvx  run x and uv run y"],
    "souv run x": [],
    "uv  pip install x": [],
    "first uv run a\nsecond\nuv run b": ["first uv run a", "uv run b"],
}


@pytest.mark.parametrize("text", LAUNCHES)
def test_launch_lines_are_found_with_what_continues_them(text: str, tmp_path: Path) -> None:
    write(tmp_path, {"run.sh": text})
    forget()
    assert sorted(launch_lines(str(tmp_path))) == sorted(LAUNCHES[text])


@given(st.lists(st.text(alphabet=" auvrnx=PYTHO", max_size=30) | st.sampled_from(["uv run flow.py", "PYTHONPATH=."])))
def test_every_line_with_a_launch_is_found_once_and_no_other(lines: list[str]) -> None:
    """Against the plain way: ask of each line whether it holds the words."""
    wanted = [line for line in lines if re.search(r"PYTHONPATH|\buvx? +run\b", line)]
    found = [line.decode() for line in _launches("\n".join([*lines, "end"]).encode())]
    assert [line.lstrip("\n") for line in found] == wanted


@pytest.mark.parametrize("filler", ["A", "uv ", "PYTHONPATH", "uv run \\", "\\\n"])
def test_of_a_long_line_only_what_is_around_the_launch_is_kept(filler: str) -> None:
    """That it is searched once, and not from every byte anew, shows in the test below: it would not end."""
    text = (filler * (1_000_000 // len(filler))).encode()
    assert all(len(line) <= 4_100 for line in _launches(text))
    assert bool(list(_launches(text))) == (filler in ("PYTHONPATH", "uv run \\"))


def test_a_notebook_of_one_line_is_read_at_once(tmp_path: Path, flowgate: Flowgate) -> None:
    """A pattern that began at every byte of the line took minutes for this one."""
    picture = "iVBORw0KGgo" * 100_000
    cell = f'{{"cells": [{{"source": "!uv run flow.py run", "png": "{picture[:900_000]}"}}]}}'
    write(tmp_path, {"flow.py": FLOW, "notes.ipynb": cell, "flowgate.toml": WORKER_PIN})
    done = flowgate(tmp_path, "lint")
    assert done.code in (0, 1) and "1 file" in done.out, done


WORKER_PIN = '[flow."flow.py"]\ndeterminism = "single_worker"\ndeterminism_reason = "gensim"\nsurface = ["results"]\n'


def test_a_pattern_that_names_a_skipped_folder_looks_into_it(repository: Path, flowgate: Flowgate) -> None:
    """Otherwise what the settings ask to be judged would be passed over in silence."""
    settings = 'flows = ["flow/*.py", "build/*_flow.py"]\n'
    write(repository, {"flow/a.py": FLOW, "build/x_flow.py": BROKEN, "build/y.py": BROKEN, "flowgate.toml": settings})
    done = flowgate(repository, "lint")
    assert done.code == 1 and "build/x_flow.py" in done.out and "build/y.py" not in done.out, done


def test_a_large_notebook_is_still_looked_into(tmp_path: Path, flowgate: Flowgate) -> None:
    picture = "iVBORw0KGgo" * 300_000
    cell = f'{{"source": ["!python flow.py run --max-workers 4"],\n"png": "{picture}"}}'
    write(tmp_path, {"flow.py": FLOW, "notes.ipynb": cell, "flowgate.toml": WORKER_PIN})
    assert "FG405" in flowgate(tmp_path, "lint").out
