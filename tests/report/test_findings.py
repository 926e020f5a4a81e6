"""Findings as a person is told of them: a shared module's once, overridden ones as a count."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Flowgate, write
from tests.functional.flows import fan

SHARED = "EPOCHS = 15\n\n\ndef steps(value):\n    return value * EPOCHS\n"


def flow(name: str) -> str:
    text = fan("steps(self.input)", before="from shared import steps\n").replace("FanFlow", name)
    return text.replace("self.started = ", "started = ")


@pytest.fixture
def lab(repository: Path) -> Path:
    """Three flows that import a module with a trap in it."""
    return write(
        repository, {"shared.py": SHARED, **{f"{name}.py": flow(name.title()) for name in ("one", "two", "three")}}
    )


def test_a_finding_on_a_shared_module_is_told_once_with_its_flows(lab: Path, flowgate: Flowgate) -> None:
    done = flowgate(lab, "lint")
    assert done.code == 1 and done.out.count("FG301 ") == 1, done
    assert "held against 2 more flows: three.py Three" in done.out and "two.py Two" in done.out
    assert "blocked: 1 error in 3 files" in done.out
    findings = flowgate(lab, "lint", "--format", "json").json()["findings"]
    assert len([found for found in findings if found["rule"] == "FG301"]) == 3, "each flow has its own, by id"
    assert flowgate(lab, "gate").out.count("FG301 ") == 1


def test_several_are_overridden_at_once_and_then_folded_into_a_count(lab: Path, flowgate: Flowgate) -> None:
    findings = flowgate(lab, "lint", "--format", "json").json()["findings"]
    names = [found["id"] for found in findings]
    misspelt = flowgate(lab, "override", *names, "FG301-00000000", "--reason", "fixed", "--by", "Ada")
    assert misspelt.code == 2 and not (lab / ".flowgate/ledger.yaml").exists(), "all or none"
    done = flowgate(lab, "override", *names, "--reason", "fixed by the protocol", "--by", "Ada")
    assert done.code == 0 and done.out.count("is overridden") == 3 and "commit .flowgate/ledger.yaml" in done.out
    for command in ("lint", "gate"):
        quiet, loud = flowgate(lab, command), flowgate(lab, command, "-v")
        assert quiet.code == loud.code == 0
        assert "FG301" not in quiet.out and "3 " in quiet.out and "overridden" in quiet.out and "-v shows" in quiet.out
        assert "FG301" in loud.out and "fixed by the protocol" in loud.out and "-v shows" not in loud.out
    assert "FG301" in flowgate(lab, "status", "-v").out
