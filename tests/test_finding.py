"""A finding's identity: what changes it, and what must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgate.finding import Finding, digest

BASE = Finding("FG301", "lint", "error", "flow/a.py", "AFlow", "flow/a.py", 7, "start", "_EP = 15", "message", "mend")


@pytest.mark.parametrize(
    "field",
    [{"line": 99}, {"message": "reworded"}, {"mend": "other"}, {"flow": "b.py", "path": "b.py"}, {"note": "n"}],
)
def test_moving_and_rewording_keep_the_identity(field: dict[str, object]) -> None:
    assert BASE._replace(**field).id == BASE.id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "field", [{"code": "_EP = 16"}, {"step": "end"}, {"name": "BFlow"}, {"path": "helper.py"}, {"rule": "FG302"}]
)
def test_other_code_step_flow_or_rule_is_another_finding(field: dict[str, object]) -> None:
    assert BASE._replace(**field).id != BASE.id  # type: ignore[arg-type]


@given(st.lists(st.text()), st.lists(st.text()))
def test_no_two_lists_of_parts_share_a_digest(one: list[str], two: list[str]) -> None:
    assert (digest(*one) == digest(*two)) == (one == two)


@pytest.mark.parametrize(
    ("severity", "state", "blocks"),
    [
        ("error", "open", True),
        ("error", "stale-override", True),
        ("error", "overridden", False),
        ("error", "resolved", False),
        ("warning", "open", False),
    ],
)
def test_only_open_and_stale_errors_block(severity: str, state: str, blocks: bool) -> None:
    assert BASE._replace(severity=severity, state=state).blocks is blocks
