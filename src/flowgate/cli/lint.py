"""`flowgate lint`."""

from __future__ import annotations

import click

from flowgate.cli.options import common, project_at
from flowgate.report.style import use_color


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@common("text", "json", "github")
def command(paths: tuple[str, ...], folder: str | None, form: str, quiet: bool, color: str) -> int:
    """Check flows for mechanical traps that pass the obvious tests and give wrong numbers.

    Without PATH, every flow of the repository. Nothing of yours is imported or run; neither Metaflow nor torch is
    needed. Exit code 1 where an error is open; warnings alone exit 0.
    """
    from flowgate.report.findings import show
    from flowgate.usecases.lint import check

    report = check(project_at(folder), list(paths))
    click.echo(show(report, form, quiet, use_color(color)), nl=False, color=True)
    return 1 if report.blocks else 0
