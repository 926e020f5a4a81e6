"""Which entries excuse which findings."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgate.finding import OPEN, OVERRIDDEN, STALE, Finding
from flowgate.ledger.match import CHANGED, EXPIRED, GONE, HOLDS, REFUSED, SOON, UNAPPROVED, match, remarks
from flowgate.ledger.store import Entry
from flowgate.settings import LedgerSettings

TODAY = datetime.date(2026, 6, 1)
EPOCHS = Finding("FG301", "lint", "error", "flow/a.py", "AFlow", "flow/a.py", 7, "start", "_EP = 15", "m")
HIDDEN = EPOCHS._replace(code="HIDDEN = 64")


def excuse(found: Finding, **fields: object) -> Entry:
    made = {"finding": found.id, "flow": found.flow, "reason": "r", "by": "Ada", "excuses": found.excuses}
    return Entry(**(made | fields))  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> str:
    (tmp_path / "flow").mkdir()
    (tmp_path / "flow" / "a.py").touch()
    (tmp_path / "flow" / "b.py").touch()
    return str(tmp_path)


def test_an_entry_excuses_its_finding_wherever_it_moved(root: str) -> None:
    matched = match([EPOCHS._replace(line=400), HIDDEN], [excuse(EPOCHS)], TODAY, root)
    assert [found.state for found in matched.findings] == [OVERRIDDEN, OPEN]
    assert [standing.state for standing in matched.standings] == [HOLDS]


def test_changing_the_excused_code_makes_exactly_that_entry_stale(root: str) -> None:
    changed = EPOCHS._replace(code="_EP = 20")
    matched = match([changed, HIDDEN], [excuse(HIDDEN), excuse(EPOCHS)], TODAY, root)
    assert [found.state for found in matched.findings] == [STALE, OVERRIDDEN]
    assert [standing.state for standing in matched.standings] == [HOLDS, CHANGED]
    assert EPOCHS.id in matched.standings[1].sentence()


def test_an_entry_whose_finding_is_gone_is_named(root: str) -> None:
    matched = match([HIDDEN], [excuse(HIDDEN), excuse(EPOCHS)], TODAY, root)
    assert [standing.state for standing in matched.standings] == [HOLDS, GONE]
    assert matched.findings[0].state == OVERRIDDEN


def test_an_edited_digest_excuses_nothing(root: str) -> None:
    matched = match([EPOCHS], [excuse(EPOCHS, excuses="sha256:0")], TODAY, root)
    assert matched.findings[0].state == STALE


@pytest.mark.parametrize(("expires", "state"), [("2026-06-01", SOON), ("2026-05-31", EXPIRED)])
def test_expiry_is_judged_against_the_given_day(expires: str, state: str, root: str) -> None:
    matched = match([EPOCHS], [excuse(EPOCHS, expires=datetime.date.fromisoformat(expires))], TODAY, root)
    assert matched.standings[0].state == state
    assert matched.findings[0].blocks is (state == EXPIRED)


def test_a_renamed_file_keeps_its_overrides_but_another_flow_does_not_borrow_them(root: str) -> None:
    renamed = EPOCHS._replace(flow="flow/new.py", path="flow/new.py")
    assert match([renamed], [excuse(EPOCHS, flow="flow/old.py")], TODAY, root).findings[0].state == OVERRIDDEN
    other = EPOCHS._replace(flow="flow/b.py", path="flow/b.py")
    assert match([other], [excuse(EPOCHS)], TODAY, root).findings[0].state == OPEN


def test_the_same_code_in_another_file_or_step_keeps_its_override(root: str) -> None:
    moved = EPOCHS._replace(path="flow/b.py", step="train")
    assert moved.id != EPOCHS.id
    matched = match([moved, HIDDEN], [excuse(EPOCHS)], TODAY, root)
    assert [found.state for found in matched.findings] == [OVERRIDDEN, OPEN]


def test_one_entry_excuses_one_of_two_that_are_alike(root: str) -> None:
    again = EPOCHS._replace(path="flow/b.py")
    matched = match([again, EPOCHS], [excuse(EPOCHS)], TODAY, root)
    assert [found.state for found in matched.findings] == [OPEN, OVERRIDDEN]


@pytest.mark.parametrize(("expires", "state"), [("2026-06-15", SOON), ("2026-06-16", HOLDS)])
def test_what_expires_within_two_weeks_is_said(expires: str, state: str, root: str) -> None:
    matched = match([EPOCHS], [excuse(EPOCHS, expires=datetime.date.fromisoformat(expires))], TODAY, root)
    assert matched.standings[0].state == state and matched.findings[0].state == OVERRIDDEN
    assert bool(remarks(matched.standings)) is (state == SOON)


def test_a_rule_that_cannot_be_overridden_stays_blocking(root: str) -> None:
    policy = LedgerSettings(non_overridable=("FG301",))
    matched = match([EPOCHS], [excuse(EPOCHS)], TODAY, root, policy)
    assert matched.standings[0].state == REFUSED and matched.findings[0].blocks


@pytest.mark.parametrize(("approved_by", "state"), [(None, UNAPPROVED), ("Ada", UNAPPROVED), ("Grace", HOLDS)])
def test_where_two_are_needed_one_is_not_enough(approved_by: str | None, state: str, root: str) -> None:
    policy = LedgerSettings(require_approver=True)
    matched = match([EPOCHS], [excuse(EPOCHS, approved_by=approved_by)], TODAY, root, policy)
    assert matched.standings[0].state == state
    assert matched.findings[0].blocks is (state == UNAPPROVED)


CODE = st.sampled_from(["_EP = 15", "HIDDEN = 64", "LR = 0.1", "DEPTH = 3"])


@given(
    before=st.lists(CODE, unique=True),
    lines=st.lists(st.integers(1, 999), min_size=4, max_size=4),
    changed=CODE,
)
def test_changing_one_excused_expression_makes_exactly_its_entry_stale(
    before: list[str], lines: list[int], changed: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = str(tmp_path_factory.getbasetemp())
    found = [EPOCHS._replace(code=code) for code in before]
    entries = [excuse(one) for one in found]
    now = [
        one._replace(line=line, code=f"{one.code} + 1" if one.code == changed else one.code)
        for one, line in zip(found, lines, strict=False)
    ]
    matched = match(list(reversed(now)), entries, TODAY, root)
    states = {standing.entry.finding: standing.state for standing in matched.standings}
    assert states == {one.id: CHANGED if one.code == changed else HOLDS for one in found}
