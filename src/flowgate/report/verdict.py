"""The verdict of the gate, as text, JSON or GitHub annotations."""

from __future__ import annotations

import json
import secrets

from flowgate.change.entries import Entered
from flowgate.finding import in_reading_order
from flowgate.ledger.match import remarks
from flowgate.outcome import BLOCKED, INCONCLUSIVE, STALE
from flowgate.project import Project
from flowgate.report.annotations import Annotation, commands, of_findings
from flowgate.report.findings import folded, text, told_once
from flowgate.report.proof import printable_lines
from flowgate.report.style import from_here, paint, printable
from flowgate.usecases.run import Refusal
from flowgate.verdict import Compared, FlowVerdict, Judged, Layer, Verdict

_LINES = 8  # of excused code


def show(verdict: Verdict, project: Project, form: str, quiet: bool, color: bool, verbose: bool = False) -> str:
    """The whole output of `flowgate gate`."""
    if form == "json":
        return json.dumps(verdict.as_record(), indent=1) + "\n"
    said = _text(verdict, project, quiet, color, verbose)
    return commands(_annotations(verdict), project) + _inert(said) if form == "github" else said


def _text(verdict: Verdict, project: Project, quiet: bool, color: bool, verbose: bool) -> str:
    """What the change brings to the ledger first, then the findings, then the flows."""
    findings = in_reading_order(list(verdict.findings))
    entered = verdict.compared.entered if verdict.compared is not None else ()
    lines = [_entered(one) for one in entered]
    lines += [told.text(project, color, quiet) for told in told_once(findings, verbose)]
    aside = folded(findings, verbose)
    lines += [f"{aside}\n"] if aside else []
    lines += [f"ledger: {printable(remark)}\n" for remark in remarks(verdict.standings)]
    if lines:
        lines.append("\n")
    lines += [_compared(verdict.compared, color)] if verdict.compared is not None else []
    lines += [_flow(flow, project, color) for flow in verdict.flows]
    lines += [_project(judged, project, color) for judged in verdict.projects]
    lines += [f"note: {note}\n" for note in verdict.notes]
    return "".join(lines) + paint(f"gate: {verdict.result}", verdict.result, color) + "\n"


def _entered(one: Entered) -> str:
    excused = "".join(f"    | {printable(line)}\n" for line in one.code.splitlines()[:_LINES])
    return f"ledger: {printable(one.sentence())}\n{excused}"


def _inert(said: str) -> str:
    """Text in which GitHub looks for no commands, whatever names and reasons stand in it."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{said}::{token}::\n"


def _annotations(verdict: Verdict) -> list[Annotation]:
    """Findings, then what blocks or stays undecided without one, then what the change brings to the ledger."""
    told = of_findings(in_reading_order(list(verdict.findings)))
    compared = verdict.compared
    if compared is not None and compared.result == INCONCLUSIVE:
        told.append(Annotation("error", "flowgate base comparison: inconclusive", compared.note))
    told += [one for flow in verdict.flows for one in _of_layers(flow)]
    entered = compared.entered if compared is not None else ()
    return told + [
        Annotation("notice", "flowgate override", one.sentence(), ".flowgate/ledger.yaml") for one in entered
    ]


def _of_layers(flow: FlowVerdict) -> list[Annotation]:
    """What blocks a flow, or leaves it undecided, without a finding of its own: a missing review, a crashed arm."""
    layers = (("review", flow.review), ("prove", flow.prove))
    return [
        Annotation("error", f"flowgate {name}: {layer.result}", layer.note, flow.path)
        for name, layer in layers
        if layer.result in (BLOCKED, STALE, INCONCLUSIVE) and layer.note
    ]


def _compared(compared: Compared, color: bool) -> str:
    against = f"{printable(compared.ref)} {compared.commit[:12]}".strip()
    note = f"  {printable_lines(compared.note)}" if compared.note else ""
    return f"against the base {against}: {paint(compared.result, compared.result, color)}{note}\n"


def _project(judged: Judged, project: Project, color: bool) -> str:
    """One of several projects, by the settings that apply to it."""
    by = f" (by {printable(from_here(project, judged.settings))})" if judged.settings else " (no settings)"
    return f"project {printable(judged.folder or '.')}{by}: {paint(judged.result, judged.result, color)}\n"


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
