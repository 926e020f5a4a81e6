"""The repository flowgate stands in: its root, its settings, and what git knows of it."""

from __future__ import annotations

import functools
import os
import re
from typing import NamedTuple

from flowgate.errors import FlowgateError
from flowgate.settings import Settings, load, settings_file, table_of, usual_file


class Project(NamedTuple):
    """Where the gate stands: the repository's root and its settings.

    `since` is the day of the base that a change is held against, and of which it cannot be older; empty where there is none.
    `memory` is the root in whose `.flowgate/cache` is remembered what hangs on contents alone; empty where that is its own.
    """

    root: str
    settings: Settings
    memory: str = ""
    since: str = ""

    def relative(self, path: str) -> str:
        """`path` as findings, ledger and JSON name it: POSIX, relative to the root where it lies inside."""
        folder, name = os.path.split(os.path.abspath(path))
        absolute = os.path.join(os.path.realpath(folder), name)
        inside = absolute.startswith(self.root + os.sep)
        return (os.path.relpath(absolute, self.root) if inside else absolute).replace(os.sep, "/")

    def absolute(self, path: str) -> str:
        """The file that a path relative to the root names."""
        return os.path.join(self.root, path)

    def place(self, table: str) -> str:
        """A table of the settings as a message names it, with the file from where the user stands: `[prove] of flowgate.toml`."""
        name = self.settings.origin or self.settings.usual
        return table_of(name, table, os.path.relpath(self.absolute(name)))

    def remembered(self, name: str) -> str:
        """A folder for what hangs on contents alone: a copy of the project shares it with the project."""
        return os.path.join(self.memory or self.root, ".flowgate", "cache", name)

    def state(self, *parts: str) -> str:
        """A path inside `.flowgate/`."""
        return os.path.join(self.root, ".flowgate", *parts)


def repository_of(folder: str) -> str | None:
    """The top of the git repository around a folder; None where there is none."""
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def from_top(project: Project, path: str) -> str:
    """A path of the project from the top of its repository, as GitHub names it."""
    top = repository_of(project.root)
    return os.path.relpath(project.absolute(path), top).replace(os.sep, "/") if top is not None else path


class Part(NamedTuple):
    """A project that a command is about, and the paths in it that the user named; without paths, all of it.

    `folder` is where it lies below the project that the command was started in, empty for that one itself.
    """

    project: Project
    paths: list[str]
    folder: str = ""


def project_of(project: Project, paths: list[str]) -> Project:
    """The one project that the named paths lie in: the nearest one around each; without paths, the given one.

    Raises:
        FlowgateError: they lie in several.
    """
    found = list(dict.fromkeys(part.project.root for part in parts_named(project, paths)))
    if len(found) > 1:
        raise FlowgateError(f"{', '.join(paths)} lie in several projects ({', '.join(found)}); name one at a time")
    return parts_named(project, paths)[0].project if paths else project


def asked_project(project: Project, paths: list[str]) -> Project:
    """The project in whose paths an answer is told: the given one, or that of the first path where none lies in it."""
    if all(_lies_in(path, project.root) for path in paths):
        return project
    nearest = open_project(_folder_of(paths[0]))
    if all(_lies_in(path, nearest.root) for path in paths):
        return nearest
    top = repository_of(nearest.root)  # they lie in several projects of one repository
    return open_project(top) if top is not None else nearest


def parts_named(project: Project, paths: list[str]) -> list[Part]:
    """The named paths by the project that each lies in: the nearest folder around it that has settings.

    Raises:
        FlowgateError: they lie in several repositories.
    """
    project = asked_project(project, paths)
    outside = next((path for path in paths if not _lies_in(path, project.root)), None)
    if outside is not None:
        raise FlowgateError(f"{outside} lies outside {project.root}; judge one repository at a time, or use -C")
    opened: dict[str, Project] = {}
    found: dict[str, Part] = {}
    for path in paths:
        around = _folder_of(path)
        if around not in opened:
            nearest = open_project(around)
            opened[around] = nearest if _lies_in(nearest.root, project.root) else project
        nearest = opened[around]
        part = found.setdefault(nearest.root, Part(nearest, [], folder_below(project, nearest)))
        part.paths.append(path)
    return list(found.values())


def folder_below(project: Project, nested: Project) -> str:
    """Where a nested project lies, relative to the one above it; empty for that one itself."""
    folder = os.path.relpath(nested.root, project.root).replace(os.sep, "/")
    return "" if folder == "." else folder


