"""The gate on one page: flows -> lint -> review -> proof -> ledger -> verdict; and the change against its base."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from flowgate.change.base import Base, base_of, stated_base
from flowgate.change.compare import forged, weaker
from flowgate.change.entries import entered
from flowgate.change.policy import ledger_of_both
from flowgate.change.touched import touched
from flowgate.discover import parts_of
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import Finding, below
from flowgate.flow.source import Source
from flowgate.ledger.match import Matched, overlay
from flowgate.ledger.store import read
from flowgate.lint.pipeline import lint_paths
from flowgate.outcome import INCONCLUSIVE, PASS, SKIPPED
from flowgate.project import Part, Project, git_output
from flowgate.prove.further import Tell
from flowgate.prove.ground import asked_of, contract_of
from flowgate.prove.pipeline import prove, recall
from flowgate.prove.proof import Proof
from flowgate.review import judge
from flowgate.submodules import absent
from flowgate.target import Target, chosen, is_empty, readable
from flowgate.verdict import Compared, FlowVerdict, Judged, Layer, Verdict, layer_result, seen_from_above, together

ALL, CHANGED = "all", "changed"


class Wanted(NamedTuple):
    """What the command line asks of the gate: a base, whose policy holds, which flows, and whether receipts count."""

    base_ref: str = ""
    policy_from_base: bool = False
    scope: str = ALL
    fresh: bool = False


_PLAIN = Wanted()


def gate(project: Project, paths: list[str], tell: Tell, wanted: Wanted = _PLAIN) -> Verdict:
    """Take every flow through all layers, and the change against its base where one is named or CI states one.

    Where no path is named, every project below the given one is judged with it, each by its own settings.

    Raises:
        FlowgateError: no flow is there, or settings, config, ledger or a record cannot be read; or something is asked that
            takes a base, and there is none.
    """
    parts = parts_of(project, paths)
    ref = wanted.base_ref or stated_base(project)
    if not ref:
        if wanted.policy_from_base or wanted.scope == CHANGED:
            raise FlowgateError("`--policy-from-base` and `--scope changed` need a base: name one, --base-ref main")
        alone = _joined(parts, lambda part: _alone(part, parts, _prover(tell, wanted)))
        return alone._replace(notes=(*_without_base(), *_not_checked_out(project)))
    tell(f"comparing with the base {ref}", None, 0, 0, 0.0)
    with ExitStack() as stack:
        try:
            base = stack.enter_context(base_of(project, ref))
        except Inconclusive as error:
            judged = _joined(parts, lambda part: _alone(part, parts, _not_run("the base is not known")))
            return judged._replace(compared=Compared(ref, "", INCONCLUSIVE, str(error)))
        judged = _against(base, project, parts, _prover(tell, wanted), wanted)
        return judged._replace(notes=(*judged.notes, *_not_checked_out(project)))


def _without_base() -> Iterator[str]:
    """What a gate in CI has to say where it was given no base and the CI is none that states one."""
    if os.environ.get("CI", "").lower() in ("true", "1") and os.environ.get("GITHUB_ACTIONS") != "true":
        yield (
            "no base was named, so nobody looked whether this change asks less of itself than what it goes into: give "
            '`--base-ref`, for a merge request of GitLab --base-ref "origin/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"'
        )


def _not_checked_out(project: Project) -> Iterator[str]:
    """The submodules in which a flow would not be judged, for its files are not there."""
    for one in absent(project.root):
        yield f"the submodule {project.relative(one.folder)} is not checked out, so no flow in it is judged"


def _joined(parts: list[Part], judge_one: Callable[[Part], Verdict]) -> Verdict:
    """The verdicts of several projects as one, in the paths of the one that was asked.

    Of several, one that has no flow and whose settings name none has nothing to be judged; if none has, the first one says so.
    """
    judged = parts if len(parts) == 1 else [part for part in parts if not is_empty(part)] or parts[:1]
    verdicts = [judge_one(part) for part in judged]
    named = [
        Judged(part.folder, below(part.folder, part.project.settings.origin), verdict.result)
        for part, verdict in zip(judged, verdicts, strict=True)
    ]
    seen = [seen_from_above(verdict, part.folder) for part, verdict in zip(judged, verdicts, strict=True)]
    return together(seen, named)


def status(project: Project, paths: list[str]) -> Verdict:
    """How every flow stands in all layers, by what is on record: nothing is asked and nothing runs.

    Raises:
        FlowgateError: as the gate.
    """
    parts = parts_of(project, paths)
    return _joined(
        parts,
        lambda part: _through(
            part.project, part.paths, lambda target: recall(target, asked_of(target)), lone=len(parts) == 1
        ),
    )


Prover = Callable[[Target], Proof]


def _prover(tell: Tell, wanted: Wanted) -> Prover:
    return lambda target: prove(target, asked_of(target, fresh=wanted.fresh), tell)


def _not_run(why: str) -> Prover:
    return lambda target: Proof(target.path, target.flow.name, SKIPPED, "", f"not run: {why}")


def _alone(part: Part, parts: list[Part], proof_of: Prover) -> Verdict:
    """All layers without a base; what is forged shows without one."""
    against = overlay(part.project, forged(part.project), "gate").findings
    verdict = _through(part.project, part.paths, proof_of, lone=len(parts) == 1)
    return verdict._replace(findings=(*against, *verdict.findings))


def _against(base: Base, project: Project, parts: list[Part], proof_of: Prover, wanted: Wanted) -> Verdict:
    """All layers, under a policy that the change cannot lower on its own behalf, and what it claims less than its base."""
    began = time.monotonic()
    # The whole change is compared, whichever flows are judged.
    compared = list({part.folder: part for part in (*parts_of(project, []), *parts)}.values())
    weaknesses = weaker(base, project, [part.project for part in compared])
    spent = time.monotonic() - began
    sides = {part.folder: _of_change(base, part, weaknesses, wanted) for part in compared}
    notes: list[str] = []

    def judge_one(part: Part) -> Verdict:
        side = sides[part.folder]
        try:
            scope = side.base if wanted.scope == CHANGED else None
            return _through(side.judged_by, part.paths, proof_of, scope, len(parts) == 1)
        except FlowgateError as error:
            if not any(found.blocks for found in side.matched.findings):
                raise
            notes.append(str(error))  # what is weaker is why there is nothing to judge
            return Verdict((), (), (), ())

    verdict = _joined(parts, judge_one)
    findings = (*(found for side in sides.values() for found in side.matched.findings), *verdict.findings)
    standings = [one.seen_from_above(folder) for folder, side in sides.items() for one in side.matched.standings]
    result = layer_result([found for side in sides.values() for found in side.matched.findings], PASS)
    brought = [
        one.seen_from_above(part.folder)
        for part in compared
        for one in entered(sides[part.folder].base, findings, read(part.project))
    ]
    return verdict._replace(
        findings=findings,
        standings=(*standings, *verdict.standings),
        compared=Compared(base.ref, base.commit, result, "; ".join(notes), tuple(brought)),
        seconds={"base": round(spent, 2), **verdict.seconds},
    )


class _Side(NamedTuple):
    """One project of a change: its base, the project with the policy it is judged by, and what it claims less, as the
    ledger has it."""

    base: Base
    judged_by: Project
    matched: Matched


def _of_change(base: Base, part: Part, weaknesses: list[Finding], wanted: Wanted) -> _Side:
    then = base.seen_from(part.project)
    judged_by = _judged_by(then, part.project, wanted.policy_from_base)
    mine = [found for found in weaknesses if found.project == part.folder]
    # What an entry of the base excused was merged; that the change does it again is for the change to excuse.
    brought = {one.entry.finding for one in entered(then, mine, read(part.project))}
    return _Side(then, judged_by, overlay(judged_by, mine, "gate", brought=brought, folder=part.folder))


def _judged_by(base: Base, project: Project, from_base: bool) -> Project:
    """The project under the base's settings, or under its own with the ledger's policy of both."""
    tips = (base.commit, base.ref, f"origin/{base.ref}")
    project = project._replace(since=max(git_output(project, "log", "-1", "--format=%cs", tip) or "" for tip in tips))
    if base.project is None:
        return project
    was, now = base.project.settings, project.settings
    if from_base:  # of a flow that the base does not know, what the change says of it holds
        return project._replace(settings=was._replace(flow={**now.flow, **was.flow}))
    return project._replace(settings=now._replace(ledger=ledger_of_both(was.ledger, now.ledger)))


class Clock:
    """What each layer took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def of(self, layer: str) -> Iterator[None]:
        """Add the time of the block to a layer."""
        began = time.monotonic()
        yield
        self.seconds[layer] = round(self.seconds.get(layer, 0.0) + time.monotonic() - began, 2)


