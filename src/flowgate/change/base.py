"""The base of a change: its tree as a folder beside, so that it is read by the same code as the tree under test."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.project import Project, git, open_project, repository_of
from flowgate.scratch import scratch_folder

# What claims are written in. Data, notebooks and pictures stay where they are.
_READ = (".py", ".toml", ".yaml", ".yml", ".json", "CODEOWNERS")
_LINK = "120000"  # git's mode of a symbolic link
_EVENTS = {"pull_request": "pull_request", "pull_request_target": "pull_request", "merge_group": "merge_group"}


# Differences as they are: by no program of the user's, and in submodules too, whatever their settings say.
WHOLE = ("--no-ext-diff", "--ignore-submodules=none")


def from_above(top: str, path: str) -> str:
    """A path from a folder above it, as findings name it."""
    return os.path.relpath(path, top).replace(os.sep, "/")


def from_above_all(top: str, paths: Iterable[str]) -> set[str]:
    """Paths from a folder above them, and where they lead through links."""
    listed = list(paths)
    return {from_above(top, path) for one in listed for path in (one, os.path.realpath(one))}


class Base(NamedTuple):
    """The commit that a change is compared with.

    `top` is its tree, `project` the project that the same folder would have had; None where that cannot be read, for the
    reason `fault`. `changed` are the paths that differ by now and `renamed` those that moved, both from the top of the
    repository, whose present place is `here`. `asked` is the root of the project that the gate stands in.
    """

    ref: str
    commit: str
    top: str
    here: str
    project: Project | None
    fault: str
    changed: frozenset[str]
    renamed: dict[str, str]
    asked: str = ""

    def seen_from(self, project: Project) -> Base:
        """The same base with the project that the folder of another present project had there."""
        if os.path.realpath(project.root) == os.path.realpath(self.asked):
            return self
        place = os.path.relpath(project.root, self.here)
        folder = os.path.join(self.top, _place_then(project, self.here, self.renamed, place))
        held, fault = _project(folder, self.top, project)
        return self._replace(project=held, fault=fault)

    def placed(self, project: Project, path: str) -> str:
        """A path from the top of the repository as findings name it: relative to the project's root."""
        return os.path.relpath(os.path.join(self.here, path), project.root).replace(os.sep, "/")


def stated_base(project: Project) -> str:
    """The base that CI states for a pull request or a merge queue; empty elsewhere.

    What GitHub checks out for a pull request is its merge with the base as it is now, which the event may lag behind:
    there, the first parent is the base.
    """
    event = _EVENTS.get(os.environ.get("GITHUB_EVENT_NAME", ""))
    if event is None:
        return ""
    told = _below(_payload(), event)
    head = _below(told, "head").get("sha")
    if head and (git(project.root, "rev-parse", "--verify", "--quiet", "HEAD^2") or "").strip() == head:
        return "HEAD^1"
    commit = _below(told, "base").get("sha") or told.get("base_sha")
    if isinstance(commit, str) and commit:
        return commit
    branch = os.environ.get("GITHUB_BASE_REF", "")
    return f"origin/{branch}" if branch else "of this event"


def _payload() -> dict[str, Any]:
    try:
        with open(os.environ.get("GITHUB_EVENT_PATH", ""), encoding="utf-8") as file:
            told = json.load(file)
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _below(held: dict[str, Any], key: str) -> dict[str, Any]:
    below = held.get(key)
    return below if isinstance(below, dict) else {}


