"""Load one artifact of two runs in the project's own environment, and say where they first differ.

Reads a request as JSON on stdin and prints a difference, or a fault, as JSON on stdout. The flow's file is run under
another name first, so that classes defined in it can be unpickled; its `__main__` block does not run.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import sys
from typing import Any

from flowgate_probe.equality import Incomparable, difference


def main() -> None:
    """Answer the request on stdin."""
    request = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    with contextlib.redirect_stdout(sys.stderr):
        answer = _answer(request)
    json.dump(answer, out)
    out.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        _define_classes(request["file"])
        left, right = (_load(request["flow"], side) for side in request["sides"])
        found = difference(left, right)
    except Incomparable as error:
        return {"fault": str(error)}
    except Exception as error:
        return {"fault": "%s: %s" % (type(error).__name__, error)}
    return {"equal": True} if found is None else dict(found._asdict(), equal=False)


def _define_classes(path: str) -> None:
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    names = runpy.run_path(path, run_name="__flowgate__")
    main_module = sys.modules["__main__"]
    for name, value in names.items():
        if not name.startswith("__"):
            setattr(main_module, name, value)


def _load(flow: str, side: dict[str, str]) -> Any:
    from metaflow.datastore import FlowDataStore
    from metaflow.plugins import DATASTORES

    storage = next(found for found in DATASTORES if side["datastore"] == found.TYPE)
    store = FlowDataStore(flow, None, storage_impl=storage, ds_root=side["root"])
    return store.get_task_datastore(side["run"], side["step"], side["task"])[side["artifact"]]


if __name__ == "__main__":
    main()
