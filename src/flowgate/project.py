"""The repository flowgate stands in: its root, its settings and its flow files."""

from __future__ import annotations

import os
import re
import subprocess
from typing import NamedTuple

from flowgate.errors import FlowgateError
from flowgate.flow.source import Source
from flowgate.settings import Settings, load, settings_file

_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "build", "dist"})


class Project(NamedTuple):
    """Where the gate stands: the repository's root and its settings."""

    root: str
    settings: Settings

    def relative(self, path: str) -> str:
        """`path` as findings, ledger and JSON name it: POSIX, relative to the root where it lies inside."""
        absolute = os.path.abspath(path)
        inside = absolute.startswith(self.root + os.sep)
        return (os.path.relpath(absolute, self.root) if inside else absolute).replace(os.sep, "/")

    def absolute(self, path: str) -> str:
        """The file that a path relative to the root names."""
        return os.path.join(self.root, path)

    def state(self, *parts: str) -> str:
        """A path inside `.flowgate/`."""
        return os.path.join(self.root, ".flowgate", *parts)


def open_project(start: str) -> Project:
    """The project around `start`: the nearest folder with settings, else the git root, else `start` itself."""
    if not os.path.isdir(start):
        raise FlowgateError(f"{start} is not a folder")
    here = os.path.realpath(start)
    folder = here
    while True:
        if settings_file(folder) is not None:
            return Project(folder, load(folder))
        if os.path.exists(os.path.join(folder, ".git")):
            return Project(folder, Settings())
        above = os.path.dirname(folder)
        if above == folder:
            return Project(here, Settings())
        folder = above


def flow_sources(project: Project) -> list[Source]:
    """The files of the project that may hold a flow, by path; those the settings leave out are left out."""
    chosen = _matcher(project.settings.flows)
    excluded = _matcher(project.settings.exclude)
    found = []
    for path in sorted(python_files(project.root)):
        if (chosen is None or chosen.fullmatch(path)) and not (excluded and excluded.fullmatch(path)):
            source = Source(project.absolute(path))
            if source.may_hold_a_flow():
                found.append(source)
    return found


def named_sources(project: Project, paths: list[str]) -> list[Source]:
    """The files that the user named, and the possible flows in the folders that the user named.

    Raises:
        FlowgateError: a path does not exist.
    """
    found: dict[str, Source] = {}
    for path in paths:
        if os.path.isdir(path):
            for name in sorted(python_files(path)):
                source = Source(os.path.join(path, name))
                if source.may_hold_a_flow():
                    found.setdefault(os.path.realpath(source.path), source)
        elif os.path.lexists(path):
            found.setdefault(os.path.realpath(path), Source(path))
        else:
            raise FlowgateError(f"{path} does not exist")
    return list(found.values())


def python_files(folder: str) -> list[str]:
    """The Python files below a folder, relative to it: what git tracks or would, or all where git knows nothing."""
    listed = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py")
    if listed is not None:
        return [path for path in set(listed.split("\0")) if path and os.path.isfile(os.path.join(folder, path))]
    return list(_walk(folder))


def _walk(folder: str) -> list[str]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and not _is_left_out(parent, name)]
        relative = os.path.relpath(parent, folder)
        found += [os.path.normpath(os.path.join(relative, name)) for name in files if name.endswith(".py")]
    return found


def _is_left_out(parent: str, name: str) -> bool:
    return name in _SKIPPED or os.path.exists(os.path.join(parent, name, "pyvenv.cfg"))


def _git(folder: str, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=False)
    except OSError:
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def git_output(project: Project, *arguments: str) -> str | None:
    """What git prints, stripped; None outside a repository, without git, or where git refuses."""
    printed = _git(project.root, *arguments)
    return printed.strip() if printed is not None else None


def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    """One expression for a list of globs, in which `**` crosses folders and `*` does not."""
    if not patterns:
        return None
    return re.compile("|".join(f"(?:{_glob(pattern)})" for pattern in patterns))


def _glob(pattern: str) -> str:
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    split = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.rstrip("/") + ("/**" if pattern.endswith("/") else ""))
    return "".join(tokens.get(part, re.escape(part)) for part in split)
