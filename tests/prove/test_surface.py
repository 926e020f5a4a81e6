"""A surface that cannot be there is told before anything runs; one that may be there is left to the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Flowgate, write

FLOW = """
from metaflow import FlowSpec, step
{before}

class SumFlow({base}):
    size = 3

    @step
    def start(self):
        self.parts = [1, 2]
        self.next(self.total)

    @step
    def total(self):
        {body}
        self.next(self.end)

    @step
    def end(self):
        self.results = 1
"""
TOML = '[flow."flow.py"]\ndeterminism = "order_independent"\nsurface = ["{}"]\n'


def files(
    entry: str, body: str = "self.sum = sum(self.parts)", before: str = "", base: str = "FlowSpec"
) -> dict[str, str]:
    return {"flow.py": FLOW.format(body=body, before=before, base=base), "flowgate.toml": TOML.format(entry)}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("resluts", "no step on the way to `end` stores `resluts`; did you mean `results`?"),
        ("total.summ", "did you mean `sum`?"),
        ("totl.sum", "the flow has no step `totl`; did you mean `total`?"),
        ("start.sum", "`total` stores it: write `total.sum`"),
        ("siez", "did you mean `size`?"),
        ("elsewhere", "no step on the way to `end` stores `elsewhere`"),
    ],
)
def test_a_misspelt_entry_is_found_without_a_run(entry: str, words: str, tmp_path: Path, flowgate: Flowgate) -> None:
    write(tmp_path, files(entry))
    for command in ("status", "prove", "gate"):
        done = flowgate(tmp_path, command)
        assert done.code == 3 and words in done.out and '[flow."flow.py"] of flowgate.toml' in done.out, done
    assert not list(tmp_path.rglob("run-*")), "no arm was run"


@pytest.mark.parametrize(
    "kept",
    [
        files("results"),
        files("sum"),
        files("total.sum"),
        files("t*.sum"),
        files("loaded", body="setattr(self, 'loaded', 1)"),
        files("loaded", body="fill(self)", before="from elsewhere import fill\n"),
        files("loaded", before="from elsewhere import BaseFlow\n", base="BaseFlow"),
        files("loaded", body="self.__dict__.update(loaded=1)"),
        files("loaded", body="object.__setattr__(self, 'loaded', 1)"),
        files("loaded", body="self.__setattr__('loaded', 1)"),
        files("loaded", before="def loads(cls):\n    cls.loaded = 1\n    return cls\n\n\n@loads"),
        files("size"),
    ],
    ids=lambda made: (
        made["flowgate.toml"].split('"')[-2] + ": " + made["flow.py"].split("def total")[1].split("\n")[1].strip()
    ),
)
def test_what_may_be_stored_is_left_to_the_run(kept: dict[str, str], tmp_path: Path, flowgate: Flowgate) -> None:
    write(tmp_path, kept)
    done = flowgate(tmp_path, "status")
    assert "the surface names" not in done.out, done
