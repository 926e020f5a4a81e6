"""A finding and its identity: the currency of every layer.

The identity is made of the rule, the flow, the step and the code the finding is about, with comments and layout
aside, and of the file where that is not the flow's own. It holds no line number and no prose, so moving code or rewording
a message keeps it.
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

# A doubt is a finding whose values could not be told: dropped, unless one asks for it with `--pedantic`.
ERROR, WARNING, DOUBT = "error", "warning", "doubt"
OPEN, OVERRIDDEN, STALE, RESOLVED = "open", "overridden", "stale-override", "resolved"


class Finding(NamedTuple):
    """One thing a layer holds against a flow.

    `flow` and `path` are POSIX paths relative to the root of the project that was asked; `line` counts from 1. `name` is the
    flow's class name (or, for a file with none, its path), `code` the normalised code the finding is about. `project` is the
    folder of the nested project that judged the flow, relative to that root; empty where that is the root's own. `occurrence`
    counts findings that are alike in all that makes their identity, in reading order.
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
    project: str = ""
    occurrence: int = 1

    @property
    def id(self) -> str:
        """`FG201-3f9a1c2b`: stable as long as the rule, flow, step and code are, and the same from every folder it is seen."""
        elsewhere = [] if self.path == self.flow else [self._inside(self.path)]
        again = [] if self.occurrence == 1 else [f"#{self.occurrence}"]
        parts = (self.rule, self._inside(self.name), self.step or "", self.code, *elsewhere, *again)
        return f"{self.rule}-{digest(*parts)[:8]}"

    def _inside(self, path: str) -> str:
        """A path as the project that judged the flow names it."""
        return path.removeprefix(f"{self.project}/") if self.project else path

    def seen_from_above(self, folder: str) -> Finding:
        """The finding of a nested project, in the paths of a project whose subfolder `folder` it lies in."""
        if not folder:
            return self
        name = below(folder, self.name) if self.name in (self.path, self.flow) else self.name
        return self._replace(
            flow=below(folder, self.flow),
            name=name,
            path=below(folder, self.path),
            project=below(folder, self.project).rstrip("/"),
        )

    def seen_inside(self) -> Finding:
        """The finding in the paths of the project that judged it: what `seen_from_above` undoes."""
        return self._replace(
            flow=self._inside(self.flow), name=self._inside(self.name), path=self._inside(self.path), project=""
        )

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


def below(folder: str, path: str) -> str:
    """A path of a nested project as the project above it names it; `folder` is where the nested one lies, or empty."""
    return posixpath.normpath(posixpath.join(folder, path)) if folder else path


def digest(*parts: str) -> str:
    """SHA-256, in hex, of the parts; no two different lists of parts share a digest by joining."""
    import hashlib

    return hashlib.sha256(
        "\x1f".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")
    ).hexdigest()


def counted(findings: list[Finding]) -> list[Finding]:
    """Findings in reading order, those alike numbered: who excuses one draw does not excuse the next one of the same text."""
    seen: dict[str, int] = {}
    told = []
    for found in findings:
        alike = found._replace(occurrence=1).id
        seen[alike] = seen.get(alike, 0) + 1
        told.append(found._replace(occurrence=seen[alike]))
    return told


def in_reading_order(findings: list[Finding]) -> list[Finding]:
    """By file, line and rule: the order in which a person mends them."""
    return sorted(findings, key=lambda found: (found.path, found.line, found.rule, found.id))
