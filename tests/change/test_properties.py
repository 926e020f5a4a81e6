"""What holds of any settings, scripts and graphs: nothing is weaker than itself, and asking more is never asking less."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowgate.change.ci.scripts import asked, hides, lines
from flowgate.change.policy import ledger_of_both, weaker_policy
from flowgate.settings import LedgerSettings, LintSettings, ProveSettings, ReviewSettings, Settings

RULES = st.lists(st.sampled_from(["FG101", "FG201", "FG301", "step-literal", "FP101", "FG404"]), unique=True).map(tuple)
WORDS = st.lists(st.sampled_from(["uv", "run", "--frozen", "--with", "retry", "kubernetes", "x=1"]), max_size=3).map(
    tuple
)
LEDGERS = st.builds(LedgerSettings, non_overridable=RULES, require_approver=st.booleans())
SETTINGS = st.builds(
    Settings,
    lint=st.builds(LintSettings, ignore=RULES, ruff=st.sampled_from([(), ("F",), ("F82", "B006")])),
    review=st.builds(
        ReviewSettings,
        reviewer=st.sampled_from(["command", "llm", "person", "none"]),
        command=WORDS,
        votes=st.integers(1, 5),
        block_on=st.sampled_from(["finding", "concern"]),
    ),
    prove=st.builds(
        ProveSettings, workers=st.integers(2, 9), schedules=st.integers(0, 3), overrides=WORDS, launcher=WORDS
    ),
    ledger=LEDGERS,
)


@given(SETTINGS)
def test_no_settings_are_weaker_than_themselves(held: Settings) -> None:
    assert list(weaker_policy(held, held)) == []


@given(SETTINGS, SETTINGS)
def test_codes_tell_what_became_weaker_apart(was: Settings, now: Settings) -> None:
    codes = [code for _, code, _ in weaker_policy(was, now)]
    assert len(codes) == len(set(codes))


@given(SETTINGS)
def test_asking_more_is_never_weaker(held: Settings) -> None:
    more = held._replace(
        lint=held.lint._replace(ignore=()),
        review=held.review._replace(votes=held.review.votes + 1, block_on="concern"),
        prove=held.prove._replace(workers=held.prove.workers + 1, schedules=held.prove.schedules + 1, overrides=()),
        ledger=LedgerSettings((*held.ledger.non_overridable, "FR101"), True),
    )
    assert list(weaker_policy(held, more)) == []


@given(LEDGERS, LEDGERS)
def test_the_ledger_of_both_is_weaker_than_neither(was: LedgerSettings, now: LedgerSettings) -> None:
    both = Settings(ledger=ledger_of_both(was, now))
    for one in (was, now):
        assert list(weaker_policy(Settings(ledger=one), both)) == []


@given(st.text())
def test_any_text_is_read_as_a_script(text: str) -> None:
    assert all(line == line.strip() for line in lines(text))
    assert isinstance(hides(text, False, True), str) and isinstance(asked(text, True), list)


@given(st.lists(st.sampled_from(["echo hello", "pip install x", "export A=1", "cd there"]), max_size=4))
def test_harmless_lines_hide_nothing_and_ask_nothing(around: list[str]) -> None:
    script = "\n".join([*around, "flowgate gate --base-ref main"])
    assert asked(script, False) == [("flowgate", "gate", "--base-ref", "main")] and hides(script, False, False) == ""
