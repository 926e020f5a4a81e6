"""The gate on one page: flows -> lint -> review -> proof -> ledger -> verdict."""

from __future__ import annotations

from collections.abc import Callable

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import Finding
from flowgate.flow.source import Source
from flowgate.ledger.match import Matched, overlay
from flowgate.lint.pipeline import lint_paths
from flowgate.outcome import INCONCLUSIVE, PASS, SKIPPED
from flowgate.project import Project, project_of
from flowgate.prove.ground import asked_of, contract_of
from flowgate.prove.pipeline import Tell, prove, recall
from flowgate.prove.proof import Proof
from flowgate.review import judge
from flowgate.target import Target, chosen, readable
from flowgate.verdict import FlowVerdict, Layer, Verdict, layer_result


def gate(project: Project, paths: list[str], tell: Tell, fresh: bool = False) -> Verdict:
    """Take every flow through all layers.

    Raises:
        FlowgateError: no flow is there, or settings, config, ledger or a record cannot be read.
    """
    return _through(project, paths, lambda target: prove(target, asked_of(target, fresh=fresh), tell))


def status(project: Project, paths: list[str]) -> Verdict:
    """How every flow stands in all layers, by what is on record: nothing is asked and nothing runs.

    Raises:
        FlowgateError: as the gate.
    """
    return _through(project, paths, lambda target: recall(target, asked_of(target)))


def _through(project: Project, paths: list[str], proof_of: Callable[[Target], Proof]) -> Verdict:
    project = project_of(project, paths)
    sources = chosen(project, paths)
    seen = {project.relative(source.path) for source in sources} if paths else None
    named = [source.path for source in sources]
    linted = overlay(project, lint_paths(project, named, named).findings, "lint", seen)
    targets = list(readable(project, sources))
    reviews = [_review(target) for target in targets]
    reviewed = overlay(project, [found for one in reviews for found in one.findings], "review", seen)
    against = [*linted.findings, *reviewed.findings]
    proofs = [_proof(target, against, proof_of) for target in targets]
    proven = overlay(project, [found for proof in proofs for found in proof.findings], "prove", seen)
    layers = (linted, reviewed, proven)
    flows = [
        _through_layers(target, review, proof, layers)
        for target, review, proof in zip(targets, reviews, proofs, strict=True)
    ]
    return Verdict(
        flows=(*flows, *_unreadable(project, sources, linted.findings)),
        findings=tuple(found for layer in layers for found in layer.findings),
        proofs=tuple(proofs),
        standings=tuple(standing for layer in layers for standing in layer.standings),
    )


def _through_layers(
    target: Target, review: judge.Standing, proof: Proof, layers: tuple[Matched, Matched, Matched]
) -> FlowVerdict:
    linted, reviewed, proven = (_of(layer.findings, target) for layer in layers)
    return FlowVerdict(
        target.path,
        target.flow.name,
        _contract(target, proof),
        Layer(layer_result(linted, PASS), ""),
        Layer(layer_result(reviewed, review.verdict), review.note),
        Layer(layer_result(proven, proof.verdict), proof.note),
    )


def _review(target: Target) -> judge.Standing:
    try:
        return judge.standing(target)
    except Inconclusive as error:
        return judge.Standing(INCONCLUSIVE, str(error))


def _proof(target: Target, held: list[Finding], proof_of: Callable[[Target], Proof]) -> Proof:
    """The proof, unless a finding forbids the flow to run."""
    against = [found for found in held if found.flow == target.path and found.blocks]
    if against:
        note = f"not run: {len(against)} open finding{'s' * (len(against) > 1)} of lint and review forbid it"
        return Proof(target.path, target.flow.name, SKIPPED, "", note)
    return proof_of(target)


def _contract(target: Target, proof: Proof) -> str:
    if proof.contract:
        return proof.contract
    try:
        contract = contract_of(target, target.project.settings.prove.overrides)
    except FlowgateError:
        return ""
    return contract.kind if contract is not None else ""


def _of(findings: list[Finding], target: Target) -> list[Finding]:
    return [found for found in findings if found.flow == target.path and found.name in (target.flow.name, target.path)]


def _unreadable(project: Project, sources: list[Source], findings: list[Finding]) -> list[FlowVerdict]:
    """A file that cannot be read is a flow of which nothing could be asked."""
    not_asked = Layer(INCONCLUSIVE, "the file cannot be read")
    return [
        FlowVerdict(
            path, path, "", Layer(layer_result([f for f in findings if f.flow == path], PASS), ""), not_asked, not_asked
        )
        for path in (project.relative(source.path) for source in sources if source.fault is not None)
    ]
