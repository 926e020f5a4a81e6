"""The commands as a user meets them: what they say, and the exit code they end with."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flowgate.cli.group import COMMANDS
from flowgate.lint.examples import promoted
from tests.conftest import SCHEMAS, Flowgate, git, write
from tests.functional.flows import fan, settings

CLEAN = fan("self.input")
TRAPPED = fan("self.input * EPOCHS", before="EPOCHS = 15\n")


def errors_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings of a JSON answer that are errors."""
    return [found for found in document["findings"] if found["severity"] == "error"]


def test_help_teaches_every_command(flowgate: Flowgate, tmp_path: Path) -> None:
    top = flowgate(tmp_path, "--help")
    assert top.code == 0 and "Exit codes" in top.out
    for name in COMMANDS:
        assert name in top.out
        said = flowgate(tmp_path, name, "--help")
        assert said.code == 0 and len(said.out.splitlines()) > 8
    assert flowgate(tmp_path, "--version").out.startswith("flowgate, version")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lnt"], "did you mean 'lint'"),
        (["lint", "nowhere.py"], "nowhere.py does not exist"),
        (["lint", "--format", "xml"], "xml"),
        (["gate"], "no flows found"),
        (["prove"], "no flows found"),
        (["review"], "no flows found"),
        (["-C", "nowhere", "lint"], "nowhere"),
        (["override", "FG301-00000000", "--reason", "x"], "there is no finding"),
        (["override", "FG301-00000000", "--reason", " "], "needs a reason"),
        (["override", "FG301-00000000"], "--reason"),
        (["run", "nowhere.py"], "nowhere.py"),
        (["review", "--packet", "--replay"], "exclude each other"),
    ],
)
def test_a_usage_error_says_what_is_wrong(arguments: list[str], words: str, flowgate: Flowgate, tmp_path: Path) -> None:
    done = flowgate(tmp_path, *arguments)
    assert done.code == 2 and words in done.err and "Traceback" not in done.err, done


@pytest.mark.parametrize("command", ["lint", "status", "gate", "prove", "review"])
def test_a_folder_without_flows_gets_one_answer(command: str, flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"helpers.py": "X = 1\n"})
    done = flowgate(tmp_path, command)
    assert done.code == 2 and "no flows found" in done.err and "flowgate promote" in done.err and not done.out, done


def test_a_commit_may_hold_no_flow_yet(flowgate: Flowgate, repository: Path) -> None:
    done = flowgate(repository, "lint", "--as-committed")
    assert done.code == 0 and "no flows found" in done.out, done


@pytest.mark.parametrize("command", ["lint", "gate", "status", "prove", "review"])
@pytest.mark.parametrize("name", ["train.ipynb", "notes.md", "data.bin", "conf/config.yaml"])
def test_what_is_no_python_is_not_called_judged(name: str, command: str, flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {name: "{}", "flow.py": CLEAN})
    done = flowgate(tmp_path, command, name)
    assert done.code == 2 and name in done.err and "Name the .py file" in done.err and not done.out, done