def likely_base(project: Project) -> str:
    """The branch that changes of this repository most likely go to; empty where there is none."""
    for name in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
        if git(project.root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is not None:
            return name
    return ""


@contextmanager
def base_of(project: Project, ref: str) -> Iterator[Base]:
    """The base `ref` of what stands in the project's folder: where its branch left that of `ref`.

    Raises:
        Inconclusive: there is no repository, or no such commit in it.
    """
    here = repository_of(project.root)
    if here is None or git(here, "rev-parse", "--git-dir") is None:
        raise Inconclusive(f"{project.root} is no repository that git can read, so nothing can be compared with {ref}")
    commit = _commit(here, ref)
    with _laid_out(ref) as folder:
        top = os.path.realpath(folder)
        _extract(here, commit, top)
        changed, renamed = _difference(here, commit)
        place = _place_then(project, here, renamed, _place(project, here))
        held, fault = _project(os.path.join(top, place), top, project)
        yield Base(ref, commit, top, here, held, fault, changed, renamed, project.root)


@contextmanager
def _laid_out(ref: str) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            folder, _ = stack.enter_context(scratch_folder(prefix="flowgate-base-"))
        except OSError as error:
            raise Inconclusive(
                f"the base {ref} cannot be laid out in {tempfile.gettempdir()}: {error.strerror}"
            ) from None
        yield folder


def _commit(here: str, ref: str) -> str:
    """The commit where the branch under test left `ref`; that of `ref` itself where the history does not tell."""
    for name in (ref, f"origin/{ref}"):
        tip = None if name.startswith("-") else git(here, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if tip is not None:
            return (git(here, "merge-base", tip.strip(), "HEAD") or tip).strip()
    shallow = (git(here, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
    advice = (
        "this clone is shallow: check out with `fetch-depth: 0`, or run `git fetch --unshallow`"
        if shallow
        else "run `git fetch`, or name another with --base-ref"
    )
    raise Inconclusive(
        f"the base {ref} is not in this repository, so whether the gate is weaker cannot be told; {advice}"
    )


def _extract(here: str, commit: str, top: str) -> None:
    """Write the tree of a commit, as far as claims are written in it; git's own list of its files stays whole.

    The objects are asked of the repository itself, which knows where those are that it lacks.
    """
    kind = (git(here, "rev-parse", "--show-object-format") or "sha1").strip()
    listed = git(here, "ls-tree", "-r", "-z", "--full-tree", commit)
    made = git(top, "init", "--quiet", "--template=", f"--object-format={kind}", ".")
    index = os.path.join(top, ".git", "index")
    if listed is None or made is None or git(here, "read-tree", commit, index=index) is None:
        raise Inconclusive(f"the tree of {commit} cannot be read; `git fsck` says what is missing")
    # A filter, such as that of large files, would fetch over the network what no claim is written in.
    plain = ["-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"]
    write = [*plain, "checkout-index", "--quiet", f"--prefix={top}/", "-z", "--stdin"]
    if git(here, *write, given="".join(f"{name}\0" for name in _wanted(listed)), index=index) is None:
        raise Inconclusive(f"the tree of {commit} cannot be written: objects of it are missing; run `git fetch`")


def _wanted(listed: str) -> Iterator[str]:
    """The files of a tree in which claims may be written: by their names, and links, which may lead to such files."""
    for entry in filter(None, listed.split("\0")):
        told, _, name = entry.partition("\t")
        if name.endswith(_READ) or ".flowgate/" in name or told.startswith(_LINK):
            yield name


def _place(project: Project, here: str) -> str:
    """The folder that the gate stands in, from the top."""
    place = os.path.relpath(os.getcwd(), here)
    return os.path.relpath(project.root, here) if place.startswith("..") else place


def _place_then(project: Project, here: str, renamed: dict[str, str], place: str) -> str:
    """Where a folder of a project was, from the top: with the project's settings, where those moved."""
    origin = os.path.relpath(project.absolute(project.settings.origin or "flowgate.toml"), here)
    before = next((was for was, now in renamed.items() if now == origin), None)
    return os.path.dirname(before) if before is not None else place


def _project(folder: str, top: str, now: Project) -> tuple[Project | None, str]:
    """The project around a folder of the base, or the nearest folder above it that is there; or what is wrong with it.

    Args:
        now: the present project, with which it shares what hangs on contents alone.
    """
    while folder != top and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    try:
        return open_project(folder)._replace(memory=now.root), ""
    except FlowgateError as error:
        return None, str(error).replace(top + os.sep, "")


def _difference(here: str, commit: str) -> tuple[frozenset[str], dict[str, str]]:
    """The paths that differ between a commit and the work tree, untracked ones included, and those that moved."""
    told = git(here, "diff", *WHOLE, "--name-status", "-M", "-z", commit, "--")
    others = git(here, "ls-files", "--others", "--exclude-standard", "-z")
    if told is None or others is None:
        raise Inconclusive(f"what changed since {commit} cannot be told: git refuses to compare them")
    changed = set(filter(None, others.split("\0")))
    renamed = {}
    words = iter(told.split("\0"))
    for status in words:
        if not status:
            continue
        before = next(words)
        changed.add(before)
        if status[0] in "RC":
            now = next(words)
            changed.add(now)
            if status[0] == "R":
                renamed[before] = now
    return frozenset(changed), renamed
