"""Flows that keep the contract `order_independent`, and flows that break it, each in one way.

Every file is one real flow. Two comments at its head say what its surface is and, where it breaks the contract, which
step and artifact the proof must name.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).resolve().parent
_SETTINGS = """[flow."flow.py"]
determinism = "order_independent"
surface = {surface}
[prove]
workers = 3
timeout = "5m"
"""


class Case(NamedTuple):
    """One flow of the zoo. `step` and `artifact` are the first cause, empty where the contract is kept."""

    name: str
    path: Path
    surface: tuple[str, ...]
    step: str
    artifact: str

    def write(self, folder: Path) -> None:
        """Put the flow into a folder, with the settings that make its claim."""
        shutil.copy(self.path, folder / "flow.py")
        (folder / "flowgate.toml").write_text(_SETTINGS.format(surface=json.dumps(self.surface)))


def _cases(kind: str) -> list[Case]:
    found = []
    for path in sorted((_HERE / kind).glob("*.py")):
        text = path.read_text()
        surface = re.findall(r"^# surface: (.+)$", text, re.MULTILINE)[0].split(", ")
        cause = re.findall(r"^# first cause: (\w+)\.(\w+)$", text, re.MULTILINE)
        found.append(Case(path.stem, path, tuple(surface), *(cause[0] if cause else ("", ""))))
    return found


NONDETERMINISTIC = _cases("nondeterministic")
DETERMINISTIC = _cases("deterministic")
