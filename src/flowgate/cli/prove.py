"""`flowgate prove`."""

from __future__ import annotations

import click

from flowgate.cli.options import common, project_at, use_color


@click.command("prove")
@click.argument("flows", nargs=-1, metavar="[FLOW]...")
@common("text", "json", "github")
@click.option("--no-cache", is_flag=True, help="Run the arms even where a receipt would do.")
def command(flows: tuple[str, ...], folder: str | None, form: str, quiet: bool, color: str, no_cache: bool) -> int:
    """Run the arms that a flow's contract asks for, and compare their conclusions exactly.

    \b
    order_independent   one worker in natural order, against several with the order of every split reversed
    single_worker       two runs at one worker, under different hash seeds
    nondeterministic    nothing is run; the declared reason is shown

    The arms are real runs in the project's own environment, in a store of their own. There is no tolerance: the
    surface is equal bit for bit, or the first task and artifact that differ are named.
    """
    from flowgate.report.progress import Progress
    from flowgate.report.verdict import show_proofs
    from flowgate.usecases.prove import prove_flows
    from flowgate.verdict import EXIT_CODES, layer_result, overall

    project = project_at(folder)
    with Progress(quiet or form == "json") as progress:
        proofs = prove_flows(project, list(flows), progress.tell, fresh=no_cache)
    click.echo(show_proofs(proofs, project, form, use_color(color)), nl=False, color=True)
    return EXIT_CODES[overall([layer_result(list(proof.findings), proof.verdict) for proof in proofs])]
