"""FG506."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.model import FOREACH, Flow, Step
from flowgate.flow.paths import CWD, is_path_object, places
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Called, Path, Stored
from flowgate.flow.values import (
    Artifact,
    Attr,
    Call,
    Const,
    Display,
    Element,
    File,
    Input,
    Item,
    Many,
    Mapping,
    Operation,
    Ref,
    Self,
    Setting,
    Value,
    callee,
    constant,
    dotted,
    method_of,
    options,
    walk,
)
from flowgate.lint.rule import Example, Rule
from flowgate.meaning.ambient import ambient
from flowgate.target import Target

_SAME, _APART, _UNTOLD = "same", "apart", "untold"
_WRITERS = {
    "torch.save": (1, "f"),
    "joblib.dump": (1, "filename"),
    "numpy.save": (0, "file"),
    "numpy.savez": (0, "file"),
    "numpy.savez_compressed": (0, "file"),
    "numpy.savetxt": (0, "fname"),
    "shutil.copy": (1, "dst"),
    "shutil.copyfile": (1, "dst"),
    "shutil.copy2": (1, "dst"),
    "shutil.move": (1, "dst"),
    "matplotlib.pyplot.savefig": (0, "fname"),
}
_METHODS = frozenset(
    """
    to_csv to_parquet to_json to_pickle to_excel to_feather to_hdf write_csv write_parquet write_json savefig
    save_model save_weights save_pretrained dump_model
    """.split()
)
# Kept by themselves and often only looked at by people: held against a flow when an artifact reads them back.
_KEEPERS = frozenset(("logging.FileHandler", "sqlite3.connect", "shelve.open", "dbm.open"))
_PATHS = frozenset(
    """
    os.path.join os.path.abspath os.path.realpath os.path.expanduser os.path.dirname os.path.basename os.path.normpath
    os.getcwd os.environ.get os.getenv builtins.str os.fspath pathlib.Path pathlib.PurePath pathlib.Path.cwd
    pathlib.Path.home tempfile.gettempdir posixpath.join
    """.split()
)
_TEXT_METHODS = frozenset(
    "format lower upper strip replace resolve absolute expanduser joinpath with_suffix with_name as_posix get".split()
)
_REMOTE = ("batch", "kubernetes")
_DEEPEST = 12


class SharedFile(Rule):
    """The tasks of a foreach write one file between them.

    Siblings run at the same time and in whatever order there are workers for: lines appended to one file are in the
    order of the race, a file that each of them writes holds what the last one wrote, and one that each reads and rewrites
    loses what was written in between. Two runs agree by luck.
    """

    id = "FG506"
    slug = "shared-file"
    about_agreement = True
    mend = "store it as an artifact and bring it together in the join, or put the item's own name into the path"

    def check(self, target: Target) -> Iterator[Finding]:
        for step in target.flow.steps.values():
            if not _fans_out(target.flow, step) or _is_remote(step):
                continue
            for event in step.trace.events:
                if isinstance(event, Called):
                    yield from self._of(target, step, event)

    def _of(self, target: Target, step: Step, event: Called) -> Iterator[Finding]:
        written = _written(event.call)
        if written is None or _sharing(target.flow, step, written[0], _DEEPEST) != _SAME:
            return
        path, how = written
        if _has_moved(step, event) and any(place.anchor == CWD for place in places(path)):
            return
        if how == "keeps" and not _is_read_back(target.flow, path):
            return
        if _is_made_once(event.call.node, event.path):
            return
        shown = ast.unparse(path.node) if path.node is not None else "its path"
        end = {
            "appends to": "and their order is that of the race",
            "keeps": "and an artifact reads back what they left in the order of the race",
        }.get(how, "and what is left is whatever the last one wrote")
        message = f"every task of the foreach {'writes to' if how == 'keeps' else how} the same file, {shown}, {end}"
        yield self.found(target, event.call.node, event.call.home, message, step=step.name)


def _fans_out(flow: Flow, step: Step) -> bool:
    """Whether several tasks of the step run in one fan-out."""
    return any(
        transition.kind == FOREACH and first in transition.targets
        for split, first in flow.open_splits.get(step.name, ())[: -1 if step.is_join else None]
        for transition in flow.steps[split].transitions
    )


def _is_remote(step: Step) -> bool:
    """Whether each task has a file system of its own."""
    return any(name.rpartition(".")[2] in _REMOTE for name in step.decorators)


def _written(call: Call) -> tuple[Value, str] | None:
    """The path that a call writes, and in which way."""
    name, method = callee(call), method_of(call)
    if name in ("builtins.open", "io.open", "gzip.open", "bz2.open", "lzma.open", "codecs.open"):
        return _opened(call.argument(0, "file"), call.argument(1, "mode"))
    if name in _KEEPERS:
        path = call.argument(0, "filename" if name.startswith("logging") else "database")
        return (path, "keeps") if path is not None else None
    if name in _WRITERS:
        path = call.argument(*_WRITERS[name])
        return (path, "writes") if path is not None else None
    if not isinstance(call.func, Attr):
        return None
    if method in ("open", "write_text", "write_bytes") and is_path_object(call.func.base):
        return _opened(call.func.base, call.argument(0, "mode")) if method == "open" else (call.func.base, "writes")
    if method in _METHODS and call.args:
        return call.args[0], "appends to" if constant(call.keywords.get("mode")) == "a" else "writes"
    return None


def _opened(path: Value | None, mode: Value | None) -> tuple[Value, str] | None:
    text = constant(mode)
    if path is None or not isinstance(text, str):
        return None
    if "a" in text:
        return path, "appends to"
    if "w" in text or "x" in text:
        return path, "writes"
    return (path, "reads and rewrites") if "+" in text else None


def _sharing(flow: Flow, step: Step, value: Value, depth: int) -> str:
    """Whether a path is the same in all siblings, tells them apart, or cannot be told."""
    if depth <= 0:
        return _UNTOLD
    found = [_one(flow, step, option, depth - 1) for option in options(value)]
    return _of_all(found)


def _of_all(found: list[str]) -> str:
    if _APART in found:
        return _APART
    return _UNTOLD if _UNTOLD in found or not found else _SAME


def _one(flow: Flow, step: Step, value: Value, depth: int) -> str:
    if isinstance(value, Const | Setting | File):
        return _SAME
    if isinstance(value, Input):
        return _APART
    if isinstance(value, Ref):
        return _of_ref(value)
    if isinstance(value, Artifact):
        if value.name in ("index", "foreach_stack"):
            return _APART
        stored = [_sharing(flow, step, one, depth) for one in flow.stored_before(step.name, value.name)]
        return _of_all(stored)
    if isinstance(value, Call):
        if ambient(value) or callee(value).startswith(("tempfile.", "random.", "secrets.")):
            return _SAME if callee(value) == "tempfile.gettempdir" else _APART
        if callee(value) not in _PATHS and method_of(value) not in _TEXT_METHODS:
            parts = [_sharing(flow, step, part, depth) for part in (*value.args, *value.keywords.values())]
            return _APART if _APART in parts else _UNTOLD
    if isinstance(value, Self):
        return _UNTOLD
    if isinstance(value, Operation | Call | Attr | Item | Element | Display | Many | Mapping):
        given = [part for part in value.parts() if not (isinstance(value, Call) and part is value.func)]
        if isinstance(value, Call) and isinstance(value.func, Attr) and not dotted(value.func):
            given.append(value.func.base)
        return _of_all([_sharing(flow, step, part, depth) for part in given] or [_SAME])
    return _UNTOLD


def _of_ref(value: Ref) -> str:
    if value.dotted.startswith("metaflow.current."):
        return _APART if value.dotted.rpartition(".")[2] in ("task_id", "pathspec") else _SAME
    return _SAME if value.dotted.startswith(("os.", "builtins.")) else _UNTOLD


def _has_moved(step: Step, event: Called) -> bool:
    """Whether the task changed its folder before: a relative path is then one of the new folder."""
    before = step.trace.events[: next(at for at, one in enumerate(step.trace.events) if one is event)]
    return any(isinstance(one, Called) and callee(one.call) in ("os.chdir", "contextlib.chdir") for one in before)


def _is_made_once(node: ast.AST | None, path: Path) -> bool:
    """Whether the file is only written where it is not there: a cache."""
    function = path[-1] if path else None
    return function is not None and any(
        any(word in ast.unparse(one.test) for word in ("exists", "isfile", "is_file"))
        for one in nodes(function)
        if isinstance(one, ast.If) and any(part is node for part in nodes(one))
    )


def _is_read_back(flow: Flow, path: Value) -> bool:
    """Whether an artifact is made from the file of the same name."""
    name = constant(path)
    return isinstance(name, str) and any(
        isinstance(part, Call)
        and part.args
        and constant(part.args[0]) == name
        and callee(part) != "logging.FileHandler"
        for step in flow.steps.values()
        for event in step.trace.events
        if isinstance(event, Stored)
        for part in walk(event.value)
    )


def _flow(*body: str) -> dict[str, str]:
    return {
        "flow.py": f"""
import os
from metaflow import FlowSpec, step


class FilesFlow(FlowSpec):
    @step
    def start(self):
        self.names = ["a", "b", "c"]
        self.next(self.fit, foreach="names")

    @step
    def fit(self):
        name = self.input
        {(chr(10) + "        ").join(body)}
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    }


SharedFile.bad = (
    Example("lines appended by every task", _flow('with open("results.csv", "a") as out:', "    out.write(name)")),
    Example("the last one wins", _flow('path = os.path.join("out", "best.txt")', "open(path, mode='w').write(name)")),
    Example(
        "a folder made before the foreach",
        _flow("from pathlib import Path", "self.where = Path('out') / 'all.json'", "self.where.write_text(name)"),
    ),
)
SharedFile.good = (
    Example("a file of its own", _flow('open(f"{name}.csv", "w").write(name)')),
    Example("by its index, in a temporary folder", _flow("open(f'/tmp/{self.index}.txt', 'a').write(name)")),
    Example("stored as an artifact", _flow("self.result = open('names.txt').read() + name")),
)
