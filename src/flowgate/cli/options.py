"""The options that commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import click

from flowgate.project import Project, asked_project, open_project


def common(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`-C`, `--format`, `--verbose`, `--quiet` and `--color`, the same on every command that takes them."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(
            [
                click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR."),
                click.option(
                    "--format",
                    "form",
                    type=click.Choice(formats),
                    default=formats[0],
                    show_default=True,
                    help="How to print the answer.",
                ),
                click.option("-v", "--verbose", is_flag=True, help="Show overridden findings, too."),
                click.option("-q", "--quiet", is_flag=True, help="Print findings and verdict only."),
                click.option(
                    "--color",
                    type=click.Choice(["auto", "always", "never"]),
                    default="auto",
                    help="Colour the output. `auto`: on a terminal, unless NO_COLOR is set.",
                ),
            ]
        ):
            function = option(function)
        return function

    return decorate


overrides_option = click.option(
    "--overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="A Hydra override, such as training=smoke, on top of those of the settings; the proof is shown as reduced.",
)


committed_option = click.option(
    "--as-committed",
    is_flag=True,
    help="Judge what a commit holds: files that git does not track are left out, and none may be missing from it.",
)


def project_at(folder: str | None, paths: Sequence[str] = ()) -> Project:
    """The project around `folder`, the folder given to the group, or the current one; and stand there.

    Where paths are named and none lies in that project, it is the one that they lie in.
    """
    stand_in(folder)
    return asked_project(open_project(os.getcwd()), list(paths))


def stand_in(folder: str | None) -> bool:
    """Make `folder`, or the one given to the group, the current one; True if either was given."""
    chosen = folder or click.get_current_context().obj
    if chosen:
        try:
            os.chdir(chosen)
        except OSError as error:
            raise click.UsageError(f"-C {chosen}: {error.strerror}") from None
    return bool(chosen)


def write_file(path: str, text: str, mode: str) -> None:
    """Write or append to a file that the user named."""
    try:
        with open(path, mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}") from None
