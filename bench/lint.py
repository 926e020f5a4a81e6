"""`make bench`: what a lint answer costs beside starting an interpreter, parsing, and other linters.

    python bench/lint.py [one|many|growth]...

Every command is a process of its own, started in turn with its peers. Ratios are of medians in one measurement; a bar that
is missed ends the program with 1.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench.measure import BIN, environment, told  # noqa: E402

PYTHON, FLOWGATE, RUFF = sys.executable, str(BIN / "flowgate"), str(BIN / "ruff")
PARSE = "import ast, glob\nfor name in glob.glob('*.py'):\n    ast.parse(open(name, 'rb').read())"
HEAD = '''"""Fits one model on each site's measurements, and compares them."""

import json
import os
from collections import defaultdict

import numpy as np
from metaflow import FlowSpec, Parameter, card, resources, step


class Sites{number}Flow(FlowSpec):
    """Which site's measurements can be predicted?"""

    seed = Parameter("seed", default={number}, help="seed of every generator")
    folder = Parameter("folder", default="/data/sites", help="where the measurements lie")
    share = Parameter("share", default=0.8, help="share of the rows to train on")

    @step
    def start(self):
        """One branch a site."""
        self.sites = sorted(os.listdir(self.folder))
        self.next(self.fit, foreach="sites")

    @resources(memory=4000)
    @step
    def fit(self):
        """Fit on one part of the rows, and score on the other."""
        rng = np.random.default_rng(self.seed + self.index)
        rows = load(os.path.join(self.folder, self.input))
        order = rng.permutation(len(rows))
        cut = int(len(rows) * self.share)
        self.site = self.input
        self.model = fit_{number}(rows[order[:cut]])
        self.error = float(np.abs(predict(self.model, rows[order[cut:]]) - rows[order[cut:], 0]).mean())
        self.next(self.compare)

    @step
    def compare(self, inputs):
        """All sites in one table."""
        self.table = {{one.site: one.error for one in inputs}}
        self.best = min(self.table, key=self.table.get)
        self.next(self.end)

    @card
    @step
    def end(self):
        """Print the table."""
        print(json.dumps(self.table, indent=1), self.best)


def load(path):
    """The rows of one site."""
    return np.loadtxt(path, delimiter=",")


def predict(model, rows):
    """A line through each column."""
    return rows[:, 1:] @ model


def fit_{number}(rows):
    """Least squares."""
    solution, *_ = np.linalg.lstsq(rows[:, 1:], rows[:, 0], rcond=None)
    return solution


if __name__ == "__main__":
    Sites{number}Flow()
'''
HELPER = '''

def summary_{number}(table, limit={number}):
    """The sites whose error is below a limit, by the first letter of their names."""
    found = defaultdict(list)
    for site, error in sorted(table.items()):
        if error < limit:
            found[site[:1]].append((site, round(error, 3)))
        elif error == limit:
            found["="].append((site, limit))
    return {{letter: dict(pairs) for letter, pairs in found.items()}}
