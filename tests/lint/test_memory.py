"""What lint remembers: the same answer as a fresh one, whatever has changed in between."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from flowgate.finding import Finding
from flowgate.flow.source import Source
from flowgate.lint import pipeline
from flowgate.lint.examples import EXPERIMENT, promoted
from flowgate.lint.pipeline import Answer
from flowgate.lint.rules import Entry
from flowgate.project import Project, open_project
from flowgate.usecases.lint import check
from tests.conftest import Flowgate, git, write

HELPED = """
from metaflow import FlowSpec, step
from sizes import EPOCHS


class F(FlowSpec):
    @step
    def start(self):
        self.x = EPOCHS
        self.next(self.end)

    @step
    def end(self):
        pass
"""
OLD = 1_600_000_000


def settle(folder: Path) -> None:
    """Make every file old enough for its time to be believed."""
    for path in folder.rglob("*"):
        if path.is_file() and ".git" not in path.parts and ".flowgate" not in path.parts:
            os.utime(path, (OLD, OLD))


def rules(folder: Path, fresh: bool = False) -> list[tuple[str, str, int]]:
    report = check(open_project(str(folder)), [], fresh=fresh)
    return [(found.rule, found.path, found.line) for found in report.findings]


CHANGES = {
    "the flow": {"flow.py": HELPED.replace("self.x = EPOCHS", "self.x = 1")},
    "a module it imports": {"sizes.py": "EPOCHS = 'x'\n"},
    "a module that now comes first": {"sizes/__init__.py": "EPOCHS = None\n"},
    "a test that names the proof of concept": {"tests/test_a.py": "import noise_poc\n"},
    "the settings": {"flowgate.toml": '[lint]\nignore = ["FG301"]\n'},
    "a module that cannot be read": {"sizes.py": "EPOCHS = (\n"},
    "a config folder": {"conf/config.yaml": "a: [1\n", "conf/experiment/a.yaml": "b: [\n"},
    "another flow": {"other.py": HELPED.replace("class F", "class G")},
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_that_matters_is_seen(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": HELPED, "sizes.py": "EPOCHS = 15\n", "tests/test_b.py": ""})
    settle(tmp_path)
    before = rules(tmp_path)
    assert ("FG301", "sizes.py", 1) in before and rules(tmp_path) == before
    write(tmp_path, CHANGES[name])
    assert rules(tmp_path) == rules(tmp_path, fresh=True)


PROMOTED_CHANGES = {
    "an experiment": {"conf/experiment/noise.yaml": EXPERIMENT.replace("[noise]", "[nois]")},
    "a new experiment": {"conf/experiment/more.yaml": "name: more\n"},
    "a copy of a seam": {"scripts/a.py": "def metric(a):\n    return a\n"},
    "a result that git tracks": {"results_a.json": "{}"},
    "a document": {"README.md": "python flow.py run --max-workers 4\n"},
}


@pytest.mark.parametrize("name", PROMOTED_CHANGES)
def test_every_change_that_matters_to_a_promoted_flow_is_seen(name: str, repository: Path) -> None:
    single = EXPERIMENT.replace("order_independent", "single_worker\ndeterminism_reason: the library")
    write(repository, promoted({"conf/experiment/noise.yaml": single}))
    git(repository, "add", "--all")
    settle(repository)
    before = rules(repository)
    assert rules(repository) == before
    write(repository, PROMOTED_CHANGES[name])
    git(repository, "add", "--all")
    after = rules(repository)
    assert after == rules(repository, fresh=True)
    assert after != before or name == "a document"


def test_a_file_changed_within_a_tick_is_seen(tmp_path: Path) -> None:
    """Same length, same time: what was changed a moment ago is compared by its content."""
    write(tmp_path, {"flow.py": HELPED, "sizes.py": "EPOCHS = 15\n"})
    now = time.time()
    os.utime(tmp_path / "sizes.py", (now, now))
    assert ("FG301", "sizes.py", 1) in rules(tmp_path)
    write(tmp_path, {"sizes.py": "EPOCHS = ''\n"})
    os.utime(tmp_path / "sizes.py", (now, now))
    assert rules(tmp_path) == rules(tmp_path, fresh=True) == []


def test_a_file_that_was_only_touched_is_not_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"flow.py": HELPED, "sizes.py": "EPOCHS = 15\n"})
    settle(tmp_path)
    before = rules(tmp_path)
    os.utime(tmp_path / "flow.py", (OLD + 5, OLD + 5))
    judged: list[str] = []
    real = pipeline._examine

    def watched(project: Project, path: str, rules: list[Entry]) -> Answer:
        judged.append(path)
        return real(project, path, rules)

    monkeypatch.setattr(pipeline, "_examine", watched)
    assert rules(tmp_path) == before
    assert judged == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}', "null", '{"key": [], "looks": 3}'])
def test_a_damaged_memory_is_none(text: str, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": HELPED, "sizes.py": "EPOCHS = 15\n"})
    before = rules(tmp_path)
    (tmp_path / ".flowgate" / "cache" / "lint.json").write_text(text)
    assert rules(tmp_path) == before


@limits(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_memory_with_any_part_replaced_is_no_traceback(data: st.DataObject, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": HELPED, "sizes.py": "EPOCHS = 15\n"})
    settle(tmp_path)
    rules(tmp_path)
    path = tmp_path / ".flowgate" / "cache" / "lint.json"
    kept = json.loads(path.read_text())
    part = data.draw(st.sampled_from(["looks", "answers", "plain"]))
    kept[part] = data.draw(st.sampled_from([None, 3, [], {}, [[1]], {"a": 1}, [["file", "x", "y", None]]]))
    path.write_text(json.dumps(kept))
    assert ("FG301", "sizes.py", 1) in rules(tmp_path)


def test_git_does_not_see_it_and_a_folder_that_cannot_be_written_is_no_error(
    flowgate: Flowgate, repository: Path
) -> None:
    write(repository, {"flow.py": HELPED, "sizes.py": "EPOCHS = 15\n"})
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "flow")
    assert flowgate(repository, "lint").code == 1
    assert git(repository, "status", "--porcelain").out == ""
    (repository / "below").mkdir()
    (repository / "below" / "flowgate.toml").touch()
    write(repository / "below", {"flow.py": HELPED, "sizes.py": "EPOCHS = 15\n", ".flowgate": "in the way"})
    assert flowgate(repository / "below", "lint").code == 1


def test_many_files_are_judged_as_each_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same findings from one process and from two."""
    for number in range(60):
        body = HELPED.replace("from sizes import EPOCHS", f"EPOCHS = {number}" if number % 3 else "EPOCHS = None")
        write(tmp_path, {f"flow{number}.py": body})
    monkeypatch.setattr(pipeline, "_cores", lambda: 2)
    shared = check(open_project(str(tmp_path)), [], fresh=True).findings
    monkeypatch.setattr(pipeline, "_cores", lambda: 1)
    alone = check(open_project(str(tmp_path)), [], fresh=True).findings
    assert shared == alone and len(shared) == 40
    assert all(isinstance(found, Finding) for found in shared)


def test_a_source_is_read_once_for_each_look(tmp_path: Path) -> None:
    """The fast search of the bytes and the parse are of one reading."""
    path = tmp_path / "flow.py"
    path.write_text(HELPED)
    source = Source(str(path))
    path.write_text("x = (")
    assert source.may_hold_a_flow() and source.parse() is not None
