"""Asking a reviewer: once more where it failed or its answer was rejected, as often as votes are wanted, within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from flowgate.errors import Inconclusive
from flowgate.review import record as records
from flowgate.review.answers import Rejected, Review, checked
from flowgate.review.case import Case, open_case
from flowgate.review.judge import keep
from flowgate.review.packet import packet
from flowgate.review.record import Record
from flowgate.review.reviewers import Reviewer, reviewer_of
from flowgate.review.reviewers.process import Failed
from flowgate.review.reviewers.said import Said, Spent
from flowgate.review.rubric import rubric_digest
from flowgate.review.votes import count, places
from flowgate.settings import ReviewSettings
from flowgate.target import Target

_PATIENCE = 1.0  # seconds before a second try, doubled each time

Tell = Callable[[str], None]


class Judged(NamedTuple):
    """A record that was written, and what the reviewer cost."""

    record: Record
    spent: Spent


def ask(target: Target, votes: int, tell: Tell) -> Judged:
    """Have a flow judged by the reviewer of the settings, and write the record.

    Args:
        votes: how many independent reviews a new finding needs the majority of.
        tell: given a word on what is under way.

    Raises:
        FlowgateError: no reviewer is configured, or it cannot be asked.
        Inconclusive: it gave no review that counts, or the budget does not allow it; nothing was written.
    """
    settings = target.project.settings.review
    reviewer = reviewer_of(settings, target.path, target.project.root)
    case = open_case(target)
    asked = packet(target, case).text
    asking = _Asking(reviewer, settings, target.project.root, tell)
    reviews = []
    for number in range(1, votes + 1):
        asking.label = f"{target.path}: {reviewer.name(settings, target.project.root)}"
        asking.label += f", review {number} of {votes}" if votes > 1 else ""
        reviews.append(asking.review(asked, case))
    counted = count(reviews, case, _open_places(target, case))
    name = reviewer.name(settings, target.project.root)
    record = keep(target, case, counted, records.Reviewer(settings.reviewer, name, rubric_digest()))
    return Judged(record, asking.spent)


def _open_places(target: Target, case: Case) -> set[tuple[str, str, int]]:
    """The lines that the findings on record are about: these were voted for already."""
    held = records.load(target.project, target.path, target.flow.name)
    found: set[tuple[str, str, int]] = set()
    for one in held.findings if held is not None else []:
        if one.is_open:
            found |= places(one.as_answer(), case)
    return found


class _Asking:
    """One reviewer that is asked, and what it has cost so far."""

    def __init__(self, reviewer: Reviewer, settings: ReviewSettings, root: str, tell: Tell) -> None:
        self.reviewer, self.settings, self.root, self.tell = reviewer, settings, root, tell
        self.spent = Spent()
        self.label = ""

    def review(self, asked: str, case: Case) -> Review:
        """A review that counts; one that is rejected is asked for once more, with what was wrong with it."""
        self.tell(self.label)
        try:
            return checked(self._said(asked).text, case)
        except Rejected as fault:
            self.tell(f"{self.label}: asked again, for the answer did not count")
            again = f"{asked}\n# Your last answer was rejected\n\n{fault}\n\nAnswer again, with a whole review.\n"
            return checked(self._said(again).text, case)

    def _said(self, asked: str) -> Said:
        """An answer, whatever it is worth; what fails is tried again as often as the settings say."""
        for attempt in range(self.settings.retries + 1):
            self._afford(asked)
            try:
                said = self.reviewer.ask(asked, self.settings, self.root)
            except Failed:
                if attempt == self.settings.retries:
                    raise
                self.tell(f"{self.label}: failed, and is tried again")
                time.sleep(_PATIENCE * 2**attempt)
                continue
            self.spent = self.spent.after(asked, said)
            return said
        raise AssertionError("unreachable")

    def _afford(self, asked: str) -> None:
        coming, settings = self.spent.with_next(asked), self.settings
        if settings.max_tokens and coming.tokens > settings.max_tokens:
            raise Inconclusive(
                f"the next answer may bring the review to {coming.tokens} tokens, and `max_tokens` is {settings.max_tokens}"
            )
        cost = coming.cost(settings.price)
        if settings.max_cost and cost > settings.max_cost:
            raise Inconclusive(
                f"the next answer may bring the review to {cost:.2f}, and `max_cost` is {settings.max_cost}"
            )
