"""Two arms side by side: whether the surface agrees, and if not, where the difference began."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
from typing import Any, NamedTuple

from flowgate.errors import Inconclusive
from flowgate.flow.lineage import Place, assigned_at, step_order, trail
from flowgate.flow.model import Flow
from flowgate.prove.arms import Ran, Start, Task
from flowgate.prove.environment import PROBE

Key = tuple[str, str]


class Side(NamedTuple):
    """A value as one arm has it."""

    arm: str
    value: str
    type: str


class Divergence(NamedTuple):
    """The first cause: the task and artifact in which the arms began to differ, and what followed."""

    step: str
    place: str
    artifact: str
    path: str
    left: Side
    right: Side
    line: int | None
    file: str | None
    code: str
    ulp: int | None
    consequences: int
    surface: str

    def as_record(self) -> dict[str, object]:
        """The divergence as `prove` and `gate` print it in JSON."""
        record: dict[str, object] = {"step": self.step, "index": self.place, "artifact": self.artifact}
        record |= {"path": self.path, "left": self.left._asdict(), "right": self.right._asdict(), "line": self.line}
        return record | {"file": self.file, "ulp": self.ulp, "surface": self.surface, "consequences": self.consequences}


def surface_of(ran: Ran, surface: tuple[str, ...]) -> dict[tuple[Key, str], dict[str, str]]:
    """The artifacts of an arm that the surface names, with their digests.

    Raises:
        Inconclusive: an entry of the surface names nothing that the arm wrote.
    """
    found: dict[tuple[Key, str], dict[str, str]] = {}
    for entry in surface or ("end.*",):
        step, _, artifact = entry.rpartition(".")
        hits = {
            ((task.step, task.place), name): held
            for task in ran.tasks.values()
            for name, held in task.artifacts.items()
            if fnmatch.fnmatchcase(task.step, step or "end") and fnmatch.fnmatchcase(name, artifact)
        }
        if not hits and surface:
            raise Inconclusive(
                f"arm `{ran.arm.name}` never wrote `{entry}`, which the surface names: no task of a step "
                f"`{step or 'end'}` holds `{artifact}`"
            )
        found |= hits
    if not found:
        raise Inconclusive("the flow has no surface: `end` holds no public artifact, and no `surface` is declared")
    return found


def diverging(left: Ran, right: Ran, surface: tuple[str, ...]) -> list[tuple[Key, str]]:
    """The surface artifacts on which two arms differ.

    Raises:
        Inconclusive: the surface is not there, or cannot be compared.
    """
    mine, theirs = surface_of(left, surface), surface_of(right, surface)
    apart = []
    for place in dict.fromkeys([*mine, *theirs]):
        one, two = mine.get(place), theirs.get(place)
        if one is None or two is None:
            apart.append(place)
        elif "fault" in one or "fault" in two:
            fault = one.get("fault") or two.get("fault")
            raise Inconclusive(f"`{place[0][0]}.{place[1]}` cannot be compared: {fault}")
        elif one["digest"] != two["digest"]:
            apart.append(place)
    return apart


def first_cause(flow: Flow, start: Start, left: Ran, right: Ran, apart: list[tuple[Key, str]]) -> Divergence:
    """The first task in graph order whose inputs agree and whose output does not, on the way to the surface."""
    different = _all_differences(left, right)
    ends: list[Place] = [(key[0], name) for key, name in apart]
    order = {name: place for place, name in enumerate(step_order(flow))}
    on_trail: list[tuple[Key, str]] = []
    for reached in (trail(flow, ends), trail(flow, ends, loose=True), None):
        on_trail = [place for place in different if reached is None or (place[0][0], place[1]) in reached]
        on_trail = [place for place in on_trail if reached is None or _made_here(flow, place)]
        if on_trail:
            break
    first = min(on_trail or apart, key=lambda place: _rank(flow, order, place))
    return _describe(flow, start, left, right, first, different, apart)


def _made_here(flow: Flow, place: tuple[Key, str]) -> bool:
    """Whether the step assigns the artifact, rather than carrying what an earlier one did."""
    (step, _), artifact = place
    return step not in flow.steps or artifact in flow.steps[step].trace.attributes


def _rank(flow: Flow, order: dict[str, int], place: tuple[Key, str]) -> tuple[int, list[int], int]:
    (step, index), artifact = place
    at = assigned_at(flow, step, artifact)
    return order.get(step, len(order)), [int(part) for part in re.findall(r"(\d+)\]", index)], at[1] if at else 0


def _all_differences(left: Ran, right: Ran) -> list[tuple[Key, str]]:
    found = []
    for key in dict.fromkeys([*left.tasks, *right.tasks]):
        one, two = left.tasks.get(key), right.tasks.get(key)
        mine, theirs = one.artifacts if one else {}, two.artifacts if two else {}
        for name in dict.fromkeys([*mine, *theirs]):
            if mine.get(name, {}).get("digest", 1) != theirs.get(name, {}).get("digest", 2):
                found.append((key, name))
    return found


def _describe(
    flow: Flow,
    start: Start,
    left: Ran,
    right: Ran,
    first: tuple[Key, str],
    different: list[tuple[Key, str]],
    apart: list[tuple[Key, str]],
) -> Divergence:
    (step, place), artifact = first
    told = _values(flow, start, left, right, first)
    at = assigned_at(flow, step, artifact)
    end, name = apart[0]
    return Divergence(
        step=step,
        place=place,
        artifact=artifact,
        path=artifact + str(told.get("path", "")),
        left=Side(left.arm.name, str(told["left"]), str(told["left_type"])),
        right=Side(right.arm.name, str(told["right"]), str(told["right_type"])),
        line=at[1] if at else None,
        file=at[0] if at else None,
        code=at[2] if at else f"{step}.{artifact}",
        ulp=told.get("ulp"),
        consequences=max(0, len(different) - 1),
        surface=f"{end[0]}.{name}",
    )


def _values(flow: Flow, start: Start, left: Ran, right: Ran, place: tuple[Key, str]) -> dict[str, Any]:
    """Both values at the first place inside the artifact where they differ, loaded in the project's environment."""
    key, artifact = place
    sides = [_held(ran, key, artifact) for ran in (left, right)]
    plain = {"path": "", "left": sides[0][0], "right": sides[1][0], "left_type": sides[0][1], "right_type": sides[1][1]}
    tasks = [ran.tasks.get(key) for ran in (left, right)]
    if any(task is None or artifact not in task.artifacts for task in tasks):
        return plain
    request = {
        "file": start.flow_path,
        "flow": start.flow_name,
        "sides": [_request(ran, task, artifact) for ran, task in zip((left, right), tasks, strict=True) if task],
    }
    environ = os.environ | {"PYTHONPATH": PROBE, "METAFLOW_USER": "flowgate", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*start.environment.python, "-m", "flowgate_probe.compare"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=False,
            cwd=start.root,
            env=environ,
            timeout=start.timeout,
        )
        told: dict[str, Any] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return plain
    return plain if "fault" in told or told.get("equal") else told


def _held(ran: Ran, key: Key, artifact: str) -> tuple[str, str]:
    task = ran.tasks.get(key)
    if task is None:
        return "no such task", ""
    held = task.artifacts.get(artifact)
    return (held.get("digest", held.get("fault", "")), held["type"]) if held else ("not written", "")


def _request(ran: Ran, task: Task, artifact: str) -> dict[str, str]:
    run = ran.run.rpartition("/")[2]
    return {
        "datastore": "local",
        "root": ran.store,
        "run": run,
        "step": task.step,
        "task": task.task,
        "artifact": artifact,
    }
