"""Which files count, for flowgate and for the probe, which has the same rule without an import of flowgate."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowgate.prove.environment import PROBE
from flowgate.prove.reach import reach_of

COUNT = ["/project/data.csv", "/data/table.parquet", "/home/ada/.cache/model", "/opt/data/x", "/tmp/x", "/dev/shm/x"]
DO_NOT = [
    "/usr/share/zoneinfo/UTC",
    "/etc/hosts",
    "/dev/null",
    "/proc/self/stat",
    "/project/.git/config",
    "/project/.flowgate/ledger.yaml",
    "/data/venv/lib/python3.11/site-packages/numpy/x.so",
    "/home/ada/.gitconfig",
]
NOT_UNSEALED = {"/data/table.parquet", "/home/ada/.cache/model", "/opt/data/x"}


@pytest.mark.parametrize("is_sealed", [True, False])
def test_the_probe_and_flowgate_agree_on_what_counts(is_sealed: bool) -> None:
    reach = reach_of("/project", is_sealed, sys.executable)
    program = "import json, sys; from flowgate_probe.paths import is_shared; print(json.dumps([*map(is_shared, sys.argv[1:])]))"
    environ = os.environ | {"PYTHONPATH": PROBE, "FLOWGATE_PROBE_REACH": reach.as_variable()}
    for unset in ("FLOWGATE_PROBE_ROOT", "FLOWGATE_PROBE_FOLDER"):
        environ.pop(unset, None)
    said = subprocess.check_output([sys.executable, "-c", program, *COUNT, *DO_NOT], env=environ, text=True)
    expected = {path: is_sealed or path not in NOT_UNSEALED for path in COUNT} | dict.fromkeys(DO_NOT, False)
    assert {path: reach.holds(path) for path in expected} == expected
    assert dict(zip(expected, json.loads(said), strict=True)) == expected


def test_the_folders_of_an_interpreter_count_by_its_version_unless_the_project_lies_in_them(tmp_path: Path) -> None:
    (tmp_path / "env/bin").mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "env/bin/python").symlink_to(os.path.realpath(sys.executable))
    python, held = str(tmp_path / "env/bin/python"), str(tmp_path / "env/bin/tool")
    assert not reach_of(str(tmp_path / "project"), True, python).holds(held)
    assert reach_of(str(tmp_path / "env/project"), True, python).holds(held)
    assert not reach_of("/project", True, python).holds(os.path.realpath(sys.executable))
