"""The registry of reviewers: one file each with an `ask` and a `name`, and one line here."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

from flowgate.errors import FlowgateError
from flowgate.review.reviewers.request import Request
from flowgate.review.reviewers.said import Said
from flowgate.settings import ReviewSettings, place_in

REVIEWERS = ("command", "llm", "person")


class Reviewer(Protocol):
    """What a reviewer's file holds."""

    def ask(self, request: Request, settings: ReviewSettings, root: str) -> Said:
        """The text in which a review of the packet stands."""

    def name(self, settings: ReviewSettings, root: str) -> str:
        """The reviewer as the record names it."""


def reviewer_of(settings: ReviewSettings, flow: str, root: str) -> Reviewer:
    """The reviewer that the settings name, loaded.

    Raises:
        FlowgateError: they name none.
    """
    if settings.reviewer not in REVIEWERS:
        raise FlowgateError(
            f"no reviewer is configured. Set `reviewer` under {place_in(root, 'review')} (command, llm or person), or give "
            f"`flowgate review {flow} --packet` to a person or an agent and `--import` the answer"
        )
    found: Reviewer = import_module(f"{__name__}.{settings.reviewer}")
    return found
