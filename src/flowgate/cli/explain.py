"""`flowgate explain`."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("name", required=False, metavar="[RULE|FINDING]")
def command(name: str | None) -> int:
    """Say what a rule is about: what goes wrong, what to write instead, and examples of both.

    RULE is an id or a slug, such as FG501 or unseeded-rng; the id of a finding names its rule. Without it, every rule in
    a line.
    """
    from flowgate.explain import explain, listed
    from flowgate.report.explain import in_a_line, page

    if name is None:
        click.echo("".join(in_a_line(one) for one in listed()), nl=False)
    else:
        click.echo(page(explain(name)), nl=False)
    return 0
