"""`flowgate prove`."""

from __future__ import annotations

import click

from flowgate.cli.options import committed_option, common, overrides_option, project_at
from flowgate.report.style import use_color


@click.command("prove")
@click.argument("flows", nargs=-1, metavar="[FLOW]...")
@common("text", "json", "github")
@click.option("--no-cache", is_flag=True, help="Run the arms even where a receipt would do.")
@committed_option
@overrides_option
@click.option(
    "--schedules", type=click.IntRange(0), metavar="K", help="Try K more orders, drawn at random from a seed."
)
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Arms side by side. Default: 2 where there are cores."
)
@click.option("--compare", nargs=2, metavar="RUN RUN", help="Run nothing: compare two runs, such as `NoiseFlow/17`.")
@click.option("--diagnose", is_flag=True, help="Change one thing at a time, and say which one makes the difference.")
@click.option("--suggest", is_flag=True, help="Say which contract the flow could declare: the strongest that holds.")
def command(
    flows: tuple[str, ...],
    folder: str | None,
    form: str,
    verbose: bool,
    quiet: bool,
    color: str,
    no_cache: bool,
    as_committed: bool,
    overrides: tuple[str, ...],
    schedules: int | None,
    jobs: int | None,
    compare: tuple[str, str] | None,
    diagnose: bool,
    suggest: bool,
) -> int:
    """Run the arms that a flow's contract asks for, and compare their conclusions exactly.

    \b
    order_independent   one worker in Metaflow's own order, against up to 16 with the order of every split reversed;
                        and, where tasks touch the same things, a third order in which all are under way at once
    single_worker       two runs at one worker
    nondeterministic    nothing is run; the declared reason is shown

    The arms are real runs in the project's own environment, in a store of their own. Whatever may differ between two
    plain runs differs between them: hash salts, join inputs, listings, addresses, dates and more (docs/proof.md).
    There is no tolerance: the surface is equal bit for bit, or the first task and artifact that differ are named.

    \b
    flowgate prove                                  every flow that declares a contract
    flowgate prove flow/noise_flow.py --schedules 5
    flowgate prove flow/noise_flow.py --diagnose    after a divergence: what makes it
    flowgate prove flow/noise_flow.py --suggest     before a contract is declared
    flowgate prove --compare NoiseFlow/17 NoiseFlow/18
    """
    from flowgate.outcome import EXIT_CODES, overall
    from flowgate.report import proof as report
    from flowgate.report.progress import Progress
    from flowgate.usecases import prove as use

    if (compare is not None) + diagnose + suggest > 1:
        raise click.UsageError("--compare, --diagnose and --suggest exclude each other")
    project, paint = project_at(folder, flows), use_color(color)
    wanted = use.Wanted(overrides, schedules, jobs, no_cache, as_committed)
    with Progress(quiet or form == "json") as progress:
        if diagnose:
            diagnosed = use.diagnose(project, list(flows), wanted, progress.tell)
            text, code = report.show_diagnoses(diagnosed, project, form, paint), int(any(d.culprit for d in diagnosed))
        elif suggest:
            suggested = use.suggest(project, list(flows), wanted, progress.tell)
            text, code = report.show_suggestions(suggested, project, form), 0
        else:
            one = use.compare(project, list(flows), compare) if compare is not None else None
            proofs = [one] if one is not None else use.prove_flows(project, list(flows), wanted, progress.tell)
            text = report.show_proofs(proofs, project, form, paint, quiet, verbose)
            code = EXIT_CODES[overall([proof.verdict for proof in proofs])]
    click.echo(text, nl=False, color=True)
    return code
