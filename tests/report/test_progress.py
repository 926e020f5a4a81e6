"""Progress: one line on a terminal, a few quiet ones elsewhere, and from within a hook the terminal of the person."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.conftest import environment

TELLING = textwrap.dedent("""
    import os, sys
    from flowgate.report.progress import Progress
    print("flowgate prove.....", end="", flush=True)
    with Progress(False) as progress:
        progress.tell("comparing", None, 0, 0, 1.0)
    print("Passed", flush=True)
""")


def in_terminal(**variables: str) -> str:
    """What a terminal is sent by a process that belongs to it, whose standard error is a pipe, as a hook's is."""
    leader, follower = pty.openpty()
    start = (
        "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 2); exec(sys.argv[1])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start, TELLING],
        stdin=follower,
        stdout=follower,
        stderr=subprocess.PIPE,
        env=environment() | variables,
    )
    os.close(follower)
    said = b""
    while chunk := _read(leader):
        said += chunk
    process.wait()
    assert process.stderr is not None
    process.stderr.close()
    os.close(leader)
    return said.decode()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 1000)
    except OSError:  # the other side is closed
        return b""


def test_a_hook_shows_its_progress_on_the_terminal_and_takes_it_back() -> None:
    said = in_terminal(PRE_COMMIT="1", TERM="xterm")
    assert said.index("flowgate prove.....") < said.index("comparing ...") < said.index("Passed")
    assert "\r\x1b[K\x1b8Passed" in said, "the line is cleared, and the result stands where pre-commit left off"


def test_elsewhere_nothing_is_sent_to_a_terminal_that_was_not_given() -> None:
    assert "comparing" not in in_terminal(TERM="xterm")
    assert "comparing" not in in_terminal(PRE_COMMIT="1", TERM="dumb")


def test_without_a_terminal_it_is_told_in_lines(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TELLING],
        env=environment() | {"PRE_COMMIT": "1", "TERM": "xterm"},
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert done.stderr == "comparing\n"
