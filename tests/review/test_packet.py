"""The packet: numbered lines between boundaries nobody can guess, evidence per trap, and a size that is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flowgate.discover import flow_sources
from flowgate.project import open_project
from flowgate.review.case import open_case
from flowgate.review.packet import Packet, packet
from flowgate.target import readable
from tests.conftest import Flowgate, write
from tests.review.investigation import FILES, FLOW, investigation


def packet_of(folder: Path, **settings: str) -> Packet:
    """The packet of the one flow in a folder, under settings of the review."""
    if settings:
        with (folder / "flowgate.toml").open("a") as file:
            file.write("[review]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    project = open_project(str(folder))
    (target,) = readable(project, flow_sources(project))
    return packet(target, open_case(target))


def test_each_trap_has_its_evidence_on_both_sides(tmp_path: Path) -> None:
    made = packet_of(investigation(tmp_path))
    by_trap = {one.trap: one for one in made.evidence}
    assert list(by_trap) == ["FR101", "FR102", "FR103", "FR104", "FR105", "FR199"]
    assert any("seeded with 10000 + seed" in one.what and one.line == 7 for one in by_trap["FR101"].flow)
    assert any(one.path == "poc/noise.py" and "Random(10000 + 0)" in one.code for one in by_trap["FR101"].sources)
    assert any(one.code == "NOISE = 0.3" for one in by_trap["FR103"].sources)
    assert any("self.share" in one.what for one in by_trap["FR104"].flow)
    assert any("best = max" in one.code for one in by_trap["FR105"].sources)


def test_an_alias_is_followed_to_what_it_calls(tmp_path: Path) -> None:
    flow = FILES[FLOW].replace("import random\n", "from numpy.random import default_rng as fresh\n")
    flow = flow.replace("random.Random(10000 + seed)", "fresh(10000 + seed)")
    made = packet_of(write(tmp_path, FILES | {FLOW: flow}))
    (found,) = (one for one in made.evidence[0].flow if "makes a generator" in one.what)
    assert found.code == "rng = fresh(10000 + seed)"


def test_every_line_is_numbered_as_an_editor_numbers_it(tmp_path: Path) -> None:
    odd = "NAME = 'a\x0cb'\nX = '\u2028'\nLAST = 3\n"
    made = packet_of(write(tmp_path, FILES | {"poc/noise.py": odd}))
    assert "3  LAST = 3" in made.text and "2  X = '<U+2028>'" in made.text


def test_the_axes_of_an_experiment_stand_beside_the_lines_of_the_sources(tmp_path: Path) -> None:
    flow = FILES[FLOW].replace(
        "from metaflow import FlowSpec, step", "import os\nfrom metaflow import Config, FlowSpec, step"
    )
    flow = flow.replace(
        "class NoiseFlow(FlowSpec):\n",
        "class NoiseFlow(FlowSpec):\n    cfg = Config('cfg', default=os.path.join(os.path.dirname(__file__), 'conf', 'config.yaml'))\n\n",
    )
    conf = {
        "flow/conf/config.yaml": "defaults: [{experiment: wide}, _self_]\nseeds: 2\n",
        "flow/conf/experiment/wide.yaml": "axes: {noise: [0.1, 0.3], depth: [1]}\ndata_axes: [noise]\n",
    }
    made = packet_of(write(tmp_path, FILES | conf | {FLOW: flow}))
    (axes,) = (one for one in made.evidence if one.trap == "FR103")
    assert axes.beside == (
        "experiment wide: data axis `noise` = [0.1, 0.3]; sources: docs/investigation.md:1,3, poc/noise.py:4",
        "experiment wide: training axis `depth` = [1]; sources: no line of the sources names it",
    )
    assert "flow/conf/config.yaml#default" in made.text


@pytest.mark.parametrize("size", [40_000, 30_000])
def test_what_tells_least_is_dropped_first_and_that_is_said(size: int, tmp_path: Path) -> None:
    tale = "".join(f"Once there was a tale of number {n}.\n" for n in range(900))
    files = FILES | {
        "docs/tale.md": tale,
        "flowgate.toml": f'[flow."{FLOW}"]\nsources = ["docs/investigation.md", "poc/noise.py", "docs/tale.md"]\n',
    }
    made = packet_of(write(tmp_path, files), packet_size=str(size))
    assert len(made.text) <= size + 500
    assert any("docs/tale.md" in words for words in made.left_out)
    assert "docs/tale.md" in made.text.partition("# What was left out")[2]
    assert "rng = random.Random(10000 + seed)" in made.text and "Noise is fixed at 0.3." in made.text


def test_a_flow_that_does_not_fit_is_an_error(tmp_path: Path, flowgate: Flowgate) -> None:
    investigation(tmp_path)
    (tmp_path / FLOW).write_text(FILES[FLOW] + "".join(f"# line {n}\n" for n in range(3000)))
    with (tmp_path / "flowgate.toml").open("a") as file:
        file.write("[review]\npacket_size = 20_000\n")
    done = flowgate(tmp_path, "review", "--packet")
    assert done.code == 2 and "packet_size" in done.err, done


def test_the_boundary_stands_nowhere_in_the_material(tmp_path: Path) -> None:
    text = packet_of(investigation(tmp_path)).text
    boundary = re.findall(r"<<([0-9a-f]{24})$", text, re.MULTILINE)
    assert len(set(boundary)) == 1 and len(boundary) > 6
    assert text.count(f"\n{boundary[0]}>>") == len(boundary)
