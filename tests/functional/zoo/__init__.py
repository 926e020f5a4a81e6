"""Flows that keep the contract which they declare, and flows that break it, each in one way.

Every file is one real flow. Comments at its head say what its contract and its surface are and, where it breaks the contract,
which step and artifact the proof must name; a folder `NAME.files` beside it holds what lies beside the flow. Those in `bench/zoo/`
were written by people who knew no more of the proof than its page, each faulty flow with a twin that keeps the contract.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).resolve().parent
_BENCH = _HERE.parents[2] / "bench" / "zoo"
_SETTINGS = """flows = ["flow.py"]
[flow."flow.py"]
determinism = "{contract}"
determinism_reason = "it says so"
surface = {surface}
[prove]
timeout = "5m"
"""


class Case(NamedTuple):
    """One flow of the zoo. `step` and `artifact` are the first cause, empty where the contract is kept."""

    name: str
    path: Path
    contract: str
    surface: tuple[str, ...]
    step: str
    artifact: str

    def write(self, folder: Path) -> None:
        """Put the flow into a folder, with the settings that make its claim."""
        shutil.copy(self.path, folder / "flow.py")
        beside = self.path.with_suffix(".files")
        if beside.is_dir():
            shutil.copytree(beside, folder, dirs_exist_ok=True)
        text = _SETTINGS.format(contract=self.contract, surface=json.dumps(self.surface))
        (folder / "flowgate.toml").write_text(text)


def cases(folder: Path) -> list[Case]:
    """The flows of a folder, by name."""
    found = []
    for path in sorted(folder.glob("*.py")):
        text = path.read_text()
        contract = re.findall(r"^# contract: (\w+)", text, re.MULTILINE)
        surface = re.findall(r"^# surface: (.+)$", text, re.MULTILINE)[0].split(", ")
        cause = re.findall(r"^# first cause: (\w+)\.(\w+)$", text, re.MULTILINE)
        declared = contract[0] if contract else "order_independent"
        found.append(Case(path.stem, path, declared, tuple(surface), *(cause[0] if cause else ("", ""))))
    return found


NONDETERMINISTIC = cases(_HERE / "nondeterministic")
DETERMINISTIC = cases(_HERE / "deterministic")
FAULTY = cases(_BENCH / "faulty")
TWINS = cases(_BENCH / "twins")
