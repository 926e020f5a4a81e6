"""The verdict as Markdown, for the summary of a CI job."""

from __future__ import annotations

import re

from flowgate.finding import OVERRIDDEN, RESOLVED, Finding, in_reading_order
from flowgate.ledger.match import remarks
from flowgate.outcome import PASS
from flowgate.prove.diverge import Divergence
from flowgate.report.style import printable
from flowgate.verdict import FlowVerdict, Layer, Verdict

# GitHub refuses a summary of more than 1 MiB; what blocks is named first, so the end can be left out.
_LARGEST = 900_000


def summary(verdict: Verdict) -> str:
    """What blocks and what to do, the flows through their layers, divergences, and the overrides in force."""
    findings = in_reading_order([found for found in verdict.findings if found.state != RESOLVED])
    blocking = [found for found in findings if found.blocks]
    overridden = [found for found in findings if found.state == OVERRIDDEN]
    parts = [f"## flowgate: {verdict.result}\n"]
    parts += [_table(("flow", "contract", "lint", "review", "prove"), [_flow(flow) for flow in verdict.flows])]
    if blocking:
        parts += ["### What blocks\n", *(_item(found) for found in blocking), ""]
    notes = [_note(flow.path, name, layer.note) for flow in verdict.flows for name, layer in _open_layers(flow)]
    if notes:
        parts += ["### What to do\n", *notes, ""]
    proven = [f"- {code(proof.flow)} {escape(proof.note)}" for proof in verdict.proofs if proof.verdict == PASS]
    if proven:
        parts += ["### What was proven\n", *proven, ""]
    apart = [(proof.flow, proof.divergence) for proof in verdict.proofs if proof.divergence is not None]
    if apart:
        parts += ["### Where the arms differ\n", _table(_COLUMNS, [_divergence(*one) for one in apart])]
    if overridden:
        parts += ["### Overrides in force\n", *(f"- `{found.id}` {escape(found.note)}" for found in overridden), ""]
    parts += [f"- ledger: {escape(remark)}" for remark in remarks(verdict.standings)]
    text = "\n".join(parts) + "\n"
    return text if len(text.encode()) < _LARGEST else text.encode()[:_LARGEST].decode("utf-8", "ignore") + "\n\n(cut)\n"


_COLUMNS = ("flow", "task", "artifact", "one arm", "the other", "line", "later differences")


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


def _divergence(flow: str, found: Divergence) -> list[str]:
    sides = [code(f"{side.arm}: {side.value}") for side in (found.left, found.right)]
    where = code(f"{found.step}{found.place}")
    return [code(flow), where, code(found.path), *sides, str(found.line or "-"), str(found.consequences)]


def _table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>|#&])", r"\\\1", " ".join(printable(text).split()))


def code(text: str) -> str:
    """Text as inline code, whatever it holds; a bar would end a table's cell."""
    plain = printable(text).replace("|", "\u2502")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
