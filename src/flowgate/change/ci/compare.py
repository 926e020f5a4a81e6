"""Does each job that runs the gate still start whenever it did, run the same gate, and fail when it fails?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from flowgate.change.ci.jobs import OWN, Job, Reader, runs_hooks
from flowgate.change.ci.scripts import HOOKS, asked, hides, lines, meddles, skips
from flowgate.change.documents import SHA, Said, line_of, listed, mapping, text_of
from flowgate.change.hooks import version
from flowgate.finding import ERROR, WARNING

_LIMITS = {
    "branches": True,
    "paths": True,
    "types": True,
    "tags": True,
    "branches-ignore": False,
    "paths-ignore": False,
}
# What may differ without changing what is judged.
_FREE_INPUTS = {"python", "uv", "requirements", "cache", "statement", "sarif", "fetch-depth", "persist-credentials"}
_CHECKOUT = ("ref", "repository", "path", "sparse-checkout", "submodules")
_EVER = ("always()", "!cancelled()", "true", "True", "success() || failure()")
_HOSTED = re.compile(r"(ubuntu|macos|windows)-[\w.-]+|\$\{\{.*")
_TAKES_OVER = re.compile(
    r"PYTHON(PATH|HOME|STARTUP|SAFEPATH|INSPECT)|PATH|BASH_ENV|ENV|LD_\w+|VIRTUAL_ENV|CONDA_PREFIX|PIP_(?!NO_CACHE|CACHE|DISABLE|QUIET)\w+|UV_(?!CACHE|FROZEN|LOCKED|NO_PROGRESS)\w+|GIT_\w+|METAFLOW_\w+|FLOWGATE_\w+|GITHUB_\w+"
)
# Actions that set a machine up, of those who make the runners and the tools.
_SETS_UP = re.compile(
    r"actions/(checkout|setup-\w+|cache|download-artifact)|astral-sh/|conda-incubator/|mamba-org/|prefix-dev/|pypa/"
    r"|(aws-actions|google-github-actions|azure)/|\$/|\./"
)
Told = tuple[str, str, str]  # code, what the job does, severity


def weaker_workflows(was: str, now: str, hooked: bool) -> Iterator[tuple[str, Said, str]]:
    """What the workflows below a folder ask less than those below another: path, finding and severity.

    Args:
        was, now: the tops of the base and of the present tree.
        hooked: whether flowgate is among the hooks, so that running all hooks runs the gate.
    """
    before, after = (Reader(top, hooked).jobs() for top in (was, now))
    names = {(job.path, job.name) for job in before}
    for job in before:
        if not job.gates:
            continue
        found = _successor(job, after, names)
        if found is None:
            said = f"the job {job.name} of {job.path} does not run the gate any more"
            yield job.path, (f"job: {job.name}", said, line_of(text_of(now, job.path), f"{job.name}:")), ERROR
            continue
        line = line_of(found.text, f"{found.name}:")
        for code, message, severity in _weaker(job, found, hooked):
            yield found.path, (f"job: {job.name} {code}", f"the job {found.name} {message}", line), severity
        yield from _weaker_dependents(job, found, before, after)


def _successor(was: Job, after: list[Job], names: set[tuple[str, str]]) -> Job | None:
    """The job that a job is now: in its place, else by its name or in its file one that is no other job of the base."""
    own = [job for job in after if (job.path, job.name) == (was.path, was.name)]
    if own:
        return own[0] if own[0].gates else None
    fresh = [job for job in after if job.gates and (job.path, job.name) not in names]
    by_name = [job for job in fresh if job.name == was.name]
    return next(iter(by_name or [job for job in fresh if job.path == was.path]), None)


def _weaker(was: Job, now: Job, hooked: bool) -> Iterator[Told]:
    if was.name != now.name:
        said = f"has another name than {was.name}, for which a required check would wait in vain"
        yield f"name {now.name}", said, ERROR
    yield from _weaker_triggers(was.triggers, now.triggers)
    yield from _weaker_conditions(was.said, now.said, "job")
    yield from _weaker_matrix(was.said, now.said)
    yield from _other_machine(was.said, now.said)
    added = _needs(now) - _needs(was)
    if added:
        said = f"waits for {', '.join(sorted(added))}: where one is skipped or fails, it is skipped, and that counts as passed"
        yield f"needs {' '.join(sorted(added))}", said, ERROR
    for before in was.gates:
        after = _same_step(before, now.gates, hooked)
        if after is None:
            yield f"step {_label(before, hooked)}", f"lacks a step that runs flowgate: {_label(before, hooked)}", ERROR
        else:
            yield from _weaker_step(before, after, hooked)
    yield from _weaker_checkout(was, now)
    yield from _added_before(was, now, hooked)


def _other_machine(was: dict[Any, Any], now: dict[Any, Any]) -> Iterator[Told]:
    """Another machine or image may hold other programs by the same names."""
    if now.get("container") is not None and now.get("container") != was.get("container"):
        yield f"container {now['container']}", f"runs in another image: {now['container']}", ERROR
    own = [label for label in map(str, listed(now.get("runs-on"))) if not _HOSTED.fullmatch(label)]
    if own and now.get("runs-on") != was.get("runs-on"):
        yield f"runs-on {own}", f"runs on another machine, which is not GitHub's: {_shown(own)}", ERROR


def _needs(job: Job) -> set[str]:
    return set(map(str, listed(job.said.get("needs"))))


def _weaker_triggers(was: dict[str, dict[Any, Any]], now: dict[str, dict[Any, Any]]) -> Iterator[Told]:
    for event, before in was.items():
        after = now.get(event)
        if after is None:
            if event != "workflow_call":  # whoever calls it is compared for itself
                yield f"on {event}", f"does not start on {event} any more", ERROR
            continue
        for key, positive in _LIMITS.items():
            held, given = (set(map(str, listed(side[key]))) if key in side else None for side in (before, after))
            narrower = positive and given is not None and (held is None or not held <= given)
            wider = not positive and given is not None and not given <= (held or set())
            if narrower or wider:
                shown = " ".join(sorted(given or ()))
                yield f"on {event} {key} {shown}", f"starts on fewer events of {event}: `{key}` is {shown}", ERROR


def _weaker_conditions(was: dict[Any, Any], now: dict[Any, Any], what: str) -> Iterator[Told]:
    condition, before = _condition(now), _condition(was)
    if condition and condition not in _EVER and condition != before:
        yield (
            f"{what} if {condition}",
            f"may be skipped, and what is skipped counts as passed: `if` is {condition}",
            ERROR,
        )
    elif not condition and "always()" in before:
        yield f"{what} if", f"is skipped where something before it fails: `if: {before}` is gone", ERROR
    if now.get("continue-on-error") not in (None, False) and not was.get("continue-on-error"):
        yield f"{what} continue-on-error", "passes although the gate fails: `continue-on-error`", ERROR


def _condition(said: dict[Any, Any]) -> str:
    """When a job or a step runs, without the brackets that may be left out; empty where nothing is said."""
    text = str(said["if"]) if said.get("if") is not None else ""
    return re.sub(r"^\$\{\{\s*(.*?)\s*\}\}$", r"\1", text.strip())


def _weaker_matrix(was: dict[Any, Any], now: dict[Any, Any]) -> Iterator[Told]:
    """A matrix that is cut runs the gate on less."""
    before, after = (mapping(mapping(side.get("strategy")).get("matrix")) for side in (was, now))
    included = [mapping(one) for one in listed(after.get("include"))]
    for key, held in before.items():
        given = listed(after.get(key)) + [one.get(key) for one in included]
        lost = [one for one in listed(held) if one not in given] if key not in ("exclude", "include") else []
        if lost:
            yield f"matrix {key} {lost}", f"leaves out what its matrix had: {key} {_shown(lost)}", ERROR
    fresh = [one for one in listed(after.get("exclude")) if one not in listed(before.get("exclude"))]
    if fresh:
        yield f"matrix exclude {fresh}", f"leaves out a part of its matrix: {_shown(fresh)}", ERROR


def _shown(values: list[Any]) -> str:
    return ", ".join(map(str, values))


def _same_step(was: dict[Any, Any], steps: list[dict[Any, Any]], hooked: bool) -> dict[Any, Any] | None:
    same: tuple[Callable[[dict[Any, Any]], bool], ...] = (
        lambda step: was.get("id") is not None and step.get("id") == was.get("id"),
        lambda step: _label(step, hooked) == _label(was, hooked),
        lambda step: hooked and "run" in was and runs_hooks(step),
        lambda step: ("uses" in step) == ("uses" in was),
    )
    return next((step for is_same in same for step in steps if is_same(step)), None)


def _label(step: dict[Any, Any], hooked: bool) -> str:
    """What a step runs: the action, or what its first command asks of flowgate."""
    if "uses" in step:
        return str(step["uses"]).partition("@")[0]
    return " ".join(next(iter(asked(str(step.get("run", "")), hooked)), ()))


def _weaker_step(was: dict[Any, Any], now: dict[Any, Any], hooked: bool) -> Iterator[Told]:
    yield from _weaker_conditions(was, now, "step")
    yield from _weaker_action(was, now) if "uses" in was else _weaker_script(was, now, hooked)
    yield from _weaker_environment(mapping(was.get("env")), mapping(now.get("env")))


def _weaker_environment(was: dict[Any, Any], now: dict[Any, Any]) -> Iterator[Told]:
    """Variables by which hooks are skipped, or other programs and modules take the place of those that are meant."""
    for key in sorted(map(str, now)):
        value = str(now[key])
        if now[key] == was.get(key) or (key == "SKIP" and "flowgate" not in value):
            continue
        if key == "SKIP" or _TAKES_OVER.fullmatch(key):
            yield f"env {key} {value}", f"runs the gate in another environment: {key} is {value}", ERROR


def _weaker_action(was: dict[Any, Any], now: dict[Any, Any]) -> Iterator[Told]:
    before, _, pinned = str(was["uses"]).partition("@")
    after, _, ref = str(now.get("uses", "")).partition("@")
    if before != after and not (_is_local(before) and _is_local(after)):  # what a local one holds is compared itself
        yield f"uses {after}", f"runs another action: {after or 'a script'}", ERROR
    elif ref != pinned and not SHA.fullmatch(ref) and (SHA.fullmatch(pinned) or not version(ref)):
        yield f"uses {after}@{ref}", f"runs {after} as of a name that can move: {ref}, where it was {pinned}", ERROR
    elif version(ref) and version(ref) < version(pinned):
        yield f"uses {after}@{ref}", f"went back from {pinned} to {ref} of {after}", ERROR
    given, held = mapping(now.get("with")), mapping(was.get("with"))
    for key in sorted(map(str, given.keys() | held.keys())):
        if given.get(key) != held.get(key) and (key not in _FREE_INPUTS or _is_own(key, given.get(key))):
            yield f"with {key} {given.get(key)}", f"gives the gate another `{key}`: {given.get(key, 'none')}", ERROR


def _is_local(uses: str) -> bool:
    return uses.startswith(OWN)


def _is_own(key: str, value: object) -> bool:
    """Whether an input names a program that the change itself could bring."""
    text = str(value)
    return key == "python" and ("workspace" in text or ("/" in text and not text.startswith(("/", "${{"))))


def _weaker_script(was: dict[Any, Any], now: dict[Any, Any], hooked: bool) -> Iterator[Told]:
    if "uses" in now and runs_hooks(now) and all(one[0] in HOOKS for one in asked(str(was.get("run", "")), hooked)):
        return  # all hooks by their own action
    before, after = str(was.get("run", "")), str(now.get("run", ""))
    missing = [one for one in asked(before, hooked) if one not in asked(after, hooked)]
    if missing:
        shown = " ".join(missing[0])
        yield f"run {shown}", f"does not run `{shown}` any more", ERROR
    hidden = hides(after, _pipefail(now), hooked)
    if hidden and not hides(before, _pipefail(was), hooked):
        yield f"hides {hidden}", f"passes although the gate fails: `{hidden}`", ERROR
    if now.get("shell") not in (was.get("shell"), "bash", None):
        yield f"shell {now.get('shell')}", f"runs the gate in another shell: {now.get('shell')}", ERROR
    if now.get("working-directory") != was.get("working-directory"):
        folder = now.get("working-directory")
        yield f"working-directory {folder}", f"runs the gate in another folder: {folder}", ERROR
    told = [line for line in lines(after) if asked(line, hooked)]
    first = lines(after).index(told[0]) if told else 0
    yield from _meddling([line for line in lines(after)[:first] if line not in lines(before)])


def _pipefail(step: dict[Any, Any]) -> bool:
    """Whether the shell of a step fails where any part of a pipe does: `bash` as GitHub starts it by that name."""
    return step.get("shell") == "bash"


def _weaker_checkout(was: Job, now: Job) -> Iterator[Told]:
    """A checkout of something else than the change has the gate judge something else."""
    before, after = (
        [step for step in job.steps if re.search(r"(^|/)checkout@", str(step.get("uses", "")))] for job in (was, now)
    )
    held = mapping(before[0].get("with")) if before else {}
    for step in after:
        given = mapping(step.get("with"))
        for key in _CHECKOUT:
            if key in given and given[key] != held.get(key):
                yield f"checkout {key} {given[key]}", f"checks out something else: `{key}` is {given[key]}", ERROR
    if before and not after:
        yield "checkout", "checks nothing out", ERROR


def _added_before(was: Job, now: Job, hooked: bool) -> Iterator[Told]:
    """What is run before the gate, where it was not, can change what the gate sees."""
    held = {line for step in was.steps for line in lines(str(step.get("run", "")))}
    used = {str(step.get("uses", "")).partition("@")[0] for step in was.steps}
    for step in now.steps:
        if any(step is gate for gate in now.gates):
            return
        yield from _meddling([line for line in lines(str(step.get("run", ""))) if line not in held])
        action = str(step.get("uses", "")).partition("@")[0]
        if action and action not in used and not _SETS_UP.match(action):
            yield f"before {action}", f"runs an action before the gate that the base does not: {action}", ERROR


def _meddling(added: list[str]) -> Iterator[Told]:
    """What new lines before the gate may do to it; somebody should read them at least."""
    worst = next((line for line in added if meddles(line) or skips(line)), None)
    if worst is not None:
        yield (
            f"before {worst}",
            f"changes what the gate is to judge, or whether it does, before it does: `{worst}`",
            ERROR,
        )
    elif added:
        yield f"before {added[0]}", f"runs before the gate what the base does not: `{added[0]}`", WARNING


def _weaker_dependents(was: Job, now: Job, before: list[Job], after: list[Job]) -> Iterator[tuple[str, Said, str]]:
    """Jobs that wait for the gate, and are what a branch may require."""
    later = {(job.path, job.name): job for job in after}
    for job in before:
        if job.path != was.path or was.name not in _needs(job):
            continue
        found = later.get((now.path, job.name))
        if found is None or now.name not in _needs(found):
            said = f"the job {job.name} of {now.path} does not wait for {now.name} any more"
            yield now.path, (f"job: {job.name} needs", said, 1), ERROR
            continue
        line = line_of(found.text, f"{job.name}:")
        for code, message, severity in _weaker_conditions(job.said, found.said, "job"):
            yield found.path, (f"job: {job.name} {code}", f"the job {job.name} {message}", line), severity
        if _without_names(job) != _without_names(found):
            said = f"the job {job.name}, which passes on what {now.name} said, has another script"
            yield found.path, (f"job: {job.name} run", said, line), ERROR


def _without_names(job: Job) -> list[object]:
    """What a job does: its steps with all that they run under, and the image it runs in."""
    steps = [{key: value for key, value in step.items() if key not in ("name", "id")} for step in job.steps]
    return [job.said.get("container"), *steps]
