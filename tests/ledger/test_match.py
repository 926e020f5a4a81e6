"""Which entries excuse which findings."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from flowgate.finding import OPEN, OVERRIDDEN, STALE, Finding
from flowgate.ledger.match import CHANGED, EXPIRED, GONE, HOLDS, match
from flowgate.ledger.store import Entry

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


@pytest.mark.parametrize(("expires", "state"), [("2026-06-01", HOLDS), ("2026-05-31", EXPIRED)])
def test_expiry_is_judged_against_the_given_day(expires: str, state: str, root: str) -> None:
    matched = match([EPOCHS], [excuse(EPOCHS, expires=datetime.date.fromisoformat(expires))], TODAY, root)
    assert matched.standings[0].state == state
    assert matched.findings[0].blocks is (state == EXPIRED)


def test_a_renamed_file_keeps_its_overrides_but_another_flow_does_not_borrow_them(root: str) -> None:
    renamed = EPOCHS._replace(flow="flow/new.py", path="flow/new.py")
    assert match([renamed], [excuse(EPOCHS, flow="flow/old.py")], TODAY, root).findings[0].state == OVERRIDDEN
    other = EPOCHS._replace(flow="flow/b.py", path="flow/b.py")
    assert match([other], [excuse(EPOCHS)], TODAY, root).findings[0].state == OPEN
