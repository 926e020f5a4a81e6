"""The review, measured on small investigations with planted traps and clean controls (`bench/investigations/`).

    python bench/review.py                                    the packets: does each hold the lines that decide it?
    python bench/review.py judge --repeats 5 -- claude -p     a reviewer: recall, precision, flips and tokens
    python bench/review.py judge --model gpt-4.1-mini         the same with a model of the `llm` library

Without a reviewer nothing is asked: for every planted trap, the lines that decide it have to stand in the packet, and among
the evidence of that trap, in the flow as well as in its sources (FR199, which is anything else, has no evidence of its own
in the flow). A line that is missing ends the program with 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import yaml  # noqa: E402

from flowgate.discover import flow_sources  # noqa: E402
from flowgate.errors import Inconclusive  # noqa: E402
from flowgate.project import open_project  # noqa: E402
from flowgate.review.answers import Quote, lines_of_quote  # noqa: E402
from flowgate.review.asking import ask  # noqa: E402
from flowgate.review.case import open_case  # noqa: E402
from flowgate.review.packet import packet  # noqa: E402
from flowgate.target import Target, readable  # noqa: E402

INVESTIGATIONS = ROOT / "bench" / "investigations"


class Planted(NamedTuple):
    """An investigation: its folder, the trap in it (None in a control), and the lines that decide it."""

    folder: Path
    trap: str | None
    decides: tuple[Quote, ...]


def planted(root: Path = INVESTIGATIONS) -> Iterator[Planted]:
    """Every investigation of a folder, by name."""
    for folder in sorted(path.parent for path in root.glob("*/expected.yaml")):
        said = yaml.safe_load((folder / "expected.yaml").read_text())
        decides = tuple(Quote(one["path"], one["text"]) for one in said.get("decides") or [])
        yield Planted(folder, said["trap"], decides)


def target_in(folder: Path) -> Target:
    """The one flow of an investigation."""
    project = open_project(str(folder))
    (target,) = readable(project, flow_sources(project))
    return target


def missing(one: Planted) -> list[str]:
    """The lines that decide an investigation and are not in its packet, or not among the evidence of its trap."""
    target = target_in(one.folder)
    case = open_case(target)
    made = packet(target, case)
    shown = next((found.lines for found in made.evidence if found.trap == one.trap), set())
    faults = []
    for quote in one.decides:
        text = case.holds(quote.path)
        if text is None:
            faults.append(f"{quote.path} is no file of the case")
            continue
        first, last = lines_of_quote(quote, text)
        lines = text.splitlines()[first - 1 : last]
        faults += [f"{quote.path}:{first} is not in the packet" for line in lines if line.strip() not in made.text]
        if one.trap != "FR199" and not any((quote.path, number) in shown for number in range(first, last + 1)):
            faults.append(f"{quote.path}:{first} is not among the evidence of {one.trap}: {lines[0].strip()}")
    return faults


def packets(root: Path) -> int:
    """Print what each packet lacks; 1 where one lacks anything."""
    lacking = 0
    for one in planted(root):
        faults = missing(one) if one.trap else []
        lacking += bool(faults)
        print(f"{one.folder.name:<24} {one.trap or 'clean':<6} {'; '.join(faults) or 'complete'}")
    print(f"{lacking} packets lack a line that decides" if lacking else "every packet holds the lines that decide")
    return int(bool(lacking))


def judge(root: Path, reviewer: str, repeats: int) -> int:
    """Ask a reviewer for every investigation, several times, and print how right it is and how steady."""
    found = expected = right = false = flips = undecided = 0
    for one in planted(root):
        verdicts = [_judged(one.folder, reviewer) for _ in range(repeats)]
        undecided += verdicts.count(None)
        known = [verdict for verdict in verdicts if verdict is not None]
        flips += len({tuple(sorted(verdict)) for verdict in known}) > 1
        for verdict in known:
            expected += one.trap is not None
            found += one.trap in verdict
            right += sum(rule == one.trap for rule in verdict)
            false += sum(rule != one.trap for rule in verdict)
        print(f"{one.folder.name:<24} {one.trap or 'clean':<6} {verdicts}")
    print(f"recall {found}/{expected}, precision {right}/{right + false}, flips {flips}, undecided {undecided}")
    return 0


def _judged(folder: Path, reviewer: str) -> list[str] | None:
    """The rules of the findings of one fresh review; None where it decided nothing."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(shutil.copytree(folder, Path(place) / "case", ignore=shutil.ignore_patterns("expected.yaml")))
        with (copy / "flowgate.toml").open("a") as file:
            file.write(f"\n[review]\n{reviewer}\n")
        try:
            judged = ask(target_in(copy), 1, lambda words: print(words, file=sys.stderr))
        except Inconclusive as error:
            print(error, file=sys.stderr)
            return None
        print(f"  {judged.spent.tokens} tokens", file=sys.stderr)
        return sorted({held.rule for held in judged.record.findings if held.severity == "error"})


def main() -> int:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["packets", "judge"], default="packets")
    parser.add_argument("--repeats", type=int, default=5, help="reviews of each investigation")
    parser.add_argument("--model", help="a model of the llm library")
    parser.add_argument("--folder", type=Path, default=INVESTIGATIONS, help="investigations of your own")
    given, command = parser.parse_known_args()
    if given.what == "packets":
        return packets(given.folder)
    words: Any = [word for word in command if word != "--"]
    if not words and not given.model:
        parser.error("name a command after --, or a --model")
    reviewer = (
        f'reviewer = "llm"\nmodel = {json.dumps(given.model)}' if given.model else f"command = {json.dumps(words)}"
    )
    return judge(given.folder, reviewer if given.model else f'reviewer = "command"\n{reviewer}', given.repeats)


if __name__ == "__main__":
    sys.exit(main())
