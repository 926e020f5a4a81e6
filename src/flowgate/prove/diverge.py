"""Two arms side by side: whether the surface agrees, and if not, where the difference began."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
from typing import Any, NamedTuple

from flowgate.errors import Inconclusive
from flowgate.flow.lineage import Place, assigned_at, caught_at, reaches, step_order, stored_in, trail
from flowgate.flow.model import Flow
from flowgate.flow.trace import Stored
from flowgate.prove import sandbox
from flowgate.prove.environment import PROBE, Environment
from flowgate.prove.model import Ran, Start

Key = tuple[str, str]
Pair = tuple[str | None, str | None]
_COUNTED = 1 << 20
# The path is handed over, not set in the environment, which a launcher may drop.
_ASK = "import sys; sys.path.insert(0, sys.argv[1]); from flowgate_probe import answer; answer.main(sys.argv[2])"


class Setting(NamedTuple):
    """Where the values of two runs can be loaded and compared. `timeout` is in seconds."""

    environment: Environment
    flow_path: str
    flow_name: str
    root: str
    timeout: float
    last_step: str = "end"


def setting_of(start: Start) -> Setting:
    """The setting of the arms of a proof."""
    return Setting(start.environment, start.flow_path, start.flow_name, start.root, start.timeout, start.last_step)


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

    def sentence(self) -> str:
        """The divergence for a person: what differs, where it began, and what follows."""
        apart = f", {self.ulp} ULP apart" if self.ulp and self.ulp < _COUNTED else ""
        first = f"`{self.path}` of task `{self.step}{self.place}`"
        later = {0: "nothing later differs", 1: "1 later difference follows"}
        return (
            f"the runs differ on `{self.surface}`; the first difference is {first}: {_side(self.left)}, "
            f"{_side(self.right)}{apart}; {later.get(self.consequences, f'{self.consequences} later differences follow')}"
        )


def _side(side: Side) -> str:
    return f"{side.arm} has {side.value}" + (f" ({side.type})" if side.type else "")


def surface_of(ran: Ran, surface: tuple[str, ...]) -> dict[tuple[Key, str], dict[str, Any]]:
    """The artifacts of an arm that the surface names, with their digests."""
    found: dict[tuple[Key, str], dict[str, Any]] = {}
    for entry in surface or ("end.*",):
        found |= _named(ran, entry)
    return found


def _named(ran: Ran, entry: str) -> dict[tuple[Key, str], dict[str, Any]]:
    """The artifacts that one entry of a surface names: `artifact` of `end`, or `step.artifact` with wildcards."""
    step, _, artifact = entry.rpartition(".")
    return {
        ((task.step, task.place), name): held
        for task in ran.tasks.values()
        for name, held in task.artifacts.items()
        if (fnmatch.fnmatchcase(task.step, step) if step else task.ends) and fnmatch.fnmatchcase(name, artifact)
    }


def diverging(left: Ran, right: Ran, surface: tuple[str, ...]) -> list[tuple[Key, str]]:
    """The surface artifacts on which two arms differ; one that only one of them wrote is among them.

    Raises:
        Inconclusive: an entry of the surface names nothing that either wrote, or it cannot be compared.
    """
    _refuse_nothing(left, right, surface)
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


def _refuse_nothing(left: Ran, right: Ran, surface: tuple[str, ...]) -> None:
    """An entry of the surface that names nothing would compare nothing, and pass."""
    for entry in surface or ("end.*",):
        if _named(left, entry) or _named(right, entry):
            continue
        if not surface:
            raise Inconclusive(
                "the flow has no surface: its last step holds no public artifact, and no `surface` is declared"
            )
        step, _, artifact = entry.rpartition(".")
        raise Inconclusive(
            f"arm `{left.arm.name}` never wrote `{entry}`, which the surface names: no task of a step "
            f"`{step or 'end'}` holds `{artifact}`"
        )


def first_cause(flow: Flow, setting: Setting, left: Ran, right: Ran, apart: list[tuple[Key, str]]) -> Divergence:
    """The first task in graph order whose inputs agree and whose output does not, on the way to the surface."""
    different = _all_differences(left, right)
    ends: list[Place] = [(key[0], name) for key, name in apart]
    order = {name: place for place, name in enumerate(step_order(flow))}
    different = _but_for_names(different, left, right) or different
    on_trail: list[tuple[Key, str]] = []
    # What no step stores by name is stored by a name that is made when it runs, and may go anywhere.
    known = {event.name for step in flow.steps.values() for event in step.trace.events if isinstance(event, Stored)}
    known |= set(flow.settings())
    for reached in (trail(flow, ends), trail(flow, ends, loose=True), None):
        on_trail = [
            place
            for place in different
            if reached is None or (place[0][0], place[1]) in reached or place[1] not in known
        ]
        on_trail = [place for place in on_trail if _is_made_there(flow, different, place)]
        if on_trail:
            break
    first = min(on_trail or apart, key=lambda place: _rank(flow, order, place))
    return _describe(flow, setting, left, right, first, different, apart)


def _is_made_there(flow: Flow, different: dict[tuple[Key, str], Pair], place: tuple[Key, str]) -> bool:
    """Whether the step makes or changes the artifact, rather than carrying what an earlier one made."""
    (step, _), artifact = place
    if step not in flow.steps or stored_in(flow.steps[step], artifact):
        return True
    alike = [other for other, pair in different.items() if other[1] == artifact and pair == different[place]]
    return not any(other[0] != place[0] and reaches(flow, other[0][0], step) for other in alike)


def _rank(flow: Flow, order: dict[str, int], place: tuple[Key, str]) -> tuple[int, list[int], int]:
    (step, index), artifact = place
    at = assigned_at(flow, step, artifact)
    line = at[1] if at else 0
    if step in flow.steps and caught_at(flow.steps[step], artifact):
        line = sys.maxsize  # set after the step's own code
    return order.get(step, len(order)), [int(part) for part in re.findall(r"(-?\d+)\]", index)], line


def _all_differences(left: Ran, right: Ran) -> dict[tuple[Key, str], Pair]:
    """Every artifact that the runs do not share, with both digests."""
    found: dict[tuple[Key, str], Pair] = {}
    for key in dict.fromkeys([*left.tasks, *right.tasks]):
        one, two = left.tasks.get(key), right.tasks.get(key)
        mine, theirs = one.artifacts if one else {}, two.artifacts if two else {}
        for name in dict.fromkeys([*mine, *theirs]):
            pair = (mine.get(name, {}).get("digest"), theirs.get(name, {}).get("digest"))
            if pair[0] != pair[1] or pair[0] is None:
                found[key, name] = pair
    return found


def _but_for_names(different: dict[tuple[Key, str], Pair], left: Ran, right: Ran) -> dict[tuple[Key, str], Pair]:
    """Those differences that are more than the names of temporary files, which every arm draws anew."""
    found = {}
    for place, pair in different.items():
        plain = [(_held(ran, *place) or {}).get("plain") for ran in (left, right)]
        if plain[0] is None or plain[0] != plain[1]:
            found[place] = pair
    return found


def _describe(
    flow: Flow,
    setting: Setting,
    left: Ran,
    right: Ran,
    first: tuple[Key, str],
    different: dict[tuple[Key, str], Pair],
    apart: list[tuple[Key, str]],
) -> Divergence:
    (step, place), artifact = first
    told = _values(setting, left, right, first)
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


def _values(setting: Setting, left: Ran, right: Ran, place: tuple[Key, str]) -> dict[str, Any]:
    """Both values at the first place inside the artifact where they differ, loaded in the project's environment."""
    key, artifact = place
    held = [_held(ran, key, artifact) for ran in (left, right)]
    if held[0] is not None and "difference" in held[0]:
        return dict(held[0]["difference"])
    plain = [(one.get("digest", one.get("fault", "")), one["type"]) if one else ("not written", "") for one in held]
    told = ask_probe(
        setting,
        "compare",
        {
            "file": setting.flow_path,
            "flow": setting.flow_name,
            "sides": [
                _request(ran, key, artifact) if one else None for ran, one in zip((left, right), held, strict=True)
            ],
        },
    )
    if "fault" not in told and not told.get("equal"):
        return told
    return {
        "path": "",
        "left": plain[0][0],
        "right": plain[1][0],
        "left_type": plain[0][1],
        "right_type": plain[1][1],
    }


