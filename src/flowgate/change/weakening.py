"""One way in which a change asks less of itself than its base does: the currency of this room."""

from __future__ import annotations

from typing import NamedTuple

from flowgate.finding import ERROR, Finding

RULE, SLUG = "FG404", "weaker-gate"
MEANING = (
    RULE,
    SLUG,
    "The change asks less of itself than its base does",
    "A gate that a pull request can lower is passed by lowering it. Against `--base-ref` every claim of the base has to be "
    "there still: each flow is judged, under a contract at least as strong, over a surface at least as large, against the "
    "same sources; the same rules run, the same judge is asked, the proof is as thorough, the same rules cannot be "
    "overridden; hooks, workflow and code owners stand. What is stronger, renamed or written elsewhere is no finding.",
    "restore what the base has; or override the finding with a reason, which then stands first in the report",
)
_MEND = "restore it, or override this finding with a reason"


class Weakening(NamedTuple):
    """What was there, as `code`, and what that means, in words. `path` and `line` are where it shows now.

    `flow` and `name` are of the flow that it is about; empty where it is about all of them.
    """

    code: str
    message: str
    path: str
    line: int = 1
    flow: str = ""
    name: str = ""
    mend: str = _MEND
    severity: str = ERROR

    def as_finding(self) -> Finding:
        """The finding of rule FG404."""
        return Finding(
            rule=RULE,
            layer="gate",
            severity=self.severity,
            flow=self.flow or self.path,
            name=self.name or self.path,
            path=self.path,
            line=self.line,
            step=None,
            code=self.code,
            message=self.message,
            mend=self.mend,
        )
