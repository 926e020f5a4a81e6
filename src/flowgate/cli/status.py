"""`flowgate status`."""

from __future__ import annotations

import click

from flowgate.cli.options import common, project_at
from flowgate.report.style import use_color


@click.command("status")
@click.argument("flows", nargs=-1, metavar="[FLOW]...")
@common("text", "json")
def command(flows: tuple[str, ...], folder: str | None, form: str, verbose: bool, quiet: bool, color: str) -> int:
    """Say how every flow stands in every layer, and what to do next.

    Lint is answered, reviews and proofs are taken from what is on record; nothing is asked and nothing runs. The exit code
    is that of the verdict, as the gate would give it on this record.
    """
    from flowgate.report.status import show
    from flowgate.usecases.gate import status

    project = project_at(folder, flows)
    click.echo(
        show(found := status(project, list(flows)), project, form, quiet, use_color(color), verbose),
        nl=False,
        color=True,
    )
    return found.exit_code
