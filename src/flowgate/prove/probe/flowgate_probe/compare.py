"""Load one artifact of two runs in the project's own environment, and say where they first differ."""

from __future__ import annotations

from typing import Any

from flowgate_probe.equality import difference, shown, type_of
from flowgate_probe.storage import Run, define_classes


def compare(request: dict[str, Any]) -> dict[str, Any]:
    """The first difference between the sides' values; where one side has none, what the other one has."""
    define_classes(request["file"])
    sides = [_load(request["flow"], side) for side in request["sides"]]
    if None in sides:
        told = [("not written", "") if side is None else (shown(side[0]), type_of(side[0])) for side in sides]
        return {"path": "", "left": told[0][0], "right": told[1][0], "left_type": told[0][1], "right_type": told[1][1]}
    found = difference(sides[0][0], sides[1][0])
    return {"equal": True} if found is None else dict(found._asdict(), equal=False)


def _load(flow: str, side: Any) -> Any:
    """The value in a list of one, for it may be None; None where the side has no such artifact."""
    if side is None:
        return None
    run = Run(flow, side["store"], side["root"], side["run"])
    held = next(held for held in run.tasks_of(side["step"], [side["task"]]))
    return [value for _, _, value in run.load([(held, side["artifact"])])]


PROGRAM = compare
