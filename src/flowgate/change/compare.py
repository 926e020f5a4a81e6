"""A change against its base, on one page: flows, settings, records, hooks, workflows, owners."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator

from flowgate.change.base import Base
from flowgate.change.ci.compare import weaker_workflows
from flowgate.change.ci.jobs import FOLDER as WORKFLOWS
from flowgate.change.claims import Asked, FlowClaims, claims_of, setting_line
from flowgate.change.documents import parsed, text_of
from flowgate.change.flows import successor_of, weaker_flows
from flowgate.change.hooks import FILE as HOOKS
from flowgate.change.hooks import weaker_hooks
from flowgate.change.owners import place_of, weaker_owners
from flowgate.change.policy import weaker_policy
from flowgate.change.records import weaker_records
from flowgate.change.weakening import Weakening
from flowgate.errors import Inconclusive
from flowgate.finding import Finding
from flowgate.project import Project, git, repository_of
from flowgate.settings import Settings


def weaker(base: Base, project: Project) -> list[Finding]:
    """Every way in which what stands in the project's folder asks less of itself than its base: findings of FG404."""
    found = [*_wiring(base, project)]
    if base.project is None:
        found.append(_unreadable(base, project))
    else:
        before, now = _claims(base, base.project, project)
        found += _governed(base, project, before)
        found += _policy(base.project.settings, project)
        found += weaker_flows(base, project, before, now)
        found += _left_out(base, project)
        found += _silenced(base, project, now)
        found += weaker_records(base, project, lambda path, name: successor_of(path, name, before, now, base.renamed))
    unique = {one.id: one for one in (weakening.as_finding() for weakening in found)}
    return [*forged(project), *unique.values()]


def _claims(base: Base, then: Project, project: Project) -> tuple[list[FlowClaims], list[FlowClaims]]:
    """The flows of the base and of now of which something changed: what is made of the same files claims the same.

    Where the settings changed, or code or config came or went, any flow may claim something else.
    """
    claimed = {path for path in base.changed if path.endswith((".py", ".yaml", ".yml", ".toml", ".json"))}
    kept = all(os.path.exists(os.path.join(top, path)) for path in claimed for top in (base.top, base.here))
    kept = kept and not any(
        os.path.islink(os.path.join(top, path)) for path in base.changed for top in (base.top, base.here)
    )
    if not kept or any(path.endswith(".toml") for path in claimed) or then.settings != project.settings:
        return claims_of(then, base.top), claims_of(project, base.here)
    now = claims_of(project, base.here, Asked(None, base.changed))
    files = frozenset(one.path for one in now) | base.changed
    return claims_of(then, base.top, Asked(files, None)), now


def forged(project: Project) -> list[Finding]:
    """Receipts and remembered answers are made where they are used; committed ones would be believed unseen.

    Raises:
        Inconclusive: git refuses to say what is committed.
    """
    state, cache = project.state(), project.state("cache")
    link = next((path for path in (state, cache) if os.path.islink(path)), None)
    if link is not None:
        shown = project.relative(link)
        message = f"{shown} is a link: receipts and remembered answers may lie where somebody else keeps them"
        return [Weakening("cache link", message, shown, mend="make it a folder").as_finding()]
    if repository_of(project.root) is None or not os.path.isdir(cache):
        return []
    listed = git(project.root, "ls-files", "-z", "--", ".flowgate/cache")
    if listed is None:
        raise Inconclusive("git refuses to say whether .flowgate/cache is committed; does it trust this folder?")
    held = sorted(name for name in listed.split("\0") if name)
    if not held:
        return []
    message = f"{held[0]} is committed: receipts and remembered answers of somebody else would be believed"
    mend = "run `git rm -r --cached .flowgate/cache`"
    return [Weakening("cache", message, held[0], mend=mend).as_finding()]


def _unreadable(base: Base, project: Project) -> Weakening:
    path = project.settings.origin or "pyproject.toml"
    message = f"the settings of the base cannot be read, so what they asked cannot be told: {base.fault}"
    return Weakening(
        "settings of the base", message, path, mend="mend them in the base first, or override this finding"
    )


def _governed(base: Base, project: Project, before: list[FlowClaims]) -> Iterator[Weakening]:
    """Other settings govern the folder that the gate stands in."""
    assert base.project is not None
    was, now = os.path.relpath(base.project.root, base.top), os.path.relpath(project.root, base.here)
    if was != now and base.project.settings.origin:
        name = os.path.normpath(os.path.join(was, base.project.settings.origin))
        message = (
            f"{name} governs this folder in {base.ref}, and {project.settings.origin or 'nothing'} in {now} does now"
        )
        yield Weakening(f"settings: {name}", message, project.settings.origin or base.placed(project, name))


