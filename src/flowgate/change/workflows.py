"""The workflows that run the gate: does each job still start whenever it did, run the same gate, and fail when it fails?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flowgate.change.documents import Said, line_of, listed, mapping, parsed, text_of
from flowgate.finding import ERROR, WARNING

FOLDER = ".github/workflows"
_ACTION = re.compile(r"(^|/)[\w.-]*flowgate[\w.-]*(/[^@]*)?(@|$)|^\./?$")
_COMMAND = re.compile(r"\bflowgate\b[^\n]*\b(gate|lint|review|prove)\b")
_SHIELD = re.compile(r"\|\|\s*(true|:|exit\s+0|echo)|^\s*set \+e|^\s*exit 0|;\s*(true|:|exit\s+0)\s*$", re.M)
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
# In a script before the gate: what puts other files in the place of those to be judged.
_MEDDLES = re.compile(
    r"\bgit\s+(checkout|restore|reset|stash|switch|apply|revert|clean|rm|mv|pull|merge)\b|\bsed\s+-i|\b(rm|mv|cp|tee|ln)\b"
    r"|>\s*\S|\.flowgate|flowgate\.toml|pyproject\.toml|\bpatch\b"
)
# Options of `flowgate gate` that say where the answer goes, or ask for more.
_ANSWERS = {"--format", "--json", "--summary", "--sarif", "--html", "--statement", "--color"}
_MORE = {"--no-cache", "-q", "--quiet", "--policy-from-base"}
_SHA = re.compile(r"[0-9a-f]{40}")


class Job(NamedTuple):
    """A job that runs the gate, with its workflow: the file, from the top, and its text."""

    path: str
    text: str
    name: str
    said: dict[Any, Any]
    triggers: dict[str, dict[Any, Any]]

    @property
    def steps(self) -> list[dict[Any, Any]]:
        """The job's steps."""
        return [mapping(step) for step in listed(self.said.get("steps"))]

    @property
    def gates(self) -> list[dict[Any, Any]]:
        """The steps that run flowgate; the job itself where it calls a workflow that does."""
        return [self.said] if _is_gate(self.said) else [step for step in self.steps if _is_gate(step)]


def weaker_workflows(was: str, now: str) -> Iterator[tuple[str, Said, str]]:
    """What the workflows below a folder ask less than those below another: path, finding and severity."""
    jobs = _jobs(now)
    for before in _jobs(was):
        if not before.gates:
            continue
        after = _successor(before, jobs)
        if after is None:
            said = f"the job {before.name} of {before.path} does not run the gate any more"
            yield (
                before.path,
                (f"job: {before.name}", said, line_of(text_of(now, before.path), f"{before.name}:")),
                ERROR,
            )
            continue
        line = line_of(after.text, f"{after.name}:")
        for code, message, severity in _weaker(before, after):
            yield after.path, (f"job: {before.name} {code}", f"the job {after.name} {message}", line), severity
        yield from _weaker_dependents(before, after, was, now)


def _jobs(top: str) -> list[Job]:
    """Every job of every workflow."""
    folder = os.path.join(top, FOLDER)
    found = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.endswith((".yml", ".yaml")):
            path = f"{FOLDER}/{name}"
            text = text_of(top, path)
            document = mapping(parsed(text))
            triggers = _triggers(document.get("on", document.get(True)))  # YAML 1.1 reads `on` as true
            for job, said in mapping(document.get("jobs")).items():
                found.append(Job(path, text, str(job), mapping(said), triggers))
    return found


def _triggers(held: object) -> dict[str, dict[Any, Any]]:
    if isinstance(held, dict):
        return {str(event): mapping(said) for event, said in held.items()}
    return {str(event): {} for event in listed(held)}


def _is_gate(step: dict[Any, Any]) -> bool:
    return bool(_ACTION.search(str(step.get("uses", "")))) or bool(_COMMAND.search(str(step.get("run", ""))))


def _successor(was: Job, jobs: list[Job]) -> Job | None:
    gates = [job for job in jobs if job.gates]
    for same in (
        lambda job: (job.path, job.name) == (was.path, was.name),
        lambda job: job.name == was.name,
        lambda job: job.path == was.path,
    ):
        found = next((job for job in gates if same(job)), None)
        if found is not None:
            return found
    return None


