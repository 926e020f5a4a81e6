"""Which entries excuse which findings: pure, and the same for the same commit whenever it is asked."""

from __future__ import annotations

import datetime
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from flowgate.finding import OVERRIDDEN, STALE, Finding, below
from flowgate.ledger.history import history
from flowgate.ledger.store import Entry, read
from flowgate.project import Project, git_output
from flowgate.settings import LedgerSettings

HOLDS, SOON, CHANGED, GONE, EXPIRED = "holds", "expires soon", "excused code changed", "finding gone", "expired"
UNAPPROVED, REFUSED = "not approved", "rule cannot be overridden"
_IN_FORCE = (HOLDS, SOON)
_SOON = datetime.timedelta(days=14)
_NO_POLICY = LedgerSettings()


class Standing(NamedTuple):
    """What an entry is worth: whether it holds, or why not. `folder` is where its project lies below the one that was
    asked; empty for that one itself."""

    entry: Entry
    state: str
    folder: str = ""

    def seen_from_above(self, folder: str) -> Standing:
        """The entry of a nested project, as a project whose subfolder `folder` that one lies in sees it."""
        return self._replace(folder=below(folder, self.folder).rstrip("/")) if folder else self

    @property
    def flow(self) -> str:
        """The flow of the entry, in the paths of the project that was asked."""
        return below(self.folder, self.entry.flow)

    @property
    def in_force(self) -> bool:
        """Whether it excuses its finding."""
        return self.state in _IN_FORCE

    def sentence(self) -> str:
        """The entry and its state, with what to do about it."""
        renew = f"`flowgate override --renew {self.entry.finding} --expires 90d`"
        advice = {
            HOLDS: "",
            SOON: f", on {self.entry.expires}; mend the code, or renew it: {renew}",
            CHANGED: "; look again, then mend the code, or override the new finding and `flowgate override --prune`",
            GONE: "; `flowgate override --prune` removes it",
            EXPIRED: f" on {self.entry.expires}; mend the code, or renew it: {renew}",
            UNAPPROVED: f"; somebody other than {self.entry.by} has to stand in its `approved_by`",
            REFUSED: " (`non_overridable` in the settings); mend the code",
        }
        return f"{self.entry.finding} ({self.flow}): {self.state}{advice[self.state]}"


def remarks(standings: Iterable[Standing]) -> list[str]:
    """What to say of the ledger: every entry that does not simply hold, by name; those whose finding is gone come last."""
    told = [standing for standing in standings if standing.state != HOLDS]
    return [standing.sentence() for standing in sorted(told, key=lambda standing: standing.state == GONE)]


class Matched(NamedTuple):
    """The findings with the states the ledger gives them, and what each entry is worth."""

    findings: list[Finding]
    standings: list[Standing]


def match(
    findings: list[Finding],
    entries: list[Entry],
    date: datetime.date,
    root: str,
    policy: LedgerSettings = _NO_POLICY,
    authors: Mapping[str, str] = MappingProxyType({}),
) -> Matched:
    """Excuse what the ledger excuses. An entry whose code changed marks what came of it `stale-override`.

    Args:
        date: the day against which expiry is judged.
        root: the repository, in which the file of a renamed flow is looked for.
        policy: which rules no entry excuses, and whether entries need an approver.
        authors: who committed each entry, by its finding, where git knows.
    """
    states: dict[int, Finding] = {}
    worth: dict[str, Standing] = {}
    for seek in (_same, _moved, _descendant):  # an entry's own finding comes before what only may be it
        for entry in entries:
            hits = [] if entry.finding in worth else seek(entry, findings, states, root)
            if hits:
                author = authors.get(entry.finding, "")
                standing = worth[entry.finding] = _standing(entry, findings[hits[0]], date, policy, author)
                states |= {index: _excused(findings[index], standing) for index in hits}
    standings = [worth.get(entry.finding) or Standing(entry, GONE) for entry in entries]
    return Matched([states.get(index, found) for index, found in enumerate(findings)], standings)


def _same(entry: Entry, findings: list[Finding], _: dict[int, Finding], root: str) -> list[int]:
    """The findings with the entry's id."""
    return [at for at, found in enumerate(findings) if found.id == entry.finding and _same_flow(entry, found, root)]


def _moved(entry: Entry, findings: list[Finding], taken: dict[int, Finding], _: str) -> list[int]:
    """The same code, held against by the same rule, in another file or step of the flow, of which no entry speaks."""
    return [at for at in _free(entry, findings, taken) if findings[at].excuses == entry.excuses][:1]


def _descendant(entry: Entry, findings: list[Finding], taken: dict[int, Finding], _: str) -> list[int]:
    """The finding of the same rule and flow that no entry speaks for: what the excused code became."""
    return _free(entry, findings, taken)[:1]


def _free(entry: Entry, findings: list[Finding], taken: dict[int, Finding]) -> list[int]:
    """The findings of the entry's rule in its own flow that no entry speaks of."""
    return [
        at
        for at, found in enumerate(findings)
        if at not in taken and found.rule == entry.rule and found.flow == entry.flow
    ]


