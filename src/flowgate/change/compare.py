"""A change against its base, on one page: flows, settings, records, hooks, workflows, owners."""

from __future__ import annotations

import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator

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
from flowgate.discover import nested_projects
from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import Finding, below
from flowgate.project import Project, folder_below, git, repository_of
from flowgate.settings import Settings


def weaker(base: Base, project: Project, projects: list[Project]) -> list[Finding]:
    """Every way in which what stands here asks less of itself than its base: findings of FG404.

    Args:
        base: the base, as the folder of `project` has it.
        project: the one that the gate stands in; paths are told from there.
        projects: those that are judged: that one, or some below it.
    """
    found = [*_wiring(base, project)]
    sides = [(base.seen_from(one), one) for one in projects]
    found += [_unreadable(then, project, one) for then, one in sides if then.project is None]
    known = [(then, one) for then, one in sides if then.project is not None]
    before, now = _claims(base, _then(base, known), [one for _, one in known])
    for then, one in known:
        assert then.project is not None
        found += _governed(then, project, one, before)
        found += _policy(base, then.project.settings, project, one) if _had_flows(then, one, before) else []
        found += _left_out(then, project, one)
        found += _silenced(then, project, one, now)
        found += weaker_records(
            then, project, one, lambda path, name: successor_of(path, name, before, now, base.renamed)
        )
    found += _ungoverned(base, project, known)
    found += weaker_flows(base, project, before, now)
    unique = {one.id: one for one in (weakening.as_finding() for weakening in found)}
    return [
        *(one for part in projects for one in _forged_in(part, project)),
        *_owned(unique.values(), project, projects),
    ]


def _then(base: Base, known: list[tuple[Base, Project]]) -> list[Project]:
    """The projects of the base: those that the folders of the present ones had, and those below the one that is asked."""
    held = [then.project for then, _ in known if then.project is not None]
    if base.project is not None and any(one.root == base.asked for _, one in known):
        try:
            held += nested_projects(base.project)
        except FlowgateError:  # of settings of the base that cannot be read; what their flows claimed cannot be told
            pass
    return list({one.root: one for one in held}.values())


def _owned(findings: Iterable[Finding], project: Project, projects: list[Project]) -> Iterator[Finding]:
    """The findings with the project that each is about: the one in whose folder its flow lies."""
    folders = sorted((folder_below(project, one) for one in projects), key=len, reverse=True)
    for found in findings:
        owner = next((folder for folder in folders if folder and found.flow.startswith(f"{folder}/")), "")
        yield found._replace(project=owner)


def _forged_in(one: Project, project: Project) -> list[Finding]:
    return [found.seen_from_above(folder_below(project, one)) for found in forged(one)]


def _had_flows(then: Base, one: Project, before: list[FlowClaims]) -> bool:
    """True if a project is not new: its settings or flows were there in the base, or it is the one that was asked."""
    assert then.project is not None
    was, now = os.path.relpath(then.project.root, then.top), os.path.relpath(one.root, then.here)
    moved = any((os.path.dirname(old), os.path.dirname(new)) == (was, now) for old, new in then.renamed.items())
    there = any(claims.path.startswith(f"{now}/") for claims in before)
    return was == now or moved or there or one.root == then.asked


def _ungoverned(base: Base, project: Project, known: list[tuple[Base, Project]]) -> Iterator[Weakening]:
    """The settings of a nested project that are gone, while its folder is still there."""
    governed = {then.project.root for then, _ in known if then.project is not None}
    for then in _then(base, known):
        folder = os.path.relpath(then.root, base.top)
        if then.root not in governed and os.path.isdir(os.path.join(base.here, folder)):
            name = posixpath.normpath(posixpath.join(folder.replace(os.sep, "/"), then.settings.origin))
            message = f"{name} governs {folder} in {base.ref} and is gone, so other settings do now"
            yield Weakening(f"settings: {name}", message, base.placed(project, name))


