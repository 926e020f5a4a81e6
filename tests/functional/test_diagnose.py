"""What a person asks around a proof: more orders, what makes it differ, which contract holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import SCHEMAS, Done, Flowgate, write
from tests.functional.flows import SHARED, fan, settings

pytestmark = pytest.mark.slow
# Whether one is the middle of three: the same forwards and backwards.
FOLDER = """
import os, tempfile

def folder():
    path = tempfile.mkdtemp()
    for name in "abcd":
        open(os.path.join(path, name), "w").close()
    return path
"""
MIDDLE = fan("note(self.index).split().index(str(self.index)) == 1", before=SHARED, parts=3)


def asked(flowgate: Flowgate, folder: Path, *options: str, schema: str = "proof") -> tuple[Done, Any]:
    done = flowgate(folder, "prove", "--format", "json", *options)
    document = done.json()
    jsonschema.validate(document, json.loads((SCHEMAS / f"{schema}.json").read_text()))
    return done, document


def test_what_no_reversal_shows_a_third_order_does(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": MIDDLE, "flowgate.toml": settings()})
    done, document = asked(flowgate, tmp_path)
    (proof,) = document["proofs"]
    assert [arm["name"] for arm in proof["arms"]] == ["forward", "adversarial", "overlapping"]
    assert (done.code, proof["divergence"]["right"]["arm"]) == (1, "overlapping")
    assert "both touch" in proof["concurrency"], "why there is a third arm is said"


def test_more_orders_are_drawn_the_same_way_every_time(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("self.index"), "flowgate.toml": settings()})
    _, document = asked(flowgate, tmp_path, "--schedules", "2")
    assert [arm["order"] for arm in document["proofs"][0]["arms"]] == ["forward", "reversed", "random:1", "random:2"]
    _, document = asked(flowgate, tmp_path, "--schedules", "2")
    assert document["proofs"][0]["reused"]


@pytest.mark.parametrize(
    ("flow", "culprit", "words"),
    [
        (fan("__import__('random').random()"), "nothing", "without a seed"),
        (fan("hash(('a', self.index))"), "hash seed", "salted hash"),
        (fan("hash('a') % 7", "[len({one.value for one in inputs})]"), "salt of one task", "hashlib"),
        (fan("os.listdir(folder())", before=FOLDER), "listings", "sort"),
        (fan("tempfile.gettempdir()", before="import tempfile\n"), "scratch", "path"),
        (fan("note(self.index)", before=SHARED), "order", "share"),
        (fan("self.index"), None, ""),
    ],
    ids=["generator", "hash", "salt", "listing", "scratch", "order", "none"],
)
def test_the_change_that_makes_the_difference_is_named(
    flow: str, culprit: str | None, words: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    write(tmp_path, {"flow.py": flow, "flowgate.toml": settings()})
    done, document = asked(flowgate, tmp_path, "--diagnose", schema="diagnosis")
    (one,) = document["flows"]
    assert one["culprit"] == culprit and done.code == (1 if culprit else 0)
    if culprit:
        assert words in one["cause"] + one["mend"]
        assert one["tried"][-1]["divergence"] or culprit != "nothing"


@pytest.mark.parametrize(
    ("value", "contract", "tried"),
    [
        ("self.index", "order_independent", ["order_independent"]),
        ("note(self.index)", "single_worker", ["order_independent", "single_worker"]),
        ("hash(('a', self.index))", "nondeterministic", ["order_independent", "single_worker"]),
    ],
)
def test_the_strongest_contract_that_holds_is_suggested(
    value: str, contract: str, tried: list[str], flowgate: Flowgate, tmp_path: Path
) -> None:
    write(tmp_path, {"flow.py": fan(value, before=SHARED)})
    done, document = asked(flowgate, tmp_path, "--suggest", schema="suggestion")
    (one,) = document["flows"]
    assert (done.code, one["contract"], one["declared"]) == (0, contract, None)
    assert [proof["contract"] for proof in one["tried"]] == tried


def test_what_runs_side_by_side_is_said(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("self.index"), "flowgate.toml": settings()})
    _, document = asked(flowgate, tmp_path, "--jobs", "2")
    assert document["proofs"][0]["concurrency"] == "side by side"
    _, document = asked(flowgate, tmp_path, "--jobs", "1", "--no-cache")
    assert document["proofs"][0]["concurrency"] == ""
    beside = "import os\nHERE = os.path.dirname(os.path.abspath(__file__))\ndef keep(i):\n    open(os.path.join(HERE, 'x'), 'w').close()\n    return i\n"
    write(tmp_path, {"flow.py": fan("keep(self.index)", before=beside)})
    _, document = asked(flowgate, tmp_path, "--jobs", "2")
    assert document["proofs"][0]["concurrency"].startswith("side by side; then `overlapping`"), "each has its own files"
    write(tmp_path, {"flow.py": fan("__import__('os').system('true') + self.index")})
    _, document = asked(flowgate, tmp_path, "--jobs", "2")
    assert document["proofs"][0]["concurrency"] == "side by side", "a program that leaves nothing does no harm"


def test_where_the_probe_cannot_be_attached_the_order_is_not_forced_and_that_is_said(
    flowgate: Flowgate, tmp_path: Path
) -> None:
    import sys

    launcher = json.dumps(["env", "-u", "PYTHONPATH", sys.executable])
    toml = settings().replace("[prove]", f"[prove]\nlauncher = {launcher}")
    write(tmp_path, {"flow.py": fan("self.index"), "flowgate.toml": toml})
    done, document = asked(flowgate, tmp_path)
    (proof,) = document["proofs"]
    assert done.code == 0 and "could not be forced" in proof["note"]
    assert [arm["forced"] for arm in proof["arms"]] == [False, False]
    write(tmp_path, {"flow.py": fan("hash(('a', self.index))")})
    done, document = asked(flowgate, tmp_path)
    divergence = document["proofs"][0]["divergence"]
    assert (done.code, divergence["step"], divergence["artifact"]) == (1, "work", "value")
