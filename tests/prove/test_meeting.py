"""When tasks could notice each other: what they touched, what they started, and what they tell later ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flowgate_probe import reads

from flowgate.flow.model import Flow
from flowgate.flow.source import Source
from flowgate.project import open_project
from flowgate.prove.meeting import ANYTHING, ENTRIES, RECORDS, RUNS, meeting_of
from flowgate.prove.model import Arm, Ran, Task
from flowgate.prove.store import Store
from flowgate.target import targets
from tests.conftest import write
from tests.functional.flows import fan


def flow_in(folder: Path, code: str = fan("self.index")) -> Flow:
    write(folder, {"flow.py": code})
    (target,) = targets(open_project(str(folder)), Source(str(folder / "flow.py")))
    return target.flow


def task(step: str, place: str = "", **known: Any) -> Task:
    digests = {name: {"digest": held} for name, held in known.pop("artifacts", {}).items()}
    touched: dict[str, Any] = {name: frozenset(held) for name, held in known.items()}
    return Task(step, place, "1", digests, "forced", step == "end", **touched)


def ran(*tasks: Task, **known: Any) -> Ran:
    return Ran(
        Arm("forward", 1, 1, "forward"), "F/1", 1.0, Store("local", ""), {(t.step, t.place): t for t in tasks}, **known
    )


ONE, TWO = "[work:0]", "[work:1]"


@pytest.mark.parametrize(
    ("tasks", "contested"),
    [
        ([task("work", ONE, looked=["a"]), task("work", TWO, looked=["a"])], ()),
        ([task("work", ONE, looked=["a"], changed=["a"]), task("work", TWO, looked=["a"])], ("a",)),
        ([task("work", ONE, changed=["a"]), task("work", TWO, changed=["a"])], ("a",)),
        ([task("work", ONE, changed=["d/*"]), task("work", TWO, changed=["d/*"])], ()),
        ([task("work", ONE, changed=["d/*"]), task("work", TWO, looked=["d/*"])], ("d/*",)),
        ([task("start", changed=["a"]), task("work", ONE, looked=["a"]), task("work", TWO, looked=["a"])], ()),
        ([task("work", ONE, changed=["a"]), task("gather", looked=["a"])], ()),
        ([task("work", ONE, started=["uname"]), task("work", TWO, started=["uname"])], ()),
        ([task("work", ONE, started=["sh"]), task("work", TWO, started=["sh"])], (ANYTHING,)),
        ([task("work", ONE, started=["sh"], changed=["a"]), task("work", TWO, started=["sh"])], (ANYTHING,)),
        ([task("work", ONE), task("work", TWO), task("gather", looked=[RECORDS])], (ANYTHING,)),
        (
            [task("work", ONE, changed=["a"]), task("work", TWO, changed=["b"]), task("gather", looked=["a", "b"])],
            (ANYTHING,),
        ),
    ],
)
def test_tasks_meet_where_one_may_notice_what_another_one_changed(
    tasks: list[Task], contested: tuple[str, ...], tmp_path: Path
) -> None:
    found = meeting_of(flow_in(tmp_path), [ran(*tasks), ran(*tasks)], ("results",))
    assert (found.contested if found else ()) == contested


def test_what_has_another_name_in_each_arm_is_not_recognised(tmp_path: Path) -> None:
    arms = [ran(task("work", ONE, changed=[name]), task("work", TWO, looked=[name])) for name in ("a1", "a2")]
    found = meeting_of(flow_in(tmp_path), arms, ("results",))
    assert found is not None and ANYTHING in found.contested


def test_files_that_nobody_saw_being_written_may_be_shared(tmp_path: Path) -> None:
    arm = ran(task("work", ONE), task("work", TWO), unexplained=frozenset({"model.pt"}))
    found = meeting_of(flow_in(tmp_path), [arm], ("results",))
    assert found is not None and found.contested == (ANYTHING,) and "model.pt" in found.why


@pytest.mark.parametrize(
    ("gather", "expected"),
    [
        ("[one.value for one in inputs]", False),
        ("[one.value for one in sorted(inputs, key=lambda i: i.started)]", True),
    ],
)
def test_a_clock_tells_the_order_only_to_who_reads_it(gather: str, expected: bool, tmp_path: Path) -> None:
    arms = [
        ran(*(task("work", place, artifacts={"value": "1", "started": f"{arm}{place}"}) for place in (ONE, TWO)))
        for arm in "ab"
    ]
    found = meeting_of(flow_in(tmp_path, fan("self.index", gather)), arms, ("results",))
    assert (found is not None and "`started`" in found.why) == expected


def test_what_the_probe_writes_down_is_what_is_looked_for() -> None:
    """The probe runs where flowgate is not installed, so it has the names of its own."""
    assert (reads._ANYTHING, reads._ENTRIES, reads._RECORDS, reads._RUNS) == (ANYTHING, ENTRIES, RECORDS, RUNS)
