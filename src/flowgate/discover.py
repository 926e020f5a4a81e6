"""Which files of a repository may hold a flow."""

from __future__ import annotations

import os

from flowgate.errors import FlowgateError
from flowgate.flow.source import Source
from flowgate.project import Project, git, matcher

_TEXTS = tuple(
    ".py .sh .bash .zsh .yml .yaml .md .rst .txt .toml .cfg .ini .mk .ipynb Makefile justfile Dockerfile Procfile".split()
)
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "build", "dist"})


def flow_sources(project: Project) -> list[Source]:
    """The files of the project that may hold a flow, by path; those the settings leave out are left out.

    Raises:
        FlowgateError: the settings name flows, and no file is one.
    """
    chosen = matcher(project.settings.flows)
    excluded = matcher(project.settings.exclude)
    found = []
    for path in sorted(python_files(project.root)):
        if (chosen is None or chosen.fullmatch(path)) and not (excluded and excluded.fullmatch(path)):
            source = Source(project.absolute(path))
            if source.may_hold_a_flow() or path in project.settings.flow:
                found.append(source)
    if chosen is not None and not found:
        raise FlowgateError(f"{project.settings.origin}: `flows` matches no file that may hold a flow")
    return found


def named_sources(project: Project, paths: list[str]) -> list[Source]:
    """The files that the user named, and the possible flows in the folders that the user named.

    Raises:
        FlowgateError: a path does not exist.
    """
    found: dict[str, Source] = {}
    for path in paths:
        if os.path.isdir(path):
            # A folder that git ignores as a whole was named all the same.
            for name in sorted(python_files(path) or _walk(path)):
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
    return _files(folder, (".py",))


def text_files(folder: str) -> list[str]:
    """The scripts, workflows and documents below a folder, relative to it and sorted."""
    return sorted(_files(folder, _TEXTS))


def _files(folder: str, ends: tuple[str, ...]) -> list[str]:
    patterns = [f"*{end}" for end in ends]
    listed = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns)
    if listed is not None:
        return [path for path in set(listed.split("\0")) if path and os.path.isfile(os.path.join(folder, path))]
    return list(_walk(folder, ends))


def _walk(folder: str, ends: tuple[str, ...] = (".py",)) -> list[str]:
    found = []
    for parent, folders, files in os.walk(folder):
        kept = (name for name in folders if name == ".github" or not name.startswith("."))
        folders[:] = [name for name in kept if not _is_left_out(parent, name)]
        relative = os.path.relpath(parent, folder)
        found += [os.path.normpath(os.path.join(relative, name)) for name in files if name.endswith(ends)]
    return found


def _is_left_out(parent: str, name: str) -> bool:
    return name in _SKIPPED or os.path.exists(os.path.join(parent, name, "pyvenv.cfg"))
