"""`flowgate report`."""

from __future__ import annotations

import click

from flowgate.cli.options import project_at, write_file


@click.command("report")
@click.argument("flows", nargs=-1, metavar="[FLOW]...")
@click.option(
    "--html", "html_file", metavar="FILE", required=True, help="Where the page goes: one self-contained file."
)
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
def command(flows: tuple[str, ...], html_file: str, folder: str | None, quiet: bool) -> int:
    """Write what an investigation concluded, and whether it may be believed, as a page to read and to keep.

    The page shows the verdict, every flow through every layer, findings with their quotes side by side, overrides with age
    and state, each flow's graph with the first divergent task, and the proven conclusions as tables and plots. It is made
    from what is on record: nothing is asked and nothing runs. It loads nothing, so it can be sent and archived.

    The exit code is that of the verdict, as the gate would give it on this record.

    \b
    flowgate report --html report.html
    flowgate gate --html report.html      the same page, after the proofs
    """
    from flowgate.report.page import page
    from flowgate.usecases.gate import status

    project = project_at(folder)
    verdict = status(project, list(flows))
    write_file(html_file, page(verdict, project), "w")
    if not quiet:
        click.echo(f"{html_file}: {verdict.result}")
    return verdict.exit_code
