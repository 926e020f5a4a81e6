"""The life of an override, as people live it: accepted, moved, reformatted, renamed with git, changed, renewed, pruned."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest

from tests.conftest import Flowgate, git, write
from tests.functional.flows import fan
from tests.review.investigation import FINDING, FLOW, dump, investigation, review

TWO = "EPOCHS = 15\nHIDDEN = 64\n\ndef grow(value):\n    return value * HIDDEN\n"
FLOW_TEXT = fan("grow(self.input) * EPOCHS", before=TWO)


@pytest.fixture
def accepted(repository: Path, flowgate: Flowgate) -> Path:
    """A repository in which two constants are accepted, and everything is committed."""
    write(repository, {"flow.py": FLOW_TEXT})
    for found in open_errors(flowgate, repository):
        assert flowgate(repository, "override", found, "--reason", "fixed by the protocol", "--by", "Ada").code == 0
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "accepted")
    assert states(flowgate, repository) == {"overridden": 2}
    return repository


def open_errors(flowgate: Flowgate, folder: Path) -> list[str]:
    found = flowgate(folder, "lint", "--format", "json").json()["findings"]
    return [one["id"] for one in found if one["severity"] == "error" and one["state"] != "overridden"]


def states(flowgate: Flowgate, folder: Path) -> dict[str, int]:
    found = flowgate(folder, "lint", "--format", "json", "--no-cache").json()["findings"]
    listed = [one["state"] for one in found if one["severity"] == "error"]
    return {state: listed.count(state) for state in listed}


MOVES = {
    "lines added above": lambda text: "# a note\n\n\n" + text,
    "reformatted": lambda text: text.replace("EPOCHS = 15", "EPOCHS   =  15   # rounds"),
    "moved below the other": lambda text: text.replace("EPOCHS = 15\nHIDDEN = 64\n", "HIDDEN = 64\nEPOCHS = 15\n"),
    "a comment beside it": lambda text: text.replace("HIDDEN = 64", "HIDDEN = 64  # units"),
    "an unrelated step grows": lambda text: text.replace("self.scaled = ", "self.note = 'a'\n        self.scaled = "),
}


@pytest.mark.parametrize("change", MOVES)
def test_what_changes_nothing_keeps_every_override(change: str, accepted: Path, flowgate: Flowgate) -> None:
    write(accepted, {"flow.py": MOVES[change](FLOW_TEXT)})
    assert states(flowgate, accepted) == {"overridden": 2}


def test_a_file_renamed_with_git_keeps_every_override(accepted: Path, flowgate: Flowgate) -> None:
    git(accepted, "mv", "flow.py", "fan_flow.py")
    assert states(flowgate, accepted) == {"overridden": 2}
    named = flowgate(accepted, "lint", "fan_flow.py")
    assert named.code == 0, "also where a hook names the file"


def test_code_that_moves_to_a_module_keeps_every_override(accepted: Path, flowgate: Flowgate) -> None:
    write(accepted, {"parts.py": TWO, "flow.py": FLOW_TEXT.replace(TWO, "from parts import EPOCHS, HIDDEN, grow\n")})
    assert states(flowgate, accepted) == {"overridden": 2}


def test_changing_one_makes_exactly_that_one_stale(accepted: Path, flowgate: Flowgate) -> None:
    write(accepted, {"flow.py": FLOW_TEXT.replace("HIDDEN = 64", "HIDDEN = 65")})
    assert states(flowgate, accepted) == {"overridden": 1, "stale-override": 1}
    done = flowgate(accepted, "lint")
    assert done.code == 1 and "excused code changed" in done.out


def test_an_entry_is_renewed_and_said_to_expire_soon(accepted: Path, flowgate: Flowgate) -> None:
    found = flowgate(accepted, "lint", "--format", "json").json()["findings"]
    name = next(one["id"] for one in found if one["state"] == "overridden")
    assert flowgate(accepted, "override", "--renew", name, "--expires", "3d").code == 0
    day = datetime.date.today() + datetime.timedelta(days=3)
    assert f"expires: {day}" in (accepted / ".flowgate/ledger.yaml").read_text()
    listed = flowgate(accepted, "override", "--list").out
    assert f"{name}  flow.py: expires soon, until {day}" in listed and "fixed by the protocol (Ada)" in listed
    assert "expires soon" in flowgate(accepted, "lint").out
    assert flowgate(accepted, "override", "--renew", name, "--expires", "never").code == 0
    assert "expires:" not in (accepted / ".flowgate/ledger.yaml").read_text().replace("expires: null", "")


def test_pruning_shows_the_difference_first(accepted: Path, flowgate: Flowgate) -> None:
    ledger = accepted / ".flowgate/ledger.yaml"
    with ledger.open("a") as file:
        file.write("# kept by hand\n")
    before = ledger.read_text()
    write(accepted, {"flow.py": FLOW_TEXT.replace("EPOCHS = 15\n", "").replace(" * EPOCHS", "")})
    shown = flowgate(accepted, "override", "--prune", given="")
    assert shown.code == 0 and "-  - finding: FG301" in shown.out and "--yes" in shown.out
    assert ledger.read_text() == before
    assert flowgate(accepted, "override", "--prune", "--yes").code == 0
    assert ledger.read_text().count("finding:") == 1 and "# kept by hand" in ledger.read_text()
    assert "nothing to prune" in flowgate(accepted, "override", "--prune").out


def test_a_rule_that_cannot_be_overridden_is_refused(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"flow.py": FLOW_TEXT, "flowgate.toml": '[ledger]\nnon_overridable = ["FG301"]\n'})
    name = open_errors(flowgate, repository)[0]
    done = flowgate(repository, "override", name, "--reason", "please", "--by", "Ada")
    assert done.code == 2 and "non_overridable" in done.err


def test_a_second_person_can_be_asked_for(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"flow.py": FLOW_TEXT, "flowgate.toml": "[ledger]\nrequire_approver = true\n"})
    for name in open_errors(flowgate, repository):
        assert flowgate(repository, "override", name, "--reason", "fixed", "--by", "Ada").code == 0
    done = flowgate(repository, "lint")
    assert done.code == 1 and "not approved" in done.out
    for entry in re.findall(r"finding: (\S+)", (repository / ".flowgate/ledger.yaml").read_text()):
        assert flowgate(repository, "override", "--renew", entry, "--approved-by", "Grace").code == 0
    assert flowgate(repository, "lint").code == 0


def test_status_says_what_to_do_in_each_layer(tmp_path: Path, flowgate: Flowgate) -> None:
    investigation(tmp_path)
    with (tmp_path / "flowgate.toml").open("a") as file:
        file.write('determinism = "order_independent"\nsurface = ["share"]\n')
    done = flowgate(tmp_path, "status")
    assert done.code == 1 and re.search(r"noise_flow\.py NoiseFlow\s+pass\s+blocked\s+inconclusive", done.out), done
    assert f"`flowgate review {FLOW}`" in done.out and f"`flowgate prove {FLOW}`" in done.out
    document = flowgate(tmp_path, "status", "--format", "json").json()
    (flow,) = document["flows"]
    assert document["schema"] == "flowgate/verdict/v1" and document["verdict"] == "blocked"
    assert (flow["lint"], flow["review"], flow["prove"]) == ("pass", "blocked", "inconclusive")
    assert not (tmp_path / ".flowgate" / "reviews").exists(), "nothing was asked and nothing ran"


def test_a_finding_is_explained_with_its_quotes_side_by_side(tmp_path: Path, flowgate: Flowgate) -> None:
    investigation(tmp_path)
    packet = flowgate(tmp_path, "review", "--packet").out
    flowgate(tmp_path, "review", "--import", "-", given=dump(review(packet, FINDING)))
    name = re.search(r"FR103-[0-9a-f]{8}", (tmp_path / ".flowgate/reviews/flow.noise_flow.NoiseFlow.yaml").read_text())
    assert name is not None
    wide = flowgate(tmp_path, "explain", name[0], COLUMNS="160")
    assert wide.code == 0 and re.search(r"self\.share = sum.*\| +Noise is fixed at 0\.3\.|self\.share = sum", wide.out)
    assert re.search(r"flow/noise_flow\.py:19 +\| docs/investigation\.md:3", wide.out), wide.out
    narrow = flowgate(tmp_path, "explain", name[0], COLUMNS="60").out
    assert "docs/investigation.md:3\n" in narrow and " | " not in narrow
    gone = flowgate(tmp_path, "explain", "FR103-00000000")
    assert gone.code == 0 and "there is no finding" in gone.err and "axes-matching" in gone.out


def test_an_override_of_a_review_s_finding_survives_another_layout(tmp_path: Path, flowgate: Flowgate) -> None:
    investigation(tmp_path)
    packet = flowgate(tmp_path, "review", "--packet").out
    flowgate(tmp_path, "review", "--import", "-", given=dump(review(packet, FINDING)))
    (found,) = flowgate(tmp_path, "gate", "--format", "json").json()["findings"]
    assert flowgate(tmp_path, "override", found["id"], "--reason", "agreed", "--by", "Ada").code == 0
    text = (tmp_path / FLOW).read_text()
    spread = text.replace(
        "self.share = sum(x > 0.5 for x in self.data) / len(self.data)",
        "self.share = (\n            sum(x > 0.5 for x in self.data)  # above\n            / len(self.data)\n        )",
    )
    assert spread != text
    write(tmp_path, {FLOW: "# moved down\n" + spread})
    fresh = flowgate(tmp_path, "review", "--packet").out
    quotes = [
        {"path": FLOW, "text": "self.share = (\nsum(x > 0.5 for x in self.data)  # above\n/ len(self.data)\n)"},
        FINDING["quotes"][1],
    ]
    done = flowgate(tmp_path, "review", "--import", "-", given=json.dumps(review(fresh, FINDING | {"quotes": quotes})))
    assert done.code == 0, done
    (again,) = flowgate(tmp_path, "gate", "--format", "json").json()["findings"]
    assert (again["id"], again["state"]) == (found["id"], "overridden")
