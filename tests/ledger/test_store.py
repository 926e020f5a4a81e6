"""The ledger file: strict to read, append-only to write, nothing lost."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgate.errors import FlowgateError
from flowgate.ledger.store import Entry, append, parse, read
from flowgate.ledger.store import _grown as grown
from flowgate.project import open_project
from tests.conftest import write

ENTRY = Entry("FG301-3f9a1c2b", "flow/a.py", "a stopgap", "Ada <ada@example.org>", "sha256:" + "0" * 64)
COMMENTED = """\
# kept by the team
version: 1
overrides:
  # the first one
  - finding: FG102-00000000
    flow: flow/b.py   # moved twice
    reason: "quoted: with a colon"
    by: Bob
    excuses: sha256:00
    expires: 2027-02-01
"""


def test_an_append_leaves_every_byte_before_it(tmp_path: Path) -> None:
    write(tmp_path, {".flowgate/ledger.yaml": COMMENTED})
    append(open_project(str(tmp_path)), ENTRY)
    text = (tmp_path / ".flowgate/ledger.yaml").read_text()
    assert text.startswith(COMMENTED)
    entries = read(open_project(str(tmp_path)))
    assert entries[1] == ENTRY and entries[0].expires == datetime.date(2027, 2, 1)


@pytest.mark.parametrize(
    "start",
    [
        "version: 1\noverrides: []\n",
        "version: 1\noverrides:\n",
        "version: 1\noverrides: []  # none yet",
        "version: 1\r\noverrides:\r\n",
        "version: 1\noverrides:\n- finding: FG102-00000000\n  flow: b.py\n  reason: r\n  by: b\n  excuses: x\n",
        COMMENTED.rstrip("\n"),
    ],
)
def test_it_appends_to_whatever_layout_a_person_leaves(start: str) -> None:
    text = grown(start, ENTRY)
    assert parse(text)[-1] == ENTRY
    assert len(parse(text)) == len(parse(start)) + 1
    assert ("\r\n" in text) == ("\r\n" in start)


@given(st.text(min_size=1).filter(str.strip), st.text(), st.dates())
def test_any_reason_and_name_survive_a_round_trip(reason: str, by: str, expires: datetime.date) -> None:
    entry = Entry("FG301-3f9a1c2b", "flow/a b.py", reason, by, "sha256:0", expires)
    assert parse(grown("version: 1\noverrides:\n", entry)) == [entry]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "version: 1\noverrides:\n  - finding: FG301-3f9a1c2b\n    who: me\n",
            "override number 1.*unknown field `who`",
        ),
        ("version: 1\nextra: 1\noverrides: []\n", "unknown field `extra`"),
        ("version: 2\noverrides: []\n", "version 2"),
        ("version: 1\noverrides: []\n<<<<<<< HEAD\n", "ledger.yaml:3 holds a merge conflict"),
        (COMMENTED + COMMENTED.split("overrides:\n")[1], "excused twice"),
        (COMMENTED.replace("FG102-00000000", "FG102"), "no finding's id"),
        (COMMENTED.replace('"quoted: with a colon"', "''"), "no reason"),
        ("version: 1\nversion: 1\noverrides: []\n", "key 'version' twice"),
        ("version: 1\noverrides: [&a {}, *a]\n", "uses an anchor of YAML"),
        ("version: 1\n\toverrides: []\n", "not valid YAML"),
        ("- 1\n", "Expected `object`"),
        ("", "Expected `object`"),
    ],
)
def test_what_is_no_ledger_is_an_error(text: str, words: str, tmp_path: Path) -> None:
    write(tmp_path, {".flowgate/ledger.yaml": text})
    with pytest.raises(FlowgateError, match=words) as error:
        read(open_project(str(tmp_path)))
    assert error.value.exit_code == 2
    if "merge" not in words:
        with pytest.raises(FlowgateError):
            append(open_project(str(tmp_path)), ENTRY)
        assert (tmp_path / ".flowgate/ledger.yaml").read_text() == text


def test_a_ledger_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".flowgate").mkdir()
    (tmp_path / ".flowgate/ledger.yaml").write_bytes(b"version: 1\n# \xff\n")
    with pytest.raises(FlowgateError, match="not UTF-8"):
        read(open_project(str(tmp_path)))


def test_the_same_finding_is_not_excused_twice(tmp_path: Path) -> None:
    append(open_project(str(tmp_path)), ENTRY)
    with pytest.raises(FlowgateError, match="already"):
        append(open_project(str(tmp_path)), ENTRY)


_ADD = """
import sys
from flowgate.ledger.store import Entry, append
from flowgate.project import open_project
n = int(sys.argv[1])
append(open_project("."), Entry(f"FG301-{n:08x}", "a.py", f"reason {n}", "Ada", "sha256:0"))
"""


def test_many_people_at_once_lose_nothing(tmp_path: Path) -> None:
    write(tmp_path, {".flowgate/ledger.yaml": COMMENTED})
    started = [subprocess.Popen([sys.executable, "-c", _ADD, str(n)], cwd=tmp_path) for n in range(1, 51)]
    assert [process.wait() for process in started] == [0] * 50
    entries = read(open_project(str(tmp_path)))
    assert {entry.finding for entry in entries[1:]} == {f"FG301-{n:08x}" for n in range(1, 51)}
    assert (tmp_path / ".flowgate/ledger.yaml").read_text().startswith(COMMENTED)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".flowgate").write_text("in the way")
    with pytest.raises(FlowgateError, match="cannot be"):
        append(open_project(str(tmp_path)), ENTRY)


_WRITE = """
import itertools
from flowgate.files import write_whole
for n in itertools.count():
    write_whole(".flowgate/kept.yaml", f"{n}\\n" * 20000, "kept.yaml")
"""


def test_a_write_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    kept = tmp_path / ".flowgate" / "kept.yaml"
    for turn in range(8):
        process = subprocess.Popen([sys.executable, "-c", _WRITE], cwd=tmp_path)
        while not kept.exists():
            assert process.poll() is None
        time.sleep(0.02 + turn * 0.013)
        process.kill()
        process.wait()
        lines = kept.read_text().splitlines()
        assert len(lines) == 20000 and len(set(lines)) == 1
    assert sorted(path.name for path in kept.parent.iterdir()) == ["cache", "kept.yaml"], "git sees no scrap"


def test_a_ledger_of_a_newer_version_says_so() -> None:
    with pytest.raises(FlowgateError, match="a newer flowgate wrote it"):
        parse("version: 2\noverrides: []\n")
