"""FG101."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

from flowgate import witness
from flowgate.discover import launch_lines
from flowgate.finding import Finding
from flowgate.flow.paths import FIXED, UNKNOWN, Place, is_path_object, places
from flowgate.flow.trace import Called, Event, Import
from flowgate.flow.values import Call, Display, Many, Module, Operation, Value, callee, options
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_INSERTS = {"insert": 1, "append": 0, "extend": 0, "__set__": 0, "__setitem__": 1, "addsitedir": 0}


class ScriptModeImport(Rule):
    """A project import that script mode cannot resolve.

    `uv run flow.py` on a file with a PEP 723 header builds an environment from that header and nothing else: the
    repository's own package is not installed. The tests run in project mode, import it without trouble and pass; the
    flow stops at its import with `ModuleNotFoundError`.
    """

    id = "FG101"
    slug = "script-mode-import"
    mend = "insert the package's folder, anchored to `__file__`, before the import"

    def check(self, target: Target) -> Iterator[Finding]:
        header = target.flow.module.source.script_block()
        if header is None and not target.promoted and not _uv_launches(target):
            return
        if header is None and _is_packaged(target):
            return
        walk = _Walk(self, target, header or {})
        yield from walk.through(target.flow.module)
        for step in target.flow.steps.values():
            yield from walk.over(step.trace.events, step.name)


class _Walk:
    """The imports of a flow in the order they run, with what has been put on sys.path by then."""

    def __init__(self, rule: Rule, target: Target, header: dict[str, object]) -> None:
        self.rule, self.target = rule, target
        self.script = target.flow.module
        self.dependencies = _dependencies(header)
        installed = _installed(target, header, self.dependencies)
        self.own = {self.script.package_folder}
        self.declared = {folder: _declared_packages(folder) for folder in installed}
        self.folders = [self.script.package_folder, *installed]
        self.cwd: str | None = None
        self.blind = False
        self.inserted: list[str] = []
        self.seen: set[str] = set()

    def through(self, module: Module) -> Iterator[Finding]:
        if module.path not in self.seen:
            self.seen.add(module.path)
            yield from self.over(self.target.flow.modules.trace(module).events, None)

    def over(self, events: list[Event], step: str | None) -> Iterator[Finding]:
        for event in events:
            if isinstance(event, Called):
                self._extend(event.call)
            elif isinstance(event, Import) and not event.guarded:
                yield from self._import(event, step)

    def _extend(self, call: Call) -> None:
        name = callee(call)
        if name == "os.chdir" and call.args:
            self.cwd = next((place.path for place in places(call.args[0]) if place.anchor == FIXED), None)
        root, _, method = name.rpartition(".")
        if (root != "sys.path" and name != "site.addsitedir") or method not in _INSERTS:
            return
        position = _INSERTS[method]
        given = call.args[position] if len(call.args) > position else None
        if given is None or (method in ("insert", "append") and is_path_object(given)):
            return  # what is on sys.path and no string is passed over
        for place in _inserted(given):
            if place.anchor == UNKNOWN:
                self.blind = True
            elif place.anchor == FIXED or self.cwd is not None:
                self.folders.append(os.path.normpath(os.path.join(self.cwd or "", place.path)))
                self.own.add(self.folders[-1])
            if place.anchor != UNKNOWN:
                self.inserted.append(self.target.project.relative(place.path) if place.anchor == FIXED else place.path)

    def _import(self, event: Import, step: str | None) -> Iterator[Finding]:
        if event.level:
            if event.home is self.script:
                yield self._relative(event, step)
            return
        top = event.name.split(".")[0]
        if top in sys.stdlib_module_names or _normal(top) in self.dependencies:
            return
        held = next((folder for folder in self.folders if _holds(folder, top) and self._installs(folder, top)), None)
        if held is not None:
            path = self.target.flow.modules.find(event.name, event.home)
            if path is not None and path.startswith(held):
                yield from self.through(self.target.flow.modules.load(path))
            return
        home = None if self.blind else _first_party(top, self.target)
        if home is not None and top not in self.seen:
            self.seen.add(top)
            yield self._unresolved(event, top, home, step)

    def _installs(self, folder: str, top: str) -> bool:
        """Whether a project that the header installs brings a package: all of them, or those that it declares."""
        declared = self.declared.get(folder)
        return declared is None or top in declared or folder in self.own

    def _relative(self, event: Import, step: str | None) -> Finding:
        return self.rule.found(
            self.target,
            event.node,
            event.home,
            "a relative import in the script itself: a script has no parent package, so it stops with "
            "'ImportError: attempted relative import with no known parent package'",
            step=step,
            mend=f"import it by name: `from {event.name or '<module>'} import ...`, from a folder on sys.path",
        )

    def _unresolved(self, event: Import, top: str, home: str, step: str | None) -> Finding:
        name = os.path.basename(self.script.path)
        tried = f" (the sys.path insert of {self.inserted[-1]!r} does not lead to it)" if self.inserted else ""
        return self.rule.found(
            self.target,
            event.node,
            event.home,
            f"`uv run {name}` does not install this repository, so the import of `{top}` stops with "
            f"'ModuleNotFoundError: No module named {top!r}'{tried}; tests in project mode import it and pass",
            step=step,
            mend="before the import: `sys.path.insert(0, str(" + _anchored(self.script.package_folder, home) + "))`",
            code=f"import {top}",
        )


def _inserted(value: Value) -> list[Place]:
    """The places that an argument of an insert, or a new sys.path, holds."""
    found: list[Place] = []
    for option in options(value):
        whole = places(option)
        if any(place.anchor != UNKNOWN for place in whole):
            found += whole
        elif isinstance(option, Display):
            found += [place for element in option.elements for place in _inserted(element)]
        elif isinstance(option, Operation) and option.operator == "Add":
            found += [place for part in option.operands if callee(part) or part.parts() for place in _inserted(part)]
        elif isinstance(option, Many):
            found += _inserted(option.element)
        elif callee(option) not in ("builtins.list", "sys.path.copy"):
            found += places(option)
    return found


def _uv_launches(target: Target) -> bool:
    launcher = target.proving.launcher
    shebang = target.flow.module.source.data[:200].split(b"\n", 1)[0]
    if os.path.basename("".join(launcher[:1])) in ("uv", "uvx") or (shebang.startswith(b"#!") and b"uv run" in shebang):
        return True
    lines = launch_lines(target.project.root)
    if any("PYTHONPATH" in line for line in lines):
        return False  # what lies on the path of whoever starts it cannot be told
    return any(_starts_with_uv(target, line) for line in lines)


def _starts_with_uv(target: Target, text: str) -> bool:
    """Whether a line of a script, workflow or document starts the flow by `uv run`."""
    flow = os.path.basename(target.flow.path)
    started = re.findall(rf"\buvx?\s+run\b(?:(?!\n|&&|;|\|).)*?[\s/]{re.escape(flow)}", text)
    return any("--with-editable" not in one and "--with ." not in one and " -m " not in one for one in started)


def _is_packaged(target: Target) -> bool:
    """Whether the project around the flow is a package, which `uv run` without a header installs."""
    return "build-system" in _pyproject(target)


def _pyproject(target: Target) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(witness.read(os.path.join(target.project.root, "pyproject.toml")).decode())
    except (OSError, ValueError):
        return {}


def _installed(target: Target, header: dict[str, object], dependencies: set[str]) -> list[str]:
    """The folders whose packages the header itself installs: a path source, or this project by its name."""
    roots = []
    for source in _sources(header).values():
        path = source.get("path") if isinstance(source, dict) else None
        if isinstance(path, str):
            roots.append(os.path.normpath(os.path.join(target.flow.module.package_folder, path)))
    project = _pyproject(target).get("project")
    name = project.get("name") if isinstance(project, dict) else None
    if isinstance(name, str) and _normal(name) in dependencies:
        roots.append(target.project.root)
    return [folder for root in roots for folder in (root, os.path.join(root, "src"))]


def _declared_packages(folder: str) -> set[str] | None:
    """The top-level packages that a project's build settings name; None where they leave it to what is found."""
    import tomllib

    root = os.path.dirname(folder) if os.path.basename(folder) == "src" else folder
    try:
        tool = tomllib.loads(witness.read(os.path.join(root, "pyproject.toml")).decode()).get("tool", {})
    except (OSError, ValueError):
        return None
    setuptools = tool.get("setuptools", {})
    hatch = tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    named = [setuptools.get("packages"), setuptools.get("py-modules"), hatch.get("packages")]
    listed = [str(name) for names in named if isinstance(names, list) for name in names]
    return {name.removeprefix("src/").split(".")[0].split("/")[0] for name in listed} or None