def ask_probe(setting: Setting, program: str, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of one of the probe's programs, run in the project's environment; `fault` where there is none."""
    environ = {"METAFLOW_USER": "flowgate"} | sandbox.environment() | {"PYTHONDONTWRITEBYTECODE": "1"}
    sides = request.get("sides") or [request]
    roots = [side["root"] for side in sides if side is not None and side["store"] == "local"]
    # What IncludeFile includes lies beside the store; and all that lies elsewhere can be seen anyway.
    places = dict.fromkeys(os.path.dirname(root) for root in roots if f"{os.sep}.flowgate{os.sep}" in root)
    shares = tuple(sandbox.Share(place, place) for place in places)
    command = [*setting.environment.python, "-c", _ASK, PROBE, program]
    try:
        box = sandbox.Box(setting.root, setting.root, shares=shares)
        done = sandbox.run(box, command, environ, json.dumps(request), setting.timeout)
        told: dict[str, Any] = json.loads(done.stdout)
    except OSError as error:
        return {"fault": str(error)}
    except ValueError:
        return {"fault": (done.stderr.strip().splitlines() or ["no answer"])[-1]}
    except subprocess.TimeoutExpired:
        return {"fault": f"no answer within {setting.timeout:.0f} s"}
    return told


def _held(ran: Ran, key: Key, artifact: str) -> dict[str, Any] | None:
    task = ran.tasks.get(key)
    return task.artifacts.get(artifact) if task is not None else None


def _request(ran: Ran, key: Key, artifact: str) -> dict[str, str]:
    return {
        "store": ran.store.kind,
        "root": ran.store.root,
        "run": ran.run.rpartition("/")[2],
        "step": key[0],
        "task": ran.tasks[key].task,
        "artifact": artifact,
    }
