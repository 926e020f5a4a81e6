"""FG601."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator

from flowgate import witness
from flowgate.discover import test_files
from flowgate.finding import Finding
from flowgate.flow.source import Source
from flowgate.flow.subject import files_of
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Import
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_POC = re.compile(r"(?:^|/)poc/|(?:^|/)(?:poc_[^/]*|[^/]*_poc)\.\w+$|(?:^|/)poc$", re.IGNORECASE)
_MODULE = re.compile(r"(?:^|\.)(?:poc|poc_\w+|\w+_poc)(?:\.|$)", re.IGNORECASE)
_WORDS = (b"poc", b"POC", b"Poc")
_MENTIONS = re.compile(rb"(?i)(?<![a-z])poc(?![a-z])")
_RESULTS = (
    ".json",
    ".jsonl",
    ".csv",
    ".npz",
    ".npy",
    ".pkl",
    ".parquet",
    ".pt",
    ".txt",
    ".tsv",
    ".yaml",
    ".yml",
    ".joblib",
)


class PocAnchor(Rule):
    """The flow, its config or its tests hang on the proof of concept.

    A flow that imports the script it replaces, or compares itself with the numbers that script left, cannot be wrong in
    any way the script was. The proof of concept is what a reviewer reads beside the flow; the flow stands without it.
    """

    id = "FG601"
    slug = "poc-anchor"
    mend = "write the final method in the flow; name the script under `sources`, where the review reads it"

    def check(self, target: Target) -> Iterator[Finding]:
        files, results = _sources(target)
        for step, event in target.flow.events():
            if isinstance(event, Import) and _is_poc_import(target, event, files):
                message = f"this imports `{event.name or '.'}`, which is the proof of concept: the flow cannot stand without it"
                yield self.found(target, event.node, event.home, message, step=step)
        for module in target.flow.closure:
            if not _is_poc_path(target.project.relative(module.path)) and module.path not in files:
                yield from self._paths(target, module.source, results)
        yield from self._config(target, results)
        for source in _tests(target):
            yield from self._test(target, source, files, results)

    def _paths(self, target: Target, source: Source, results: set[str]) -> Iterator[Finding]:
        if source.parse() is None or not _may_name(source, results):
            return
        assert source.tree is not None
        for node in _texts(source.tree):
            if _names_poc(str(node.value), results):
                where = target.project.relative(source.path)
                message = f"this reads {node.value!r}, which the proof of concept made: the flow is measured by what it replaces"
                found = self.found(target, node, None, message, mend=self.mend, code=f"{where}: {node.value!r}")
                yield found._replace(path=where, line=node.lineno)

    def _test(self, target: Target, source: Source, files: set[str], results: set[str]) -> Iterator[Finding]:
        where = target.project.relative(source.path)
        if source.parse() is None:
            return
        assert source.tree is not None
        for node in nodes(source.tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module or ''}.{alias.name}".strip(".") for alias in node.names]
                names.append(node.module or "")
            hit = next((name for name in names if _is_poc_name(target, name, files)), None)
            if hit is not None:
                message = f"this test imports `{hit}`, the proof of concept: it can only say that the flow is no better"
                found = self.found(target, node, None, message, code=f"{where}: {hit}")
                yield found._replace(path=where, line=getattr(node, "lineno", 1))
        yield from self._paths(target, source, results)

    def _config(self, target: Target, results: set[str]) -> Iterator[Finding]:
        for path in _configs(target):
            where = target.project.relative(path)
            key = ""
            for number, line in enumerate(Source(path).text.splitlines(), 1):
                text = line.partition(" #")[0]
                named = re.match(r"(\w+)\s*:", text)
                key = named[1] if named else key
                if text.lstrip().startswith("#") or key in ("sources", "source", "determinism_reason", "description"):
                    continue
                for value in re.findall(r"[\w./-]+", text.partition(":")[2] if ":" in text else text):
                    if ("/" in value or "." in value) and _names_poc(value, results):
                        message = f"the config reads `{value}`, which the proof of concept made"
                        found = self.found(target, None, None, message, code=f"{where}: {value}")
                        yield found._replace(path=where, line=number)


def _configs(target: Target) -> list[str]:
    """The files of the flow's config folder, and those that its Config declarations read by default."""
    found = files_of(target.flow, target.conf)
    return [path for path in found if path.endswith((".yaml", ".yml", ".json", ".toml"))]


def _is_poc_name(target: Target, name: str, files: set[str]) -> bool:
    """Whether a test's import is of the proof of concept: by its file where that is known, else by its name."""
    modules, home = target.flow.modules, target.flow.module
    path = modules.find(name, home) or modules.find(name.rpartition(".")[0], home)
    if path is not None:
        return path in files or _is_poc_path(target.project.relative(path))
    stems = {os.path.splitext(os.path.basename(one))[0] for one in files}
    return _MODULE.search(name) is not None or bool({name.split(".")[0], name.rpartition(".")[2]} & stems)


