"""`flowgate gate`."""

from __future__ import annotations

import os

import click

from flowgate.cli.options import common, project_at, write_file
from flowgate.report.style import use_color


@click.command("gate")
@click.argument("flows", nargs=-1, metavar="[FLOW]...")
@common("text", "json", "github")
@click.option(
    "--base-ref",
    metavar="REF",
    default="",
    help="Compare with this base: what asks less of the change than the base does blocks (FG404). In a pull request or merge queue of GitHub, the base it states.",
)
@click.option(
    "--policy-from-base", is_flag=True, help="Judge by the settings of the base alone; new flows bring their own."
)
@click.option(
    "--scope",
    type=click.Choice(["all", "changed"]),
    default="all",
    show_default=True,
    help="`changed`: only flows that the change touches, by their code, config, sources, settings or data.",
)
@click.option("--no-cache", is_flag=True, help="Run the arms even where a receipt would do.")
@click.option("--json", "json_file", metavar="FILE", help="Write the verdict as JSON to FILE as well.")
@click.option("--sarif", "sarif_file", metavar="FILE", help="Write the findings as SARIF to FILE as well.")
@click.option("--summary", "summary_file", metavar="FILE", help="Append the verdict as Markdown to FILE as well.")
@click.option("--html", "html_file", metavar="FILE", help="Write the verdict as one self-contained page as well.")
@click.option(
    "--statement",
    "statement_file",
    metavar="FILE",
    help="Write an in-toto test-result statement, unsigned, to FILE; none where nothing was decided.",
)
def command(
    flows: tuple[str, ...],
    folder: str | None,
    form: str,
    verbose: bool,
    quiet: bool,
    color: str,
    base_ref: str,
    policy_from_base: bool,
    scope: str,
    no_cache: bool,
    json_file: str | None,
    sarif_file: str | None,
    summary_file: str | None,
    html_file: str | None,
    statement_file: str | None,
) -> int:
    """Take flows through all layers, and give one verdict.

    Every flow is linted. A flow that is promoted or names sources of truth needs a review; one that declares a
    contract is proven, by a receipt where nothing has changed since. What was not asked is shown as skipped, with the
    reason. A proof is not run while an open finding of lint or review forbids the flow to run.

    \b
    flowgate gate                                 what stands here
    flowgate gate --base-ref main                 and whether it asks less of itself than main
    flowgate gate --base-ref main --scope changed only the flows that the change touches
    """
    from flowgate.report.files import Wanted as Files
    from flowgate.report.files import contents
    from flowgate.report.progress import Progress
    from flowgate.report.verdict import show
    from flowgate.usecases.gate import Wanted, gate

    project = project_at(folder, flows)
    for path in filter(None, (json_file, sarif_file, summary_file, html_file, statement_file)):
        if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise click.UsageError(f"{path} cannot be written: there is no such folder")
    files = Files(json_file, sarif_file, summary_file, html_file, statement_file)
    with Progress(quiet or form == "json") as progress:
        verdict = gate(project, list(flows), progress.tell, Wanted(base_ref, policy_from_base, scope, no_cache))
    click.echo(show(verdict, project, form, quiet, use_color(color), verbose), nl=False, color=True)
    for path, text, mode in contents(verdict, project, files):
        write_file(path, text, mode)
    return verdict.exit_code
