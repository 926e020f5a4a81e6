"""FG001."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.finding import ERROR, Finding
from flowgate.flow.yamlfile import fault_of
from flowgate.lint.rule import Example, Rule
from flowgate.project import Project
from flowgate.target import Target


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


def unreadable(project: Project, flow: str, path: str, fault: str, line: int = 1) -> Finding:
    """The finding on a file at `path` that the flow in `flow` is made of, or is."""
    name, where = project.relative(flow), project.relative(path)
    message = f"{where} {fault}. Nothing that depends on it can be judged, so it cannot pass"
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
