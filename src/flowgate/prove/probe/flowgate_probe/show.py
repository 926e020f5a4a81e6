"""The values of a run's surface, as rows of named cells that a table, CSV and JSON can hold."""

from __future__ import annotations

import fnmatch
from typing import Any

from flowgate_probe.equality import shown, type_of
from flowgate_probe.storage import Fault, Held, Run, define_classes, is_public

_SCALARS = (str, int, float, bool, type(None))
_ROWS = 100_000


def show(request: dict[str, Any]) -> dict[str, Any]:
    """Each artifact of the surface, in the order in which the surface names them."""
    define_classes(request["file"])
    run = Run(request["flow"], request["store"], request["root"], request["run"], request["end"])
    tasks = run.tasks()
    found = []
    for entry in request["surface"] or [request["end"] + ".*"]:
        step, _, pattern = entry.rpartition(".")
        hits = [held for held in tasks if fnmatch.fnmatchcase(held.step, step or request["end"])]
        placed = sorted(((held.step, run.place(held), held) for held in hits), key=lambda one: (one[0], str(one[1])))
        named = [(place, held, name) for _, place, held in placed for name in _names(held, pattern)]
        if not named and request["surface"]:
            raise Fault("no task of step `%s` holds `%s`" % (step or request["end"], pattern))
        found += [_conclusion(run, place, held, name) for place, held, name in named]
    return {"conclusions": found}


def _names(held: Held, pattern: str) -> list[str]:
    return sorted(name for name in held.objects if is_public(name) and fnmatch.fnmatchcase(name, pattern))


def _conclusion(run: Run, place: list[Any], held: Held, name: str) -> dict[str, Any]:
    (value,) = (value for _, _, value in run.load([(held, name)]))
    index = "".join("[%s:%d]" % tuple(part) if isinstance(part, list) else "[%d]" % part for part in place)
    return {"name": "%s%s.%s" % (held.step, index, name), "type": type_of(value), "rows": rows(value)[:_ROWS]}


def rows(value: Any) -> list[dict[str, Any]]:
    """A value as rows: a table's own, one for each item of a list or dict, or one for a value by itself."""
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict) and hasattr(value, "columns"):
        frame = value.reset_index() if getattr(value.index, "names", [None]) != [None] else value
        return [_cells(row) for row in frame.to_dict("records")]
    if isinstance(value, dict):
        if value and all(isinstance(item, dict) for item in value.values()):
            return [dict({"key": cell(key)}, **_cells(item)) for key, item in value.items()]
        return [{"key": cell(key), "value": cell(item)} for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        named = [getattr(item, "_asdict", None) for item in value]
        if value and all(isinstance(item, dict) for item in value):
            return [_cells(item) for item in value]
        if value and all(named):
            return [_cells(item._asdict()) for item in value]
        return [{"index": at, "value": cell(item)} for at, item in enumerate(value)]
    return [{"value": cell(value)}]


def _cells(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): cell(item) for key, item in row.items()}


def cell(value: Any) -> Any:
    """A value that JSON can hold exactly, else how it is written."""
    if type(value) is float and (value != value or value in (float("inf"), float("-inf"))):
        return repr(value)
    if type(value) in _SCALARS:
        return value
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return cell(item()) if type(item()) in _SCALARS else shown(value)
    return shown(value)


PROGRAM = show
