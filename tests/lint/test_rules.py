"""Every rule on its own examples, which are its documentation too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flowgate.lint.rule import Example, Rule
from flowgate.lint.rules import RULES
from tests.conftest import lint_files


def _examples(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.id}-{example.title.replace(' ', '-')}")
        for rule in RULES
        for example in getattr(rule, kind)
    ]


@pytest.mark.parametrize(("rule", "example"), _examples("bad"))
def test_a_bad_example_trips_its_rule_and_no_other(rule: Rule, example: Example, tmp_path: Path) -> None:
    found = lint_files(tmp_path, example.files)
    assert {one.rule for one in found} == {rule.id}
    for one in found:
        assert (tmp_path / one.path).is_file()
        assert one.message and one.mend and one.code


@pytest.mark.parametrize(("rule", "example"), _examples("good"))
def test_a_good_example_is_clean(rule: Rule, example: Example, tmp_path: Path) -> None:
    assert lint_files(tmp_path, example.files) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_documents_itself(rule: Rule) -> None:
    assert re.fullmatch(r"FG\d{3}", rule.id) and re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.slug)
    assert len((rule.__doc__ or "").strip().splitlines()) > 2
    assert rule.mend and len(rule.bad) >= 3 and len(rule.good) >= 2


def test_ids_and_slugs_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.slug for rule in RULES}) == len(RULES)
