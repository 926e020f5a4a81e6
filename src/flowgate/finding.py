"""A finding and its identity: the currency of every layer.

The identity is made of the rule, the flow, the step and the code the finding is about, with comments and layout
aside, and of the file where that is not the flow's own. It holds no line number and no prose, so moving code or rewording
a message keeps it.
"""

from __future__ import annotations

from typing import NamedTuple

# A doubt is a finding whose values could not be told: dropped, unless one asks for it with `--pedantic`.
ERROR, WARNING, DOUBT = "error", "warning", "doubt"
OPEN, OVERRIDDEN, STALE, RESOLVED = "open", "overridden", "stale-override", "resolved"


class Finding(NamedTuple):
    """One thing a layer holds against a flow.

    `flow` and `path` are POSIX paths relative to the repository's root; `line` counts from 1. `name` is the flow's
    class name (or, for a file with none, its path), `code` the normalised code the finding is about.
    """

    rule: str
    layer: str
    severity: str
    flow: str
    name: str
    path: str
    line: int
    step: str | None
    code: str
    message: str
    mend: str = ""
    state: str = OPEN
    note: str = ""

    @property
    def id(self) -> str:
        """`FG201-3f9a1c2b`: stable as long as the rule, flow, step and code are."""
        elsewhere = [] if self.path == self.flow else [self.path]
        return f"{self.rule}-{digest(self.rule, self.name, self.step or '', self.code, *elsewhere)[:8]}"

    @property
    def excuses(self) -> str:
        """The digest an override of this finding is bound to."""
        return "sha256:" + digest(self.code)

    @property
    def blocks(self) -> bool:
        """Whether this finding, in its present state, keeps the gate shut."""
        return self.severity == ERROR and self.state in (OPEN, STALE)

    def as_record(self) -> dict[str, object]:
        """The finding as `lint`, `gate` and `status` print it in JSON."""
        record: dict[str, object] = {"id": self.id}
        for key in ("rule", "layer", "severity", "flow", "path", "line", "step", "message", "mend", "state"):
            record[key] = getattr(self, key)
        if self.note:
            record["note"] = self.note
        return record


def digest(*parts: str) -> str:
    """SHA-256, in hex, of the parts; no two different lists of parts share a digest by joining."""
    import hashlib

    return hashlib.sha256(
        "\x1f".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")
    ).hexdigest()


def in_reading_order(findings: list[Finding]) -> list[Finding]:
    """By file, line and rule: the order in which a person mends them."""
    return sorted(findings, key=lambda found: (found.path, found.line, found.rule, found.id))
