"""A person as the reviewer: an editor opened on a form in which every trap stands with its question."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.project import git
from flowgate.review.form import flow_in, form
from flowgate.review.reviewers.said import Said
from flowgate.settings import ReviewSettings


def ask(packet: str, settings: ReviewSettings, root: str) -> Said:
    """The form as the person left it; it is kept beside the packet until it counts.

    Raises:
        FlowgateError: there is no terminal to edit at, or the editor cannot be started.
        Inconclusive: the editor failed, or the form was left as it was.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor and not sys.stdin.isatty():
        raise FlowgateError(
            f"a person can only be asked at a terminal; give `flowgate review {flow_in(packet)} --packet` to them, and "
            f"take the answer with `--import`"
        )
    folder = tempfile.mkdtemp(prefix="flowgate-review-")
    read, written = os.path.join(folder, "packet.md"), os.path.join(folder, "review.yaml")
    blank = form(packet, read)
    for path, text in ((read, packet), (written, blank)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    try:
        code = subprocess.run([*shlex.split(editor or "vi"), written], cwd=root, check=False).returncode
    except OSError as error:
        raise FlowgateError(f"the editor {editor!r} cannot be started: {error.strerror}") from None
    with open(written, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if code != 0 or text == blank:
        raise Inconclusive("the form was left blank" if code == 0 else f"the editor ended with exit code {code}")
    sys.stderr.write(f"what was written is kept in {written}; `--import` takes it again\n")
    return Said(text)


def name(settings: ReviewSettings, root: str) -> str:
    """The person, as the record names them."""
    return (git(root, "config", "user.name") or "").strip() or "unnamed"
