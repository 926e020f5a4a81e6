"""Files that flowgate keeps: read strictly, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from flowgate.errors import FlowgateError

_LARGEST = 10_000_000


def read_text(path: str, shown: str) -> str:
    """The text of a file that flowgate keeps.

    Raises:
        FlowgateError: it is too large, not UTF-8, or holds a merge conflict.
    """
    try:
        if os.path.getsize(path) > _LARGEST:
            raise FlowgateError(
                f"{shown} is larger than {_LARGEST // 1_000_000} MB; it cannot be one of flowgate's files"
            )
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise FlowgateError(f"{shown} is not UTF-8: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise FlowgateError(f"{shown} cannot be read: {error.strerror}") from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("<<<<<<< ", ">>>>>>> ")) or line == "=======":
            raise FlowgateError(
                f"{shown}:{number} holds a merge conflict; resolve it, keeping the entries of both sides"
            )
    return text


def parse_yaml(text: str, shown: str) -> Any:
    """YAML as plain data, of the plainest kind: no anchors, tags, merge keys, directives, duplicate keys or second document.

    Raises:
        FlowgateError: the text is not such YAML.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_marks(text, loader, shown)
        root = yaml.compose(text, loader)
        if root is not None:
            _refuse_tricks(root, shown)
        return yaml.load(text, loader)  # noqa: S506  (both loaders are safe ones)
    except yaml.YAMLError as error:
        raise FlowgateError(f"{shown} is not valid YAML: {' '.join(str(error).split())}") from None
    except (ValueError, RecursionError) as error:
        raise FlowgateError(f"{shown} is not valid YAML: {error}") from None


_MARKS = {
    "AnchorToken": "an anchor",
    "AliasToken": "an alias",
    "TagToken": "a tag",
    "DirectiveToken": "a directive",
    "DocumentEndToken": "the end of a document",
}


def _refuse_marks(text: str, loader: Any, shown: str) -> None:
    """Refuse what makes a document say something else than what a reader sees."""
    import yaml

    documents = 0
    for token in yaml.scan(text, loader):
        kind = type(token).__name__
        documents += kind == "DocumentStartToken"
        merges = isinstance(token, yaml.ScalarToken) and token.plain and token.value == "<<"
        what = _MARKS.get(kind, "a merge key" if merges else "a second document" if documents > 1 else "")
        if what:
            raise FlowgateError(f"{shown}:{token.start_mark.line + 1} uses {what} of YAML; write the entry out")


def slug(path: str, name: str) -> str:
    """A file name for a flow: its path with dots for slashes, and its class."""
    return f"{path.removesuffix('.py').replace('/', '.')}.{name}"


def user_text(root: str, path: str) -> str | None:
    """The text of a file of the user's, its line endings as they are; None where there is none.

    Raises:
        FlowgateError: it cannot be read.
    """
    try:
        with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise FlowgateError(f"{path} cannot be read: {error}") from None


def added(text: str, lines: str) -> str:
    """A text with lines at its end, in its own line endings."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return text + (newline if text and not text.endswith("\n") else "") + lines.replace("\n", newline)


Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


def upgraded(data: Any, version: int, steps: dict[int, Upgrade], shown: str) -> Any:
    """A document of an older version as one of the present: each step turns one version into the next.

    Raises:
        FlowgateError: it has a version that this flowgate cannot read.
    """
    held = data.get("version") if isinstance(data, dict) else version
    if type(held) is not int:
        return data  # for the schema to name
    while held in steps and held < version:
        data = {**steps[held](data), "version": held + 1}
        held += 1
    if held != version:
        newer = "; a newer flowgate wrote it" if held > version else ""
        raise FlowgateError(f"{shown} has version {held}{newer}; this flowgate reads up to version {version}")
    return data


def _refuse_tricks(node: Any, shown: str) -> None:
    where = f"{shown}:{node.start_mark.line + 1}"
    if node.id == "mapping":
        keys = [key.value for key, _ in node.value if key.id == "scalar"]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise FlowgateError(f"{where} has the key {twice!r} twice")
        for key, value in node.value:
            _refuse_tricks(key, shown)
            _refuse_tricks(value, shown)
    elif node.id == "sequence":
        for item in node.value:
            _refuse_tricks(item, shown)


def write_whole(path: str, text: str | bytes, shown: str) -> None:
    """Put `text` in the place of the file: a reader, or a crash, sees the old file or the new one.

    Raises:
        FlowgateError: the folder cannot be written.
    """
    import tempfile

    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=_scratch(folder), prefix=".", suffix=".tmp")
    except OSError as error:
        raise FlowgateError(f"{shown} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):
            raise FlowgateError(f"{shown} cannot be written: {error.strerror}") from None
        raise


def _scratch(folder: str) -> str:
    """Where a file is written before it takes its place: what a kill leaves there must not show in a commit."""
    above, mark, below = folder.partition(f"{os.sep}.flowgate")
    if not mark or below.startswith(f"{os.sep}cache"):
        return folder
    return cache_folder(above + mark)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def cache_folder(state: str) -> str:
    """`.flowgate/cache`, made on first use, and ignored by git by its own doing."""
    folder = os.path.join(state, "cache")
    try:
        os.makedirs(folder, exist_ok=True)
        marker = os.path.join(folder, ".gitignore")
        if not os.path.exists(marker):
            write_whole(marker, "*\n", marker)
    except OSError as error:
        raise FlowgateError(f"{folder} cannot be made: {error.strerror}") from None
    return folder
