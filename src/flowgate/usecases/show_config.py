"""`flowgate show-config`: a flow's composed config, value by value, and where each one is written."""

from __future__ import annotations

import difflib
import re
from typing import Any, NamedTuple

from flowgate.errors import FlowgateError
from flowgate.flow.conf import OVERRIDE, Composed, ConfigBroken, Origin, dotted
from flowgate.flow.yamlfile import Keys, leaves
from flowgate.project import Project
from flowgate.target import Target, all_readable

EMPTY = "empty"  # in the place of a file, where no file and no override wrote the value
REST = "*"  # in the place of a key: whatever a config that is not here would bring


class Setting(NamedTuple):
    """One value of the composed config: its path of keys, and the file and line it is written at.

    An override has no file, and line 0. `overrode` are the places whose value this one took the place of, the first of them
    first; `unknown` says why a value cannot be told here; under the key `*` of a place, why others may be there.
    """

    keys: Keys
    value: Any
    file: str
    line: int
    overrode: tuple[Origin, ...] = ()
    unknown: str = ""


def show_config(project: Project, path: str, overrides: tuple[str, ...]) -> list[Setting]:
    """Every value of the config that the flow would run with, interpolations left as they are written.

    Raises:
        FlowgateError: the flow has no Hydra config, or Hydra refuses to compose it under the overrides.
    """
    target = all_readable(project, [path])[0]
    if target.conf is None:
        raise FlowgateError(
            f"{target.path} has no Hydra config: no conf/config.yaml beside it, no Config that names one"
        )
    try:
        composed = target.compose(overrides)
        assert composed is not None
    except ConfigBroken as refusal:
        if not target.conf.start.by_hydra:
            raise FlowgateError(
                f"{target.path} reads {refusal.primary} by itself, and Hydra has no part in it"
            ) from None
        raise FlowgateError(f"{refusal}{_near(target, refusal.said)}") from None
    found = [
        Setting(keys, value, *_places(project, composed, keys), _unknown(composed, keys))
        for keys, value in leaves(composed.written)
    ]
    told = {setting.keys for setting in found}
    missing = [(keys, why) for keys, why in composed.unknown.items() if not _is_told(keys, told)]
    return [*found, *(Setting((*keys, REST), None, EMPTY, 0, (), why) for keys, why in missing)]


def _unknown(composed: Composed, keys: Keys) -> str:
    """Why a value, or an element of a list, cannot be told here; empty where it can."""
    return next((why for path, why in composed.unknown.items() if path[: len(keys)] == keys), "")


def _is_told(keys: Keys, told: set[Keys]) -> bool:
    """Whether what is not known is a value that is listed, or an element of one, or a matter of Hydra's own."""
    return keys[:1] == ("hydra",) or any(keys[: len(one)] == one for one in told)


def _near(target: Target, said: str) -> str:
    """The key that an override most likely meant, where Hydra knows none of its name."""
    missing = re.search(r"Could not override '([^']+)'", said)
    if missing is None or target.composed is None:
        return ""
    known = [dotted(keys) for keys, _ in leaves(target.composed.written)]
    near = difflib.get_close_matches(missing[1], known, 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _places(project: Project, composed: Composed, keys: Keys) -> tuple[str, int, tuple[Origin, ...]]:
    """The file and the line of a value, and of those that it overrode; nothing of what no file and no override gave."""
    givers = composed.origins.get(keys, ())
    told = [giver if giver.file == OVERRIDE else giver._replace(file=project.relative(giver.file)) for giver in givers]
    return (*told[-1], tuple(told[:-1])) if told else (EMPTY, 0, ())
