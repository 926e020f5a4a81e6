"""`flowgate gate`."""

from __future__ import annotations

import click

from flowgate.cli.options import common, project_at, write_file
from flowgate.report.style import use_color


@click.command("gate")
@click.argument("flows", nargs=-1, metavar="[FLOW]...")
@common("text", "json", "github")
@click.option("--no-cache", is_flag=True, help="Run the arms even where a receipt would do.")
@click.option("--json", "json_file", metavar="FILE", help="Write the verdict as JSON to FILE as well.")
@click.option("--summary", "summary_file", metavar="FILE", help="Append the verdict as Markdown to FILE as well.")
def command(
    flows: tuple[str, ...],
    folder: str | None,
    form: str,
    quiet: bool,
    color: str,
    no_cache: bool,
    json_file: str | None,
    summary_file: str | None,
) -> int:
    """Take flows through all layers, and give one verdict.

    Every flow is linted. A flow that is promoted or names sources of truth needs a review; one that declares a
    contract is proven, by a receipt where nothing has changed since. What was not asked is shown as skipped, with the
    reason. A proof is not run while an open finding of lint or review forbids the flow to run.
    """
    from flowgate.report.progress import Progress
    from flowgate.report.summary import summary
    from flowgate.report.verdict import show
    from flowgate.usecases.gate import gate

    project = project_at(folder)
    with Progress(quiet or form == "json") as progress:
        verdict = gate(project, list(flows), progress.tell, fresh=no_cache)
    if json_file:
        write_file(json_file, show(verdict, project, "json", quiet, False), "w")
    if summary_file:
        write_file(summary_file, summary(verdict), "a")
    click.echo(show(verdict, project, form, quiet, use_color(color)), nl=False, color=True)
    return verdict.exit_code
