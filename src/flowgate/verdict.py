"""One verdict from what the layers said: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowgate.change.entries import Entered
from flowgate.finding import Finding, below, digest, in_reading_order
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


class Judged(NamedTuple):
    """One of several projects: where it lies below the one that was asked (empty for that one), the file of its settings
    from there, and its own verdict."""

    folder: str
    settings: str
    result: str

    def as_record(self) -> dict[str, object]:
        """The project as `gate` prints it in JSON."""
        return {"path": self.folder or ".", "settings": self.settings or None, "verdict": self.result}


class Verdict(NamedTuple):
    """The gate's answer: every flow, every finding in whatever state, every proof, every ledger entry.

    `compared` is None where there is no base; `seconds` are what each layer took. `projects` are those that were judged,
    where there are several. `notes` are what the verdict does not say of itself.
    """

    flows: tuple[FlowVerdict, ...]
    findings: tuple[Finding, ...]
    proofs: tuple[Proof, ...]
    standings: tuple[Standing, ...]
    compared: Compared | None = None
    seconds: dict[str, float] = {}  # noqa: RUF012  (a NamedTuple's default is never mutated)
    projects: tuple[Judged, ...] = ()
    notes: tuple[str, ...] = ()

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
            "projects": [project.as_record() for project in self.projects],
            "notes": list(self.notes),
            "seconds": self.seconds,
        }


def seen_from_above(verdict: Verdict, folder: str) -> Verdict:
    """The verdict of a nested project, in the paths of a project whose subfolder `folder` it lies in."""
    if not folder:
        return verdict
    return verdict._replace(
        flows=tuple(flow._replace(path=below(folder, flow.path)) for flow in verdict.flows),
        findings=tuple(found.seen_from_above(folder) for found in verdict.findings),
        proofs=tuple(proof.seen_from_above(folder) for proof in verdict.proofs),
        standings=tuple(standing.seen_from_above(folder) for standing in verdict.standings),
    )


def together(verdicts: Sequence[Verdict], projects: Sequence[Judged]) -> Verdict:
    """One verdict of several projects, all in the paths of the project that was asked."""
    seconds: dict[str, float] = {}
    for verdict in verdicts:
        for layer, spent in verdict.seconds.items():
            seconds[layer] = round(seconds.get(layer, 0.0) + spent, 2)
    return Verdict(
        flows=tuple(flow for verdict in verdicts for flow in verdict.flows),
        findings=tuple(found for verdict in verdicts for found in verdict.findings),
        proofs=tuple(proof for verdict in verdicts for proof in verdict.proofs),
        standings=tuple(standing for verdict in verdicts for standing in verdict.standings),
        seconds=seconds,
        projects=tuple(projects) if len(projects) > 1 else (),
    )


def layer_result(findings: list[Finding], otherwise: str) -> str:
    """Blocked where a finding blocks; a layer whose every finding is excused passes."""
    if any(found.blocks for found in findings):
        return BLOCKED
    return PASS if otherwise == BLOCKED and findings else otherwise
