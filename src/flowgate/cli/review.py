"""`flowgate review`."""

from __future__ import annotations

import click

from flowgate.cli.options import committed_option, common, project_at
from flowgate.report.style import use_color


@click.command("review")
@click.argument("flows", nargs=-1, metavar="[FLOW]...")
@click.option("--packet", is_flag=True, help="Print the packet for a person or any agent, and stop.")
@click.option(
    "--import", "source", metavar="FILE", help="Take a review made elsewhere, with the same checks; - is stdin."
)
@click.option(
    "--votes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Ask N times, independently: a new finding needs the majority, or it is recorded as contested.",
)
@click.option("--replay", is_flag=True, help="Judge nothing: only check that the committed reviews hold.")
@committed_option
@common("text")
def command(
    flows: tuple[str, ...],
    packet: bool,
    source: str | None,
    votes: int | None,
    replay: bool,
    as_committed: bool,
    folder: str | None,
    form: str,
    verbose: bool,
    quiet: bool,
    color: str,
) -> int:
    """Have flows judged against their sources of truth.

    Asks the reviewer of the settings (a command, a language model, or you in your editor), checks that every trap is
    answered and every quote is where it says, and writes the record that the gate replays. A review that does not hold is
    not recorded: exit code 3.

    \b
    flowgate review flow/noise_flow.py --packet > packet.md     give this to a person or an agent
    flowgate review flow/noise_flow.py --import review.json     and take the answer
    """
    from flowgate.report.progress import Progress
    from flowgate.report.review import show
    from flowgate.usecases import review as use

    if packet + replay + (source is not None) > 1:
        raise click.UsageError("--packet, --import and --replay exclude each other")
    if as_committed and not replay:
        raise click.UsageError("--as-committed goes with --replay")
    project = project_at(folder, flows)
    if packet:
        made = use.packet_of(project, list(flows))
        click.echo(made.text, nl=False)
        for words in made.left_out:
            click.echo(f"to keep to packet_size, {words}", err=True)
        return 0
    if source is not None:
        standings = [use.take_from(project, list(flows), source)]
    elif replay:
        standings = use.replay(project, list(flows), as_committed)
    else:
        with Progress(quiet) as progress:
            standings = use.ask_for(project, list(flows), votes, progress.tell_stage)
    click.echo(show(standings, project, quiet, use_color(color), verbose), nl=False, color=True)
    return use.exit_code(standings)
