"""The order in which an arm's tasks run, as pure functions: a task's place becomes a rank, and the lowest rank goes first.

A place is the path of (index, siblings) pairs through the foreaches and splits around a task, outermost first. Comparing
ranks element by element gives branch order: everything below one branch before anything below the next.

Over the arms of a proof, any two tasks that do not wait for each other run both ways round:

- `forward` leaves the queue to Metaflow, which goes level by level in natural order;
- `reversed` goes branch by branch, last to first. Where branches have one step each, that is the exact reverse of `forward`.
  Where they have several (`deep`), no branch order can reverse a level order, so it is the reverse of `overlapping` instead;
- `overlapping` goes branch by branch in a drawn order, in which siblings change their distance from the nearer end. Reversal
  alone keeps that distance, so "was I the middle one?" has the same answer forwards and backwards.
"""

from __future__ import annotations

import hashlib
import random
from typing import Any, List, Tuple

FORWARD, REVERSED, OVERLAPPING, RANDOM = "forward", "reversed", "overlapping", "random:"
BRANCHES = "branches"  # branch by branch in natural order: what `--diagnose` compares with level order
JOINS_REVERSED = ", joins reversed"
Place = Tuple[Tuple[int, int], ...]

_SEED = "flowgate"
_drawn = {}  # type: Dict[int, List[int]]


def rank(mode: str, place: Place, step: str, deep: bool) -> Any:
    """What is compared to find the next task under a mode other than `forward`."""
    if mode.startswith(RANDOM):
        return hashlib.sha256(("%s %s %r" % (mode, step, [index for index, _ in place])).encode()).digest()
    return tuple(_position(mode, index, siblings, deep) for index, siblings in place)


def _position(mode: str, index: int, siblings: int, deep: bool) -> int:
    if mode == OVERLAPPING:
        return shuffled(siblings)[index]
    if mode == BRANCHES:
        return index
    return -shuffled(siblings)[index] if deep else -index


def shuffled(siblings: int) -> List[int]:
    """The position of each of some siblings in the drawn order.

    With four or more, none keeps its distance from the nearer end, and the first half are not those that came first or last
    before; with three, the middle one moves to an end.
    """
    if siblings not in _drawn:
        _drawn[siblings] = _draw(siblings)
    return _drawn[siblings]


def _draw(siblings: int) -> List[int]:
    generator = random.Random("%s %d" % (_SEED, siblings))  # noqa: S311
    positions = list(range(siblings))
    # About one permutation in eight moves every sibling, so a few dozen draws find one.
    for _ in range(10000):
        generator.shuffle(positions)
        if _tells_more(positions):
            break
    return positions


def _tells_more(positions: List[int]) -> bool:
    """True if what comes out alike in natural and in reversed order has a chance to come out otherwise in this one."""
    siblings = len(positions)
    kept = [
        index for index, position in enumerate(positions) if _from_end(position, siblings) == _from_end(index, siblings)
    ]
    if siblings < 4:
        return siblings < 3 or 1 not in kept
    half = siblings // 2
    first = {index for index, position in enumerate(positions) if position < half}
    return not kept and first not in (set(range(half)), set(range(siblings - half, siblings)))


def _from_end(position: int, siblings: int) -> int:
    return min(position, siblings - 1 - position)


def ordered_inputs(mode: str, paths: List[str]) -> List[str]:
    """The inputs of a join, branch by branch; the tasks of a foreach stay in the order of their index."""
    branches = sorted({_step_of(path) for path in paths})
    if mode.endswith(JOINS_REVERSED) or mode == REVERSED:
        branches.reverse()
        middle = len(branches) // 2
        if len(branches) > 2 and len(branches) % 2:  # a plain reversal leaves the middle one in its place
            branches[middle], branches[middle + 1] = branches[middle + 1], branches[middle]
    elif mode == OVERLAPPING:
        positions = shuffled(len(branches))
        branches = [name for _, name in sorted(zip(positions, branches))]
    elif mode.startswith(RANDOM):
        branches.sort(key=lambda name: rank(mode, (), name, False))
    return [path for branch in branches for path in paths if _step_of(path) == branch]


def _step_of(path: str) -> str:
    return str(path).split("/")[-2]


def is_deep(graph: Any) -> bool:
    """True if a branch of some foreach or split has more than one step before its join."""
    for node in graph:
        if node.type in ("foreach", "split", "split-and", "split-parallel"):
            if any(
                graph[child].type != "join" and graph[child].out_funcs != [node.matching_join]
                for child in node.out_funcs
            ):
                return True
    return False