def _claims(base: Base, then: list[Project], now: list[Project]) -> tuple[list[FlowClaims], list[FlowClaims]]:
    """The flows of the base and of now of which something changed: what is made of the same files claims the same.

    Where the settings changed, or code or config came or went, any flow may claim something else.
    """
    claimed = {path for path in base.changed if path.endswith((".py", ".yaml", ".yml", ".toml", ".json"))}
    kept = all(os.path.exists(os.path.join(top, path)) for path in claimed for top in (base.top, base.here))
    kept = kept and not any(
        os.path.islink(os.path.join(top, path)) for path in base.changed for top in (base.top, base.here)
    )
    same = [one.settings for one in then] == [one.settings for one in now]
    if not kept or any(path.endswith(".toml") for path in claimed) or not same:
        return _all(then, base.top), _all(now, base.here)
    present = _all(now, base.here, Asked(None, base.changed))
    files = frozenset(one.path for one in present) | base.changed
    return _all(then, base.top, Asked(files, None)), present


def _all(projects: list[Project], top: str, asked: Asked | None = None) -> list[FlowClaims]:
    return [claims for project in projects for claims in claims_of(project, top, asked)]


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


def _unreadable(base: Base, project: Project, one: Project) -> Weakening:
    path = below(folder_below(project, one), one.settings.origin or "pyproject.toml")
    message = f"the settings of the base cannot be read, so what they asked cannot be told: {base.fault}"
    return Weakening(
        "settings of the base", message, path, mend="mend them in the base first, or override this finding"
    )


def _governed(base: Base, project: Project, one: Project, before: list[FlowClaims]) -> Iterator[Weakening]:
    """Other settings govern the folder of a project than in the base, which judged flows there."""
    assert base.project is not None
    was, now = os.path.relpath(base.project.root, base.top), os.path.relpath(one.root, base.here)
    if was != now and base.project.settings.origin and _had_flows(base, one, before):
        name = os.path.normpath(os.path.join(was, base.project.settings.origin))
        if base.renamed.get(name) == os.path.normpath(os.path.join(now, one.settings.origin)):
            return  # the same settings, in the folder's new place
        message = f"{name} governs this folder in {base.ref}, and {one.settings.origin or 'nothing'} in {now} does now"
        here = below(folder_below(project, one), one.settings.origin) if one.settings.origin else ""
        yield Weakening(f"settings: {name}", message, here or base.placed(project, name))


def _policy(base: Base, was: Settings, project: Project, one: Project) -> Iterator[Weakening]:
    now = one.settings
    path = now.origin or was.origin
    for key, code, message in weaker_policy(was, now):
        line = setting_line(one.absolute(path), key)
        yield Weakening(code, message, below(folder_below(project, one), path), line)


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


def _left_out(base: Base, project: Project, judged_now: Project) -> Iterator[Weakening]:
    """New flows that the base's settings would have judged, and those of the change leave out."""
    assert base.project is not None
    was, now = base.project.settings, judged_now.settings
    if (was.flows, was.exclude) == (now.flows, now.exclude):
        return
    as_before = judged_now._replace(settings=now._replace(flows=was.flows, exclude=was.exclude))
    judged = {(one.path, one.name) for one in claims_of(judged_now, base.here)}
    for one in claims_of(as_before, base.here):
        old = os.path.join(base.top, one.path)
        if (one.path, one.name) not in judged and not os.path.exists(old):
            path = base.placed(project, one.path)
            message = f"{one.name} is new, would be judged in {base.ref}, and is left out by the settings of the change"
            yield Weakening(f"left out: {one.name}", message, path)


def _silenced(base: Base, project: Project, one: Project, now: list[FlowClaims]) -> Iterator[Weakening]:
    """Comments, new with the change, by which ruff passes over what it is asked to find in a flow's file of a project."""
    asked = one.settings.lint.ruff
    moved = {new: old for old, new in base.renamed.items()}
    for path in sorted({claims.path for claims in now if claims.project == one.root} & base.changed):
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
