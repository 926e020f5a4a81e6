"""FR199: what the documents decide, each to be looked for in the flow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowgate.review.evidence.page import SOURCE, Page, Shown

_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)]|\|)\s+\S")
_DECIDES = re.compile(
    r"(?i)\b(?:must|never|always|only|instead|decided?|decision|we use|is used|are used|fixed|overturned|dropped|exclude|"
    r"clip|scal|normali[sz]|standardi[sz]|stratif|bootstrap|interval|primary|rows|hours|days)\b|\d"
)


def gather(page: Page) -> Iterator[Shown]:
    """The decisions of one page: the items of its lists, and the sentences that settle something."""
    if page.side != SOURCE or not page.is_prose:
        return
    for number, line in enumerate(page.lines, 1):
        if line.strip().startswith("#"):
            continue
        if _ITEM.match(line):
            yield page.mark(number, "decides", 0)
        elif _DECIDES.search(line):
            yield page.mark(number, "may decide", 1)
