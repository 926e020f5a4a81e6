"""One flow's trouble stays its own: the others are judged and shown, and the exit code is the worst of all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from flowgate.lint.ruff import newer_python
from tests.conftest import Flowgate, git, write

GOOD = """
from metaflow import FlowSpec, step


class {name}(FlowSpec):
    @step
    def start(self):
        self.x = {value}
        self.next(self.end)

    @step
    def end(self):
        print(self.x)
"""
_PARSER = """import hydra
from metaflow import Config, FlowSpec, step


def parse(text):
    return dict(hydra.compose("config"))"""
COMPOSING = (
    GOOD.format(name="TroubledFlow", value=1)
    .replace("from metaflow import FlowSpec, step", _PARSER)
    .replace("(FlowSpec):\n", "(FlowSpec):\n    cfg = Config('cfg', default_value='{}', parser=parse)\n\n")
)
TROUBLE = {
    "bad/flow.py": COMPOSING,
    "bad/conf/config.yaml": "defaults: [{experiment: a}]\n",
    "bad/conf/experiment/a.yaml": "determinism: order_independent\n",
    "bad/conf/experiment/b.yaml": "defaults: [nope]\n",
    "bad/conf/experiment/extra/deep.yaml": "defaults: [/none/c]\n",
}
OWN = '[flow."good_flow.py"]\ndeterminism = "single_worker"\ndeterminism_reason = "the library"\n'


def lab(folder: Path, files: dict[str, str]) -> Path:
    write(folder, {"good_flow.py": GOOD.format(name="GoodFlow", value=1), "flowgate.toml": OWN, **files})
    return folder


def test_an_experiment_that_does_not_compose_is_a_finding_of_its_own(repository: Path, flowgate: Flowgate) -> None:
    lab(repository, TROUBLE)
    found = flowgate(repository, "lint", "--format", "json").json()["findings"]
    told = {(one["rule"], one["path"], one["line"]): one["message"] for one in found}
    assert set(told) == {
        ("FG406", "bad/conf/experiment/b.yaml", 1),
        ("FG406", "bad/conf/experiment/extra/deep.yaml", 1),
    }
    assert "experiment b cannot be composed: In 'experiment/b': Could not load 'experiment/nope'" in " ".join(
        told.values()
    )
    assert "experiment extra/deep cannot be composed" in " ".join(told.values())
    assert len({one["id"] for one in found}) == 2


def test_experiments_that_fail_alike_are_one_finding(repository: Path, flowgate: Flowgate) -> None:
    lab(repository, TROUBLE | {"bad/conf/config.yaml": "defaults: [{experiment: a}, {db: x}]\n"})
    (found,) = flowgate(repository, "lint", "--format", "json").json()["findings"]
    assert found["message"].startswith("the config and experiments a, b, extra/deep cannot be composed: In 'config'")


@pytest.mark.parametrize("command", [["gate"], ["status"], ["prove", "--format", "json"], ["review", "--replay"]])
def test_a_broken_config_leaves_the_other_flows_judged(
    command: list[str], repository: Path, flowgate: Flowgate
) -> None:
    broken = {"bad/conf/config.yaml": "defaults: [{experiment: a}, {db: x}]\n"}
    launcher = '[prove]\nlauncher = ["/usr/bin/env", "true"]\n'  # an interpreter without Metaflow: nothing runs here
    sources = '[flow."bad/flow.py"]\nsources = ["missing.md"]\n'
    lab(repository, TROUBLE | broken | {"flowgate.toml": OWN + launcher + sources})
    done = flowgate(repository, *command)
    assert done.code in (1, 3) and "Traceback" not in done.err, done
    assert "good_flow.py" in done.out and "bad/flow.py" in done.out, done


def test_a_file_in_newer_syntax_leaves_the_other_flows_judged(repository: Path, flowgate: Flowgate) -> None:
    newer = GOOD.format(name="NewFlow", value=2) + "\n\ntype Rows[T] = list[T]\n"
    lab(repository, {"new_flow.py": newer, "bad_flow.py": GOOD.format(name="BadFlow", value="undefined_name")})
    done = flowgate(repository, "lint")
    assert "bad_flow.py:8: F821" in done.out and done.code == 1, done
    if sys.version_info < (3, 12):
        assert "new_flow.py:16: FG001" in done.out and "but valid Python 3.12" in done.out, done
        assert "language_version: python3.12" in done.out
        proofs = flowgate(repository, "prove", "--format", "json").json()["proofs"]
        assert {one["flow"]: one["verdict"] for one in proofs}["new_flow.py"] == "inconclusive"


def test_a_file_that_no_python_reads_is_not_called_newer(tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": "x = = 1\n"})
    assert newer_python(str(tmp_path / "flow.py")) == ""


def test_what_only_the_code_knows_is_no_trouble(repository: Path, flowgate: Flowgate) -> None:
    """A schema at the root, as many flows have one: it may hold a contract, but no file says so."""
    registered = COMPOSING.replace(
        "import hydra\n", "import hydra\nfrom hydra.core.config_store import ConfigStore\n"
    ).replace("def parse", "ConfigStore.instance().store(name='schema', node={'lr': 1})\n\n\ndef parse")
    lab(
        repository,
        {
            "bad/flow.py": registered,
            "bad/conf/config.yaml": "defaults: [schema, {experiment: a}, _self_]\nlr: 2\n",
            "bad/conf/experiment/a.yaml": "n: 1\n",
        },
    )
    done = flowgate(repository, "lint")
    assert done.code == 0 and "clean: 2 files checked" in done.out, done
    shown = flowgate(repository, "show-config", "bad/flow.py")
    assert "*: null" in shown.out and "not known here: the flow's own code registers `schema`" in shown.out, shown
    claimed = "determinism: ${contract:x}\n"
    resolvers = registered + "\nfrom omegaconf import OmegaConf\nOmegaConf.register_new_resolver('contract', str)\n"
    write(repository, {"bad/flow.py": resolvers, "bad/conf/experiment/a.yaml": claimed})
    done = flowgate(repository, "lint")
    assert done.code == 1 and "a.yaml:1: FG401 experiment a: `experiment.determinism` is not known here" in done.out, (
        done
    )
    gate = flowgate(repository, "gate")
    assert gate.code in (1, 3) and "good_flow.py" in gate.out, gate


def stamped(folder: Path, flowgate: Flowgate) -> Path:
    assert flowgate(folder, "promote", "noise").code == 0
    return folder / "flow"


def test_what_a_stamped_flow_registers_is_no_trouble(repository: Path, flowgate: Flowgate) -> None:
    flow = stamped(repository, flowgate) / "noise_flow.py"
    flow.write_text(
        flow.read_text()
        + "\n\nfrom omegaconf import OmegaConf\n\nOmegaConf.register_new_resolver('mul', lambda a, b: a * b, replace=True)\n"
    )
    root = flow.parent / "conf/config.yaml"
    root.write_text(root.read_text() + "twice: ${mul:2,3}\n")
    assert flowgate(repository, "lint").code == 0
    shown = flowgate(repository, "show-config", "flow/noise_flow.py")
    assert "not known here: only the flow's own code knows its resolver" in shown.out, shown


def test_a_fault_is_placed_where_its_value_is_written(repository: Path, flowgate: Flowgate) -> None:
    conf = stamped(repository, flowgate) / "conf"
    (conf / "data/blobs.yaml").write_text((conf / "data/blobs.yaml").read_text() + "q: ${nope.y}\n")
    line = len((conf / "data/blobs.yaml").read_text().splitlines())
    done = flowgate(repository, "lint")
    assert done.code == 1 and f"flow/conf/data/blobs.yaml:{line}: FG406" in done.out, done


def test_a_config_that_is_not_there_is_a_finding(repository: Path, flowgate: Flowgate) -> None:
    conf = stamped(repository, flowgate) / "conf"
    (conf / "config.yaml").unlink()
    done = flowgate(repository, "lint")
    assert done.code == 1 and "FG406 the config cannot be composed: `cfg` reads flow/conf/config.yaml" in done.out, done


def test_the_options_that_stand_before_run_are_given(repository: Path, flowgate: Flowgate) -> None:
    conf = stamped(repository, flowgate) / "conf"
    (conf / "config.yaml").write_text((conf / "config.yaml").read_text() + "need: ???\n")
    missing = flowgate(repository, "lint")
    assert missing.code == 1 and "Missing mandatory value: need" in missing.out, missing
    options = 'flow_options = ["--config-value", "cfg", "hydra_overrides: [need=4]"]\n'
    settings = repository / "flowgate.toml"
    settings.write_text(f"{settings.read_text()}\n[prove]\n{options}")
    assert flowgate(repository, "lint").code == 0
    assert "need: 4" in flowgate(repository, "show-config", "flow/noise_flow.py").out


def test_lint_looks_at_variables_again(repository: Path, flowgate: Flowgate) -> None:
    conf = stamped(repository, flowgate) / "conf"
    root = (conf / "config.yaml").read_text()
    (conf / "config.yaml").write_text(root.replace("training: default", "training: ${oc.env:TRAINING}"))
    for value, code in (("default", 0), ("nope", 1), ("smoke", 0)):
        for _ in range(2):
            assert flowgate(repository, "lint", TRAINING=value).code == code, value


def test_a_pipe_among_the_configs_is_a_finding(repository: Path, flowgate: Flowgate) -> None:
    conf = stamped(repository, flowgate) / "conf"
    os.mkfifo(conf / "experiment/pipe.yaml")
    done = flowgate(repository, "lint")
    assert done.code == 1 and "pipe.yaml:1: FG001" in done.out and "is no regular file" in done.out, done


def _fragile_ruff(folder: Path) -> Path:
    """A Python of its own, beside which lies a ruff that ends badly on every file called `bad`."""
    real = Path(sys.prefix) / "bin" / "ruff"
    beside = (
        write(
            folder, {"bin/ruff": f'#!/bin/sh\ncase "$*" in *bad_*) echo panic >&2; exit 101;; esac\nexec {real} "$@"\n'}
        )
        / "bin"
    )
    (beside / "ruff").chmod((beside / "ruff").stat().st_mode | stat.S_IXUSR)
    return beside


def test_a_crash_of_ruff_is_that_of_one_file(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    from flowgate.discover import named_sources
    from flowgate.lint import ruff
    from flowgate.lint.pipeline import lint_paths
    from flowgate.project import open_project

    names = ["a_flow.py", "bad_flow.py", "c_flow.py", "d_flow.py"]
    write(repository, {name: GOOD.format(name="F", value="undefined_name") for name in names})
    fragile = _fragile_ruff(tmp_path_factory.mktemp("ruff"))
    before = sys.executable
    sys.executable = str(fragile / "python")
    try:
        assert ruff.program() == str(fragile / "ruff")
        project = open_project(str(repository))
        paths = [source.path for source in named_sources(project, [str(repository)])]
        found = lint_paths(project, paths, paths, fresh=True).findings
    finally:
        sys.executable = before
    told = {(one.rule, os.path.basename(one.path)) for one in found}
    assert told == {("F821", name) for name in names if name != "bad_flow.py"} | {("FG001", "bad_flow.py")}
    assert "cannot be judged by ruff: ruff ended with code 101: panic" in next(
        one.message for one in found if one.rule == "FG001"
    )


def test_a_submodule_that_is_not_checked_out_is_not_clean(tmp_path: Path, flowgate: Flowgate) -> None:
    for name, files in {
        "rows": {"rows.py": "def load():\n    return [1]\n"},
        "top": {
            "flow.py": GOOD.format(name="RowsFlow", value="rows.load()").replace(
                "from metaflow",
                "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).resolve().parent / 'vendor' / 'rows'))\nimport rows\nfrom metaflow",
            )
        },
    }.items():
        folder = write(tmp_path / name, files)
        git(folder, "init", "-q", "-b", "main")
        if name == "top":
            git(folder, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "../rows", "vendor/rows")
        git(folder, "add", "-A")
        assert git(folder, "commit", "-q", "-m", "all").code == 0
    whole = flowgate(tmp_path / "top", "lint")
    assert whole.code == 0 and "clean" in whole.out, whole
    assert git(tmp_path, "clone", "-q", "top", "clone").code == 0
    done = flowgate(tmp_path / "clone", "lint")
    assert (
        done.code == 1 and "`rows` is looked for in the submodule vendor/rows, which is not checked out" in done.out
    ), done
    assert ".gitmodules:2: FG001" in done.out and "git submodule update --init vendor/rows" in done.out
    assert "the submodule vendor/rows is not checked out" in flowgate(tmp_path / "clone", "gate").out