def _through(
    project: Project, paths: list[str], proof_of: Prover, base: Base | None = None, lone: bool = False
) -> Verdict:
    """Every flow through all layers; where a base is given, only those that the change touches.

    Args:
        lone: no other project is judged.

    Raises:
        FlowgateError: what one flow is judged by cannot be read, and no other flow is judged: of several, that flow alone is
            undecided.
    """
    sources = chosen(project, paths)
    targets = list(readable(project, sources))
    apart: list[Target] = []
    if base is not None:
        sources, targets, apart = _touched(base, project, sources, targets)
    only = lone and len(sources) == len(targets) == 1
    seen = {project.relative(source.path) for source in sources} if paths or apart else None
    named = [source.path for source in sources]
    clock = Clock()
    with clock.of("lint"):
        linted = overlay(project, lint_paths(project, named, named).findings, "lint", seen)
    with clock.of("review"):
        reviews = [_review(target, only) for target in targets]
        reviewed = overlay(project, [found for one in reviews for found in one.findings], "review", seen)
    against = [*linted.findings, *reviewed.findings]
    with clock.of("prove"):
        proofs = [_proof(target, against, proof_of, only) for target in targets]
        proven = overlay(project, [found for proof in proofs for found in proof.findings], "prove", seen)
    layers = (linted, reviewed, proven)
    flows = [
        _through_layers(target, review, proof, layers)
        for target, review, proof in zip(targets, reviews, proofs, strict=True)
    ]
    return Verdict(
        flows=(*flows, *_unreadable(project, sources, linted.findings), *map(_untouched, apart)),
        findings=tuple(found for layer in layers for found in layer.findings),
        proofs=tuple(proofs),
        standings=tuple(standing for layer in layers for standing in layer.standings),
        seconds=clock.seconds,
    )


