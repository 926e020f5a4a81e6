"""`make bench`: what a proof costs beside the runs it is made of, and what it finds that two plain runs do not.

    python bench/prove.py [overhead|runs|array|zoo|large|raciest|kills]...

Ratios are against a named peer in the same measurement. A bar that is missed ends the program with 1.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src" / "flowgate" / "prove" / "probe")]

from bench.measure import environment, paired, peak_of_children, run, told  # noqa: E402
from tests.functional.flows import fan, settings  # noqa: E402
from tests.security.unsealed import without_worlds  # noqa: E402

PYTHON, FLOWGATE = sys.executable, [sys.executable, "-I", "-m", "flowgate"]
RACIEST = (
    "append_to_a_shared_file",
    "counter_in_a_file",
    "a_switch_inside_a_foreach",
    "files_by_age",
    "last_writer_wins",
)
LINEAR = "__import__('time').sleep({seconds}) or self.index"


def overhead(folder: Path) -> bool:
    """Two arms against the same two runs started by hand, one after the other."""
    held = []
    for name, seconds, turns in (("small flow", 0, 5), ("flow of 60 s", 11, 1)):
        place = folder / name.replace(" ", "-")
        place.mkdir()
        (place / "flow.py").write_text(fan(LINEAR.format(seconds=seconds)))
        (place / "flowgate.toml").write_text(settings())
        pair = [[PYTHON, "flow.py", "--no-pylint", "run", "--max-workers", workers] for workers in ("1", "1")]
        prove = [*FLOWGATE, "prove", "--quiet", "--no-cache"]

        alone = paired(partial(_all, [[*prove, "--jobs", "1"]], place), partial(_all, pair, place), turns)
        both = paired(partial(_all, [[*prove, "--jobs", "2"]], place), partial(_all, pair, place), turns)
        if seconds:
            held.append(
                told(f"{name}: --jobs 1 over the bare pair, at most 1.05x", f"{alone.ratio:.3f}x", alone.ratio <= 1.05)
            )
        else:
            held.append(
                told(f"{name}: --jobs 1 beside the bare pair, at most 3 s", f"{alone.excess:+.2f} s", alone.excess <= 3)
            )
        held.append(told(f"{name}: --jobs 2 faster than the bare pair", f"{both.ratio:.3f}x", both.ratio < 1))
    return all(held)


def _all(commands: list[list[str]], place: Path) -> None:
    for command in commands:
        run(command, place)


def runs(folder: Path) -> bool:
    """Two equal runs of 10,000 tasks with five artifacts each, by their hashes."""
    (folder / "flow.py").write_text(fan("self.index"))
    _write_runs(folder, tasks=10_000)
    began = time.perf_counter()
    run([*FLOWGATE, "prove", "--compare", "FanFlow/1", "FanFlow/2"], folder)
    seconds, memory = time.perf_counter() - began, peak_of_children()
    held = told(
        "two equal runs of 10,000 tasks x 5 artifacts, compared in at most 5 s", f"{seconds:.2f} s", seconds <= 5
    )
    return told("... in at most 300 MB", f"{memory:.0f} MB", memory <= 300) and held


def _write_runs(folder: Path, tasks: int) -> None:
    """Two runs as a foreach of that many tasks would have left them, written by Metaflow's own datastore."""
    program = f"""
import sys
from metaflow.datastore import FlowDataStore
from metaflow.plugins import DATASTORES
from metaflow.tuple_util import ForeachFrame

storage = next(one for one in DATASTORES if one.TYPE == "local")
store = FlowDataStore("FanFlow", None, storage_impl=storage, ds_root=".metaflow")

def write(run, step, task, artifacts):
    held = store.get_task_datastore(run, step, str(task), attempt=0, mode="w")
    held.init_task()
    held.save_artifacts(iter(artifacts.items()))
    held.done()

for run in ("1", "2"):
    write(run, "start", 1, {{"_foreach_stack": [], "parts": list(range({tasks}))}})
    for index in range({tasks}):
        frames = [ForeachFrame("start", "parts", {tasks}, index, str(index))]
        write(run, "work", index + 2, {{"_foreach_stack": frames, "value": index, "a": [index], "b": str(index), "c": 1, "d": 2.5}})
    write(run, "gather", {tasks} + 2, {{"_foreach_stack": [], "results": [1, 2]}})
    write(run, "end", {tasks} + 3, {{"_foreach_stack": [], "results": [1, 2], "scaled": 3}})
"""
    run([PYTHON, "-c", program], folder)


