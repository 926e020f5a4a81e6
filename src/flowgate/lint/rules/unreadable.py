"""FG001."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator

from flowgate.finding import ERROR, Finding
from flowgate.flow.paths import places as places_of
from flowgate.flow.source import NOT_PYTHON
from flowgate.flow.trace import Import
from flowgate.flow.values import Module
from flowgate.flow.yamlfile import fault_of
from flowgate.lint.ruff import newer_python
from flowgate.lint.rule import Example, Rule
from flowgate.project import Project
from flowgate.submodules import absent
from flowgate.target import Target

_RUN_WITH = (
    "run flowgate with that Python (`language_version: python{0}` under the hooks in .pre-commit-config.yaml, "
    "`python-version` in CI)"
)


class Unreadable(Rule):
    """A flow, or a file it is made of, that cannot be read, decoded or parsed.

    Nothing that depends on it can be judged, so it cannot pass, and it cannot be accepted in the ledger either.
    """

    id = "FG001"
    slug = "unreadable"
    mend = "mend the file, or leave it out with `exclude` in the settings"

    def check(self, target: Target) -> Iterator[Finding]:
        for module in target.flow.closure:
            if module.source.fault:
                yield unreadable(
                    target.project, target.flow.path, module.source.path, module.source.fault, module.source.fault_line
                )
        for path in target.conf.files() if target.conf is not None else []:
            fault = fault_of(path)
            if fault is not None:
                yield unreadable(target.project, target.flow.path, path, str(fault), fault.line)
        for submodule in absent(target.project.root):
            for node, module, what in _led_into(target, submodule.folder):
                where = target.project.relative(submodule.folder)
                message = (
                    f"{what} is looked for in the submodule {where}, which is not checked out: it cannot be judged"
                )
                mend = f"`git submodule update --init {where}`; in CI, check out with `submodules: true`"
                yield self.found(target, node, module, message, mend=mend, code=f"submodule {where}")


def _led_into(target: Target, folder: str) -> Iterator[tuple[ast.AST | None, Module, str]]:
    """What leads a flow into a folder that has no files: its first import from there, or its config."""
    flow = target.flow
    for module in flow.closure:
        for event in flow.modules.trace(module).events:
            known = isinstance(event, Import) and event.name.partition(".")[0] in (*sys.stdlib_module_names, "metaflow")
            if isinstance(event, Import) and not event.level and not known:
                if flow.modules.find(event.name, module) is not None:
                    continue
                name = event.name.replace(".", os.sep)
                places = [os.path.join(searched, name) for searched in flow.modules.search]
                if any(_is_in(place, folder) for place in places):
                    yield event.node, module, f"`{event.name}`"
                    return
    for setting in flow.settings().values():
        default = setting.call.argument(1, "default") if setting.kind == "Config" else None
        for place in places_of(default) if default is not None else ():
            if _is_in(os.path.join(flow.modules.root, place.path), folder):
                yield flow.cls.node, flow.module, f"the config `{setting.name}`"
                return


def _is_in(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; what is there already is no part of what is missing."""
    return f"{os.path.normpath(path)}{os.sep}".startswith(folder + os.sep)


def unreadable(project: Project, flow: str, path: str, fault: str, line: int = 1) -> Finding:
    """The finding on a file at `path` that the flow in `flow` is made of, or is."""
    name, where = project.relative(flow), project.relative(path)
    newer = newer_python(path) if fault.startswith(NOT_PYTHON) else ""
    told = f"{fault}, but valid Python {newer}: {_RUN_WITH.format(newer)}" if newer else fault
    message = f"{where} {told}. Nothing that depends on it can be judged, so it cannot pass"
    return Finding(Unreadable.id, "lint", ERROR, name, where, where, line, None, fault, message, Unreadable.mend)


_FLOW = "from metaflow import FlowSpec, step\n{before}\n\nclass DataFlow(FlowSpec):\n    @step\n    def start(self):\n        {body}\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"

Unreadable.bad = (
    Example("not Python", {"flow.py": _FLOW.format(before="", body="self.rows = [1, 2")}),
    Example("a merge that was never finished", {"flow.py": _FLOW.format(before="<<<<<<< HEAD", body="pass")}),
    Example(
        "a module that it imports",
        {"flow.py": _FLOW.format(before="import rows", body="self.rows = rows.load()"), "rows.py": "def load(:\n"},
    ),
)
Unreadable.good = (
    Example(
        "all of it can be read", {"flow.py": _FLOW.format(before="import rows", body="pass"), "rows.py": "X = 1\n"}
    ),
    Example(
        "a broken file that it has nothing to do with", {"flow.py": _FLOW.format(before="", body="pass"), "b.py": "(\n"}
    ),
)
