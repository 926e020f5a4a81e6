"""`flowgate prove`: the proofs of some or all flows, with the ledger laid over what they found."""

from __future__ import annotations

from flowgate.errors import Inconclusive
from flowgate.ledger.match import date_under_test, match
from flowgate.ledger.store import read
from flowgate.project import Project
from flowgate.prove.proof import Proof, Tell, prove
from flowgate.target import chosen, readable


def prove_flows(project: Project, paths: list[str], tell: Tell, fresh: bool) -> list[Proof]:
    """Prove the flows at `paths`, or every flow of the project.

    Raises:
        FlowgateError: no flow is there, one cannot be parsed, or settings, config or ledger cannot be read.
    """
    sources = chosen(project, paths)
    for source in sources:
        if source.parse() is None:
            raise Inconclusive(f"{project.relative(source.path)}:{source.fault_line} {source.fault}")
    entries = [entry for entry in read(project) if entry.rule.startswith("FP")]
    date = date_under_test(project)
    proofs = []
    for target in readable(project, sources):
        proof = prove(target, tell, fresh)
        matched = match(list(proof.findings), entries, date, project.root)
        proofs.append(proof._replace(findings=tuple(matched.findings)))
    return proofs
