"""The words in which every layer and the gate answer, and the exit code of each."""

from __future__ import annotations

PASS, BLOCKED, INCONCLUSIVE, SKIPPED, STALE = "pass", "blocked", "inconclusive", "skipped", "stale"
EXIT_CODES = {PASS: 0, BLOCKED: 1, INCONCLUSIVE: 3, SKIPPED: 0, STALE: 1}


def overall(outcomes: list[str]) -> str:
    """The worst of several: blocked beats inconclusive beats pass."""
    if BLOCKED in outcomes or STALE in outcomes:
        return BLOCKED
    return INCONCLUSIVE if INCONCLUSIVE in outcomes else PASS