def _sources(header: dict[str, object]) -> dict[str, object]:
    """`[tool.uv.sources]` of a header."""
    tool = header.get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    sources = uv.get("sources") if isinstance(uv, dict) else None
    return sources if isinstance(sources, dict) else {}


def _dependencies(header: dict[str, object]) -> set[str]:
    """The normalised names of the script's declared dependencies, those of its sources included."""
    listed = header.get("dependencies")
    named = (
        [re.split(r"[\s\[<>=!~;@(]", str(entry), maxsplit=1)[0] for entry in listed] if isinstance(listed, list) else []
    )
    return {_normal(name) for name in (*named, *_sources(header))}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _holds(folder: str, top: str) -> bool:
    base = os.path.join(folder, top)
    return top in witness.modules(folder) and (witness.is_file(base + ".py") or _is_package(base))


def _is_package(folder: str) -> bool:
    try:
        return any(name.endswith(".py") for name in witness.entries(folder))
    except OSError:
        return False


def _first_party(top: str, target: Target) -> str | None:
    """The folder of this repository that holds the package, where there is one."""
    root = target.project.root
    near = list(target.flow.modules.search)
    try:
        below = [os.path.join(root, name) for name in witness.entries(root) if not name.startswith((".", "_"))]
    except OSError:
        below = []
    for folder in [*near, *below, *(os.path.join(name, "src") for name in below)]:
        if _holds(folder, top):
            return folder
    return None


