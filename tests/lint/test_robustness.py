"""The linter on code nobody here wrote, and on code nobody should write: a finding, never a traceback, never a hang."""

from __future__ import annotations

import os
import shutil
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
from flowgate.lint.examples import promoted
from flowgate.lint.pipeline import lint_paths
from flowgate.lint.rules import all_rules
from flowgate.project import open_project
from flowgate.report.findings import show
from flowgate.usecases.lint import check
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


def test_the_errors_in_the_tutorials_of_metaflow_are_right(tmp_path: Path) -> None:
    """Each draws from Python's own generator, which no task seeds, or fans out over the order of a set of words."""
    folder = shutil.copytree(SITE / "metaflow" / "tutorials", tmp_path / "tutorials")
    project = open_project(str(folder))
    sources = named_sources(project, [str(folder)])
    assert len(sources) >= 6
    errors = [found for found in lint(project, sources) if found.severity == "error"]
    assert sorted((os.sep.join(Path(found.path).parts[-2:]), found.line, found.rule) for found in errors) == [
        ("01-playlist/playlist.py", 84, "FG501"),
        ("01-playlist/playlist.py", 106, "FG501"),
        ("02-statistics/stats.py", 60, "FG502"),
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


BYTES = {
    "latin-1 with a coding line": ("# -*- coding: latin-1 -*-\n# \u00e9\n" + FLOWS[0]).encode("latin-1", "replace"),
    "latin-1 without one": b"# \xe9\n" + FLOWS[0].encode(),
    "an unknown coding": b"# -*- coding: klingon -*-\n" + FLOWS[0].encode(),
    "utf-16": FLOWS[0].encode("utf-16"),
    "a null byte": FLOWS[0].encode().replace(b"def start", b"def\0start"),
    "nothing but null bytes": b"FlowSpec" + b"\0" * 10_000,
    "a mark and Windows line endings": b"\xef\xbb\xbf" + FLOWS[0].replace("\n", "\r\n").encode(),
    "old Macintosh line endings": FLOWS[0].replace("\n", "\r").encode(),
    "form feeds": FLOWS[0].replace("\n\n", "\n\f\n").encode(),
    "type parameters": b"def f[T](x: T) -> T:\n    return x\n" + FLOWS[0].encode(),
    "a type alias": b"type Rows = list[int]\n" + FLOWS[0].encode(),
    "a template string": b"x = t'{1}'\n" + FLOWS[0].encode(),
    "one line of a million characters": FLOWS[0].encode() + b"\nx = '" + b"a" * 1_000_000 + b"'\n",
}


@pytest.mark.parametrize("name", BYTES)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_odd_bytes_are_a_finding_or_none_in_every_format(name: str, form: str, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_bytes(BYTES[name])
    report = check(open_project(str(tmp_path)), [], fresh=True)
    assert {found.rule for found in report.findings if found.blocks} <= {"FG001", *(rule.id for rule in RULES)}
    assert isinstance(show(report, form, False, False), str)


def test_a_file_too_large_for_code_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_bytes(FLOWS[0].encode() + b"\nROWS = [" + b"1, " * 7_000_000 + b"]\n")
    report = check(open_project(str(tmp_path)), [], fresh=True)
    assert [found.rule for found in report.findings] == ["FG001"]
    assert "MB" in report.findings[0].message


def test_a_file_that_vanishes_or_is_a_folder_or_a_pipe_is_unreadable(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    project = open_project(str(tmp_path))
    found = lint_paths(project, [], []).findings
    assert found == []
    for name in ("pipe.py", "folder.py", "gone.py"):
        path = str(tmp_path / name)
        assert [one.rule for one in lint_paths(project, [path], [path], fresh=True).findings] == ["FG001"]


CONFIGS = [
    "a: [1, 2",
    "a: &x [*x]",
    "\t- tab: 1",
    "<<<<<<< HEAD",
    "a: !!python/object/apply:os.system [ls]",
    "- a\n- b",
    "\x00",
    "a: " + "[" * 200,
    "? {a: 1}\n: b",
    "defaults: 3",
    "defaults: [{experiment: [a, b]}, nowhere, 4]",
    "axes: {noise: {nested: [1]}}\ndata_axes: noise",
    "axes: 4\ndata_axes: [noise]",
    "kind: 4",
    "1: 2\ntrue: false\nnull: x",
]


@pytest.mark.parametrize("text", CONFIGS)
@pytest.mark.parametrize("path", ["conf/config.yaml", "conf/experiment/noise.yaml", "conf/method/topk.yaml"])
def test_an_odd_config_is_a_finding_or_none(text: str, path: str, tmp_path: Path) -> None:
    for found in lint_files(tmp_path, promoted({path: text + "\n"})):
        assert found.line >= 1 and found.message


@limits(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutilated_config_is_a_finding_or_none(data: st.DataObject, tmp_path: Path) -> None:
    files = promoted({"conf/method/topk.yaml": "kind: topk\nmargin: 1.0\n", "conf/training/default.yaml": "lr: 0.1\n"})
    path = data.draw(st.sampled_from([name for name in files if name.endswith(".yaml")]))
    text = files[path]
    start = data.draw(st.integers(0, len(text)))
    more = data.draw(st.text(alphabet="{}[]:-#&*!|> \n\tab\"'%@,?", max_size=8))
    files[path] = text[:start] + more + text[start + data.draw(st.integers(0, 20)) :]
    for found in lint_files(tmp_path, files):
        assert found.line >= 1 and found.message
