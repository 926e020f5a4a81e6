"""`make bench`: what the hooks cost a commit, in a repository of 50 promoted flows and 2,000 files.

    python bench/commit.py

Every command is a process of its own, as pre-commit starts it, and takes turns with its peer: ruff over the same repository.
Ratios are of medians in one measurement; a bar that is missed ends the program with 1.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench.measure import BIN, paired, run, told  # noqa: E402

FLOWS, FILES, TURNS = 50, 2_000, 9
FLOWGATE, RUFF = str(BIN / "flowgate"), str(BIN / "ruff")
LINT, REPLAY = [FLOWGATE, "lint", "--as-committed"], [FLOWGATE, "review", "--replay", "--as-committed"]
GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org"]


def repository(folder: Path) -> None:
    """Fifty promoted flows with a review each, among modules and documents, all committed."""
    run(["git", "init", "-q", "-b", "main"], folder)
    (folder / "flowgate.toml").touch()
    for number in range(FLOWS):
        run([FLOWGATE, "promote", f"noise{number}", "--folder", f"noise{number}"], folder)
    for number in range(FILES - FLOWS * 11):
        is_code = number % 4
        path = folder / f"package{number % 40}" / (f"module{number}.py" if is_code else f"notes{number}.md")
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"def part(x):\n    return x + {number}\n" if is_code else f"# Notes {number}\n")
    review(folder)
    run([*GIT, "add", "-A"], folder)
    run([*GIT, "commit", "-q", "-m", "all of it"], folder)


def review(folder: Path) -> None:
    """A record of every flow's review, taken as `flowgate review --import` takes one."""
    from flowgate.project import open_project
    from flowgate.review.answers import SCHEMA
    from flowgate.review.case import open_case
    from flowgate.review.judge import take
    from flowgate.review.rubric import TRAPS
    from flowgate.target import all_readable

    before = os.getcwd()
    os.chdir(folder)
    for target in all_readable(open_project("."), []):
        case = open_case(target)
        source, text = next(iter(case.sources.items()))
        quotes = [{"path": target.path, "text": f"class {target.flow.name}(FlowSpec):"}]
        quotes.append({"path": source, "text": text.splitlines()[0]})
        answers = [{"trap": trap.id, "answer": "clear", "reason": "it agrees", "quotes": quotes} for trap in TRAPS]
        said = {"schema": SCHEMA, "flow": target.path, "subject": case.subject, "answers": answers}
        take(target, json.dumps(said), "import", "bench")
    os.chdir(before)


def edited(folder: Path) -> Callable[[], None]:
    """Change one flow's file, another way every time, and stage it."""
    turn = iter(range(1_000_000))
    (path,) = folder.glob("noise7/**/noise7_flow.py")
    text = path.read_text()

    def edit() -> None:
        path.write_text(f"{text}\n# {next(turn)}\n")
        run([*GIT, "add", str(path)], folder)

    return edit


def main() -> int:
    """Measure, and say where a bar is missed."""
    folder = Path(tempfile.mkdtemp(prefix="bench-commit-"))
    try:
        return _measured(folder)
    finally:
        shutil.rmtree(folder)


def _measured(folder: Path) -> int:
    repository(folder)
    files = sum(1 for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    print(f"{FLOWS} promoted flows, each reviewed, among {files} files; {TURNS} turns")
    edit = edited(folder)
    hooks, peer = _hooks(folder), lambda: run([RUFF, "check", "--quiet", "--no-cache", "."], folder, codes=(0, 1))
    hooks()
    held = []
    for name, before, bar in (
        ("nothing changed: both hooks", lambda: None, 1.0),
        ("one flow edited: both hooks", edit, 1.0),
    ):

        def ours(before: Callable[[], None] = before) -> float:
            before()
            return hooks()

        spent = statistics.median(ours() for _ in range(TURNS))
        pair = paired(ours, peer, TURNS)
        figure = f"{spent:.2f} s, {pair.ratio:.1f}x ruff check"
        held.append(told(f"{name} under {bar:.0f} s on a warm machine", figure, spent < bar))
    return 0 if all(held) else 1


def _hooks(folder: Path) -> Callable[[], float]:
    """The two hooks of the commit, one after the other, as their manifest starts them; the seconds that they took."""
    import time

    def both() -> float:
        began = time.perf_counter()
        run(LINT, folder)
        run(REPLAY, folder, codes=(0, 1))
        return time.perf_counter() - began

    return both


if __name__ == "__main__":
    sys.exit(main())
