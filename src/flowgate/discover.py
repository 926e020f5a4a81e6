"""Which files of a repository may hold a flow."""

from __future__ import annotations

import functools
import os
import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from flowgate import witness
from flowgate.errors import FlowgateError
from flowgate.project import Part, Project, folder_below, git, matcher, open_project, parts_named
from flowgate.settings import SETTINGS_FILES, settings_file

if TYPE_CHECKING:
    from flowgate.flow.source import Source

_TEXTS = tuple(
    ".py .sh .bash .zsh .yml .yaml .md .rst .txt .toml .cfg .ini .mk .ipynb Makefile justfile Dockerfile Procfile".split()
)
_LAUNCH = re.compile(rb"PYTHONPATH|\buvx?\s+run\b")
_LONGEST_TEXT = 10_000_000
_LONGEST_COMMAND = 2_000  # bytes to each side: a notebook may be one line of megabytes
_DEEPEST = 4  # folders below `tests`
# The folders that ruff leaves out by default (https://docs.astral.sh/ruff/settings/#exclude), and compiled modules.
_SKIPPED = frozenset(
    ".bzr .direnv .eggs .git .git-rewrite .hg .ipynb_checkpoints .mypy_cache .nox .pants.d .pyenv .pytest_cache .pytype "
    ".ruff_cache .svn .tox .venv .vscode __pycache__ __pypackages__ _build buck-out build dist node_modules site-packages "
    "venv".split()
)
# What a virtual environment, a conda environment and a checkout of flowgate itself hold at their top.
_ENVIRONMENT = ("pyvenv.cfg", "conda-meta", os.path.join("src", "flowgate", "scaffold", "shell.txt"))


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
    listed = [*python_files(project.root), *_in_skipped_by_pattern(project)]
    found = [
        path
        for path in [*listed, *_named_in_settings(project, set(listed))]
        if (chosen is None or chosen.fullmatch(path)) and not (excluded and excluded.fullmatch(path))
    ]
    named = [project.absolute(path) for path in found if path in project.settings.flow]
    return Candidates([project.absolute(path) for path in found], named)


def _in_skipped_by_pattern(project: Project) -> list[str]:
    """The Python files in folders that are skipped otherwise, where a pattern of `flows` names such a folder: `build/*.py`."""
    patterns = [one for one in project.settings.flows if _SKIPPED.intersection(one.split("/"))]
    chosen = matcher(tuple(patterns))
    if chosen is None:
        return []
    listed = git(project.root, "ls-files", "-z", "--cached", *_others(), "--", "*.py")
    names = listed.split("\0") if listed is not None else _walk_all(project.root)
    return sorted(name for name in set(names) if name and chosen.fullmatch(name))


def _walk_all(folder: str) -> Iterator[str]:
    for parent, _, files in os.walk(folder):
        relative = os.path.relpath(parent, folder)
        yield from (os.path.normpath(os.path.join(relative, name)) for name in files if name.endswith(".py"))


def _named_in_settings(project: Project, listed: set[str]) -> list[str]:
    """The flows that the settings name although they lie in a folder that is skipped otherwise."""
    others = [path for path in project.settings.flow if path not in listed and os.path.isfile(project.absolute(path))]
    if others and _tracked_alone:
        tracked = set(tracked_files(project.root))
        others = [path for path in others if path in tracked]
    return sorted(others)


def nested_projects(project: Project) -> list[Project]:
    """The projects below a project: the folders with settings of their own, but those that its `exclude` leaves out.

    Raises:
        FlowgateError: the settings of one cannot be read.
    """
    excluded = matcher(project.settings.exclude)
    return [
        open_project(project.absolute(folder))
        for folder in _nested_folders(project.root)
        if not (excluded and (excluded.fullmatch(folder) or excluded.fullmatch(f"{folder}/pyproject.toml")))
    ]


def parts_of(project: Project, paths: list[str]) -> list[Part]:
    """The projects that a command is about: that of each named path, and those below it.

    Without paths, the given project and every project below it.

    Raises:
        FlowgateError: the paths lie in several repositories, or settings cannot be read.
    """
    if not paths:
        below = (Part(nested, [], folder_below(project, nested)) for nested in nested_projects(project))
        return [Part(project, []), *below]
    parts = parts_named(project, paths)
    known = {part.project.root for part in parts}
    for part in list(parts):
        folders = [os.path.join(os.path.realpath(path), "") for path in part.paths if os.path.isdir(path)]
        for nested in nested_projects(part.project) if folders else []:
            if nested.root not in known and f"{nested.root}{os.sep}".startswith(tuple(folders)):
                known.add(nested.root)
                parts.append(Part(nested, [], posixpath.join(part.folder, folder_below(part.project, nested))))
    return parts


def _named(paths: list[str]) -> Candidates:
    found: dict[str, str] = {}
    named: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            # A folder that git ignores as a whole was named all the same.
            for name in python_files(path) if _python_and_settings(path) else sorted(_walk(path)):
                inside = os.path.abspath(os.path.join(path, name))
                found.setdefault(os.path.realpath(inside), inside)
        elif os.path.lexists(path):
            _refuse_other(path)
            found.setdefault(os.path.realpath(path), os.path.abspath(path))
            named.append(found[os.path.realpath(path)])
        else:
            raise FlowgateError(f"{path} does not exist")
    return Candidates(list(found.values()), named)


