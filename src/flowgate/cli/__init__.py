"""The command line: each command collects its options, makes one call and turns the answer into an exit code.

`flowgate lint`, with hardly more than paths, stands on the way of every commit: it is answered without loading what only the other
commands need. Anything else, a slip of the pen included, goes to click.
"""

from __future__ import annotations

import contextlib
import os
import sys

_ISOLATED = (
    "import sys; sys.argv[0] = 'flowgate'; sys.path.append(sys.argv.pop(1)); from flowgate.cli import main; main()"
)


def main() -> None:
    """The console entry point."""
    if not sys.flags.isolated and sys.executable:
        _start_isolated()
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


def _start_isolated() -> None:
    """Start again, where no file of the judged repository and no variable can take the place of what is imported.

    `python -I` has no PYTHON variables, no folder of the user's and not the present one on its path; where flowgate is installed
    comes last on it.
    """
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    bytecode = ["-B"] if sys.dont_write_bytecode else []
    with contextlib.suppress(OSError):  # a Python that cannot be started again goes on as it is
        os.execv(sys.executable, [sys.executable, "-I", *bytecode, "-c", _ISOLATED, here, *sys.argv[1:]])
