"""ruff beside the rules: its findings under its own codes, and its absence an error."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.conftest import Flowgate, write

FLOW = """
import numpy as np
from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        {body}
        self.next(self.end)

    @step
    def end(self):
        print(self.x)
"""


def codes(flowgate: Flowgate, folder: Path, body: str) -> dict[str, str]:
    write(folder, {"flow.py": FLOW.format(body=body)})
    found = flowgate(folder, "lint", "--format", "json").json()["findings"]
    return {one["rule"]: one["severity"] for one in found if not one["rule"].startswith("FG")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("self.x = undefined_name", {"F821": "error"}),
        ("np.random.seed(0); self.x = np.random.rand()", {"NPY002": "warning"}),
        ("self.x = [lambda: i for i in range(3)]", {"B023": "warning"}),
        (
            "def keep(rows=[]):\n            rows.append(1)\n            return rows\n        self.x = keep()",
            {"B006": "warning"},
        ),
        ("import numpy as np; self.x = np.ones(3)", {}),
        ("self.x = undefined_name  # noqa: F821", {}),
    ],
)
def test_what_ruff_knows_of_a_flow(flowgate: Flowgate, repository: Path, body: str, expected: dict[str, str]) -> None:
    assert codes(flowgate, repository, body) == expected


def test_the_project_s_own_ruff_settings_change_nothing(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"ruff.toml": 'lint.select = ["ALL"]\nlint.ignore = ["F821"]\nexclude = ["*.py"]\n'})
    assert codes(flowgate, repository, "self.x = undefined_name") == {"F821": "error"}


def test_the_selection_is_a_setting(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flowgate.toml": '[lint]\nruff = ["T201"]\n'})
    assert codes(flowgate, repository, "self.x = undefined_name") == {"T201": "warning"}
    write(repository, {"flowgate.toml": "[lint]\nruff = []\n"})
    assert codes(flowgate, repository, "self.x = undefined_name") == {}


def test_a_rule_that_ruff_does_not_know_is_no_pass(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flowgate.toml": '[lint]\nruff = ["NOPE1"]\n', "flow.py": FLOW.format(body="self.x = 1")})
    done = flowgate(repository, "lint")
    assert done.code == 3 and "NOPE1" in done.err


def test_a_finding_of_ruff_can_be_accepted(flowgate: Flowgate, repository: Path) -> None:
    write(repository, {"flow.py": FLOW.format(body="self.x = injected")})
    (found,) = flowgate(repository, "lint", "--format", "json").json()["findings"]
    assert flowgate(repository, "lint").code == 1
    given = flowgate(repository, "override", found["id"], "--reason", "a notebook defines it", "--by", "Ada")
    assert given.code == 0, given
    assert flowgate(repository, "lint").code == 0


def test_a_missing_ruff_is_an_error(repository: Path, tmp_path: Path) -> None:
    """An interpreter without ruff beside it and none on the path, remembered answers or not."""
    import subprocess

    write(repository, {"flow.py": FLOW.format(body="self.x = 1")})
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    code = (
        "import sys, sysconfig; sys.executable = '/nowhere/python'; sysconfig.get_path = lambda _: '/nowhere'; "
        "sys.argv = ['flowgate', 'lint']; from flowgate.cli import main; main()"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=repository,
            env=os.environ | {"PATH": "/usr/bin-without-ruff"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2 and "ruff is not installed" in done.stderr, done
