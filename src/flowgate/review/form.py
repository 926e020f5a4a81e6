"""The answer as a form in YAML, for a person: every trap with its question, to be filled in and imported."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowgate.files import parse_yaml
from flowgate.review.rubric import OTHER, TRAPS

if TYPE_CHECKING:
    from flowgate.review.answers import Answer

_HEAD = """\
# The review of {flow}. The packet, with the rubric and every file, lies in
#   {packet}
# Fill in each trap: answer is clear, concern, finding or not_applicable; the reason is a sentence; each quote is copied
# from the file it names. A finding quotes the flow first, then the source. Blank quotes are left aside.
schema: flowgate/review/v1
flow: {flow}
subject: {subject}
answers:
"""


# Stands above an answer that was taken over: it counts once a person has removed this line.
CARRIED = "# CARRIED OVER from the last review; its quotes still hold. Remove this line once you have checked it."
_FAULTS, _FAULTS_END = "# What was wrong with the answers below:", "# (that was all)"


def form(packet: str, where: str, carried: Sequence[Answer] = ()) -> str:
    """A form for the packet that lies at `where`, blank but for the answers that are carried over, which are marked."""
    subject = re.search(r'"subject": "(sha256:[0-9a-f]{64})"', packet)
    flow = flow_in(packet)
    parts = [
        _HEAD.format(flow=json.dumps(flow, ensure_ascii=False), packet=where, subject=subject[1] if subject else "")
    ]
    for trap in (*TRAPS, OTHER):
        question = textwrap.fill(trap.question, 110, initial_indent="    # ", subsequent_indent="    # ")
        optional = "    # to be left blank where there is nothing\n" if trap is OTHER else ""
        known = [answer for answer in carried if answer.trap == trap.id]
        parts += [f"  - trap: {trap.id}  # {trap.slug}\n{question}\n{_filled(answer)}" for answer in known]
        if known:
            continue
        parts.append(
            f"  - trap: {trap.id}  # {trap.slug}\n{question}\n{optional}    answer:\n    reason:\n    quotes:\n"
            f"      - path: {json.dumps(flow, ensure_ascii=False)}\n        text: |\n\n      - path:\n        text: |\n\n"
        )
    return "".join(parts)


def _filled(answer: Answer) -> str:
    """An answer as it stands in a form, with its mark."""
    quotes = "".join(
        f"      - path: {_text(quote.path)}\n        text: {_block(quote.text)}\n" for quote in answer.quotes
    )
    held = f"    quotes:\n{quotes}" if quotes else "    quotes: []\n"
    return f"    {CARRIED}\n    answer: {answer.answer}\n    reason: {_text(answer.reason)}\n{held}\n"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _block(text: str) -> str:
    """A text as a YAML block, where that keeps every character of it; else in quotes."""
    lines = text.rstrip("\n").split("\n")
    plain = all(line == line.rstrip() and line.isprintable() for line in lines) and not lines[0].startswith(" ")
    if not plain or not lines[0]:
        return _text(text)
    return "|\n" + "\n".join(f"          {line}".rstrip() for line in lines)


def reopened(draft: str, blank: str, fault: str) -> str:
    """A draft as it is opened again: about the packet of now, under what was wrong with it; every other byte as it was left."""
    subject = re.search(r"(?m)^subject:.*$", blank)
    text = re.sub(rf"(?ms)^{re.escape(_FAULTS)}$.*?^{re.escape(_FAULTS_END)}\n", "", draft)
    if subject is not None:
        text = re.sub(r"(?m)^subject:.*$", lambda _: subject[0], text, count=1)
    if not fault:
        return text
    faults = fault.removeprefix("the review does not count: ").split("; ")
    told = "\n".join(f"#   - {' '.join(one.split())}" for one in faults)
    return f"{_FAULTS}\n{told}\n{_FAULTS_END}\n{text}"


def flow_in(packet: str) -> str:
    """The flow that a packet asks about."""
    found = re.search(r'"flow": "((?:[^"\\]|\\.)*)"', packet)
    return str(json.loads(f'"{found[1]}"')) if found else ""


def read_form(text: str) -> Any:
    """What a form says, blank quotes and a blank FR199 aside; None where the text is no form.

    Raises:
        FlowgateError: it is one, and not valid YAML.
    """
    if not re.search(r"(?m)^answers\s*:", text):
        return None
    filled = parse_yaml(text, "the form")
    answers = filled.get("answers") if isinstance(filled, dict) else None
    if not isinstance(answers, list):
        return filled
    kept = [_without_blanks(one) for one in answers if not _is_blank(one)]
    return {**filled, "answers": kept}


def _is_blank(answer: Any) -> bool:
    return isinstance(answer, dict) and not answer.get("answer") and not answer.get("reason")


def _without_blanks(answer: Any) -> Any:
    quotes = answer.get("quotes") if isinstance(answer, dict) else None
    if not isinstance(quotes, list):
        return {**answer, "quotes": []} if isinstance(answer, dict) else answer
    return {
        **answer,
        "quotes": [one for one in quotes if not isinstance(one, dict) or str(one.get("text") or "").strip()],
    }
