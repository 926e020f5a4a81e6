"""A program that is asked: text on its stdin, an answer on its stdout, within bounds of time and size."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time

from flowgate.errors import FlowgateError, Inconclusive

_MOST = 10_000_000
_LOOK = 0.1  # seconds between two looks at what it has printed


class Failed(Inconclusive):
    """The reviewer could not be reached or broke off, which says nothing of the flow: another try may do better."""


def run(command: list[str], text: str, timeout: float, folder: str) -> str:
    """What the program printed.

    Args:
        timeout: in seconds; after it, and on an interrupt, the whole process group is ended.
        folder: where it is started.

    Raises:
        FlowgateError: the program does not exist.
        Failed: it ended with another exit code than 0.
        Inconclusive: it printed too much, or took longer than the time-out.
    """
    name = os.path.basename(command[0])
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as grumbled:
        given.write(text.encode("utf-8", "surrogatepass"))
        given.seek(0)
        try:
            process = subprocess.Popen(
                command, stdin=given, stdout=said, stderr=grumbled, cwd=folder, start_new_session=True
            )
        except OSError as error:
            raise FlowgateError(f"the reviewer `{command[0]}` cannot be started: {error.strerror}") from None
        code = _wait(process, name, timeout, (said.fileno(), grumbled.fileno()))
        if code != 0:
            grumbled.seek(0)
            words = " ".join(grumbled.read(2000).decode("utf-8", "replace").split())
            raise Failed(f"the reviewer `{name}` failed with exit code {code}" + (f": {words}" if words else ""))
        said.seek(0)
        return said.read().decode("utf-8", "replace")


def _wait(process: subprocess.Popen[bytes], name: str, timeout: float, printed: tuple[int, ...]) -> int:
    end = time.monotonic() + timeout
    try:
        while True:
            try:
                code = process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                code = None
            if any(os.fstat(file).st_size > _MOST for file in printed):
                raise Inconclusive(
                    f"the reviewer `{name}` printed more than {_MOST // 1_000_000} MB; that is no review"
                )
            if code is not None:
                return code
            if time.monotonic() > end:
                raise Inconclusive(f"the reviewer `{name}` gave no answer within {timeout:.0f} s and was ended")
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        process.wait()
