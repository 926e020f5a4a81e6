"""Watch an arm's processes from their first line on: what a flow reads while it is imported counts too.

Python imports a module of this name at start-up where it stands on the path. One of the environment's own is run after.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys

from flowgate_probe import reads, record, scheduler, world
from flowgate_probe.patches import after_import

_HERE = os.path.dirname(os.path.abspath(__file__))


def _run_the_next() -> None:
    elsewhere = [path for path in sys.path if os.path.abspath(path or ".") != _HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


reads.watch()
world.vary()
after_import(
    {
        "metaflow.runtime": scheduler.install,
        "metaflow.task": record.install_task,
        "metaflow.datastore.task_datastore": record.install_datastore,
    }
)
_run_the_next()
