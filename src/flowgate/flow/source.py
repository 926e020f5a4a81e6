"""One Python file, read and parsed once."""

from __future__ import annotations

import ast
import os
import re
import sys
import warnings

from flowgate import witness

# A class that may be a flow: it names FlowSpec, carries a step, or derives from something called a flow.
_CANDIDATE = re.compile(rb"FlowSpec|@step\b|@[\w.]+\.step\b|^class\s+\w+\s*\([^)]*Flow", re.MULTILINE)
_WIDE = (b"\xff\xfe", b"\xfe\xff")
# PEP 263, the regular expression of the specification, in one of the first two lines.
_CODING = re.compile(rb"(?:[^\n]*\n)?[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
# PEP 723, the regular expression of the specification.
_SCRIPT_BLOCK = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


NOT_PYTHON = "is not valid Python"


class Source:
    """A file's bytes, read unless they are given, its syntax tree and, where it cannot be read, the reason (`fault`) and its
    line."""

    __slots__ = ("data", "fault", "fault_line", "path", "tree")

    def __init__(self, path: str, data: bytes | None = None) -> None:
        self.path = path
        self.tree: ast.Module | None = None
        self.fault: str | None = None
        self.fault_line = 1
        self.data = b""
        try:
            self.data = witness.read(path) if data is None else data
        except OSError as error:
            self.fault = f"cannot be read: {error.strerror or error}"

    def may_hold_a_flow(self) -> bool:
        """A search of the bytes, so that a file that cannot be a flow is never parsed."""
        data = self.data
        if data.startswith(_WIDE):  # an editor's UTF-16: Python cannot read it, so it is a flow that is unreadable
            data = data.decode("utf-16", "ignore").encode()
        return self.fault is not None or _CANDIDATE.search(data) is not None

    def parse(self) -> ast.Module | None:
        """The syntax tree; None, with `fault` set, where there is none."""
        if self.tree is None and self.fault is None:
            try:
                self.tree = _parse(self.data)
            except SyntaxError as error:
                self.fault, self.fault_line = _syntax_fault(error), error.lineno or 1
            except UnicodeDecodeError as error:
                self.fault, self.fault_line = f"is not UTF-8: {error.reason}", self.data[: error.start].count(b"\n") + 1
            except (ValueError, RecursionError, MemoryError) as error:
                self.fault = f"cannot be parsed: {error or type(error).__name__}"
        return self.tree

    @property
    def text(self) -> str:
        """The decoded text; undecodable bytes are replaced, for showing only."""
        return self.data.decode("utf-8", "replace").removeprefix("\ufeff")

    def line(self, number: int) -> str:
        """Line `number`, counting from 1, or nothing where the file has no such line."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""

    @property
    def folder(self) -> str:
        """The folder the file lies in, absolute."""
        return os.path.dirname(os.path.abspath(self.path))

    def script_block(self) -> dict[str, object] | None:
        """The file's PEP 723 metadata; None where it has none, empty where the block is not TOML."""
        if b"# /// script" not in self.data:
            return None
        match = _SCRIPT_BLOCK.search(self.text.replace("\r\n", "\n"))
        if match is None:
            return None
        import tomllib

        lines = match["content"].splitlines()
        try:
            return tomllib.loads("\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines))
        except tomllib.TOMLDecodeError:
            return {}


def _parse(data: bytes) -> ast.Module:
    if _CODING.match(data) is None:
        data.decode("utf-8")  # the parser itself lets undecodable comments pass; the interpreter does not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def _syntax_fault(error: SyntaxError) -> str:
    version = "{}.{}".format(*sys.version_info)
    return f"{NOT_PYTHON} {version}: {error.msg}"
