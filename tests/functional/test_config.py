"""What a run is given as its config, held against what Hydra composes: a proof speaks of the latter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Done, Flowgate, write
from tests.functional.test_prove import proof_of

pytestmark = pytest.mark.slow

FLOW = """
from pathlib import Path
from metaflow import Config, FlowSpec, step


def parse(text):
    import json

    import yaml
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    given = yaml.safe_load(text) or {{}}
    overrides = given.get("hydra_overrides", []) if isinstance(given, dict) else []
    with initialize_config_dir(str(Path(__file__).resolve().parent / "conf"), version_base=None):
        made = OmegaConf.to_container(compose("config", overrides={overrides}), resolve=True)
    return {hand_on}


class SizesFlow(FlowSpec):
    cfg = Config("cfg", default_value="{{}}", parser=parse)

    @step
    def start(self):
        self.results = [self.cfg["experiment"]["size"]] * 3
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SizesFlow()
"""
CONF = {
    "conf/config.yaml": "defaults: [{experiment: a}, _self_]\nseeds: 2\n",
    "conf/experiment/a.yaml": "size: 1\ndeterminism: order_independent\nsurface: [results]\n",
    "conf/experiment/b.yaml": "size: 2\ndeterminism: order_independent\nsurface: [results]\n",
}


def prove(flowgate: Flowgate, folder: Path, *arguments: str, **extra: str) -> Done:
    return flowgate(folder, "prove", "--format", "json", *arguments, **extra)


def flow(overrides: str = "overrides", hand_on: str = "made") -> str:
    return FLOW.format(overrides=overrides, hand_on=hand_on)


def test_a_run_under_overrides_that_do_not_reach_it_proves_nothing(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, CONF | {"flow.py": flow("[]")})
    done = prove(flowgate, tmp_path, "--overrides", "experiment=b")
    proof = proof_of(done)
    assert (done.code, proof["verdict"]) == (3, "inconclusive"), done
    assert "`experiment.size` is 1 in the run and 2 as composed (conf/experiment/b.yaml:1)" in proof["note"]
    hidden = write(tmp_path, {"flow.py": flow("[]", "{'experiment': made['experiment']}")})
    assert "another config" in proof_of(prove(flowgate, hidden, "--overrides", "experiment=b"))["note"]
    seeds = proof_of(prove(flowgate, tmp_path, "--overrides", "seeds=1"))
    assert (seeds["verdict"], "nothing in arm" in seeds["note"]) == ("inconclusive", True), seeds


def test_a_run_of_the_composed_config_passes(flowgate: Flowgate, tmp_path: Path) -> None:
    """A parser may hand on a part, or add to it."""
    write(tmp_path, CONF | {"flow.py": flow(hand_on="{**made, 'more': 1, 'seeds': made['seeds']}")})
    for arguments in ((), ("--overrides", "experiment=b")):
        done = prove(flowgate, tmp_path, *arguments)
        assert (done.code, proof_of(done)["verdict"]) == (0, "pass"), done


def test_what_stands_before_run_is_part_of_what_is_proven(flowgate: Flowgate, tmp_path: Path) -> None:
    own = '[prove]\nflow_options = ["--config-value", "cfg", "hydra_overrides: [experiment=b]"]\n'
    write(tmp_path, CONF | {"flow.py": flow(), "flowgate.toml": own})
    done = prove(flowgate, tmp_path)
    assert (done.code, proof_of(done)["verdict"]) == (0, "pass"), done
    assert "2" in flowgate(tmp_path, "results", "flow.py").out
    assert proof_of(prove(flowgate, tmp_path))["reused"]
    both = proof_of(prove(flowgate, tmp_path, "--overrides", "experiment.size=7"))
    assert both["verdict"] == "pass", both
    write(tmp_path, {"flowgate.toml": "[prove]\nflow_options = []\n"})
    assert not proof_of(prove(flowgate, tmp_path))["reused"]
    given = '{"cfg": "hydra_overrides: [experiment=b]"}'
    asked = prove(flowgate, tmp_path, METAFLOW_FLOW_CONFIG_VALUE=given)
    assert not proof_of(asked)["reused"], "the variable gives the run another config"
    assert proof_of(asked)["verdict"] == "pass", asked


def test_an_option_that_would_share_a_datastore_is_refused(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, CONF | {"flow.py": flow(), "flowgate.toml": '[prove]\nflow_options = ["--datastore=local"]\n'})
    done = prove(flowgate, tmp_path)
    assert done.code == 2 and "`flow_options` holds --datastore=local" in done.err, done
