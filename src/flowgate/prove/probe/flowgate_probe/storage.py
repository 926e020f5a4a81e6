"""Runs as Metaflow's datastore holds them, read in bulk and by hash: an artifact is loaded only when it is asked for."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import pickle
import runpy
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_STANDARD = os.path.dirname(os.__file__) + os.sep
_DATA, _DONE = ".data.json", ".DONE.lock"


class Fault(Exception):
    """A run that cannot be read, in words for its owner."""


class Held(NamedTuple):
    """One task of a run: its latest attempt, the hash of each artifact, and what is written about each."""

    step: str
    task: str
    objects: dict[str, str]
    info: dict[str, dict[str, Any]]


class Entry(NamedTuple):
    """One entry of a folder of a datastore, as Metaflow's own listings tell it."""

    path: str
    is_file: bool


class LocalFiles:
    """A datastore in a folder, read as Metaflow's own class does: importing that one takes half a second."""

    TYPE = "local"

    def __init__(self, root: str) -> None:
        self.root = root

    path_join = staticmethod(os.path.join)
    dirname = staticmethod(os.path.dirname)
    basename = staticmethod(os.path.basename)

    @staticmethod
    def path_split(path: str) -> list[str]:
        """The parts of a path."""
        return path.split("/")

    def list_content(self, paths: list[str]) -> Iterator[Entry]:
        """What stands in some folders; nothing in one that is not there."""
        for path in paths:
            folder = os.path.join(self.root, path)
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            for name in [name for name in names if name != "_meta"]:  # Metaflow's metadata lie there, too
                yield Entry(os.path.join(path, name), os.path.isfile(os.path.join(folder, name)))

    @contextlib.contextmanager
    def load_bytes(self, paths: Iterable[str]) -> Iterator[Any]:
        """Each path, where its bytes are (None where there are none), and what is noted about them."""
        yield map(self._found, paths)

    def _found(self, path: str) -> Any:
        whole = os.path.join(self.root, path)
        if not os.path.exists(whole):
            return path, None, None
        try:
            with open(whole + "_meta", encoding="utf-8") as file:
                return path, whole, json.load(file)
        except FileNotFoundError:
            return path, whole, None


def _storage(kind: str, root: str) -> Any:
    from metaflow.plugins import DATASTORES

    known = {found.TYPE: found for found in DATASTORES}
    if kind not in known:
        raise Fault("this Metaflow knows no datastore %r" % kind)
    return known[kind](root)


_HOOKS = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")


class _Unpickler(pickle.Unpickler):
    """Loads the project's own artifacts, as Metaflow itself does, and notes code of the project's that decides how that is done."""

    hook = ""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        if not self.hook and not _is_of_library(module):
            self.hook = _hook_of(found)
        return found


