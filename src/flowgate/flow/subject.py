"""The subject: a digest of exactly what is judged, file by file, so that a change can be named."""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections.abc import Iterable

from flowgate import witness
from flowgate.errors import FlowgateError
from flowgate.finding import digest
from flowgate.flow.conf import Conf
from flowgate.flow.model import Flow
from flowgate.flow.paths import UNKNOWN, places
from flowgate.project import Project


def files_of(flow: Flow, conf: Conf | None) -> list[str]:
    """The files a flow is made of: its own, the local modules it imports, its config and include files. Absolute."""
    paths = [flow.path, *(module.path for module in flow.closure), *_declared(flow)]
    return list(dict.fromkeys(paths + (conf.files() if conf is not None else [])))


def names_file(flow: Flow, path: str) -> bool:
    """Whether a flow's code holds the name of a file that it does not import: it may run or read it."""
    name = os.path.basename(path).encode()
    return any(name in module.source.data for module in flow.closure)


def _declared(flow: Flow) -> list[str]:
    """The files that the flow's Config and IncludeFile declarations read by default."""
    found = []
    for setting in flow.settings().values():
        default = setting.call.argument(1 if setting.kind == "Config" else 99, "default")
        for place in places(default) if default is not None and setting.kind != "Parameter" else []:
            path = os.path.join(flow.modules.root, place.path)
            if place.anchor != UNKNOWN and os.path.isfile(path):
                found.append(path)
    return found


def digests(project: Project, paths: Iterable[str]) -> dict[str, str]:
    """The digest of each file by its path in the project; line endings do not count.

    Raises:
        FlowgateError: a file cannot be read.
    """
    made = {}
    for path in paths:
        witness.note(witness.FILE, path, witness.state_of_file(path))
        try:
            with open(path, "rb") as file:
                data = file.read().replace(b"\r\n", b"\n")
        except OSError as error:
            raise FlowgateError(f"{project.relative(path)} cannot be read: {error.strerror}") from None
        made[project.relative(path)] = hashlib.sha256(data).hexdigest()
    return dict(sorted(made.items()))


_CODE = "code:"
# Words by which code may look at its own text: at a docstring, at its source, or at the number of a line.
_LOOKS_AT_ITSELF = re.compile(
    rb"__doc__|getdoc|getsource|inspect|lineno|getframe|currentframe|traceback|docopt|linecache"
)


def code_digests(project: Project, paths: Iterable[str], texts: Iterable[str] = ()) -> dict[str, str]:
    """As `digests`, but Python files by what they do: comments, docstrings and layout do not count.

    Args:
        texts: Python files whose text counts; so does that of a file whose code may look at itself.

    Raises:
        FlowgateError: a file cannot be read.
    """
    listed, as_text = list(paths), set(texts)
    code = [path for path in listed if path.endswith(".py") and path not in as_text]
    made = digests(project, (path for path in listed if path not in set(code)))
    for path in code:
        witness.note(witness.FILE, path, witness.state_of_file(path))
        try:
            with open(path, "rb") as file:
                found = code_digest(file.read())
        except OSError as error:
            raise FlowgateError(f"{project.relative(path)} cannot be read: {error.strerror}") from None
        made |= {project.relative(path): found} if found else digests(project, [path])
    return dict(sorted(made.items()))


def digests_as_before(project: Project, held: dict[str, str]) -> dict[str, str]:
    """The digests of files now, each as it was taken before: of the text, or of the code.

    Raises:
        FlowgateError: a file cannot be read.
    """
    texts = [project.absolute(name) for name, digest_then in held.items() if not digest_then.startswith(_CODE)]
    return code_digests(project, [project.absolute(name) for name in held], texts)


def code_digest(data: bytes) -> str:
    """The digest of what a Python file does; empty where its text counts, or it cannot be parsed."""
    if _LOOKS_AT_ITSELF.search(data):
        return ""
    try:
        tree = ast.parse(data)
        for node in ast.walk(tree):
            _drop_docstring(node)
        told = ast.dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    script = "\n".join(line for line in data.decode("utf-8", "replace").splitlines() if line.startswith("# "))
    dependencies = script if "# /// script" in script else ""  # PEP 723: a comment that says what is installed
    return _CODE + digest(told, dependencies)


def _drop_docstring(node: ast.AST) -> None:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not node.body:
        return
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        del node.body[0]
    if not node.body and not isinstance(node, ast.Module):
        node.body.append(ast.Pass())


def subject(parts: dict[str, str]) -> str:
    """One digest for named parts."""
    return "sha256:" + digest(*(f"{name}={value}" for name, value in sorted(parts.items())))


def changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What differs between two sets of parts, in words."""
    found = [f"{name} is gone" for name in sorted(before.keys() - now.keys())]
    found += [f"{name} is new" for name in sorted(now.keys() - before.keys())]
    return found + [f"{name} changed" for name in sorted(before.keys() & now.keys()) if before[name] != now[name]]
