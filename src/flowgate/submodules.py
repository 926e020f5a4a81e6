"""The git submodules of a repository that are not checked out: of what lies in them, nothing can be judged."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from flowgate import witness
from flowgate.project import repository_of

GITMODULES = ".gitmodules"
_PATH = re.compile(r"^\s*path\s*=\s*(.+?)\s*$")


class Absent(NamedTuple):
    """A submodule without its files: its folder, absolute, and the line of .gitmodules that names it."""

    folder: str
    file: str
    line: int


def absent(root: str) -> list[Absent]:
    """The submodules of the repository around a folder whose folders are empty, or not there."""
    top = repository_of(root)
    file = os.path.join(top, GITMODULES) if top is not None else ""
    if top is None or not witness.is_file(file):
        return []
    try:
        lines = witness.read(file).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = []
    for number, line in enumerate(lines, 1):
        match = _PATH.match(line)
        folder = os.path.normpath(os.path.join(top, match[1].strip('"'))) if match is not None else ""
        if folder and not (witness.is_folder(folder) and os.listdir(folder)):
            found.append(Absent(folder, file, number))
    return found