def _anchored(script_folder: str, home: str) -> str:
    """`Path(__file__).resolve().parents[1] / "src"`: the way from the script to the package's folder."""
    steps = os.path.relpath(home, script_folder).split(os.sep)
    ups = sum(part == ".." for part in steps)
    rest = "".join(f' / "{part}"' for part in steps if part not in ("..", "."))
    return f"Path(__file__).resolve().parents[{ups}]{rest}" if ups else f"Path(__file__).resolve().parent{rest}"


_HEADER = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["metaflow"]\n# ///\n'
_FLOW = """
{imports}
from metaflow import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        {body}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainFlow()
"""
_FROM_LAB = "from lab.data import make_data"
_INSERT = (
    "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).resolve().parents[{up}]{rest}))\n"
)


def _example(title: str, imports: str, body: str = "self.x = 1", header: str = _HEADER) -> Example:
    flow = header + _FLOW.format(imports=imports, body=body)
    package = {"src/lab/__init__.py": "", "src/lab/data.py": "def make_data():\n    return [1, 2]\n"}
    return Example(title, {"flows/flow.py": flow, "flows/beside.py": "VALUE = 1\n", **package})


ScriptModeImport.bad = (
    _example("a bare project import", _FROM_LAB),
    _example("an insert of an unrelated folder", _INSERT.format(up=0, rest="") + _FROM_LAB),
    _example("an insert that depends on the current directory", "import sys\nsys.path.insert(0, 'src')\n" + _FROM_LAB),
    _example("the insert after the import", _FROM_LAB + "\n" + _INSERT.format(up=1, rest=' / "src"')),
    _example("a lazy import inside a step", "import os", "from lab.data import make_data"),
    _example("a relative import in the script", "from .beside import VALUE"),
)
ScriptModeImport.good = (
    _example("an anchored insert before it", _INSERT.format(up=1, rest=' / "src"') + _FROM_LAB),
    _example("an anchored append", _INSERT.format(up=1, rest=' / "src"').replace("insert(0, ", "append(") + _FROM_LAB),
    _example("a module beside the script", "import beside"),
    _example(
        "only for the type checker",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lab.data import make_data",
    ),
    _example("not started as a script", _FROM_LAB, header=""),
)
