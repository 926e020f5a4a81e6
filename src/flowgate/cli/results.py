"""`flowgate results`."""

from __future__ import annotations

import click

from flowgate.cli.options import overrides_option, project_at


@click.command("results")
@click.argument("flow")
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="How to print the conclusions.",
)
@overrides_option
@click.option("--unproven", is_flag=True, help="Show the latest run's where there is no proof; they are marked so.")
def command(flow: str, folder: str | None, form: str, overrides: tuple[str, ...], unproven: bool) -> int:
    """Print what FLOW concluded: the surface of the run that was proven.

    Refused, with exit code 3, where the flow was not proven, or anything that the proof depended on has changed since.

    \b
    flowgate results flow/noise_flow.py
    flowgate results flow/noise_flow.py --format csv > lift.csv
    """
    from flowgate.report.results import show
    from flowgate.usecases.results import results_of

    project = project_at(folder)
    click.echo(show(results_of(project, flow, overrides, unproven), form), nl=False)
    return 0