def _weaker(was: Job, now: Job) -> Iterator[tuple[str, str, str]]:
    if was.name != now.name:
        said = f"has another name than {was.name}, for which a required check would wait in vain"
        yield f"name {now.name}", said, ERROR
    yield from ((*said, ERROR) for said in _weaker_triggers(was.triggers, now.triggers))
    yield from ((*said, ERROR) for said in _weaker_conditions(was.said, now.said, "job"))
    added = set(map(str, listed(now.said.get("needs")))) - set(map(str, listed(was.said.get("needs"))))
    if added:
        said = f"waits for {', '.join(sorted(added))}: where one is skipped or fails, it is skipped, and that counts as passed"
        yield f"needs {' '.join(sorted(added))}", said, ERROR
    for before in was.gates:
        after = _same_step(before, now.gates)
        if after is None:
            yield f"step {_label(before)}", f"lacks a step that runs flowgate: {_label(before)}", ERROR
            continue
        yield from ((*said, ERROR) for said in _weaker_step(before, after))
    yield from ((*said, ERROR) for said in _weaker_checkout(was, now))
    yield from _added_before(was, now)


def _weaker_triggers(was: dict[str, dict[Any, Any]], now: dict[str, dict[Any, Any]]) -> Iterator[tuple[str, str]]:
    for event, before in was.items():
        after = now.get(event)
        if after is None:
            yield f"on {event}", f"does not start on {event} any more"
            continue
        for key, positive in _LIMITS.items():
            held, given = (set(map(str, listed(side[key]))) if key in side else None for side in (before, after))
            narrower = given is not None and (held is None or not held <= given) if positive else False
            wider = given is not None and not given <= (held or set()) if not positive else False
            if narrower or wider:
                shown = " ".join(sorted(given or ()))
                yield f"on {event} {key} {shown}", f"starts on fewer events of {event}: `{key}` is {shown}"


def _weaker_conditions(was: dict[Any, Any], now: dict[Any, Any], what: str) -> Iterator[tuple[str, str]]:
    asked = _condition(now)
    if asked and asked not in _EVER and asked != _condition(was):
        yield f"{what} if {now['if']}", f"may be skipped, and what is skipped counts as passed: `if` is {now['if']}"
    elif not asked and "always()" in _condition(was):
        yield f"{what} if", f"is skipped where something before it fails: `if: {was['if']}` is gone"
    if now.get("continue-on-error") not in (None, False) and not was.get("continue-on-error"):
        yield f"{what} continue-on-error", "passes although the gate fails: `continue-on-error`"


def _condition(said: dict[Any, Any]) -> str:
    """When a job or a step runs, without the brackets that may be left out; empty where nothing is said."""
    text = str(said["if"]) if said.get("if") is not None else ""
    return re.sub(r"^\$\{\{\s*(.*?)\s*\}\}$", r"\1", text.strip())


def _same_step(was: dict[Any, Any], steps: list[dict[Any, Any]]) -> dict[Any, Any] | None:
    for same in (
        lambda step: was.get("id") is not None and step.get("id") == was.get("id"),
        lambda step: _label(step) == _label(was),
        lambda step: ("uses" in step) == ("uses" in was),
    ):
        found = next((step for step in steps if same(step)), None)
        if found is not None:
            return found
    return None


def _label(step: dict[Any, Any]) -> str:
    """What a step runs: the action, or the first line that starts flowgate."""
    if "uses" in step:
        return str(step["uses"]).partition("@")[0]
    return next((line.strip() for line in str(step.get("run", "")).splitlines() if _COMMAND.search(line)), "")


def _weaker_step(was: dict[Any, Any], now: dict[Any, Any]) -> Iterator[tuple[str, str]]:
    yield from _weaker_conditions(was, now, "step")
    if "uses" in was:
        before, _, pinned = str(was["uses"]).partition("@")
        after, _, ref = str(now.get("uses", "")).partition("@")
        if before != after:
            yield f"uses {after}", f"runs another action: {after or 'a script'}"
        elif _SHA.fullmatch(pinned) and not _SHA.fullmatch(ref):
            yield f"uses {after}@{ref}", f"runs {after} as of a name that can move, {ref}, where a commit was pinned"
        given, held = mapping(now.get("with")), mapping(was.get("with"))
        for key in sorted(map(str, given.keys() | held.keys())):
            if given.get(key) != held.get(key) and (key not in _FREE_INPUTS or _is_own(key, given.get(key))):
                yield f"with {key} {given.get(key)}", f"gives the gate another `{key}`: {given.get(key, 'none')}"
    else:
        asked = [_asks(line) for line in _commands(now)]
        missing = [line for line in _commands(was) if _asks(line) not in asked]
        if missing:
            yield f"run {missing[0]}", f"does not run `{missing[0]}` any more"
        if _SHIELD.search(str(now.get("run", ""))) and not _SHIELD.search(str(was.get("run", ""))):
            yield "run shielded", "passes although the gate fails: its script hides the exit code"
        if now.get("shell") != was.get("shell"):
            yield f"shell {now.get('shell')}", f"runs the gate in another shell: {now.get('shell')}"
        if now.get("working-directory") != was.get("working-directory"):
            folder = now.get("working-directory")
            yield f"working-directory {folder}", f"runs the gate in another folder: {folder}"
    env = str(mapping(now.get("env")).get("SKIP", ""))
    if "flowgate" in env and env != str(mapping(was.get("env")).get("SKIP", "")):
        yield f"env SKIP {env}", f"skips hooks of flowgate: SKIP is {env}"


