"""What an answer was made from: every file and folder that was looked at, so that it can be kept until one of them changes.

Whoever reads a file of the user's for a lint answer reads it through here. Between `watch` and `seen` each look is
written down; outside of that nothing is.
"""

from __future__ import annotations

import errno
import functools
import os
import stat
from collections.abc import Callable

FILE, FOLDER, MODULES, DEFINITIONS, VARIABLE = "file", "folder", "modules", "definitions", "variable"
ANY_VARIABLE = "?"  # a variable whose name cannot be told: what hangs on it does not hold
Key = tuple[str, str]
_LARGEST = 10_000_000
_SETTLED = 2_000_000_000  # ns: a file changed so shortly before may change again without its time telling
_looks: dict[Key, str] | None = None


def watch() -> None:
    """From here on, write down what is looked at."""
    global _looks
    _looks = {}


def seen() -> dict[Key, str]:
    """What was looked at since `watch`, each with its state at that time; the watch is over."""
    global _looks
    found, _looks = _looks or {}, None
    return found


def note(kind: str, path: str, state: str) -> None:
    """Write down a look of one's own."""
    if _looks is not None:
        _looks.setdefault((kind, path), state)


def read(path: str) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: it cannot be read, is no file (a pipe would never end), or is too large to be code.
    """
    note(FILE, path, state_of_file(path))
    return read_unseen(path)


def read_unseen(path: str) -> bytes:
    """The bytes of a file, where the look is written down as another kind than that of a file.

    Raises:
        OSError: as `read`.
    """
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a folder" if stat.S_ISDIR(found.st_mode) else "it is no regular file")
    if found.st_size > _LARGEST:
        raise OSError(errno.EFBIG, f"it is {found.st_size // 1_000_000} MB long, and that is no code")
    with open(path, "rb") as file:
        return file.read()


def is_file(path: str) -> bool:
    """Whether there is such a file."""
    found = os.path.isfile(path)
    note(FILE, path, state_of_file(path) if found else "")
    return found


def is_folder(path: str) -> bool:
    """Whether there is such a folder."""
    found = os.path.isdir(path)
    note(FOLDER, path, state_of_folder(path))
    return found


def entries(folder: str) -> list[str]:
    """The names in a folder, sorted, without hidden ones.

    Raises:
        OSError: it cannot be listed.
    """
    names = _names(folder)
    note(FOLDER, folder, state_of_folder(folder))
    return list(names)


def modules(folder: str) -> frozenset[str]:
    """The names that may be imported from a folder: of its Python files, without the ending, and of its folders."""
    note(MODULES, folder, state_of_modules(folder))
    return _modules(folder)


def forget() -> None:
    """Look at folders anew from here on."""
    for function in (_names, _modules, state_of_folder, state_of_modules):
        function.cache_clear()


@functools.cache
def _names(folder: str) -> tuple[str, ...]:
    return tuple(sorted(name for name in os.listdir(folder) if not name.startswith((".", "__pycache__"))))


@functools.cache
def _modules(folder: str) -> frozenset[str]:
    try:
        with os.scandir(folder) as listed:
            return frozenset(
                name.removesuffix(".py")
                for entry in listed
                if not (name := entry.name).startswith((".", "__pycache__"))
                and (name.endswith(".py") or "." not in name)
            )
    except OSError:
        return frozenset()


def state_of_file(path: str) -> str:
    """When a file was changed last and how long it is; empty where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ""
    return f"{found.st_mtime_ns}:{found.st_size}"


def is_fresh(state: str) -> bool:
    """Whether a file was changed so lately that it may change again within the same tick of its clock."""
    import time

    changed = state.partition(":")[0]
    return changed.isdigit() and time.time_ns() - int(changed) < _SETTLED


@functools.cache
def state_of_folder(path: str) -> str:
    """The names in a folder; empty where there is none."""
    try:
        return " ".join(_names(path))
    except (OSError, ValueError):
        return ""


@functools.cache
def state_of_modules(path: str) -> str:
    """The names that may be imported from a folder."""
    return " ".join(sorted(_modules(path)))


def state_of_variable(name: str) -> str:
    """A digest of a variable of the environment; empty where it is not set."""
    import hashlib

    held = os.environ.get(name)
    if name == ANY_VARIABLE:
        return name
    return hashlib.sha256(held.encode("utf-8", "surrogateescape")).hexdigest() if held is not None else ""


def content_of_file(path: str) -> str | None:
    """The digest of a file's bytes; None where it cannot be read, or is none: a pipe would never end."""
    import hashlib

    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


# What a state stands for, where it may change though nothing has.
CONTENTS: dict[str, Callable[[str], str | None]] = {FILE: content_of_file}
# How each kind of look stands now.
STATES: dict[str, Callable[[str], str]] = {
    FILE: state_of_file,
    DEFINITIONS: state_of_file,
    FOLDER: state_of_folder,
    MODULES: state_of_modules,
    VARIABLE: state_of_variable,
}
