"""A proof, as every report shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from flowgate.finding import Finding, below
from flowgate.prove.diverge import Divergence


class ArmRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One arm as proof and receipt keep it. `seconds` is its wall-clock time; `origin` says whose run it is.

    `order` is what was asked of its tasks, `forced` whether they kept it. `store` and `root` are where its artifacts lie.
    """

    name: str
    workers: int
    hash_seed: int
    order: str
    forced: bool
    run: str
    seconds: float
    origin: str = "proof"
    store: str = "local"
    root: str = ""

    def as_record(self) -> dict[str, object]:
        """The arm as `prove` and `gate` print it in JSON."""
        names = ("name", "workers", "hash_seed", "order", "forced", "run", "seconds", "origin")
        return {name: getattr(self, name) for name in names}


class Proof(NamedTuple):
    """What a proof came to. `note` says why, for a person; `reused` where a receipt stood in for the arms.

    `concurrency` says what running the arms side by side came to, empty where they were not. `warning` is what a reader should
    know of a proof that passed, and `unsealed` says why its arms had no worlds of their own, empty where they had.
    `reads`: who told what the arms read, `kernel` of programs in any language, `python` of Python's alone; empty without arms.
    """

    flow: str
    name: str
    verdict: str
    contract: str
    note: str
    arms: tuple[ArmRecord, ...] = ()
    surface: dict[str, str] = {}  # noqa: RUF012  (a NamedTuple's default is never mutated)
    divergence: Divergence | None = None
    findings: tuple[Finding, ...] = ()
    reused: bool = False
    reduced: tuple[str, ...] = ()
    concurrency: str = ""
    seconds: float = 0.0
    warning: str = ""
    unsealed: str = ""
    reads: str = ""

    def seen_from_above(self, folder: str) -> Proof:
        """The proof of a nested project's flow, in the paths of a project whose subfolder `folder` that project lies in."""
        findings = tuple(found.seen_from_above(folder) for found in self.findings)
        return self._replace(flow=below(folder, self.flow), findings=findings)

    def as_record(self) -> dict[str, object]:
        """The proof as `prove` and `gate` print it in JSON."""
        return {
            "flow": self.flow,
            "verdict": self.verdict,
            "contract": self.contract,
            "note": self.note,
            "reused": self.reused,
            "reduced": list(self.reduced),
            "arms": [arm.as_record() for arm in self.arms],
            "concurrency": self.concurrency,
            "warning": self.warning,
            "sealed": bool(self.arms) and not self.unsealed,
            "unsealed": self.unsealed,
            "reads": self.reads,
            "seconds": self.seconds,
            "surface": self.surface,
            "divergence": self.divergence.as_record() if self.divergence else None,
        }


def sealing(unsealed: str) -> str:
    """What to add to the note of a proof whose arms had no worlds of their own, so that no report shows it as a sealed one."""
    return f"; not sealed: {unsealed}" if unsealed else ""


def reduction(overrides: Sequence[str]) -> str:
    """What to add to the note of a proof that was reduced, so that no report shows it as a whole one."""
    return f"; a reduced proof, under {', '.join(overrides)}" if overrides else ""
