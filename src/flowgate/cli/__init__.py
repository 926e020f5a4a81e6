"""The command line: each command collects its options, makes one call and turns the answer into an exit code.

`flowgate lint`, with hardly more than paths, stands on the way of every commit: it is answered without loading what only the other
commands need. Anything else, a slip of the pen included, goes to click.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The console entry point."""
    arguments = sys.argv[1:]
    options = {argument for argument in arguments if argument.startswith("-")}
    if arguments[:1] == ["lint"] and options <= {"--no-cache", "--as-committed"}:
        from flowgate.cli.quick import lint

        paths = [argument for argument in arguments[1:] if argument not in options]
        code = lint(paths, "--no-cache" in options, "--as-committed" in options)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what was read need not be taken apart again
    from flowgate.cli.group import start

    start()
