"""`flowgate init`."""

from __future__ import annotations

import os

import click

from flowgate.cli.options import stand_in


@click.command("init")
@click.option("--owner", metavar="NAME", help="Who owns the ledger, for CODEOWNERS: @user, @org/team or an address.")
@click.option(
    "--source",
    metavar="OWNER/REPO@SHA|URL@SHA|PATH",
    help="Where hooks and workflow get flowgate from: a repository on GitHub or elsewhere with the commit to take, or a "
    "checkout or wheel. By default, where this installation came from; where that is not known to others, they use the "
    "command that is installed.",
)
@click.option(
    "--review-stage",
    type=click.Choice(["commit", "push"]),
    default="push",
    show_default=True,
    help="When the hook checks that the committed reviews hold. At commit, no work in progress on a reviewed flow can be "
    "committed.",
)
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
def command(owner: str | None, source: str | None, review_stage: str, folder: str | None) -> int:
    """Wire a repository: settings, pre-commit hooks, a workflow, a CODEOWNERS line and .gitignore.

    Nothing is overwritten: what is there is added to, with its comments kept, or left as it is. Run it again at any time.
    Below the top of a git repository, settings go to the project's folder, and hooks, workflow and CODEOWNERS to the top.
    Exit code 2 where something could not be done, and has to be done by hand.

    \b
    flowgate init --owner @lab/leads
    flowgate init --source OWNER/REPO@SHA
    flowgate -C services/ranking init
    """
    from flowgate.usecases.init import FAILED, init

    source = os.path.abspath(source) if source and os.path.exists(source) else source
    named = stand_in(folder)
    steps = init(os.getcwd(), named, owner, source, review_stage)
    for path, done, note in steps:
        click.echo(f"{done:<12} {path}" + (f": {note}" if note else ""))
    click.echo("next: `flowgate status` says how the flows stand")
    return 2 if any(step.done == FAILED for step in steps) else 0
