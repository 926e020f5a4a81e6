"""Setting by setting: the same rules, the same judge, as thorough a proof, a ledger that excuses no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from flowgate.lint.rules import REGISTRY
from flowgate.settings import LedgerSettings, LintSettings, ProveSettings, ReviewSettings, Settings

Lowered = tuple[str, str, str]  # the key, the code of the finding, and what it means


class Order(NamedTuple):
    """Settings of which less asks less."""

    key: str
    was: float
    now: float
    means: str


def weaker_policy(was: Settings, now: Settings) -> Iterator[Lowered]:
    """What the settings of a change ask less than those of its base."""
    yield from _lint(was.lint, now.lint)
    yield from _review(was.review, now.review)
    yield from _prove(was.prove, now.prove)
    yield from _of_flows(was, now)
    yield from _ledger(was.ledger, now.ledger)


def _lint(was: LintSettings, now: LintSettings) -> Iterator[Lowered]:
    ids = {name: entry.id for entry in REGISTRY for name in (entry.id, entry.slug)}
    for rule in sorted({ids.get(one, one) for one in now.ignore} - {ids.get(one, one) for one in was.ignore}):
        yield "ignore", f"lint.ignore: {rule}", f"rule {rule} is left out of every flow"
    gone = [one for one in was.ruff if not one.startswith(now.ruff)]
    if gone:
        yield "ruff", f"lint.ruff: {' '.join(gone)}", f"ruff does not look for {', '.join(gone)} any more"


def _review(was: ReviewSettings, now: ReviewSettings) -> Iterator[Lowered]:
    if was.reviewer != now.reviewer and was.reviewer != "none":
        means = "nobody is asked" if now.reviewer == "none" else "somebody else judges"
        yield "reviewer", f"review.reviewer: {was.reviewer} -> {now.reviewer}", f"the reviewer is switched: {means}"
    elif was.reviewer == "command" and was.command != now.command:
        yield "command", f"review.command: {' '.join(now.command)}", "another command judges than that of the base"
    elif was.reviewer == "llm" and was.model != now.model:
        yield "model", f"review.model: {was.model} -> {now.model}", "another model judges than that of the base"
    if (was.block_on, now.block_on) == ("concern", "finding"):
        yield "block_on", "review.block_on: concern -> finding", "a concern of the judge does not block any more"
    yield from _less(
        "review",
        Order("votes", was.votes, now.votes, "fewer reviews have to agree"),
        Order("packet_size", was.packet_size, now.packet_size, "the judge is shown less"),
    )


def _prove(was: ProveSettings, now: ProveSettings) -> Iterator[Lowered]:
    added = [one for one in now.overrides if one not in was.overrides]
    if added:
        means = f"the proof is reduced: its arms run under {', '.join(added)}"
        yield "overrides", f"prove.overrides: {' '.join(added)}", means
    yield from _less(
        "prove",
        Order("workers", was.workers, now.workers, "the adversarial arm has fewer workers"),
        Order("schedules", was.schedules, now.schedules, "fewer orders are tried"),
    )
    for pattern in dict.fromkeys(now.inputs_exclude):
        if pattern not in was.inputs_exclude:
            yield "inputs_exclude", f"prove.inputs_exclude: {pattern}", f"a proof outlives changes of {pattern}"
    if was.require_sealed and not now.require_sealed:
        yield "require_sealed", "prove.require_sealed", "arms that are not sealed prove something"
    if was.network == "off" and now.network == "on":
        yield "network", "prove.network", "the arms may fetch what the proof is not bound to"
    for key, before, after in (
        ("launcher", was.launcher, now.launcher),
        ("run_options", was.run_options, now.run_options),
    ):
        if before != after and not _only_adds(before, after):
            shown = " ".join(after) or "(none)"
            yield key, f"prove.{key}: {shown}", f"the arms are started otherwise than in the base: {shown}"


def _of_flows(was: Settings, now: Settings) -> Iterator[Lowered]:
    """What the tables of single flows ask less, beside what is asked less of all."""
    of_all = {code for _, code, _ in _prove(was.prove, now.prove)}
    for path in sorted({*was.flow, *now.flow}):
        for key, code, means in _prove(was.proving(path), now.proving(path)):
            if code not in of_all:
                yield key, f"{path}: {code}", f"of {path}, {means}"


def _only_adds(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether a command line only has options more, none of which sends the arms elsewhere or names other workers."""
    if not after or (before and after[: len(before)] != before):
        return False
    added = after[len(before) :]
    return all(_HARMLESS.fullmatch(word) for word in added)


_HARMLESS = re.compile(r"--(frozen|locked|offline|no-sync|with|tag|quiet)|retry(:.*)?|timeout(:.*)?|catch(:.*)?|-q")


def _ledger(was: LedgerSettings, now: LedgerSettings) -> Iterator[Lowered]:
    for rule in sorted(set(was.non_overridable) - set(now.non_overridable)):
        yield "non_overridable", f"ledger.non_overridable: {rule}", f"{rule} can be overridden now"
    if was.require_approver and not now.require_approver:
        yield "require_approver", "ledger.require_approver", "no second person has to approve an override any more"


def _less(table: str, *orders: Order) -> Iterator[Lowered]:
    for key, was, now, means in orders:
        if now < was:
            yield key, f"{table}.{key}: {was:g} -> {now:g}", f"{means}: {key} went from {was:g} to {now:g}"


def ledger_of_both(was: LedgerSettings, now: LedgerSettings) -> LedgerSettings:
    """The ledger's policy by which a change is judged: what either side asks, so that none is lowered on its own behalf."""
    rules = tuple(dict.fromkeys([*now.non_overridable, *was.non_overridable]))
    return LedgerSettings(rules, was.require_approver or now.require_approver)
