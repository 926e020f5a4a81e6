"""Flow by flow: is each still judged, under as strong a contract, over as large a surface, against the same sources?"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator

from flowgate.change.base import Base
from flowgate.change.claims import Experiment, FlowClaims, Place
from flowgate.change.weakening import Weakening
from flowgate.project import Project, git

_STRENGTH = {"order_independent": 3, "single_worker": 2, "nondeterministic": 1}
_MEANS = {
    "single_worker": "nothing is claimed across workers any more",
    "nondeterministic": "two runs of it are not compared any more",
    "": "it is not proven any more",
}
_LINK = "120000"  # the mode of a symbolic link, as git lists it
_A_LITTLE = 20  # one word in twenty may go without a word about it
_RETIRED = "put it back; or override this finding with the reason for which it is retired"


def weaker_flows(base: Base, project: Project, before: list[FlowClaims], now: list[FlowClaims]) -> Iterator[Weakening]:
    """What the flows of a change claim less than those of its base."""
    for was in before:
        found = _successor(was, before, now, base.renamed)
        if found is None:
            yield from _lost(was, base, project)
        else:
            yield from _weaker_flow(was, found, base, project)


def successor_of(
    path: str, name: str, before: list[FlowClaims], now: list[FlowClaims], renamed: dict[str, str]
) -> tuple[str, str] | None:
    """The path and class that a flow of the base has now; its own where nothing of it changed, None where it is gone."""
    was = next((one for one in before if (one.path, one.name) == (path, name)), None)
    if was is None:
        return path, name
    found = _successor(was, before, now, renamed)
    return (found.path, found.name) if found is not None else None


def _successor(
    was: FlowClaims, before: list[FlowClaims], now: list[FlowClaims], renamed: dict[str, str]
) -> FlowClaims | None:
    """The flow that a flow of the base is now: the same class in the same file, in the file's new place, or anywhere."""
    path = renamed.get(was.path, was.path)
    for found in now:
        if found.name == was.name and found.path in (path, was.path):
            return found
    taken = {(one.path, one.name) for one in before}
    fresh = [one for one in now if (one.path, one.name) not in taken]
    same_class = [one for one in fresh if one.name == was.name]
    same_file = [one for one in fresh if one.path == path]
    alone = sum(one.path == was.path for one in before) == 1
    if len(same_class) == 1:
        return same_class[0]
    return same_file[0] if alone and len(same_file) == 1 else None


def _lost(was: FlowClaims, base: Base, project: Project) -> Iterator[Weakening]:
    path = base.renamed.get(was.path, was.path)
    where = base.placed(project, path)
    there = os.path.isfile(os.path.join(base.here, path))
    if not there and git(base.here, "ls-files", "--error-unmatch", "--", path) is not None:
        message = f"{was.name} is not checked out here, so it is not judged: check out all of the repository"
        yield Weakening(f"judged: {was.name}", message, where, mend="turn sparse checkout off, where the gate runs")
        return
    if not there and not was.claims_something:
        return
    if there and not was.claims_something and where.startswith("../"):
        return
    if there:
        why = _why_not_judged(project, where)
        yield Weakening(f"judged: {was.name}", f"{was.name} was judged in {base.ref} and is not any more: {why}", where)
    else:
        said = _said(was)
        message = f"{was.name} is gone, which {base.ref} asks to be {said}: its conclusions go with it"
        yield Weakening(f"judged: {was.name}", message, where, mend=_RETIRED)


def _why_not_judged(project: Project, path: str) -> str:
    settings = project.settings
    if path.startswith("../"):
        return f"{path} lies outside the folder that {settings.origin or 'the settings'} govern now"
    if settings.exclude or settings.flows:
        return (
            f"the file is there, but `flows` and `exclude` in {settings.origin} leave it out, or it is no flow any more"
        )
    return "the file is there, but it is ignored, or no flow any more"


def _said(was: FlowClaims) -> str:
    asked = ["proven"] * (was.contract not in ("", "nondeterministic")) + ["reviewed"] * was.reviewed
    return " and ".join(asked) or "declared"


def _weaker_flow(was: FlowClaims, now: FlowClaims, base: Base, project: Project) -> Iterator[Weakening]:
    flow = base.placed(project, now.path)
    about = {"flow": flow, "name": now.name}

    def at(key: str) -> dict[str, object]:
        path, line = now.written[key]
        return {"path": base.placed(project, path), "line": line}

    def weaker(code: str, message: str, **place: object) -> Weakening:
        return Weakening(code, message, **{"path": flow, **about, **place})  # type: ignore[arg-type]

    if was.promoted and not now.promoted:
        yield weaker(
            "promoted", f"{now.name} is promoted in {base.ref} and is not any more, so half of the rules let go"
        )
    elif was.reviewed and not now.reviewed:
        yield weaker("reviewed", f"{now.name} is reviewed in {base.ref}, and no review is asked of it any more")
    if _strength(now.contract) < _strength(was.contract):
        yield weaker(
            _change(was.contract, now.contract), _contract(now.name, was.contract, now.contract), **at("determinism")
        )
    lost = sorted(f"{step}.{artifact}" for step, artifact in _lost_conclusions(was, now))
    if lost and was.contract in ("order_independent", "single_worker"):
        message = f"the surface of {now.name} is smaller: {', '.join(lost)} is compared no more"
        yield weaker(f"surface: {' '.join(lost)}", message, **at("surface"))
    yield from _weaker_sources(was, now, base, project)
    for name, experiment in was.experiments.items():
        later = now.experiments.get(name)
        if later is not None:
            for code, message in _weaker_experiment(name, experiment, later, (was, now)):
                yield weaker(code, message, path=base.placed(project, later.path), line=later.line)


