"""The digests of artifacts as a datastore holds them: what a reader of the run gets, whatever the task said of them."""

from __future__ import annotations

from typing import Any

from flowgate_probe.equality import Incomparable, digest
from flowgate_probe.storage import Held, Run, define_classes


def stored(request: dict[str, Any]) -> dict[str, Any]:
    """Of each artifact that is asked for, side by side: the digest, or why there is none; the hash of its bytes; and what of the
    project's code decides how it is pickled, empty where nothing does.

    The flow's own code is run only where a value cannot be loaded without it.
    """
    loader = _Loader(request["file"])
    return {"sides": [_digests(loader, request["flow"], side) for side in request["sides"]]}


def _digests(loader: "_Loader", flow: str, side: dict[str, Any]) -> list[Any]:
    run = Run(flow, side["store"], side["root"], side["run"])
    found = []
    for step, task, names in side["wanted"]:
        (held,) = run.tasks_of(step, [task])
        for name in names:
            digest_of_it = loader.digest(run, held, name)
            found.append([step, task, name, digest_of_it, held.objects.get(name, ""), loader.hook(run, held, name)])
    return found


class _Loader:
    def __init__(self, path: str) -> None:
        self.path = path
        self.has_classes = False
        self.known = {}  # type: dict[Any, str]
        self.hooks = {}  # type: dict[Any, str]

    def digest(self, run: Run, held: Held, name: str) -> str:
        """The digest of one artifact; of what cannot be compared, the reason."""
        key = (run.root, held.objects.get(name))
        if key not in self.known:
            self.known[key] = self._digest(run, held, name)
            self.hooks[key] = run.hooks.get(held.objects.get(name, ""), "")
        return self.known[key]

    def hook(self, run: Run, held: Held, name: str) -> str:
        """What of the project's code decides how an artifact whose digest was taken is pickled."""
        return self.hooks.get((run.root, held.objects.get(name)), "")

    def _digest(self, run: Run, held: Held, name: str) -> str:
        if name not in held.objects:
            return "it is not there"
        try:
            return digest(self._load(run, held, name))
        except Incomparable as error:
            return str(error)
        except Exception as error:
            return "%s: %s" % (type(error).__name__, error)

    def _load(self, run: Run, held: Held, name: str) -> Any:
        try:
            return next(value for _, _, value in run.load([(held, name)]))
        except (AttributeError, ImportError):
            if self.has_classes:
                raise
        define_classes(self.path)
        self.has_classes = True
        return next(value for _, _, value in run.load([(held, name)]))


PROGRAM = stored
