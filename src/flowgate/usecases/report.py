"""`flowgate report`: what a page shows beside the verdict: graphs, conclusions, quotes, and the age of each override."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flowgate.discover import flow_sources, parts_of
from flowgate.errors import FlowgateError
from flowgate.finding import RESOLVED, Finding, below, in_reading_order
from flowgate.flow.model import Flow
from flowgate.flow.source import Source
from flowgate.ledger.history import history
from flowgate.ledger.match import Standing, date_under_test
from flowgate.project import Project, git_output
from flowgate.prove.ground import asked_of
from flowgate.prove.proof import Proof
from flowgate.prove.results import results
from flowgate.review import record as records
from flowgate.review.answers import line_of, shorten
from flowgate.target import Target, readable
from flowgate.verdict import FlowVerdict, Verdict

DIVERGED, FOLLOWS = "diverged", "follows"
_LONGEST_QUESTION = 200  # characters


class Node(NamedTuple):
    """A step of a flow's graph. `mark` is `diverged` where the arms first differ, `follows` for what comes after it."""

    name: str
    kind: str
    targets: tuple[str, ...]
    mark: str


class Quoted(NamedTuple):
    """A piece of text with the file and line it stands in; `of_flow` where the file is the flow's, not a source's."""

    path: str
    line: int
    text: str
    of_flow: bool


class Held(NamedTuple):
    """A finding with what it rests on."""

    finding: Finding
    quotes: tuple[Quoted, ...]


class Excused(NamedTuple):
    """A ledger entry: what it is worth, and for how many days it has stood; None where git does not tell."""

    standing: Standing
    days: int | None


class FlowPage(NamedTuple):
    """One flow: its verdict, graph and proof, and the values of its surface where they can be read.

    `axes` are the names that its config varies, `note` why there are no values, `assigned` where the first artifact in which
    the arms differ is. `question` is what its investigation asks, by the document that is its source of truth.
    """

    verdict: FlowVerdict
    nodes: tuple[Node, ...]
    proof: Proof | None
    conclusions: tuple[dict[str, Any], ...]
    axes: frozenset[str]
    note: str
    assigned: str = ""
    question: str = ""


class Material(NamedTuple):
    """All that a page shows. `date` is that of the commit, `commit` its id, empty where there is none."""

    verdict: Verdict
    name: str
    commit: str
    date: str
    flows: tuple[FlowPage, ...]
    findings: tuple[Held, ...]
    overrides: tuple[Excused, ...]


def material(project: Project, verdict: Verdict) -> Material:
    """Gather what a page shows of a verdict; what cannot be read is said, and stops nothing."""
    parts = {part.folder: part for part in parts_of(project, [])}
    targets = {
        (below(folder, target.path), target.flow.name): target
        for folder, part in parts.items()
        for target in _targets(part.project)
    }
    proofs = {(proof.flow, proof.name): proof for proof in verdict.proofs}
    pages = [_page(one, targets.get((one.path, one.name)), proofs.get((one.path, one.name))) for one in verdict.flows]
    shown = [found for found in in_reading_order(list(verdict.findings)) if found.state != RESOLVED]
    stood = {(folder, name): days for folder, part in parts.items() for name, days in _stood(part.project).items()}
    return Material(
        verdict,
        project.root.rstrip("/").rpartition("/")[2],
        git_output(project, "rev-parse", "--short=12", "HEAD") or "",
        date_under_test(project).isoformat(),
        tuple(pages),
        tuple(_held(project, {folder: part.project for folder, part in parts.items()}, shown)),
        tuple(Excused(one, stood.get((one.folder, one.entry.finding))) for one in verdict.standings),
    )


def _targets(project: Project) -> Iterator[Target]:
    try:
        yield from readable(project, flow_sources(project))
    except FlowgateError:  # it is said in the verdict
        return


def _page(verdict: FlowVerdict, target: Target | None, proof: Proof | None) -> FlowPage:
    if target is None:
        return FlowPage(verdict, (), proof, (), frozenset(), "its file cannot be read")
    conclusions, note = _conclusions(target, proof)
    nodes = tuple(_nodes(target.flow, proof))
    where, question = _assigned(target.project, proof), _question(target)
    return FlowPage(verdict, nodes, proof, conclusions, _axes(target), note, where, question)


