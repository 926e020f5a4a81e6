"""A YAML file of the user's: what is wrong with it, its values, and the line of each key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flowgate import witness
from flowgate.errors import FlowgateError

Tree = dict[str, Any]
Keys = tuple[Any, ...]
MERGE = "tag:yaml.org,2002:merge"
# OmegaConf reads some 8,000 nodes a second, and copies what an alias names wherever it stands.
_PACKAGE = re.compile(r"(?m)^\s*#\s*@package\s+(\S+)\s*$")
_MOST_NODES = 50_000
_DEEPEST = 150


class YamlError(FlowgateError):
    """A file that is no YAML, or more of it than is read: what is wrong, and the line where it shows."""

    def __init__(self, fault: str, line: int = 1) -> None:
        super().__init__(fault)
        self.line = line


def check(data: bytes) -> None:
    """Refuse what a YAML library cannot read, or would not come to an end with.

    Raises:
        YamlError: the text is not UTF-8 or no YAML, or it is too large, nested too deeply or multiplied by its aliases.
    """
    import yaml

    check_encoding(data)
    try:
        _count(yaml.parse(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        raise YamlError(f"is not valid YAML: {_told(error)}", mark.line + 1 if mark is not None else 1) from None
    except yaml.YAMLError as error:
        raise YamlError(f"is not valid YAML: {_told(error)}") from None


def check_encoding(data: bytes) -> None:
    """Refuse a text that is not UTF-8.

    Raises:
        YamlError: it is not.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise YamlError(f"is not UTF-8: {error.reason}", data[: error.start].count(b"\n") + 1) from None


def check_size(data: bytes) -> None:
    """Refuse what no YAML library would come to an end with; whether it is YAML at all is for the library to say.

    Raises:
        YamlError: it is too large, nested too deeply or multiplied by its aliases.
    """
    import yaml

    try:
        _count(yaml.parse(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError:
        pass


def _told(error: Exception) -> str:
    """An error in one line, without the name that a text has for the library."""
    return re.sub(r' in "<[^>]+>", line \d+, column \d+', "", " ".join(str(error).split()))


def _count(events: Iterator[Any]) -> None:
    """Refuse more nodes than are read, those that aliases stand for among them."""
    import yaml

    total = 0
    weights: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []  # the anchor of each, and how many nodes there were before it
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                weights[anchor] = total - before
        elif isinstance(event, yaml.NodeEvent):
            line = event.start_mark.line + 1 if event.start_mark is not None else 1
            if isinstance(event, yaml.AliasEvent):
                if any(anchor == event.anchor for anchor, _ in open_nodes):
                    raise YamlError(f"holds itself: `*{event.anchor}` stands inside of what it names", line)
                total += weights.get(event.anchor or "", 1)
            elif isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, total))
                total += 1
                if len(open_nodes) > _DEEPEST:
                    raise YamlError(f"is nested more than {_DEEPEST} deep", line)
            else:
                total += 1
                if event.anchor is not None:
                    weights[event.anchor] = 1
            if total > _MOST_NODES:
                raise YamlError(f"holds more than {_MOST_NODES:,} keys and values; keep data beside the config", line)


def fault_of(path: str) -> YamlError | None:
    """What is wrong with a file; None where nothing is."""
    try:
        check(witness.read(path))
    except YamlError as error:
        return error
    except OSError as error:
        return YamlError(f"cannot be read: {error.strerror or error}")
    return None


def read_yaml(path: str) -> Tree:
    """The mapping in a YAML file; of a list, nothing.

    Raises:
        YamlError: the file cannot be read, or is no YAML.
    """
    import yaml

    fault = fault_of(path)
    if fault is not None:
        raise YamlError(f"{path} {fault}", fault.line)
    try:
        tree = yaml.load(witness.read(path), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (both are safe)
    except (yaml.YAMLError, ValueError) as error:
        raise YamlError(f"{path} is not valid YAML: {_told(error)}") from None
    return tree if isinstance(tree, dict) else {}


def lines_of(path: str, reader: Any = None) -> dict[Keys, int]:
    """The line of each key of the mappings in a file, by the keys that lead there; a merged mapping's where it is written.

    A file that cannot be read has none.

    Args:
        reader: the class of the loader that says what a key is; PyYAML's safe one unless it is given.
    """
    import yaml

    found: dict[Keys, int] = {}
    loader = None
    try:
        data = witness.read(path)
        check_size(data)
        loader = (reader or yaml.SafeLoader)(data)
        _note_lines(loader, loader.get_single_node(), (), found)
    except (OSError, YamlError, yaml.YAMLError, ValueError, TypeError):
        pass
    finally:
        if loader is not None:
            loader.dispose()
    return found


def _note_lines(loader: Any, node: Any, above: Keys, found: dict[Keys, int]) -> None:
    for key_node, value in _pairs(loader, node):
        key = loader.construct_object(key_node, deep=True)
        found[*above, key] = key_node.start_mark.line + 1
        _note_lines(loader, value, (*above, key), found)


def _pairs(loader: Any, node: Any) -> Iterator[tuple[Any, Any]]:
    """The pairs of a mapping, those that it merges before its own, which hold against them."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return
    merged = [value for key, value in node.value if key.tag == MERGE]
    for value in merged:
        parts = reversed(value.value) if isinstance(value, yaml.SequenceNode) else [value]
        for part in parts:
            yield from _pairs(loader, part)
    yield from ((key, value) for key, value in node.value if key.tag != MERGE)


def leaves(tree: Tree, above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """The values of a config with the keys that lead to them; a list is one value."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def line_of(path: str, keys: Keys) -> int:
    """The line of a key, else of the nearest key above it that is there; 1 where none is."""
    lines = lines_of(path)
    for length in range(len(keys), 0, -1):
        if keys[:length] in lines:
            return lines[keys[:length]]
    return 1


def package_of(path: str) -> str | None:
    """The package that a file's header puts it in; None where it has none."""
    try:
        header = _PACKAGE.search(witness.read(path)[:512].decode("utf-8", "replace"))
    except OSError:
        return None
    return header[1] if header else None


def duplicates(path: str) -> list[Keys]:
    """The keys that a mapping of a YAML file holds twice, each with those above it; of a file that cannot be read, none."""
    import yaml

    try:
        data = witness.read(path)
        check(data)
        root = yaml.compose(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, YamlError, yaml.YAMLError):
        return []
    found: list[Keys] = []
    stack: list[tuple[Keys, Any]] = [((), root)] if root is not None else []
    while stack:
        above, node = stack.pop()
        seen: set[str] = set()
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            name = str(key.value)
            here = (*above, name)
            if name in seen:
                found.append(here)
            seen.add(name)
            stack.append((here, value))
    return found
