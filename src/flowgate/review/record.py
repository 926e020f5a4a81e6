"""`.flowgate/reviews/<flow>.yaml`: one committed record per flow, bound to its subject, readable in a pull request."""

from __future__ import annotations

import os
from typing import Any, Literal

import msgspec

from flowgate import witness
from flowgate.errors import FlowgateError
from flowgate.files import Upgrade, parse_yaml, read_text, slug, upgraded, write_whole
from flowgate.finding import ERROR, OPEN, RESOLVED, WARNING, Finding
from flowgate.flow.model import Flow
from flowgate.project import Project
from flowgate.review.answers import (
    SCHEMA,
    Answer,
    Quote,
    Rejected,
    Review,
    check,
    found_in,
    line_of,
    normal_code,
    shorten,
    squeeze,
)
from flowgate.review.case import Case
from flowgate.review.votes import Counted

_HEAD = (
    "# The review of {flow}, written by `flowgate review`. The gate replays it; what it holds is part of the commit.\n"
)


class Reviewer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who judged: the kind of reviewer, the command or person, and the rubric that was answered."""

    kind: str
    name: str
    rubric: str = ""


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A finding as the record keeps it, also after it was resolved: its first quote is the code it is about.

    `votes` are the reviews that made it, of those of the record; `contested` where they are no majority.
    """

    id: str
    rule: str
    severity: str
    step: str | None
    code: str
    message: str
    quotes: list[Quote]
    state: str = OPEN
    resolution: str = ""
    votes: int = 1
    contested: bool = False

    @property
    def is_open(self) -> bool:
        """Whether no later review resolved it."""
        return self.state == OPEN

    def as_answer(self) -> Answer:
        """The answer that it came from."""
        kind: Literal["finding", "concern"] = "finding" if self.severity == ERROR else "concern"
        return Answer(self.rule, kind, self.message, self.quotes)


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A review that counted, with the digest of every file it judged."""

    version: int
    flow: str
    name: str
    subject: str
    reviewer: Reviewer
    files: dict[str, str]
    answers: list[Answer]
    findings: list[Held] = []
    votes: int = 1


VERSION = 2
# From each version to the next; version 1 knew no votes, and what it did not say is what the defaults say.
_UPGRADES: dict[int, Upgrade] = {1: lambda record: record}


def slug_of(flow: str, name: str) -> str:
    """The file name of a flow's record."""
    return f"{slug(flow, name)}.yaml"


def path_of(project: Project, flow: str, name: str) -> str:
    """Where the record of a flow lies."""
    return project.state("reviews", slug_of(flow, name))


def load(project: Project, flow: str, name: str) -> Record | None:
    """The record of a flow; None where it was never reviewed.

    Raises:
        FlowgateError: the record is there but is none.
    """
    path = path_of(project, flow, name)
    return load_from(path, project.relative(path))


def load_from(path: str, shown: str) -> Record | None:
    """The record in a file, called `shown` where something is wrong with it; None where there is no file.

    Raises:
        FlowgateError: the record is there but is none.
    """
    witness.note(witness.FILE, path, witness.state_of_file(path))
    if not os.path.lexists(path):
        return None
    data = upgraded(parse_yaml(read_text(path, shown), shown), VERSION, _UPGRADES, shown)
    try:
        return msgspec.convert(data, Record)
    except msgspec.ValidationError as error:
        raise FlowgateError(f"{shown} is no review record: {error}. Have the flow reviewed anew") from None


def save(project: Project, record: Record) -> str:
    """Write the record; the path it was written to."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Block style, with texts of several lines as blocks."""

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value and not any(line != line.rstrip() for line in value.splitlines()) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    body = yaml.dump(msgspec.to_builtins(record), Dumper=Dumper, sort_keys=False, width=110, allow_unicode=True)
    path = path_of(project, record.flow, record.name)
    write_whole(path, _HEAD.format(flow=record.flow) + body, project.relative(path))
    return path