def _is_of_library(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return module != "__main__" and (not file or file.startswith(_STANDARD) or "/site-packages/" in file)


def _hook_of(found: Any) -> str:
    """What of a class, or which function, decides how an object is pickled or rebuilt; empty where Python itself does."""
    if not isinstance(found, type):
        return str(getattr(found, "__name__", found))
    for one in found.__mro__:
        for hook in _HOOKS:
            code = getattr(
                vars(one).get(hook), "__module__", None
            )  # named tuples and dataclasses have theirs made for them
            if code is not None and not _is_of_library(code):
                return "%s.%s" % (one.__name__, hook)
    return ""


class Run:
    """A run in a datastore."""

    def __init__(self, flow: str, kind: str, root: str, run: str, end: str = "end") -> None:
        self.flow, self.root, self.run, self.end = flow, root, run, end
        self.hooks = {}  # type: dict[str, str]  # of each hash that was loaded, the code of the project's that rebuilt it
        self.storage = LocalFiles(root) if kind == "local" else _storage(kind, root)

    def tasks(self) -> list[Held]:
        """Every task that ended, by its latest attempt.

        Raises:
            Fault: there is no such run, or it did not come to its end.
        """
        path = self.storage.path_join(self.flow, self.run)
        steps = self._folders([path])
        tasks = self._folders([step for step in steps if not step.rstrip("/").endswith("_parameters")])
        if not tasks:
            raise Fault("%s/%s is not in %s" % (self.flow, self.run, self.root))
        found = list(self._held(tasks))
        if not any(held.step == self.end for held in found):
            raise Fault("%s/%s did not come to its end" % (self.flow, self.run))
        return found

    def tasks_of(self, step: str, tasks: list[str]) -> Iterator[Held]:
        """Some tasks of a step."""
        return self._held([self.storage.path_join(self.flow, self.run, step, task) for task in tasks])

    def _held(self, tasks: list[str]) -> Iterator[Held]:
        for path, data in self._read(sorted(map(self._latest, self._by_folder(tasks)))):
            _, _, step, task = self.storage.path_split(self.storage.dirname(path))
            yield Held(step, task, data["objects"], data["info"])

    def _folders(self, paths: list[str]) -> list[str]:
        return [entry.path for entry in self.storage.list_content(paths) if not entry.is_file]

    def _by_folder(self, tasks: list[str]) -> Iterator[tuple[str, list[str]]]:
        held = {}  # type: dict[str, list[str]]
        for entry in self.storage.list_content(tasks):
            held.setdefault(self.storage.dirname(entry.path), []).append(self.storage.basename(entry.path))
        for task in tasks:
            yield task.rstrip("/"), held.get(task.rstrip("/"), [])

    def _latest(self, folder: tuple[str, list[str]]) -> str:
        """Where the data of a task's last attempt stands."""
        path, names = folder
        ended = [int(name[: -len(_DONE)]) for name in names if name.endswith(_DONE)]
        if not ended:
            raise Fault(
                "task %s of %s/%s did not come to its end" % ("/".join(path.split("/")[-2:]), self.flow, self.run)
            )
        return self.storage.path_join(path, "%d%s" % (max(ended), _DATA))

    def _read(self, paths: list[str]) -> Iterator[tuple[str, Any]]:
        with self.storage.load_bytes(paths) as loaded:
            for path, file_path, _ in loaded:
                if file_path is None:
                    raise Fault("%s is gone" % path)
                with open(file_path, encoding="utf-8") as file:
                    yield path, json.load(file)

    def load(self, wanted: Iterable[tuple[Held, str]]) -> Iterator[tuple[Held, str, Any]]:
        """Unpickle artifacts, one after the other, straight from their files."""
        for held, name in wanted:
            sha = held.objects[name]
            path = self.storage.path_join(self.flow, "data", sha[:2], sha)
            with self.storage.load_bytes([path]) as loaded:
                for _, file_path, meta in loaded:
                    if file_path is None:
                        raise Fault("artifact %s of %s/%s is gone" % (name, held.step, held.task))
                    yield held, name, self._unpickle(file_path, meta, held, name)

    def _unpickle(self, file_path: str, meta: Any, held: Held, name: str) -> Any:
        encoding = str(held.info.get(name, {}).get("encoding", "gzip+pickle-v2"))
        if "pickle" not in encoding:
            return self._by_metaflow(held, name)
        opener = open if meta and meta.get("cas_raw") else gzip.open
        with opener(file_path, "rb") as file:
            unpickler = _Unpickler(file)
            value = unpickler.load()
        self.hooks[held.objects[name]] = unpickler.hook
        return value

    def _by_metaflow(self, held: Held, name: str) -> Any:
        from metaflow.datastore import FlowDataStore

        kind = type(_storage(self.storage.TYPE, self.root))
        store = FlowDataStore(self.flow, None, storage_impl=kind, ds_root=self.root)
        return store.get_task_datastore(self.run, held.step, held.task)[name]

    def place(self, held: Held) -> list[Any]:
        """Where a task stands in its foreaches and its recursion, as a record of the probe says it."""
        stacks = [name for name in ("_foreach_stack", "_iteration_stack") if name in held.objects]
        found = {name: value or [] for _, name, value in self.load((held, name) for name in stacks)}
        return places(found.get("_foreach_stack", []), found.get("_iteration_stack", []))


def places(frames: Any, turns: Any) -> list[Any]:
    """Foreach frames and turns of a recursion as records hold them. The control task of an unbounded foreach has no index."""
    indices = [[str(frame.step), -1 if frame.index is None else int(frame.index)] for frame in frames]
    return indices + [int(turn) for turn in turns]


def is_public(name: str) -> bool:
    """Whether an artifact is the user's: Metaflow's own differ between equal runs by nature."""
    return not name.startswith("_") and name != "name"


def define_classes(path: str) -> None:
    """Run the flow's file under another name, so that what is defined in it can be unpickled; its flow does not run."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    names = runpy.run_path(path, run_name="__flowgate__")
    main_module = sys.modules["__main__"]
    for name, value in names.items():
        if not name.startswith("__"):
            setattr(main_module, name, value)
        if isinstance(value, type) and value.__module__ == "__flowgate__":
            value.__module__ = "__main__"
