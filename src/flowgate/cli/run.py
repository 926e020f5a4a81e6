"""`flowgate run`."""

from __future__ import annotations

import click

from flowgate.cli.options import project_at
from flowgate.report.style import use_color


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("flow")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]")
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the output.")
def command(flow: str, arguments: tuple[str, ...], folder: str | None, color: str) -> int:
    """Execute FLOW, only if lint and review let it.

    ARGS go to the flow: options of its `run` command, or a whole command line that names one. A `single_worker` flow
    is started with --max-workers 1. The exit code is the flow's own; 1 also where an open finding forbids the run.

    \b
    flowgate run flow/noise_flow.py
    flowgate run flow/noise_flow.py -- --tag nightly
    flowgate run flow/noise_flow.py -- --config-value cfg 'hydra_overrides: [experiment=noise]' run
    """
    from flowgate.project import project_of
    from flowgate.report.verdict import show_refusal
    from flowgate.usecases.run import execute, refusal

    project = project_of(project_at(folder), [flow])
    against = refusal(project, flow)
    if against is not None:
        click.echo(show_refusal(against, project, use_color(color)), nl=False, err=True, color=True)
        return 1
    return execute(project, flow, arguments)
