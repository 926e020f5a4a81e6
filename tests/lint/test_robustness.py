"""The linter on code nobody here wrote, and on code nobody should write: a finding, never a traceback, never a hang."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from flowgate.discover import named_sources
from flowgate.flow.model import read_flows
from flowgate.flow.source import Source
from flowgate.lint.engine import lint
from flowgate.lint.rules import all_rules
from flowgate.project import open_project
from tests.conftest import REPOSITORY, lint_files

RULES = all_rules()

SITE = Path(sysconfig.get_path("purelib"))
FLOWS = [
    (REPOSITORY / "examples" / "digits" / "flow" / "digits_flow.py").read_text(),
    *(
        example.files[name]
        for rule in RULES
        for example in rule.bad
        for name in example.files
        if name.endswith("flow.py")
    ),
]


def test_the_errors_in_the_tutorials_of_metaflow_are_right() -> None:
    """Each draws from Python's own generator, which no task seeds, or fans out over the order of a set of words."""
    folder = SITE / "metaflow" / "tutorials"
    project = open_project(str(folder))
    sources = named_sources(project, [str(folder)])
    assert len(sources) >= 6
    errors = [found for found in lint(project, sources) if found.severity == "error"]
    assert sorted((os.sep.join(Path(found.path).parts[-2:]), found.line, found.rule) for found in errors) == [
        ("01-playlist/playlist.py", 84, "FG501"),
        ("01-playlist/playlist.py", 106, "FG501"),
        ("02-statistics/stats.py", 57, "FG502"),
        ("03-playlist-redux/playlist.py", 73, "FG501"),
        ("03-playlist-redux/playlist.py", 101, "FG501"),
        ("04-playlist-plus/playlist.py", 131, "FG501"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("package", ["metaflow", "hydra", "click", "hypothesis", "sklearn", "numpy", "pandas"])
def test_no_file_of_site_packages_is_too_much(package: str) -> None:
    """Every file is evaluated, flow or not; a sample of the largest packages, whole for the others."""
    paths = sorted((SITE / package).rglob("*.py"))
    for path in paths[:: max(1, len(paths) // 120)]:
        source = Source(str(path))
        if source.parse() is not None:
            read_flows(source, str(path.parent))


@limits(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutilated_flow_is_judged_or_unreadable(data: st.DataObject, tmp_path: Path) -> None:
    text = data.draw(st.sampled_from(FLOWS))
    start, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 400))
    lines = text.splitlines()
    cut = data.draw(
        st.sampled_from(
            [
                text[:start],
                text[:start] + text[start + length :],
                text[:start] + data.draw(st.text(max_size=20)) + text[start:],
                "\n".join(line for number, line in enumerate(lines) if number % 7 != start % 7),
                "\ufeff" + text,
                text.replace("\n", "\r\n"),
                text.replace("    ", "\t"),
            ]
        )
    )
    try:
        data_bytes = cut.encode()
    except UnicodeEncodeError:
        return
    (tmp_path / "flow.py").write_bytes(data_bytes)
    project = open_project(str(tmp_path))
    for found in lint(project, named_sources(project, [str(tmp_path / "flow.py")])):
        assert found.line >= 1 and found.message and found.id


DEEP = {
    "parentheses": "x = " + "(" * 90 + "1" + ")" * 90,
    "operators": "x = " + "+".join(["1"] * 3000),
    "attributes": "x = a" + ".b" * 2000,
    "calls": "x = f" + "()" * 900,
    "branches": "".join("    " * i + "if a:\n" for i in range(90)) + "    " * 90 + "pass",
    "mutual recursion": "def f():\n    return g()\ndef g():\n    return f() + g()\nx = f()",
    "doubling": "def a0():\n    return 1\n"
    + "\n".join(f"def a{i}():\n    return a{i - 1}() + a{i - 1}()" for i in range(1, 40))
    + "\nx = a39()",
    "self import": "import flow\nfrom flow import *",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_and_twisted_code_ends(name: str, tmp_path: Path) -> None:
    text = f"from metaflow import FlowSpec, step\n{DEEP[name]}\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.y = x\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n"
    rules = {found.rule for found in lint_files(tmp_path, {"flow.py": text})}
    assert rules <= {"FG001", "FG301"}


def test_links_and_odd_files_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "empty.py").touch()
    (tmp_path / "around").symlink_to(tmp_path)
    project = open_project(str(tmp_path))
    found = lint(project, named_sources(project, [str(tmp_path)]))
    assert [(one.rule, one.path) for one in found] == [("FG001", "loop.py")]
    assert sys.getrecursionlimit() < 5000
