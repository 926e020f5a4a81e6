"""First-party modules: which file an import names, parsed and evaluated at most once."""

from __future__ import annotations

import os
from collections.abc import Callable

from flowgate import witness
from flowgate.flow.source import Source
from flowgate.flow.trace import Trace
from flowgate.flow.values import Module


class Modules:
    """The first-party files a flow can reach, found from its script's folder and the repository's root."""

    def __init__(self, root: str, evaluate: Callable[[Module, Trace, Modules], None]) -> None:
        self.root = os.path.abspath(root)
        self.evaluate = evaluate
        self.search: list[str] = []
        self.inserted: list[str] = []
        self._loaded: dict[str, Module] = {}
        self._traces: dict[str, Trace] = {}

    def adopt(self, source: Source) -> Module:
        """Evaluate a script, whose folder comes first in the search for what it imports."""
        folder = source.folder
        self.search = [folder]
        for ancestor in _ancestors(folder, self.root):
            self.search += [ancestor, os.path.join(ancestor, "src")]
        return self._load(os.path.abspath(source.path), source)

    def also_search(self, folder: str) -> None:
        """A folder that the code puts on sys.path."""
        self.inserted.append(folder)
        if folder not in self.search:
            self.search.append(folder)

    def load(self, path: str) -> Module:
        """The module in the file `path`."""
        return self._loaded.get(path) or self._load(path, Source(path))

    def _load(self, path: str, source: Source) -> Module:
        module = self._loaded[path] = Module(source)
        trace = self._traces[path] = Trace()
        self.evaluate(module, trace, self)
        return module

    def trace(self, module: Module) -> Trace:
        """What the top level of a module did."""
        return self._traces[module.path]

    def find(self, name: str, importer: Module, level: int = 0) -> str | None:
        """The file that `import name` in `importer` would run, where it is first-party."""
        if level:
            folder = importer.package_folder
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            return _file_of(name, folder)
        if name.partition(".")[0] == "metaflow":
            return None
        for folder in self.search:
            found = _file_of(name, folder)
            if found and found != importer.path:
                return found
        return None

    def drop(self) -> None:
        """Let go of everything that was read: what a module binds leads back to the module, and would outlive its use."""
        for module in self._loaded.values():
            module.env.clear()
            module.origins.clear()
            module.source.tree = None
        for trace in self._traces.values():
            trace.events.clear()
        self._loaded.clear()
        self._traces.clear()

    def closure(self) -> list[Module]:
        """Every module loaded so far: the flow's first-party import closure, in a stable order."""
        return [self._loaded[path] for path in sorted(self._loaded)]


def _ancestors(folder: str, root: str) -> list[str]:
    """The folders from above `folder` up to the root."""
    found = []
    while folder != root and folder.startswith(root + os.sep):
        folder = os.path.dirname(folder)
        found.append(folder)
    return found


def _file_of(name: str, folder: str) -> str | None:
    """The file that `name` is in a folder; most names are in none, which one look at the folder tells."""
    if name and name.partition(".")[0] not in witness.modules(folder):
        return None
    base = os.path.join(folder, *name.split(".")) if name else folder
    return next((path for path in (base + ".py", os.path.join(base, "__init__.py")) if witness.is_file(path)), None)
