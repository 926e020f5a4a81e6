"""The gate on one page: flows -> lint -> review -> proof -> ledger -> verdict."""

from __future__ import annotations

from typing import NamedTuple

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import Finding
from flowgate.flow.source import Source
from flowgate.ledger.match import Standing, date_under_test, match
from flowgate.ledger.store import Entry, read
from flowgate.lint.engine import lint
from flowgate.project import Project
from flowgate.prove.proof import Proof, Tell, contract_of, prove
from flowgate.review import judge
from flowgate.target import Target, chosen, readable
from flowgate.verdict import INCONCLUSIVE, PASS, SKIPPED, FlowVerdict, Layer, Verdict, layer_result


class _Ledger(NamedTuple):
    """The ledger's entries, laid over findings layer by layer; what became of each entry is collected."""

    project: Project
    entries: list[Entry]
    whole: bool
    standings: list[Standing]

    def over(self, findings: list[Finding], layer: str, flows: set[str]) -> list[Finding]:
        """The findings of one layer with the states that the ledger gives them."""
        mine = [e for e in self.entries if e.rule.startswith(layer) and (self.whole or e.flow in flows)]
        if not mine:
            return findings
        matched = match(findings, mine, date_under_test(self.project), self.project.root)
        self.standings.extend(matched.standings)
        return matched.findings


def gate(project: Project, paths: list[str], tell: Tell, fresh: bool = False) -> Verdict:
    """Take every flow through all layers.

    Raises:
        FlowgateError: no flow is there, or settings, config, ledger or a record cannot be read.
    """
    sources = chosen(project, paths)
    ledger = _Ledger(project, read(project), not paths, [])
    seen = {project.relative(source.path) for source in sources}
    linted = ledger.over(lint(project, sources), "FG", seen)
    targets = list(readable(project, sources))
    reviews = {target.path: _review(target) for target in targets}
    reviewed = ledger.over([found for one in reviews.values() for found in one.findings], "FR", seen)
    proofs = {id(target): _proof(target, [*linted, *reviewed], tell, fresh) for target in targets}
    proven = ledger.over([found for proof in proofs.values() for found in proof.findings], "FP", seen)
    flows = [
        FlowVerdict(
            target.path,
            target.flow.name,
            _contract(target, proofs[id(target)]),
            Layer(layer_result(_of(linted, target), PASS), ""),
            Layer(layer_result(_of(reviewed, target), reviews[target.path].verdict), reviews[target.path].note),
            Layer(layer_result(_of(proven, target), proofs[id(target)].verdict), proofs[id(target)].note),
        )
        for target in targets
    ]
    flows += _unreadable(project, sources, linted)
    findings = (*linted, *reviewed, *proven)
    return Verdict(tuple(flows), findings, tuple(proofs.values()), tuple(ledger.standings))


def _review(target: Target) -> judge.Standing:
    try:
        return judge.standing(target)
    except Inconclusive as error:
        return judge.Standing(INCONCLUSIVE, str(error))


def _proof(target: Target, held: list[Finding], tell: Tell, fresh: bool) -> Proof:
    """The proof, unless a finding forbids the flow to run."""
    against = [found for found in held if found.flow == target.path and found.blocks]
    if against:
        note = f"not run: {len(against)} open finding{'s' * (len(against) > 1)} of lint and review forbid it"
        return Proof(target.path, target.flow.name, SKIPPED, "", note)
    return prove(target, tell, fresh)


def _contract(target: Target, proof: Proof) -> str:
    if proof.contract:
        return proof.contract
    try:
        contract = contract_of(target)
    except FlowgateError:
        return ""
    return contract.kind if contract is not None else ""


def _of(findings: list[Finding], target: Target) -> list[Finding]:
    return [found for found in findings if found.flow == target.path and found.name in (target.flow.name, target.path)]


def _unreadable(project: Project, sources: list[Source], findings: list[Finding]) -> list[FlowVerdict]:
    """A file that cannot be read is a flow of which nothing could be asked."""
    not_asked = Layer(SKIPPED, "the file cannot be read")
    return [
        FlowVerdict(
            path, path, "", Layer(layer_result([f for f in findings if f.flow == path], PASS), ""), not_asked, not_asked
        )
        for path in (project.relative(source.path) for source in sources if source.fault is not None)
    ]
