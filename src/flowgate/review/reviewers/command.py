"""Any program as the reviewer: the packet on its stdin, the review as JSON on its stdout."""

from __future__ import annotations

from flowgate.errors import FlowgateError
from flowgate.review.reviewers.process import run
from flowgate.review.reviewers.request import Request
from flowgate.review.reviewers.said import Said
from flowgate.settings import ReviewSettings, place_in


def ask(request: Request, settings: ReviewSettings, root: str) -> Said:
    """What the program printed.

    Raises:
        FlowgateError: no command is configured, or it does not exist.
        Inconclusive: it failed, printed too much, or took longer than the time-out.
    """
    if not settings.command:
        raise FlowgateError(f'{place_in(root, "review")}: `reviewer` is "command", but `command` is empty')
    return Said(run(list(settings.command), request.text, settings.timeout, root))


def name(settings: ReviewSettings, root: str) -> str:
    """The command, as the record names it."""
    return " ".join(settings.command)
