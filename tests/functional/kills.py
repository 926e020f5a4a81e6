"""Proofs that are killed at random moments, and what is left of them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.conftest import environment, write
from tests.functional.flows import SHARED, fan, settings

_LONGEST = 6.0


def processes_of(marker: str) -> list[psutil.Process]:
    """Every process whose command line holds `marker`."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if marker in " ".join(process.info["cmdline"] or []):
            found.append(process)
    return found


def gone_within(marker: str, seconds: float) -> bool:
    """Whether no such process is left, waiting that long for it."""
    until = time.monotonic() + seconds
    while processes_of(marker):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def kill_proofs(folder: Path, times: int, seed: int) -> list[str]:
    """Prove a flow that does not hold, `times` times, and kill flowgate at random moments; what went wrong.

    A receipt may be there, where the proof was decided before the kill; it must then say that the flow is blocked.
    """
    write(folder, {"flow.py": fan("note(self.index)", before=SHARED, parts=3), "flowgate.toml": settings()})
    drawn, wrong = random.Random(seed), []
    for turn in range(times):
        process = subprocess.Popen(
            [sys.executable, "-m", "flowgate", "prove", "--no-cache", "--quiet"],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        moment = drawn.uniform(0, _LONGEST)
        time.sleep(moment)
        process.kill()
        process.wait()
        if not gone_within(str(folder / "flow.py"), 10):
            wrong.append(f"proof {turn}, killed after {moment:.1f} s, left a process")
        for receipt in folder.glob(".flowgate/cache/proofs/*/receipt*.json"):
            if json.loads(receipt.read_text())["verdict"] != "blocked":
                wrong.append(f"proof {turn}, killed after {moment:.1f} s, left a wrong receipt")
            receipt.unlink()
    return wrong
