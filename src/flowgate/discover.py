"""Which files of a repository may hold a flow."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from flowgate import witness
from flowgate.errors import FlowgateError
from flowgate.project import Project, git, matcher

if TYPE_CHECKING:
    from flowgate.flow.source import Source

_TEXTS = tuple(
    ".py .sh .bash .zsh .yml .yaml .md .rst .txt .toml .cfg .ini .mk .ipynb Makefile justfile Dockerfile Procfile".split()
)
_LAUNCH = re.compile(rb"[^\n]*(?:PYTHONPATH|\buvx?\s+run\b)(?:[^\n\\]|\\\n|\\)*")
_LONGEST_TEXT = 1_000_000
_DEEPEST = 4  # folders below `tests`
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "build", "dist"})


class Candidates(NamedTuple):
    """Python files in which flows are looked for, absolute, and those of them that are flows whatever they look like."""

    paths: list[str]
    named: list[str]


def candidates(project: Project, paths: list[str] | None = None) -> Candidates:
    """The files that the user named and those in the folders that the user named; else those that the settings leave in.

    Raises:
        FlowgateError: a path does not exist.
    """
    if paths:
        return _named(paths)
    chosen, excluded = matcher(project.settings.flows), matcher(project.settings.exclude)
    found = [
        path
        for path in python_files(project.root)
        if (chosen is None or chosen.fullmatch(path)) and not (excluded and excluded.fullmatch(path))
    ]
    named = [project.absolute(path) for path in found if path in project.settings.flow]
    return Candidates([project.absolute(path) for path in found], named)


def _named(paths: list[str]) -> Candidates:
    found: dict[str, str] = {}
    named: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            # A folder that git ignores as a whole was named all the same.
            for name in python_files(path) or sorted(_walk(path)):
                inside = os.path.abspath(os.path.join(path, name))
                found.setdefault(os.path.realpath(inside), inside)
        elif os.path.lexists(path):
            found.setdefault(os.path.realpath(path), os.path.abspath(path))
            named.append(found[os.path.realpath(path)])
        else:
            raise FlowgateError(f"{path} does not exist")
    return Candidates(list(found.values()), named)


def no_match(project: Project) -> FlowgateError:
    """What to say where the settings name flows, and no file is one."""
    return FlowgateError(f"{project.settings.origin}: `flows` matches no file that may hold a flow")


def flow_sources(project: Project) -> list[Source]:
    """The files of the project that may hold a flow, by path; those the settings leave out are left out.

    Raises:
        FlowgateError: the settings name flows, and no file is one.
    """
    found = _sources(candidates(project))
    if project.settings.flows and not found:
        raise no_match(project)
    return found


def _sources(chosen: Candidates) -> list[Source]:
    from flowgate.flow.source import Source

    named = set(chosen.named)
    read = [Source(path) for path in chosen.paths]
    return [source for source in read if source.path in named or source.may_hold_a_flow()]


def named_sources(project: Project, paths: list[str]) -> list[Source]:
    """The files that the user named, and the possible flows in the folders that the user named.

    Raises:
        FlowgateError: a path does not exist.
    """
    return _sources(_named(paths))


def python_files(folder: str) -> list[str]:
    """The Python files below a folder, relative to it: what git tracks or would, or all where git knows nothing."""
    return _noted(_PYTHON, folder)


def text_files(folder: str) -> list[str]:
    """The scripts, workflows and documents below a folder, relative to it."""
    return _noted(_TEXT, folder)


def launch_lines(folder: str) -> tuple[str, ...]:
    """The lines of a folder's texts that tell how Python is started: by `uv run`, or with a PYTHONPATH."""
    witness.note(_LAUNCHES, folder, witness.STATES[_LAUNCHES](folder))
    return _launch_lines(folder)


@functools.cache
def _launch_lines(folder: str) -> tuple[str, ...]:
    found: set[str] = set()
    for name in _listed(_TEXT, folder):
        try:
            data = witness.read_unseen(os.path.join(folder, name))
        except OSError:
            continue
        if len(data) <= _LONGEST_TEXT and (b"uv" in data or b"PYTHONPATH" in data):
            found.update(match[0].decode("utf-8", "replace") for match in _LAUNCH.finditer(data))
    return tuple(sorted(found))


@functools.cache
def _state_of_texts(folder: str) -> str:
    """When each text was changed last: where none was, none has to be read."""
    from hashlib import sha256

    texts = _listed(_TEXT, folder)
    states = {name: witness.state_of_file(os.path.join(folder, name)) for name in texts}
    told = "\0".join(f"{name}\0{state}" for name, state in states.items())
    # A file that was changed just now may change again without its time telling.
    mark = "?" if any(map(witness.is_fresh, states.values())) else ""
    return mark + sha256(told.encode("utf-8", "surrogateescape")).hexdigest()


