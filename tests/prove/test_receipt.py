"""Receipts: the present one, and those of the branches that were proven before it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from flowgate.outcome import PASS
from flowgate.project import open_project
from flowgate.prove.receipt import Receipt, bring_back, folder_of, load, save

FLOW, NAME = "flow.py", "FanFlow"


def receipt(branch: str) -> Receipt:
    return Receipt(FLOW, NAME, PASS, "order_independent", "", {"flow.py": branch}, {}, {}, [], {}, [])


def test_a_branch_that_was_proven_before_is_proven_still(tmp_path: Path) -> None:
    project = open_project(str(tmp_path))
    for branch in ("main", "feature"):
        save(project, receipt(branch))
    bring_back(project, FLOW, NAME, (), lambda held: held.parts["flow.py"] == "main")
    held = load(project, FLOW, NAME)
    assert held is not None and held.parts["flow.py"] == "main"
    bring_back(project, FLOW, NAME, (), lambda held: held.parts["flow.py"] == "feature")
    again = load(project, FLOW, NAME)
    assert again is not None and again.parts["flow.py"] == "feature"
    bring_back(project, FLOW, NAME, (), lambda held: False)
    assert load(project, FLOW, NAME) == again, "where none holds, the last one stays"


def test_only_the_last_few_are_kept_and_an_edited_one_is_not_believed(tmp_path: Path) -> None:
    project = open_project(str(tmp_path))
    for branch in "abcdef":
        save(project, receipt(branch))
    place = Path(folder_of(project, FLOW, NAME))
    assert len(list(place.glob("receipt*.json"))) == 3
    for path in place.glob("receipt~*.json"):
        forged = msgspec.structs.replace(msgspec.json.decode(path.read_bytes(), type=Receipt), verdict="pass", note="!")
        path.write_bytes(msgspec.json.encode(forged))
    bring_back(project, FLOW, NAME, (), lambda held: held.note == "!")
    held = load(project, FLOW, NAME)
    assert held is not None and held.parts["flow.py"] == "f"
