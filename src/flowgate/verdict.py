"""One verdict from what the layers said: pure."""

from __future__ import annotations

from typing import NamedTuple

from flowgate.change.entries import Entered
from flowgate.finding import Finding, digest, in_reading_order
from flowgate.ledger.match import Standing
from flowgate.outcome import BLOCKED, EXIT_CODES, PASS, overall
from flowgate.prove.proof import Proof


class Layer(NamedTuple):
    """What one layer says of one flow, and why."""

    result: str
    note: str


class FlowVerdict(NamedTuple):
    """One flow through all layers. `path` is relative to the root, `name` the class, `subject` the digest of what was
    judged."""

    path: str
    name: str
    contract: str
    lint: Layer
    review: Layer
    prove: Layer
    subject: str = ""

    @property
    def result(self) -> str:
        """The flow's own verdict: blocked beats inconclusive beats pass."""
        return overall([self.lint.result, self.review.result, self.prove.result])

    def as_record(self) -> dict[str, object]:
        """The flow as `gate` prints it in JSON."""
        layers = {"lint": self.lint, "review": self.review, "prove": self.prove}
        record: dict[str, object] = {"path": self.path, "flow": self.name, "contract": self.contract or None}
        record |= {name: layer.result for name, layer in layers.items()}
        return record | {"subject": self.subject, "notes": {name: layer.note for name, layer in layers.items()}}


class Compared(NamedTuple):
    """What the comparison with a base came to: `pass`, `blocked`, or `inconclusive` with the reason in `note`.

    `entered` are the ledger entries that the change brings.
    """

    ref: str
    commit: str
    result: str
    note: str
    entered: tuple[Entered, ...] = ()

    def as_record(self) -> dict[str, object]:
        """The comparison as `gate` prints it in JSON."""
        told: dict[str, object] = {"ref": self.ref, "commit": self.commit, "result": self.result, "note": self.note}
        return told | {"overrides": [one.as_record() for one in self.entered]}


class Verdict(NamedTuple):
    """The gate's answer: every flow, every finding in whatever state, every proof, every ledger entry.

    `compared` is None where there is no base; `seconds` are what each layer took.
    """

    flows: tuple[FlowVerdict, ...]
    findings: tuple[Finding, ...]
    proofs: tuple[Proof, ...]
    standings: tuple[Standing, ...]
    compared: Compared | None = None
    seconds: dict[str, float] = {}  # noqa: RUF012  (a NamedTuple's default is never mutated)

    @property
    def result(self) -> str:
        """The one verdict."""
        results = [flow.result for flow in self.flows]
        if self.compared is not None:
            results.append(self.compared.result)
        return overall([*results, BLOCKED] if any(found.blocks for found in self.findings) else results)

    @property
    def subject(self) -> str:
        """One digest of all that was judged."""
        return "sha256:" + digest(*sorted(f"{flow.path} {flow.name} {flow.subject}" for flow in self.flows))

    @property
    def exit_code(self) -> int:
        """0 pass, 1 blocked, 3 inconclusive."""
        return EXIT_CODES[self.result]

    def as_record(self) -> dict[str, object]:
        """`flowgate/verdict/v1`."""
        return {
            "schema": "flowgate/verdict/v1",
            "verdict": self.result,
            "subject": self.subject,
            "base": self.compared.as_record() if self.compared is not None else None,
            "flows": [flow.as_record() for flow in self.flows],
            "findings": [found.as_record() for found in in_reading_order(list(self.findings))],
            "proofs": [proof.as_record() for proof in self.proofs],
            "seconds": self.seconds,
        }


def layer_result(findings: list[Finding], otherwise: str) -> str:
    """Blocked where a finding blocks; a layer whose every finding is excused passes."""
    if any(found.blocks for found in findings):
        return BLOCKED
    return PASS if otherwise == BLOCKED and findings else otherwise
