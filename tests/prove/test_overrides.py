"""Overrides of a proof: where each goes, and that one that could not reach the flow is refused, not ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Flowgate, write

FLOW = """
from pathlib import Path
from metaflow import Config, FlowSpec, Parameter, step
{before}

class SizedFlow(FlowSpec):
    {declared}

    @step
    def start(self):
        self.results = 1
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SHELL = "\ndef parse(text):\n    return {'overrides': text.get('hydra_overrides')}\n"
OTHER = "\ndef parse(text):\n    return {}\n"
CONFIG = 'cfg = Config("cfg", default_value="{}", parser=parse)'
OWN = '[flow."flow.py"]\ndeterminism = "order_independent"\nsurface = ["results"]\n'


@pytest.mark.parametrize(
    ("declared", "before", "override", "words"),
    [
        (CONFIG, OTHER, "training=smoke", "does not read `hydra_overrides`"),
        ("pass", "", "training=smoke", "it has no Config and no Parameter of that name"),
        ('size = Parameter("size", default=1)', "", "sise=2", "(its Parameters: size)"),
        (CONFIG, SHELL, "determinism=single_worker", "may not change the claim"),
    ],
)
def test_an_override_that_reaches_nothing_is_refused(
    declared: str, before: str, override: str, words: str, tmp_path: Path, flowgate: Flowgate
) -> None:
    write(tmp_path, {"flow.py": FLOW.format(declared=declared, before=before), "flowgate.toml": OWN})
    done = flowgate(tmp_path, "prove", "--overrides", override)
    assert done.code == 2 and words in done.err and "Traceback" not in done.err, done
    write(tmp_path, {"flowgate.toml": f'{OWN}overrides = ["{override}"]\n'})
    assert flowgate(tmp_path, "prove").code == 2


@pytest.mark.parametrize(
    ("declared", "before", "code"),
    [("pass", "", 3), (CONFIG, SHELL, 3), (CONFIG, OTHER, 2)],
    ids=["no Config", "the shell's parser", "another parser"],
)
def test_common_overrides_reduce_the_flows_that_can_take_them(
    declared: str, before: str, code: int, tmp_path: Path, flowgate: Flowgate
) -> None:
    """3: nothing is proven here, for the interpreter has no Metaflow; 2: the overrides were refused before that."""
    common = '[prove]\noverrides = ["training=smoke"]\nlauncher = ["/usr/bin/env", "true"]\n'
    write(tmp_path, {"flow.py": FLOW.format(declared=declared, before=before), "flowgate.toml": OWN + common})
    assert flowgate(tmp_path, "prove").code == code
    if code == 2:
        write(tmp_path, {"flowgate.toml": f"{OWN}overrides = []\n{common}"})
        assert flowgate(tmp_path, "prove").code == 3, "the flow's own table leaves it whole"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workers = 1", "at least 2"),
        ("overides = []", "did you mean 'overrides'"),
        ('timeout = "soon"', "duration"),
        ("launcher = 'uv'", "list of strings"),
    ],
)
def test_a_mistake_in_a_flow_s_own_table_is_named(text: str, words: str, tmp_path: Path, flowgate: Flowgate) -> None:
    write(tmp_path, {"flow.py": FLOW.format(declared="pass", before=""), "flowgate.toml": f"{OWN}{text}\n"})
    done = flowgate(tmp_path, "lint")
    assert done.code == 2 and words in done.err and 'flow."flow.py"' in done.err, done


def test_on_github_a_missing_environment_names_the_inputs_of_the_action(tmp_path: Path, flowgate: Flowgate) -> None:
    launcher = '[prove]\nlauncher = ["/bin/false"]\n'
    write(tmp_path, {"flow.py": FLOW.format(declared="pass", before=""), "flowgate.toml": OWN + launcher})
    there = flowgate(tmp_path, "prove", GITHUB_ACTIONS="true")
    assert there.code == 3 and "input `requirements` or `uv`" in there.out, there
    here = flowgate(tmp_path, "prove")
    assert here.code == 3 and "install Metaflow into .venv" in here.out, here
