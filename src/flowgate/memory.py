"""What was said of each file before, kept in `.flowgate/cache` and believed while nothing it was made from has changed.

An answer is kept with every look at the user's files that led to it. A file whose time and size are the same is the same;
one that was touched is compared by its content. What was kept by another version, or is damaged, is nothing.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from flowgate import __version__, witness
from flowgate.errors import FlowgateError
from flowgate.files import cache_folder, write_whole
from flowgate.project import Project

_UNSETTLED = "?"
Look = list[Any]  # kind, path, state and, of a file, the digest of its content


class Memory:
    """The answers of earlier runs, by path, each of them plain JSON; where `fresh`, there are none, and none are kept.

    Args:
        name: of the file that holds them.
        rooms: the folders of flowgate's own code that an answer hangs on.
        also: whatever else it hangs on.
    """

    def __init__(
        self, project: Project, name: str, rooms: tuple[str, ...], also: tuple[str, ...] = (), fresh: bool = False
    ) -> None:
        self._name, self._path = name, project.state("cache", name)
        self._state, self._key = project.state(), [*_key(project, rooms), *also]
        self._looks: list[Look] = []
        self._answers: dict[str, dict[str, Any]] = {}
        self._plain: dict[str, str] = {}
        self._index: dict[witness.Key, int] = {}
        self._held: dict[int, bool] = {}
        self._changed, self._fresh = False, fresh
        if not fresh:
            self._load()

    def _load(self) -> None:
        try:
            import json

            with open(self._path, "rb") as file:
                kept = json.load(file)
            if kept["key"] == self._key and _is_sound(kept):
                self._looks, self._answers, self._plain = kept["looks"], kept["answers"], kept["plain"]
        except (OSError, ValueError, KeyError, TypeError):
            pass

    def is_plain(self, path: str) -> bool:
        """Whether a file is known to hold no flow, and has not changed since."""
        state = self._plain.get(path)
        return bool(state) and state == witness.state_of_file(path)

    def add_plain(self, path: str) -> None:
        """Remember that a file holds no flow."""
        state = witness.state_of_file(path)
        if state and not witness.is_fresh(state):
            self._plain[path] = state
            self._changed = True

    def answer(self, path: str) -> Any:
        """What was said of a file, where all that it was made from is as it was; None where nothing was, or it is not."""
        kept = self._answers.get(path)
        try:
            return kept["said"] if kept is not None and all(self._holds(at) for at in kept["looks"]) else None
        except (IndexError, KeyError, TypeError, ValueError):
            return None

    def files(self, path: str) -> list[str]:
        """The files that the answer on a file was made from."""
        kept = self._answers.get(path)
        looks = [self._looks[at] for at in kept["looks"]] if kept is not None else []
        return [name for kind, name, state, _ in looks if kind == witness.FILE and state]

    def _holds(self, at: int) -> bool:
        if at not in self._held:
            self._held[at] = self._compare(self._looks[at])
        return self._held[at]

    def _compare(self, look: Look) -> bool:
        kind, path, state, digest = look
        present = witness.STATES[kind](path)
        if present == state and not present.startswith(_UNSETTLED):
            return True
        if not present or digest is None or witness.CONTENTS[kind](path) != digest:
            return False
        if not witness.is_fresh(present):
            look[2], self._changed = present, True
        return True

    def add(self, path: str, said: Any, looks: dict[witness.Key, str]) -> None:
        """Remember what was said of a file, with what it was made from."""
        if self._fresh:
            return
        places = []
        for (kind, name), state in looks.items():
            place = self._index.get((kind, name))
            if place is not None and self._looks[place][2] == state:
                places.append(place)
                continue
            content = witness.CONTENTS[kind](name) if state and kind in witness.CONTENTS else None
            places.append(len(self._looks))
            self._index[kind, name] = len(self._looks)
            self._looks.append([kind, name, _UNSETTLED if content and witness.is_fresh(state) else state, content])
        self._answers[path] = {"looks": places, "said": said}
        self._changed = True

    def save(self) -> None:
        """Keep it for the next run; where that cannot be written, there is none."""
        if self._fresh or not self._changed:
            return
        import json

        used = sorted({at for kept in self._answers.values() for at in kept["looks"]})
        places = {at: place for place, at in enumerate(used)}
        looks = [self._looks[at] for at in used]
        answers = {
            path: {"looks": [places[at] for at in kept["looks"]], "said": kept["said"]}
            for path, kept in self._answers.items()
        }
        data = {"key": self._key, "looks": looks, "answers": answers, "plain": self._plain}
        try:
            text = json.dumps(data, separators=(",", ":"))
            write_whole(os.path.join(cache_folder(self._state), self._name), text, self._name)
        except FlowgateError:
            pass


def _is_sound(kept: dict[str, Any]) -> bool:
    """Whether a file that was read is one that was written here, whole."""
    looks, answers, plain = kept["looks"], kept["answers"], kept["plain"]
    return (
        isinstance(looks, list)
        and all(isinstance(look, list) and len(look) == 4 for look in looks)
        and isinstance(plain, dict)
        and isinstance(answers, dict)
        and all(type(at) is int and 0 <= at < len(looks) for answer in answers.values() for at in answer["looks"])
    )


def _key(project: Project, rooms: tuple[str, ...]) -> list[str]:
    """What every answer hangs on besides the user's files: the settings, the Python that reads, and flowgate itself."""
    package = os.path.dirname(os.path.abspath(__file__))
    folders = [os.path.join(package, *name.split("/")) for name in rooms]
    files = [
        entry.stat().st_mtime_ns for folder in folders for entry in os.scandir(folder) if entry.name.endswith(".py")
    ]
    return [__version__, sys.version, repr(project.settings), f"{len(files)}:{max(files)}"]