def array(folder: Path) -> bool:
    """Two arrays of 1 GB that differ in one bit, against numpy.array_equal on the same arrays."""
    from flowgate_probe.equality import difference

    left = numpy.random.default_rng(0).standard_normal(1 << 27)
    right = left.copy()
    right.view("u8")[-5] ^= 1
    found = []
    pair = paired(lambda: found.append(difference(left, right)), lambda: numpy.array_equal(left, right), 5)
    if not all(one is not None and one.ulp == 1 for one in found):
        raise SystemExit(f"the bit was not found: {found[0]}")
    held = told(
        "1 GB that differs in one bit, over numpy.array_equal, at most 3x", f"{pair.ratio:.2f}x", pair.ratio <= 3
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / left.nbytes
    return told("... both arrays in memory, at most 2.5x the larger", f"{memory:.2f}x", memory <= 2.5) and held


def zoo(folder: Path) -> bool:
    """What two and ten plain runs find of the zoo, and what a proof does, sealed and not: a row for each flow, nothing a proof misses."""
    from tests.functional.zoo import DETERMINISTIC, FAULTY, NONDETERMINISTIC, TWINS

    print("| flow | two plain runs | ten plain runs | proof | not sealed |\n| --- | --- | --- | --- | --- |")
    rows = []
    for wanted, cases in (("blocked", [*NONDETERMINISTIC, *FAULTY]), ("pass", [*DETERMINISTIC, *TWINS])):
        for case in cases:
            place = folder / f"{wanted}-{case.name}"
            place.mkdir()
            case.write(place)
            row = _row(place, case, wanted)
            rows.append(row)
            print(f"| {case.name}{'' if wanted == 'blocked' else ' (kept)'} | {' | '.join(row[:4])} |", flush=True)
            shutil.rmtree(place)
    for name, at in (("two plain runs", 0), ("ten plain runs", 1), ("the proof", 2), ("the proof, not sealed", 3)):
        print(f"right: {name} {sum(row[at] == row[4] for row in rows)} of {len(rows)}")
    missed = [row for row in rows if "blocked" in row[:2] and row[2] != "blocked" and row[4] == "blocked"]
    held = told("flows of which plain runs find more than the proof: none", str(len(missed)), not missed)
    wrong = [row for row in rows if row[2] != row[4]]
    return told("wrong verdicts of the proof: none", str(len(wrong)), not wrong) and held


def _row(place: Path, case: Any, wanted: str) -> tuple[str, str, str, str, str]:
    """What two plain runs come to, what ten do, what the proof does, sealed and not, and what is right."""
    proof, unsealed = _verdict(place), _verdict(place, without_worlds)
    workers = "1" if case.contract == "single_worker" else "4"
    shown = _plain_runs(place, workers)
    return "blocked" if shown == 2 else "pass", "blocked" if shown else "pass", proof, unsealed, wanted


def _plain_runs(place: Path, workers: str) -> int:
    """Which of ten plain runs is the first whose surface differs from that of the first one; 0 where none does.

    Each starts from the same files, with a temporary folder of its own. One that fails tells nothing.
    """
    first = ""
    (place / "kept").mkdir()
    files = [path for path in place.iterdir() if path.name not in (".flowgate", "kept")]
    for path in files:
        _copy(path, place / "kept" / path.name)
    for at in range(1, 11):
        for path in [path for path in place.iterdir() if path.name not in (".flowgate", ".metaflow", "kept")]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in (place / "kept").iterdir():
            _copy(path, place / path.name)
        with tempfile.TemporaryDirectory() as scratch:
            command = [PYTHON, "flow.py", "--no-pylint", "run", "--max-workers", workers, "--run-id-file", "run"]
            said = run(command, place, (0, 1), TMPDIR=scratch)
        if "Done!" not in said:
            continue
        name = next(path.name for path in (place / ".metaflow").iterdir() if (path / "data").is_dir())
        run_id = f"{name}/{(place / 'run').read_text().strip()}"
        if not first:
            first = run_id
            continue
        compared = [*FLOWGATE, "prove", "flow.py", "--compare", first, run_id, "--format", "json"]
        if json.loads(run(compared, place, (0, 1, 3)))["verdict"] == "blocked":
            return at
    return 0


def _copy(path: Path, to: Path) -> None:
    shutil.copytree(path, to) if path.is_dir() else shutil.copy2(path, to)


def _verdict(place: Path, by: Callable[[list[str]], list[str]] = list) -> str:
    command = by([*FLOWGATE, "prove", "--no-cache", "--format", "json"])
    return str(json.loads(run(command, place, (0, 1, 3)))["verdict"])


def kills(folder: Path) -> bool:
    """Fifty proofs of a flow that does not hold, killed at random moments."""
    from tests.functional.kills import kill_proofs

    wrong = kill_proofs(folder, times=50, seed=1)
    return told(
        "50 proofs killed: no wrong receipt, no process alive 10 s later", "; ".join(wrong) or "none", not wrong
    )


def large(folder: Path) -> bool:
    """A proof in a repository of 20,000 files and 5 GB of data, against one of the same flow alone: nothing is copied."""
    places = [folder / "alone", folder / "large"]
    for place in places:
        place.mkdir()
        (place / "flow.py").write_text(fan("self.index"))
        (place / "flowgate.toml").write_text(settings())
        (place / ".gitignore").write_text("data\n")
    _fill(places[1], files=20_000, gigabytes=5)
    for place in places:
        for command in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"],
        ):
            run(["git", *command], place)
    alone, beside = (partial(_proven, place) for place in places)
    first = paired(beside, alone, 1)
    told(
        "the first proof there, which reads each tracked file once, beside the same alone",
        f"{first.excess:+.2f} s",
        True,
    )
    before = shutil.disk_usage(folder).used
    again = paired(beside, alone, 3)
    taken = (shutil.disk_usage(folder).used - before) / 1e6
    held = told("each later one, of two arms, at most 2 s more", f"{again.excess:+.2f} s", again.excess <= 2)
    return told("disk taken by six proofs, at most 50 MB", f"{taken:.0f} MB", taken <= 50) and held


