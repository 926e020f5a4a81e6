"""Who brought each entry of the ledger, and when, as git tells it."""

from __future__ import annotations

import re
from typing import NamedTuple

from flowgate.ledger.store import NAME
from flowgate.project import Project, git

_FINDING = re.compile(r"\t\s*(?:- )?finding:\s*[\"']?([A-Z]+\d+-[0-9a-f]{8})")


class Brought(NamedTuple):
    """The commit that an entry came with: its author, as `name <address>`, and its time, in seconds since 1970 as git writes it.

    `is_committed` is false for an entry that only stands in the folder.
    """

    author: str
    stamp: str
    is_committed: bool


def history(project: Project) -> dict[str, Brought]:
    """The commit of each entry, by its finding; nothing outside of git."""
    told = git(project.root, "blame", "--line-porcelain", "--", NAME) or ""
    found: dict[str, Brought] = {}
    held: dict[str, str] = {}
    for line in told.splitlines():
        key, _, value = line.partition(" ")
        if key in ("author", "author-mail", "author-time"):
            held[key] = value
        match = _FINDING.match(line)
        if match:
            address = held.get("author-mail", "")
            author = f"{held.get('author', '')} {address}"
            found[match[1]] = Brought(author, held.get("author-time", ""), address != "<not.committed.yet>")
    return found