def test_a_helper_alone_is_not_called_clean(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"helpers.py": "X = 1\n", "flow.py": CLEAN, "run": "#!/usr/bin/env python3\n" + CLEAN})
    alone = flowgate(tmp_path, "lint", "helpers.py")
    assert alone.code == 2 and "no flows found in helpers.py" in alone.err
    assert "1 file checked" in flowgate(tmp_path, "lint", "helpers.py", "flow.py").out
    assert "1 file checked" in flowgate(tmp_path, "lint", "run").out


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"class F(FlowSpec:\n", "not valid Python"),
        (b"# FlowSpec\nx = 1\x00\n", "null bytes"),
        (b"# FlowSpec \xff\xfe\nx = 1\n", "not UTF-8"),
        (b"# -*- coding: klingon -*-\n# FlowSpec\n", "not valid Python"),
        (b"# FlowSpec\n" + b"(" * 400 + b"\n", ""),
    ],
)
def test_a_flow_that_cannot_be_read_blocks_everywhere(
    data: bytes, words: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    (tmp_path / "flow.py").write_bytes(data)
    done = flowgate(tmp_path, "lint", "--format", "json")
    (found,) = done.json()["findings"]
    assert done.code == 1 and found["rule"] == "FG001" and words in found["message"], found
    gate = flowgate(tmp_path, "gate", "--format", "json")
    assert gate.code == 1 and gate.json()["flows"][0]["lint"] == "blocked", gate
    assert flowgate(tmp_path, "prove").code == 3
    assert flowgate(tmp_path, "run", "flow.py").code == 1


def test_an_unreadable_config_is_a_finding_of_its_flow(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, promoted({"conf/config.yaml": "a: [\n"}))
    done = flowgate(tmp_path, "lint", "--format", "json")
    assert done.code == 1 and done.json()["findings"][0]["path"] == "conf/config.yaml"


def test_lint_json_follows_its_schema_and_paths_are_relative_to_the_root(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flows/deep/flow.py": TRAPPED})
    for folder in (repository, repository / "flows"):
        done = flowgate(folder, "lint", "--format", "json")
        document = done.json()
        jsonschema.validate(document, json.loads((SCHEMAS / "lint.json").read_text()))
        (found,) = errors_of(document)
        assert done.code == 1 and found["path"] == "flows/deep/flow.py" and found["step"] is None


def test_text_paths_are_relative_to_where_the_user_stands(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flows/deep/flow.py": TRAPPED})
    assert flowgate(repository, "lint").out.startswith("flows/deep/flow.py:3: FG301")
    assert flowgate(repository / "flows", "lint").out.startswith("deep/flow.py:3: FG301")
    assert flowgate(repository.parent, "-C", str(repository), "lint").out.startswith("flows/deep/flow.py:3")


def test_a_warning_alone_and_an_ignored_rule_exit_0(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": TRAPPED, "flowgate.toml": '[lint]\nignore = ["FG301"]\n'})
    assert flowgate(tmp_path, "lint").code == 0


def test_a_folder_that_git_ignores_is_linted_when_it_is_named(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {".gitignore": "sandbox/\n", "sandbox/flow.py": TRAPPED})
    assert "no flows found" in flowgate(repository, "lint").err
    assert flowgate(repository, "lint", "sandbox").code == 1


def test_a_flow_is_judged_by_the_settings_of_its_own_repository(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"a/flow.py": CLEAN, "a/flowgate.toml": '[flow."flow.py"]\nsources = ["missing.md"]\n', "b/x": ""})
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for path in (tmp_path / "a" / "flow.py", tmp_path / "link" / "flow.py"):
        for command in ("gate", "run"):
            done = flowgate(tmp_path / "b", command, str(path))
            assert done.code == 2 and "missing.md" in done.err, (command, done)


def test_a_flow_that_cannot_be_seen_is_not_passed(flowgate: Flowgate, tmp_path: Path) -> None:
    hidden = "from metaflow import FlowSpec, step\ndef main():\n    class F(FlowSpec):\n        pass\n"
    write(tmp_path, {"flow.py": hidden})
    for arguments in (["gate"], ["gate", "flow.py"], ["prove", "flow.py"], ["run", "flow.py"], ["review", "--replay"]):
        assert flowgate(tmp_path, *arguments).code == 2, arguments


def test_settings_that_match_nothing_and_unknown_rules_are_errors(flowgate: Flowgate, tmp_path: Path) -> None:
    for toml, words in (('flows = ["flo/*.py"]', "matches no file"), ('[lint]\nignore = ["FG999"]', "FG999")):
        write(tmp_path, {"flow.py": CLEAN, "flowgate.toml": toml + "\n"})
        done = flowgate(tmp_path, "lint")
        assert done.code == 2 and words in done.err, done


def test_a_file_that_cannot_be_read_cannot_be_excused(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": "class F(FlowSpec:\n"})
    (found,) = flowgate(tmp_path, "lint", "--format", "json").json()["findings"]
    assert flowgate(tmp_path, "override", found["id"], "--reason", "no", "--by", "Ada").code == 2


def test_a_missing_review_is_annotated(flowgate: Flowgate, tmp_path: Path) -> None:
    toml = '[flow."flow.py"]\nsources = ["notes.md"]\n'
    write(tmp_path, {"flow.py": CLEAN, "notes.md": "notes", "flowgate.toml": toml})
    done = flowgate(tmp_path, "gate", "--format", "github")
    assert done.code == 1 and "::error file=flow.py" in done.out and "not reviewed" in done.out


def test_hostile_names_cannot_write_workflow_commands(flowgate: Flowgate, tmp_path: Path) -> None:
    name = "a\n::error::owned,%.py"
    (tmp_path / name).write_text(TRAPPED)
    for form in ("github", "text"):
        done = flowgate(tmp_path, "lint", "--format", form, "--color", "never")
        assert done.code == 1
        assert not any(line.startswith("::error::owned") for line in done.out.splitlines()), done.out


@pytest.mark.parametrize(
    ("extra", "coloured"), [({}, False), ({"--color": "always"}, True), ({"--color": "never"}, False)]
)
def test_colour_is_asked_for(extra: dict[str, str], coloured: bool, flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": TRAPPED})
    arguments = [word for pair in extra.items() for word in pair]
    assert ("\x1b[" in flowgate(tmp_path, "lint", *arguments).out) is coloured


def test_no_flow_without_a_contract_is_run(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("1 / 0")})
    done = flowgate(tmp_path, "gate", "--format", "json")
    jsonschema.validate(done.json(), json.loads((SCHEMAS / "verdict.json").read_text()))
    (flow,) = done.json()["flows"]
    assert done.code == 0 and (flow["lint"], flow["review"], flow["prove"]) == ("pass", "skipped", "skipped")
    assert "declares no contract" in flow["notes"]["prove"]


def test_a_flow_that_lint_blocks_is_not_run_by_the_gate(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": TRAPPED, "flowgate.toml": settings()})
    done = flowgate(tmp_path, "gate", "--format", "json")
    (flow,) = done.json()["flows"]
    assert done.code == 1 and flow["prove"] == "skipped" and "forbid it" in flow["notes"]["prove"]
    assert not (tmp_path / ".flowgate" / "cache" / "proofs").exists()


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[flow."flow.py"]\ndeterminism = "sometimes"\n', "must be one of"),
        ('[flow."flow.py"]\ndeterminism = "single_worker"\n', ""),
        ("[tool]\n", "unknown key 'tool'"),
    ],
)
def test_an_unknown_contract_or_setting_never_passes(toml: str, words: str, flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": CLEAN, "flowgate.toml": toml})
    done = flowgate(tmp_path, "gate")
    assert done.code in (1, 2) and words in done.err + done.out
    if not words:
        assert "FG401" in done.out and "determinism_reason" in done.out


def test_a_ledger_with_an_unknown_key_or_a_merge_marker_is_an_error(flowgate: Flowgate, tmp_path: Path) -> None:
    for text in ("version: 1\nwho: me\noverrides: []\n", "version: 1\n<<<<<<< HEAD\noverrides: []\n"):
        write(tmp_path, {"flow.py": CLEAN, ".flowgate/ledger.yaml": text})
        for command in ("lint", "gate"):
            done = flowgate(tmp_path, command)
            assert done.code == 2 and ".flowgate/ledger.yaml" in done.err, done


def test_an_override_outside_git_needs_a_name_and_inside_takes_git_s(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flow.py": TRAPPED})
    (found,) = errors_of(flowgate(repository, "lint", "--format", "json").json())
    nobody = flowgate(repository, "override", found["id"], "--reason", "for now")
    assert nobody.code == 2 and "user.name" in nobody.err
    git(repository, "config", "user.name", "Ada")
    git(repository, "config", "user.email", "ada@example.org")
    done = flowgate(repository, "override", found["id"][:9].lower(), "--reason", "for now", "--expires", "2098-02-01")
    assert done.code == 0, done
    ledger = (repository / ".flowgate" / "ledger.yaml").read_text()
    assert (
        "by: Ada <ada@example.org>" in ledger
        and "expires: 2098-02-01" in ledger
        and f"finding: {found['id']}" in ledger
    )
    assert flowgate(repository, "lint").code == 0
    assert flowgate(repository, "override", found["id"], "--reason", "again").code == 2


def test_an_expired_override_blocks_by_the_date_of_the_commit(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flow.py": TRAPPED})
    (found,) = errors_of(flowgate(repository, "lint", "--format", "json").json())
    flowgate(repository, "override", found["id"], "--reason", "for now", "--expires", "2098-01-31", "--by", "Ada")
    git(repository, "add", "-A")
    for date, code in (("2098-01-31T12:00:00", 0), ("2098-02-01T12:00:00", 1)):
        os.environ["GIT_COMMITTER_DATE"] = date
        try:
            from tests.conftest import run

            run(
                ["git", "-c", "user.name=A", "-c", "user.email=a", "commit", "-q", "--allow-empty", "-m", date],
                repository,
                GIT_COMMITTER_DATE=date,
            )
        finally:
            del os.environ["GIT_COMMITTER_DATE"]
        done = flowgate(repository, "lint")
        assert done.code == code and ("expired" in done.out) is bool(code), done


def test_an_unused_override_is_named(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flow.py": TRAPPED})
    (found,) = errors_of(flowgate(repository, "lint", "--format", "json").json())
    flowgate(repository, "override", found["id"], "--reason", "for now", "--by", "Ada")
    write(repository, {"flow.py": CLEAN})
    done = flowgate(repository, "lint")
    assert done.code == 0 and re.search(rf"{found['id']}.*finding gone", done.out)


@pytest.mark.slow
def test_run_executes_what_is_clean_and_passes_arguments_and_exit_code_on(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": CLEAN, "flowgate.toml": settings("single_worker")})
    home = {"METAFLOW_DATASTORE_SYSROOT_LOCAL": str(tmp_path / "store"), "METAFLOW_USER": "ada"}
    done = flowgate(tmp_path, "run", "flow.py", "--", "--tag", "nightly", "--run-id-file", "id.txt", **home)
    assert done.code == 0 and (tmp_path / "id.txt").exists() and "Done!" in done.out, done
    refused = flowgate(tmp_path, "run", "flow.py", "--", "run", "--max-workers", "4", **home)
    assert refused.code == 2 and "single_worker" in refused.err
    write(tmp_path, {"flow.py": fan("1 / 0"), "flowgate.toml": ""})
    assert flowgate(tmp_path, "run", "flow.py", **home).code == 1
    blocked = write(tmp_path / "other", {"flow.py": TRAPPED})
    done = flowgate(blocked, "run", "flow.py", **home)
    assert done.code == 1 and "not run" in done.err and "Metaflow" not in done.out
