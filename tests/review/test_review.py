"""From packet to record: what counts as a review, what it blocks, and when it is stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Done, Flowgate, write
from tests.review.investigation import FINDING, FLOW, IN_FLOW, IN_SOURCE, IN_STEP, dump, investigation, review

RECORD = ".flowgate/reviews/flow.noise_flow.NoiseFlow.yaml"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return investigation(tmp_path)


@pytest.fixture
def packet(place: Path, flowgate: Flowgate) -> str:
    done = flowgate(place, "review", "--packet")
    assert done.code == 0, done
    return done.out


def take(flowgate: Flowgate, place: Path, text: str) -> Done:
    return flowgate(place, "review", "--import", "-", given=text)


def test_the_packet_holds_rubric_flow_sources_and_the_form(packet: str) -> None:
    for words in (
        "FR101",
        "FR105",
        "FR199",
        "rng = random.Random(10000 + seed)",
        "Noise is fixed at 0.3.",
        "best = max",
    ):
        assert words in packet
    assert " 7      rng = random.Random(10000 + seed)" in packet, "numbered lines"


def test_the_packet_s_boundary_cannot_be_guessed(packet: str, place: Path, flowgate: Flowgate) -> None:
    assert flowgate(place, "review", "--packet").out != packet


def test_a_whole_review_is_recorded_and_replayed(packet: str, place: Path, flowgate: Flowgate) -> None:
    assert flowgate(place, "review", "--replay").code == 1, "not reviewed yet"
    assert take(flowgate, place, dump(review(packet))).code == 0
    record = yaml.safe_load((place / RECORD).read_text())
    assert record["flow"] == FLOW and {answer["trap"] for answer in record["answers"]} >= {"FR101", "FR105"}
    assert FLOW in record["files"] and "poc/noise.py" in record["files"]
    assert flowgate(place, "review", "--replay").code == 0
    gate = flowgate(place, "gate", "--format", "json").json()
    assert gate["flows"][0]["review"] == "pass"


def test_the_record_is_the_same_for_the_same_review(packet: str, place: Path, flowgate: Flowgate) -> None:
    take(flowgate, place, dump(review(packet)))
    before = (place / RECORD).read_bytes()
    take(flowgate, place, dump(review(packet)))
    assert (place / RECORD).read_bytes() == before


@pytest.mark.parametrize("reason", ["MAE", "n=5", "R2", "gleich"])
def test_one_word_can_be_a_reason(reason: str, packet: str, place: Path, flowgate: Flowgate) -> None:
    assert take(flowgate, place, dump(review(packet, {"trap": "FR104", "reason": reason}))).code == 0


@pytest.mark.parametrize("wrapped", ["Here you are:\n```json\n{}\n```\nThat is all.", "{}", "\n\n  {}  \nbye {{ }}"])
def test_words_around_the_json_do_no_harm(wrapped: str, packet: str, place: Path, flowgate: Flowgate) -> None:
    text = wrapped.replace("{}", dump(review(packet)), 1)
    assert take(flowgate, place, text).code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drop": "FR104"}, "FR104 is not answered"),
        ({"changed": {"trap": "FR102", "quotes": []}}, "`clear` quotes the lines"),
        ({"changed": {"trap": "FR102", "answer": "maybe"}}, "maybe"),
        ({"changed": {"trap": "FR102", "reason": ""}}, "gives no reason"),
        ({"changed": {"trap": "FR102", "reason": "-"}}, "gives no reason"),
        ({"changed": {"trap": "FR102", "reason": "Clear"}}, "gives no reason"),
        ({"changed": {"trap": "FR102", "quotes": [{"path": FLOW, "text": "not in the file at all"}]}}, "does not hold"),
        ({"changed": {"trap": "FR102", "quotes": [{"path": "/etc/passwd", "text": "root"}]}}, "no file of the packet"),
        ({"changed": {"trap": "FR102", "quotes": [{"path": FLOW, "text": "rn"}]}}, "too short"),
        ({"changed": {"trap": "FR102", "mood": "good"}}, "unknown field `mood`"),
        ({"changed": {"trap": "FR198", "answer": "clear"}}, "no such trap"),
        ({"changed": FINDING | {"quotes": [IN_STEP]}}, "quotes the flow and a source"),
        ({"changed": FINDING | {"quotes": [IN_SOURCE]}}, "quotes the flow and a source"),
        ({"changed": {"trap": "FR102", "answer": "concern", "quotes": []}}, "`concern` quotes"),
    ],
)
def test_a_review_that_does_not_hold_is_inconclusive(
    change: dict[str, Any], words: str, packet: str, place: Path, flowgate: Flowgate
) -> None:
    changed = [change["changed"]] if "changed" in change else []
    done = take(flowgate, place, dump(review(packet, *changed, drop=change.get("drop", ""))))
    assert done.code == 3 and words in done.err, done
    assert not (place / RECORD).exists()


@pytest.mark.parametrize(
    "text",
    ["", "LGTM", "{}", "[]", '{"answers": []}', "null", "{" * 5000, '{"schema": "flowgate/review/v1"', "\x00"],
)
def test_what_is_no_review_is_inconclusive(text: str, place: Path, flowgate: Flowgate) -> None:
    assert take(flowgate, place, text).code == 3
    assert not (place / RECORD).exists()


def test_two_reviews_in_one_answer_are_inconclusive(packet: str, place: Path, flowgate: Flowgate) -> None:
    assert take(flowgate, place, dump(review(packet)) * 2).code == 3


def test_all_not_applicable_without_a_quote_is_no_review(packet: str, place: Path, flowgate: Flowgate) -> None:
    document = review(packet)
    for answer in document["answers"]:
        answer |= {"answer": "not_applicable", "quotes": []}
    done = take(flowgate, place, dump(document))
    assert done.code == 3 and "nothing in it is quoted" in done.err


def test_a_review_of_another_state_is_refused(packet: str, place: Path, flowgate: Flowgate) -> None:
    (place / "poc/noise.py").write_text("NOISE = 0.4\n")
    done = take(flowgate, place, dump(review(packet)))
    assert done.code == 3 and "has changed since" in done.err


@pytest.mark.parametrize("path", [FLOW, "docs/investigation.md", "poc/noise.py"])
def test_a_change_makes_the_review_stale_and_is_named(path: str, packet: str, place: Path, flowgate: Flowgate) -> None:
    take(flowgate, place, dump(review(packet)))
    with (place / path).open("a") as file:
        file.write("\n# one more line\n")
    done = flowgate(place, "gate", "--format", "json")
    assert done.code == 1
    (flow,) = done.json()["flows"]
    assert flow["review"] == "stale" and f"{path} changed" in flow["notes"]["review"]


def test_a_finding_blocks_and_names_the_step(packet: str, place: Path, flowgate: Flowgate) -> None:
    done = take(flowgate, place, dump(review(packet, FINDING)))
    assert done.code == 1
    (found,) = flowgate(place, "gate", "--format", "json").json()["findings"]
    assert (found["rule"], found["layer"], found["step"], found["state"]) == ("FR103", "review", "end", "open")
    assert found["line"] == 19


def test_a_finding_s_identity_is_its_code_not_its_prose(packet: str, place: Path, flowgate: Flowgate) -> None:
    def identity(answer: dict[str, Any]) -> str:
        (place / RECORD).unlink(missing_ok=True)
        take(flowgate, place, dump(review(packet, answer)))
        return str(yaml.safe_load((place / RECORD).read_text())["findings"][0]["id"])

    spaced = IN_STEP | {"text": "self.share = sum(x > 0.5 for x in self.data)  /  len(self.data)"}
    other = {"path": FLOW, "text": "self.data = make_data(0)"}
    first = identity(FINDING)
    assert identity(FINDING | {"reason": "quite another sentence", "quotes": [IN_SOURCE, spaced]}) == first
    assert identity(FINDING | {"quotes": [other, IN_SOURCE]}) != first


def test_a_concern_is_a_warning_unless_settings_say_otherwise(packet: str, place: Path, flowgate: Flowgate) -> None:
    concern = FINDING | {"answer": "concern"}
    assert take(flowgate, place, dump(review(packet, concern))).code == 0
    with (place / "flowgate.toml").open("a") as file:
        file.write('[review]\nblock_on = "concern"\n')
    assert flowgate(place, "gate").code == 1


def test_a_finding_stays_until_its_evidence_changes_and_a_review_clears_it(
    packet: str, place: Path, flowgate: Flowgate
) -> None:
    take(flowgate, place, dump(review(packet, FINDING)))
    assert take(flowgate, place, dump(review(packet))).code == 1, "not mentioned is not resolved"
    flow = (place / FLOW).read_text()
    write(place, {FLOW: flow.replace("x > 0.5", "x > 0.3")})
    fresh = flowgate(place, "review", "--packet").out
    assert take(flowgate, place, dump(review(fresh))).code == 0
    (held,) = yaml.safe_load((place / RECORD).read_text())["findings"]
    assert held["state"] == "resolved" and "answers FR103 clear" in held["resolution"]


def test_an_override_lets_a_finding_pass(packet: str, place: Path, flowgate: Flowgate) -> None:
    take(flowgate, place, dump(review(packet, FINDING)))
    (found,) = flowgate(place, "gate", "--format", "json").json()["findings"]
    assert flowgate(place, "override", found["id"], "--reason", "agreed in the debate", "--by", "Ada").code == 0
    gate = flowgate(place, "gate", "--format", "json")
    assert gate.code == 0 and gate.json()["findings"][0]["state"] == "overridden", gate


def _reviewer(place: Path, body: str) -> None:
    write(place, {"judge.py": "import json, re, sys, pathlib\npacket = sys.stdin.read()\n" + body})
    with (place / "flowgate.toml").open("a") as file:
        file.write(f'[review]\nreviewer = "command"\ncommand = ["{sys.executable}", "judge.py"]\ntimeout = "5s"\n')


_ANSWER = """
subject = re.search(r'"subject": "(sha256:[0-9a-f]{64})"', packet)[1]
quote = {"path": "flow/noise_flow.py", "text": "rng = random.Random(10000 + seed)"}
answers = [{"trap": f"FR10{n}", "answer": "clear", "reason": "as the source", "quotes": [quote]} for n in range(1, 6)]
review = {"schema": "flowgate/review/v1", "flow": "flow/noise_flow.py", "subject": subject, "answers": answers}
"""


def test_a_command_is_a_reviewer(place: Path, flowgate: Flowgate) -> None:
    _reviewer(place, _ANSWER + "print('thinking ...', json.dumps(review))\n")
    done = flowgate(place, "review")
    assert done.code == 0, done
    assert yaml.safe_load((place / RECORD).read_text())["reviewer"]["kind"] == "command"
    (place / "judge.py").write_text("raise SystemExit(1)")
    assert flowgate(place, "review").code == 0, "a review that holds is not asked for again"


def test_a_rejected_answer_is_asked_for_once_more(place: Path, flowgate: Flowgate) -> None:
    again = "if 'was rejected' not in packet: review['answers'].pop()\n"
    _reviewer(place, _ANSWER + again + "print(json.dumps(review))\n")
    assert flowgate(place, "review").code == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(1)", "exit code 1"),
        (_ANSWER + "print(json.dumps(review)); sys.exit(1)", "exit code 1"),
        ("pass", "said nothing"),
        ("print('looks good to me')", "no JSON object"),
        ("import time; time.sleep(60)", "no answer within 5 s"),
        (_ANSWER + "print(json.dumps(review)[:200])", "no JSON object"),
        ("sys.stdout.write('x' * 11_000_000)", "more than 10 MB"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit code -9"),
    ],
)
def test_a_reviewer_that_fails_decides_nothing(body: str, words: str, place: Path, flowgate: Flowgate) -> None:
    _reviewer(place, body + "\n")
    done = flowgate(place, "review")
    assert done.code == 3 and words in done.err, done
    assert not (place / RECORD).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"docs/investigation.md": None}, "docs/investigation.md of flow/noise_flow.py does not exist"),
        ({"poc/noise.py": b"\xff\xfe\x00"}, "not UTF-8"),
        ({"poc/noise.py": b"x" * 2_000_001}, "larger than 2 MB"),
        ({RECORD: b"<<<<<<< HEAD\n"}, "merge conflict"),
        ({RECORD: b"version: 1\n"}, "no review record"),
        ({RECORD: b"version: 1\nwhat: 2\n"}, "no review record"),
    ],
)
def test_a_case_that_cannot_be_opened_is_an_error(
    change: dict[str, bytes | None], words: str, place: Path, flowgate: Flowgate
) -> None:
    for name, data in change.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).unlink(missing_ok=True)
        if data is not None:
            (place / name).write_bytes(data)
    done = flowgate(place, "gate")
    assert done.code == 2 and words in done.err, done
    assert "Traceback" not in done.err


def test_a_source_outside_the_repository_is_refused(place: Path, flowgate: Flowgate) -> None:
    write(place, {"flowgate.toml": f'[flow."{FLOW}"]\nsources = ["../secret.md"]\n'})
    done = flowgate(place, "review", "--packet")
    assert done.code == 2 and "lies outside" in done.err


def test_without_a_reviewer_it_says_how_to_go_on(place: Path, flowgate: Flowgate) -> None:
    done = flowgate(place, "review")
    assert done.code == 2 and "--packet" in done.err and "--import" in done.err


def test_quotes_may_differ_in_whitespace_only(packet: str, place: Path, flowgate: Flowgate) -> None:
    spaced = IN_FLOW | {"text": "rng   =  random.Random(\n  10000 + seed )"}
    assert take(flowgate, place, json.dumps(review(packet, {"trap": "FR101", "quotes": [spaced]}))).code == 0


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("answer: finding", "answer: clear", "blocked"),
        ("findings:\n", "findings: []\nremoved:\n", ""),
        ("rubric: sha256:", "rubric: sha256:0", "blocked"),
        ("text: rng = random.Random(10000 + seed)", "text: something else entirely", "blocked"),
    ],
)
def test_an_edited_record_is_held_against_the_case_again(
    old: str, new: str, verdict: str, packet: str, place: Path, flowgate: Flowgate
) -> None:
    take(flowgate, place, dump(review(packet, FINDING)))
    record = place / RECORD
    text = record.read_text()
    assert old in text
    record.write_text(text.replace(old, new, 1))
    done = flowgate(place, "gate", "--format", "json")
    assert done.code in (1, 2), done
    if verdict:
        assert done.json()["flows"][0]["review"] == verdict


def test_findings_cannot_be_emptied_out_of_a_record(packet: str, place: Path, flowgate: Flowgate) -> None:
    take(flowgate, place, dump(review(packet, FINDING)))
    document = yaml.safe_load((place / RECORD).read_text())
    (place / RECORD).write_text(yaml.safe_dump(document | {"findings": []}))
    assert flowgate(place, "gate").code == 1
    (place / RECORD).write_text(yaml.safe_dump(document | {"findings": [], "answers": []}))
    assert flowgate(place, "gate").code == 1


def test_two_flows_of_a_file_have_a_review_each(place: Path, flowgate: Flowgate) -> None:
    flow = (place / FLOW).read_text()
    second = flow[flow.index("class NoiseFlow") : flow.index("if __name__")].replace("NoiseFlow", "OtherFlow")
    write(place, {FLOW: flow + second})
    assert "NoiseFlow" in flowgate(place, "review", "--packet").err
    packet = flowgate(place, "review", f"{FLOW}:NoiseFlow", "--packet").out
    assert flowgate(place, "review", f"{FLOW}:NoiseFlow", "--import", "-", given=dump(review(packet))).code == 0
    done = flowgate(place, "gate", "--format", "json")
    assert done.code == 1
    assert {one["flow"]: one["review"] for one in done.json()["flows"]} == {"NoiseFlow": "pass", "OtherFlow": "blocked"}


def test_a_module_imported_in_a_step_is_part_of_the_case(place: Path, flowgate: Flowgate) -> None:
    flow = (place / FLOW).read_text().replace("        self.data =", "        import near\n        self.data =")
    write(place, {FLOW: flow, "flow/near.py": "VALUE = 1\n"})
    assert "flow/near.py" in flowgate(place, "review", "--packet").out


def test_a_record_of_the_first_version_is_read(packet: str, place: Path, flowgate: Flowgate) -> None:
    take(flowgate, place, dump(review(packet, FINDING)))
    document = yaml.safe_load((place / RECORD).read_text())
    assert document["version"] == 2
    first = document | {
        "version": 1,
        "findings": [held | {"state": "open", "resolution": ""} for held in document["findings"]],
    }
    del first["votes"]
    (place / RECORD).write_text(yaml.safe_dump(first))
    (found,) = flowgate(place, "gate", "--format", "json").json()["findings"]
    assert (found["rule"], found["state"]) == ("FR103", "open")
    (place / RECORD).write_text(yaml.safe_dump(document | {"version": 9}))
    done = flowgate(place, "gate")
    assert done.code == 2 and "a newer flowgate wrote it" in done.err


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nversion: 2\n"


@pytest.mark.parametrize("path", [RECORD, ".flowgate/ledger.yaml"])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (LAUGHS.encode(), "anchor"),
        (b"version:\t2\n\t- x\n", "not valid YAML"),
        (b"version: 2\n# \xff\n", "not UTF-8"),
        (b"<<<<<<< ours\nversion: 2\n=======\nversion: 1\n>>>>>>> theirs\n", "merge conflict"),
        (b"version: 2\nversion: 2\n", "twice"),
        (b"x" * 10_000_001, "larger than 10 MB"),
    ],
)
def test_hostile_files_are_errors(path: str, data: bytes, words: str, place: Path, flowgate: Flowgate) -> None:
    (place / path).parent.mkdir(parents=True, exist_ok=True)
    (place / path).write_bytes(data)
    done = flowgate(place, "gate")
    assert done.code == 2 and words in done.err and "Traceback" not in done.err, done


def test_line_endings_do_not_matter(packet: str, place: Path, flowgate: Flowgate) -> None:
    take(flowgate, place, dump(review(packet)))
    for name in (RECORD, FLOW, "docs/investigation.md"):
        (place / name).write_bytes((place / name).read_bytes().replace(b"\n", b"\r\n"))
    assert flowgate(place, "review", "--replay").code == 0


@pytest.mark.parametrize(
    ("quotes", "code"),
    [
        ([{"path": f"{FLOW}:7", "text": "7      rng = random.Random(10000 + seed)"}], 0),
        ([{"path": f"Flow: {FLOW}", "text": "rng = random.Random(10000 + seed)"}], 0),
        ([{"path": FLOW, "text": "def make_data(seed):\n...\n    return [rng.random() for _ in range(10)]"}], 0),
        ([{"path": FLOW, "text": "return [rng.random() for _ in range(10)]\n...\ndef make_data(seed):"}], 3),
        ([{"path": "poc/noise.py", "text": "NOISE = 0.3"}, IN_FLOW], 0),
        ([{"path": FLOW, "text": "seed"}], 3),
        ([{"path": FLOW, "text": "8      rng = random.Random(10000 + seeds)"}], 3),
    ],
)
def test_a_quote_is_taken_as_it_was_meant_and_no_further(
    quotes: list[dict[str, str]], code: int, packet: str, place: Path, flowgate: Flowgate
) -> None:
    done = take(flowgate, place, dump(review(packet, {"trap": "FR101", "quotes": quotes})))
    assert done.code == code, done
