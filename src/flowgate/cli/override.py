"""`flowgate override`."""

from __future__ import annotations

import click

from flowgate.cli.options import project_at
from flowgate.project import Project
from flowgate.report.style import from_here


@click.command("override")
@click.argument("findings", nargs=-1, metavar="[FINDING]...")
@click.option("--reason", help="Why the finding is accepted; it stands in the ledger and in every report.")
@click.option(
    "--expires",
    metavar="DATE",
    help="The last day it holds: a date, 2027-02-01, or 90d from today; never, to renew without.",
)
@click.option("--by", metavar="NAME", help="Who accepts it; by default, git's user.")
@click.option("--approved-by", metavar="NAME", help="Who agreed, where the settings ask for a second person.")
@click.option("--base-ref", metavar="REF", default="", help="For FG404: the base that the finding was found against.")
@click.option("--renew", is_flag=True, help="Change date, reason or approver of the entry that FINDING has.")
@click.option("--list", "listed", is_flag=True, help="Show every entry and what it is worth now.")
@click.option("--prune", is_flag=True, help="Remove the entries whose finding is gone; shows the difference first.")
@click.option("--yes", is_flag=True, help="Prune without asking.")
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
def command(
    findings: tuple[str, ...],
    reason: str | None,
    expires: str | None,
    by: str | None,
    approved_by: str | None,
    base_ref: str,
    renew: bool,
    listed: bool,
    prune: bool,
    yes: bool,
    folder: str | None,
) -> int:
    """Accept findings, by the ids that lint, review or prove printed, in .flowgate/ledger.yaml.

    An entry is bound to the code it excuses: moving that code keeps it, changing it makes the entry stale. Commit the
    ledger; an override is part of the change that needs it. Several findings share the reason.

    \b
    flowgate override FG301-3f9a1c2b --reason "the grid is fixed by the protocol" --expires 90d
    flowgate override --list
    flowgate override --renew FG301-3f9a1c2b --expires 90d
    flowgate override --prune
    """
    from flowgate.usecases import override as use

    if renew + listed + prune > 1:
        raise click.UsageError("--renew, --list and --prune exclude each other")
    project = project_at(folder)
    if listed:
        from flowgate.report.ledger import table

        click.echo(table(use.listing(project)), nl=False)
        return 0
    if prune:
        return _prune(project, yes)
    if not findings:
        raise click.UsageError("name the FINDING, by the id that lint, review or prove printed")
    if renew:
        for finding in findings:
            entry, ledger, flow = use.renew(project, finding, reason, expires, approved_by)
            until = f"until {entry.expires}" if entry.expires else "without a date"
            click.echo(
                f"{entry.finding} of {from_here(project, flow)} is renewed, {until}; commit {from_here(project, ledger)}"
            )
        return 0
    if reason is None:
        raise click.UsageError("an override needs a reason: --reason TEXT")
    accepted = use.override(project, findings, reason, expires, by, approved_by, base_ref)
    for entry, _, flow in accepted:
        click.echo(f"{entry.finding} of {from_here(project, flow)} is overridden")
    ledgers = dict.fromkeys(from_here(project, one.ledger) for one in accepted)
    click.echo(f"commit {' and '.join(ledgers)} with the change")
    return 0


def _prune(project: Project, yes: bool) -> int:
    import sys

    from flowgate.report.ledger import difference
    from flowgate.usecases import override as use

    ledgers = use.prunable(project)
    if not ledgers:
        click.echo("nothing to prune: every entry has its finding")
        return 0
    for ledger in ledgers:
        click.echo(difference(ledger.before, ledger.after, ledger.ledger), nl=False)
    if not yes and not sys.stdin.isatty():
        click.echo("nothing was changed; run it again with --yes to write this")
        return 0
    if yes or click.confirm("Write this?", default=False):
        use.prune(ledgers)
        for ledger in ledgers:
            click.echo(f"pruned {', '.join(sorted(ledger.gone))}; commit {from_here(project, ledger.ledger)}")
    return 0
