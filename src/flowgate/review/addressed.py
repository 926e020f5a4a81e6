"""Text in the material that speaks to the judge, or hides from a reader: it is reported, and never obeyed."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from flowgate.review.case import Case

_JUDGE = r"(?:reviewer|judge|assistant|language model|llm|chatbot|claude|gpt|codex|copilot|ai)\b"
_SPEAKS = (
    ("speaks to the judge", rf"(?i)\b(?:dear|hey|hello|note to|attention|message to|as an?|you are an?)\s+(?:\w+\s+){{0,2}}{_JUDGE}"),
    ("speaks to the judge", r"(?i)\b(?:to|for) (?:the|any|whoever) (?:ai |automated |llm )?(?:reviewer|judge|reviews?)\b"),
    ("gives the judge an order", r"(?i)\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|rubric|above|previous|prior|trap|prompt|rules?)"),
    ("tells the judge what to answer", r"(?i)\b(?:answer|mark|report|reply|respond|output|rate|treat)\b.{0,40}\b(?:clear|not_applicable|no finding|lgtm|approved?)\b"),
    ("tells the judge what to answer", r"(?i)\bFR1\d\d\b.{0,60}\b(?:clear|ok|fine|pass|not applicable|resolved|approved|waived)"),
    ("tells the judge what to answer", r"(?i)\b(?:already|pre-?)\s?(?:reviewed|approved|cleared|audited)\b.{0,40}\b(?:human|team|security|maintainer|lead|no (?:need|further))"),
    ("looks like an answer", r"flowgate/review/v\d|[\"']answers[\"']\s*:|[\"']trap[\"']\s*:\s*[\"']FR"),
    ("looks like the packet's own frame", r"<<[0-9a-f]{6,}|[0-9a-f]{6,}>>|(?i:\bend of (?:material|data|packet|flow|source)\b)|^#+\s*(?:Traps|Answer|Material|Evidence)\s*$"),
    ("speaks as the system", r"(?i)<\|?(?:system|im_start|assistant|user)\|?>|\[/?INST\]|^\s*(?:#\s*)?(?:system|assistant)\s*:"),
)  # fmt: skip
_PATTERNS = tuple((what, re.compile(pattern)) for what, pattern in _SPEAKS)
# Controls, and format characters that show nothing, or turn the direction of what is shown.
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Zl", "Zp"})
_PLAIN = frozenset("\t\n\r\f\ufeff")


class Addressed(NamedTuple):
    """One such place, in words; `line` is 0 for the name of the file."""

    path: str
    line: int
    what: str
    text: str

    def sentence(self) -> str:
        """The place, what it does, and how it reads."""
        where = f"{self.path}:{self.line}" if self.line else f"the name of {self.path!r}"
        return f"{where} {self.what}: {self.text}"


def addressed(case: Case) -> list[Addressed]:
    """Every place in the case that speaks to the judge or hides from a reader, in the order of the files."""
    found = []
    for path, text in [*case.files.items(), *case.sources.items()]:
        what = _fault(path.replace("/", " "))
        if what:
            found.append(Addressed(visible(path), 0, what, _short(path)))
        for number, line in enumerate(lines_of(text), 1):
            what = _fault(line)
            if what:
                found.append(Addressed(visible(path), number, what, _short(line)))
    return found


def lines_of(text: str) -> list[str]:
    """The lines of a text as editors count them; separators that Python alone knows do not end a line."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def visible(text: str) -> str:
    """Text with every hidden character written out as `<U+200B>`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if not _is_hidden(char) else f"<U+{ord(char):04X}>" for char in text)


def _fault(line: str) -> str:
    if not line.isascii() and any(_is_hidden(char) for char in line):
        return "holds characters that nobody sees"
    if any(_is_hidden(char) for char in line):
        return "holds control characters"
    return next((what for what, pattern in _PATTERNS if pattern.search(line)), "")


def _is_hidden(char: str) -> bool:
    return char not in _PLAIN and unicodedata.category(char) in _HIDDEN


def _short(text: str) -> str:
    shown = visible(text.strip())
    return shown if len(shown) <= 120 else shown[:117] + "..."
