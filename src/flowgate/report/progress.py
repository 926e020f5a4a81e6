"""What a person sees while an arm runs: one line that is rewritten on a terminal, a few quiet ones elsewhere."""

from __future__ import annotations

import sys
import time

from flowgate.prove.arms import Arm

_EVERY = 15.0


class Progress:
    """Tells, on standard error, how far a proof is. Used as a context, so that no half line is left behind."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.live = sys.stderr.isatty()
        self.last = ("", 0.0)
        self.open_line = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def tell(self, stage: str, arm: Arm | None, done: int, seconds: float) -> None:
        """One piece of news; all but the first of an arm are dropped when nobody watches."""
        if self.quiet:
            return
        name = f"arm {arm.name} ({arm.workers} worker{'s' * (arm.workers > 1)})" if arm else stage
        if self.live:
            self._clear()
            sys.stderr.write(f"{name}: {done} tasks done, {seconds:.0f} s" if arm else f"{stage} ...")
            sys.stderr.flush()
            self.open_line = True
        elif name != self.last[0] or time.monotonic() - self.last[1] > _EVERY:
            self.last = (name, time.monotonic())
            print(f"{name}: {done} tasks done, {seconds:.0f} s" if arm else stage, file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self.open_line:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self.open_line = False