def _folder_of(path: str) -> str:
    """The folder that a path is or lies in, or the nearest one above that is there."""
    real = os.path.realpath(path)
    while not os.path.isdir(real):
        real = os.path.dirname(real)
    return real


def _lies_in(path: str, root: str) -> bool:
    folder, name = os.path.split(os.path.abspath(path))
    real = os.path.join(os.path.realpath(folder), name)
    return real == root or real.startswith(root + os.sep)


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
            return Project(folder, Settings(usual=usual_file(folder)))
        above = os.path.dirname(folder)
        if above == folder:
            return Project(here, Settings(usual=usual_file(here)))
        folder = above


# What git tells its hooks of the repository they were started for; `-C` names the one that is meant.
_TOLD = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")


def _index_of_hook() -> tuple[str, str] | None:
    """The repository that git started a hook for, and the index of the commit that is being made there; None elsewhere."""
    index = os.environ.get("GIT_INDEX_FILE")
    try:
        here = repository_of(os.getcwd()) if index else None
    except OSError:
        return None
    return (here, os.path.join(here, index)) if here and index else None


_HOOK = _index_of_hook()  # before anything changes the folder


# What a repository's own config could have git run while it only looks; and nothing is fetched.
_SAFE = (
    f"-c core.fsmonitor= -c core.hooksPath={os.devnull} -c log.showSignature=false -c gpg.program=false --no-pager "
    "--no-optional-locks"
).split()
# What it has git start instead, where a repository's own config names a program of its own for that.
_INSTEAD = {
    "clean": "",
    "smudge": "",
    "process": "",
    "uploadpack": "git-upload-pack",
    "sshcommand": "ssh",
    "gitproxy": "",
}
_PROGRAMS = r"^(filter\..*|remote\..*\.uploadpack|core\.(sshcommand|gitproxy))$"


@functools.cache
def _without_programs(folder: str) -> tuple[str, ...]:
    """The options that turn off the programs which the repository's own config names: to convert files, or to fetch."""
    import subprocess

    asked = ["git", "-C", folder, "config", "--show-scope", "--name-only", "--get-regexp", _PROGRAMS]
    try:
        done = subprocess.run(asked, capture_output=True, check=False)
    except OSError:
        return ()
    options: list[str] = []
    for line in os.fsdecode(done.stdout).splitlines():
        scope, _, key = line.partition("\t")
        name, _, last = key.rpartition(".")
        if scope in ("local", "worktree"):
            options += ["-c", f"{key}={_INSTEAD.get(last.lower(), '')}"] if last != "required" else []
            options += ["-c", f"{name}.required=false"] if name.startswith("filter.") else []
    return tuple(options)


def git(
    folder: str, *arguments: str, given: str | None = None, index: str | None = None, codes: tuple[int, ...] = (0,)
) -> str | None:
    """What git prints in a folder, given a text to read; None outside a repository, without git, or where git refuses.

    Args:
        index: the file to use for git's own.
        codes: the exit codes that are no refusal; `git grep` ends with 1 where it finds nothing.
    """
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name not in _TOLD}
    if _HOOK is not None and repository_of(os.path.abspath(folder)) == _HOOK[0]:
        environment["GIT_INDEX_FILE"] = _HOOK[1]
    if index is not None:
        environment["GIT_INDEX_FILE"] = index
    said = os.fsencode(given) if given is not None else b""
    programs = _without_programs(folder)
    try:
        done = subprocess.run(
            ["git", *_SAFE, *programs, "-C", folder, *arguments],
            capture_output=True,
            check=False,
            env=environment,
            input=said,
        )
    except OSError:
        return None
    return os.fsdecode(done.stdout) if done.returncode in codes else None


def git_output(project: Project, *arguments: str) -> str | None:
    """What git prints, stripped; None outside a repository, without git, or where git refuses."""
    printed = git(project.root, *arguments)
    return printed.strip() if printed is not None else None


def matcher(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    """One expression for a list of globs, in which `**` crosses folders and `*` does not."""
    if not patterns:
        return None
    return re.compile("|".join(f"(?:{_glob(pattern)})" for pattern in patterns))


def _glob(pattern: str) -> str:
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    split = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.rstrip("/") + ("/**" if pattern.endswith("/") else ""))
    return "".join(tokens.get(part, re.escape(part)) for part in split)
