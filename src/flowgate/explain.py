"""What each rule of each layer is about: for `flowgate explain`, the help in SARIF, and the docs."""

from __future__ import annotations

from typing import NamedTuple

from flowgate.change.weakening import MEANING as WEAKER_GATE
from flowgate.errors import FlowgateError
from flowgate.lint.rule import Example
from flowgate.lint.rules import PROMOTED, REGISTRY, Entry
from flowgate.prove.meanings import MEANINGS
from flowgate.review.rubric import OTHER, TRAPS


class Explanation(NamedTuple):
    """A rule in words: what it catches (`title`), why it matters, and what to write instead."""

    id: str
    slug: str
    layer: str
    severity: str
    concerns: str
    title: str
    why: str
    mend: str
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()


# The rules of layers that hold them in code of their own: what each is about, its layer, and what it concerns.
_TOLD = (
    *((meaning, "prove", "proven flows") for meaning in MEANINGS),
    (WEAKER_GATE, "gate", "changes, against their base"),
)


def explanation(name: str) -> Explanation | None:
    """The rule with this id or slug, whatever its case; None where there is none."""
    wanted = name.strip().lower()
    for entry in REGISTRY:
        if wanted in (entry.id.lower(), entry.slug):
            return _of_lint(entry)
    for trap in (*TRAPS, OTHER):
        if wanted in (trap.id.lower(), trap.slug):
            why = f"It counts: {trap.counts}\n\nIt does not count: {trap.spared}\n\nEvidence: {trap.evidence}"
            mend = "make the flow agree with its source of truth, or write down in the investigation why it departs"
            return Explanation(trap.id, trap.slug, "review", "error", "reviewed flows", trap.question, why, mend)
    for (rule, slug, title, why, mend), layer, concerns in _TOLD:
        if wanted in (rule.lower(), slug):
            return Explanation(rule, slug, layer, "error", concerns, title, why, mend)
    return None


def explain(name: str) -> Explanation:
    """The rule that a rule's id, its slug, or the id of a finding names.

    Raises:
        FlowgateError: there is no such rule.
    """
    found = explanation(name) or explanation(name.partition("-")[0])
    if found is None:
        from difflib import get_close_matches

        known = [entry.id for entry in REGISTRY] + [entry.slug for entry in REGISTRY]
        near = get_close_matches(name, known, 1, 0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise FlowgateError(f"there is no rule {name!r}{hint} (`flowgate explain` lists them all)")
    return found


def listed() -> list[Explanation]:
    """Every rule, layer by layer."""
    names = [entry.id for entry in REGISTRY] + [trap.id for trap in (*TRAPS, OTHER)] + [one[0][0] for one in _TOLD]
    return [found for name in names if (found := explanation(name)) is not None]


def _of_lint(entry: Entry) -> Explanation:
    rule = entry.load()
    title, _, rest = (rule.__doc__ or "").strip().partition("\n")
    why = "\n".join(line.removeprefix("    ") for line in rest.strip().splitlines())
    concerns = "promoted flows" if entry.concerns == PROMOTED else "every flow"
    concerns = f"promoted flows, and {rule.elsewhere} on others" if rule.elsewhere else concerns
    return Explanation(
        rule.id, rule.slug, "lint", rule.severity, concerns, title.rstrip("."), why, rule.mend, rule.bad, rule.good
    )
