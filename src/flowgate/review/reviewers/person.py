"""A person as the reviewer: an editor opened on a form in which every trap stands with its question.

What is written is kept in a draft until it counts, and opened again with what was wrong with it: a person's work is never lost.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.files import write_whole
from flowgate.project import git
from flowgate.review.form import flow_in, form, reopened
from flowgate.review.reviewers.request import Request
from flowgate.review.reviewers.said import Said
from flowgate.settings import ReviewSettings


def ask(request: Request, settings: ReviewSettings, root: str) -> Said:
    """The form as the person left it.

    Raises:
        FlowgateError: there is no terminal to edit at, or the editor cannot be started.
        Inconclusive: the editor failed, or the form was left as it was offered.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor and not sys.stdin.isatty():
        raise FlowgateError(
            f"a person can only be asked at a terminal; give `flowgate review {flow_in(request.packet)} --packet` to them, and "
            f"take the answer with `--import`"
        )
    packet = os.path.join(os.path.dirname(request.draft), "packet.md")
    offered = _offered(request, packet)
    write_whole(packet, request.packet, packet)
    write_whole(request.draft, offered, request.draft)
    try:
        code = subprocess.run([*shlex.split(editor or "vi"), request.draft], cwd=root, check=False).returncode
    except OSError as error:
        raise FlowgateError(f"the editor {editor!r} cannot be started: {error.strerror}") from None
    text = _read(request.draft)
    kept = f"; it is kept in {os.path.relpath(request.draft)}, and opened again by the next `flowgate review`"
    if code != 0:
        raise Inconclusive(f"the editor ended with exit code {code}{kept}")
    if text == offered:
        why = f"{request.fault}{kept}" if request.fault else f"nothing was filled in{kept}"
        raise Inconclusive(f"the form was left as it was: {why}")
    return Said(text)


def _offered(request: Request, packet: str) -> str:
    """The form to open: the draft of an earlier try with what was wrong with it, else one with the answers that still hold."""
    blank = form(request.packet, packet, request.carried)
    draft = _read(request.draft)
    return reopened(draft, blank, request.fault) if draft.strip() else blank


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def name(settings: ReviewSettings, root: str) -> str:
    """The person, as the record names them."""
    return (git(root, "config", "user.name") or "").strip() or "unnamed"
