"""Asking a reviewer: once more where it failed or its answer was rejected, as often as votes are wanted, within a budget."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from itertools import count as count_up
from typing import NamedTuple

from flowgate.errors import Inconclusive
from flowgate.files import cache_folder, slug
from flowgate.review import record as records
from flowgate.review.answers import Rejected, Review, checked, still_holds
from flowgate.review.case import Case, open_case
from flowgate.review.judge import keep
from flowgate.review.packet import packet
from flowgate.review.record import Record
from flowgate.review.reviewers import Reviewer, reviewer_of
from flowgate.review.reviewers.process import Failed
from flowgate.review.reviewers.request import Request
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
    asked = _request(target, case)
    asking = _Asking(reviewer, settings, target.project.root, tell)
    reviews = []
    for number in range(1, votes + 1):
        asking.label = f"{target.path}: {reviewer.name(settings, target.project.root)}"
        asking.label += f", review {number} of {votes}" if votes > 1 else ""
        reviews.append(asking.review(asked, case))
    counted = count(reviews, case, _open_places(target, case))
    name = reviewer.name(settings, target.project.root)
    record = keep(target, case, counted, records.Reviewer(settings.reviewer, name, rubric_digest()))
    shutil.rmtree(os.path.dirname(asked.draft), ignore_errors=True)
    return Judged(record, asking.spent)


def _request(target: Target, case: Case) -> Request:
    """What a reviewer is asked of a flow, with the answers on record that still hold."""
    held = records.load(target.project, target.path, target.flow.name)
    carried = tuple(answer for answer in held.answers if still_holds(answer, case)) if held is not None else ()
    place = os.path.join(cache_folder(target.project.state()), "drafts", slug(target.path, target.flow.name))
    return Request(packet(target, case).text, carried=carried, draft=os.path.join(place, "review.yaml"))


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

    def review(self, asked: Request, case: Case) -> Review:
        """A review that counts; one that is rejected is asked for again, with what was wrong with it.

        A model or a command is asked once more; a person as long as what is wrong changes.
        """
        self.tell(self.label)
        for attempt in count_up():
            try:
                return checked(self._said(asked).text, case)
            except Rejected as fault:
                if attempt and (self.settings.reviewer != "person" or str(fault) == asked.fault):
                    raise
                self.tell(f"{self.label}: asked again, for the answer did not count")
                asked = asked._replace(fault=str(fault))
        raise AssertionError("unreachable")

    def _said(self, asked: Request) -> Said:
        """An answer, whatever it is worth; what fails is tried again as often as the settings say."""
        for attempt in range(self.settings.retries + 1):
            self._afford(asked.text)
            try:
                said = self.reviewer.ask(asked, self.settings, self.root)
            except Failed:
                if attempt == self.settings.retries:
                    raise
                self.tell(f"{self.label}: failed, and is tried again")
                time.sleep(_PATIENCE * 2**attempt)
                continue
            self.spent = self.spent.after(asked.text, said)
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
