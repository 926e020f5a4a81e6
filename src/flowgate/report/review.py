"""How reviews stand, as text."""

from __future__ import annotations

from flowgate.project import Project
from flowgate.report.findings import folded, told_once
from flowgate.report.style import from_here, paint, printable
from flowgate.usecases.review import Reviewed


def show(reviews: list[Reviewed], project: Project, quiet: bool, color: bool, verbose: bool = False) -> str:
    """The whole output of `flowgate review`."""
    if not reviews:
        return "" if quiet else "nothing to review: every review that is asked for holds\n"
    lines = []
    for one in reviews:
        lines += [told.text(project, color, quiet) for told in told_once(one.findings, verbose)]
        aside = folded(one.findings, verbose)
        lines += [f"  {aside}\n"] if aside and not quiet else []
        name = printable(from_here(project, one.flow))
        if not quiet or one.verdict != "pass":
            lines.append(f"{name} {one.name}: {paint(one.verdict, one.verdict, color)}  {printable(one.note)}\n")
        lines += [f"  {paint('note', 'warning', color)}: {printable(remark)}\n" for remark in one.remarks if not quiet]
    return "".join(lines)
