"""Temporary paths inside artifacts: their names are drawn anew in every arm, which says nothing about a flow.

An artifact that holds one gets a second digest, `plain`, in which every temporary folder and file goes by the task that
made it. Where two arms differ in nothing else, the artifact is not what began a difference.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, List

SCRATCH = os.environ.get("TMPDIR", "")
_LARGEST = 2000

_made = []  # type: List[str]


def watch() -> None:
    """From now on, note what this process makes with the tempfile module."""
    if SCRATCH:
        sys.addaudithook(_note)


def _note(event: str, arguments: Any) -> None:
    if event in ("tempfile.mkdtemp", "tempfile.mkstemp"):
        _made.append(os.fsdecode(arguments[0]))


def made() -> List[str]:
    """What was made so far, in order."""
    return list(_made)


def plain(value: Any, own: str, run: str, folder: str) -> Any:
    """The value with its temporary paths by name; the very same object where it holds none.

    Args:
        value: an artifact.
        own: what the paths of this task are called after.
        run: the run's id, which a path may hold.
        folder: where the records of earlier tasks lie, with theirs.
    """
    if not SCRATCH or not _holds_one(value, [_LARGEST]):
        return value
    names = {path: _label(own, at) for at, path in enumerate(_made)}
    names.update(earlier(folder))
    names.update({SCRATCH: "<scratch>", run: "<run>"})
    return _renamed(value, dict(sorted(names.items(), key=lambda item: -len(item[0]))))


def earlier(folder: str) -> Dict[str, str]:
    """What the tasks before this one made, with names that are the same in every arm."""
    names = {}  # type: Dict[str, str]
    for entry in os.listdir(folder):
        if entry.endswith(".json"):
            with open(os.path.join(folder, entry)) as file:
                record = json.loads(file.readline())
            names.update({path: _label(record["own"], at) for at, path in enumerate(record["temporary"])})
    return names


def _label(own: str, at: int) -> str:
    return "<%s %d>" % (own, at)


def _holds_one(value: Any, left: List[int]) -> bool:
    left[0] -= 1
    if left[0] < 0:
        return False
    if isinstance(value, (str, os.PathLike)):
        return SCRATCH in _text(value)
    if type(value) in (list, tuple, set, frozenset):
        return any(_holds_one(item, left) for item in value)
    return type(value) is dict and any(_holds_one(item, left) for pair in value.items() for item in pair)


def _renamed(value: Any, names: Dict[str, str]) -> Any:
    if isinstance(value, (str, os.PathLike)):
        text = _text(value)
        if SCRATCH not in text:
            return value
        for path, name in names.items():
            text = text.replace(path, name)
        return text
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(_renamed(item, names) for item in value)
    if type(value) is dict:
        return {_renamed(key, names): _renamed(item, names) for key, item in value.items()}
    return value


def _text(value: Any) -> str:
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    return text if isinstance(text, str) else ""
