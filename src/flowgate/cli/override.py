"""`flowgate override`."""

from __future__ import annotations

import click

from flowgate.cli.options import project_at


@click.command("override")
@click.argument("finding")
@click.option(
    "--reason", required=True, help="Why the finding is accepted; it stands in the ledger and in every report."
)
@click.option("--expires", metavar="DATE", help="The last day it holds, as 2027-02-01.")
@click.option("--by", metavar="NAME", help="Who accepts it; by default, git's user.")
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
def command(finding: str, reason: str, expires: str | None, by: str | None, folder: str | None) -> int:
    """Accept a finding, by the id that lint, review or prove printed, in .flowgate/ledger.yaml.

    The entry is bound to the code it excuses: moving that code keeps it, changing it makes the entry stale. Commit the
    ledger; an override is part of the change that needs it.
    """
    from flowgate.usecases.override import override

    project = project_at(folder)
    entry = override(project, finding, reason, expires, by)
    click.echo(f"{entry.finding} of {entry.flow} is overridden; commit .flowgate/ledger.yaml with the change")
    return 0
