"""The project's files before and after an arm, whatever wrote them, and how the checkout gets back to what it was.

Nothing of the user's is lost: what an arm's own tasks did not provably write is moved aside and named, not removed, and a
changed source or config file is taken for an edit of the user's.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from typing import NamedTuple

from flowgate.project import git

_LEFT_OUT = frozenset({".git", ".flowgate", ".metaflow", "__pycache__", "node_modules", ".mypy_cache", ".ruff_cache"})
_SOURCES = frozenset({".py", ".pyi", ".ipynb", ".yaml", ".yml", ".toml", ".md", ".rst", ".cfg", ".ini", ".sh", ".lock"})
State = tuple[int, int]  # when it was last written, in ns, and its size in bytes


class Tree(NamedTuple):
    """Every file of a project, by path: what changes when it does; and the tracked files that are as git has them."""

    root: str
    files: dict[str, State]
    clean: frozenset[str]


def tree_of(root: str, with_git: bool = True) -> Tree:
    """The files below a folder; those of git, of caches and of virtual environments are left out."""
    files: dict[str, State] = {}
    queue = [root]
    while queue:
        folder = queue.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        if folder != root and any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _LEFT_OUT:
                    queue.append(entry.path)
                continue
            with contextlib.suppress(OSError):  # it may be gone by now
                held = entry.stat(follow_symlinks=False)
                files[entry.path] = (held.st_mtime_ns, held.st_size)
    return Tree(root, files, _clean(root) if with_git else frozenset())


def _clean(root: str) -> frozenset[str]:
    """The tracked files that git would bring back as they stand."""
    tracked = git(root, "ls-files", "-z")
    if tracked is None:
        return frozenset()
    dirty = set((git(root, "ls-files", "-z", "-m", "-d") or "").split("\0"))
    return frozenset(os.path.join(root, name) for name in tracked.split("\0") if name and name not in dirty)


class Changes(NamedTuple):
    """What differs between two states of a tree."""

    made: frozenset[str]
    changed: frozenset[str]  # or gone


def changes(before: Tree, after: Tree) -> Changes:
    """The files that are new, and those that are other than they were, or gone."""
    made = frozenset(after.files.keys() - before.files.keys())
    changed = frozenset(path for path, held in before.files.items() if after.files.get(path) != held)
    return Changes(made, changed)


class Settled(NamedTuple):
    """What became of the changes that arms had made.

    `unexplained` are those that no task's Python code made, `altered` those that stayed, `aside` what was moved away although it
    may be the user's.
    """

    unexplained: frozenset[str]
    altered: frozenset[str]
    aside: tuple[str, ...]


def put_back(before: Tree, written: frozenset[str], homes: list[str], keep: str) -> Settled:
    """Bring the project back to what it was before some arms ran.

    Args:
        before: the tree as it was.
        written: what the arms' tasks are known to have made and changed.
        homes: the folders of the arms, with what stood in files before their tasks changed them.
        keep: where to move what may be the user's.
    """
    seen = changes(before, tree_of(before.root, with_git=False))
    in_use = held_open((seen.made | seen.changed) - written)
    seen = Changes(seen.made - in_use, seen.changed - in_use)
    altered, aside = set(), []
    for path in sorted(seen.made | seen.changed):
        may_be_the_users = path not in written
        if may_be_the_users and _is_source(path):
            altered.add(path)
            continue
        try:
            if os.path.lexists(path) and (path in seen.made or may_be_the_users):
                move_aside(path, keep if may_be_the_users else os.path.join(homes[0], "left"))
                aside += [path] if may_be_the_users else []
            if path in seen.changed and not _bring_back(path, before, homes):
                altered.add(path)
        except OSError:  # a folder that cannot be written, say
            altered.add(path)
    return Settled((seen.made | seen.changed) - written, frozenset(altered), tuple(aside))


def _is_source(path: str) -> bool:
    return os.path.splitext(path)[1] in _SOURCES


def move_aside(path: str, folder: str) -> None:
    """Move a file or folder into another folder, below its whole path."""
    place = os.path.join(folder, path.lstrip(os.sep))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    shutil.move(path, place)


def _bring_back(path: str, before: Tree, homes: list[str]) -> bool:
    """Give a file its old content: the one kept before a task changed it, or the one that git has."""
    state = before.files[path]
    for home in homes:
        kept = os.path.join(home, "originals") + path
        if os.path.exists(kept) and os.stat(kept).st_size == state[1]:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy2(kept, path)
            os.utime(path, ns=(state[0], state[0]))
            return True
    if path not in before.clean:
        return False
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.relpath(path, before.root)
        if git(before.root, "checkout-index", f"--prefix={folder}/", "--", name) is None:
            return False
        held = _found_below(folder, os.path.basename(path))
        if held is None:
            return False
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.move(held, path)
        os.utime(path, ns=(state[0], state[0]))
    return True


def held_open(paths: frozenset[str]) -> frozenset[str]:
    """Those of some files that a running program has open: no arm runs any more, so a log or an output of somebody else's."""
    wanted: dict[tuple[int, int], str] = {}
    for path in paths:
        with contextlib.suppress(OSError):
            held = os.stat(path)
            wanted[held.st_dev, held.st_ino] = path
    found = set()
    for process in os.listdir("/proc") if wanted and os.path.isdir("/proc") else []:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{process}/fd") if process.isdigit() else []:
                with contextlib.suppress(OSError):
                    held = os.stat(f"/proc/{process}/fd/{name}")
                    found.add(wanted.get((held.st_dev, held.st_ino), ""))
    return frozenset(found - {""})


_TELLING = 6  # letters of a name that is unlikely to stand in code by chance
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108


def shared_entries() -> frozenset[str]:
    """What stands in the folders that all programs of this machine share, as far as it is this user's."""
    found = set()
    for folder in _SHARED:
        for path in _entries(folder):
            with contextlib.suppress(OSError):  # others come and go there
                if os.lstat(path).st_uid == os.getuid():
                    found.add(path)
    return frozenset(found)


def _entries(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    except OSError:
        return []


def named_by(code: tuple[str, ...], paths: frozenset[str]) -> list[str]:
    """Those of some files whose whole names stand in the flow's code: in folders that all share, no other sign says whose they are.

    Never a folder, and no name of a few letters, which stands anywhere.
    """
    files = [path for path in paths if os.path.isfile(path) and len(os.path.basename(path)) >= _TELLING]
    texts = []
    for path in code if files else ():
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
            texts.append(file.read())
    names = {path: re.compile(rf"(?<![\w.-]){re.escape(os.path.basename(path))}(?![\w.-])") for path in files}
    return sorted(path for path, name in names.items() if any(map(name.search, texts)))


def _found_below(folder: str, name: str) -> str | None:
    return next((os.path.join(at, name) for at, _, names in os.walk(folder) if name in names), None)
