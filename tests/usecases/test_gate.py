"""The gate against a base, as a user and as CI start it: defaults, scopes, policies, and bases that are not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from flowgate.change.base import base_of
from flowgate.errors import Inconclusive
from flowgate.project import open_project
from tests.change.repository import FILES, FLOW, change, committed, verdict, weaknesses
from tests.conftest import SCHEMAS, Done, Flowgate, git, write
from tests.functional.flows import fan

TRAP = FLOW.replace("self.input * 2", "self.input * EPOCHS").replace("\n\nclass", "\n\nEPOCHS = 15\n\n\nclass", 1)
PLAIN = {"flow.py": FLOW, ".gitignore": ".flowgate/cache/\n"}


def gate(flowgate: Flowgate, folder: Path, *arguments: str, **environ: str) -> Done:
    return flowgate(folder, "gate", "--format", "json", *arguments, **environ)


def answer(done: Done) -> dict[str, Any]:
    """The verdict, which follows its schema whatever it is."""
    found: dict[str, Any] = done.json()
    jsonschema.validate(found, json.loads((SCHEMAS / "verdict.json").read_text()))
    return found


def test_a_pull_request_is_compared_with_its_base_by_itself(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, PLAIN)
    base = git(repository, "rev-parse", "HEAD").out.strip()
    change(repository, {"flowgate.toml": '[lint]\nignore = ["FG301"]\n', "flow.py": TRAP})
    event = write(repository.parent / "event", {"e.json": json.dumps({"pull_request": {"base": {"sha": base}}})})
    ci = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event / "e.json")}
    assert gate(flowgate, repository).code == 0, "nobody asks"
    done = gate(flowgate, repository, **ci)
    assert done.code == 1 and [one["rule"] for one in answer(done)["findings"]] == ["FG404"], done
    queue = write(event, {"q.json": json.dumps({"merge_group": {"base_sha": base}})}) / "q.json"
    assert gate(flowgate, repository, GITHUB_EVENT_NAME="merge_group", GITHUB_EVENT_PATH=str(queue)).code == 1


def test_of_a_merge_with_the_base_the_first_parent_is_the_base(flowgate: Flowgate, repository: Path) -> None:
    """GitHub checks out the merge with the base of now; the event may still name the base of then."""
    committed(repository, {**PLAIN, "flowgate.toml": "[prove]\nworkers = 8\n"})
    then = git(repository, "rev-parse", "HEAD").out.strip()
    change(repository, {"flow.py": FLOW + "# a remark\n"})
    head = git(repository, "rev-parse", "HEAD").out.strip()
    git(repository, "checkout", "-q", "main")
    write(repository, {"flowgate.toml": "[prove]\nworkers = 4\n"})
    git(repository, "commit", "-q", "-a", "-m", "somebody agreed to fewer workers")
    git(repository, "merge", "-q", "--no-ff", "-m", "what CI checks out", "change")
    pull = {"pull_request": {"base": {"sha": then}, "head": {"sha": head}}}
    event = write(repository.parent / "event", {"e.json": json.dumps(pull)}) / "e.json"
    done = gate(flowgate, repository, GITHUB_EVENT_NAME="pull_request", GITHUB_EVENT_PATH=str(event))
    assert done.code == 0 and answer(done)["base"]["ref"] == "HEAD^1", done


@pytest.mark.parametrize("way", ["shallow", "unknown", "no git", "an option"])
def test_without_its_base_nothing_is_decided(
    way: str, flowgate: Flowgate, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp_path = tmp_path_factory.mktemp("elsewhere")
    committed(repository, PLAIN)
    base = git(repository, "rev-parse", "HEAD").out.strip()
    change(repository, {"flow.py": FLOW + "# a remark\n"})
    folder, ref, words = repository, "nowhere", "run `git fetch`"
    if way == "shallow":
        folder, ref, words = tmp_path / "clone", base, "fetch-depth: 0"
        git(tmp_path, "clone", "-q", "--depth", "1", repository.as_uri(), str(folder))
    elif way == "no git":
        folder = write(tmp_path / "plain", {"flow.py": FLOW})
        ref, words = "main", "no repository that git can read"
    elif way == "an option":
        ref = "--upload-pack=touch owned"
    summary = tmp_path / "summary.md"
    done = gate(flowgate, folder, f"--base-ref={ref}", "--summary", str(summary), GIT_CEILING_DIRECTORIES=str(tmp_path))
    found = answer(done)
    assert done.code == 3 and found["verdict"] == "inconclusive" and words in found["base"]["note"], done
    assert words.replace("`", "\\`") in summary.read_text() and not (folder / "owned").exists()
    assert found["flows"][0]["lint"] == "pass", "the rest is judged all the same"


def test_a_detached_head_and_odd_branches_are_compared(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, {**PLAIN, "flowgate.toml": "[prove]\nworkers = 8\n"})
    odd = 'it\'s-$(touch${IFS}owned)-%0A-"x"'
    git(repository, "branch", odd)
    change(repository, {"flowgate.toml": "[prove]\nworkers = 4\n"})
    git(repository, "checkout", "-q", "--detach")
    done = gate(flowgate, repository, "--base-ref", odd)
    assert done.code == 1 and answer(done)["base"]["ref"] == odd, done
    refused = flowgate(repository, "gate", "--base-ref", "no\n::error::such")
    assert "comparing with the base no\\n::error::such" in refused.err, (
        "in one line, and before anything takes its time"
    )
    told = flowgate(repository, "gate", "--base-ref", odd, "--format", "github").out
    assert "::error file=flowgate.toml" in told
    assert not (repository / "owned").exists()


def test_a_base_without_settings_asked_nothing(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, PLAIN)
    change(repository, {"flowgate.toml": "[prove]\nworkers = 32\n"})
    assert gate(flowgate, repository, "--base-ref", "main").code == 0


def test_a_base_whose_settings_cannot_be_read_blocks_until_somebody_agrees(
    flowgate: Flowgate, repository: Path
) -> None:
    committed(repository, {**PLAIN, "flowgate.toml": "[prove\n"})
    change(repository, {"flowgate.toml": "[prove]\nworkers = 8\n"})
    (found,) = answer(gate(flowgate, repository, "--base-ref", "main"))["findings"]
    assert found["rule"] == "FG404" and "cannot be read" in found["message"]
    assert flowgate(repository, "override", found["id"], "--reason", "it is mended", "--by", "Ada").code == 0
    assert gate(flowgate, repository, "--base-ref", "main").code == 0


def test_what_is_deleted_is_missed(flowgate: Flowgate, repository: Path) -> None:
    """The ledger: what it excused is open again. The settings: each of their claims is named. The flow: it is gone."""
    toml = '[flow."flow.py"]\nsources = ["notes.md"]\ndeterminism = "nondeterministic"\ndeterminism_reason = "gpu"\n'
    committed(repository, {**PLAIN, "flow.py": TRAP, "other.py": FLOW.replace("Noise", "Other"), "notes.md": "notes", "flowgate.toml": toml})  # fmt: skip
    (trap,) = (one for one in flowgate(repository, "lint", "--format", "json").json()["findings"] if one["severity"] == "error")  # fmt: skip
    assert flowgate(repository, "override", trap["id"], "--reason", "for now", "--by", "Ada").code == 0
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "an override")
    for name, words in ((".flowgate/ledger.yaml", "FG301"), ("flowgate.toml", "no review is asked of it"), ("flow.py", "NoiseFlow is gone")):  # fmt: skip
        git(repository, "checkout", "-q", "-f", "main")  # what lint remembers is in the commit, and changes
        git(repository, "branch", "-q", "-D", "change")
        gone = [name, "flowgate.toml"] if name == "flow.py" else [name]
        change(repository, dict.fromkeys(gone))
        done = gate(flowgate, repository, "--base-ref", "main")
        assert done.code == 1 and words in done.out, (name, done)


def test_the_policy_of_the_base_holds_where_it_is_asked_for(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, {**PLAIN, "flowgate.toml": "[prove]\nworkers = 4\n"})
    change(repository, {"flowgate.toml": '[lint]\nignore = ["FG301"]\n', "flow.py": TRAP})
    rules = {one["rule"] for one in answer(gate(flowgate, repository, "--base-ref", "main"))["findings"]}
    assert rules == {"FG404"}
    found = answer(gate(flowgate, repository, "--base-ref", "main", "--policy-from-base"))
    assert {one["rule"] for one in found["findings"]} == {"FG404", "FG301"}
    assert gate(flowgate, repository, "--policy-from-base").code == 2, "it needs a base"


SHARED = {
    "a/flow.py": "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))\nfrom shared import twice\n" + fan("twice(self.input)"),
    "b/flow.py": fan("self.input").replace("FanFlow", "OtherFlow"),
    "shared.py": "def twice(x):\n    return 2 * x\n",
    "train.csv": "1\n",
    "README.md": "read me\n",
    "unused.py": "x = 1\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "touched"),
    [
        ({"a/flow.py": SHARED["a/flow.py"] + "# more\n"}, {"a/flow.py"}),
        ({"shared.py": "def twice(x):\n    return x + x\n"}, {"a/flow.py"}),
        ({"README.md": "more\n"}, set()),
        ({"unused.py": "x = 2\n"}, set()),
        ({"img/test/photo.png": "2\n"}, {"a/flow.py", "b/flow.py"}),
        ({"docs/picture.png": "2\n"}, set()),
        ({"train.csv": "2\n"}, {"a/flow.py", "b/flow.py"}),
        ({"requirements.txt": "numpy==2\n"}, {"a/flow.py", "b/flow.py"}),
        ({"flowgate.toml": "[prove]\nworkers = 32\n"}, {"a/flow.py", "b/flow.py"}),
        ({"shared.py": None, "a/flow.py": SHARED["b/flow.py"]}, {"a/flow.py", "b/flow.py"}),
    ],
)
def test_only_what_the_change_touches_is_judged_where_that_is_asked_for(
    edit: Any, touched: set[str], flowgate: Flowgate, repository: Path
) -> None:
    committed(repository, SHARED)
    change(repository, edit)
    found = answer(gate(flowgate, repository, "--base-ref", "main", "--scope", "changed"))
    skipped = {one["path"] for one in found["flows"] if one["notes"]["lint"] == "not touched by the change"}
    assert {one["path"] for one in found["flows"]} - skipped == touched and found["verdict"] == "pass"


def test_overrides_that_a_change_brings_come_first(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, {**PLAIN, "flowgate.toml": "[prove]\nworkers = 8\n"})
    change(repository, {"flowgate.toml": "[prove]\nworkers = 4\n", "flow.py": TRAP})
    for found in answer(gate(flowgate, repository, "--base-ref", "main"))["findings"]:
        done = flowgate(repository, "override", found["id"], "--reason", f"agreed: {found['rule']}", "--by", "Ada")
        assert done.code == 0, done
    summary = repository.parent / "summary.md"
    done = flowgate(repository, "gate", "--base-ref", "main", "--summary", str(summary))
    assert done.code == 0 and done.out.startswith("ledger: new override FG301-"), done
    first = summary.read_text().split("###")[1]
    assert (
        first.startswith(" Overrides that this change brings") and "EPOCHS = 15" in first and "agreed: FG301" in first
    )
    brought = answer(gate(flowgate, repository, "--base-ref", "main"))["base"]["overrides"]
    assert [(one["change"], one["by"]) for one in brought] == [("new", "Ada"), ("new", "Ada")]
    told = flowgate(repository, "gate", "--base-ref", "main", "--format", "github").out
    assert told.startswith("::notice file=.flowgate/ledger.yaml,title=flowgate override::new override")
    listed = flowgate(repository, "override", "--list")
    assert listed.code == 0 and listed.out.count(": holds") == 2, listed


def test_a_change_cannot_make_itself_overridable(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, {**PLAIN, "flowgate.toml": '[ledger]\nnon_overridable = ["FG404", "FG301"]\n'})
    change(repository, {"flowgate.toml": "\n", "flow.py": TRAP})
    for found in answer(gate(flowgate, repository, "--base-ref", "main"))["findings"]:
        flowgate(repository, "override", found["id"], "--reason", "because", "--by", "Ada")
    found = answer(gate(flowgate, repository, "--base-ref", "main"))
    assert found["verdict"] == "blocked" and {one["state"] for one in found["findings"]} == {"open"}


def test_an_override_of_the_base_does_not_excuse_the_same_again(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, {**PLAIN, "flowgate.toml": "[prove]\nworkers = 8\n"})
    change(repository, {"flowgate.toml": "[prove]\nworkers = 4\n"})
    (found,) = answer(gate(flowgate, repository, "--base-ref", "main"))["findings"]
    assert flowgate(repository, "override", found["id"], "--reason", "a small machine", "--by", "Ada").code == 0
    assert gate(flowgate, repository, "--base-ref", "main").code == 0
    write(repository, {"flowgate.toml": "[prove]\nworkers = 8\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "the machine grew; the entry stayed")
    git(repository, "branch", "-q", "-f", "main")
    write(repository, {"flowgate.toml": "[prove]\nworkers = 4\n"})
    assert gate(flowgate, repository, "--base-ref", "main").code == 1


def test_it_is_started_from_anywhere(
    flowgate: Flowgate, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    committed(repository, {**PLAIN, "flowgate.toml": "[prove]\nworkers = 8\n"})
    change(repository, {"flowgate.toml": "[prove]\nworkers = 4\n"})
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = gate(flowgate, elsewhere, str(repository / "flow.py"), "--base-ref", "main")
    assert done.code == 1 and [one["rule"] for one in answer(done)["findings"]] == ["FG404"], done


def test_a_partial_clone_asks_for_what_it_lacks(
    flowgate: Flowgate, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    committed(repository, {**PLAIN, "flowgate.toml": "[prove]\nworkers = 8\n"})
    git(repository, "config", "uploadpack.allowFilter", "true")
    change(repository, {"flowgate.toml": "[prove]\nworkers = 4\n"})
    clone = tmp_path_factory.mktemp("partial") / "clone"
    done = git(repository, "clone", "-q", "--filter=blob:none", "--branch", "change", repository.as_uri(), str(clone))
    assert done.code == 0 and gate(flowgate, clone, "--base-ref", "origin/main").code == 1


def test_without_room_for_the_base_nothing_is_decided(
    flowgate: Flowgate, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(repository, PLAIN)
    monkeypatch.setattr("tempfile.tempdir", str(repository / "nowhere"))
    with pytest.raises(Inconclusive, match="cannot be laid out"), base_of(open_project(str(repository)), "main"):
        pass


def test_where_a_report_cannot_be_written_is_said_before_anything_runs(flowgate: Flowgate, repository: Path) -> None:
    write(repository, PLAIN)
    done = gate(flowgate, repository, "--html", "nowhere/report.html")
    assert done.code == 2 and "there is no such folder" in done.err and not done.out


def test_a_dropped_finding_of_a_review_is_missed(flowgate: Flowgate, repository: Path) -> None:
    """A record is text: what it held open cannot be edited away."""
    committed(repository, FILES)
    record = repository / ".flowgate/reviews/flow.noise_flow.NoiseFlow.yaml"
    packet = flowgate(repository, "review", "flow/noise_flow.py", "--packet").out
    subject = "sha256:" + packet.partition("sha256:")[2][:64]
    quotes = [{"path": "flow/noise_flow.py", "text": "self.value = self.input * 2"}, {"path": "docs/investigation.md", "text": "Two parts in three."}]  # fmt: skip
    answers = [{"trap": f"FR10{n}", "answer": "finding" if n == 3 else "clear", "reason": "it departs", "quotes": quotes} for n in range(1, 6)]  # fmt: skip
    review = {"schema": "flowgate/review/v1", "flow": "flow/noise_flow.py", "subject": subject, "answers": answers}
    done = flowgate(repository, "review", "flow/noise_flow.py", "--import", "-", given=json.dumps(review))
    assert done.code == 1, done
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "a review")
    text = record.read_text()
    git(repository, "checkout", "-q", "-b", "change")
    for edit, words in (({"findings": []}, "is in the record no more"), ({"state": "resolved"}, "still stands")):
        held = yaml.safe_load(text)
        held["findings"] = edit.get("findings", [one | edit for one in held["findings"]])
        record.write_text(yaml.safe_dump(held))
        said = [one["message"] for one in weaknesses(verdict(flowgate, repository, "flow/noise_flow.py"))]
        assert len(said) == 1 and words in said[0], said
    for name in ("flow/noise_flow.py", record.relative_to(repository)):
        path = repository / name
        path.write_text(path.read_text().replace("NoiseFlow", "NoisyFlow"))
    record.rename(record.with_name("flow.noise_flow.NoisyFlow.yaml"))
    renamed = weaknesses(verdict(flowgate, repository, "flow/noise_flow.py"))
    assert any("still stands" in one["message"] for one in renamed), "another name for the class drops nothing"


def test_a_committed_receipt_blocks_without_a_base_too(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, {"flow.py": FLOW, ".flowgate/cache/proofs/flow.NoiseFlow/receipt.json": "{}"})
    (found,) = answer(gate(flowgate, repository))["findings"]
    assert found["rule"] == "FG404" and "is committed" in found["message"]


def test_paths_are_from_the_top_for_github_where_the_project_is_a_folder(flowgate: Flowgate, repository: Path) -> None:
    committed(repository, {"ml/flow.py": TRAP, "ml/flowgate.toml": "\n", "README.md": "top"})
    told = flowgate(repository / "ml", "gate", "--format", "github", "--sarif", str(repository / "s.sarif"))
    assert "::error file=ml/flow.py,line=" in told.out
    (result,) = (one for one in json.loads((repository / "s.sarif").read_text())["runs"][0]["results"] if one["ruleId"] == "FG301")  # fmt: skip
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "ml/flow.py"


def test_a_repository_of_which_git_tells_nothing_is_still_judged(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": FLOW, "bin/git": "#!/bin/sh\nexit 1\n"})
    (tmp_path / "bin" / "git").chmod(0o755)
    assert flowgate(tmp_path, "gate", PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin").code == 0


def test_a_gate_in_another_ci_says_that_it_was_given_no_base(tmp_path: Path, flowgate: Flowgate) -> None:
    write(tmp_path, {"flow.py": fan("self.input")})
    told = flowgate(tmp_path, "gate", CI="true")
    assert told.code == 0 and "no base was named" in told.out and "--base-ref" in told.out, told
    assert "no base" not in flowgate(tmp_path, "gate").out, "at a desk there is none"
    assert "no base" not in flowgate(tmp_path, "gate", CI="true", GITHUB_ACTIONS="true").out, "GitHub states one"
