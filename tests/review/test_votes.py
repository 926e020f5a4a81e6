"""Several reviews of one case as one: majorities, contested findings, and what was known before."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowgate.discover import flow_sources
from flowgate.project import open_project
from flowgate.review.answers import Answer, Quote, Review
from flowgate.review.case import Case, open_case
from flowgate.review.votes import count
from flowgate.target import readable
from tests.conftest import Done, Flowgate
from tests.review.investigation import FINDING, FLOW, IN_FLOW, IN_SOURCE, IN_STEP, investigation

RECORD = ".flowgate/reviews/flow.noise_flow.NoiseFlow.yaml"
TRAPS = [f"FR10{n}" for n in range(1, 6)]
JUDGE = """
import json, pathlib, re, sys
packet = sys.stdin.read()
turn = pathlib.Path("turn.txt")
number = int(turn.read_text()) if turn.exists() else 0
turn.write_text(str(number + 1))
subject = re.search(r'"subject": "(sha256:[0-9a-f]{64})"', packet)[1]
flow = {"path": "flow/noise_flow.py", "text": "rng = random.Random(10000 + seed)"}
answers = {f"FR10{n}": {"trap": f"FR10{n}", "answer": "clear", "reason": "as the source", "quotes": [flow]} for n in range(1, 6)}
for found in json.loads(pathlib.Path("votes.json").read_text())[number]:
    answers[found["trap"]] = found
print(json.dumps({"schema": "flowgate/review/v1", "flow": "flow/noise_flow.py", "subject": subject, "answers": list(answers.values())}))
"""


@pytest.fixture
def voting(tmp_path: Path, flowgate: Flowgate) -> Any:
    """Ask a judge of which each turn's findings are given; returns what came of it and the record."""
    investigation(tmp_path)
    (tmp_path / "judge.py").write_text(JUDGE)
    with (tmp_path / "flowgate.toml").open("a") as file:
        file.write(f'[review]\nreviewer = "command"\ncommand = ["{sys.executable}", "judge.py"]\n')

    def ask(*votes: list[dict[str, Any]]) -> tuple[Done, dict[str, Any]]:
        (tmp_path / "votes.json").write_text(json.dumps(votes))
        (tmp_path / "turn.txt").unlink(missing_ok=True)
        done = flowgate(tmp_path, "review", FLOW, "--votes", str(len(votes)))
        assert (tmp_path / "turn.txt").read_text() == str(len(votes))
        return done, yaml.safe_load((tmp_path / RECORD).read_text())

    return ask


def test_a_majority_makes_a_finding(voting: Any) -> None:
    reworded = FINDING | {"reason": "noise was one value", "quotes": [IN_SOURCE, IN_STEP]}
    done, record = voting([FINDING], [], [reworded])
    (held,) = record["findings"]
    assert done.code == 1 and (held["severity"], held["votes"], record["votes"]) == ("error", 2, 3)


def test_a_minority_is_contested_and_shown_with_its_tally(voting: Any) -> None:
    done, record = voting([FINDING], [], [])
    (held,) = record["findings"]
    assert done.code == 0 and (held["severity"], held["contested"]) == ("warning", True)
    assert "contested: 1 of the reviews" in done.out
    assert [one["answer"] for one in record["answers"] if one["trap"] == "FR103"] == ["concern"]


def test_what_is_on_record_needs_no_majority(voting: Any) -> None:
    voting([FINDING])
    done, record = voting([], [FINDING], [])
    assert done.code == 1 and [one["severity"] for one in record["findings"]] == ["error"]


def test_findings_about_other_lines_are_other_findings(voting: Any) -> None:
    other = FINDING | {"quotes": [IN_FLOW, IN_SOURCE]}
    done, record = voting([FINDING], [other])
    assert done.code == 0 and len(record["findings"]) == 2
    assert {one["severity"] for one in record["findings"]} == {"warning"}


def case_in(folder: Path) -> Case:
    project = open_project(str(investigation(folder)))
    (target,) = readable(project, flow_sources(project))
    return open_case(target)


@st.composite
def reviews(draw: st.DrawFn) -> list[Review]:
    """Between one and five reviews in which each trap is answered `clear` or found at one of two places."""
    places = [
        [Quote(**IN_STEP), Quote(**IN_SOURCE)],
        [Quote(**IN_FLOW), Quote(**IN_SOURCE)],
    ]
    made = []
    for _ in range(draw(st.integers(1, 5))):
        answers = []
        for trap in TRAPS:
            kind = draw(st.sampled_from(["clear", "first", "second", "both"]))
            chosen = {"clear": [], "first": places[:1], "second": places[1:], "both": places}[kind]
            answers += [Answer(trap, "finding", "it departs", quotes) for quotes in chosen]
            answers += [] if chosen else [Answer(trap, "clear", "as the source", [Quote(**IN_FLOW)])]
        made.append(Review("flowgate/review/v1", FLOW, "sha256:0", answers))
    return made


CASES: dict[str, Case] = {}


@given(made=reviews())
def test_every_trap_is_answered_and_no_vote_is_lost(
    made: list[Review], tmp_path_factory: pytest.TempPathFactory
) -> None:
    case = CASES.setdefault("", CASES.get("") or case_in(tmp_path_factory.mktemp("case")))
    counted = count(made, case, set())
    assert {answer.trap for answer in counted.review.answers} == set(TRAPS)
    for at, votes in counted.tallies.items():
        answer = counted.review.answers[at]
        same = [
            any(
                one.trap == answer.trap and one.answer == "finding" and one.quotes == answer.quotes
                for one in review.answers
            )
            for review in made
        ]
        assert votes == sum(same)
        assert (answer.answer == "finding") == (votes * 2 > len(made))
    found = {(one.trap, one.quotes[0].text) for review in made for one in review.answers if one.answer == "finding"}
    kept = {(one.trap, one.quotes[0].text) for one in counted.review.answers if one.answer != "clear"}
    assert kept == found, "nothing that somebody found is dropped in silence"
