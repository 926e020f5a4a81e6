"""Entries that are changed where they stand: every other byte survives."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgate.ledger.edit import renewed, without
from flowgate.ledger.store import Entry, parse
from flowgate.ledger.store import _grown as grown

DAY = datetime.date(2027, 2, 1)
WRITTEN = """\
# kept by the team
version: 1
overrides:
  # the first one
  - finding: FG102-00000000
    flow: flow/b.py   # moved twice
    reason: "quoted: with a colon"
    by: Bob
    excuses: sha256:00
    expires: 2026-02-01   # soon

  - finding: FG301-11111111
    flow: flow/a.py
    reason: >
      folded over
      two lines
    by: Ada
    excuses: sha256:01
# the end
"""


def entry(text: str, finding: str) -> Entry:
    return next(one for one in parse(text) if one.finding == finding)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_renewing_changes_one_value_and_nothing_else(newline: str) -> None:
    text = WRITTEN.replace("\n", newline)
    old = entry(text, "FG102-00000000")
    changed = renewed(text, old, msgspec.structs.replace(old, expires=DAY))
    assert changed == text.replace("2026-02-01", "2027-02-01")


def test_a_date_can_be_given_and_taken() -> None:
    old = entry(WRITTEN, "FG301-11111111")
    dated = renewed(WRITTEN, old, msgspec.structs.replace(old, expires=DAY))
    assert entry(dated, "FG301-11111111").expires == DAY and "# the end" in dated
    again = entry(dated, "FG301-11111111")
    assert entry(renewed(dated, again, old), "FG301-11111111").expires is None


@pytest.mark.parametrize("finding", ["FG102-00000000", "FG301-11111111"])
def test_an_entry_is_removed_and_comments_stay(finding: str) -> None:
    left = without(WRITTEN, {finding})
    assert [one.finding for one in parse(left)] == [one.finding for one in parse(WRITTEN) if one.finding != finding]
    for comment in ("# kept by the team", "# the first one", "# the end"):
        assert comment in left


def test_the_last_entry_leaves_an_empty_ledger() -> None:
    assert parse(without(WRITTEN, {"FG102-00000000", "FG301-11111111"})) == []


REASONS = st.text(min_size=1).filter(str.strip)


@given(
    reasons=st.lists(REASONS, min_size=1, max_size=4),
    at=st.integers(0, 3),
    reason=REASONS,
    expires=st.none() | st.dates(),
    approved=st.none() | REASONS,
)
def test_whatever_stands_in_it_one_entry_changes_and_the_others_do_not(
    reasons: list[str], at: int, reason: str, expires: datetime.date | None, approved: str | None
) -> None:
    text = "version: 1\noverrides:\n"
    for number, words in enumerate(reasons):
        text = grown(text, Entry(f"FG301-{number:08x}", "a.py", words, "Ada", "sha256:0"))
    held = parse(text)
    old = held[at % len(held)]
    new = msgspec.structs.replace(old, reason=reason, expires=expires, approved_by=approved)
    assert parse(renewed(text, old, new)) == [new if one == old else one for one in held]
    assert parse(without(text, {old.finding})) == [one for one in held if one != old]
