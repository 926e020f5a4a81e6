"""The verdict as one self-contained page: no network, no dependency, whatever stands in it is text."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from flowgate import __version__
from flowgate.finding import OVERRIDDEN
from flowgate.project import Project
from flowgate.report.page.graph import drawn
from flowgate.report.page.plot import plots
from flowgate.usecases.report import Material, material
from flowgate.verdict import Verdict

_LAYERS = ("lint", "review", "prove")


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
        blocking=sum(held.finding.blocks for held in shown.findings),
        overridden=sum(held.finding.state == OVERRIDDEN for held in shown.findings),
        version=__version__,
        cell=cell,
    )
    return "".join(char for char in text if char in "\n\t" or char.isprintable())


def cell(value: object) -> str:
    """A value of a conclusion as a table shows it."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _asset(name: str) -> str:
    return (files("flowgate.report.page") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
