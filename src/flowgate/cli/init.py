"""`flowgate init`."""

from __future__ import annotations

import click

from flowgate.cli.options import project_at


@click.command("init")
@click.option("--owner", metavar="NAME", help="Who owns the ledger, for CODEOWNERS: @user, @org/team or an address.")
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
def command(owner: str | None, folder: str | None) -> int:
    """Wire a repository: settings, pre-commit hooks, a workflow, a CODEOWNERS line and .gitignore.

    Nothing is overwritten: what is there is added to, with its comments kept, or left as it is. Run it again at any time.
    Exit code 2 where something could not be done, and has to be done by hand.
    """
    from flowgate.usecases.init import FAILED, init

    steps = init(project_at(folder).root, owner)
    for path, done, note in steps:
        click.echo(f"{done:<12} {path}" + (f": {note}" if note else ""))
    click.echo("next: `flowgate status` says how the flows stand")
    return 2 if any(step.done == FAILED for step in steps) else 0
