"""However a proof ends, nothing of it goes on: no process, no folder, no receipt that says something else."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flowgate.prove.sandbox import why_not
from tests.conftest import environment, git
from tests.security.flows import FAN, LINE, repository
from tests.security.unsealed import without_worlds

pytestmark = pytest.mark.slow
PROVE = [sys.executable, "-I", "-m", "flowgate", "prove", "flow.py", "--no-cache", "--quiet"]
SEALED = pytest.param([], id="sealed", marks=pytest.mark.skipif(bool(why_not("/")), reason="no world can be made here"))
UNSEALED = pytest.param(without_worlds([]), id="unsealed")
STUBBORN = """
import signal, time

def work(index):
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", program, {mark!r}], start_new_session=True, stdout=-3, stderr=-3)
    time.sleep(600)
"""
BOMB = """
import time

def work(index):
    for _ in range(200):
        subprocess.Popen(["sleep", "600.{pid}"], start_new_session=True, stdout=-3, stderr=-3)
    return index
"""


def alive(mark: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if mark in " ".join(one.info["cmdline"] or [])]


def gone(mark: str, patience: float = 30.0) -> bool:
    """Whether no process with this mark on its command line is left; a loaded machine is given time."""
    until = time.monotonic() + patience
    while alive(mark):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def left_behind(before: set[str]) -> set[str]:
    """What is in the folder for temporary files now and was not, of flowgate's."""
    return {name for name in os.listdir("/tmp") if name.startswith("flowgate")} - before


def start(folder: Path, wrapper: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*wrapper, *PROVE], cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.parametrize("wrapper", [SEALED, UNSEALED])
def test_a_daemon_that_ignores_every_signal_ends_when_flowgate_is_interrupted(
    wrapper: list[str], tmp_path: Path
) -> None:
    mark = f"mark-{os.getpid()}-{len(wrapper)}"
    repository(tmp_path, FAN.format(before=STUBBORN.format(mark=mark)))
    process = start(tmp_path, wrapper)
    until = time.monotonic() + 300
    while not alive(mark) and time.monotonic() < until:
        time.sleep(0.1)
    assert alive(mark), "the flow has started its daemon"
    process.send_signal(signal.SIGINT)
    assert process.wait(300) == 130
    if not wrapper:
        assert gone(mark)
    assert gone(str(tmp_path / "flow.py"))
    assert not list(tmp_path.glob(".flowgate/cache/proofs/*/receipt*"))


@pytest.mark.skipif(bool(why_not("/")), reason="no world can be made here")
def test_two_hundred_processes_end_with_their_world(tmp_path: Path) -> None:
    repository(tmp_path, LINE.format(before=BOMB.format(pid=os.getpid()).replace("work(index)", "work(index=0)")))
    process = start(tmp_path, [])
    assert process.wait(500) == 0
    assert gone(f"600.{os.getpid()}")


@pytest.mark.parametrize("wrapper", [SEALED, UNSEALED])
def test_a_killed_proof_leaves_nothing(wrapper: list[str], tmp_path: Path) -> None:
    """At moments that are spread over a proof; `bench/prove.py kills` does it fifty times."""
    repository(tmp_path, FAN.format(before="def work(index):\n    return os.getpid()\n"))
    before, drawn = left_behind(set()), random.Random(5)
    for _ in range(5):
        process = start(tmp_path, wrapper)
        time.sleep(drawn.uniform(0, 5))
        process.kill()
        process.wait()
        assert gone(str(tmp_path / "flow.py"))
        for receipt in tmp_path.glob(".flowgate/cache/proofs/*/receipt*.json"):
            assert '"verdict": "blocked"' in receipt.read_text()
            receipt.unlink()
    until = time.monotonic() + 30
    while (left_behind(before) or runs(tmp_path)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left_behind(before) and not runs(tmp_path)
    assert git(tmp_path, "status", "--porcelain").out == ""


def runs(folder: Path) -> list[Path]:
    return list(folder.glob(".flowgate/cache/proofs/*/run-*"))


FULL = """
def work():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "large"), "wb") as file:
        for _ in range(1 << 22):
            file.write(bytes(1 << 20))
    return 1
"""


@pytest.mark.skipif(bool(why_not("/")), reason="no world can be made here")
def test_a_full_layer_is_inconclusive_and_said(tmp_path: Path) -> None:
    """A layer may take a part of the memory: a file of 4 TB has no room in it."""
    repository(tmp_path, LINE.format(before=FULL))
    done = subprocess.run([*PROVE, "--format", "json"], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 3, done
    assert "No space left" in done.stdout, done.stdout
    assert not (tmp_path / "large").exists()
