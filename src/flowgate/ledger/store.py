"""`.flowgate/ledger.yaml`: read strictly, changed under a lock, replaced whole; comments and order survive."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable

import msgspec

from flowgate.errors import FlowgateError
from flowgate.files import Upgrade, parse_yaml, read_text, upgraded, write_whole
from flowgate.project import Project

NAME = ".flowgate/ledger.yaml"
_HEAD = """\
# Findings that this repository accepts, each with a reason. Add one with `flowgate override`.
version: 1
overrides:
"""
_WITHOUT_WIDTH = dict.fromkeys([0xAD, 0x2060, 0xFEFF, *range(0x200B, 0x2010)])
_ID = re.compile(r"[A-Z]{1,7}\d{3,4}-[0-9a-f]{8}")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One accepted finding. `excuses` is the digest of the code that was excused, `by` who excused it.

    `approved_by` is who agreed, where the settings ask for a second person.
    """

    finding: str
    flow: str
    reason: str
    by: str
    excuses: str
    expires: datetime.date | None = None
    approved_by: str | None = None

    @property
    def rule(self) -> str:
        """The rule whose finding it accepts."""
        return self.finding.split("-")[0]


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    overrides: list[Entry] = []


VERSION = 1
_UPGRADES: dict[int, Upgrade] = {}  # from each version to the next: there was none before the first


def path_of(project: Project) -> str:
    """Where the ledger of a project lies."""
    return project.state("ledger.yaml")


def read(project: Project) -> list[Entry]:
    """The entries in the ledger's order; none where there is no ledger.

    Raises:
        FlowgateError: the file is not a ledger, down to the unknown key, the duplicate or the merge conflict.
    """
    path = path_of(project)
    if os.path.islink(path) or os.path.islink(project.state()):
        raise FlowgateError(
            f"{NAME} is a link, so what it says may change where nobody looks; put the file itself there"
        )
    return parse(read_text(path, NAME)) if os.path.lexists(path) else []


def parse(text: str) -> list[Entry]:
    """The entries of a ledger's text."""
    data = upgraded(parse_yaml(text, NAME), VERSION, _UPGRADES, NAME)
    if isinstance(data, dict) and data.get("overrides", 0) is None:
        data["overrides"] = []
    try:
        ledger = msgspec.convert(data, Ledger, builtin_types=(datetime.date,))
    except msgspec.ValidationError as error:
        raise FlowgateError(f"{NAME}: {_in_words(str(error))}") from None
    seen: set[str] = set()
    for entry in ledger.overrides:
        _check(entry, seen)
    return ledger.overrides


def _check(entry: Entry, seen: set[str]) -> None:
    if not _ID.fullmatch(entry.finding):
        raise FlowgateError(f"{NAME}: {entry.finding!r} is no finding's id, such as FG301-3f9a1c2b")
    if entry.finding in seen:
        raise FlowgateError(f"{NAME}: {entry.finding} is excused twice; keep one entry")
    if not is_said(entry.reason):
        raise FlowgateError(f"{NAME}: {entry.finding} has no reason")
    seen.add(entry.finding)


def is_said(reason: str) -> bool:
    """Whether a reason holds anything that a reader sees."""
    return bool(reason.translate(_WITHOUT_WIDTH).strip())


def append(project: Project, entry: Entry) -> None:
    """Add an entry at the end, leaving every byte before it as it was.

    Raises:
        FlowgateError: the finding is excused already, or the file is no ledger or cannot be written.
    """

    def grown(text: str, before: list[Entry]) -> tuple[str, list[Entry]]:
        if any(held.finding == entry.finding for held in before):
            raise FlowgateError(
                f"{entry.finding} is in {NAME} already; give it another date with `flowgate override --renew {entry.finding}`"
            )
        return _grown(text, entry), [*before, entry]

    change(project, grown)


def change(project: Project, edit: Callable[[str, list[Entry]], tuple[str, list[Entry]]]) -> str:
    """Replace the ledger under its lock; the text that was written.

    Args:
        edit: given the text and its entries, returns the new text and the entries it must read back as.

    Raises:
        FlowgateError: the file is no ledger, cannot be written, or is laid out so that it cannot be edited.
    """
    from filelock import FileLock

    path = path_of(project)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with FileLock(_lock_path(project), timeout=60):
            text = read_text(path, NAME) if os.path.lexists(path) else _HEAD
            edited, expected = edit(text, parse(text))
            if parse(edited) != expected:
                raise FlowgateError(f"{NAME} is laid out in a way that cannot be edited for you; do it by hand")
            if edited != text:
                write_whole(path, edited, NAME)
            return edited
    except OSError as error:
        raise FlowgateError(f"{NAME} cannot be written: {error.strerror or error}") from None


def _lock_path(project: Project) -> str:
    """The lock lies in the ignored cache, so that it never shows in a commit."""
    from flowgate.files import cache_folder

    return os.path.join(cache_folder(project.state()), "ledger.lock")


def _grown(text: str, entry: Entry) -> str:
    """The ledger's text with one more entry, in the file's own line endings."""
    newline = "\r\n" if "\r\n" in text else "\n"
    body = re.sub(r"(?m)^overrides:[ \t]*(\[\s*\]|~|null)[ \t]*(?=#|\r?$)", "overrides: ", text)
    body = re.sub(r"(?m)^overrides:[ \t]+(?=\r?$)", "overrides:", body)
    if body and not body.endswith("\n"):
        body += newline
    return body + newline.join(_lines(entry, _indent(body))) + newline


def _indent(text: str) -> str:
    match = re.search(r"(?m)^([ \t]*)- finding:", text)
    return match[1] if match else "  "


def _lines(entry: Entry, indent: str) -> list[str]:
    fields = {"finding": entry.finding, "flow": scalar(entry.flow), "reason": scalar(entry.reason)}
    fields |= {"by": scalar(entry.by), "excuses": entry.excuses}
    if entry.expires is not None:
        fields["expires"] = entry.expires.isoformat()
    if entry.approved_by is not None:
        fields["approved_by"] = scalar(entry.approved_by)
    made = [f"{key}: {value}" for key, value in fields.items()]
    return [f"{indent}- {made[0]}", *(f"{indent}  {line}" for line in made[1:])]


def scalar(text: str) -> str:
    """A string as YAML writes it: bare where that reads back as the same string, else double-quoted on one line."""
    import yaml

    flat = re.fullmatch(r"[\w./;,()<>@+' -]+", text, re.ASCII) is not None
    if flat and text == text.strip():
        try:
            if yaml.safe_load(f"key: {text}") == {"key": text}:
                return text
        except yaml.YAMLError:
            pass
    quoted: str = yaml.safe_dump(text, default_style='"', width=2**31, allow_unicode=True)
    return quoted.strip()


def _in_words(message: str) -> str:
    """msgspec's message with the entry counted as a person counts."""
    match = re.search(r"- at `\$\.overrides\[(\d+)\](?:\.(\w+))?`", message)
    if match is None:
        return message.replace(" - at `$`", "").replace("Object", "the ledger", 1)
    where = f"override number {int(match[1]) + 1}" + (f", {match[2]}" if match[2] else "")
    return f"{where}: {message[: match.start()].strip()}"