def _refuse_other(path: str) -> None:
    """Refuse a named file that is no Python: an answer about it would look as if it had been judged.

    Raises:
        FlowgateError: it has another ending, and no first line that starts Python.
    """
    if path.endswith((".py", ".pyw")) or not os.path.isfile(path):
        return  # a pipe or a link to nowhere is a finding of its own
    try:
        with open(path, "rb") as file:
            first = file.read(200).partition(b"\n")[0]
    except OSError as error:
        raise FlowgateError(f"{path} cannot be read: {error.strerror}") from None
    if not (first.startswith(b"#!") and b"python" in first):
        raise FlowgateError(
            f"{path} is no Python file, so nothing in it can be judged. Name the .py file that defines the flow: the "
            "configs, modules and sources that it is made of are judged with it"
        )


def no_flows(where: str) -> FlowgateError:
    """What every command says where there is no flow: what has nothing to judge must not look as if it had passed."""
    return FlowgateError(
        f"no flows found in {where}: no Python file there that git does not ignore defines a FlowSpec. `flowgate promote NAME` "
        "stamps one"
    )


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
    """The Python files below a folder, relative to it: what git tracks or would, or all where git knows nothing.

    Those of a project below it, which has settings of its own, are that project's.
    """
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
            found.update(line.decode("utf-8", "replace") for line in _launches(data))
    return tuple(sorted(found))


def _launches(data: bytes) -> Iterator[bytes]:
    """The lines of a text in which Python is started, with those that continue them.

    Each line is looked at once: the words are searched for, and its ends from there, so that a long line costs no more
    than its length.
    """
    at = 0
    while (match := _LAUNCH.search(data, at)) is not None:
        begin = max(data.rfind(b"\n", at, match.start()) + 1, at, match.start() - _LONGEST_COMMAND)
        end = data.find(b"\n", match.end())
        while end > 0 and data[end - 1 : end] == b"\\":
            end = data.find(b"\n", end + 1)
        at = len(data) if end < 0 else end
        yield data[begin : min(at, match.end() + _LONGEST_COMMAND)]


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
    if kind == _TEXT:
        return tuple(sorted(_files(folder, _TEXTS)))
    nested = tuple(f"{name}/" for name in _nested_folders(folder))
    return tuple(path for path in _python_and_settings(folder) if path.endswith(".py") and not path.startswith(nested))


@functools.cache
def _python_and_settings(folder: str) -> tuple[str, ...]:
    """The Python files and the files that may hold settings: listed together, for git is slow to start."""
    return tuple(sorted(_files(folder, (".py", *SETTINGS_FILES))))


@functools.cache
def _nested_folders(folder: str) -> tuple[str, ...]:
    """The folders below one, relative to it, that have settings of their own."""
    listed = (os.path.split(path) for path in _python_and_settings(folder) if not path.endswith(".py"))
    found = sorted({above for above, name in listed if above and name in SETTINGS_FILES})
    return tuple(name for name in found if settings_file(os.path.join(folder, name)) is not None)


def forget() -> None:
    """List anew from here on."""
    witness.forget()
    for listing in (_listed, _python_and_settings, _nested_folders):
        listing.cache_clear()
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
    listed = git(folder, "ls-files", "-z", "--cached", *_others(), "--", *patterns)
    if listed is None:
        return list(_walk(folder, ends))
    if _tracked_alone:  # a file that is only intended to be added is in the index, with nothing in it
        intended = git(folder, "diff-files", "--relative", "-z", "--name-only", "--diff-filter=A") or ""
        listed = "\0".join(set(listed.split("\0")) - set(intended.split("\0")))
    skipped: dict[str, bool] = {"": False}
    return [
        path
        for path in set(filter(None, listed.split("\0")))
        if not _lies_in_skipped(folder, os.path.dirname(path), skipped) and os.path.isfile(os.path.join(folder, path))
    ]


def _others() -> list[str]:
    """What git is asked for besides the files that it tracks."""
    return [] if _tracked_alone else ["--others", "--exclude-standard"]


def _lies_in_skipped(root: str, folder: str, known: dict[str, bool]) -> bool:
    """True if a folder below `root` is one that is skipped, or lies in one; `known` holds what was found out before."""
    if folder not in known:
        above, name = os.path.split(folder)
        known[folder] = _lies_in_skipped(root, above, known) or is_skipped(os.path.join(root, above), name)
    return known[folder]


def _walk(folder: str, ends: tuple[str, ...] = (".py",)) -> list[str]:
    found = []
    for parent, folders, files in os.walk(folder):
        kept = (name for name in folders if name == ".github" or not name.startswith("."))
        folders[:] = [name for name in kept if not is_skipped(parent, name)]
        relative = os.path.relpath(parent, folder)
        found += [os.path.normpath(os.path.join(relative, name)) for name in files if name.endswith(ends)]
    return found


def is_skipped(parent: str, name: str) -> bool:
    """True if a folder holds what no investigation is made of: an environment, a build, what a tool keeps for itself."""
    return name in _SKIPPED or any(os.path.exists(os.path.join(parent, name, mark)) for mark in _ENVIRONMENT)