def tracked_files(folder: str) -> list[str]:
    """The files below a folder that git tracks, relative to it; none where it is no repository."""
    return _noted(_TRACKED, folder)


def test_files(folder: str) -> list[str]:
    """The tests in a folder and in its `tests` and `test`, absolute."""
    found = []
    for place, names in _test_folders(folder):
        witness.note(witness.FOLDER, place, witness.state_of_folder(place))
        found += [os.path.join(place, name) for name in names]
    return found


@functools.cache
def _test_folders(folder: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The folders in which tests are looked for, each with the names of its tests."""
    found = [(folder, tuple(filter(is_test, _entries(folder))))]
    for name in ("tests", "test"):
        found += _below(os.path.join(folder, name), _DEEPEST)
    return tuple(found)


def _below(folder: str, depth: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    names = _entries(folder)
    yield folder, tuple(name for name in names if name.endswith(".py"))
    for name in names if depth else ():
        if "." not in name and not name.startswith("_") and os.path.isdir(os.path.join(folder, name)):
            yield from _below(os.path.join(folder, name), depth - 1)


def _entries(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def is_test(path: str) -> bool:
    """Whether a file is a test's, by its name or folder."""
    folders, name = os.path.split(path.replace(os.sep, "/"))
    return name.startswith("test_") or name.endswith(("_test.py", "conftest.py")) or "tests" in folders.split("/")


def judge_as_committed() -> None:
    """From here on, only what git tracks is listed: the index is what a commit will hold."""
    global _tracked_alone
    _tracked_alone = True
    forget()


def loose_files(folder: str) -> set[str]:
    """The files below a folder that git neither tracks nor ignores, absolute: no commit will hold them."""
    listed = git(folder, "ls-files", "-z", "--others", "--exclude-standard") or ""
    intended = git(folder, "diff-files", "--relative", "-z", "--name-only", "--diff-filter=A") or ""
    return {os.path.join(folder, name) for name in (listed + intended).split("\0") if name}


_tracked_alone = False


def _noted(kind: str, folder: str) -> list[str]:
    witness.note(kind, folder, witness.STATES[kind](folder))
    return list(_listed(kind, folder))


@functools.cache
def _listed(kind: str, folder: str) -> tuple[str, ...]:
    """A listing, asked for once: git needs longer to start than most files to be judged. `forget` starts anew."""
    if kind == _TRACKED:
        return tuple(sorted(filter(None, (git(folder, "ls-files", "-z") or "").split("\0"))))
    return tuple(sorted(_files(folder, (".py",) if kind == _PYTHON else _TEXTS)))


def forget() -> None:
    """List anew from here on."""
    witness.forget()
    _listed.cache_clear()
    _test_folders.cache_clear()
    _launch_lines.cache_clear()
    _state_of_texts.cache_clear()


def _state_of_index(folder: str) -> str:
    """When git's index was written last: where it was not, no file was added, and git need not be asked."""
    while not os.path.exists(os.path.join(folder, ".git")) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return witness.state_of_file(os.path.join(folder, ".git", "index")) or _names(_TRACKED, folder)


def _names(kind: str, folder: str) -> str:
    return "\0".join(_listed(kind, folder))


_PYTHON, _TEXT, _TRACKED, _LAUNCHES = "python files", "texts", "tracked files", "launches"
for _kind in (_PYTHON, _TEXT):
    witness.STATES[_kind] = functools.partial(_names, _kind)
witness.STATES[_TRACKED] = _state_of_index
witness.STATES[_LAUNCHES] = _state_of_texts
witness.CONTENTS[_LAUNCHES] = lambda folder: "\0".join(_launch_lines(folder))
witness.CONTENTS[_TRACKED] = functools.partial(_names, _TRACKED)


def _files(folder: str, ends: tuple[str, ...]) -> list[str]:
    patterns = [f"*{end}" for end in ends]
    others = [] if _tracked_alone else ["--others", "--exclude-standard"]
    listed = git(folder, "ls-files", "-z", "--cached", *others, "--", *patterns)
    if listed is not None:
        if _tracked_alone:  # a file that is only intended to be added is in the index, with nothing in it
            intended = git(folder, "diff-files", "--relative", "-z", "--name-only", "--diff-filter=A") or ""
            listed = "\0".join(set(listed.split("\0")) - set(intended.split("\0")))
        found = {path for path in listed.split("\0") if path and ".ipynb_checkpoints/" not in path}
        return [path for path in found if os.path.isfile(os.path.join(folder, path))]
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
