"""SARIF against the schema that OASIS published, from the sources of a package that carries it (see the Makefile)."""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from flowgate.lint.rules import all_rules
from tests.conftest import Flowgate, write
from tests.functional.flows import fan


@pytest.fixture(scope="module")
def schema() -> Any:
    (archive,) = (Path(sys.prefix) / "sdists").glob("cfn_lint-*.tar.gz")
    with tarfile.open(archive) as held:
        (name,) = [name for name in held.getnames() if name.endswith("schemas/sarif/schema-2.1.0.json")]
        file = held.extractfile(name)
        assert file is not None
        found = json.load(file)
    assert "SARIF" in found["title"] and len(found["definitions"]) > 40
    return found


def sarif(flowgate: Flowgate, folder: Path) -> Any:
    return json.loads(flowgate(folder, "lint", "--format", "sarif").out)


def test_every_rule_is_valid_sarif(flowgate: Flowgate, repository: Path, schema: Any) -> None:
    """One repository that trips most rules: the first bad example of each, in a folder of its own."""
    for rule in all_rules():
        write(repository / rule.slug, rule.bad[0].files)
    document = sarif(flowgate, repository)
    jsonschema.validate(document, schema)
    (run,) = document["runs"]
    ids = {result["ruleId"] for result in run["results"]}
    assert len(ids) > 20
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] and "flowgate" not in rule.get("helpUri", "")
        assert rule["id"][:2] != "FG" or rule["help"]["markdown"]
        place = result["locations"][0]["physicalLocation"]
        assert (repository / unquote(place["artifactLocation"]["uri"])).is_file()
        assert place["region"]["startLine"] >= 1


FLOW = "from metaflow import FlowSpec, step\nEPOCHS = 15\n\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.x = EPOCHS\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"


def test_a_fingerprint_stays_when_code_moves_and_is_unlike_that_of_other_code(
    flowgate: Flowgate, repository: Path, schema: Any
) -> None:
    def fingerprints(text: str) -> list[str]:
        write(repository, {"flow.py": text})
        document = sarif(flowgate, repository)
        jsonschema.validate(document, schema)
        return [result["partialFingerprints"]["flowgateFinding/v1"] for result in document["runs"][0]["results"]]

    first = fingerprints(FLOW)
    assert len(first) == 1
    assert fingerprints('"""Moved."""\n\n\n' + FLOW.replace("EPOCHS = 15", "EPOCHS   =   15  # why")) == first
    assert fingerprints(FLOW.replace("15", "16")) != first


def test_an_accepted_finding_is_suppressed_with_its_reason(flowgate: Flowgate, repository: Path, schema: Any) -> None:
    write(repository, {"a folder/flow ü.py": FLOW})
    (found,) = flowgate(repository, "lint", "--format", "json").json()["findings"]
    assert flowgate(repository, "override", found["id"], "--reason", "it is the unit", "--by", "Ada").code == 0
    document = sarif(flowgate, repository)
    jsonschema.validate(document, schema)
    (result,) = document["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "it is the unit"}]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20folder/flow%20%C3%BC.py"


def test_nothing_found_is_a_run_without_results(flowgate: Flowgate, repository: Path, schema: Any) -> None:
    write(repository, {"flow.py": fan("self.input").replace("self.started = ", "started = ")})
    document = sarif(flowgate, repository)
    jsonschema.validate(document, schema)
    assert document["runs"][0]["results"] == []
