"""Two runs side by side, wherever they ran: tasks matched by their place, artifacts by hash and then by value."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from flowgate_probe.equality import Incomparable, difference
from flowgate_probe.storage import Fault, Held, Run, define_classes, is_public

Pair = "tuple[Held | None, Held | None]"


def compare_runs(request: dict[str, Any]) -> dict[str, Any]:
    """The tasks of both runs as their arms would have recorded them; equal artifacts are given the same digest.

    Artifacts of the surface come first. The others are compared by value only where the surface differs, for nothing
    else needs them.
    """
    runs = [Run(request["flow"], side["store"], side["root"], side["run"], request["end"]) for side in request["sides"]]
    tasks = [run.tasks() for run in runs]
    pairs = _matched(runs, tasks)
    entries = (entry.rpartition(".") for entry in request["surface"])
    surface = [(step or request["end"], dot, name) for step, dot, name in entries] or [(request["end"], ".", "*")]
    judge = _Judge(request["file"], runs, [_configs(run, held) for run, held in zip(runs, tasks)])
    apart = [judge.same(pair, name) for pair in pairs for name in _names(pair) if _is_on(surface, pair, name)]
    if not all(apart):
        for pair in pairs:
            for name in _names(pair):
                judge.same(pair, name)
    told = [_on_any(surface, pair) or (judge.speaks_of(pair) and not all(apart)) for pair in pairs]
    placed = [_place(runs, pair) if needed else None for pair, needed in zip(pairs, told)]
    sides = [[judge.record(pair, side, place) for pair, place in zip(pairs, placed) if pair[side]] for side in (0, 1)]
    return {"sides": sides, "loaded": judge.loaded}


class _Judge:
    """Decides of pairs of artifacts, and remembers what it found."""

    def __init__(self, path: str, runs: list[Run], configs: list[dict[str, str]]) -> None:
        self.path, self.runs, self.configs, self.loaded = path, runs, configs, 0
        self.known = {}  # type: dict[tuple[str, str], Any]

    def same(self, pair: Any, name: str) -> bool:
        """Whether an artifact is the same in both runs: by its hash, or else by its value."""
        shas = [held.objects.get(name) if held else None for held in pair]
        if shas[0] == shas[1]:
            return True
        if None in shas:
            return False
        if (shas[0], shas[1]) not in self.known:
            self.known[shas[0], shas[1]] = self._by_value(pair, name)
        return self.known[shas[0], shas[1]] == {"equal": True}

    def _by_value(self, pair: Any, name: str) -> Any:
        if not self.loaded:
            define_classes(self.path)
        self.loaded += 2
        try:
            (left,), (right,) = ([v for _, _, v in run.load([(held, name)])] for run, held in zip(self.runs, pair))
            found = difference(left, right)
        except Incomparable as error:
            return {"fault": str(error)}
        except Fault:
            raise
        except Exception as error:
            return {"fault": "%s: %s" % (type(error).__name__, error)}
        return {"equal": True} if found is None else dict(found._asdict(), equal=False)

    def speaks_of(self, pair: Any) -> bool:
        """Whether anything about a pair of tasks is not plainly equal, so that its place must be told."""
        return None in pair or any(pair[0].objects.get(name) != pair[1].objects.get(name) for name in _names(pair))

    def record(self, pair: Any, side: int, place: Any) -> dict[str, Any]:
        """One task as the probe would have recorded it."""
        held = pair[side]
        artifacts = {name: self._artifact(pair, side, name) for name in held.objects if is_public(name)}
        index = place if place is not None else ["=%s" % pair[0].task]
        return {"step": held.step, "index": index, "task": held.task, "artifacts": artifacts}

    def _artifact(self, pair: Any, side: int, name: str) -> dict[str, Any]:
        shas = [held.objects.get(name) if held else None for held in pair]
        told = {"type": str(pair[side].info.get(name, {}).get("type", ""))}  # type: dict[str, Any]
        if name in self.configs[side]:
            told["config"] = self.configs[side][name]
        found = self.known.get((shas[0], shas[1]), {})
        if "fault" in found:
            return dict(told, fault=found["fault"])
        if found.get("equal") is False:
            told["difference"] = found
        return dict(told, digest="sha1:%s" % (shas[0] if found.get("equal") else shas[side]))


def _configs(run: Run, tasks: list[Held]) -> dict[str, str]:
    """The flow's configs as the run was given them, as JSON by name; those that are not kept as one are left out."""
    found = {}
    for held in [held for held in tasks if "_graph_info" in held.objects][:1]:
        told = [value for _, _, value in run.load([(held, "_graph_info")])]
        names = [one["name"] for one in told[0].get("parameters", []) if one.get("type") == "Config"]
        for _, name, value in run.load([(held, name) for name in names if name in held.objects]):
            found[name] = json.dumps(value, default=str)
    return found


def _matched(runs: list[Run], tasks: list[list[Held]]) -> list[Any]:
    """Tasks by step and place. Equal stacks have equal hashes, so most are matched without one being read."""
    keyed = [_by_stacks(side) for side in tasks]
    pairs = []  # type: list[Any]
    rest = [[], []]  # type: list[list[Held]]
    for key in dict.fromkeys([*keyed[0], *keyed[1]]):
        both = [side.get(key, []) for side in keyed]
        if len(both[0]) == len(both[1]) == 1:
            pairs.append((both[0][0], both[1][0]))
        else:
            for side in (0, 1):
                rest[side] += both[side]
    placed = [{(held.step, str(run.place(held))): held for held in side} for run, side in zip(runs, rest)]
    return pairs + [(placed[0].get(key), placed[1].get(key)) for key in dict.fromkeys([*placed[0], *placed[1]])]


def _by_stacks(tasks: list[Held]) -> dict[Any, list[Held]]:
    found = {}  # type: dict[Any, list[Held]]
    for held in tasks:
        key = (held.step, held.objects.get("_foreach_stack"), held.objects.get("_iteration_stack"))
        found.setdefault(key, []).append(held)
    return found


def _place(runs: list[Run], pair: Any) -> list[Any]:
    side = 0 if pair[0] else 1
    return runs[side].place(pair[side])


def _names(pair: Any) -> list[str]:
    return [name for name in dict.fromkeys(n for held in pair if held for n in held.objects) if is_public(name)]


def _is_on(surface: list[Any], pair: Any, name: str) -> bool:
    step = (pair[0] or pair[1]).step
    return any(fnmatch.fnmatchcase(step, at) and fnmatch.fnmatchcase(name, held) for at, _, held in surface)


def _on_any(surface: list[Any], pair: Any) -> bool:
    return any(_is_on(surface, pair, name) for name in _names(pair))


PROGRAM = compare_runs
