"""Paired measurements: the two sides take turns, so that a noisy machine is noisy for both."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

BIN = Path(sys.executable).parent


class Pair(NamedTuple):
    """Seconds of ours and of the peer, turn by turn."""

    ours: list[float]
    peer: list[float]

    @property
    def ratio(self) -> float:
        """The median of the turns' ratios."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.ours, self.peer, strict=True))

    @property
    def excess(self) -> float:
        """The median of the turns' differences, in seconds."""
        return statistics.median(mine - theirs for mine, theirs in zip(self.ours, self.peer, strict=True))


def paired(ours: Callable[[], object], peer: Callable[[], object], turns: int) -> Pair:
    """Time both sides, `turns` times each, who goes first changing every turn."""
    made: tuple[list[float], list[float]] = ([], [])
    for turn in range(turns):
        for side in (0, 1) if turn % 2 else (1, 0):
            began = time.perf_counter()
            (ours, peer)[side]()
            made[side].append(time.perf_counter() - began)
    return Pair(*made)


def run(command: list[str], folder: Path, codes: tuple[int, ...] = (0,), **extra: str) -> str:
    """Run a command to its end, quietly; its output."""
    done = subprocess.run(command, cwd=folder, env=environment() | extra, capture_output=True, text=True, check=False)
    if done.returncode not in codes:
        raise SystemExit(
            f"{' '.join(command)} exited with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout


def environment() -> dict[str, str]:
    """The caller's, without settings of Metaflow or Python and with this environment's programs first."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("METAFLOW", "FLOWGATE", "PYTHON", "GITHUB_"))
    }
    path = os.pathsep.join([str(BIN), kept.get("PATH", "")])
    return kept | {"METAFLOW_USER": "bench", "PATH": path, "VIRTUAL_ENV": sys.prefix, "NO_COLOR": "1"}


def peak_of_children() -> float:
    """The largest resident memory that any child process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def told(bar: str, figure: str, holds: bool) -> bool:
    """Print one line of the table."""
    print(f"{'ok  ' if holds else 'MISS'}  {bar:<78}{figure}", flush=True)
    return holds