def _sources(target: Target) -> tuple[set[str], set[str]]:
    """The Python scripts among the sources of truth, absolute, and the names of the result files beside them."""
    files = {target.project.absolute(one) for one in target.settings.sources if one.endswith(".py")}
    results: set[str] = set()
    for path in files:
        try:
            beside = witness.entries(os.path.dirname(path))
        except OSError:
            continue
        here = os.path.relpath(os.path.dirname(path), target.project.root)
        if os.path.dirname(path) != os.path.dirname(os.path.realpath(target.flow.path)) and here != ".":
            results |= {f"{here}/{name}".replace(os.sep, "/") for name in beside if name.endswith(_RESULTS)}
    return files, results


def _is_poc_import(target: Target, event: Import, files: set[str]) -> bool:
    path = target.flow.modules.find(event.name, event.home, event.level)
    names = [event.name, *(alias.name for alias in getattr(event.node, "names", []) if event.level or not event.name)]
    if path is None:
        return any(_MODULE.search(name) for name in names)
    found = [path]
    if path.endswith("__init__.py"):
        inside = [os.path.join(os.path.dirname(path), f"{alias.name}.py") for alias in getattr(event.node, "names", [])]
        found += filter(witness.is_file, inside)
    own = event.home.path in files or _is_poc_path(target.project.relative(event.home.path))
    return not own and any(one in files or _is_poc_path(target.project.relative(one)) for one in found)


def _is_poc_path(path: str) -> bool:
    return _POC.search(path) is not None


def _may_name(source: Source, results: set[str]) -> bool:
    return (any(word in source.data for word in _WORDS) and _MENTIONS.search(source.data) is not None) or any(
        os.path.basename(one).encode() in source.data for one in results
    )


def _texts(tree: ast.Module) -> Iterator[ast.Constant]:
    """The strings of a file that code uses: docstrings, and arguments of prints, are left out."""
    passed: set[int] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = name in ("print", "info", "warning", "debug", "error", "warn") or name.endswith(
                ("Error", "Exception")
            )
            if said or "sys.path" in ast.unparse(node.func):
                passed |= {id(part) for part in nodes(node) if isinstance(part, ast.Constant)}
        if isinstance(node, ast.Compare):
            passed |= {id(part) for part in nodes(node) if isinstance(part, ast.Constant) and part.value == "poc"}
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node


def _names_poc(text: str, results: set[str]) -> bool:
    """Whether a text is the path of something that belongs to the proof of concept."""
    if len(text) > 200 or " " in text.strip() or "\n" in text:
        return False
    path = text.replace("\\", "/")
    return _is_poc_path(path) or any(path.endswith(result) for result in results)


def _tests(target: Target) -> Iterator[Source]:
    """The flow's tests that name the proof of concept: those beside it, or in the nearest folder above that has any."""
    names = [b"poc", *(os.path.splitext(os.path.basename(one))[0].encode() for one in target.settings.sources)]
    folder = os.path.dirname(os.path.realpath(target.flow.path))
    while True:
        tests = [Source(path) for path in test_files(folder)]
        yield from (source for source in tests if any(name in source.data for name in names))
        if tests or folder == target.project.root or not folder.startswith(target.project.root):
            return
        folder = os.path.dirname(folder)


def _flow(files: dict[str, str], body: str = "self.score = 1", before: str = "") -> dict[str, str]:
    return {
        "flow.py": f"""
from metaflow import FlowSpec, step
{before}

class NoiseFlow(FlowSpec):
    @step
    def start(self):
        {body}
        self.next(self.end)

    @step
    def end(self):
        pass
""",
        **files,
    }


PocAnchor.bad = (
    Example(
        "imported from the proof of concept",
        _flow(
            {"poc/noise.py": "def fit():\n    return 1\n", "poc/__init__.py": ""},
            "self.score = fit()",
            "from poc.noise import fit\n",
        ),
    ),
    Example(
        "measured by its results",
        _flow({"poc/results.json": "1"}, "self.score = json.load(open('poc/results.json'))", "import json\n"),
    ),
    Example(
        "a test that compares with the script",
        _flow({"tests/test_noise.py": "import noise_poc\n\n\ndef test_same():\n    assert noise_poc.fit() == 1\n"}),
    ),
)
PocAnchor.good = (
    Example(
        "named in words",
        _flow({"poc/noise.py": "def fit():\n    return 1\n"}, '"""The method of poc/noise.py."""; self.score = 1'),
    ),
    Example(
        "named as a source of truth",
        _flow({"poc/noise.py": "X = 1\n", "flowgate.toml": '[flow."flow.py"]\nsources = ["poc/noise.py"]\n'}),
    ),
    Example("a word that only holds the letters", _flow({}, "self.score = len('epoch_3.json')")),
)
