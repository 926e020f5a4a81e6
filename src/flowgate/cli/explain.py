"""`flowgate explain`."""

from __future__ import annotations

import shutil
import sys

import click

from flowgate.cli.options import project_at
from flowgate.errors import FlowgateError


@click.command("explain")
@click.argument("name", required=False, metavar="[RULE|FINDING]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
    help="How to print a rule: laid out for a terminal, where it is paged, or as Markdown.",
)
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the output.")
def command(name: str | None, form: str, folder: str | None, color: str) -> int:
    """Say what a rule is about: what goes wrong, what to write instead, and examples of both. Or show a finding.

    RULE is an id or a slug, such as FG501 or unseeded-rng. FINDING is an id that lint, review or prove printed: what is held
    against the flow, with the code it is about and, for a review, its quotes side by side. Without a name, every rule in a
    line.
    """
    from flowgate.explain import explain, listed
    from flowgate.report.explain import in_a_line, in_terminal, page
    from flowgate.report.style import use_color

    if name is None:
        click.echo("".join(in_a_line(one) for one in listed()), nl=False)
        return 0
    rule = explain(name)
    if "-" in name and name.partition("-")[0].upper() == rule.id:
        from flowgate.report.explain import of_finding
        from flowgate.usecases.findings import looked_up

        project = project_at(folder)
        try:
            found = looked_up(project, name)
            click.echo(of_finding(found, found.project, rule), nl=False)
            return 0
        except FlowgateError as error:  # the rule can be told of all the same
            click.echo(f"flowgate: {error}\n", err=True)
    text = page(rule) if form == "markdown" else in_terminal(rule, use_color(color))
    tall = text.count("\n") >= shutil.get_terminal_size().lines
    if sys.stdout.isatty() and tall and form == "text":
        click.echo_via_pager(text, color=use_color(color))
    else:
        click.echo(text, nl=False, color=True)
    return 0