def _weaker_sources(was: FlowClaims, now: FlowClaims, base: Base, project: Project) -> Iterator[Weakening]:
    """The sources of truth that a flow is not held against any more, or that say hardly anything any more."""
    flow = base.placed(project, now.path)
    kept = {os.path.normpath(one) for one in now.sources}
    for source in was.sources:
        shown = base.placed(project, source)
        if source not in kept and base.renamed.get(source) not in kept:
            message = f"{shown} is no source of truth of {now.name} any more, so no review holds the flow against it"
            path, line = now.written["sources"]
            yield Weakening(f"source: {shown}", message, base.placed(project, path), line, flow, now.name)
        else:
            lost = _shrunken(source, base)
            if lost:
                shown = base.placed(project, base.renamed.get(source, source))
                message = f"{shown}, a source of truth of {now.name}, {lost}"
                yield Weakening(f"gutted: {shown}", message, shown, 1, flow, now.name)


def _shrunken(source: str, base: Base) -> str:
    """What a source of truth says less than in the base, in words; empty where it says as much."""
    if source not in base.changed:
        return ""
    path = os.path.join(base.here, base.renamed.get(source, source))
    if os.path.islink(path):
        listed = git(base.here, "ls-tree", base.commit, "--", source) or ""
        return "" if listed.startswith(_LINK) else f"became a link to {os.readlink(path)}"
    before = git(base.here, "cat-file", "blob", f"{base.commit}:{source}")
    if before is None or not os.path.isfile(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        was, now = len(before.split()), len(file.read().split())
    if was and not now:
        return "is empty"
    return f"shrank from {was} words to {now}" if (was - now) * _A_LITTLE > was else ""


def _strength(contract: str) -> int:
    return _STRENGTH.get(contract, 0)


def _change(was: str, now: str) -> str:
    return f"determinism: {was} -> {now or 'none'}"


def _contract(name: str, was: str, now: str) -> str:
    return f"the contract of {name} is weaker: {was} became {now or 'none'}, so {_MEANS.get(now, _MEANS[''])}"


def _lost_conclusions(was: FlowClaims, now: FlowClaims) -> set[Place]:
    """The conclusions of the base that are none any more; one that took another name in its step is not lost."""
    lost = {place for place in was.conclusions if not _still(*place, was, now)}
    before, after = ({name for _, name in flow.stored} for flow in (was, now))
    fresh = sorted(place for place in now.conclusions if place[1] in after - before)
    for place in sorted(lost):
        renamed = next((one for one in fresh if one[0] == place[0]), None)
        if renamed is not None and place[1] not in after:
            fresh.remove(renamed)
            lost.discard(place)
    return lost


def _still(step: str, artifact: str, was: FlowClaims, now: FlowClaims) -> bool:
    """Whether a conclusion of the base is one now, and did not merely leave for a step beside the surface."""
    if not now.covers(step, artifact):
        return not was.surface and not now.surface and not _hidden(artifact, now)
    if (step, artifact) in now.stored or (step, artifact) not in was.stored:
        return True
    elsewhere = {other for other, name in now.stored - was.stored if name == artifact}
    return not elsewhere or any(now.covers(other, artifact) for other in elsewhere)


def _hidden(artifact: str, now: FlowClaims) -> bool:
    """Whether an artifact became a private one, which the default surface leaves out."""
    return any(name == f"_{artifact}" for _, name in now.stored)


def _holds(entry: str, other: str) -> bool:
    """Whether an entry of a surface stands for all that another stands for."""
    (step, _, artifact), (pattern, _, name) = other.rpartition("."), entry.rpartition(".")
    return artifact == name and fnmatch.fnmatchcase(step or "end", pattern or "end")


def _weaker_experiment(
    name: str, was: Experiment, now: Experiment, flows: tuple[FlowClaims, FlowClaims]
) -> Iterator[tuple[str, str]]:
    """What an experiment claims less, where it is not the flow's default, of which all was said."""
    before, after = flows
    if _strength(now.contract) < _strength(was.contract) and (was.contract, now.contract) != (
        before.contract,
        after.contract,
    ):
        said = _contract(f"experiment {name}", was.contract, now.contract)
        yield f"experiment {name} {_change(was.contract, now.contract)}", said
    lost = sorted(entry for entry in set(was.surface) if not any(_holds(other, entry) for other in now.surface))
    if lost and (was.surface, now.surface) != (before.surface, after.surface) and now.surface:
        yield (
            f"experiment {name} surface: {' '.join(lost)}",
            f"the surface of experiment {name} lacks {', '.join(lost)}",
        )
