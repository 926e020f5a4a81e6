"""A small investigation to be judged, and a review that holds for it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.conftest import write

FLOW = "flow/noise_flow.py"
FILES = {
    "flowgate.toml": f'[flow."{FLOW}"]\nsources = ["docs/investigation.md", "poc/noise.py"]\n',
    "docs/investigation.md": "# Noise\n\nThe cut uses seed 10000 + seed. Noise is fixed at 0.3.\n",
    "poc/noise.py": "import random\n\nrng = random.Random(10000 + 0)\nNOISE = 0.3\nbest = max([1, 2])\n",
    FLOW: """import random

from metaflow import FlowSpec, step


def make_data(seed):
    rng = random.Random(10000 + seed)
    return [rng.random() for _ in range(10)]


class NoiseFlow(FlowSpec):
    @step
    def start(self):
        self.data = make_data(0)
        self.next(self.end)

    @step
    def end(self):
        self.share = sum(x > 0.5 for x in self.data) / len(self.data)


if __name__ == "__main__":
    NoiseFlow()
""",
}
IN_FLOW = {"path": FLOW, "text": "rng = random.Random(10000 + seed)"}
IN_STEP = {"path": FLOW, "text": "self.share = sum(x > 0.5 for x in self.data) / len(self.data)"}
IN_SOURCE = {"path": "docs/investigation.md", "text": "Noise is fixed at 0.3."}


def investigation(folder: Path) -> Path:
    """Write the investigation into a folder."""
    return write(folder, FILES)


def subject_in(packet: str) -> str:
    """The subject that a packet asks to be copied."""
    found = re.search(r'"subject": "(sha256:[0-9a-f]{64})"', packet)
    assert found is not None
    return found[1]


def review(packet: str, *changed: dict[str, Any], drop: str = "") -> dict[str, Any]:
    """A review that answers every trap `clear`, with some answers changed, added or dropped."""
    answers = {
        trap: {"trap": trap, "answer": "clear", "reason": "as the source does", "quotes": [IN_FLOW]}
        for trap in ("FR101", "FR102", "FR103", "FR104", "FR105")
        if trap != drop
    }
    for answer in changed:
        answers[answer["trap"]] = answers.get(answer["trap"], {"reason": "it departs", "quotes": []}) | answer
    return {"schema": "flowgate/review/v1", "flow": FLOW, "subject": subject_in(packet), "answers": [*answers.values()]}


FINDING = {"trap": "FR103", "answer": "finding", "reason": "the axis was fixed", "quotes": [IN_STEP, IN_SOURCE]}


def dump(document: object) -> str:
    """A review as a reviewer prints it."""
    return json.dumps(document)
