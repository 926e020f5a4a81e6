"""The hooks of `.pre-commit-config.yaml`: is each of flowgate's still there, and does it run when and on what it did?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flowgate.change.documents import SHA, Said, line_of, listed, mapping

FILE = ".pre-commit-config.yaml"
# When each hook has to run, of the stages that .pre-commit-hooks.yaml names.
STAGES = {
    "flowgate-lint": ("pre-commit",),
    "flowgate-review": ("pre-commit",),
    "flowgate-prove": ("pre-push",),
}
_ALL = ("pre-commit", "pre-merge-commit", "pre-push", "manual")
_FREE = {"id", "name", "verbose", "description", "log_file", "require_serial", "alias"}


class Hook(NamedTuple):
    """One hook: where it comes from, its id, what the config says of it, and the stages of hooks that name none."""

    repo: str
    rev: str
    id: str
    said: dict[str, Any]
    stages: tuple[str, ...] = ()


def weaker_hooks(was: object, now: object, text: str, paths: list[str]) -> Iterator[Said]:
    """What a config of pre-commit asks less of flowgate's hooks than that of the base.

    Args:
        was, now: the parsed documents; None where there is none.
        text: of the one that is there now, to point into.
        paths: the files of the repository, on which patterns are tried.
    """
    before, after = _hooks(was), _hooks(now)
    for hook, found in _paired(before, after):
        if found is None:
            yield f"hook: {hook.id}", f"the hook {hook.id} is gone from {FILE}", 1
            continue
        line = line_of(text, hook.id)
        for code, message in _weaker(hook, found, paths):
            yield f"hook: {hook.id} {code}", f"the hook {hook.id} {message}", line
    if before:
        for key in ("exclude", "files"):
            held = mapping(now).get(key)
            if held is not None and held != mapping(was).get(key):
                said = f"{FILE} runs every hook on fewer files: `{key}` is {held}"
                yield f"hooks: {key} {held}", said, line_of(text, f"{key}:")
        skipped = set(map(str, listed(mapping(mapping(now).get("ci")).get("skip"))))
        skipped -= set(map(str, listed(mapping(mapping(was).get("ci")).get("skip"))))
        for one in sorted(skipped & {hook.id for hook in after}):
            yield f"hooks: skip {one}", f"pre-commit.ci leaves the hook {one} out", line_of(text, "skip")


def _hooks(document: object) -> list[Hook]:
    """flowgate's hooks, by their id or by what they start."""
    found = []
    stages = tuple(map(str, listed(mapping(document).get("default_stages")))) or _ALL
    for repo in listed(mapping(document).get("repos")):
        held = mapping(repo)
        for said in map(mapping, listed(held.get("hooks"))):
            name = str(said.get("id", ""))
            if "flowgate" in name or "flowgate" in str(said.get("entry", "")):
                found.append(Hook(_address(held.get("repo")), str(held.get("rev", "")), name, said, stages))
    return found


def _paired(before: list[Hook], after: list[Hook]) -> Iterator[tuple[Hook, Hook | None]]:
    """Each hook of the base that is not there as it was, with the one of its id that it may be now."""
    left = [hook for hook in after if hook not in before]
    for hook in before:
        if hook in after:
            continue
        found = next((one for one in left if one.id == hook.id), None)
        if found is not None:
            left.remove(found)
        yield hook, found


def _address(repo: object) -> str:
    return str(repo).rstrip("/").removesuffix(".git").lower()


def _weaker(was: Hook, now: Hook, paths: list[str]) -> Iterator[tuple[str, str]]:
    if was.repo != now.repo:
        yield f"repo {now.repo}", f"is another one: it comes from {now.repo}"
    before, after = version(was.rev), version(now.rev)
    if before and after and after < before:
        yield f"rev {now.rev}", f"went back from {was.rev} to {now.rev}"
    elif now.rev != was.rev and not after and not SHA.fullmatch(now.rev):
        yield f"rev {now.rev}", f"is taken as of a name that can move: {now.rev}"
    if not _stages(was) <= _stages(now):
        lost = " ".join(sorted(_stages(was) - _stages(now)))
        yield f"stages {lost}", f"does not run at {lost} any more: `stages`"
    for key in sorted((was.said.keys() | now.said.keys()) - _FREE - {"stages"}):
        held, given = was.said.get(key), now.said.get(key)
        if key == "always_run" and given is True:
            continue
        if key == "files" and _matched(held, paths) <= _matched(given, paths):
            continue
        if held != given:
            yield f"{key} {given}", f"runs otherwise: `{key}` was {_shown(held)} and is {_shown(given)}"


def _matched(pattern: object, paths: list[str]) -> set[str]:
    """The files that a pattern lets a hook run for; a pattern that is none lets it run for none."""
    try:
        return set(filter(re.compile(str(pattern or "")).search, paths))
    except re.error:
        return set()


def _stages(hook: Hook) -> set[str]:
    """When a hook runs: as the config says, else as its manifest does."""
    said = hook.said.get("stages")
    own = hook.repo != "local"  # the manifest of flowgate's hooks names their stages; a local hook's are the config's
    default = STAGES.get(hook.id, ()) if own else hook.stages
    return set(map(str, listed(said) if said is not None else default))


def _shown(value: object) -> str:
    return "not set" if value is None else str(value)


def version(rev: str) -> tuple[int, ...]:
    """A release as numbers that compare; empty where it is no release."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.(\d+))?", rev)
    return tuple(int(part or 0) for part in match.groups()) if match else ()
