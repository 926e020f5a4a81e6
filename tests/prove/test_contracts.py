"""Which arms a contract asks for."""

from __future__ import annotations

import pytest

from flowgate.prove.contracts import plan


def test_the_arms_of_each_contract() -> None:
    assert [(a.name, a.workers, a.order) for a in plan("order_independent", 4)] == [
        ("forward", 1, "forward"),
        ("adversarial", 4, "reversed"),
    ]
    assert [(a.name, a.workers, a.order) for a in plan("single_worker", 4)] == [
        ("first", 1, "forward"),
        ("second", 1, "forward, joins reversed"),
    ]
    assert plan("nondeterministic", 4) == []
    more = plan("order_independent", 4, 3)
    assert [a.order for a in more[2:]] == ["random:1", "random:2", "random:3"]
    assert more == plan("order_independent", 4, 3), "the same ones every time"


@pytest.mark.parametrize("arms", [plan("order_independent", 4, 3), plan("single_worker", 4)])
def test_no_two_arms_share_a_hash_seed(arms: list[object]) -> None:
    seeds = [arm.hash_seed for arm in arms]  # type: ignore[attr-defined]
    assert len(set(seeds)) == len(seeds) and 0 not in seeds, "seed 0 would switch salting off"
