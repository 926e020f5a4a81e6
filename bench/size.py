"""What a base install brings: every distribution that the package needs, and its size on disk.

    python bench/size.py

Ends with 1 where Metaflow, torch or NumPy is among them, or where they are larger than the bar.
"""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

HEAVY = frozenset(("metaflow", "torch", "numpy"))
BAR = 25_000_000  # bytes, ruff's program aside: one binary of 25 MB that a project most often has already


def needed(name: str) -> dict[str, Distribution]:
    """A distribution and all that it needs here, extras aside, by name."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        held = distribution(waiting.pop())
        if held.name in found:
            continue
        found[held.name] = held
        for text in held.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def size_of(held: Distribution) -> int:
    """The bytes that a distribution has on disk, without what Python compiles from it."""
    paths = [Path(str(held.locate_file(file))) for file in held.files or () if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())


def main() -> int:
    """Print the sizes, and say whether the bar holds."""
    sizes = {name: size_of(held) for name, held in needed("metaflow-flowgate").items()}
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"{size / 1e6:8.1f} MB  {name}")
    rest = sum(size for name, size in sizes.items() if name != "ruff")
    print(f"{sum(sizes.values()) / 1e6:8.1f} MB  base install; {rest / 1e6:.1f} MB of it without ruff's program")
    return int(bool(HEAVY & sizes.keys()) or rest > BAR)


if __name__ == "__main__":
    sys.exit(main())
