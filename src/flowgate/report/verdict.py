"""The verdict of the gate, as text, JSON or GitHub annotations."""

from __future__ import annotations

import json

from flowgate.finding import OVERRIDDEN, RESOLVED, in_reading_order
from flowgate.ledger.match import remarks
from flowgate.outcome import BLOCKED, INCONCLUSIVE, STALE
from flowgate.project import Project
from flowgate.report.findings import annotation, remark, text
from flowgate.report.proof import printable_lines
from flowgate.report.style import from_here, paint, printable
from flowgate.usecases.run import Refusal
from flowgate.verdict import FlowVerdict, Layer, Verdict


def show(verdict: Verdict, project: Project, form: str, quiet: bool, color: bool) -> str:
    """The whole output of `flowgate gate`."""
    findings = in_reading_order(list(verdict.findings))
    if form == "json":
        return json.dumps(verdict.as_record(), indent=1) + "\n"
    if form == "github":
        shown = [annotation(found) for found in findings if found.state not in (OVERRIDDEN, RESOLVED)]
        return "".join(shown + [line for flow in verdict.flows for line in _layer_annotations(flow)])
    lines = [text(found, project, color, quiet) for found in findings if found.state != RESOLVED]
    lines += [f"ledger: {remark}\n" for remark in remarks(verdict.standings)]
    if lines:
        lines.append("\n")
    lines += [_flow(flow, project, color) for flow in verdict.flows]
    return "".join(lines) + paint(f"gate: {verdict.result}", verdict.result, color) + "\n"


def _layer_annotations(flow: FlowVerdict) -> list[str]:
    """What blocks a flow, or leaves it undecided, without a finding of its own: a missing review, a crashed arm."""
    layers = (("review", flow.review), ("prove", flow.prove))
    return [
        remark(flow.path, f"flowgate {name}: {layer.result}", layer.note)
        for name, layer in layers
        if layer.result in (BLOCKED, STALE, INCONCLUSIVE) and layer.note
    ]


def _flow(flow: FlowVerdict, project: Project, color: bool) -> str:
    contract = f" ({flow.contract})" if flow.contract else ""
    head = f"{printable(from_here(project, flow.path))} {flow.name}{contract}\n"
    layers = (("lint", flow.lint), ("review", flow.review), ("prove", flow.prove))
    return head + "".join(_layer(name, layer, color) for name, layer in layers)


def _layer(name: str, layer: Layer, color: bool) -> str:
    note = f"  {printable_lines(layer.note)}" if layer.note else ""
    return f"  {name:<7}{paint(f'{layer.result:<13}', layer.result, color)}{note}\n"


def show_refusal(against: Refusal, project: Project, color: bool) -> str:
    """Why `flowgate run` does not run a flow."""
    lines = [text(found, project, color) for found in in_reading_order(list(against.findings))]
    lines += [f"review: {against.review}\n"] if against.review else []
    return "".join(lines) + paint("not run: ", "blocked", color) + "mend it, or override the finding with a reason\n"
