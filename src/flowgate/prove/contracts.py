"""Which arms each contract asks for."""

from __future__ import annotations

from flowgate.prove.arms import Arm

RANDOM, OVERLAPPING = "random:", "overlapping"
_SEED, _OTHER_SEED = 1, 4242


def plan(contract: str, workers: int, schedules: int = 0) -> list[Arm]:
    """The arms that a contract asks for, with `schedules` more in orders drawn at random, the same ones every time.

    The first is what all others are compared with. `nondeterministic` asks for none.
    """
    if contract == "order_independent":
        drawn = [Arm(f"random-{k}", workers, _OTHER_SEED + k, f"{RANDOM}{k}") for k in range(1, schedules + 1)]
        return [
            Arm("forward", 1, _SEED, "forward"),
            Arm("adversarial", workers, _OTHER_SEED, "reversed"),
            *drawn,
        ]
    if contract == "single_worker":
        return [Arm("first", 1, _SEED, "forward"), Arm("second", 1, _OTHER_SEED, "forward")]
    return []


def overlap(workers: int) -> Arm:
    """A further arm of `order_independent`, for tasks that read a file and then replace it: all read before one writes."""
    return Arm(OVERLAPPING, workers, _OTHER_SEED, OVERLAPPING)
