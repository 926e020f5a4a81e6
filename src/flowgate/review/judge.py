"""The use cases of `flowgate review`, and the state of a review as the gate replays it."""

from __future__ import annotations

from typing import NamedTuple

from flowgate.errors import FlowgateError
from flowgate.finding import ERROR, RESOLVED, Finding
from flowgate.flow.subject import changes
from flowgate.outcome import BLOCKED, PASS, SKIPPED, STALE
from flowgate.review import record as records
from flowgate.review.answers import Rejected, Review, check, parse
from flowgate.review.case import Case, is_asked, open_case
from flowgate.review.packet import packet
from flowgate.review.record import Record, as_finding
from flowgate.review.reviewers import REVIEWERS, name_of
from flowgate.review.rubric import rubric_digest
from flowgate.target import Target


class Standing(NamedTuple):
    """How a flow's review stands, and why."""

    verdict: str
    note: str
    findings: tuple[Finding, ...] = ()


def standing(target: Target) -> Standing:
    """Replay the committed record of a flow, offline.

    Raises:
        FlowgateError: a source of truth or the record cannot be read.
    """
    if not is_asked(target):
        return Standing(SKIPPED, "it is not promoted and names no sources of truth")
    again = f"run `flowgate review {target.path}`, or `--packet` and `--import` for a review made elsewhere"
    if not target.settings.sources:
        return Standing(BLOCKED, _no_sources(target))
    case = open_case(target)
    held = records.load(target.project, target.path, target.flow.name)
    if held is None:
        return Standing(BLOCKED, f"not reviewed; {again}")
    findings = _findings(target, case, held)
    if held.subject != case.subject:
        what = "; ".join(changes(held.files, case.digests)[:4]) or "its record was edited"
        return Standing(STALE, f"reviewed before it changed ({what}); {again}", findings)
    if held.reviewer.rubric != rubric_digest():
        return Standing(STALE, f"reviewed under another rubric; {again}", findings)
    fault = records.fault(held, case)
    if fault:
        return Standing(BLOCKED, f"its record does not hold ({fault}); {again}", findings)
    blocked = any(found.blocks for found in findings)
    return Standing(BLOCKED if blocked else PASS, f"reviewed by {held.reviewer.name}", findings)


def _no_sources(target: Target) -> str:
    where = target.project.settings.origin or "pyproject.toml"
    return (
        f"a promoted flow is judged against its sources of truth, and none is named; in {where}: "
        f'[tool.flowgate.flow."{target.path}"] sources = ["docs/investigation.md"]'
    )


def _findings(target: Target, case: Case, held: Record) -> tuple[Finding, ...]:
    strict = target.project.settings.review.block_on == "concern"
    made = [as_finding(one, case) for one in held.findings]
    return tuple(found._replace(severity=ERROR) if strict and found.state != RESOLVED else found for found in made)


def take(target: Target, text: str, kind: str, name: str) -> Record:
    """Check a review and write its record.

    Raises:
        Rejected: it does not count; nothing was written.
    """
    case = open_case(target)
    review = parse(text)
    check(review, case)
    return _keep(target, case, review, kind, name)


def ask(target: Target) -> Record:
    """Ask the configured reviewer; once more where its answer was rejected.

    Raises:
        FlowgateError: no reviewer is configured.
        Inconclusive: it gave no review that counts.
    """
    settings = target.project.settings.review
    reviewer = REVIEWERS.get(settings.reviewer)
    if reviewer is None:
        raise FlowgateError(
            "no reviewer is configured. Set `reviewer` and `command` under [tool.flowgate.review], or give "
            f"`flowgate review {target.path} --packet` to a person or an agent and `--import` the answer"
        )
    case = open_case(target)
    asked = packet(target, case)
    try:
        review = _answered(reviewer(asked, settings, target.project.root), case)
    except Rejected as fault:
        again = f"{asked}\n\n# Your last answer was rejected\n\n{fault}\n\nAnswer again, with a whole review.\n"
        review = _answered(reviewer(again, settings, target.project.root), case)
    return _keep(target, case, review, settings.reviewer, name_of(settings))


def _answered(text: str, case: Case) -> Review:
    review = parse(text)
    check(review, case)
    return review


def _keep(target: Target, case: Case, review: Review, kind: str, name: str) -> Record:
    earlier = records.load(target.project, target.path, target.flow.name)
    made = records.make(case, target.flow, review, kind, name, earlier)
    records.save(target.project, made)
    return made
