"""A language model as the reviewer, through the `llm` library: every provider and local model that its plugins know.

Keys stay where `llm` keeps them. The model is asked in a process of its own, so that a time-out can end it.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec

import msgspec

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.review.answers import Review
from flowgate.review.reviewers.process import run
from flowgate.review.reviewers.request import Request
from flowgate.review.reviewers.said import Said
from flowgate.settings import ReviewSettings, place_in


def ask(request: Request, settings: ReviewSettings, root: str) -> Said:
    """What the model answered, in the form of a review where the model can be held to a schema.

    Raises:
        FlowgateError: the `llm` library is not installed, or knows no such model.
        Inconclusive: the model could not be reached, or took longer than the time-out.
    """
    if find_spec("llm") is None:
        raise FlowgateError(
            f'{place_in(root, "review")}: `reviewer` is "llm", and the `llm` library is not installed beside flowgate: '
            f"{sys.executable} -m pip install llm"
        )
    asked = {"model": settings.model, "packet": request.text, "schema": msgspec.json.schema(Review)}
    answer = run(
        [sys.executable, "-m", "flowgate.review.reviewers.llm_call"], json.dumps(asked), settings.timeout, root
    )
    try:
        said = json.loads(answer)
    except ValueError:
        raise Inconclusive("the model's process gave no usable answer") from None
    if said.get("unknown"):
        raise FlowgateError(
            f"{place_in(root, 'review')}: `model`: {said['unknown']} (`llm models` lists those that are there)"
        )
    return Said(said["text"], said["given"], said["taken"])


def name(settings: ReviewSettings, root: str) -> str:
    """The model, as the record names it."""
    return settings.model or "the default model of llm"
