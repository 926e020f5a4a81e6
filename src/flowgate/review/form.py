"""The answer as a form in YAML, for a person: every trap with its question, to be filled in and imported."""

from __future__ import annotations

import json
import re
import textwrap
from typing import Any

from flowgate.errors import FlowgateError
from flowgate.files import parse_yaml
from flowgate.review.rubric import OTHER, TRAPS

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


def form(packet: str, where: str) -> str:
    """A blank form for the packet that lies at `where`."""
    subject = re.search(r'"subject": "(sha256:[0-9a-f]{64})"', packet)
    flow = flow_in(packet)
    parts = [
        _HEAD.format(flow=json.dumps(flow, ensure_ascii=False), packet=where, subject=subject[1] if subject else "")
    ]
    for trap in (*TRAPS, OTHER):
        question = textwrap.fill(trap.question, 110, initial_indent="    # ", subsequent_indent="    # ")
        optional = "    # to be left blank where there is nothing\n" if trap is OTHER else ""
        parts.append(
            f"  - trap: {trap.id}  # {trap.slug}\n{question}\n{optional}    answer:\n    reason:\n    quotes:\n"
            f"      - path: {json.dumps(flow, ensure_ascii=False)}\n        text: |\n\n      - path:\n        text: |\n\n"
        )
    return "".join(parts)


def flow_in(packet: str) -> str:
    """The flow that a packet asks about."""
    found = re.search(r'"flow": "((?:[^"\\]|\\.)*)"', packet)
    return str(json.loads(f'"{found[1]}"')) if found else ""


def read_form(text: str) -> Any:
    """What a form says, blank quotes and a blank FR199 aside; None where the text is no form."""
    if not re.search(r"(?m)^answers\s*:", text):
        return None
    try:
        filled = parse_yaml(text, "the form")
    except FlowgateError:
        return None
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
