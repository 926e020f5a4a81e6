"""The jobs of a repository's workflows, with the steps of the local actions that they use in their places."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flowgate.change.ci.scripts import runs_gate
from flowgate.change.documents import listed, mapping, parsed, text_of

FOLDER = ".github/workflows"
_ACTION = re.compile(r"(^|/)[\w.-]*flowgate[\w.-]*(/[^@]*)?(@|$)|^[.$]/?$")
_HOOK_ACTION = re.compile(r"(^|/)(pre-commit/action|prek-action)(@|$)")
OWN = ("./", "$/")  # how a workflow names what lies in its own repository
_DEEPEST = 4  # local actions that use local actions
Table = dict[Any, Any]


class Job(NamedTuple):
    """A job, with its workflow: the file, from the top, and its text. `steps` are those that run, `gates` those that run
    flowgate; the job itself where it calls a workflow that does."""

    path: str
    text: str
    name: str
    said: Table
    triggers: dict[str, Table]
    steps: list[Table]
    gates: list[Table]


class Reader(NamedTuple):
    """The tree whose workflows are read, and whether flowgate is among its hooks."""

    top: str
    hooked: bool

    def jobs(self) -> list[Job]:
        """Every job of every workflow."""
        found = []
        for name in self._workflows():
            text = text_of(self.top, name)
            document = mapping(parsed(text))
            triggers = _triggers(document.get("on", document.get(True)))  # YAML 1.1 reads `on` as true
            for job, said in mapping(document.get("jobs")).items():
                whole = _inherited(mapping(said), document)
                steps = [step for one in listed(whole.get("steps")) for step in self._expanded(mapping(one), whole, 0)]
                gates = [step for step in steps if self.is_gate(step)] or ([whole] if self.is_gate(whole) else [])
                found.append(Job(name, text, str(job), whole, triggers, steps, gates))
        return found

    def _workflows(self) -> list[str]:
        folder = os.path.join(self.top, FOLDER)
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        return [f"{FOLDER}/{name}" for name in names if name.endswith((".yml", ".yaml"))]

    def is_gate(self, step: Table) -> bool:
        """Whether a step, or a job that calls a workflow, runs flowgate."""
        uses = str(step.get("uses", ""))
        if uses.startswith(OWN) and uses.endswith((".yml", ".yaml")):
            document = mapping(parsed(text_of(self.top, uses[2:])))
            jobs = [mapping(job) for job in mapping(document.get("jobs")).values()]
            inner = [mapping(one) for job in jobs for one in listed(job.get("steps"))]
            return any(self.is_gate(one) for one in inner if not str(one.get("uses", "")).endswith((".yml", ".yaml")))
        if self.hooked and runs_hooks(step):
            return True
        return bool(_ACTION.search(uses)) or runs_gate(str(step.get("run", "")), self.hooked)

    def _expanded(self, step: Table, around: Table, depth: int) -> Iterator[Table]:
        """A step, or those of the local composite action that it uses; each with the shell and conditions it runs under."""
        step = {**step, "shell": step.get("shell") or _default_shell(around), "env": _env(around) | _env(step)}
        uses = str(step.get("uses", ""))
        inside = self._action(uses[2:]) if uses.startswith(OWN) and depth < _DEEPEST else []
        if not inside:
            yield step
        for one in inside:
            inner = mapping(one)
            both = [str(held["if"]) for held in (step, inner) if held.get("if") is not None]
            tolerant = step.get("continue-on-error") or inner.get("continue-on-error")
            made: Table = {**inner, "continue-on-error": tolerant, "if": " && ".join(both) or None}
            yield from self._expanded({k: v for k, v in made.items() if v is not None}, step, depth + 1)

    def _action(self, folder: str) -> list[Any]:
        for name in ("action.yml", "action.yaml"):
            document = mapping(parsed(text_of(self.top, os.path.normpath(os.path.join(folder, name)))))
            if document:
                return listed(mapping(document.get("runs")).get("steps"))
        return []


def runs_hooks(step: Table) -> bool:
    """Whether a step runs all hooks by an action for it."""
    given = str(mapping(step.get("with")).get("extra_args", "--all-files"))
    return _HOOK_ACTION.search(str(step.get("uses", ""))) is not None and "--all-files" in given


def _triggers(held: object) -> dict[str, Table]:
    if isinstance(held, dict):
        return {str(event): mapping(said) for event, said in held.items()}
    return {str(event): {} for event in listed(held)}


def _inherited(job: Table, workflow: Table) -> Table:
    """A job with the environment and defaults that its workflow gives it."""
    defaults = {
        "run": mapping(mapping(workflow.get("defaults")).get("run")) | mapping(mapping(job.get("defaults")).get("run"))
    }
    return {**job, "env": _env(workflow) | _env(job), "defaults": defaults}


def _env(held: Table) -> Table:
    return mapping(held.get("env"))


def _default_shell(around: Table) -> object:
    return mapping(mapping(around.get("defaults")).get("run")).get("shell")