def fault(record: Record, case: Case) -> str:
    """What is wrong with a record of this very case: it is held against the case like a new review."""
    try:
        check(Review(SCHEMA, record.flow, record.subject, record.answers), case)
    except Rejected as error:
        return str(error)
    answered = [answer for answer in record.answers if answer.answer in ("finding", "concern")]
    kept = {(held.rule, tuple(sorted((q.path, q.text) for q in held.quotes))) for held in record.findings}
    for answer in answered:
        if (answer.trap, tuple(sorted((q.path, q.text) for q in answer.quotes))) not in kept:
            return f"its {answer.answer} on {answer.trap} is not among its findings"
    return ""


def make(case: Case, flow: Flow, counted: Counted, reviewer: Reviewer, earlier: Record | None) -> Record:
    """The record of a review that was checked; what an earlier record holds open stays, or is resolved with a reason."""
    review = counted.review
    found = [
        _held(answer, case, flow, counted.tallies.get(at))
        for at, answer in enumerate(review.answers)
        if answer.answer in ("finding", "concern")
    ]
    fresh = {held.id: held for held in found}
    kept = [_carried(held, case, review) for held in earlier.findings if held.id not in fresh] if earlier else []
    return Record(
        version=VERSION,
        flow=case.flow,
        name=case.name,
        subject=case.subject,
        reviewer=reviewer,
        files=case.digests,
        answers=review.answers,
        findings=[*fresh.values(), *kept],
        votes=counted.voters,
    )


def _held(answer: Answer, case: Case, flow: Flow, votes: int | None) -> Held:
    quotes = sorted(answer.quotes, key=lambda quote: not case.is_of_flow(quote.path))
    severity = ERROR if answer.answer == "finding" else WARNING
    made = Held(
        id="",
        rule=answer.trap,
        severity=severity,
        step=_step_at(flow, quotes[0], case),
        code=normal_code(quotes[0].text),
        message=answer.reason,
        quotes=quotes,
        votes=votes or 1,
        contested=votes is not None and severity == WARNING,
    )
    return msgspec.structs.replace(made, id=as_finding(made, case).id)


def _step_at(flow: Flow, quote: Quote, case: Case) -> str | None:
    """The step whose body holds a quote from the flow's file."""
    if quote.path != case.flow:
        return None
    line = line_of(quote, case.files[quote.path])
    for step in flow.steps.values():
        if step.home is flow.module and step.node.lineno <= line <= (step.node.end_lineno or line):
            return step.name
    return None


def _carried(held: Held, case: Case, review: Review) -> Held:
    """An earlier finding: resolved only where its evidence has changed and this review answers its trap `clear`."""
    if held.state != OPEN:
        return held
    cleared = any(answer.trap == held.rule and answer.answer == "clear" for answer in review.answers)
    if cleared and not _still_there(held, case):
        why = f"its evidence changed in {held.quotes[0].path}, and a later review answers {held.rule} clear"
        return msgspec.structs.replace(held, state=RESOLVED, resolution=why)
    return held


def _still_there(held: Held, case: Case) -> bool:
    """Whether the code of a finding still stands in its file, as it was quoted or laid out otherwise."""
    quote = held.quotes[0]
    text = case.holds(quote.path) or ""
    return found_in(quote.text, text) is not None or squeeze(held.code) in squeeze(normal_code(text))


def as_finding(held: Held, case: Case) -> Finding:
    """A recorded finding as every layer shows it."""
    quote = held.quotes[0]
    path = quote.path.partition("#")[0] if quote.path in case.composed else quote.path
    contested = f"; contested: {held.votes} of the reviews made it a finding" if held.contested else ""
    return Finding(
        rule=held.rule,
        layer="review",
        severity=held.severity,
        flow=case.flow,
        name=case.name,
        path=path,
        line=line_of(quote, case.holds(quote.path) or "") if path == quote.path else 1,
        step=held.step,
        code=held.code,
        message=f"{held.message} (`{shorten(quote.text)}`{contested})",
        mend="make the flow follow its source, or override the finding with a reason",
        state=held.state,
        note=held.resolution,
    )
