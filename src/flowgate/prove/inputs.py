"""The files that a proof depends on: every one of the project that any process of an arm could have read.

What a library written in C reads, or a child program, nobody here sees. So each file that git tracks counts, and each that it
would add, whatever the flow seems to read; settings narrow that down in writing (`inputs_exclude`). A file that an arm was seen
to read counts in any case.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterable
from typing import NamedTuple

from flowgate import witness
from flowgate.errors import FlowgateError
from flowgate.files import cache_folder, write_whole
from flowgate.finding import digest
from flowgate.flow.subject import changes
from flowgate.project import Project, git, matcher

_MEMORY = "inputs.json"
_OF_FLOWGATE = ("flowgate.toml",)
_LEFT_OUT = frozenset({".git", ".flowgate", ".metaflow", "__pycache__", "node_modules"})


def inputs_of(project: Project, exclude: tuple[str, ...], known: Iterable[str] = ()) -> dict[str, str]:
    """The digest of each file of the project that counts, by its path in the project.

    Args:
        project: the project.
        exclude: patterns of files that do not count.
        known: files that are counted elsewhere.

    Raises:
        FlowgateError: a file cannot be read.
    """
    left_out, counted = matcher(exclude), set(known)
    names = [
        name
        for name in _listed(project)
        if name not in counted and name not in _OF_FLOWGATE and not (left_out and left_out.fullmatch(name))
    ]
    return _digests(project, names)


def counts(project: Project, exclude: tuple[str, ...]) -> Callable[[str], bool]:
    """Tells of a path in the project, which need not be there, whether it would count."""
    left_out = matcher(exclude)
    return lambda name: (
        not _is_own(name) and name not in _OF_FLOWGATE and not (left_out is not None and left_out.fullmatch(name))
    )


class Seen(NamedTuple):
    """What arms were seen to look at: files that they read, absolute, and of these the Python files whose text counts; paths at
    which they found nothing, folders that they listed, and what they asked about a path: `kind PATH`, `stat PATH` or `time PATH`."""

    read: frozenset[str]
    texts: frozenset[str]
    missed: frozenset[str]
    listed: frozenset[str]
    stated: frozenset[str] = frozenset()


_ABSENT, _NAMES = "absent", "names:"


def bound(project: Project, counted: dict[str, str], known: Iterable[str], seen: Seen) -> dict[str, str]:
    """The digests of the files that count, and of what arms were seen to look at besides.

    Args:
        project: the project.
        counted: the digests of the files that count.
        known: the files that are counted elsewhere, as code.
        seen: what was looked at.
    """
    elsewhere = {project.absolute(name) for name in known}
    paths = {path for path in seen.read if path not in elsewhere} | seen.texts
    beside = {_name(project, path) for path in paths if os.path.isfile(path)}
    found = counted | _digests(project, sorted(beside - counted.keys()))
    found |= {_name(project, path): _ABSENT for path in seen.missed if not os.path.lexists(path)}
    folders = {"." if path == project.root else _name(project, path): path for path in seen.listed}
    found |= {f"{name}/": _names(path) for name, path in folders.items() if os.path.isdir(path)}
    for asked in seen.stated:
        what, _, path = asked.partition(" ")
        if os.path.lexists(path) and not (
            what == "time" and _name(project, path) in counted
        ):  # a checkout has times of its own
            found[f"{what} of {_name(project, path)}"] = _stated(what, path)
    return dict(sorted(found.items()))


def _name(project: Project, path: str) -> str:
    """A path as it was asked for: below the project relative to it, and with the links that it leads through."""
    return os.path.relpath(path, project.root) if path.startswith(project.root + os.sep) else path


_STATED = re.compile(r"(kind|stat|time) of (.*)", re.DOTALL)


def _stated(what: str, path: str) -> str:
    """What stands at a path: its kind; with `stat` also its size, its mode and where a link leads; with `time` when it was changed."""
    try:
        held = os.lstat(path)
        if stat.S_ISLNK(held.st_mode) and what == "stat":
            return f"stat: link to {os.readlink(path)}"
        held = os.stat(path)
    except OSError:  # nothing, or a link that leads nowhere or to itself
        return f"{what}: nothing"
    if what == "time":
        return f"time: {held.st_mtime_ns}"
    kind = stat.S_IFMT(held.st_mode)
    if what == "kind":
        return f"kind: {kind:o}"
    return f"stat: {held.st_mode:o} {held.st_size if stat.S_ISREG(held.st_mode) else 0}"


def _names(folder: str) -> str:
    """What stands for the names in a folder: those that flowgate, git and Python keep there aside."""
    try:
        names = sorted(name for name in os.listdir(folder) if name not in _LEFT_OUT and not name.endswith(".pyc"))
    except OSError:
        return _NAMES
    return _NAMES + digest(*map(printable, names))


def changed_inputs(
    project: Project, exclude: tuple[str, ...], held: dict[str, str], known: Iterable[str] = ()
) -> list[str]:
    """What changed, in words, since the digests in `held` were taken of the files that count, and of others that were read.

    Raises:
        FlowgateError: a file cannot be read.
    """
    now = inputs_of(project, exclude, known)
    beside = [name for name in held if name not in now]
    now |= {name: _names(project.absolute(name)) for name in beside if held[name].startswith(_NAMES)}
    now |= _digests(project, [name for name in beside if os.path.isfile(project.absolute(name))])
    for name in beside:
        asked = _STATED.fullmatch(name)
        if asked is not None and held[name].startswith(f"{asked[1]}: "):
            now[name] = _stated(asked[1], project.absolute(asked[2]))
    absent = [name for name in beside if held[name] == _ABSENT and not os.path.lexists(project.absolute(name))]
    return changes(held, now | dict.fromkeys(absent, _ABSENT))


def _listed(project: Project) -> list[str]:
    """The files that git tracks and those that it would add; all of them where there is no git."""
    told = git(project.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    if told is None:
        return sorted(walked(project.root))
    names = (name for name in told.split("\0") if name and not _is_own(name))
    found = []
    for name in names:
        path = project.absolute(name)
        if os.path.isdir(path) and not os.path.islink(path):  # a submodule, or a repository inside of this one
            found += [f"{name.rstrip('/')}/{inner}" for inner in _listed(Project(path, project.settings))]
        elif os.path.lexists(path):
            found.append(name)
    return found


def _is_own(name: str) -> bool:
    """True for what flowgate and Metaflow keep beside the user's files, wherever a project of theirs lies."""
    return not _LEFT_OUT.isdisjoint(name.split("/"))


