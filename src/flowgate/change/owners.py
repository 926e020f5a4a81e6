"""Who has to agree: the owners, by CODEOWNERS, of the files that the gate is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowgate.change.documents import Said, text_of
from flowgate.project import matcher

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
Rule = tuple[re.Pattern[str], frozenset[str]]


def place_of(top: str) -> str:
    """Where CODEOWNERS lies, as GitHub looks for it; the first of its places where it lies nowhere."""
    return next((path for path in PLACES if text_of(top, path)), PLACES[0])


def weaker_owners(was: str, now: str, guarded: list[tuple[str, str]]) -> Iterator[Said]:
    """The files of the gate that lose an owner.

    Args:
        was, now: the tops of the base and of the present tree.
        guarded: the files, from the top, where each was and is.
    """
    before, after = _rules(text_of(was, place_of(was))), _rules(text_of(now, place_of(now)))
    told: set[frozenset[str]] = set()
    for old, path in guarded:
        lost = _owners(old, before) - _owners(path, after)
        if lost and lost not in told:
            told.add(lost)
            said = f"{path} is not owned by {', '.join(sorted(lost))} any more, who had to agree to a change of it"
            yield f"owners: {path} {' '.join(sorted(lost))}", said, 1


def _rules(text: str) -> list[Rule]:
    found = []
    for line in text.splitlines():
        pattern, *owners = line.split("#")[0].split() or [""]
        expression = matcher(_globs(pattern)) if pattern else None
        if expression is not None:
            found.append((expression, frozenset(owners)))
    return found


def _globs(pattern: str) -> tuple[str, ...]:
    """A pattern of CODEOWNERS as globs: without a slash inside it matches at any depth, and a folder all below it."""
    bare = pattern.strip("/")
    anchored = pattern.startswith("/") or "/" in bare
    found = bare if anchored else f"**/{bare}"
    return (found,) if bare.endswith("/*") else (found, f"{found}/**")  # `x/*` is what lies in x itself


def _owners(path: str, rules: list[Rule]) -> frozenset[str]:
    """The owners of a file: the last pattern that matches decides."""
    return next((owners for pattern, owners in reversed(rules) if pattern.fullmatch(path)), frozenset())
