"""Which files count for a proof, and what they are called in every arm."""

from __future__ import annotations

import importlib.util
import json
import os
from typing import Any

ROOT = os.environ.get("FLOWGATE_PROBE_ROOT", "")
SCRATCH = os.environ.get("TMPDIR", "")
STORE = os.environ.get("FLOWGATE_PROBE_STORE", "")
HOME = os.environ.get("FLOWGATE_PROBE_HOME", "")
STANDARD = os.path.dirname(os.__file__) + os.sep
_PROBE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

_reach = json.loads(os.environ.get("FLOWGATE_PROBE_REACH", "{}"))  # flowgate.prove.reach
_PLACES, _SYSTEM = tuple(_reach.get("places", ())), tuple(_reach.get("system", ()))
_KEPT, _PARTS = tuple(_reach.get("kept", ())), tuple(_reach.get("parts", ()))


def is_shared(path: str) -> bool:
    """Whether the file at an absolute path counts: it is no part of the system or of a library."""
    if not path.startswith(_PLACES) or any(part in path for part in _PARTS):
        return False
    return path.startswith(_KEPT) or not path.startswith(_SYSTEM)


def is_of_project(path: str) -> bool:
    """Whether a file of code is the project's own."""
    return path.startswith(ROOT + os.sep) and not any(part in path for part in _PARTS)


def is_own(path: str) -> bool:
    """Whether a file is one of the arm's own temporary ones."""
    return bool(SCRATCH) and path.startswith(SCRATCH + os.sep)


def is_record(path: str) -> bool:
    """Whether it is what Metaflow writes down about a run, which says how far its tasks are; its artifacts lie elsewhere."""
    return bool(STORE) and path.startswith(STORE + os.sep) and "/data/" not in path


def path_of(file: Any) -> str:
    """The absolute path of a file by its name or by its number; empty where it has none."""
    if isinstance(file, os.PathLike):
        file = os.fspath(file)
    if isinstance(file, (str, bytes)):
        return os.path.abspath(os.fsdecode(file))
    try:
        path = os.readlink("/proc/self/fd/%d" % file)
    except (OSError, TypeError):
        return ""
    return path if path.startswith(os.sep) else ""


def source_of(path: str) -> str:
    """The source of a compiled module; any other file is its own."""
    if path.endswith(".pyc"):
        try:
            return importlib.util.source_from_cache(path)
        except ValueError:
            return path
    return path


def asked_by_project(frame: Any) -> bool:
    """Whether it is the project's own code that does this, by itself, through the standard library, or by a resolver in its config."""
    while frame is not None and _is_between(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and (
        is_of_project(frame.f_code.co_filename) or "/omegaconf/resolvers/" in frame.f_code.co_filename
    )


def _is_between(file: str) -> bool:
    """True for code that does what others ask of it: Python's own, the standard library's, and the probe's in its place."""
    return file.startswith(("<frozen ", _PROBE)) or (file.startswith(STANDARD) and "/site-packages/" not in file)


def by_metaflow(frame: Any) -> bool:
    """Whether it is Metaflow itself that does this: it asks git about the code, for one."""
    while frame is not None and os.path.basename(frame.f_code.co_filename) in ("subprocess.py", "os.py"):
        frame = frame.f_back
    return frame is not None and "/site-packages/metaflow/" in frame.f_code.co_filename


def append(name: str, line: str) -> None:
    """Add a line to one of the files beside the records, which all processes of the arm write.

    At once, and by a file that is opened for it: a process may be killed, and a flow may close what it did not open.
    """
    if not HOME:
        return
    try:
        handle = os.open(os.path.join(HOME, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError:
        return
    try:
        os.write(handle, (line + "\n").encode("utf-8", "backslashreplace"))
    finally:
        os.close(handle)


def note_seen(what: str, name: str) -> None:
    """Write down at once what a process looked at that has no record of its own: a child of a task, a worker of a pool."""
    if "\n" not in name and not is_own(name) and (what == "variables" or is_shared(name)):
        append("seen", "%s %s" % (what, name))
