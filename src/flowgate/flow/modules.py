"""First-party modules: which file an import names, parsed and evaluated at most once."""

from __future__ import annotations

import os
from collections.abc import Callable

from flowgate.flow.source import Source
from flowgate.flow.trace import Trace
from flowgate.flow.values import Value


class Module:
    """A first-party file with what its top level defines and did.

    `origins` says of imported names what they are called where they are defined; `rebound` are the names that some
    function assigns with `global`.
    """

    __slots__ = ("env", "modules", "origins", "rebound", "source", "stars", "trace")

    def __init__(self, source: Source, modules: Modules) -> None:
        self.source, self.modules = source, modules
        self.env: dict[str, Value] = {}
        self.stars: list[str] = []
        self.origins: dict[str, tuple[str, Module]] = {}
        self.rebound: set[str] = set()
        self.trace = Trace()

    @property
    def path(self) -> str:
        """The absolute path of the file."""
        return self.source.path

    @property
    def package_folder(self) -> str:
        """The folder that `from . import x` looks in."""
        return self.source.folder


class Modules:
    """The first-party files a flow can reach, found from its script's folder and the repository's root."""

    def __init__(self, root: str, evaluate: Callable[[Module], None]) -> None:
        self.root = os.path.abspath(root)
        self.evaluate = evaluate
        self.search: list[str] = []
        self._loaded: dict[str, Module] = {}

    def adopt(self, source: Source) -> Module:
        """Evaluate a script, whose folder comes first in the search for what it imports."""
        folder = source.folder
        self.search = [folder]
        for ancestor in _ancestors(folder, self.root):
            self.search += [ancestor, os.path.join(ancestor, "src")]
        return self._load(os.path.abspath(source.path), source)

    def load(self, path: str) -> Module:
        """The module in the file `path`."""
        return self._loaded.get(path) or self._load(path, Source(path))

    def _load(self, path: str, source: Source) -> Module:
        module = self._loaded[path] = Module(source, self)
        self.evaluate(module)
        return module

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
    base = os.path.join(folder, *name.split(".")) if name else folder
    for candidate in (base + ".py", os.path.join(base, "__init__.py")):
        if os.path.isfile(candidate):
            return candidate
    return None