def _is_own(key: str, value: object) -> bool:
    """Whether an input names a program that the change itself could bring."""
    return key == "python" and "/" in str(value) and not str(value).startswith(("/", "${{"))


def _asks(line: str) -> tuple[str, ...]:
    """What a line asks of flowgate, without where the answer goes; a line that starts something else asks it nothing."""
    before, _, rest = line.partition("flowgate")
    if re.search(r"\becho\b|\bprintf\b|^\s*(true|:)\b|#", before):
        return (line,)
    asked: list[str] = []
    words = iter(rest.split())
    for word in words:
        if word in _ANSWERS:
            next(words, None)
        elif word not in _MORE and word.partition("=")[0] not in _ANSWERS:
            asked.append(word)
    return tuple(asked)


def _commands(step: dict[Any, Any]) -> list[str]:
    return [line.strip() for line in str(step.get("run", "")).splitlines() if _COMMAND.search(line)]


def _weaker_checkout(was: Job, now: Job) -> Iterator[tuple[str, str]]:
    """A checkout of something else than the change has the gate judge something else."""
    before, after = ([step for step in job.steps if "checkout" in str(step.get("uses", ""))] for job in (was, now))
    held = mapping(before[0].get("with")) if before else {}
    for step in after:
        given = mapping(step.get("with"))
        for key in _CHECKOUT:
            if key in given and given[key] != held.get(key):
                yield f"checkout {key} {given[key]}", f"checks out something else: `{key}` is {given[key]}"
    if before and not after:
        yield "checkout", "checks nothing out"


def _added_before(was: Job, now: Job) -> Iterator[tuple[str, str, str]]:
    """What is run before the gate, where it was not, can change what the gate sees: somebody should read it at least."""
    held = {line.strip() for step in was.steps for line in str(step.get("run", "")).splitlines()}
    for step in now.steps:
        if _is_gate(step):
            return
        added = [line.strip() for line in str(step.get("run", "")).splitlines() if line.strip() not in held]
        meddling = [line for line in added if _MEDDLES.search(line)]
        if meddling:
            said = f"changes what the gate is to judge, before it does: `{meddling[0]}`"
            yield f"before {meddling[0]}", said, ERROR
        elif added:
            yield f"before {added[0]}", f"runs before the gate what the base does not: `{added[0]}`", WARNING


def _weaker_dependents(was: Job, now: Job, before: str, after: str) -> Iterator[tuple[str, Said, str]]:
    """Jobs that wait for the gate, and are what a branch may require."""
    later = {(job.path, job.name): job for job in _jobs(after)}
    for job in _jobs(before):
        if job.path != was.path or was.name not in map(str, listed(job.said.get("needs"))):
            continue
        found = later.get((now.path, job.name))
        if found is None or now.name not in map(str, listed(found.said.get("needs"))):
            said = f"the job {job.name} of {now.path} does not wait for {now.name} any more"
            yield now.path, (f"job: {job.name} needs", said, 1), ERROR
            continue
        line = line_of(found.text, f"{job.name}:")
        for code, message in _weaker_conditions(job.said, found.said, "job"):
            yield found.path, (f"job: {job.name} {code}", f"the job {job.name} {message}", line), ERROR
        if [step.get("run") for step in job.steps] != [step.get("run") for step in found.steps]:
            said = f"the job {job.name}, which passes on what {now.name} said, has another script"
            yield found.path, (f"job: {job.name} run", said, line), ERROR
