"""Run a command in a world of its own: namespaces, and an overlay over every file system of this machine.

Run as a folder (`python -I world BOX COMMAND...`) by the parent of an arm. Standard library only, and no import of flowgate. BOX
is a JSON object, see `flowgate.prove.sandbox.Box`. Exits as the command does; with 125, and a line on standard error that begins
with `not sealed: `, where the kernel does not allow it: then nothing was run.

What the command writes goes to a file system in memory that ends with the last process in it. Only the folders that BOX names
under `shares` are this machine's own.
"""

import sys

from flowgate_world.enter import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