'''


def flow(number: int, lines: int) -> str:
    """A flow of about so many lines, like no other."""
    text, at = HEAD.format(number=number), 0
    count = text.count("\n")
    while count < lines:
        at += 1
        piece = HELPER.format(number=f"{number}{at:04}")
        text, count = text + piece, count + piece.count("\n")
    return text


def one(folder: Path) -> bool:
    """One flow of 220 lines."""
    (folder / "flow.py").write_text(flow(1, 220))
    taken = _take(
        folder,
        {
            "python -c pass": [PYTHON, "-c", "pass"],
            "import click": [PYTHON, "-c", "import click"],
            "ast.parse": [PYTHON, "-c", PARSE],
            "ruff": [RUFF, "check", "--isolated", "--no-cache", "flow.py"],
            "flake8": [str(BIN / "flake8"), "flow.py"],
            "flow.py check --no-pylint": [PYTHON, "flow.py", "--no-pylint", "check"],
            "pylint": [str(BIN / "pylint"), "flow.py"],
            "flowgate lint --no-cache": [FLOWGATE, "lint", "--no-cache", "flow.py"],
            "flowgate lint": [FLOWGATE, "lint", "flow.py"],
        },
        turns=15,
        seldom=("pylint", "flow.py check --no-pylint"),
    )
    ours, first = taken["flowgate lint"], taken["flowgate lint --no-cache"]
    _table(taken)
    return all(
        [
            told(
                "one flow, against `import click`: at most 1x",
                f"{ours / taken['import click']:.2f}x",
                ours <= taken["import click"],
            ),
            told(
                "one flow, against flake8: at most 1/2.5",
                f"{ours / taken['flake8']:.2f}x",
                ours * 2.5 <= taken["flake8"],
            ),
            told("  the same, nothing remembered", f"{first / taken['flake8']:.2f}x", first * 2.5 <= taken["flake8"]),
            told(
                "one flow, against `flow.py check --no-pylint`: at most 1/6",
                f"{ours / taken['flow.py check --no-pylint']:.2f}x",
                ours * 6 <= taken["flow.py check --no-pylint"],
            ),
        ]
    )


def many(folder: Path) -> bool:
    """963 flows of 30 to 220 lines."""
    for number in range(1, 964):
        (folder / f"flow{number}.py").write_text(flow(number, 70 + number % 150))
    taken = _take(
        folder,
        {
            "ast.parse": [PYTHON, "-c", PARSE],
            "ruff": [RUFF, "check", "--isolated", "--no-cache", "."],
            "flake8": [str(BIN / "flake8"), "--jobs=2", "."],
            "flowgate lint --no-cache": [FLOWGATE, "lint", "--no-cache"],
            "flowgate lint": [FLOWGATE, "lint"],
        },
        turns=5,
        seldom=("flake8",),
    )
    cold, warm = taken["flowgate lint --no-cache"], taken["flowgate lint"]
    _table(taken)
    return all(
        [
            told(
                "963 flows, nothing remembered, against ast.parse: at most 2.5x",
                f"{cold / taken['ast.parse']:.2f}x",
                cold <= 2.5 * taken["ast.parse"],
            ),
            told("963 flows, remembered: under 0.5 s", f"{warm:.2f} s", warm < 0.5),
            told(
                "963 flows, nothing remembered, against flake8",
                f"{cold / taken['flake8']:.3f}x",
                cold < taken["flake8"],
            ),
        ]
    )


def growth(folder: Path) -> bool:
    """Ten times the files, and ten times the lines, take about ten times as long."""
    held = []
    seconds = {}
    for count in (100, 1000, 10_000):
        place = folder / str(count)
        place.mkdir()
        for number in range(count):
            (place / f"flow{number}.py").write_text(flow(number, 90))
        seconds[count] = _take(place, {"lint": [FLOWGATE, "lint", "--no-cache"]}, turns=3 if count < 10_000 else 1)[
            "lint"
        ]
        shutil.rmtree(place)
    held.append(_linear("files", seconds))
    seconds = {}
    for lines in (1000, 10_000, 50_000):
        (folder / "flow.py").write_text(flow(1, lines))
        seconds[lines] = _take(folder, {"lint": [FLOWGATE, "lint", "--no-cache", "flow.py"]}, turns=3)["lint"]
    held.append(_linear("lines", seconds))
    return all(held)


def _linear(what: str, seconds: dict[int, float]) -> bool:
    """Whether the last step costs no more than its factor allows: what is fixed is in the first figure."""
    (_, few), (middle, some), (most, all_) = seconds.items()
    shown = ", ".join(f"{count}: {taken:.2f} s" for count, taken in seconds.items())
    factor = (all_ - few) / max(some - few, 1e-9) / ((most - next(iter(seconds))) / (middle - next(iter(seconds))))
    return told(f"growth in {what} ({shown}), per {what[:-1]} at most 1.3x", f"{factor:.2f}x", factor <= 1.3)


def _take(folder: Path, commands: dict[str, list[str]], turns: int, seldom: tuple[str, ...] = ()) -> dict[str, float]:
    """The median seconds of each command, all of them in turn; `seldom` those that are run three times at most."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(-1, turns):  # the first turn is not counted: it fills the caches of the file system and of lint
        for name, command in commands.items():
            if turn >= 3 and name in seldom:
                continue
            began = time.perf_counter()
            done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)
            if turn >= 0:
                taken[name].append(time.perf_counter() - began)
            if done.returncode not in (0, 1) and name not in ("pylint",):
                raise SystemExit(f"{name} exited with {done.returncode}: {done.stderr.decode()[-500:]}")
    return {name: statistics.median(found) for name, found in taken.items()}


def _table(taken: dict[str, float]) -> None:
    for name, seconds in taken.items():
        print(f"      {name:<32}{seconds * 1000:>9.0f} ms")


PARTS: dict[str, Callable[[Path], bool]] = {"one": one, "many": many, "growth": growth}


def main(names: list[str]) -> int:
    """Run some parts, or all; 1 where a bar is missed."""
    held = []
    for name in names or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            held.append(PARTS[name](Path(folder)))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
