"""Several projects in one repository: each judged by the settings nearest to it, and a gate at the top judges all."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import SCHEMAS, Flowgate, git, write
from tests.functional.flows import fan

CLEAN, TRAPPED = fan("self.input"), fan("self.input * EPOCHS", before="EPOCHS = 15\n")
CLAIMED = '[tool.flowgate.flow."flow/fan_flow.py"]\ndeterminism = "{}"\nsurface = ["results"]\n'
FILES = {
    "plain_flow.py": CLEAN.replace("FanFlow", "PlainFlow"),
    "alpha/pyproject.toml": CLAIMED.format("order_independent"),
    "alpha/flow/fan_flow.py": CLEAN.replace("FanFlow", "AlphaFlow"),
    "beta/flowgate.toml": '[lint]\nignore = ["FG301"]\n',
    "beta/flow/fan_flow.py": TRAPPED.replace("FanFlow", "BetaFlow"),
    "libs/pyproject.toml": "[project]\nname = 'libs'\n",
}


@pytest.fixture
def monorepo(repository: Path) -> Path:
    """A repository with a flow at its top, and two projects below it."""
    write(repository, FILES)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "two projects")
    return repository


def test_the_gate_at_the_top_judges_every_project_by_its_own_settings(monorepo: Path, flowgate: Flowgate) -> None:
    document = flowgate(monorepo, "status", "--format", "json").json()
    jsonschema.validate(document, json.loads((SCHEMAS / "verdict.json").read_text()))
    flows = {flow["path"]: flow for flow in document["flows"]}
    assert sorted(flows) == ["alpha/flow/fan_flow.py", "beta/flow/fan_flow.py", "plain_flow.py"]
    assert flows["alpha/flow/fan_flow.py"]["contract"] == "order_independent"
    assert flows["alpha/flow/fan_flow.py"]["prove"] == "inconclusive", "it declares a contract, and is not proven yet"
    assert flows["beta/flow/fan_flow.py"]["lint"] == "pass", "its own settings leave FG301 out"
    assert [(one["path"], one["settings"]) for one in document["projects"]] == [
        (".", None),
        ("alpha", "alpha/pyproject.toml"),
        ("beta", "beta/flowgate.toml"),
    ]
    told = flowgate(monorepo, "gate", "--quiet").out
    assert "project alpha (by alpha/pyproject.toml)" in told and "project beta (by beta/flowgate.toml)" in told


def test_a_declared_contract_below_the_top_is_not_passed_over(monorepo: Path, flowgate: Flowgate) -> None:
    assert flowgate(monorepo, "status").code == 3
    assert flowgate(monorepo / "alpha", "status").code == 3


@pytest.mark.parametrize("start", [".", "beta", "beta/flow"])
def test_a_finding_has_one_id_from_wherever_it_is_seen(start: str, monorepo: Path, flowgate: Flowgate) -> None:
    write(monorepo, {"beta/flowgate.toml": ""})
    findings = flowgate(monorepo / start, "lint", "--format", "json").json()["findings"]
    (found,) = [one for one in findings if one["rule"] == "FG301"]
    inside = flowgate(monorepo, "-C", "beta", "lint", "--format", "json").json()["findings"]
    assert found["id"] in {one["id"] for one in inside}
    assert found["path"].endswith("flow/fan_flow.py")


def test_an_override_from_the_top_goes_into_the_ledger_of_the_project(monorepo: Path, flowgate: Flowgate) -> None:
    write(monorepo, {"beta/flowgate.toml": ""})
    findings = flowgate(monorepo, "lint", "--format", "json").json()["findings"]
    names = [found["id"] for found in findings if found["severity"] == "error"]
    done = flowgate(monorepo, "override", *names, "--reason", "fixed by the protocol", "--by", "Ada")
    assert done.code == 0 and "commit beta/.flowgate/ledger.yaml" in done.out, done
    assert not (monorepo / ".flowgate/ledger.yaml").exists()
    assert "flow: flow/fan_flow.py" in (monorepo / "beta/.flowgate/ledger.yaml").read_text()
    assert flowgate(monorepo, "lint").code == flowgate(monorepo, "-C", "beta", "lint").code == 0
    listed = flowgate(monorepo, "override", "--list").out
    assert "beta/flow/fan_flow.py: holds" in listed
    write(monorepo, {"beta/flow/fan_flow.py": CLEAN})
    assert "--- beta/.flowgate/ledger.yaml" in flowgate(monorepo, "override", "--prune").out
    assert flowgate(monorepo, "override", "--prune", "--yes").code == 0
    assert "finding:" not in (monorepo / "beta/.flowgate/ledger.yaml").read_text()


def test_a_named_flow_is_judged_by_the_settings_nearest_to_it(monorepo: Path, flowgate: Flowgate) -> None:
    assert flowgate(monorepo, "lint", "beta/flow/fan_flow.py").code == 0
    both = flowgate(monorepo, "status", "alpha/flow/fan_flow.py", "beta", "--format", "json").json()
    assert sorted(flow["path"] for flow in both["flows"]) == ["alpha/flow/fan_flow.py", "beta/flow/fan_flow.py"]
    beside = flowgate(monorepo / "alpha", "lint", "../beta/flow/fan_flow.py")
    assert beside.code == 0, beside


def test_a_project_that_the_top_excludes_is_left_out(monorepo: Path, flowgate: Flowgate) -> None:
    write(monorepo, {"flowgate.toml": 'exclude = ["alpha/**"]\n'})
    document = flowgate(monorepo, "status", "--format", "json").json()
    assert sorted(flow["path"] for flow in document["flows"]) == ["beta/flow/fan_flow.py", "plain_flow.py"]


def test_broken_settings_below_the_top_are_an_error_that_names_the_file(monorepo: Path, flowgate: Flowgate) -> None:
    write(monorepo, {"beta/flowgate.toml": "ignore ="})
    done = flowgate(monorepo, "gate")
    assert done.code == 2 and "beta/flowgate.toml is not valid TOML" in done.err, done


def test_a_top_without_flows_is_no_obstacle(monorepo: Path, flowgate: Flowgate) -> None:
    (monorepo / "plain_flow.py").unlink()
    document = flowgate(monorepo, "status", "--format", "json").json()
    assert [one["path"] for one in document["projects"]] == ["alpha", "beta"]


WEAKER: dict[str, tuple[dict[str, str | None], str]] = {
    "contract": ({"alpha/pyproject.toml": CLAIMED.format("single_worker")}, "contract of AlphaFlow is weaker"),
    "settings gone": ({"alpha/pyproject.toml": None}, "alpha/pyproject.toml governs alpha"),
    "settings taken over": ({"beta/flow/flowgate.toml": 'exclude = ["*.py"]\n'}, "BetaFlow was judged"),
    "rule left out": ({"alpha/pyproject.toml": CLAIMED.format("order_independent") + '[tool.flowgate.lint]\nignore = ["FG501"]\n'}, "rule FG501 is left out"),
    "project left out": ({"flowgate.toml": 'exclude = ["alpha/**"]\n'}, "AlphaFlow was judged"),
    "flow gone": ({"alpha/flow/fan_flow.py": None, "alpha/pyproject.toml": "[tool.flowgate]\n"}, "AlphaFlow is gone"),
}  # fmt: skip


@pytest.mark.parametrize("name", WEAKER)
def test_a_change_below_the_top_is_held_to_its_base(name: str, monorepo: Path, flowgate: Flowgate) -> None:
    edits, words = WEAKER[name]
    git(monorepo, "switch", "-qc", "change")
    for path, text in edits.items():
        if text is None:
            (monorepo / path).unlink()
        else:
            write(monorepo, {path: text})
    git(monorepo, "add", "-A")
    document = flowgate(monorepo, "gate", "--base-ref", "main", "--scope", "changed", "--format", "json").json()
    held = [found for found in document["findings"] if found["rule"] == "FG404"]
    assert any(words in found["message"] for found in held), [found["message"] for found in held]
    assert document["verdict"] == "blocked"


LOOK_ALIKES: dict[str, dict[str, str]] = {
    "a third project": {"gamma/flowgate.toml": "", "gamma/flow/new_flow.py": CLEAN.replace("FanFlow", "GammaFlow")},
    "settings for a folder that had none": {"libs/flowgate.toml": ""},
    "a stronger contract": {"beta/flowgate.toml": FILES["beta/flowgate.toml"] + CLAIMED.format("order_independent").replace("tool.flowgate.", "")},
    "a comment": {"alpha/pyproject.toml": "# ours\n" + FILES["alpha/pyproject.toml"]},
}  # fmt: skip


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_an_honest_change_below_the_top_is_let_through(name: str, monorepo: Path, flowgate: Flowgate) -> None:
    git(monorepo, "switch", "-qc", "change")
    write(monorepo, LOOK_ALIKES[name])
    findings = flowgate(monorepo, "status", "--format", "json").json()["findings"]
    assert not [found for found in findings if found["rule"] == "FG404"]
    done = flowgate(monorepo, "gate", "--base-ref", "main", "--format", "json", "plain_flow.py")
    document = done.json()
    assert not [found for found in document["findings"] if found["rule"] == "FG404"], (name, document["findings"])


def test_a_table_for_a_flow_that_nearer_settings_govern_is_an_error(monorepo: Path, flowgate: Flowgate) -> None:
    write(monorepo, {"flowgate.toml": '[flow."beta/flow/fan_flow.py"]\ndeterminism = "nondeterministic"\n'})
    done = flowgate(monorepo, "status")
    assert done.code == 2 and "beta/flowgate.toml is nearer to that flow" in done.err, done


@pytest.mark.parametrize("paths", [("..",), (".", "../beta"), ("../beta", "../alpha", "../plain_flow.py")])
def test_from_within_one_project_others_can_be_named(
    paths: tuple[str, ...], monorepo: Path, flowgate: Flowgate
) -> None:
    document = flowgate(monorepo / "alpha", "status", *paths, "--format", "json").json()
    flows = [flow["path"] for flow in document["flows"]]
    assert len(flows) == len(set(flows)) >= 2, flows


def test_a_copy_of_a_project_has_the_same_ids_and_both_are_accepted(monorepo: Path, flowgate: Flowgate) -> None:
    write(
        monorepo,
        {"beta/flowgate.toml": "", "gamma/flowgate.toml": "", "gamma/flow/fan_flow.py": FILES["beta/flow/fan_flow.py"]},
    )
    findings = flowgate(monorepo, "lint", "--format", "json").json()["findings"]
    (name,) = {found["id"] for found in findings if found["severity"] == "error"}
    done = flowgate(monorepo, "override", name, "--reason", "fixed by the protocol", "--by", "Ada")
    assert done.code == 0 and "beta/.flowgate/ledger.yaml and gamma/.flowgate/ledger.yaml" in done.out, done
    assert flowgate(monorepo, "lint").code == 0
    away = flowgate(monorepo / "alpha", "override", name, "--reason", "x", "--by", "Ada")
    assert away.code == 2 and str(monorepo) in away.err, "where the others are known is said"


def test_a_message_names_the_settings_of_its_project(monorepo: Path, flowgate: Flowgate) -> None:
    write(monorepo, {"flowgate.toml": "", "beta/flowgate.toml": '[lint]\nignore = ["FG999"]\n'})
    assert "[lint] of beta/flowgate.toml" in flowgate(monorepo, "lint").err


def test_a_project_that_moves_as_a_whole_is_no_weakening(monorepo: Path, flowgate: Flowgate) -> None:
    git(monorepo, "switch", "-qc", "change")
    git(monorepo, "mv", "alpha", "ranking")
    git(monorepo, "commit", "-qm", "another name")
    for folder in (monorepo, monorepo / "ranking"):
        document = flowgate(
            folder, "gate", "--base-ref", "main", "--format", "json", str(monorepo / "ranking/flow/fan_flow.py")
        ).json()
        held = [found["message"] for found in document["findings"] if found["rule"] == "FG404"]
        assert not held, held


def test_what_to_type_is_told_from_where_the_user_stands(monorepo: Path, flowgate: Flowgate) -> None:
    assert "`flowgate prove alpha/flow/fan_flow.py`" in flowgate(monorepo, "status").out
    assert "`flowgate prove flow/fan_flow.py`" in flowgate(monorepo / "alpha", "status").out
    assert "`flowgate prove fan_flow.py`" in flowgate(monorepo / "alpha/flow", "status").out
