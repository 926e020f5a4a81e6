"""`merge_artifacts`: which calls are one, and which artifacts it brings over a join."""

from __future__ import annotations

from collections.abc import Callable

from flowgate.flow.model import Step
from flowgate.flow.trace import Called, Stored
from flowgate.flow.values import Artifact, Attr, Call, Self, constant, options, strings


def is_merge(call: Call) -> bool:
    """Whether a call is `self.merge_artifacts(...)`."""
    func = call.func
    if isinstance(func, Artifact):
        return func.name == "merge_artifacts"
    if isinstance(func, Attr) and func.name == "merge_artifacts":
        return any(isinstance(base, Self) for base in options(func.base))
    return False


def coverage(call: Call) -> Callable[[str], bool] | None:
    """Which names the merge covers; None where its exclude or include list cannot be told."""
    exclude, include = call.argument(1, "exclude"), call.argument(2, "include")
    left_out = strings(exclude) if exclude is not None and constant(exclude) is not None else []
    chosen = strings(include) if include is not None and constant(include) is not None else []
    if left_out is None or chosen is None:
        return None
    return lambda name: name not in left_out and (not chosen or name in chosen)


def carries(join: Step, artifact: str) -> bool:
    """Whether a join holds an artifact at its end: stored there, or merged."""
    for event in join.trace.events:
        if isinstance(event, Stored) and event.name == artifact:
            return True
        if isinstance(event, Called) and is_merge(event.call):
            covers = coverage(event.call)
            return covers is None or bool(covers(artifact))
    return False
