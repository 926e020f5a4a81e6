"""The commands, each loaded when it is asked for, and what becomes of their failures."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from flowgate import __version__
from flowgate.errors import FlowgateError

COMMANDS = {
    "init": "wire a repository: settings, hooks, workflow, CODEOWNERS; never overwrites",
    "promote": "stamp a promoted flow that runs, lints and proves at once; or move its wiring to the present copy",
    "lint": "static check of the flows: mechanical traps that give wrong numbers",
    "review": "have a flow judged against its sources of truth, or print the packet for it",
    "prove": "run the arms that the contract asks for, and compare their conclusions exactly",
    "override": "accept a finding in the ledger, with a reason",
    "gate": "all layers, one verdict: what CI requires",
    "run": "execute a flow, if lint and review let it",
    "show-config": "the config that a flow would run with, and where each value is written",
    "status": "how every flow stands in every layer, and what to do next",
    "report": "the verdict, findings, overrides and proven conclusions as one page to read and to keep",
    "explain": "what a rule is about, with examples; or a finding, with its quotes side by side",
    "results": "the proven conclusions, from the surface of the proven run",
}


class LazyGroup(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"flowgate.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from difflib import get_close_matches

        name = args[0] if args else ""
        near = get_close_matches(name, COMMANDS, 1) if name not in COMMANDS else []
        if near:
            ctx.fail(f"no such command {name!r}; did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="flowgate")
@click.option("-C", "folder", metavar="DIR", default=None, help="Work as if started in DIR.")
@click.pass_context
def cli(ctx: click.Context, folder: str | None) -> None:
    """Nothing merges, and nothing runs, until a Metaflow experiment is clean, reviewed and proven.

    \b
    flowgate lint                       is it clean?
    flowgate review FLOW --packet       what a judge needs to review it
    flowgate prove FLOW                 does it give the same conclusions, however it is scheduled?
    flowgate gate                       all of it, one verdict
    flowgate status                     how it stands, and what to do next

    Exit codes: 0 pass, 1 blocked, 2 usage or configuration error, 3 inconclusive. Only 0 lets anything through.
    """
    ctx.obj = folder


def start() -> None:
    """Run the command that was asked for: every way to fail ends here, with its exit code and no traceback for a user's mistake."""
    try:
        code = cli.main(prog_name="flowgate", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except FlowgateError as error:
        click.echo(f"flowgate: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Exception:
        sys.exit(unexpected())


def unexpected() -> int:
    """A fault of ours: shown whole, and never taken for a pass."""
    import traceback

    traceback.print_exc()
    click.echo(
        "\nflowgate: this is a fault in flowgate, and nothing was decided. Please report it, with the above.", err=True
    )
    return 3