def _same_flow(entry: Entry, found: Finding, root: str) -> bool:
    """The flow the entry names, or one that took its place when its file was renamed."""
    return entry.flow == found.flow or not os.path.exists(os.path.join(root, entry.flow))


def _is_approved(entry: Entry, author: str) -> bool:
    """Whether somebody else agreed: other than who signed the entry, and than who committed it."""
    approver = entry.approved_by or ""
    return _is_somebody(approver) and not any(is_same_person(approver, one) for one in (entry.by, author) if one)


_NOBODY = frozenset("na none nobody me self myself tbd todo yes ok approved unknown anonymous reviewer".split())


def _is_somebody(text: str) -> bool:
    """Whether a text can be the name of a person: by an address, or in letters of which none only looks like another."""
    name, address = _person(text)
    letters = re.sub(r"[^a-z]", "", name)
    return bool(address) or (len(letters) > 1 and letters not in _NOBODY and name.isascii() and "@" not in name)


def is_same_person(one: str, other: str) -> bool:
    """Whether two of `name <email>` are one person, whatever the case, the accents and the tag after a plus in the address."""
    (name, address), (other_name, other_address) = _person(one), _person(other)
    return bool((address and address == other_address) or (name and name == other_name))


def _person(text: str) -> tuple[str, str]:
    """A person's name and address, as they are compared."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter) and letter.isprintable())
    match = re.search(r"<?([^\s<>]+)@([^\s<>]+?)>?\s*$", plain)
    address = f"{match[1].partition('+')[0]}@{match[2]}" if match else ""
    name = " ".join(re.findall(r"[\w@'-]+", plain[: match.start()] if match else plain))
    return name, address


def _standing(entry: Entry, found: Finding, date: datetime.date, policy: LedgerSettings, author: str) -> Standing:
    if entry.rule in policy.non_overridable:
        return Standing(entry, REFUSED)
    if entry.excuses != found.excuses:
        return Standing(entry, CHANGED)
    if entry.expires is not None and entry.expires < date:
        return Standing(entry, EXPIRED)
    if policy.require_approver and not _is_approved(entry, author):
        return Standing(entry, UNAPPROVED)
    soon = entry.expires is not None and entry.expires <= date + _SOON
    return Standing(entry, SOON if soon else HOLDS)


def _excused(found: Finding, standing: Standing) -> Finding:
    reason = standing.entry.reason
    if standing.in_force:
        return found._replace(state=OVERRIDDEN, note=reason)
    if standing.state == CHANGED:
        return found._replace(state=STALE, note=f"{standing.entry.finding} excused other code: {reason}")
    return found._replace(note=f"its override does not hold: {standing.state}: {reason}")


def layer_of(rule: str) -> str:
    """The layer that a rule belongs to; lint holds what ruff says too."""
    return "gate" if rule == "FG404" else {"FR": "review", "FP": "prove"}.get(rule[:2], "lint")


def overlay(
    project: Project,
    findings: Iterable[Finding],
    layer: str,
    flows: set[str] | None = None,
    brought: set[str] | None = None,
    folder: str = "",
) -> Matched:
    """The findings of a layer (`lint`, `review`, `prove`, `gate`) with the states that the ledger gives them.

    Args:
        folder: where the project lies below the one in whose paths the findings are told; the ledger's are its own.
        flows: the flows that were judged; entries of others are not spoken of. None where all were.
        brought: the entries that count, by the findings they excuse. None where all do.
    """
    listed = list(findings)
    if folder:
        made = overlay(project, [found.seen_inside() for found in listed], layer, flows, brought)
        return Matched([found.seen_from_above(folder) for found in made.findings], made.standings)
    entries = [entry for entry in read(project) if layer_of(entry.rule) == layer]
    if brought is not None:
        entries = [entry for entry in entries if entry.finding in brought]
    if flows is not None:  # the flow of an entry may have been renamed to one of these
        entries = [one for one in entries if one.flow in flows or not os.path.exists(project.absolute(one.flow))]
    if not entries:
        return Matched(listed, [])
    policy = project.settings.ledger
    found = match(listed, entries, date_under_test(project), project.root, policy, authors_of(project))
    if flows is None:
        return found
    mine = [one for one in found.standings if one.entry.flow in flows or one.state != GONE]
    return Matched(found.findings, mine)


def authors_of(project: Project) -> dict[str, str]:
    """Who committed each entry of the ledger, by its finding, where the policy asks; nothing of what is not committed yet."""
    if not project.settings.ledger.require_approver:
        return {}
    return {finding: brought.author for finding, brought in history(project).items() if brought.is_committed}


def date_under_test(project: Project) -> datetime.date:
    """The date of the commit under test, so that one commit always has one verdict; today where there is no commit.

    Whoever makes a commit sets its date, so it counts as no earlier than the base that it is held against.
    """
    stamp = max(git_output(project, "log", "-1", "--format=%cs") or "", project.since)
    return datetime.date.fromisoformat(stamp) if stamp else datetime.date.today()
