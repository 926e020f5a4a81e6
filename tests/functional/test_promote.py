"""A stamped flow as a new user has it: gated, tested, and run in every way it may be run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Done, Flowgate, git, run
from tests.review.investigation import dump, review

BIN = Path(sys.executable).parent
FLOW = "flow/noise_flow.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, in which flowgate was asked for everything it makes."""
    folder = tmp_path_factory.mktemp("promoted")
    for command in (
        ["git", "init", "--quiet", "--initial-branch", "main"],
        [f"{BIN}/flowgate", "init"],
        [f"{BIN}/flowgate", "promote", "noise", "--question", "Does the lead survive wrong labels?"],
        ["git", "add", "--all"],
    ):
        done = run(command, folder)
        assert done.code == 0, done
    assert git(folder, "commit", "--quiet", "--message", "Promote the noise investigation").code == 0
    return folder


def test_everything_holds_but_the_review_which_is_asked_for_by_name(stamped: Path, flowgate: Flowgate) -> None:
    done = flowgate(stamped, "gate", "--format", "json")
    verdict = done.json()
    (flow,) = verdict["flows"]
    assert (done.code, flow["lint"], flow["review"], flow["prove"]) == (1, "pass", "blocked", "pass"), verdict
    shown = flowgate(stamped, "gate")
    assert f"flowgate review {FLOW}" in shown.out and "--packet" in shown.out
    surface = verdict["proofs"][0]["surface"]
    assert set(surface) == {
        "aggregate.aggregate_results",
        "aggregate.lift_results",
        "an_axes.an_result",
        "an_methods.an_result",
    }


def test_it_is_run_once_it_is_reviewed(
    stamped: Path, tmp_path: Path, flowgate: Flowgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERNAME", "ada")
    folder = shutil.copytree(stamped, tmp_path / "reviewed")
    refused = flowgate(folder, "run", FLOW)
    assert refused.code == 1 and f"flowgate review {FLOW}" in refused.err, refused
    packet = flowgate(folder, "review", FLOW, "--packet").out
    quoted = {"quotes": [{"path": FLOW, "text": 'trainer, _ = KINDS[method_spec["kind"]]'}]}
    clear = [{"trap": f"FR10{at}", "answer": "clear", "reason": "as decided"} | quoted for at in range(1, 6)]
    imported = flowgate(folder, "review", "--import", "-", given=dump(review(packet, *clear)))
    assert imported.code == 0, imported
    for start, flow in ((folder, FLOW), (folder / "docs", f"../{FLOW}")):
        done = flowgate(start, "run", flow)
        assert done.code == 0 and done.out.count("method logistic, label_noise") == 4, done
    failed = flowgate(folder, "run", FLOW, "--", "--config-value", "cfg", "hydra_overrides: [seeds=0]", "run")
    assert failed.code == 1 and "seeds: 0" in failed.out + failed.err
    assert flowgate(folder, "gate").code == 0


def test_its_own_tests_pass_without_metaflow(stamped: Path) -> None:
    bare = {"PYTHONPATH": str(_without_metaflow(stamped))}
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], stamped, **bare)
    assert done.code == 0 and "6 passed" in done.out, done


def _without_metaflow(folder: Path) -> Path:
    """A folder to put on the path, where Metaflow cannot be imported by any process."""
    hidden = folder / ".flowgate" / "cache" / "bare"
    hidden.mkdir(parents=True, exist_ok=True)
    (hidden / "metaflow.py").write_text("raise ModuleNotFoundError(\"No module named 'metaflow'\", name='metaflow')\n")
    return hidden


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ('np.random.default_rng([data_spec["points_stream"], seed])', "np.random.default_rng()", "two_processes"),
        ("def make_data(data_spec, data_axes, seed)", "def make_data(data_spec, data_axes, seed, n=9)", "parameters"),
        (
            "    draws = np.random.default_rng([data",
            '    seed += int(20 * data_axes.get("lr", 0))\n    draws = np.random.default_rng([data',
            "training_axes",
        ),
        ("return float(((scores > 0) == labels).mean())", "return ((scores > 0) == labels).mean()", "is_a_float"),
        ('KINDS[method_spec["kind"]]', 'KINDS.get(method_spec["kind"], KINDS["logistic"])', "unknown_kind"),
        ('"axis_agnostic")', '"axis_agnostik")', "describes_a_grid"),
    ],
)
def test_its_own_tests_fail_where_a_seam_breaks_the_contract(
    stamped: Path, tmp_path: Path, old: str, new: str, failed: str
) -> None:
    folder = shutil.copytree(stamped, tmp_path / "broken", ignore=shutil.ignore_patterns(".git", ".flowgate"))
    text = (folder / FLOW).read_text()
    assert text.count(old) == 1
    (folder / FLOW).write_text(text.replace(old, new))
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], folder)
    assert done.code == 1 and failed in done.out, done


