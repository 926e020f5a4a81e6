"""Several independent reviews as one: a new finding needs the majority of them, or it is recorded as contested."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec

from flowgate.review.answers import Answer, Review, lines_of_quote
from flowgate.review.case import Case

_CAUTION = ("concern", "clear", "not_applicable")  # of a tie, the first


class Counted(NamedTuple):
    """The review that the votes come to; `tallies` are the votes for its findings, by their place among the answers."""

    review: Review
    voters: int
    tallies: dict[int, int]


def count(reviews: list[Review], case: Case, open_places: set[tuple[str, str, int]]) -> Counted:
    """Bring reviews of one case together.

    Args:
        reviews: each was checked.
        open_places: (trap, path, line) of the lines that findings on record are about: these need no majority.
    """
    if len(reviews) == 1:
        return Counted(reviews[0], 1, {})
    tallies: dict[int, int] = {}
    answers: list[Answer] = []
    for trap in sorted({answer.trap for review in reviews for answer in review.answers}):
        votes = [[one for one in review.answers if one.trap == trap] for review in reviews]
        found = _clusters(votes, case)
        for answer, voters in found:
            stands = voters * 2 > len(reviews) or bool(places(answer, case) & open_places)
            tallies[len(answers)] = voters
            answers.append(answer if stands else msgspec.structs.replace(answer, answer="concern"))
        if not found:
            answers.append(_most_given(votes))
    return Counted(msgspec.structs.replace(reviews[0], answers=answers), len(reviews), tallies)


def places(answer: Answer, case: Case) -> set[tuple[str, str, int]]:
    """The lines of the flow's side that an answer quotes, each with its trap."""
    found = set()
    for quote in answer.quotes:
        if case.is_of_flow(quote.path):
            first, last = lines_of_quote(quote, case.holds(quote.path) or "")
            found |= {(answer.trap, quote.path, line) for line in range(first, last + 1)}
    return found


def _most_given(votes: list[list[Answer]]) -> Answer:
    """The first answer of the kind that most reviews gave; of a tie, the most cautious kind."""
    kinds = Counter(answers[0].answer for answers in votes if answers)
    most = max(kinds, key=lambda kind: (kinds[kind], -_CAUTION.index(kind)))
    return next(one for answers in votes for one in answers if one.answer == most)


def _clusters(votes: list[list[Answer]], case: Case) -> list[tuple[Answer, int]]:
    """The findings that are about the same lines, each with the number of reviews that made it; the first stands for all."""
    found: list[tuple[Answer, set[int], set[tuple[str, str, int]]]] = []
    for voter, answers in enumerate(votes):
        for answer in answers:
            if answer.answer != "finding":
                continue
            lines = places(answer, case)
            same = next((one for one in found if one[2] & lines), None)
            if same is None:
                found.append((answer, {voter}, lines))
            else:
                same[1].add(voter)
                same[2].update(lines)
    return [(answer, len(voters)) for answer, voters, _ in found]
