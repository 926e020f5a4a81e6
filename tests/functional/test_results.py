"""The conclusions of a flow, from the run that proved them; and a run that counts as an arm."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import SCHEMAS, Flowgate, write
from tests.functional.flows import fan, settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_store")]
TABLE = fan("{'method': f'm{self.index}', 'auc': 0.1 + self.index / 10}", parts=2)


def test_conclusions_are_those_of_the_proven_run(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": TABLE, "flowgate.toml": settings(surface='["results", "work.value"]')})
    refused = flowgate(tmp_path, "results", "flow.py")
    assert refused.code == 3 and refused.out == "" and "no receipt" in refused.err
    assert flowgate(tmp_path, "prove").code == 0
    document = flowgate(tmp_path, "results", "flow.py", "--format", "json").json()
    jsonschema.validate(document, json.loads((SCHEMAS / "results.json").read_text()))
    assert document["proven"]
    assert [one["name"] for one in document["conclusions"]] == [
        "end.results",
        "work[work:0].value",
        "work[work:1].value",
    ]
    assert document["conclusions"][0]["rows"] == [{"method": "m0", "auc": 0.1}, {"method": "m1", "auc": 0.2}]
    rows = list(csv.DictReader(io.StringIO(flowgate(tmp_path, "results", "flow.py", "--format", "csv").out)))
    assert rows[1]["method"] == "m1" and float(rows[1]["auc"]) == 0.2 and rows[1]["proven"] == "true"
    assert "m1" in flowgate(tmp_path, "results", "flow.py").out

    write(tmp_path, {"flow.py": TABLE + "CHANGED = True\n"})
    stale = flowgate(tmp_path, "results", "flow.py")
    assert stale.code == 3 and "flow.py changed since it was proven" in stale.err
    none = flowgate(tmp_path, "results", "flow.py", "--unproven")
    assert none.code == 2 and "has no run" in none.err
    assert flowgate(tmp_path, "run", "flow.py", METAFLOW_USER="x").code == 0
    shown = flowgate(tmp_path, "results", "flow.py", "--unproven")
    assert shown.code == 0 and "NOT PROVEN" in shown.out and "m1" in shown.out


def test_a_blocked_flow_has_no_conclusions(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("hash('a')"), "flowgate.toml": settings()})
    assert flowgate(tmp_path, "prove").code == 1
    done = flowgate(tmp_path, "results", "flow.py")
    assert done.code == 3 and "blocked" in done.err


@pytest.mark.parametrize(
    ("contract", "arguments", "arm"),
    [("single_worker", (), "first"), ("order_independent", ("--", "--max-workers", "1"), "forward")],
)
def test_a_gated_run_counts_as_an_arm(
    contract: str, arguments: tuple[str, ...], arm: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    write(tmp_path, {"flow.py": fan("self.index"), "flowgate.toml": settings(contract)})
    ran = flowgate(tmp_path, "run", "flow.py", *arguments, METAFLOW_USER="x")
    assert ran.code == 0, ran
    (proof,) = flowgate(tmp_path, "prove", "--format", "json").json()["proofs"]
    latest = (tmp_path / ".metaflow" / "FanFlow" / "latest_run").read_text().strip()
    assert proof["verdict"] == "pass"
    assert [(one["name"], one["origin"]) for one in proof["arms"]] == [
        (arm, "flowgate run"),
        (proof["arms"][1]["name"], "proof"),
    ]
    assert proof["arms"][0]["run"] == f"FanFlow/{latest}"


@pytest.mark.parametrize("change", ["the flow", "a record", "the workers"])
def test_a_run_of_something_else_counts_for_nothing(change: str, flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("self.index"), "flowgate.toml": settings("single_worker")})
    if change == "the workers":
        write(tmp_path, {"flowgate.toml": settings()})
    assert flowgate(tmp_path, "run", "flow.py", METAFLOW_USER="x").code == 0
    if change == "the flow":
        write(tmp_path, {"flow.py": fan("self.index + 1")})
    if change == "a record":
        record = next(tmp_path.glob(".flowgate/cache/proofs/*/gated/records/end*.json"))
        record.write_text(record.read_text().replace("sha256:", "sha256:0"))
    (proof,) = flowgate(tmp_path, "prove", "--format", "json").json()["proofs"]
    assert [one["origin"] for one in proof["arms"]] == ["proof", "proof"]
