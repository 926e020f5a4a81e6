"""Every rule on its own examples, which are its documentation too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flowgate.finding import ERROR, WARNING, Finding
from flowgate.lint.rule import Example, Rule
from flowgate.lint.rules import all_rules
from tests.conftest import git, lint_files, write

RULES = all_rules()


def lint_tracked(folder: Path, files: dict[str, str]) -> list[Finding]:
    """The findings on a small repository whose files git knows."""
    git(folder, "init", "--quiet")
    git(write(folder, files), "add", "--all")
    return lint_files(folder, files)


def _examples(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.id}-{example.title.replace(' ', '-')}")
        for rule in RULES
        for example in getattr(rule, kind)
    ]


@pytest.mark.parametrize(("rule", "example"), _examples("bad"))
def test_a_bad_example_trips_its_rule_and_no_other(rule: Rule, example: Example, tmp_path: Path) -> None:
    found = [one for one in lint_tracked(tmp_path, example.files) if one.rule == rule.id or one.severity == ERROR]
    assert {one.rule for one in found} == {rule.id}
    assert {one.severity for one in found} <= {rule.severity, WARNING}
    for one in found:
        assert (tmp_path / one.path).is_file()
        assert one.message and one.mend and one.code


@pytest.mark.parametrize(("rule", "example"), _examples("good"))
def test_a_good_example_is_clean(rule: Rule, example: Example, tmp_path: Path) -> None:
    found = lint_tracked(tmp_path, example.files)
    assert [one for one in found if one.rule == rule.id or one.severity == ERROR] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_documents_itself(rule: Rule) -> None:
    assert re.fullmatch(r"FG\d{3}", rule.id) and re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.slug)
    assert len((rule.__doc__ or "").strip().splitlines()) > 2
    assert rule.mend and len(rule.bad) >= 3 and len(rule.good) >= 2


def test_ids_and_slugs_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.slug for rule in RULES}) == len(RULES)