def _plain(folder: Path) -> list[Done]:
    flow = str(folder / FLOW)
    starts = [(folder, FLOW), (folder / "docs", os.path.join("..", FLOW)), (Path("/"), flow)]
    return [
        run(
            [sys.executable, start, "run"],
            cwd,
            USERNAME="ada",
            METAFLOW_DATASTORE_SYSROOT_LOCAL=str(folder / ".metaflow"),
        )
        for cwd, start in starts
    ]


def _script_mode(folder: Path) -> list[Done]:
    return [run([f"{BIN}/uv", "run", FLOW, "run"], folder, USERNAME="ada")]


def _override(folder: Path) -> list[Done]:
    given = "hydra_overrides: ['experiment.axes.lr=[0.05,0.5]', seeds=4, methods.logistic.penalty=0.001]"
    return [run([sys.executable, FLOW, "--config-value", "cfg", given, "run"], folder, USERNAME="ada")]


@pytest.mark.parametrize("way", [_plain, _script_mode, _override])
def test_it_runs(stamped: Path, way: Callable[[Path], list[Done]]) -> None:
    for done in way(stamped):
        assert done.code == 0, done
        assert done.out.count("method logistic, label_noise") == 4


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ("sedes=1", "Could not override 'sedes'"),
        ("experiment=nose", "Could not find 'experiment/nose'"),
        ("'experiment.methods=[centroid,logistc]'", "Could not find 'method/logistc'"),
        ("'seeds=???'", "Missing mandatory value: seeds"),
        ("'data.distance=${nope.x}'", "Interpolation key 'nope.x' not found"),
        (
            "'+experiment.method_overrides.svm.C=1'",
            "experiment.method_overrides.svm: the experiment has no such method",
        ),
        (
            "+experiment.method_overrides.logistic.penalty=1, methods.logistic.penalty=2",
            "methods.logistic.penalty: experiment.method_overrides.logistic sets it too",
        ),
        ("experiment.axes.lr=[]", "quote an override that holds a bracket"),
        ("'experiment.methods=logistic'", "experiment.methods: 'logistic' is no list of different methods"),
        ("'experiment.methods=[logistic,logistic]'", "is no list of different methods"),
        ("'experiment.methods=null'", "experiment.methods: None is no list of different methods"),
        ("+experiment.method_overrides.logistic=3", "experiment.method_overrides.logistic: 3 changes nothing"),
        ("+experiment.method_overrides.logistic.penalti=3", "logistic.penalti: method/logistic has no such key"),
        ("training.lr=3", "training.lr: it is an axis of the experiment; override experiment.axes.lr"),
    ],
)
def test_a_config_that_does_not_compose_is_said_in_a_sentence(stamped: Path, overrides: str, said: str) -> None:
    given = f"hydra_overrides: [{overrides}]"
    done = run([sys.executable, FLOW, "--config-value", "cfg", given, "run"], stamped, USERNAME="ada")
    assert done.code == 1 and said in done.out + done.err and "Traceback" not in done.out + done.err, done


@pytest.mark.parametrize("given", ["hydra_override: [seeds=1]", "seeds: 1", "[seeds=1]", "hydra_overrides: seeds=1"])
def test_a_config_that_would_be_ignored_is_refused(stamped: Path, given: str) -> None:
    done = run([sys.executable, FLOW, "--config-value", "cfg", given, "run"], stamped, USERNAME="ada")
    assert done.code == 1 and "cfg takes `hydra_overrides:" in done.out + done.err, done


def test_without_metaflow_the_flow_does_not_pretend_to_run(stamped: Path) -> None:
    done = run([sys.executable, FLOW, "run"], stamped, PYTHONPATH=str(_without_metaflow(stamped)))
    assert done.code == 1 and "No module named 'metaflow'" in done.err


def test_a_sweep_takes_the_place_of_the_fixed_value(stamped: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(stamped, tmp_path / "swept", ignore=shutil.ignore_patterns(".git", ".flowgate"))
    given = "hydra_overrides: ['+experiment.method_overrides.logistic.penalty_sweep=[0.01,0.1]']"
    code = f"import sys; sys.modules['metaflow'] = None; import noise_flow; print(noise_flow.compose_config({given!r})['methods'])"
    done = run([sys.executable, "-c", code], folder / "flow")
    assert "'logistic': {'kind': 'logistic', 'penalty_sweep': [0.01, 0.1]}" in done.out, done


def test_a_grid_that_does_not_add_up_stops_before_anything_is_made(stamped: Path) -> None:
    given = "hydra_overrides: ['experiment.data_axes=[noise]']"
    done = run([sys.executable, FLOW, "--config-value", "cfg", given, "run"], stamped, USERNAME="ada")
    assert done.code == 1 and "experiment.data_axes: 'noise' is no axis (label_noise, lr)" in done.out + done.err
    assert "/train/" not in done.out


def test_a_surface_that_is_not_there_fails_the_run(stamped: Path) -> None:
    given = "hydra_overrides: ['experiment.surface=[aggregate.lift_results, an_cost.an_result]']"
    done = run([sys.executable, FLOW, "--config-value", "cfg", given, "run"], stamped, USERNAME="ada")
    assert done.code == 1 and "experiment.surface: the flow has no an_cost.an_result" in done.out + done.err
