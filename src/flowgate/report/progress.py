"""What a person sees while arms run, or many files are judged: one line that is rewritten on a terminal, a few quiet ones elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING, TextIO

from flowgate.report.style import printable

if TYPE_CHECKING:
    from flowgate.prove.model import Arm

_EVERY = 15.0


class Progress:
    """Tells, on standard error, how far a proof is. Used as a context, so that no half line is left behind.

    A hook's standard error is kept back until it has ended, which may take minutes; its progress goes to the terminal that
    the person sits at, on the line below the one that pre-commit began.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.stream: TextIO = sys.stderr
        self.live = sys.stderr.isatty()
        self.below = False
        if not self.live and not quiet and os.environ.get("PRE_COMMIT"):
            terminal = _terminal()
            if terminal is not None:
                self.stream, self.live, self.below = terminal, True, True
        self.under_way: dict[str, str] = {}
        self.told: dict[str, float] = {}
        self.open_line = False
        self.shown = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        if self.stream is not sys.stderr:
            self.stream.close()

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
        width = shutil.get_terminal_size().columns - 1
        self.stream.write((_DOWN if self.below else "") + line[:width])
        self.stream.flush()
        self.open_line = True

    def _clear(self) -> None:
        if self.open_line:
            self.stream.write("\r\033[K" + (_BACK if self.below else ""))
            self.stream.flush()
            self.open_line, self.shown = False, ""


# One line down, which scrolls where there is none, and up again; remember the place; then to the start of the line below.
_DOWN = "\033D\033[A\0337\033[B\r"
_BACK = "\0338"


def _terminal() -> TextIO | None:
    """The terminal that the process belongs to; None where there is none, or it takes no such commands."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return None
    try:
        return open("/dev/tty", "w", encoding="utf-8", errors="replace")
    except OSError:
        return None
