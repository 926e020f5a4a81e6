"""The verdict of gate and prove, as text, JSON or GitHub annotations."""

from __future__ import annotations

import json

from flowgate.finding import OVERRIDDEN, RESOLVED, in_reading_order
from flowgate.ledger.match import remarks
from flowgate.project import Project
from flowgate.prove.proof import Proof
from flowgate.report.findings import annotation, remark, text
from flowgate.report.style import from_here, paint, printable
from flowgate.usecases.run import Refusal
from flowgate.verdict import BLOCKED, INCONCLUSIVE, PASS, STALE, FlowVerdict, Layer, Verdict, overall


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


def printable_lines(note: str) -> str:
    """A note of several lines, indented below its first."""
    return "\n".join(printable(line) for line in note.splitlines())


def show_proofs(proofs: list[Proof], project: Project, form: str, color: bool) -> str:
    """The whole output of `flowgate prove`."""
    if form == "json":
        record = {
            "schema": "flowgate/proof/v1",
            "verdict": overall([proof.verdict for proof in proofs]),
            "proofs": [proof.as_record() for proof in proofs],
            "findings": [found.as_record() for proof in proofs for found in proof.findings],
        }
        return json.dumps(record, indent=1) + "\n"
    if form == "github":
        shown = [annotation(found) for proof in proofs for found in proof.findings if found.state != OVERRIDDEN]
        undecided = [proof for proof in proofs if proof.verdict == INCONCLUSIVE]
        return "".join(shown + [remark(proof.flow, "flowgate prove", proof.note) for proof in undecided])
    return "".join(_proof(proof, project, color) for proof in proofs)


def _proof(proof: Proof, project: Project, color: bool) -> str:
    contract = f" {proof.contract}" if proof.contract else ""
    reduced = f" (reduced by {', '.join(proof.reduced)})" if proof.reduced else ""
    head = f"{printable(from_here(project, proof.flow))} {proof.name}{contract}{reduced}: "
    lines = [head + paint(proof.verdict, proof.verdict, color)]
    if proof.findings:
        lines += [text(found, project, color).rstrip() for found in proof.findings]
    else:
        lines.append(f"  {printable_lines(proof.note)}")
    for arm in proof.arms:
        workers = f"{arm.workers} worker" + ("s" if arm.workers > 1 else "")
        order = "" if arm.order in ("", "forward") else f", tasks {arm.order}"
        lines.append(f"  arm {arm.name}: {arm.run}, {workers}{order}, hash seed {arm.hash_seed}, {arm.seconds:.1f} s")
    if proof.verdict == PASS:
        lines += [f"  {name} {held[:23]}" for name, held in sorted(proof.surface.items())]
    return "\n".join(lines) + "\n"


def show_refusal(against: Refusal, project: Project, color: bool) -> str:
    """Why `flowgate run` does not run a flow."""
    lines = [text(found, project, color) for found in in_reading_order(list(against.findings))]
    lines += [f"review: {against.review}\n"] if against.review else []
    return "".join(lines) + paint("not run: ", "blocked", color) + "mend it, or override the finding with a reason\n"
