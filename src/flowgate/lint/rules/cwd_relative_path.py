"""FG102."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.evaluate import run_function
from flowgate.flow.modules import Modules
from flowgate.flow.paths import CWD, FIXED, places
from flowgate.flow.trace import Called
from flowgate.flow.values import Call, Function, Module, Value, callee, constant, dotted, options
from flowgate.lint.edit import Edit, replaced
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class CwdRelativePath(Rule):
    """A Config or IncludeFile default that depends on the current directory.

    Metaflow opens `default` relative to the folder the command was started in. The flow runs from the repository's
    root and fails everywhere else, `check` included, with `default configuration file '...' could not be read`.
    """

    id = "FG102"
    slug = "cwd-relative-path"
    mend = 'anchor it to the file: default=str(Path(__file__).resolve().parent / "conf" / "config.yaml")'

    def check(self, target: Target) -> Iterator[Finding]:
        modules = target.flow.modules
        calls = [
            (event.call, module)
            for module in target.flow.closure
            for event in modules.trace(module).events
            if isinstance(event, Called)
        ]
        if any(_moves_to_a_fixed_folder(call) for call, _ in calls):
            return  # Metaflow opens the default when the flow is started, after every module has run
        for call, module in calls:
            yield from self._declaration(target, call, module)

    def fixes(self, target: Target) -> Iterator[tuple[Finding, list[Edit]]]:
        for module in target.flow.closure:
            for event in target.flow.modules.trace(module).events:
                if isinstance(event, Called):
                    for found in self._declaration(target, event.call, module):
                        edits = _anchored(target, event.call, event.call.home or module)
                        if edits:
                            yield found, edits

    def _declaration(self, target: Target, call: Call, module: Module) -> Iterator[Finding]:
        kind = callee(call).rpartition(".")[2]
        if not callee(call).startswith("metaflow.") or kind not in ("Config", "IncludeFile"):
            return
        default = call.argument(1, "default") if kind == "Config" else call.keywords.get("default")
        if default is None:
            return
        path = next(
            (
                place.path
                for value in _given(default, target.flow.modules)
                for place in places(value)
                if place.anchor == CWD
            ),
            None,
        )
        if path is None:
            return
        name = constant(call.argument(0, "name"))
        shown = path or "the current directory"
        written = (
            [one.value for one in call.node.keywords if one.arg == "default"] if isinstance(call.node, ast.Call) else []
        )
        yield self.found(
            target,
            written[0] if written else call.node,
            call.home or module,
            f"{kind} {name if isinstance(name, str) else ''!r} reads its default from {shown!r}, relative to wherever "
            f"the command is started: from any other folder the flow stops before its first step",
            mend=_mend(path, call.home or module),
            code=f"{ast.unparse(call.node) if call.node else kind} <- {path}",
        )


def _anchored(target: Target, call: Call, home: Module) -> list[Edit]:
    """The default, anchored to the file; nothing where it is not written in the call, or there is not one such file."""
    written = call.node.keywords if isinstance(call.node, ast.Call) else []
    node = next((keyword.value for keyword in written if keyword.arg == "default"), None)
    default = call.keywords.get("default")
    found = places(default) if default is not None else []
    if node is None or len(found) != 1 or found[0].anchor != CWD or isinstance(node, ast.Name | ast.Attribute):
        return []
    folder, up, anchors = home.package_folder, 0, []
    while True:
        if os.path.exists(os.path.join(folder, found[0].path)):
            anchors.append(".parent" if up == 0 else f".parents[{up}]")
        if folder == target.project.root or not folder.startswith(target.project.root + os.sep):
            break
        folder, up = os.path.dirname(folder), up + 1
    if len(anchors) != 1:
        return []
    path, edits = _path_class(home)
    return [replaced(home.path, node, f'str({path}(__file__).resolve(){anchors[0]} / "{found[0].path}")'), *edits]


def _path_class(home: Module) -> tuple[str, list[Edit]]:
    """How a module writes `pathlib.Path`, and the import that it needs for that."""
    for name, value in home.env.items():
        if dotted(value) == "pathlib.Path":
            return name, []
        if dotted(value) == "pathlib":
            return f"{name}.Path", []
    tree = home.source.parse()
    first = next((one for one in tree.body if not _opens(one)), None) if tree is not None else None
    at = (first.lineno if first is not None else 1, 0)
    return "Path", [Edit(home.path, at, at, "from pathlib import Path\n")]


def _opens(statement: ast.stmt) -> bool:
    """Whether a statement has to stand before every import: the docstring, and imports from the future."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _given(default: Value, modules: Modules) -> list[Value]:
    """The default, or what a function given as the default returns."""
    found: list[Value] = []
    for option in options(default):
        returned = run_function(option, modules)[1] if isinstance(option, Function) else None
        found.append(returned or option)
    return found


def _moves_to_a_fixed_folder(call: Call) -> bool:
    return callee(call) == "os.chdir" and bool(call.args) and all(p.anchor == FIXED for p in places(call.args[0]))


def _mend(path: str, home: Module) -> str:
    parts = "".join(f' / "{part}"' for part in path.replace("\\", "/").split("/") if part not in ("", "."))
    return f"anchor it to the file: default=str(Path(__file__).resolve().parent{parts})"


_FLOW = """
from pathlib import Path
from metaflow import Config, FlowSpec, step

{before}

class TrainFlow(FlowSpec):
    cfg = Config("cfg", default={default})

    @step
    def start(self):
        self.lr = self.cfg.lr
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainFlow()
"""
_CONF = "conf/settings.json"


def _example(title: str, default: str, before: str = "") -> Example:
    return Example(title, {"flow.py": _FLOW.format(default=default, before=before), _CONF: '{"lr": 0.1}\n'})


CwdRelativePath.bad = (
    _example("a relative literal", '"conf/settings.json"'),
    _example("a relative Path", 'str(Path("conf") / "settings.json")'),
    _example("made absolute from wherever one stands", 'os.path.abspath("conf/settings.json")', "import os"),
    _example("the environment, with a relative fallback", 'os.environ.get("CONF", "conf/settings.json")', "import os"),
    _example(
        "through a name and a helper", 'located("conf")', "def located(folder):\n    return f'{folder}/settings.json'"
    ),
)
CwdRelativePath.good = (
    _example("anchored to the file", 'str(Path(__file__).resolve().parent / "conf/settings.json")'),
    _example("a name that was anchored", "CONF", 'CONF = str(Path(__file__).parent.joinpath("conf", "settings.json"))'),
    _example("after an anchored chdir", '"conf/settings.json"', "import os\nos.chdir(Path(__file__).resolve().parent)"),
)
