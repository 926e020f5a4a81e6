"""The zoo: every flow that breaks the contract is blocked where it breaks it, every flow that keeps it passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Flowgate
from tests.functional.zoo import DETERMINISTIC, FAULTY, NONDETERMINISTIC, TWINS, Case

pytestmark = pytest.mark.slow
# Of the flows that others wrote, those that no proof without this much care would tell from their twins: one of each kind. All
# of them are proven by `python bench/prove.py zoo`.
CHOSEN = frozenset(
    "completed_sum feature_join half_lock libc_split listing_ties lock_timeout memmap_gram middle_sibling port_rank "
    "scratch_handover shard_agree shell_lost task_seed unequal_stopwords week_decay".split()
)


def left_in(folder: Path, case: Case) -> set[str]:
    """What a proof left in the folder that it found there."""
    beside = case.path.with_suffix(".files")
    known = {path.name for path in beside.iterdir()} if beside.is_dir() else set()
    return {path.name for path in folder.iterdir()} - known - {".flowgate", "flow.py", "flowgate.toml"}


@pytest.mark.parametrize("case", NONDETERMINISTIC, ids=lambda case: case.name)
def test_a_broken_contract_is_blocked_at_its_first_cause(case: Case, flowgate: Flowgate, tmp_path: Path) -> None:
    case.write(tmp_path)
    done = flowgate(tmp_path, "prove", "--format", "json")
    (proof,) = done.json()["proofs"]
    assert (done.code, proof["verdict"]) == (1, "blocked"), proof["note"]
    assert (proof["divergence"]["step"], proof["divergence"]["artifact"]) == (case.step, case.artifact)
    assert all(arm["forced"] for arm in proof["arms"])
    assert not left_in(tmp_path, case)


@pytest.mark.parametrize("case", DETERMINISTIC, ids=lambda case: case.name)
def test_a_kept_contract_passes(case: Case, flowgate: Flowgate, tmp_path: Path) -> None:
    case.write(tmp_path)
    done = flowgate(tmp_path, "prove", "--format", "json")
    (proof,) = json.loads(done.out)["proofs"]
    assert (done.code, proof["verdict"]) == (0, "pass"), proof["note"]
    assert not left_in(tmp_path, case)


@pytest.mark.parametrize("case", [case for case in FAULTY if case.name in CHOSEN], ids=lambda case: case.name)
def test_a_fault_that_somebody_else_thought_of_is_blocked(case: Case, flowgate: Flowgate, tmp_path: Path) -> None:
    case.write(tmp_path)
    done = flowgate(tmp_path, "prove", "--format", "json")
    (proof,) = done.json()["proofs"]
    assert (done.code, proof["verdict"]) == (1, "blocked"), proof["note"]
    assert not left_in(tmp_path, case)


@pytest.mark.parametrize("case", [case for case in TWINS if case.name in CHOSEN], ids=lambda case: case.name)
def test_its_twin_passes(case: Case, flowgate: Flowgate, tmp_path: Path) -> None:
    case.write(tmp_path)
    done = flowgate(tmp_path, "prove", "--format", "json")
    (proof,) = done.json()["proofs"]
    assert (done.code, proof["verdict"]) == (0, "pass"), proof["note"]
    assert not left_in(tmp_path, case)
