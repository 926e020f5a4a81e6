"""What GitHub shows of a verdict: within its limits, what blocks first, and nothing that a name could add."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from flowgate.finding import ERROR, OPEN, OVERRIDDEN, WARNING, Finding
from flowgate.outcome import BLOCKED, INCONCLUSIVE, PASS
from flowgate.project import Project
from flowgate.report.annotations import LEVELS, Annotation, commands, of_findings
from flowgate.report.sarif import as_sarif
from flowgate.report.statement import statement
from flowgate.report.summary import summary
from flowgate.settings import Settings
from flowgate.verdict import Compared, FlowVerdict, Layer, Verdict
from tests.report.test_sarif import schema as schema  # the fixture

HERE = Project("/nowhere", Settings())


def finding(
    number: int, severity: str = ERROR, state: str = OPEN, message: str = "it is so", path: str = "flow.py"
) -> Finding:
    return Finding("FG301", "lint", severity, "flow.py", "F", path, number + 1, "start", f"x = {number}", message, "mend it", state, "for now")  # fmt: skip


def verdict(*findings: Finding, result: str = PASS, compared: Compared | None = None) -> Verdict:
    layer = Layer(result, "")
    flow = FlowVerdict("flow.py", "F", "", layer, Layer("skipped", ""), Layer("skipped", ""), "sha256:" + "a" * 64)
    return Verdict((flow,), findings, (), (), compared)


def test_ten_of_a_level_are_shown_those_that_block_first() -> None:
    found = [finding(n, WARNING) for n in range(12)] + [finding(n) for n in range(30)]
    lines = commands(of_findings(found), HERE).splitlines()
    for level, count in (("error", 30), ("warning", 12)):
        shown = [line for line in lines if line.startswith(f"::{level} ")]
        assert len(shown) == 10 and f"::{count - 9} more of this level" in shown[-1]
    assert lines[0].startswith("::error ")
    stale = [finding(n) for n in range(10)]
    assert len(commands(of_findings(stale), HERE).splitlines()) == 10, "ten fit"


@given(
    st.lists(
        st.builds(Annotation, st.sampled_from(LEVELS), st.text(), st.text(), st.text(), st.integers(0, 9)), max_size=40
    )
)
def test_each_annotation_is_one_command_whatever_stands_in_it(given: list[Annotation]) -> None:
    lines = commands(given, HERE).split("\n")
    assert lines.pop() == "" and len(lines) <= 30
    for line in lines:
        match = re.fullmatch(r"::(error|warning|notice) (.*?)::(.*)", line, re.DOTALL)
        assert match and "\r" not in line and len(match[3]) <= 4000 * 3
        assert all("=" in part for part in match[2].split(","))


def test_a_summary_keeps_within_a_mebibyte_and_says_what_blocks(tmp_path: Path) -> None:
    long = "<img src=x onerror=alert(1)> | ` " * 40_000
    many = [finding(n, message=long, path=long) for n in range(2_000)] + [finding(9_999, state=OVERRIDDEN)]
    text = summary(verdict(*many, result=BLOCKED))
    assert len(text.encode()) < 2**20 and text.startswith("## flowgate: blocked\n")
    assert "- and 1800 more" in text or "too long for a summary" in text
    assert not re.search(r"(?<!\\)<img", re.sub(r"`[^\n]*`", "", text))


@given(st.text())
def test_no_text_breaks_out_of_its_cell(text: str) -> None:
    shown = summary(verdict(finding(1, message=text or "-", path=text or "x"), result=BLOCKED))
    (item,) = (line for line in shown.split("\n") if "**FG301**" in line)
    assert item.startswith("- `") and item.endswith(")")


def test_sarif_keeps_what_blocks_of_more_than_code_scanning_shows(schema: Any) -> None:
    many = [finding(n, WARNING, message="m" * 5_000) for n in range(5_500)] + [finding(n) for n in range(100)]
    document = json.loads(as_sarif(many, HERE))
    jsonschema.validate(document, schema)
    (run,) = document["runs"]
    assert len(run["results"]) == 5_000 and sum(one["level"] == "error" for one in run["results"]) == 100
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("600 more findings are left out")
    assert all(len(one["message"]["text"]) <= 1_000 for one in run["results"])


def test_a_statement_says_passed_warned_or_failed_and_nothing_where_nothing_was_decided(tmp_path: Path) -> None:
    here = Project(str(tmp_path), Settings())
    for one, result in (
        (verdict(), "PASSED"),
        (verdict(finding(1, state=OVERRIDDEN)), "WARNED"),
        (verdict(finding(1, WARNING)), "WARNED"),
        (verdict(finding(1), result=BLOCKED), "FAILED"),
    ):
        told = json.loads(statement(one, here) or "")
        assert told["_type"] == "https://in-toto.io/Statement/v1"
        assert told["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
        assert told["predicate"]["result"] == result and told["predicate"]["configuration"]
        assert all(each["digest"] for each in told["subject"])
        assert bool(told["predicate"]["warnedTests"]) == (result == "WARNED")
        assert bool(told["predicate"]["failedTests"]) == (result == "FAILED")
    undecided = Compared("main", "", INCONCLUSIVE, "it is not there")
    assert statement(verdict(compared=undecided), here) is None
