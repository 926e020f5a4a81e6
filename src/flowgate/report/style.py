"""Colour, and paths relative to where the user stands."""

from __future__ import annotations

import os
import sys

from flowgate.project import Project

COLORS = {
    "pass": "green",
    "blocked": "red",
    "inconclusive": "yellow",
    "stale": "red",
    "skipped": "bright_black",
    "error": "red",
    "warning": "yellow",
}


def paint(text: str, name: str, color: bool) -> str:
    """`text` in the colour of a state or severity."""
    if not color:
        return text
    import click

    return click.style(text, fg=COLORS.get(name), bold=name in ("blocked", "error"))


def use_color(choice: str) -> bool:
    """Whether to colour standard output: `always`, `never`, or `auto`, on a terminal that wants it."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def from_here(project: Project, path: str) -> str:
    """A path of the project as it is reached from the current directory."""
    absolute = project.absolute(path)
    relative = os.path.relpath(absolute)
    return absolute if relative.startswith(os.path.join("..", "..", "..")) else relative


def printable(text: str) -> str:
    """`text` without the control characters by which a file name could act on a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