def _touched(
    base: Base, project: Project, sources: list[Source], targets: list[Target]
) -> tuple[list[Source], list[Target], list[Target]]:
    """The files and flows that a change touches, and the flows that it does not; a file that cannot be read is touched."""
    reasons = touched(base, targets, read(project))
    files = {path for path, _ in reasons}
    judged = [target for target in targets if target.path in files]
    apart = [target for target in targets if target.path not in files]
    away = {target.path for target in apart}
    return [source for source in sources if project.relative(source.path) not in away], judged, apart


def _untouched(target: Target) -> FlowVerdict:
    skipped = Layer(SKIPPED, "not touched by the change")
    return FlowVerdict(
        target.path, target.flow.name, _contract(target, None), skipped, skipped, skipped, target.subject
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
        target.subject,
    )


def _review(target: Target, only: bool) -> judge.Standing:
    """How the review of a flow stands; what cannot be read of one flow leaves the others judged."""
    try:
        return judge.standing(target)
    except FlowgateError as error:
        if only and not isinstance(error, Inconclusive):
            raise
        return judge.Standing(INCONCLUSIVE, str(error))


def _proof(target: Target, held: list[Finding], proof_of: Prover, only: bool) -> Proof:
    """The proof, unless a finding forbids the flow to run; what cannot be told of one flow leaves the others judged."""
    against = [found for found in held if found.flow == target.path and found.blocks]
    if against:
        note = f"not run: {len(against)} open finding{'s' * (len(against) > 1)} of lint and review forbid it"
        return Proof(target.path, target.flow.name, SKIPPED, "", note)
    try:
        return proof_of(target)
    except FlowgateError as error:
        if only and not isinstance(error, Inconclusive):
            raise
        return Proof(target.path, target.flow.name, INCONCLUSIVE, "", str(error))


def _contract(target: Target, proof: Proof | None) -> str:
    if proof is not None and proof.contract:
        return proof.contract
    try:
        contract = contract_of(target, asked_of(target).overrides)
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
