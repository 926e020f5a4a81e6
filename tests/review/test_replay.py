"""The replay of a whole repository: remembered, and the same as a fresh one whatever changed in between."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flowgate.project import open_project
from flowgate.review.replay import replayed
from flowgate.usecases.review import replay
from tests.conftest import Flowgate, git, write
from tests.functional.flows import fan

OLD = 1_600_000_000
TOML = '[flow."flow.py"]\nsources = ["notes.md"]\n'


def reviewed(folder: Path, flowgate: Flowgate) -> None:
    """A repository with one reviewed flow."""
    helped = "from helper import twice\n" + fan("twice(self.input)")
    write(folder, {"flow.py": helped, "helper.py": "def twice(x):\n    return 2 * x\n", "notes.md": "Twice.\n", "flowgate.toml": TOML})  # fmt: skip
    packet = flowgate(folder, "review", "--packet").out
    subject = packet.partition("sha256:")[2][:64]
    quotes = [{"path": "flow.py", "text": "class FanFlow(FlowSpec):"}, {"path": "notes.md", "text": "Twice."}]
    traps = ("FR101", "FR102", "FR103", "FR104", "FR105")
    answers = [{"trap": trap, "answer": "not_applicable", "reason": "no training", "quotes": quotes} for trap in traps]
    review = {"schema": "flowgate/review/v1", "flow": "flow.py", "subject": f"sha256:{subject}", "answers": answers}
    done = flowgate(folder, "review", "--import", "-", given=json.dumps(review))
    assert done.code == 0, done
    for path in folder.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path, (OLD, OLD))


CHANGES: dict[str, tuple[dict[str, str | None], str]] = {
    "nothing": ({}, "pass"),
    "the flow": ({"flow.py": fan("self.input")}, "stale"),
    "a module": ({"helper.py": "def twice(x):\n    return 3 * x\n"}, "stale"),
    "a source of truth": ({"notes.md": "Three times.\n"}, "stale"),
    "the settings": ({"flowgate.toml": TOML + '[review]\nblock_on = "concern"\n'}, "pass"),
    "the record": ({".flowgate/reviews/flow.FanFlow.yaml": None}, "blocked"),
    "a flow that derives from it": ({"child.py": "from flow import FanFlow\n\n\nclass ChildFlow(FanFlow):\n    pass\n"}, "skipped"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_remembered_is_what_a_fresh_look_says(
    change: str, repository: Path, flowgate: Flowgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed(repository, flowgate)
    monkeypatch.chdir(repository)
    assert [one.verdict for one in replay(open_project("."), [])] == ["pass"]
    files, verdict = CHANGES[change]
    for name, text in files.items():
        if text is None:
            (repository / name).unlink()
        else:
            write(repository, {name: text})
    remembered = replay(open_project("."), [])
    (repository / ".flowgate/cache/review.json").unlink()
    assert remembered == replay(open_project("."), [])
    assert [one.verdict for one in remembered] == [verdict]


def test_it_knows_what_each_flow_is_made_of(
    repository: Path, flowgate: Flowgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed(repository, flowgate)
    monkeypatch.chdir(repository)
    for _ in ("judged", "remembered"):
        held = replayed(open_project("."))
        assert held is not None
        (made_of,) = held.made_of.values()
        assert {os.path.basename(path) for path in made_of} >= {"flow.py", "helper.py", "notes.md", "flow.FanFlow.yaml"}


def test_as_committed_a_source_that_is_not_is_missed(repository: Path, flowgate: Flowgate) -> None:
    reviewed(repository, flowgate)
    git(repository, "add", "flow.py", "helper.py", "flowgate.toml", ".flowgate")
    done = flowgate(repository, "review", "--replay", "--as-committed")
    assert done.code == 3 and "git add notes.md" in done.err, done
    git(repository, "add", "notes.md")
    assert flowgate(repository, "review", "--replay", "--as-committed").code == 0


def test_a_repository_without_flows_has_nothing_to_replay(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"module.py": "x = 1\n"})
    assert flowgate(repository, "review", "--replay").code == 2
    assert flowgate(repository, "review", "--replay", "--as-committed").code == 0


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({"notes.md": "Three times.\n"}, 3),
        ({"flow.py": fan("self.input")}, 3),
        ({"other_flow.py": fan("self.input * 3")}, 3),
        ({"README.md": "About it.\n"}, 0),
    ],
    ids=["a source", "the flow", "a new flow", "a document"],
)
def test_at_push_the_reviews_are_those_of_what_is_pushed(
    edits: dict[str, str], code: int, repository: Path, flowgate: Flowgate
) -> None:
    """The hook is started where one stands, which may be another branch than the one that is pushed."""
    reviewed(repository, flowgate)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "reviewed")
    git(repository, "switch", "-qc", "side")
    write(repository, edits)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "aside")
    git(repository, "switch", "-q", "main")
    done = flowgate(repository, "review", "--replay", "--as-committed", PRE_COMMIT_TO_REF="side")
    assert done.code == code, done
    assert code == 0 or "is not what is pushed" in done.err
    assert flowgate(repository, "review", "--replay", "--as-committed", PRE_COMMIT_TO_REF="main").code == 0
