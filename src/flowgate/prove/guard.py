"""A small parent for an arm: it ends the whole process group when flowgate closes the pipe, or is no more.

Started as its own session leader with flowgate's end of a pipe on stdin. Standard library only, and no import of
flowgate: it is run as a plain script, so that nothing but a kernel can separate it from its group.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys

_PATIENCE = 5.0


def main(arguments: list[str]) -> int:
    """Run the command; its exit code, or 143 where the pipe was closed before it ended.

    Args:
        arguments: a folder that is removed where the pipe was closed, empty for none, and the command.
    """
    scratch, *command = arguments
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, lambda *_: None)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    while child.poll() is None:
        ready, _, _ = select.select([0, woken], [], [], 1.0)
        if woken in ready:
            os.read(woken, 4096)
        if 0 in ready and not os.read(0, 1):
            return _end(child, scratch)
    if child.returncode < 0:  # a scheduler that was killed leaves its tasks behind
        os.killpg(0, signal.SIGKILL)
    return child.returncode


def _end(child: subprocess.Popen[bytes], scratch: str) -> int:
    """Ask the group to stop, wait a little, then stop it; this process goes with it."""
    os.killpg(0, signal.SIGTERM)
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        pass
    if scratch:
        shutil.rmtree(scratch, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)
    return 143


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