def _question(target: Target) -> str:
    """What the investigation asks: the first sentence below a heading `Question` of a source of truth, else its title."""
    for name in target.settings.sources:
        if not name.endswith((".md", ".rst", ".txt")):
            continue
        text = Source(target.project.absolute(name)).text
        asked = re.search(r"(?mi)^#+[ \t]*(?:the )?(?:research )?question[ \t]*\n+([^\n#][^\n]*(?:\n[^\n#]+)*)", text)
        title = re.search(r"(?m)^#[ \t]+(\S.*)$", text)
        found = asked or title
        if found is not None:
            return shorten(found[1].strip(), _LONGEST_QUESTION)
    return ""


def _assigned(project: Project, proof: Proof | None) -> str:
    found = proof.divergence if proof is not None else None
    return f"{project.relative(found.file)}:{found.line}" if found is not None and found.file else ""


def _conclusions(target: Target, proof: Proof | None) -> tuple[tuple[dict[str, Any], ...], str]:
    """The values of the surface, of the run that proved them; or why there are none."""
    if proof is None or proof.verdict != "pass" or not proof.contract:
        return (), "there are no proven conclusions to show"
    try:
        return tuple(results(target, asked_of(target), False).conclusions), ""
    except FlowgateError as error:
        return (), str(error)


def _axes(target: Target) -> frozenset[str]:
    experiment = target.composed.tree.get("experiment") if target.composed is not None else None
    axes = experiment.get("axes") if isinstance(experiment, dict) else None
    return frozenset(map(str, axes)) if isinstance(axes, dict) else frozenset()


def _nodes(flow: Flow, proof: Proof | None) -> Iterator[Node]:
    divergence = proof.divergence if proof is not None else None
    first = divergence.step if divergence is not None else ""
    after = _after(flow, first) if divergence is not None and divergence.consequences else set()
    for name, step in flow.steps.items():
        kinds = [way.kind for way in step.transitions]
        targets = tuple(dict.fromkeys(to for way in step.transitions for to in way.targets))
        mark = DIVERGED if name == first else FOLLOWS if name in after else ""
        yield Node(name, "join" if step.is_join else kinds[0] if kinds else "linear", targets, mark)


def _after(flow: Flow, name: str) -> set[str]:
    """The steps that come after one."""
    found: set[str] = set()
    queue = [name]
    while queue:
        step = flow.steps.get(queue.pop())
        fresh = {to for way in (step.transitions if step else ()) for to in way.targets} - found
        found |= fresh
        queue += fresh
    return found


def _held(project: Project, nested: dict[str, Project], findings: list[Finding]) -> Iterator[Held]:
    """Each finding with the quotes of its review, or the source line that it is about."""
    sources: dict[str, Source] = {}
    reviews: dict[tuple[str, str], records.Record | None] = {}

    def source(path: str) -> Source:
        return sources.setdefault(path, Source(project.absolute(path)))

    for found in findings:
        if found.layer == "review":
            key = (found.flow, found.name)
            judge = nested.get(found.project, project)
            if key not in reviews:
                reviews[key] = _record(judge, found.seen_inside().flow, found.name)
            yield Held(found, tuple(_quotes(judge, found, reviews[key], source)))
        else:
            line = source(found.path).line(found.line).strip() if found.layer != "gate" else found.code
            yield Held(found, (Quoted(found.path, found.line, line or found.code, True),))


def _record(project: Project, flow: str, name: str) -> records.Record | None:
    try:
        return records.load(project, flow, name)
    except FlowgateError:
        return None


def _quotes(project: Project, found: Finding, record: records.Record | None, source: Any) -> Iterator[Quoted]:
    held = next((one for one in record.findings if one.id == found.id), None) if record is not None else None
    named = project.settings.of(found.seen_inside().flow).sources
    for quote in held.quotes if held is not None else ():
        inside = quote.path.partition("#")[0]
        path = below(found.project, inside)
        yield Quoted(path, line_of(quote, source(path).text), quote.text.rstrip(), inside not in named)


def _day(stamp: str, otherwise: datetime.date) -> datetime.date:
    """The day of a commit's time, which its author may have made up."""
    try:
        return datetime.datetime.fromtimestamp(int(stamp), datetime.UTC).date()
    except (ValueError, OverflowError, OSError):
        return otherwise


def _stood(project: Project) -> dict[str, int]:
    """For how many days each finding has been excused, by the commits that its entry came with."""
    today = date_under_test(project)
    found = history(project)
    return {name: max(0, (today - _day(brought.stamp, today)).days) for name, brought in found.items()}
