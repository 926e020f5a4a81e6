"""`flowgate lint`."""

from __future__ import annotations

import click

from flowgate.cli.options import committed_option, common, project_at
from flowgate.report.style import from_here, use_color


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--fix", is_flag=True, help="Mend what can be mended in exactly one way, then show what is left.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--pedantic", is_flag=True, help="Warn also where the values cannot be told.")
@click.option("--no-cache", is_flag=True, help="Judge anew what has not changed since it was judged.")
@committed_option
@common("text", "json", "sarif", "github")
def command(
    paths: tuple[str, ...],
    fix: bool,
    diff: bool,
    pedantic: bool,
    no_cache: bool,
    as_committed: bool,
    folder: str | None,
    form: str,
    verbose: bool,
    quiet: bool,
    color: str,
) -> int:
    """Check flows for mechanical traps that pass the obvious tests and give wrong numbers.

    Without PATH, every flow of the repository. Nothing of yours is imported or run; neither Metaflow nor torch is
    needed. ruff runs beside, for what ruff already knows. Exit code 1 where an error is open, or --diff has something to
    show; warnings alone exit 0. `flowgate explain FG501` says what a rule is about.
    """
    from flowgate.report.findings import show
    from flowgate.report.progress import Progress
    from flowgate.usecases.lint import check

    project = project_at(folder, paths)
    if fix and diff:
        raise click.UsageError("--fix changes files and --diff does not; give one of them")
    if diff:
        from flowgate.usecases.fix import changes

        shown = [change.diff(from_here(project, change.path)) for change in changes(project, list(paths))]
        click.echo("".join(shown), nl=False)
        return 1 if shown else 0
    if fix:
        from flowgate.usecases.fix import fix as mend

        mended = mend(project, list(paths))
        if mended and not quiet:
            click.echo(f"fixed: {mended} finding{'s' * (mended != 1)}", err=True)
    with Progress(quiet) as progress:
        report = check(project, list(paths), pedantic, no_cache, progress.tell_files, as_committed)
    click.echo(show(report, form, quiet, use_color(color), verbose), nl=False, color=True)
    return 1 if report.blocks else 0
