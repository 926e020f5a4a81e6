"""The orders of the arms: over them, tasks that do not wait for each other run both ways round, and change their places."""

from __future__ import annotations

import heapq
from itertools import combinations, pairwise

import pytest
from flowgate_probe import order
from flowgate_probe.order import FORWARD, OVERLAPPING, REVERSED, rank, shuffled
from hypothesis import given, settings
from hypothesis import strategies as st

# A fan-out: a list of branches, each a list of steps, and each step a fan-out of its own or None.
Branches = list[list["Branches | None"]]
Task = tuple[tuple[int, ...], tuple[int, ...]]  # the indices of the branches around it, and how far down in each it is


def branches(depth: int) -> st.SearchStrategy[Branches]:
    inner = st.none() if depth == 0 else st.one_of(st.none(), st.none(), branches(depth - 1))
    return st.lists(st.lists(inner, min_size=1, max_size=3), min_size=2, max_size=4)


class Graph:
    """The tasks of a fan-out, what each waits for, and its place as the scheduler knows it."""

    def __init__(self, root: Branches) -> None:
        self.before: dict[Task, list[Task]] = {}
        self.place: dict[Task, order.Place] = {}
        self.deep = False
        self._add(root, (), (), (), [])

    def _add(
        self, fan: Branches, indices: tuple[int, ...], levels: tuple[int, ...], place: order.Place, before: list[Task]
    ) -> list[Task]:
        ends = []
        for index, branch in enumerate(fan):
            here, last = (*place, (index, len(fan))), before
            self.deep |= len(branch) > 1 or any(step is not None for step in branch)
            for level, step in enumerate(branch):
                task = ((*indices, index), (*levels, level))
                self.before[task], self.place[task] = last, here
                last = [task]
                if step is not None:
                    inner = self._add(step, task[0], task[1], here, last)
                    join = ((*task[0], -1), (*task[1], -1))
                    self.before[join], self.place[join], last = inner, here, [join]
            ends += last
        return ends

    def run(self, mode: str) -> list[Task]:
        """The order in which one task at a time runs: by rank, or under `forward` in that in which they were queued."""
        done: list[Task] = []
        finished: set[Task] = set()
        queued: list[tuple[object, int, Task]] = []
        known: set[Task] = set()
        while True:
            for task in self.before:
                if task not in known and finished.issuperset(self.before[task]):
                    known.add(task)
                    key = len(known) if mode == FORWARD else rank(mode, self.place[task], "step", self.deep)
                    heapq.heappush(queued, (key, len(known), task))
            if not queued:
                return done
            done.append(heapq.heappop(queued)[2])
            finished.add(done[-1])

    def waits(self, one: Task, other: Task) -> bool:
        queue = list(self.before[one])
        while queue:
            task = queue.pop()
            if task == other:
                return True
            queue += self.before[task]
        return False


@settings(deadline=None, max_examples=60)
@given(branches(2))
def test_tasks_that_do_not_wait_for_each_other_run_both_ways_round(root: Branches) -> None:
    graph = Graph(root)
    places = [{task: at for at, task in enumerate(graph.run(mode))} for mode in (FORWARD, REVERSED, OVERLAPPING)]
    for one, other in combinations(graph.before, 2):
        if not graph.waits(one, other) and not graph.waits(other, one):
            assert {place[one] < place[other] for place in places} == {True, False}


@settings(deadline=None)
@given(st.integers(2, 40))
def test_two_arms_are_enough_where_branches_have_one_step(siblings: int) -> None:
    graph = Graph([[None]] * siblings)
    assert graph.run(REVERSED) == graph.run(FORWARD)[::-1]


@settings(deadline=None)
@given(branches(1).filter(lambda root: all(len(branch) > 1 for branch in root)))
def test_level_order_and_branch_order_both_occur(root: Branches) -> None:
    graph = Graph(root)
    levels = [task[1][0] for task in graph.run(FORWARD) if len(task[1]) == 1]
    if all(step is None for branch in root for step in branch):
        assert levels == sorted(levels), "step by step"
    for mode in (REVERSED, OVERLAPPING):
        outer = [task[0][0] for task in graph.run(mode)]
        assert sum(one != two for one, two in pairwise(outer)) == len(root) - 1, "branch by branch"


@settings(deadline=None)
@given(st.integers(4, 200))
def test_every_sibling_changes_its_distance_from_the_nearer_end(siblings: int) -> None:
    positions = shuffled(siblings)
    assert sorted(positions) == list(range(siblings))
    for index, position in enumerate(positions):
        assert min(position, siblings - 1 - position) != min(index, siblings - 1 - index)
    half = siblings // 2
    first = {index for index, position in enumerate(positions) if position < half}
    assert first not in (set(range(half)), set(range(siblings - half, siblings))), "nor do halves stay together"


def test_the_middle_one_of_three_does_not_stay_in_the_middle() -> None:
    assert shuffled(3)[1] != 1


@settings(deadline=None)
@given(st.integers(3, 200))
def test_the_first_and_the_last_come_between_others_in_some_arm(siblings: int) -> None:
    orders = [list(range(siblings)), list(range(siblings))[::-1], shuffled(siblings)]
    for index in (0, siblings - 1):
        roles = {
            ("first" if order[index] == 0 else "last" if order[index] == siblings - 1 else "between")
            for order in orders
        }
        assert roles == {"first", "last", "between"} or siblings == 3


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7])
def test_join_inputs_come_in_different_orders(count: int) -> None:
    paths = [f"1/{name}/{at}" for at, name in enumerate("abcdefg"[:count])]
    orders = [
        tuple(order.ordered_inputs(mode, paths))
        for mode in (FORWARD, FORWARD + order.JOINS_REVERSED, REVERSED, OVERLAPPING)
    ]
    assert orders[0] == tuple(paths)
    assert orders[1] == orders[2] != orders[0]
    assert all(sorted(one) == paths for one in orders)
    assert all(one != two for one, two in zip(orders[0], orders[1], strict=True)), "none keeps its place"


@settings(deadline=None)
@given(st.integers(1, 99))
def test_a_random_order_is_the_same_one_every_time(seed: int) -> None:
    ranks = [[rank(f"random:{seed}", ((at, 8),), "work", False) for at in range(8)] for _ in range(2)]
    assert ranks[0] == ranks[1] and len(set(ranks[0])) == 8
