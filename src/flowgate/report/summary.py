"""The verdict as Markdown, for the summary of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flowgate.finding import OVERRIDDEN, RESOLVED, Finding, in_reading_order
from flowgate.ledger.match import remarks
from flowgate.outcome import INCONCLUSIVE, PASS
from flowgate.prove.diverge import Divergence
from flowgate.prove.proof import Proof
from flowgate.report.style import printable
from flowgate.verdict import FlowVerdict, Layer, Verdict

# GitHub refuses a summary of more than 1 MiB. What blocks is named first, so the end can be left out.
_LARGEST = 900_000
_ITEMS = 200  # of one kind
_LONGEST = 2_000  # characters of one text
_COLUMNS = ("flow", "task", "artifact", "one arm", "the other", "line", "later differences")


def summary(verdict: Verdict) -> str:
    """What the change brings to the ledger, what blocks and what to do, the flows through their layers, divergences, the
    overrides in force, and how long it took."""
    findings = in_reading_order([found for found in verdict.findings if found.state != RESOLVED])
    apart = [(proof.flow, proof.divergence) for proof in verdict.proofs if proof.divergence is not None]
    parts = [
        f"## flowgate: {verdict.result}\n",
        _section("Overrides that this change brings", _entered(verdict)),
        _section("What blocks", [_item(found) for found in findings if found.blocks]),
        _section("What to do", _to_do(verdict)),
        _table(("flow", "contract", "lint", "review", "prove"), [_flow(flow) for flow in verdict.flows]),
        _section("What was proven", [_proven(proof) for proof in verdict.proofs if proof.verdict == PASS]),
        _section("Where the arms differ", [_table(_COLUMNS, [_divergence(*one) for one in apart])] if apart else []),
        _section("Overrides in force", [_overridden(found) for found in findings if found.state == OVERRIDDEN]),
        _section("The ledger", [f"- {escape(remark)}" for remark in remarks(verdict.standings)]),
        _section("Notes", [f"- {escape(note)}" for note in verdict.notes]),
        _section("Durations", _durations(verdict)),
    ]
    return _within(part for part in parts if part)


def _within(parts: Iterable[str]) -> str:
    """The parts that GitHub's limit has room for; the first that has none is named."""
    text = ""
    for part in parts:
        if len((text + part).encode()) > _LARGEST:
            return text + "\nThe rest is too long for a summary; the verdict file has all of it.\n"
        text += part + "\n"
    return text


def _section(title: str, items: list[str]) -> str:
    if not items:
        return ""
    more = [f"- and {len(items) - _ITEMS} more"] if len(items) > _ITEMS else []
    return "\n".join([f"### {title}\n", *items[:_ITEMS], *more, ""])


def _entered(verdict: Verdict) -> list[str]:
    entered = verdict.compared.entered if verdict.compared is not None else ()
    return [f"- {escape(one.sentence())}" + (f": {code(one.code)}" if one.code else "") for one in entered]


def _to_do(verdict: Verdict) -> list[str]:
    compared = verdict.compared
    first = [f"- base comparison: {escape(compared.note)}"] if compared and compared.result == INCONCLUSIVE else []
    return first + [_note(flow.path, name, layer.note) for flow in verdict.flows for name, layer in _open_layers(flow)]


def _open_layers(flow: FlowVerdict) -> list[tuple[str, Layer]]:
    layers = (("review", flow.review), ("prove", flow.prove))
    return [(name, layer) for name, layer in layers if layer.result not in ("pass", "skipped")]


def _note(path: str, name: str, note: str) -> str:
    return f"- {code(path)} {name}: {escape(note)}"


def _flow(flow: FlowVerdict) -> list[str]:
    results = (flow.lint.result, flow.review.result, flow.prove.result)
    return [code(flow.path), flow.contract or "-", *results]


def _item(found: Finding) -> str:
    mend = f" **Instead:** {escape(found.mend)}" if found.mend else ""
    return f"- {code(f'{found.path}:{found.line}')} **{found.rule}** {escape(found.message)}.{mend} (`{found.id}`)"


def _overridden(found: Finding) -> str:
    return f"- `{found.id}` {code(f'{found.path}:{found.line}')} {escape(found.note)}"


def _proven(proof: Proof) -> str:
    return f"- {code(proof.flow)} {escape(proof.note)}"


def _divergence(flow: str, found: Divergence) -> list[str]:
    sides = [code(f"{side.arm}: {side.value}") for side in (found.left, found.right)]
    where = code(f"{found.step}{found.place}")
    return [code(flow), where, code(found.path), *sides, str(found.line or "-"), str(found.consequences)]


def _durations(verdict: Verdict) -> list[str]:
    layers = ", ".join(f"{layer} {spent:.1f} s" for layer, spent in verdict.seconds.items())
    lines = [f"- {layers}"] if layers else []
    for proof in verdict.proofs:
        arms = ", ".join(f"{arm.name} {arm.seconds:.1f} s" for arm in proof.arms)
        if arms:
            how = "by receipt; its arms took" if proof.reused else f"{proof.seconds:.1f} s:"
            lines.append(f"- {code(proof.flow)} {how} {arms}")
    return lines


def _table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows[:_ITEMS])]
    more = f"\nand {len(rows) - _ITEMS} more\n" if len(rows) > _ITEMS else ""
    return "\n".join(f"| {line} |" for line in lines) + "\n" + more


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line."""
    flat = " ".join(printable(_short(text)).split())
    return re.sub(r"([\\`*_{}\[\]<>|#&@])", r"\\\1", flat)


def code(text: str) -> str:
    """Text as inline code, whatever it holds; a bar would end a table's cell."""
    plain = printable(_short(text)).replace("|", "\u2502")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026"
