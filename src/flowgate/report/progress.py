"""What a person sees while arms run, or many files are judged: one line that is rewritten on a terminal, a few quiet ones elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

from flowgate.report.style import printable

if TYPE_CHECKING:
    from flowgate.prove.arms import Arm

_EVERY = 15.0


class Progress:
    """Tells, on standard error, how far a proof is. Used as a context, so that no half line is left behind."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.live = sys.stderr.isatty()
        self.under_way: dict[str, str] = {}
        self.told: dict[str, float] = {}
        self.open_line = False
        self.shown = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def tell(self, stage: str, arm: Arm | None, done: int, expected: int, seconds: float) -> None:
        """One piece of news: a stage, or an arm with its tasks done, those the scheduler knows of, and its seconds."""
        if self.quiet:
            return
        if arm is None:
            self.under_way = {}
            name = news = stage = printable(stage)
        else:
            name = arm.name
            how_far = f"{done}/{max(done, expected)} tasks" if expected else "started"
            self.under_way[name] = f"{name} {how_far}"
            news = f"arm {name} ({arm.workers} worker{'s' * (arm.workers > 1)}): {how_far}, {seconds:.0f} s"
        if self.live:
            self._show(f"{', '.join(self.under_way.values())}, {seconds:.0f} s" if self.under_way else f"{stage} ...")
        elif time.monotonic() - self.told.get(name, -_EVERY) >= _EVERY:
            self.told[name] = time.monotonic()
            print(news, file=sys.stderr, flush=True)

    def tell_stage(self, stage: str) -> None:
        """What is under way, where it takes a while and cannot be counted."""
        if self.live and not self.quiet:
            self._show(f"{stage} ...")
        elif not self.quiet:
            print(stage, file=sys.stderr, flush=True)

    def tell_files(self, done: int, total: int) -> None:
        """How many files were judged, of how many; on a terminal alone."""
        if self.live and not self.quiet:
            self._show(f"lint: {done} of {total} files")

    def _show(self, line: str) -> None:
        if line == self.shown:
            return
        self._clear()
        self.shown = line
        sys.stderr.write(line[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()
        self.open_line = True

    def _clear(self) -> None:
        if self.open_line:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self.open_line, self.shown = False, ""
