"""`flowgate show-config`."""

from __future__ import annotations

import click

from flowgate.cli.options import project_at


@click.command("show-config")
@click.argument("flow")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it."
)
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
def command(flow: str, overrides: tuple[str, ...], form: str, folder: str | None) -> int:
    """Print the config that FLOW would run with: each value, where it is written, and what it overrode.

    Hydra composes it, and nothing of yours is run; for a flow with the shell, with the methods of the experiment and its
    `method_overrides`. An interpolation is shown as it is written; one that only your code can resolve is said to be.

    \b
    flowgate show-config flow/noise_flow.py
    flowgate show-config flow/noise_flow.py training=smoke seeds=1
    """
    from flowgate.project import project_of
    from flowgate.report.config import show
    from flowgate.usecases.show_config import show_config

    project = project_of(project_at(folder), [flow])
    click.echo(show(show_config(project, flow, overrides), project, form), nl=False)
    return 0
