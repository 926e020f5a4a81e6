"""Any program as the reviewer: the packet on its stdin, the review as JSON on its stdout."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.settings import ReviewSettings

_MOST = 10_000_000


def ask(packet: str, settings: ReviewSettings, root: str) -> str:
    """What the program printed.

    Raises:
        FlowgateError: no command is configured, or it does not exist.
        Inconclusive: it failed, printed too much, or took longer than the time-out.
    """
    command = list(settings.command)
    if not command:
        raise FlowgateError('[tool.flowgate.review] reviewer is "command", but `command` is empty')
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as grumbled:
        given.write(packet.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(
                command, stdin=given, stdout=said, stderr=grumbled, cwd=root, start_new_session=True
            )
        except OSError as error:
            raise FlowgateError(f"the reviewer `{command[0]}` cannot be started: {error.strerror}") from None
        code = _wait(process, settings.timeout)
        if code != 0:
            grumbled.seek(0)
            words = grumbled.read(2000).decode("utf-8", "replace").strip()
            raise Inconclusive(
                f"the reviewer `{command[0]}` failed with exit code {code}" + (f": {words}" if words else "")
            )
        if os.fstat(said.fileno()).st_size > _MOST:
            raise Inconclusive(
                f"the reviewer `{command[0]}` printed more than {_MOST // 1_000_000} MB; that is no review"
            )
        said.seek(0)
        return said.read().decode("utf-8", "replace")


def _wait(process: subprocess.Popen[bytes], timeout: float) -> int:
    """Its exit code; on a time-out or an interrupt its whole process group is ended."""
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise Inconclusive(f"the reviewer gave no answer within {timeout:.0f} s and was ended") from None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        process.wait()
