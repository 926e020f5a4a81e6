"""Change modules right after they are imported, whenever that is, and before anyone takes a name from them."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any, Callable, Dict

Change = Callable[[Any], None]
_changes = {}  # type: Dict[str, Change]


def after_import(changes: Dict[str, Change]) -> None:
    """Have each function called with its module, now or as soon as that has been imported."""
    for name, change in changes.items():
        if name in sys.modules:
            change(sys.modules[name])
        else:
            _changes[name] = change
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds modules as Python does, and has their loader call the change afterwards."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        change = _changes.pop(name, None)
        if change is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        plain = spec.loader.exec_module
        asked = change

        def exec_module(module: Any) -> None:
            plain(module)
            asked(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
