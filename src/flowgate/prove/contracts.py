"""Which arms each contract asks for."""

from __future__ import annotations

from flowgate.prove.model import Arm

RANDOM, OVERLAPPING, THREADS = "random:", "overlapping", "threads"
_SEED, _OTHER_SEED, _THIRD_SEED = 1, 4242, 977


def plan(contract: str, workers: int, schedules: int = 0) -> list[Arm]:
    """The arms that a contract asks for, with `schedules` more in orders drawn at random, the same ones every time.

    The first is what all others are compared with. `nondeterministic` asks for none.
    """
    if contract == "order_independent":
        drawn = [
            Arm(f"random-{k}", workers, _OTHER_SEED + k, f"{RANDOM}{k}", world=2 + k) for k in range(1, schedules + 1)
        ]
        return [
            Arm("forward", 1, _SEED, "forward", world=0),
            Arm("adversarial", workers, _OTHER_SEED, "reversed", world=1),
            *drawn,
        ]
    if contract == "single_worker":
        return [
            Arm("first", 1, _SEED, "forward", world=0),
            Arm("second", 1, _OTHER_SEED, "forward, joins reversed", world=1),
        ]
    return []


def again() -> Arm:
    """A further arm that finds what the first one left: the first one once more, in everything else."""
    return Arm("again", 1, _SEED, "forward", world=0)


def threads() -> list[Arm]:
    """Further arms for tasks that begin threads and the like: those end in a third order, and in a fourth.

    Two, because the sum of a few floats is the same in most orders.
    """
    return [Arm(f"{THREADS}-{k}", 1, _THIRD_SEED + k, "forward", world=1 + k) for k in (1, 2)]


def overlap(workers: int) -> Arm:
    """A further arm of `order_independent`, for tasks that can notice each other: a third order, and all under way at once."""
    return Arm(OVERLAPPING, workers, _THIRD_SEED, OVERLAPPING, world=2)