def walked(root: str) -> Iterable[str]:
    """The files below a folder that is no repository, but for those of environments and what is kept there by programs."""
    for at, folders, names in os.walk(root):
        if at != root and "pyvenv.cfg" in names:
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not name.startswith(".")]
        yield from (os.path.relpath(os.path.join(at, name), root) for name in names if not name.endswith(".pyc"))


def _digests(project: Project, names: list[str]) -> dict[str, str]:
    """The digest of each file, or of where a link leads; what is remembered of one that has not changed is not read again."""
    remembered = _load(project)
    held: dict[str, list[str]] = {}
    changed = False
    for name in names:
        path = project.absolute(name)
        state = _state(path)
        before = remembered.get(name)
        if before is not None and before[0] == state:
            held[name] = before
            continue
        changed = True
        held[name] = ["" if witness.is_fresh(state) else state, _digest(project, path)]
    if changed:
        _save(project, remembered | held)
    return {printable(name): found for name, (_, found) in sorted(held.items())}


def printable(name: str) -> str:
    """A path as text: what is not UTF-8 in it is written out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _state(path: str) -> str:
    """What changes when a file does: its times, of which no program sets the second, its size and its number."""
    try:
        found = os.lstat(path)
    except OSError:
        return "gone"
    return f"{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_size}:{found.st_ino}"


def _digest(project: Project, path: str) -> str:
    if os.path.islink(path):
        return "link:" + digest(os.readlink(path))
    found = witness.content_of_file(path)
    if found is not None:
        return found + (":x" if os.access(path, os.X_OK) else "")
    if os.path.isfile(path):
        raise FlowgateError(
            f"{project.relative(path)} cannot be read, and a proof depends on it; leave it out by `inputs_exclude` under "
            f"{project.place('prove')} if it does not"
        )
    return "no regular file"


def _load(project: Project) -> dict[str, list[str]]:
    try:
        with open(project.state("cache", _MEMORY), "rb") as file:
            held = json.load(file)
        return {
            name: one
            for name, one in held.items()
            if isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)
        }
    except (OSError, ValueError, AttributeError):
        return {}


def _save(project: Project, held: dict[str, list[str]]) -> None:
    """Remember it for the next proof; where that cannot be written, it is read again."""
    there = {name: one for name, one in held.items() if one[0] and os.path.lexists(project.absolute(name))}
    try:
        text = json.dumps(there, separators=(",", ":"))
        write_whole(os.path.join(cache_folder(project.state()), _MEMORY), text, _MEMORY)
    except FlowgateError:
        pass
