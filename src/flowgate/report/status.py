"""How flows stand: a table of flows and layers, and under it what to do next."""

from __future__ import annotations

import json

from flowgate.finding import OVERRIDDEN, Finding
from flowgate.ledger.match import remarks
from flowgate.outcome import BLOCKED
from flowgate.project import Project
from flowgate.report.findings import folded, told_once
from flowgate.report.style import from_here, paint, printable
from flowgate.verdict import FlowVerdict, Verdict

_LAYERS = ("lint", "review", "prove")


def show(verdict: Verdict, project: Project, form: str, quiet: bool, color: bool, verbose: bool = False) -> str:
    """The whole output of `flowgate status`; with `verbose`, the overridden findings after it."""
    if form == "json":
        return json.dumps(verdict.as_record(), indent=1) + "\n"
    names = [f"{printable(from_here(project, flow.path))} {flow.name}" for flow in verdict.flows]
    width = max(map(len, names), default=0)
    lines = [f"{'flow':<{width}}  " + "".join(f"{layer:<14}" for layer in _LAYERS).rstrip()]
    for name, flow in zip(names, verdict.flows, strict=True):
        cells = [getattr(flow, layer).result for layer in _LAYERS]
        lines.append(f"{name:<{width}}  " + "".join(paint(f"{cell:<14}", cell, color) for cell in cells).rstrip())
        lines += [f"    {step}" for step in _next(flow, verdict, project)] if not quiet else []
    lines += [
        f"project {printable(one.folder or '.')}: {paint(one.result, one.result, color)}" for one in verdict.projects
    ]
    lines += [f"ledger: {printable(remark)}" for remark in remarks(verdict.standings)]
    overridden = [found for found in verdict.findings if found.state == OVERRIDDEN]
    aside = folded(overridden, verbose)
    lines += [aside] if aside else [told.text(project, color).rstrip() for told in told_once(overridden, verbose)]
    return "\n".join(lines) + "\n"


def _next(flow: FlowVerdict, verdict: Verdict, project: Project) -> list[str]:
    """What to do for each layer that does not let the flow through, and why a layer was not asked."""
    steps = []
    for layer in _LAYERS:
        held = getattr(flow, layer)
        open_ones = [one for one in verdict.findings if one.layer == layer and one.flow == flow.path and one.blocks]
        if held.result == BLOCKED and open_ones:
            steps.append(f"{layer}: {_to_mend(open_ones, project)}")
        elif held.result != "pass" and held.note:
            steps.append(f"{layer}: {printable(held.note)}")
    return steps


def _to_mend(found: list[Finding], project: Project) -> str:
    first = found[0]
    where = f"{printable(from_here(project, first.path))}:{first.line}"
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"mend {first.rule} at {where}{more}; `flowgate explain {first.id}` says why"
