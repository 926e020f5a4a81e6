"""The verdict as one self-contained page: no network, no dependency, whatever stands in it is text."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from flowgate import __version__
from flowgate.finding import OVERRIDDEN
from flowgate.project import Project
from flowgate.report.numbers import read_as
from flowgate.report.page.chart import charts
from flowgate.report.page.graph import drawn
from flowgate.report.page.plot import interval_of, is_number, plots
from flowgate.usecases.report import Material, material
from flowgate.verdict import Verdict

_LAYERS = ("lint", "review", "prove")
_FOLD = 12  # flows: of more, those that pass are folded away
# A mark for each line of a chart, around its point: colours alone do not tell lines apart for everybody.
_MARKS = (
    "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0z",
    "M-4 -4H4V4H-4z",
    "M0 -5L5 4H-5z",
    "M0 -5.5L5.5 0L0 5.5L-5.5 0z",
    "M0 5L5 -4H-5z",
    "M-5 -1.5H-1.5V-5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5z",
    "M-4 -2L0 -5L4 -2V3H-4z",
    "M-5 0L-2 -4H2L5 0L2 4H-2z",
)


def page(verdict: Verdict, project: Project) -> str:
    """The page, as HTML. Its own style and script are allowed by digest; nothing else is loaded or run."""
    return render(material(project, verdict))


def render(shown: Material) -> str:
    """The page of what was gathered."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    style, script = (_asset(name) for name in ("page.css", "page.js"))
    loader = PackageLoader("flowgate.report.page", "")
    environment = Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    text = environment.get_template("page.html").render(
        shown=shown,
        verdict=shown.verdict,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'",
        layers=_LAYERS,
        graphs=[drawn(flow.nodes) for flow in shown.flows],
        plots=[[plots(one, flow.axes) for one in flow.conclusions] for flow in shown.flows],
        charts=[[charts(one, flow.axes) for one in flow.conclusions] for flow in shown.flows],
        marks=_MARKS,
        enumerated=lambda flows: list(enumerate(flows, 1)),
        fold=_FOLD,
        blocking=sum(held.finding.blocks for held in shown.findings),
        overridden=sum(held.finding.state == OVERRIDDEN for held in shown.findings),
        version=__version__,
        cell=read_as,
        is_number=lambda value: is_number(value) or interval_of(value) is not None,
    )
    return "".join(char for char in text if char in "\n\t" or char.isprintable())


def _asset(name: str) -> str:
    return (files("flowgate.report.page") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
