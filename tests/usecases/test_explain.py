"""`flowgate explain`: laid out for a terminal, paged there, and as Markdown where that is asked for."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from flowgate.explain import listed
from tests.conftest import Flowgate, environment


@pytest.mark.parametrize("rule", [one.id for one in listed()])
def test_every_rule_is_laid_out_for_a_terminal(rule: str, tmp_path: Path, flowgate: Flowgate) -> None:
    done = flowgate(tmp_path, "explain", rule, COLUMNS="80")
    assert done.code == 0 and done.out.startswith(rule), done
    prose = done.out.partition("It fires on:")[0]
    assert "```" not in done.out and "**" not in prose
    assert all(len(line) <= 80 for line in prose.splitlines() if "`" not in line)


def test_markdown_and_colour_are_there_where_they_are_asked_for(tmp_path: Path, flowgate: Flowgate) -> None:
    assert flowgate(tmp_path, "explain", "FG505", "--format", "markdown").out.startswith("# FG505 salted-hash\n")
    assert "\x1b[" in flowgate(tmp_path, "explain", "FG505", "--color", "always").out
    assert "\x1b[" not in flowgate(tmp_path, "explain", "FG505").out


@pytest.mark.parametrize(("rows", "paged"), [(20, True), (5_000, False)])
def test_what_is_taller_than_the_terminal_is_paged(rows: int, paged: bool, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\ncat\n")
    pager.chmod(0o755)
    leader, follower = pty.openpty()
    variables = {"PAGER": str(pager), "LINES": str(rows), "COLUMNS": "80", "TERM": "xterm"}
    command = [sys.executable, "-m", "flowgate", "explain", "FG505"]
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment() | variables, cwd=tmp_path
    )
    os.close(follower)
    said = b""
    try:
        while chunk := os.read(leader, 4000):
            said += chunk
    except OSError:  # the other side is closed
        pass
    assert process.wait() == 0 and (b"PAGED" in said) == paged
    os.close(leader)