def _policy(was: Settings, project: Project) -> Iterator[Weakening]:
    now = project.settings
    path = now.origin or was.origin
    for key, code, message in weaker_policy(was, now):
        line = setting_line(project.absolute(path), key)
        yield Weakening(code, message, path, line)


def _wiring(base: Base, project: Project) -> Iterator[Weakening]:
    """Hooks, workflows and owners lie at the top of the repository, whichever project is judged."""
    was, now = (text_of(top, HOOKS) for top in (base.top, base.here))
    paths = (git(base.here, "ls-files", "-z") or "").split("\0")
    for code, message, line in weaker_hooks(parsed(was), parsed(now), now, paths):
        yield Weakening(code, message, base.placed(project, HOOKS), line)
    for path, (code, message, line), severity in weaker_workflows(base.top, base.here, "flowgate" in was):
        yield Weakening(code, message, base.placed(project, path), line, severity=severity)
    for code, message, line in weaker_owners(base.top, base.here, _guarded(base, project)):
        yield Weakening(code, message, base.placed(project, place_of(base.here)), line)


def _guarded(base: Base, project: Project) -> list[tuple[str, str]]:
    """The files that decide what the gate asks, where each was and where it is, from the top."""
    root = os.path.relpath(project.root, base.here)
    state = [os.path.normpath(os.path.join(root, ".flowgate", name)) for name in ("ledger.yaml", "reviews/any.yaml")]
    fixed = [*state, f"{WORKFLOWS}/flowgate.yml", HOOKS, place_of(base.top)]
    found = [(path, path) for path in fixed]
    if base.project is not None and base.project.settings.origin and project.settings.origin:
        was = os.path.relpath(base.project.absolute(base.project.settings.origin), base.top)
        found.append((was, os.path.relpath(project.absolute(project.settings.origin), base.here)))
    return found


def _left_out(base: Base, project: Project) -> Iterator[Weakening]:
    """New flows that the base's settings would have judged, and those of the change leave out."""
    assert base.project is not None
    was, now = base.project.settings, project.settings
    if (was.flows, was.exclude) == (now.flows, now.exclude):
        return
    as_before = project._replace(settings=now._replace(flows=was.flows, exclude=was.exclude))
    judged = {(one.path, one.name) for one in claims_of(project, base.here)}
    for one in claims_of(as_before, base.here):
        old = os.path.join(base.top, one.path)
        if (one.path, one.name) not in judged and not os.path.exists(old):
            path = base.placed(project, one.path)
            message = f"{one.name} is new, would be judged in {base.ref}, and is left out by the settings of the change"
            yield Weakening(f"left out: {one.name}", message, path)


def _silenced(base: Base, project: Project, now: list[FlowClaims]) -> Iterator[Weakening]:
    """Comments, new with the change, by which ruff passes over what it is asked to find in a flow's file."""
    asked = project.settings.lint.ruff
    moved = {new: old for old, new in base.renamed.items()}
    for path in sorted({one.path for one in now} & base.changed):
        held = {
            top: text_of(top, name).splitlines() for top, name in ((base.top, moved.get(path, path)), (base.here, path))
        }
        before, after = (Counter(filter(None, (_silences(line, asked) for line in lines))) for lines in held.values())
        for said in sorted((after - before).keys()):
            line = next(number for number, text in enumerate(held[base.here], 1) if _silences(text, asked) == said)
            shown = base.placed(project, path)
            yield Weakening(f"noqa: {said}", f"`{said}` silences what ruff is asked to find in {shown}", shown, line)


def _silences(line: str, asked: tuple[str, ...]) -> str:
    """The comment of a line that silences one of the rules that ruff is asked for; empty where there is none."""
    match = _NOQA.search(line)
    if match is None:
        return ""
    codes = re.findall(r"[A-Z]+[0-9]+", match[1] or "")
    return match[0].strip() if not codes or any(code.startswith(asked) for code in codes) else ""


_NOQA = re.compile(r"#\s*(?:ruff:\s*|flake8:\s*)?noqa\b(?::?\s*([A-Z][A-Z0-9, ]+))?", re.IGNORECASE)
