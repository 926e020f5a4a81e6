"""`--fix`: one right answer, made whole, that leaves nothing to fix."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgate.lint.edit import Edit, edited, replaced, wrapped
from flowgate.lint.rule import Example
from flowgate.lint.rules import all_rules
from flowgate.project import open_project
from flowgate.usecases.fix import changes, fix
from tests.conftest import Flowgate, lint_files, write

FIXABLE = {"FG102", "FG104", "FG502"}
BAD = [
    pytest.param(rule.id, example, id=f"{rule.id} {example.title}")
    for rule in all_rules()
    if rule.id in FIXABLE
    for example in rule.bad
]
LISTED = """
import os, glob
from pathlib import Path
from metaflow import FlowSpec, step


class FilesFlow(FlowSpec):
    @step
    def start(self):
        {body}
        self.next(self.end)

    @step
    def end(self):
        print(self.names)
"""


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_what_a_fix_leaves_parses_and_needs_no_further_one(rule: str, example: Example, tmp_path: Path) -> None:
    folder = write(tmp_path, example.files)
    project = open_project(str(folder))
    before = [one.rule for one in lint_files(folder, {})].count(rule)
    mended = fix(project, [])
    for path in folder.rglob("*.py"):
        ast.parse(path.read_bytes())
    assert changes(project, []) == []
    assert [one.rule for one in lint_files(folder, {})].count(rule) == before - mended


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("self.names = os.listdir('/data')", "self.names = sorted(os.listdir('/data'))"),
        ("self.names = [n for n in glob.glob('*.csv')]", "self.names = [n for n in sorted(glob.glob('*.csv'))]"),
        ("self.names = list({'a', 'b'})", "self.names = sorted({'a', 'b'})"),
        ("self.names = tuple(set('ab'))", "self.names = tuple(sorted(set('ab')))"),
        ("self.names = ','.join({'ä', 'b'})", "self.names = ','.join(sorted({'ä', 'b'}))"),
        ("self.names = [*Path('/d').iterdir()]", "self.names = [*sorted(Path('/d').iterdir())]"),
    ],
)
def test_an_order_is_sorted_where_it_is_made(body: str, expected: str, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": LISTED.format(body=body)})
    fix(open_project(str(tmp_path)), [])
    assert (tmp_path / "flow.py").read_text() == LISTED.format(body=expected)


@pytest.mark.parametrize(
    "body",
    [
        "self.names = list(os.walk('/d'))",
        "self.names = [e.name for e in os.scandir('/d')]",
        "self.names = next(Path('/d').iterdir())",
    ],
)
def test_what_has_no_order_of_its_own_is_left_to_the_person(body: str, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": LISTED.format(body=body)})
    assert "FG502" in {one.rule for one in lint_files(tmp_path, {})}
    assert fix(open_project(str(tmp_path)), []) == 0


CONFIG = 'from metaflow import Config, FlowSpec, step\n\n\nclass F(FlowSpec):\n    cfg = Config("cfg", default={})\n\n    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n'


def test_a_default_is_anchored_to_where_its_file_is(tmp_path: Path) -> None:
    write(tmp_path, {"conf/a.json": "{}", "flows/flow.py": CONFIG.format('"conf/a.json"'), "flowgate.toml": ""})
    fix(open_project(str(tmp_path)), [])
    text = (tmp_path / "flows" / "flow.py").read_text()
    assert text.startswith("from pathlib import Path\n")
    assert 'default=str(Path(__file__).resolve().parents[1] / "conf/a.json")' in text


@pytest.mark.parametrize("files", [{}, {"conf/a.json": "{}", "flows/conf/a.json": "{}"}])
def test_a_default_whose_file_is_not_there_or_there_twice_is_left(files: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, {"flows/flow.py": CONFIG.format('"conf/a.json"'), "flowgate.toml": "", **files})
    assert fix(open_project(str(tmp_path)), []) == 0


def test_line_endings_a_mark_and_the_mode_of_a_file_survive(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    text = LISTED.format(body="self.names = os.listdir('/ä')").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    path.chmod(0o755)
    fix(open_project(str(tmp_path)), [])
    assert path.read_bytes() == b"\xef\xbb\xbf" + text.replace("os.listdir('/ä')", "sorted(os.listdir('/ä'))").encode()
    assert path.stat().st_mode & 0o777 == 0o755


def test_the_command_shows_a_diff_or_makes_it(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flows/flow.py": LISTED.format(body="self.names = os.listdir('/data')")})
    shown = flowgate(repository, "lint", "--diff")
    assert shown.code == 1 and "--- a/flows/flow.py" in shown.out
    assert "+        self.names = sorted(os.listdir('/data'))" in shown.out
    assert flowgate(repository, "lint").code == 1
    done = flowgate(repository, "lint", "--fix")
    assert done.code == 0 and "fixed: 1 finding" in done.err
    assert flowgate(repository, "lint", "--diff").out == ""
    assert flowgate(repository, "lint", "--fix", "--diff").code == 2


def test_an_accepted_finding_is_not_fixed(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flow.py": LISTED.format(body="self.names = os.listdir('/data')")})
    (found,) = flowgate(repository, "lint", "--format", "json").json()["findings"]
    assert flowgate(repository, "override", found["id"], "--reason", "it is listed in order", "--by", "Ada").code == 0
    assert flowgate(repository, "lint", "--diff").out == ""


@given(st.text(alphabet="abä \n", max_size=60), st.data())
def test_edits_that_overlap_are_not_both_made(text: str, data: st.DataObject) -> None:
    """What an edit does not touch stays byte for byte, and an edit never lands in another's text."""
    lines = text.split("\n")
    spots = [(n + 1, c) for n, line in enumerate(lines) for c in range(len(line.encode()) + 1)]
    ends = sorted(data.draw(st.lists(st.sampled_from(spots), min_size=2, max_size=6)))
    edits = [Edit("f", a, b, "X") for a, b in zip(ends[::2], ends[1::2], strict=False)]
    made = edited(text.encode(), edits)
    assert made.replace(b"X", b"").count(b"a") <= text.count("a")
    assert made.count(b"X") >= 1


def test_an_edit_is_told_by_the_tree() -> None:
    (statement,) = ast.parse("x = f('ä', g(1))").body
    assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
    call = statement.value
    data = "x = f('ä', g(1))".encode()
    assert edited(data, [wrapped("f", call.args[1], "sorted")]).decode() == "x = f('ä', sorted(g(1)))"
    assert edited(data, [replaced("f", call.args[0], "1")]).decode() == "x = f(1, g(1))"
