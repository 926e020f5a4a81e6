"""The zoo: every flow that breaks the contract is blocked where it breaks it, every flow that keeps it passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Done
from tests.functional.zoo import DETERMINISTIC, NONDETERMINISTIC, Case

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("case", NONDETERMINISTIC, ids=lambda case: case.name)
def test_a_broken_contract_is_blocked_at_its_first_cause(
    case: Case, flowgate: Callable[..., Done], tmp_path: Path
) -> None:
    case.write(tmp_path)
    done = flowgate(tmp_path, "prove", "--format", "json")
    (proof,) = done.json()["proofs"]
    assert (done.code, proof["verdict"]) == (1, "blocked"), proof["note"]
    assert (proof["divergence"]["step"], proof["divergence"]["artifact"]) == (case.step, case.artifact)
    assert all(arm["forced"] for arm in proof["arms"])
    assert sorted(path.name for path in tmp_path.iterdir()) == [".flowgate", "flow.py", "flowgate.toml"]


@pytest.mark.parametrize("case", DETERMINISTIC, ids=lambda case: case.name)
def test_a_kept_contract_passes(case: Case, flowgate: Callable[..., Done], tmp_path: Path) -> None:
    case.write(tmp_path)
    done = flowgate(tmp_path, "prove", "--format", "json")
    (proof,) = json.loads(done.out)["proofs"]
    assert (done.code, proof["verdict"]) == (0, "pass"), proof["note"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".flowgate", "flow.py", "flowgate.toml"]
