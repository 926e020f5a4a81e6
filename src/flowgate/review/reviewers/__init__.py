"""The registry of reviewers: one file each, and one line here."""

from __future__ import annotations

from collections.abc import Callable

from flowgate.review.reviewers import command
from flowgate.settings import ReviewSettings

# A reviewer is asked with a packet and the settings, and answers with text in which a review stands.
Ask = Callable[[str, ReviewSettings, str], str]

REVIEWERS: dict[str, Ask] = {"command": command.ask}


def name_of(settings: ReviewSettings) -> str:
    """The reviewer as the record names it."""
    return " ".join(settings.command) if settings.reviewer == "command" else settings.reviewer
