"""The config that an arm ran with, held against the one that Hydra composes here: a proof speaks of the latter."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from flowgate.errors import Inconclusive
from flowgate.flow.conf import Composed, dotted
from flowgate.flow.yamlfile import Keys, leaves
from flowgate.prove.ground import composed_under, of_hydra
from flowgate.prove.model import Ran
from flowgate.target import Target

_SHOWN = 3
_NOTHING = object()
Values = dict[Keys, Any]  # by keys that are texts, as JSON has them


def refuse_other_config(target: Target, ran: list[Ran], overrides: tuple[str, ...]) -> None:
    """Refuse arms whose config is not the one that was composed for the proof: it would speak of another experiment.

    Raises:
        Inconclusive: a value differs; or nothing in a run shows that an override reached it.
    """
    composed = composed_under(target, overrides)
    if composed is None or target.conf is None or not target.conf.start.by_hydra:
        return
    wanted = _told(composed.tree)
    for one in ran:
        stored = _stored(one, wanted)
        if stored is None:
            if of_hydra(target, overrides):
                raise Inconclusive(
                    f"arm `{one.arm.name}` left no config on record, so nothing shows that the overrides "
                    f"{', '.join(overrides)} reached it"
                )
            continue
        apart = list(_differences(composed, wanted, stored, bool(target.conf.start.shell)))
        if apart:
            more = f" and {len(apart) - _SHOWN} more" if len(apart) > _SHOWN else ""
            raise Inconclusive(
                f"arm `{one.arm.name}` ran with another config than Hydra composes: {'; '.join(apart[:_SHOWN])}{more}. "
                f"Compose it in the flow as `hydra.compose` does with the overrides it is given, and change nothing after"
            )
        _refuse_unreached(target, one, wanted, stored, overrides)


def _refuse_unreached(target: Target, one: Ran, wanted: Values, stored: Values, overrides: tuple[str, ...]) -> None:
    if not of_hydra(target, overrides) or target.composed is None:
        return
    plain = _told(target.composed.tree)
    changed = [keys for keys in {**plain, **wanted} if plain.get(keys, _NOTHING) != wanted.get(keys, _NOTHING)]
    if changed and not any(keys in stored for keys in changed):
        raise Inconclusive(
            f"nothing in arm `{one.arm.name}` shows that the overrides {', '.join(overrides)} reached it: its config holds no "
            f"`{dotted(changed[0])}`"
        )


def _told(tree: dict[Any, Any]) -> Values:
    """The values of a config as a run stores them."""
    return {tuple(map(str, keys)): _plain(value) for keys, value in leaves(tree)}


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def _stored(ran: Ran, wanted: Values) -> Values | None:
    """The values of the flow's config, of several the one that is most like it; None where the run has none on record."""
    texts = [one["config"] for task in ran.tasks.values() for one in task.artifacts.values() if "config" in one]
    trees = [tree for text in texts if isinstance(tree := json.loads(text), dict)]
    found = [{tuple(map(str, keys)): value for keys, value in leaves(tree)} for tree in trees]
    return max(found, key=lambda values: len(values.keys() & wanted.keys()), default=None)


def _differences(composed: Composed, wanted: Values, stored: Values, whole: bool) -> Iterator[str]:
    """The values that are not the same, in words.

    Args:
        whole: what only one of them has is a difference, too; the flow's own parser may hand on a part.
    """
    unknown = [tuple(map(str, keys)) for keys in composed.unknown]
    for keys, value in wanted.items():
        if any(keys[: len(one)] == one or one[: len(keys)] == keys for one in unknown):
            continue
        if keys not in stored and not whole:
            continue
        there = stored.get(keys, _NOTHING)
        if there is _NOTHING or json.dumps(there) != json.dumps(value):
            yield f"`{dotted(keys)}` is {_shown(there)} in the run and {_shown(value)} as composed{_place(composed, keys)}"
    for keys in stored if whole else ():
        if keys not in wanted and not any(keys[: len(one)] == one for one in unknown):
            yield f"`{dotted(keys)}` is {_shown(stored[keys])} in the run and not there as composed"


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "not there"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _place(composed: Composed, keys: Keys) -> str:
    """Where a composed value is written."""
    found = next((held for held in composed.origins if tuple(map(str, held)) == keys), None)
    place = composed.origin(*found) if found is not None else None
    return f" ({os.path.relpath(place.file)}:{place.line})" if place is not None and place.line else ""
