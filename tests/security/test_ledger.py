"""What an override excuses, until when, and by whom: under somebody who would like it to excuse more."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from flowgate.errors import FlowgateError
from flowgate.ledger.match import is_same_person
from flowgate.ledger.store import parse
from tests.conftest import Flowgate, git, run, write

FLOW = """
import random
from metaflow import FlowSpec, step


class DrawFlow(FlowSpec):
    @step
    def start(self):
        self.first = random.random()
{more}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    DrawFlow()
"""
LEDGER = ".flowgate/ledger.yaml"


def draws(flowgate: Flowgate, folder: Path, *options: str) -> list[tuple[str, str]]:
    """The findings on draws, each with its state."""
    return of_rule("FG501", flowgate, folder, *options)


def of_rule(rule: str, flowgate: Flowgate, folder: Path, *options: str) -> list[tuple[str, str]]:
    """The findings of a rule, each with its state."""
    found = flowgate(folder, *(options or ("lint",)), "--format", "json").json()["findings"]
    return [(one["id"], one["state"]) for one in found if one["rule"] == rule]


@pytest.fixture
def excused(repository: Path, flowgate: Flowgate) -> Path:
    """A flow with one draw, which is excused."""
    git(repository, "config", "user.name", "Ada")
    git(repository, "config", "user.email", "ada@example.org")
    write(repository, {"flow.py": FLOW.format(more="")})
    ((name, _),) = draws(flowgate, repository)
    assert flowgate(repository, "override", name, "--reason", "a demo").code == 0
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "excused")
    assert draws(flowgate, repository) == [(name, "overridden")]
    return repository


def test_a_second_draw_of_the_same_text_is_a_finding_of_its_own(excused: Path, flowgate: Flowgate) -> None:
    write(excused, {"flow.py": FLOW.format(more="        self.second = random.random()")})
    ((name, state),) = draws(flowgate, excused)
    assert state == "stale-override", "one finding stands for all draws of a generator, and is about each of them"
    assert flowgate(excused, "override", name, "--reason", "that one, too").code == 0


def test_a_second_clock_of_the_same_text_is_a_finding_of_its_own(repository: Path, flowgate: Flowgate) -> None:
    git(repository, "config", "user.name", "Ada")
    clock = FLOW.replace("random.random()", "time.time()").replace("import random", "import time")
    settings = '[flow."flow.py"]\nsurface = ["start.first", "start.second"]\n'
    write(repository, {"flow.py": clock.format(more=""), "flowgate.toml": settings.replace(', "start.second"', "")})
    ((name, _),) = of_rule("FG503", flowgate, repository)
    assert flowgate(repository, "override", name, "--reason", "a demo").code == 0
    write(repository, {"flow.py": clock.format(more="        self.second = time.time()"), "flowgate.toml": settings})
    found = of_rule("FG503", flowgate, repository)
    assert [state for _, state in found] == ["overridden", "open"] and found[0][0] == name != found[1][0]
    assert flowgate(repository, "override", found[1][0], "--reason", "that one, too").code == 0
    assert [state for _, state in of_rule("FG503", flowgate, repository)] == ["overridden", "overridden"]


def test_an_entry_counts_for_its_own_flow(excused: Path, flowgate: Flowgate) -> None:
    other = FLOW.format(more="").replace("DrawFlow", "OtherFlow")
    write(excused, {"other.py": other})
    states = {one["flow"]: one["state"] for one in findings(flowgate, excused)}
    assert states == {"flow.py": "overridden", "other.py": "open"}
    (excused / "flow.py").unlink()  # an entry whose flow is gone excuses nothing of another class
    assert {one["flow"]: one["state"] for one in findings(flowgate, excused)} == {"other.py": "open"}


def test_a_flow_that_only_moved_keeps_its_entry(excused: Path, flowgate: Flowgate) -> None:
    write(excused, {"moved/flow.py": (excused / "flow.py").read_text()})
    (excused / "flow.py").unlink()
    assert [one["state"] for one in findings(flowgate, excused)] == ["overridden"]


def findings(flowgate: Flowgate, folder: Path) -> list[dict[str, str]]:
    found = flowgate(folder, "lint", "--format", "json").json()["findings"]
    return [one for one in found if one["rule"] == "FG501"]


def test_a_commit_that_is_dated_back_does_not_put_off_the_end(excused: Path, flowgate: Flowgate) -> None:
    """The base was made after the entry had expired; the change says that it is older."""
    text = (excused / LEDGER).read_text()
    write(excused, {LEDGER: text.rstrip() + "\n    expires: 2026-03-01\n"})
    commit(excused, "expires", "2026-06-01T12:00:00")
    git(excused, "branch", "base")
    write(excused, {"flow.py": FLOW.format(more="        self.other = 1")})
    commit(excused, "dated back", "2026-01-01T12:00:00")
    assert [state for _, state in draws(flowgate, excused, "gate", "--base-ref", "base")] == ["open"]
    write(excused, {LEDGER: text.rstrip() + "\n    expires: 2026-09-01\n"})
    commit(excused, "later", "2026-06-02T12:00:00")
    assert [state for _, state in draws(flowgate, excused, "gate", "--base-ref", "base")] == ["overridden"]


def commit(folder: Path, message: str, day: str) -> None:
    git(folder, "add", "-A")
    done = run(["git", "commit", "-qm", message, "--date", day], folder, GIT_COMMITTER_DATE=day, GIT_AUTHOR_DATE=day)
    assert done.code == 0, done


@pytest.mark.parametrize("renew", [False, True])
def test_a_past_date_is_refused(renew: bool, excused: Path, flowgate: Flowgate) -> None:
    ((name, _),) = draws(flowgate, excused)
    yesterday = (datetime.date.today() - datetime.timedelta(days=1)).isoformat()
    given = ["--renew", name] if renew else [name, "--reason", "again"]
    done = flowgate(excused, "override", *given, "--expires", yesterday)
    assert done.code == 2 and "is past" in done.err, done
    today = datetime.date.today().isoformat()
    assert flowgate(excused, "override", "--renew", name, "--expires", today).code == 0


ENTRY = "  - finding: FG501-12345678\n    flow: flow.py\n    reason: {reason}\n    by: a\n    excuses: sha256:0\n"
TRICKS = {
    "an anchor": "version: 1\noverrides:\n" + ENTRY.format(reason="&a it is so"),
    "an alias": "version: &a 1\noverrides:\n" + ENTRY.format(reason="*a"),
    "a tag": "version: 1\noverrides:\n" + ENTRY.format(reason="!!str it is so"),
    "a tag of Python's": "version: 1\noverrides:\n" + ENTRY.format(reason='!!python/object/apply:os.system ["id"]'),
    "a merge key": "version: 1\noverrides:\n" + ENTRY.format(reason="so") + "    <<: {approved_by: b}\n",
    "a second document": "version: 1\noverrides: []\n---\nversion: 1\noverrides:\n" + ENTRY.format(reason="so"),
    "the end of a document": "version: 1\noverrides: []\n...\n",
    "a directive": "%YAML 1.1\n---\nversion: 1\noverrides: []\n",
    "a key that stands twice": "version: 1\noverrides: []\noverrides:\n" + ENTRY.format(reason="so"),
    "a key that stands twice in an entry": "version: 1\noverrides:\n" + ENTRY.format(reason="so") + "    reason: no\n",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_yaml_of_the_plainest_kind_alone(trick: str) -> None:
    with pytest.raises(FlowgateError) as refusal:
        parse(TRICKS[trick])
    assert "ledger.yaml" in str(refusal.value)


def test_plain_yaml_with_comments_and_quotes_is_read() -> None:
    held = parse("# ours\nversion: 1\noverrides:\n" + ENTRY.format(reason='"so: it & is, <<really>>"  # true'))
    assert held[0].reason == "so: it & is, <<really>>"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ada <ada@example.org>", "ADA <Ada@Example.org>", True),
        ("Ada <ada@example.org>", "Grace <ada+reviews@example.org>", True),
        ("Ada <ada@example.org>", "Àda <àda@example.org>", True),
        ("Ada <ada@example.org>", "Ada <ada@elsewhere.org>", True),
        ("ada@example.org", "Somebody <ada@example.org>", True),
        ("\uff21da <ada@example.org>", "Ada <b@example.org>", True),
        ("Ada <ada@example.org>", "Grace <grace@example.org>", False),
        ("Ada <ada@example.org>", "Grace <ada@elsewhere.org>", False),
        ("Ada", "Grace", False),
    ],
)
def test_one_person_under_two_spellings(one: str, other: str, same: bool) -> None:
    assert is_same_person(one, other) is same and is_same_person(other, one) is same


def test_who_committed_an_entry_cannot_approve_it(excused: Path, flowgate: Flowgate) -> None:
    """Ada commits an entry that says that somebody else signed it, and approves it herself."""
    write(excused, {"flowgate.toml": "[ledger]\nrequire_approver = true\n"})
    text = (excused / LEDGER).read_text().replace("by: Ada <ada@example.org>", "by: Nobody <nobody@example.org>")
    write(excused, {LEDGER: text.rstrip() + "\n    approved_by: Ada <ada@example.org>\n"})
    commit(excused, "approved", "2026-06-01T12:00:00")
    assert [state for _, state in draws(flowgate, excused)] == ["open"]
    write(excused, {LEDGER: text.rstrip() + "\n    approved_by: Grace <grace@example.org>\n"})
    commit(excused, "approved by another", "2026-06-01T12:00:00")
    assert [state for _, state in draws(flowgate, excused)] == ["overridden"]
