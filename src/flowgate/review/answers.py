"""The review as a reviewer gives it, and the checks that decide whether it counts."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from typing import Any, Literal

import msgspec

from flowgate.errors import Inconclusive
from flowgate.review.case import Case
from flowgate.review.rubric import OTHER, TRAPS, known

SCHEMA: Literal["flowgate/review/v1"] = "flowgate/review/v1"
_SHORTEST = 8


class Quote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words copied from a file of the case; `path` is the file as the packet names it."""

    path: str
    text: str


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one trap, with the quotes it rests on."""

    trap: str
    answer: Literal["clear", "concern", "finding", "not_applicable"]
    reason: str
    quotes: list[Quote] = []


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole review of one flow."""

    schema: Literal["flowgate/review/v1"]
    flow: str
    subject: str
    answers: list[Answer]


class Rejected(Inconclusive):
    """A review that does not count, with every fault by name; the reviewer may be asked again."""


def parse(text: str) -> Review:
    """The review in a reviewer's output, which may stand in a fenced block or between other words.

    Raises:
        Rejected: there is no such review in it, or more than one.
    """
    found = _objects(text)
    if not found:
        raise Rejected("the reviewer gave no JSON object" if text.strip() else "the reviewer said nothing")
    if len(found) > 1:
        raise Rejected(f"the reviewer gave {len(found)} reviews; one is asked for")
    try:
        return msgspec.convert(found[0], Review)
    except msgspec.ValidationError as error:
        raise Rejected(f"the review does not follow {SCHEMA}: {error}") from None


def _objects(text: str) -> list[Any]:
    """The JSON objects in a text that look like a review; if none do, any JSON object."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        found.append(value)
        at = text.find("{", end)
    reviews = [value for value in found if isinstance(value, dict) and "answers" in value]
    return reviews or found[:1]


def check(review: Review, case: Case) -> None:
    """Hold a review against the case: the right subject, every trap answered, every quote where it says it is.

    Raises:
        Rejected: it does not hold; the message lists every fault.
    """
    faults = []
    if review.flow != case.flow:
        faults.append(f"it is a review of {review.flow}, not of {case.flow}")
    if review.subject != case.subject:
        faults.append("its `subject` is not the packet's: the flow or a source has changed since, or it was not copied")
    faults += _unanswered(review)
    for answer in review.answers:
        faults += [f"{answer.trap}: {fault}" for fault in _faults(answer, case)]
    if review.answers and not any(answer.quotes for answer in review.answers):
        faults.append("nothing in it is quoted, so nothing in it can be believed")
    if faults:
        raise Rejected("the review does not count: " + "; ".join(faults))


def _unanswered(review: Review) -> list[str]:
    faults = []
    for trap in TRAPS:
        given = [answer.answer for answer in review.answers if answer.trap == trap.id]
        if not given:
            faults.append(f"{trap.id} is not answered")
        elif len(given) > 1 and set(given) - {"finding", "concern"}:
            faults.append(f"{trap.id} is answered {len(given)} times, and not alike")
    return faults


def _faults(answer: Answer, case: Case) -> list[str]:
    faults = []
    if known(answer.trap) is None:
        faults.append("there is no such trap")
    if len(answer.reason.split()) < 2:
        faults.append("it gives no reason")
    faults += [fault for quote in answer.quotes if (fault := _quote_fault(quote, case))]
    in_flow = any(quote.path in case.files for quote in answer.quotes)
    in_source = any(quote.path in case.sources for quote in answer.quotes)
    if answer.answer == "finding" and not (in_flow and in_source):
        faults.append("a finding quotes the flow and a source of truth, both")
    if answer.answer in ("concern", "not_applicable") and not answer.quotes:
        faults.append(f"`{answer.answer}` quotes the lines it rests on")
    if answer.answer == "clear" and not in_flow and answer.trap != OTHER.id:
        faults.append("`clear` quotes the lines of the flow that make it so")
    return faults


def _quote_fault(quote: Quote, case: Case) -> str:
    held = case.holds(quote.path)
    if held is None:
        return f"it quotes {quote.path}, which is no file of the packet"
    wanted = squeeze(quote.text)
    if len(wanted) < _SHORTEST:
        return f"the quote {quote.text!r} is too short to say anything"
    if wanted not in squeeze(held):
        return f"{quote.path} does not hold the quote {shorten(quote.text)!r}"
    return ""


def squeeze(text: str) -> str:
    """Text without its whitespace, in which quotes are looked for."""
    return re.sub(r"\s+", "", text)


def shorten(text: str, width: int = 80) -> str:
    """A quote on one line."""
    return textwrap.shorten(" ".join(text.split()), width, placeholder=" ...")


def line_of(quote: Quote, text: str) -> int:
    """The line, from 1, on which a quote begins in a file's text."""
    wanted = squeeze(quote.text)
    place = squeeze(text).find(wanted)
    if place < 0:
        return 1
    seen = 0
    for number, line in enumerate(text.splitlines(), 1):
        seen += len(squeeze(line))
        if seen > place:
            return number
    return 1


def normal_code(text: str) -> str:
    """Quoted code without comments and layout where it parses, else without its layout."""
    try:
        return ast.unparse(ast.parse(textwrap.dedent(text).strip()))
    except (SyntaxError, ValueError):
        return " ".join(text.split())
