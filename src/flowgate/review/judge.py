"""How a review stands, replayed from its record; and how a new one gets there."""

from __future__ import annotations

from typing import NamedTuple

from flowgate.finding import ERROR, RESOLVED, Finding
from flowgate.flow.subject import changes
from flowgate.outcome import BLOCKED, PASS, SKIPPED, STALE
from flowgate.review import record as records
from flowgate.review.addressed import addressed
from flowgate.review.answers import checked
from flowgate.review.case import Case, is_asked, open_case
from flowgate.review.record import Record, as_finding
from flowgate.review.rubric import rubric_digest
from flowgate.review.votes import Counted
from flowgate.target import Target


class Standing(NamedTuple):
    """How a flow's review stands, and why; `remarks` are the places that speak to a judge, in words."""

    verdict: str
    note: str
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()


def standing(target: Target) -> Standing:
    """Replay the committed record of a flow, offline.

    Raises:
        FlowgateError: a source of truth or the record cannot be read.
    """
    if not is_asked(target):
        return Standing(SKIPPED, f"it is not promoted and names no sources of truth{_advice(target)}")
    again = f"run `flowgate review {target.shown}`, or `--packet` and `--import` for a review made elsewhere"
    if not target.settings.sources:
        return Standing(BLOCKED, _no_sources(target))
    case = open_case(target)
    remarks = tuple(one.sentence() for one in addressed(case))
    return _replayed(target, case, again)._replace(remarks=remarks)


def _advice(target: Target) -> str:
    """What a flow that follows the standard without the shell misses."""
    if not target.follows_standard:
        return ""
    return (
        "; it follows the pipeline standard without flowgate's shell, so the rules on promoted flows leave it alone: move "
        "its seams into a flow that `flowgate promote NAME` stamps"
    )


def _replayed(target: Target, case: Case, again: str) -> Standing:
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
    where = target.project.place(f'flow."{target.path}"')
    return (
        f"a promoted flow is judged against its sources of truth, and none is named; list them under {where}: "
        'sources = ["docs/investigation.md"]'
    )


def _findings(target: Target, case: Case, held: Record) -> tuple[Finding, ...]:
    strict = target.project.settings.review.block_on == "concern"
    made = [as_finding(one, case) for one in held.findings]
    return tuple(found._replace(severity=ERROR) if strict and found.state != RESOLVED else found for found in made)


def take(target: Target, text: str, kind: str, name: str) -> Record:
    """Check a review that was made elsewhere, and write its record.

    Raises:
        Rejected: it does not count; nothing was written.
    """
    case = open_case(target)
    return keep(target, case, Counted(checked(text, case), 1, {}), records.Reviewer(kind, name, rubric_digest()))


def keep(target: Target, case: Case, counted: Counted, reviewer: records.Reviewer) -> Record:
    """Write the record of what a review, or the votes of several, came to."""
    earlier = records.load(target.project, target.path, target.flow.name)
    made = records.make(case, target.flow, counted, reviewer, earlier)
    records.save(target.project, made)
    return made