def _fill(place: Path, files: int, gigabytes: int) -> None:
    for at in range(files):
        path = place / f"part{at // 200}" / f"{at}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"file {at}\n")
    (place / "data").mkdir()
    block = numpy.random.default_rng(0).bytes(1 << 26)
    for at in range(gigabytes):
        with (place / "data" / f"{at}.bin").open("wb") as file:
            for _ in range(16):
                file.write(block)


def _proven(place: Path) -> None:
    run([*FLOWGATE, "prove", "--no-cache", "--quiet"], place)


def raciest(folder: Path) -> bool:
    """The five raciest flows of the zoo, twenty proofs each."""
    from tests.functional.zoo import NONDETERMINISTIC

    held = []
    for case in [case for case in NONDETERMINISTIC if case.name in RACIEST]:
        place = folder / case.name
        place.mkdir()
        case.write(place)
        answers = {_first_cause(place) for _ in range(20)}
        wanted = {("blocked", case.step, case.artifact)}
        held.append(
            told(f"{case.name}: the same answer 20 times of 20", ", ".join(map(str, answers)), answers == wanted)
        )
    return all(held)


def _first_cause(place: Path) -> tuple[str, str, str]:
    done = json.loads(run([*FLOWGATE, "prove", "--no-cache", "--format", "json"], place, (0, 1, 3)))["proofs"][0]
    cause = done["divergence"] or {"step": "", "artifact": ""}
    return done["verdict"], cause["step"], cause["artifact"]


BENCHES: dict[str, Callable[[Path], bool]] = {
    "overhead": overhead,
    "runs": runs,
    "array": array,
    "zoo": zoo,
    "large": large,
    "raciest": raciest,
    "kills": kills,
}


def main(names: list[str]) -> int:
    """Run the named benches, or all."""
    environment()
    held = []
    for name in names or BENCHES:
        print(f"\n# {name}: {(BENCHES[name].__doc__ or '').strip()}")
        with tempfile.TemporaryDirectory() as folder:
            held.append(BENCHES[name](Path(folder)))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
