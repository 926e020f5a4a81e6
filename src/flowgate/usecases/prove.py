"""`flowgate prove`: the proofs of some or all flows, with the ledger laid over what they found."""

from __future__ import annotations

from flowgate.ledger.match import overlay
from flowgate.project import Project, project_of
from flowgate.prove.proof import Proof, Tell, prove
from flowgate.target import all_readable
from flowgate.verdict import layer_result


def prove_flows(project: Project, paths: list[str], tell: Tell, fresh: bool) -> list[Proof]:
    """Prove the flows at `paths`, or every flow of the project.

    Raises:
        FlowgateError: no flow is there, one cannot be parsed, or settings, config or ledger cannot be read.
    """
    project = project_of(project, paths)
    proofs = []
    for target in all_readable(project, paths):
        proof = prove(target, tell, fresh)
        findings = overlay(project, proof.findings, "FP", {target.path}).findings
        proofs.append(proof._replace(findings=tuple(findings), verdict=layer_result(findings, proof.verdict)))
    return proofs
