"""Reviewers, for real: a program, a model behind a server that speaks OpenAI's protocol, a person at an editor."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Done, Flowgate
from tests.review.investigation import FINDING, FLOW, dump, investigation, review

RECORD = ".flowgate/reviews/flow.noise_flow.NoiseFlow.yaml"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return investigation(tmp_path)


def configure(place: Path, **settings: Any) -> None:
    with (place / "flowgate.toml").open("a") as file:
        file.write("[review]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))


# -- a program

COUNTING = "import pathlib, sys\nsys.stdin.read()\nlog = pathlib.Path('asked.txt')\nlog.write_text((log.read_text() if log.exists() else '') + 'x')\n"


@pytest.mark.parametrize(
    ("body", "asked", "words"),
    [
        ("sys.exit(75)", 3, "exit code 75"),
        ("print('{}')", 2, "does not follow"),
        ("print('looks fine to me')", 2, "no JSON object"),
        ("import time; time.sleep(60)", 1, "no answer within 2 s"),
        ("sys.stdout.write('x' * 100_000_000)", 1, "more than 10 MB"),
    ],
)
def test_only_what_failed_is_tried_again(body: str, asked: int, words: str, place: Path, flowgate: Flowgate) -> None:
    (place / "judge.py").write_text(COUNTING + body + "\n")
    configure(place, reviewer="command", command=[sys.executable, "judge.py"], retries=2, timeout="2s")
    done = flowgate(place, "review")
    assert done.code == 3 and words in done.err, done
    assert len((place / "asked.txt").read_text()) == asked
    assert not (place / RECORD).exists()


def test_a_reviewer_that_is_not_there_is_a_configuration_error(place: Path, flowgate: Flowgate) -> None:
    configure(place, reviewer="command", command=["no-such-reviewer"])
    done = flowgate(place, "review")
    assert done.code == 2 and "no-such-reviewer" in done.err


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"max_tokens": 100}, "max_tokens"), ({"max_cost": 0.0001, "price": [3.0, 15.0]}, "max_cost")],
)
def test_a_budget_is_kept_before_anything_is_asked(
    settings: dict[str, Any], words: str, place: Path, flowgate: Flowgate
) -> None:
    (place / "judge.py").write_text(COUNTING)
    configure(place, reviewer="command", command=[sys.executable, "judge.py"], **settings)
    done = flowgate(place, "review")
    assert done.code == 3 and words in done.err, done
    assert not (place / "asked.txt").exists()


# -- a model


class Model(BaseHTTPRequestHandler):
    """The part of OpenAI's protocol that `llm` speaks: it answers what the test put into `answers`, a status or a text."""

    answers: list[int | str] = []  # noqa: RUF012
    asked: list[dict[str, Any]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(body)
        answer = type(self).answers.pop(0)
        status = answer if isinstance(answer, int) else 200
        text = "" if isinstance(answer, int) else answer
        message = {"role": "assistant", "content": text}
        document = {
            "id": "1", "object": "chat.completion", "created": 0, "model": "judge",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1200, "completion_tokens": 300, "total_tokens": 1500},
        }  # fmt: skip
        data = json.dumps(document if status == 200 else {"error": {"message": "overloaded"}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def model(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server that answers as a model, and the environment in which `llm` knows it as `judge`."""
    Model.answers, Model.asked = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = tmp_path_factory.mktemp("llm")
    known = [
        {
            "model_id": "judge",
            "model_name": "judge",
            "api_base": f"http://127.0.0.1:{server.server_port}/v1",
            "api_key_name": "judge",
            "supports_schema": True,
            "can_stream": False,
        }
    ]
    (home / "extra-openai-models.yaml").write_text(yaml.safe_dump(known))
    (home / "keys.json").write_text(json.dumps({"judge": "secret-key"}))
    configure(place, reviewer="llm", model="judge", retries=1)
    yield {"LLM_USER_PATH": str(home), "OPENAI_MAX_RETRIES": "0"}
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_model_is_a_reviewer(place: Path, model: dict[str, str], flowgate: Flowgate) -> None:
    packet = flowgate(place, "review", "--packet").out
    Model.answers = [dump(review(packet, FINDING))]
    done = flowgate(place, "review", **model)
    assert done.code == 1, done
    record = yaml.safe_load((place / RECORD).read_text())
    assert (record["reviewer"]["kind"], record["reviewer"]["name"]) == ("llm", "judge")
    (asked,) = Model.asked
    assert "rng = random.Random(10000 + seed)" in asked["messages"][-1]["content"]
    assert "answers" in json.dumps(asked["response_format"]), "the model is held to the schema"
    assert "secret-key" not in (place / RECORD).read_text() + done.out + done.err


@pytest.mark.slow
def test_a_model_is_asked_again_for_what_does_not_count(place: Path, model: dict[str, str], flowgate: Flowgate) -> None:
    packet = flowgate(place, "review", "--packet").out
    Model.answers = [dump(review(packet, drop="FR104")), dump(review(packet))]
    done = flowgate(place, "review", **model)
    assert done.code == 0, done
    assert "FR104 is not answered" in Model.asked[1]["messages"][-1]["content"]


@pytest.mark.slow
def test_a_model_that_is_not_there_decides_nothing(place: Path, model: dict[str, str], flowgate: Flowgate) -> None:
    Model.answers = [400] * 9
    done = flowgate(place, "review", **model)
    assert done.code == 3 and "overloaded" in done.err, done
    text = (place / "flowgate.toml").read_text()
    (place / "flowgate.toml").write_text(text.replace('model = "judge"', 'model = "nobody"'))
    done = flowgate(place, "review", **model)
    assert done.code == 2 and "nobody" in done.err, done


# -- a person


def edit(place: Path, flowgate: Flowgate, change: str) -> Done:
    """A review by a person whose editor makes a change to the form."""
    (place / "editor.py").write_text(
        f"import pathlib, re, sys\nform = pathlib.Path(sys.argv[1])\ntext = form.read_text()\n{change}\nform.write_text(text)\n"
    )
    if 'reviewer = "person"' not in (place / "flowgate.toml").read_text():
        configure(place, reviewer="person")
    return flowgate(place, "review", EDITOR=f"{sys.executable} {place / 'editor.py'}", VISUAL="")


FILLED = """
quote = '    quotes:\\n      - path: flow/noise_flow.py\\n        text: |\\n          rng = random.Random(10000 + seed)\\n'
text = re.sub(r'(trap: FR10\\d.*?)    answer:\\n    reason:\\n    quotes:\\n.*?(?=  - trap|\\Z)',
              lambda m: m[1] + '    answer: clear\\n    reason: as the source does\\n' + quote, text, flags=re.S)
"""


def test_a_person_fills_in_a_form(place: Path, flowgate: Flowgate) -> None:
    done = edit(place, flowgate, FILLED)
    assert done.code == 0, done
    record = yaml.safe_load((place / RECORD).read_text())
    assert record["reviewer"]["kind"] == "person" and len(record["answers"]) == 5
    assert record["answers"][0]["quotes"] == [{"path": FLOW, "text": "rng = random.Random(10000 + seed)\n"}]


def test_a_form_that_is_left_blank_decides_nothing(place: Path, flowgate: Flowgate) -> None:
    done = edit(place, flowgate, "pass")
    assert done.code == 3 and "nothing was filled in" in done.err


def test_what_a_person_wrote_is_kept_and_can_be_taken_later(place: Path, flowgate: Flowgate) -> None:
    partly = FILLED.replace("FR10\\d", "FR10[1-4]")
    done = edit(place, flowgate, f"if 'What was wrong' not in text:\n{indented(partly)}")
    assert done.code == 3 and "FR105 is not answered" in done.err, done
    kept = re.search(r"kept in (\S+review\.yaml)", done.err)
    assert kept is not None
    form = place / kept[1]
    text = form.read_text()
    answered = re.search(r"  - trap: FR104.*?(?=  - trap)", text, re.DOTALL)
    assert answered is not None
    form.write_text(
        re.sub(r"  - trap: FR105.*?(?=  - trap)", answered[0].replace("FR104", "FR105"), text, flags=re.DOTALL)
    )
    assert flowgate(place, "review", "--import", str(form)).code == 0


def test_a_rejected_form_is_opened_again_with_its_answers_and_its_faults(place: Path, flowgate: Flowgate) -> None:
    """The second time, the person only has to add what was missing."""
    partly = FILLED.replace("FR10\\d", "FR10[1-4]")
    rest = FILLED.replace("FR10\\d", "FR105")
    change = f"if 'What was wrong' in text:\n    pathlib.Path('seen.txt').write_text(text)\n{indented(rest)}\nelse:\n{indented(partly)}"
    done = edit(place, flowgate, change)
    assert done.code == 0, done
    seen = (place / "seen.txt").read_text()
    assert "FR105 is not answered" in seen and seen.count("reason: as the source does") == 4
    assert not list((place / ".flowgate/cache").rglob("review.yaml")), "what counts needs no draft any more"


def test_a_draft_is_opened_again_by_the_next_review(place: Path, flowgate: Flowgate) -> None:
    broken = FILLED + "text = text.replace('reason: as the source does', 'reason: [as the', 1)\n"
    done = edit(place, flowgate, f"if 'What was wrong' not in text:\n{indented(broken)}")
    assert done.code == 3 and "the form is not valid YAML" in done.err and "line" in done.err, done
    mended = "pathlib.Path('seen.txt').write_text(text)\ntext = text.replace('reason: [as the', 'reason: as the paper')"
    done = edit(place, flowgate, mended)
    assert done.code == 0, done
    assert "as the paper" in (place / RECORD).read_text(), "nothing that was typed had to be typed again"


def test_after_a_change_the_answers_that_still_hold_are_offered_and_marked(place: Path, flowgate: Flowgate) -> None:
    assert edit(place, flowgate, FILLED).code == 0
    flow = (place / FLOW).read_text()
    (place / FLOW).write_text("# A remark.\n" + flow)
    assert flowgate(place, "review", "--replay").code == 1
    unread = edit(place, flowgate, "text = text + '# I did not look\\n'")
    assert unread.code == 3 and "5 answers are carried over and not yet checked" in unread.err, unread
    confirm = "pathlib.Path('seen.txt').write_text(text)\ntext = re.sub(r'(?m)^    # CARRIED.*\\n', '', text)"
    done = edit(place, flowgate, confirm)
    assert done.code == 0, done
    seen = (place / "seen.txt").read_text()
    assert seen.count("CARRIED OVER") == 5 and "rng = random.Random(10000 + seed)" in seen
    # An answer whose quote is gone is asked for anew.
    (place / FLOW).write_text(flow.replace("random.Random(10000 + seed)", "random.Random(20000 + seed)"))
    gone = edit(place, flowgate, "pathlib.Path('seen.txt').write_text(text)")
    assert gone.code == 3 and "CARRIED OVER" not in (place / "seen.txt").read_text()


def indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.strip().splitlines())


def test_without_a_terminal_a_person_cannot_be_asked(place: Path, flowgate: Flowgate) -> None:
    configure(place, reviewer="person")
    done = flowgate(place, "review", given="", EDITOR="", VISUAL="")
    assert done.code == 2 and "--packet" in done.err, done
