"""Which arms a contract asks for, and the order in which each puts the tasks."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import pytest
from flowgate_probe import order
from hypothesis import given
from hypothesis import strategies as st

from flowgate.prove.contracts import plan


def test_the_arms_of_each_contract() -> None:
    assert [(a.name, a.workers, a.order) for a in plan("order_independent", 4)] == [
        ("forward", 1, "forward"),
        ("adversarial", 4, "reversed"),
    ]
    assert [(a.name, a.workers, a.order) for a in plan("single_worker", 4)] == [
        ("first", 1, "forward"),
        ("second", 1, "forward"),
    ]
    assert plan("nondeterministic", 4) == []
    more = plan("order_independent", 4, 3)
    assert [a.order for a in more[2:]] == ["random:1", "random:2", "random:3"]
    assert more == plan("order_independent", 4, 3), "the same ones every time"


@pytest.mark.parametrize("arms", [plan("order_independent", 4, 3), plan("single_worker", 4)])
def test_no_two_arms_share_a_hash_seed(arms: list[object]) -> None:
    seeds = [arm.hash_seed for arm in arms]  # type: ignore[attr-defined]
    assert len(set(seeds)) == len(seeds) and 0 not in seeds, "seed 0 would switch salting off"


def moded(mode: str) -> Any:
    order.MODE = mode
    return order


PLACES = st.lists(st.integers(0, 9), max_size=3).map(tuple)


@given(PLACES, PLACES)
def test_reversed_runs_any_two_concurrent_tasks_the_other_way_round(
    left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    shorter = min(len(left), len(right))
    if left[:shorter] == right[:shorter]:
        return  # one lies inside the other, and waits for it
    forward = moded("forward")._rank(left, "a") < order._rank(right, "b")
    backward = moded("reversed")._rank(left, "a") < order._rank(right, "b")
    assert forward != backward


@given(st.integers(2, 9))
def test_no_branch_of_a_join_keeps_its_place(count: int) -> None:
    paths = [f"run/branch{n}/{n}" for n in range(count)]
    forward, backward = moded("forward")._ordered(paths), moded("reversed")._ordered(paths)
    assert sorted(forward) == sorted(backward) == paths
    assert all(one != two for one, two in zip(forward, backward, strict=True))
    pairs = list(itertools.combinations(range(count), 2))
    kept = sum(backward.index(forward[i]) < backward.index(forward[j]) for i, j in pairs)
    assert kept <= 1


@given(st.integers(1, 99))
def test_a_random_order_is_the_same_one_every_time(seed: int) -> None:
    ranks = [moded(f"random:{seed}")._rank((n,), "work") for n in range(8)]
    assert ranks == [order._rank((n,), "work") for n in range(8)] and len(set(ranks)) == 8


@pytest.fixture(autouse=True)
def _as_it_was() -> object:
    yield
    importlib.reload(order)
