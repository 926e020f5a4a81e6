"""The command line: each command collects its options, makes one call and turns the answer into an exit code.

`flowgate lint`, with paths alone, stands on the way of every commit: it is answered without loading what only the other
commands need. Anything else, a slip of the pen included, goes to click.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The console entry point."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["lint"] and not any(argument.startswith("-") for argument in arguments):
        from flowgate.cli.quick import lint

        sys.exit(lint(arguments[1:]))
    from flowgate.cli.group import start

    start()
