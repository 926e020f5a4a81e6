"""An arm that failed, in the words of the user's own exception rather than the scheduler's."""

from __future__ import annotations

import json
import os
import re

_TAIL = 200_000
_LINES, _MESSAGE = 12, 4
_PREFIX = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ (\[[^\]]*\])? ?")
_FAILED = re.compile(r"Step (\w+) \(task-id (\S+)\) failed")
_CHATTER = (
    "Task failed",
    "Workflow failed",
    "Terminating ",
    "Killing ",
    "Flushing logs",
    "This failed task",
    "Step failure",
)


class Crash(Exception):
    """An arm that did not come to its end, and where its log lies."""

    def __init__(self, text: str, log: str = "") -> None:
        super().__init__(text)
        self.log = log


def crash_of(arm: str, code: int, log: str, settings: str = "the settings") -> Crash:
    """What is known of the failure of an arm that ended with `code`: what its task wrote down, else what its log says."""
    with open(log, "rb") as file:
        file.seek(max(0, os.path.getsize(log) - _TAIL))
        lines = [_PREFIX.sub("", line.rstrip()) for line in file.read().decode("utf-8", "replace").splitlines()]
    if any("No module named 'metaflow'" in line for line in lines):
        return Crash(f"arm `{arm}` could not start: the launcher's Python has no Metaflow")
    said = "\n    ".join(_written_down(lines, os.path.join(os.path.dirname(log), "failures")) or telling(lines))
    how = f"failed with exit code {code}" if code >= 0 else "was killed"
    text = f"arm `{arm}` {how}, so nothing can be said of its conclusions:\n    {said}"
    if "MetaflowNotFound" in said or "MetaflowNamespaceMismatch" in said:
        text += (
            "\n  Every arm has a store of its own, so it finds no run of another flow. To let it read yours, write "
            f'reads_runs = ["OtherFlow"] under {settings}, or in the table of this flow'
        )
    return Crash(text, log)


def _written_down(lines: list[str], folder: str) -> list[str]:
    """The frames of the user's code and the exception that ended the task which, as the scheduler says last, has failed."""
    failed = [found for line in lines if (found := _FAILED.search(line))]
    if not failed or not os.path.isdir(folder):
        return []
    prefix = f"{failed[-1][1]}-{failed[-1][2]}-"
    attempts = sorted(name for name in os.listdir(folder) if name.startswith(prefix))
    if not attempts:
        return []
    with open(os.path.join(folder, attempts[-1]), encoding="utf-8") as file:
        told = json.load(file)
    spoken: list[str] = []
    for path, number, function, code in told["frames"]:
        if not _is_foreign(path):
            spoken += [f'File "{path}", line {number}, in {function}', *([f"  {code}"] if code else [])]
    exception: list[str] = told["exception"].splitlines()
    return [*spoken[-_LINES:], *exception[:_MESSAGE]]


def _is_foreign(text: str) -> bool:
    return any(place in text for place in ("/site-packages/", "/flowgate_probe/", "<frozen"))


def telling(lines: list[str]) -> list[str]:
    """The last traceback of a log: the frames of the user's code, then the exception; else the last lines."""
    begins = [at for at, line in enumerate(lines) if line.strip().startswith("Traceback (most recent call last)")]
    if not begins:
        return [line for line in lines if line.strip() and not line.strip().startswith(_CHATTER)][-_LINES:]
    told = [line.strip() for line in lines[begins[-1] + 1 :]]
    ends = next((at for at, line in enumerate(told) if not line or line.startswith(_CHATTER)), len(told))
    frames = [at for at, line in enumerate(told[:ends]) if line.startswith('File "')]
    if not frames:
        return told[:ends][-_LINES:]
    spoken = []
    for at, after in zip(frames, [*frames[1:], ends], strict=True):
        own = not _is_foreign(told[at])
        body = [line for line in told[at + 1 : after] if line.strip("^~ ")]
        spoken += [told[at], *(f"  {line}" for line in body[:1])] if own else []
        exception = body[1:]
    return (spoken + exception)[-_LINES:]
