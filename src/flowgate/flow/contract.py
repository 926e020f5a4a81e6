"""What a flow declares about its own reproducibility, and which artifacts are its conclusions."""

from __future__ import annotations

import fnmatch
import os
from typing import Any, NamedTuple

from flowgate.errors import FlowgateError
from flowgate.flow.conf import Composed, Origin
from flowgate.flow.model import Flow
from flowgate.settings import CONTRACTS, FlowSettings

PINNED = ("aggregate.aggregate_results", "aggregate.lift_results", "an_*.an_result")


class Contract(NamedTuple):
    """A declared contract, the reason it carries, and the surface it covers."""

    kind: str
    reason: str
    surface: tuple[str, ...]


def declared(flow: Flow, composed: Composed | None, own: FlowSettings) -> Contract | None:
    """The contract of a composed config, else of the settings; None where none is declared.

    Raises:
        FlowgateError: the config says something that is no contract, or that only the flow's own code knows.
    """
    surface = own.surface
    if composed is not None:
        kind = of_experiment(composed, "determinism")
        given = of_experiment(composed, "surface")
        if given is not None and not (isinstance(given, list) and all(isinstance(one, str) for one in given)):
            place = place_in(composed, "surface")
            where = os.path.relpath(place.file) if place is not None and place.line else "the config"
            raise FlowgateError(f"{where}: `surface` must be a list of `artifact` or `step.artifact`, not {given!r}")
        if isinstance(given, list) and not surface:
            surface = tuple(str(entry) for entry in given)
        if isinstance(kind, str) and kind:
            reason = of_experiment(composed, "determinism_reason") if kind != CONTRACTS[0] else ""
            return Contract(kind, str(reason or ""), surface or _default_surface(flow))
    if own.determinism:
        return Contract(own.determinism, own.determinism_reason, surface or _default_surface(flow))
    return None


def of_experiment(composed: Composed, key: str) -> Any:
    """A key of the experiment, or of the top of the config as the default of all experiments; None where it is in neither.

    Raises:
        FlowgateError: only the flow's own code knows it.
    """
    return composed.written_at(*_keys(composed, key))


def place_in(composed: Composed, key: str) -> Origin | None:
    """Where that key is written; None where it is not, or where only the flow's own code knows."""
    try:
        return composed.origin(*_keys(composed, key))
    except FlowgateError:
        return None


def _keys(composed: Composed, key: str) -> tuple[str, ...]:
    return ("experiment", key) if composed.written_at("experiment", key) is not None else (key,)


def surface_of_flow(flow: Flow, own: FlowSettings) -> tuple[str, ...]:
    """The surface of the settings, else the pinned names that the flow has, else the public artifacts of `end` (empty)."""
    return own.surface or _default_surface(flow)


def _default_surface(flow: Flow) -> tuple[str, ...]:
    return tuple(entry for entry in PINNED if _stored(flow, *entry.split(".")))


def _stored(flow: Flow, pattern: str, artifact: str) -> bool:
    return any(
        artifact in step.trace.attributes for name, step in flow.steps.items() if fnmatch.fnmatchcase(name, pattern)
    )
