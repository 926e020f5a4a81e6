"""What a flow declares about its own reproducibility, and which artifacts are its conclusions."""

from __future__ import annotations

import fnmatch
import re
from typing import NamedTuple

from flowgate.errors import FlowgateError
from flowgate.flow.conf import Composed, Conf, compose
from flowgate.flow.model import Flow
from flowgate.settings import FlowSettings

_DEEPEST = 20  # interpolations that lead to interpolations
PINNED = ("aggregate.aggregate_results", "aggregate.lift_results", "an_*.an_result")


class Contract(NamedTuple):
    """A declared contract, the reason it carries, and the surface it covers."""

    kind: str
    reason: str
    surface: tuple[str, ...]


def declared(flow: Flow, conf: Conf | None, own: FlowSettings, overrides: tuple[str, ...] = ()) -> Contract | None:
    """The contract of the flow's default experiment, else of the settings; None where none is declared.

    Raises:
        FlowgateError: the config cannot be composed.
    """
    surface = own.surface
    if conf is not None:
        composed = compose(conf, overrides)
        kind = of_config(composed, "determinism")
        given = of_config(composed, "surface")
        if given is not None and not (isinstance(given, list) and all(isinstance(one, str) for one in given)):
            raise FlowgateError(
                f"{conf.primary}: `surface` must be a list of `artifact` or `step.artifact`, not {given!r}"
            )
        if isinstance(given, list) and not surface:
            surface = tuple(str(entry) for entry in given)
        if isinstance(kind, str) and kind:
            reason = of_config(composed, "determinism_reason")
            return Contract(kind, str(reason or ""), surface or _default_surface(flow))
    if own.determinism:
        return Contract(own.determinism, own.determinism_reason, surface or _default_surface(flow))
    return None


def of_config(composed: Composed, key: str) -> object:
    """A key of the composed experiment, or of the top of the config as the default of all experiments."""
    experiment = composed.tree.get("experiment")
    if isinstance(experiment, dict) and experiment.get(key) is not None:
        return _resolved(composed, experiment[key])
    return _resolved(composed, composed.tree.get(key))


def _resolved(composed: Composed, value: object, depth: int = 0) -> object:
    """A value with each interpolation, `${path.to.key}`, as what stands there, however often that is one itself."""
    if isinstance(value, list):
        return [_resolved(composed, one, depth) if isinstance(one, str) else one for one in value]
    match = re.fullmatch(r"\$\{([\w.]+)\}", value) if isinstance(value, str) else None
    if match is None or depth > _DEEPEST:
        return value
    held: object = composed.tree
    for key in match[1].split("."):
        held = held.get(key) if isinstance(held, dict) else None
    return _resolved(composed, held, depth + 1)


def surface_of_flow(flow: Flow, own: FlowSettings) -> tuple[str, ...]:
    """The surface of the settings, else the pinned names that the flow has, else the public artifacts of `end` (empty)."""
    return own.surface or _default_surface(flow)


def _default_surface(flow: Flow) -> tuple[str, ...]:
    return tuple(entry for entry in PINNED if _stored(flow, *entry.split(".")))


def _stored(flow: Flow, pattern: str, artifact: str) -> bool:
    return any(
        artifact in step.trace.attributes for name, step in flow.steps.items() if fnmatch.fnmatchcase(name, pattern)
    )
