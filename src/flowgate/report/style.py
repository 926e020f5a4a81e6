"""Colour, and paths relative to where the user stands."""

from __future__ import annotations

import os

import click

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
    return click.style(text, fg=COLORS.get(name), bold=name in ("blocked", "error")) if color else text


def from_here(project: Project, path: str) -> str:
    """A path of the project as it is reached from the current directory."""
    absolute = project.absolute(path)
    relative = os.path.relpath(absolute)
    return absolute if relative.startswith(os.path.join("..", "..", "..")) else relative


def printable(text: str) -> str:
    """`text` without the control characters by which a file name could act on a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
