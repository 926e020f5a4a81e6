"""The review as a reviewer gives it, and the checks that decide whether it counts."""

from __future__ import annotations

import ast
import json
import re
import textwrap
import unicodedata
from typing import Any, Literal

import msgspec

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.review.case import Case
from flowgate.review.form import CARRIED, read_form
from flowgate.review.rubric import OTHER, TRAPS, known

SCHEMA: Literal["flowgate/review/v1"] = "flowgate/review/v1"
_SHORTEST = 8
_ANSWERS = ("clear", "concern", "finding", "not_applicable")


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
    """The review in a reviewer's output, as JSON that may stand between other words, or as a filled-in form.

    Raises:
        Rejected: there is no such review in it, or more than one.
    """
    unchecked = text.count(CARRIED)
    if unchecked:
        raise Rejected(
            f"the review does not count: {unchecked} answers are carried over and not yet checked; remove the line above each "
            f"that still holds, or change the answer"
        )
    found = _objects(text)
    try:
        filled = read_form(text) if not found else None
    except FlowgateError as error:
        raise Rejected(str(error)) from None
    found += [filled] if filled is not None else []
    if not found:
        raise Rejected("the reviewer gave no JSON object" if text.strip() else "the reviewer said nothing")
    if len(found) > 1:
        raise Rejected(f"the reviewer gave {len(found)} reviews; one is asked for")
    try:
        return msgspec.convert(found[0], Review)
    except msgspec.ValidationError as error:
        raise Rejected(f"the review does not follow {SCHEMA}: {error}") from None


def _objects(text: str) -> list[Any]:
    """The JSON objects in a text that look like a review; if none do, the one that may have been meant."""
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
    return reviews or (found[:1] if text.strip().startswith(("{", "```")) else [])


def checked(text: str, case: Case) -> Review:
    """The review in a reviewer's output, held against the case.

    Raises:
        Rejected: there is none, or it does not hold.
    """
    review = tidied(parse(text), case)
    check(review, case)
    return review


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
    if len(re.findall(r"\w", answer.reason)) < 2 or answer.reason.strip().lower() in _ANSWERS:
        faults.append("it gives no reason")
    faults += [fault for quote in answer.quotes if (fault := _quote_fault(quote, case))]
    in_flow = any(case.is_of_flow(quote.path) for quote in answer.quotes)
    in_source = any(quote.path in case.sources for quote in answer.quotes)
    if answer.answer == "finding" and not (in_flow and in_source):
        faults.append("a finding quotes the flow and a source of truth, both")
    if answer.answer in ("concern", "not_applicable") and not answer.quotes:
        faults.append(f"`{answer.answer}` quotes the lines it rests on")
    if answer.answer == "clear" and not in_flow and answer.trap != OTHER.id:
        faults.append("`clear` quotes the lines of the flow that make it so")
    return faults


def still_holds(answer: Answer, case: Case) -> bool:
    """True if an answer of an earlier review has quotes, and each stands where it says in the case of now."""
    return bool(answer.quotes) and not _faults(answer, case)


def _quote_fault(quote: Quote, case: Case) -> str:
    held = case.holds(quote.path)
    if held is None:
        return f"it quotes {quote.path}, which is no file of the packet"
    if len(squeeze(quote.text)) < _SHORTEST and not _is_a_line(quote.text, held):
        return f"the quote {quote.text!r} is too short to say anything"
    if found_in(quote.text, held) is None:
        return f"{quote.path} does not hold the quote {shorten(quote.text)!r}"
    return ""


def _is_a_line(quote: str, text: str) -> bool:
    """Whether a short quote is a whole line, such as `K = 7`, its comment aside."""
    wanted = squeeze(quote)
    return len(wanted) > 2 and any(
        wanted in (squeeze(line), squeeze(line.partition("#")[0])) for line in text.split("\n")
    )


def squeeze(text: str) -> str:
    """Text without its whitespace and what shows nothing, in which quotes are looked for."""
    shown = re.sub(r"<U\+[0-9A-F]{4,6}>", "", text)
    if not shown.isascii():
        shown = "".join(char for char in shown if unicodedata.category(char) not in ("Cf", "Cc", "Co", "Cn"))
    return re.sub(r"\s+", "", shown)


def found_in(quote: str, text: str) -> tuple[int, int] | None:
    """Where a quote stands in a squeezed text, from and to; None where it does not.

    A line of `...` stands for what is left out between two pieces, each of which must be there, in their order.
    """
    held, at, start = squeeze(text), 0, -1
    for piece in filter(None, (squeeze(one) for one in re.split(r"(?m)^\s*(?:\.\.\.|\u2026|\[\.\.\.\])\s*$", quote))):
        place = held.find(piece, at)
        if place < 0:
            return None
        start = place if start < 0 else start
        at = place + len(piece)
    return (start, at) if start >= 0 else None


def tidied(review: Review, case: Case) -> Review:
    """The review with its quotes as they were meant: without the packet's line numbers and titles, where so they are found."""
    answers = [
        msgspec.structs.replace(answer, quotes=[_tidy(quote, case) for quote in answer.quotes])
        for answer in review.answers
    ]
    return msgspec.structs.replace(review, answers=answers)


def _tidy(quote: Quote, case: Case) -> Quote:
    path = quote.path
    if case.holds(path) is None:
        bare = re.sub(
            r"^(?:Flow|Source of truth|Config as composed):\s*|(?::\d+(?:-\d+)?)$", "", path.strip()
        ).removeprefix("./")
        path = bare if case.holds(bare) is not None else path
    held = case.holds(path)
    if held is None or found_in(quote.text, held) is not None:
        return Quote(path, quote.text)
    plain = re.sub(r"(?m)^[ \t]*\d+(?:  |\t|[ \t]*$)", "", quote.text)
    return Quote(path, plain if found_in(plain, held) is not None else quote.text)


def shorten(text: str, width: int = 80) -> str:
    """A quote on one line."""
    return textwrap.shorten(" ".join(text.split()), width, placeholder=" ...")


def line_of(quote: Quote, text: str) -> int:
    """The line, from 1, on which a quote begins in a file's text."""
    return lines_of_quote(quote, text)[0]


def lines_of_quote(quote: Quote, text: str) -> tuple[int, int]:
    """The first and the last line, from 1, of a quote in a file's text; the first line where it is not there."""
    place = found_in(quote.text, text)
    if place is None:
        return 1, 1
    seen, first = 0, 0
    for number, line in enumerate(text.split("\n"), 1):
        seen += len(squeeze(line))
        first = first or (number if seen > place[0] else 0)
        if seen >= place[1]:
            return first, number
    return first or 1, first or 1


def normal_code(text: str) -> str:
    """Quoted code without comments and layout: as the parser, or for a fragment the tokenizer, reads it.

    What is neither, such as a sentence of a document, loses its layout alone.
    """
    dedented = textwrap.dedent(text).strip()
    for whole in (dedented, f"{dedented}\n    pass", f"if 1:\n    pass\n{dedented}\n    pass"):
        try:
            return ast.unparse(ast.parse(whole)).removeprefix("if 1:\n    pass\n").removesuffix("\n    pass")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return " ".join(text.split())
