"""What the project's own environment is made of, as JSON: its Python and its installed distributions.

With `imports`, and the names of modules as JSON on stdin: the distributions that they come from, and the names that are not
there.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import sys
from typing import Dict, Iterable, Iterator, List, Set, Tuple


def main() -> None:
    """Print the Python, the platform and every installed distribution with its version; or what modules come from."""
    if sys.argv[1:] == ["imports"]:
        json.dump(_of_imports(json.load(sys.stdin)), sys.stdout)
        return
    found = {name: held.version for name, held in _distributions().items()}
    version = "%d.%d.%d" % sys.version_info[:3]
    where = "%s %s" % (platform.system(), platform.machine())
    json.dump(
        {"python": version, "platform": where, "distributions": found, "start": _start(), "loose": _loose()}, sys.stdout
    )


def _distributions() -> Dict[str, importlib.metadata.Distribution]:
    """The first distribution of each name: the one that is imported."""
    found = {}  # type: Dict[str, importlib.metadata.Distribution]
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(_normal(name), distribution)
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _start() -> str:
    """The digest of what Python runs when it starts: the lines of code in .pth files."""
    lines = []
    for folder, name in _entries():
        if name.endswith(".pth"):
            with open(os.path.join(folder, name), errors="replace") as file:
                lines += [name + " " + line for line in file.read().splitlines() if line.startswith("import")]
    return _digest(lines)


def _loose() -> str:
    """The digest of the names that can be imported from where libraries lie, those that belong to no distribution included."""
    return _digest(name for folder, name in _entries() if "site-packages" in folder and name != "__pycache__")


def _entries() -> Iterator[Tuple[str, str]]:
    """The folders of the path, this script's own aside, each with every name in it."""
    here = os.path.dirname(os.path.abspath(__file__))
    for folder in [path for path in sys.path if os.path.isdir(path) and os.path.abspath(path) != here]:
        for name in sorted(os.listdir(folder)):
            yield folder, name


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def _of_imports(names: List[str]) -> Dict[str, List[str]]:
    """The distributions that some modules come from, with those that they require; and the modules that are not there."""
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != os.path.dirname(os.path.abspath(__file__))]
    wanted, held = set(names), _distributions()
    used = set()  # type: Set[str]
    for name, distribution in held.items():
        provided = _provides(distribution)
        if provided is None or provided & wanted:
            used.add(name)
    queue = list(used)
    while queue:
        for required in _requires(held[queue.pop()]):
            if required in held and required not in used:
                used.add(required)
                queue.append(required)
    absent = [name for name in sorted(wanted) if not _is_there(name)]
    return {"distributions": sorted(used), "absent": absent}


def _provides(distribution: importlib.metadata.Distribution) -> "Set[str] | None":
    """The modules that a distribution puts into the environment; None where it does not tell, as an editable one."""
    found = set()
    for path in distribution.files or ():
        top = path.parts[0]
        if len(path.parts) > 1 and not top.endswith((".dist-info", ".egg-info", ".data")) and top != "..":
            found.add(top)
        elif len(path.parts) == 1 and top.endswith((".py", ".so", ".pyd")):
            found.add(top.partition(".")[0])
    named = distribution.read_text("top_level.txt")
    found.update((named or "").split())
    return None if not found or any(name.startswith("__editable__") for name in found) else found


def _requires(distribution: importlib.metadata.Distribution) -> Iterable[str]:
    """The distributions that one asks for without an extra."""
    for line in distribution.requires or ():
        match = re.match(r"[A-Za-z0-9._-]+", line)
        if match and not re.search(r"\bextra\s*==", line):
            yield _normal(match.group(0))


def _is_there(name: str) -> bool:
    try:
        return name in sys.builtin_module_names or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return name in sys.modules


if __name__ == "__main__":
    main()
