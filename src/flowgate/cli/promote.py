"""`flowgate promote`."""

from __future__ import annotations

import os
import sys

import click

from flowgate.cli.options import project_at
from flowgate.settings import CONTRACTS


@click.command("promote")
@click.argument("name", required=False)
@click.option("--question", metavar="TEXT", help="What the investigation asks: the heading of its document.")
@click.option("--folder", metavar="DIR", default="flow", show_default=True, help="Where the flow goes, in the project.")
@click.option(
    "--determinism", type=click.Choice(CONTRACTS), default=CONTRACTS[0], show_default=True, help="The contract."
)
@click.option("--reason", metavar="TEXT", help="Why it can be no stronger, for the two weaker contracts.")
@click.option("--upgrade", is_flag=True, help="Move the shell and the grid of promoted flows to the present copy.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("-C", "root", metavar="DIR", default=None, help="Work as if started in DIR.")
def command(
    name: str | None,
    question: str | None,
    folder: str,
    determinism: str,
    reason: str | None,
    upgrade: bool,
    dry_run: bool,
    root: str | None,
) -> int:
    """Stamp a promoted flow that runs, lints and proves at once, on a small synthetic task.

    What must not be wired wrong is copied verbatim: the shell at the head of the flow, and grid.py beside it. What is
    yours is four functions, the seams, and the YAML in conf/. Nothing is overwritten.

    \b
    flowgate promote noise --question "Does the lead survive wrong labels?"
    flowgate promote noise --dry-run
    flowgate promote --upgrade --dry-run       what a newer flowgate would change
    """
    if upgrade:
        return _upgrade(name, root, dry_run)
    return _stamp(name, question, folder, determinism, reason, root, dry_run)


def _stamp(
    name: str | None,
    question: str | None,
    folder: str,
    determinism: str,
    reason: str | None,
    root: str | None,
    dry_run: bool,
) -> int:
    from flowgate.usecases.promote import Request, flow_path, stamps, write

    asks = sys.stdin.isatty() and sys.stdout.isatty()
    if name is None and not asks:
        raise click.UsageError("what is the flow called? `flowgate promote NAME`")
    name = click.prompt("Name of the flow (lower case, as a module)") if name is None else name
    if question is None:
        question = click.prompt("What does the investigation ask?") if asks else f"What does {name} conclude?"
    if determinism != CONTRACTS[0] and reason is None and asks:
        reason = click.prompt(f"Why {determinism}, and no stronger contract?")
    project = project_at(root)
    request = Request(name, folder, question, determinism, reason)
    made = stamps(project.root, request)
    if not dry_run:
        write(project.root, made)
    wide = max(len(stamp.path) for stamp in made)
    for stamp in made:
        what = (
            ("would " if dry_run else "")
            + ("extend" if stamp.grown else "create")
            + ("" if dry_run else "d" if not stamp.grown else "ed")
        )
        click.echo(f"{what:<13} {stamp.path:<{wide}}  {stamp.about}")
    if not dry_run:
        click.echo(
            "it needs metaflow, hydra-core and numpy in the project's environment, and pytest for its tests\n"
            f"next: `flowgate gate`; then fill the seams of {flow_path(request)}, and `flowgate review --packet`"
        )
    return 0


def _upgrade(name: str | None, root: str | None, dry_run: bool) -> int:
    from flowgate.target import all_readable
    from flowgate.usecases.promote import Stamp, moves, write

    project = project_at(root)
    targets = all_readable(project, [])
    paths = [
        project.relative(module.path)
        for target in targets
        if name is None or target.path == name or os.path.basename(target.path) == f"{name}_flow.py"
        for module in target.flow.closure
    ]
    if name is not None and not paths:
        raise click.UsageError(f"{name} is no flow here ({', '.join(target.path for target in targets) or 'none'})")
    found, refused = moves(project.root, sorted(set(paths)))
    for move in found:
        click.echo(move.diff(), nl=False)
    if not dry_run:
        write(project.root, [Stamp(move.path, move.after, "", True) for move in found])
    if found:
        click.echo("next: `flowgate gate`: what was reviewed and proven is another flow now", err=True)
    for fault in refused:
        click.echo(f"flowgate: {fault}", err=True)
    if not found and not refused:
        click.echo("every shell and grid is the present copy", err=True)
    return 2 if refused else 0
