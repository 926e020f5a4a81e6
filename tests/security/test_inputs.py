"""A receipt that holds is right: whatever an arm could have read is part of it, however it was read."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Flowgate, git, write
from tests.security.flows import LINE, proof, repository

pytestmark = pytest.mark.slow

# A flow that reads in every way there is; what it reads is told by nothing but its files and variables.
READS = """
import ctypes, glob, importlib, sqlite3
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from metaflow import Config

HERE = Path(__file__).resolve().parent


def by_c(path):
    library, held = ctypes.CDLL(None), ctypes.create_string_buffer(1000)
    return library.read(library.open(os.fsencode(path), os.O_RDONLY), held, 1000)


def length(path):
    return len(Path(path).read_text())


def work():
    os.chdir(HERE)
    with ProcessPoolExecutor(1) as pool:
        in_pool = list(pool.map(length, ["pooled.txt"]))
    rows = sqlite3.connect("table.db").execute("select count(*) from things").fetchone()[0]
    return [
        by_c(HERE / "weights.bin"),
        subprocess.check_output(["sh", "-c", "cat prompts/*.md | wc -c"]).decode().strip(),
        subprocess.check_output(["sh", "-c", "cat plugins/two.py"]).decode() if importlib.import_module("plugins.two") else 0,
        in_pool,
        rows,
        sorted(glob.glob("data/*.csv")),
        os.path.exists("flag"),
        Path("ignored/cache.json").read_text(),
        importlib.import_module("plugins.one").VALUE,
        os.environ.get("SCALE", "1"),
        "SWITCH" in os.environ,
        os.readlink("latest"),
    ]
"""
FILES = {
    ".gitignore": ".metaflow\nignored\n*.pyc\n",
    "weights.bin": "0" * 100,
    "prompts/a.md": "Be brief.\n",
    "pooled.txt": "four",
    "data/a.csv": "1\n",
    "plugins/__init__.py": "",
    "plugins/one.py": "VALUE = 1\n",
    "plugins/two.py": "# one\n",
    "notes/readme.txt": "nobody reads it\n",
    "docs/page.md": "nobody reads it either\n",
}


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import run

    folder = tmp_path_factory.mktemp("inputs")
    (folder / "ignored").mkdir()
    (folder / "ignored/cache.json").write_text("{}")
    database(folder)
    (folder / "latest").symlink_to("data/a.csv")
    repository(folder, LINE.format(before=READS), FILES, more='inputs_exclude = ["docs/**"]')
    made = proof(lambda at, *given, **extra: run(command(given), at, **extra), folder)
    assert made["verdict"] == "pass", made
    return folder


def command(given: tuple[str, ...]) -> list[str]:
    import sys

    return [sys.executable, "-I", "-m", "flowgate", *given]


def database(folder: Path) -> None:
    with sqlite3.connect(folder / "table.db") as held:
        held.execute("create table if not exists things (name text)")
        held.execute("insert into things values ('one')")
    held.close()


def state(flowgate: Flowgate, folder: Path, **variables: str) -> str:
    """How the proof stands by what is on record: whether its conclusions are still the proven ones."""
    done = flowgate(folder, "results", "flow.py", "--format", "json", **variables)
    assert done.code == 0 or "since it was proven" in done.err or "changed" in done.err, done
    return "pass" if done.code == 0 else "stale"


def edit(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        write(folder, {name: text})

    return change


def relink(folder: Path) -> None:
    (folder / "latest").unlink()
    (folder / "latest").symlink_to("data")


def same_size_and_time(folder: Path) -> None:
    """Another content under the size and the time that the file had."""
    path = folder / "weights.bin"
    held = path.stat()
    path.write_text("1" * 100)
    os.utime(path, ns=(held.st_atime_ns, held.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], None]] = {
    "a file that C code reads": edit("weights.bin", "0" * 99),
    "the same by size and time": same_size_and_time,
    "a file that a shell reads": edit("prompts/a.md", "Be long.\n"),
    "a new file in a folder that a shell lists": edit("prompts/b.md", "Be kind.\n"),
    "a file that the worker of a pool reads": edit("pooled.txt", "seven"),
    "a database": database,
    "a new file that a glob finds": edit("data/b.csv", "2\n"),
    "a file that was looked for": edit("flag", ""),
    "a comment that a shell reads": edit("plugins/two.py", "# two\n"),
    "a file that git ignores": edit("ignored/cache.json", "[]"),
    "a plug-in that is imported by name": edit("plugins/one.py", "VALUE = 2\n"),
    "a file that nobody was seen to read": edit("notes/readme.txt", "who knows\n"),
    "a file that is gone": lambda folder: (folder / "notes/readme.txt").unlink(),
    "where a link leads": relink,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_input_makes_the_receipt_stale(change: str, proven: Path, flowgate: Flowgate) -> None:
    assert state(flowgate, proven) == "pass"
    ignored = (proven / "ignored/cache.json").read_text()
    CHANGES[change](proven)
    assert state(flowgate, proven) == "stale", f"the receipt outlived {change}"
    git(proven, "checkout", "-q", "--", ".")
    git(proven, "clean", "-qfd", "-e", ".flowgate")
    (proven / "ignored/cache.json").write_text(ignored)
    assert state(flowgate, proven) == "pass"


@pytest.mark.parametrize(
    "variables",
    [{"SCALE": "2"}, {"SWITCH": ""}, {"METAFLOW_FLOW_CONFIG_VALUE": '[["cfg", "{}"]]'}],
    ids=["read", "looked for", "of Metaflow"],
)
def test_a_changed_variable_makes_the_receipt_stale(
    variables: dict[str, str], proven: Path, flowgate: Flowgate
) -> None:
    assert state(flowgate, proven, **variables) == "stale"
    assert state(flowgate, proven, UNRELATED="yes") == "pass"


@pytest.mark.parametrize(
    "change",
    [
        edit("docs/page.md", "excluded in writing\n"),
        edit("plugins/__pycache__/one.pyc", "compiled\n"),
        lambda folder: (folder / "flow.py").write_text((folder / "flow.py").read_text() + "# a comment\n"),
        lambda folder: os.utime(folder / "weights.bin", (time.time(), time.time())),
    ],
    ids=["excluded", "ignored", "a comment", "touched"],
)
def test_what_cannot_matter_costs_no_new_proof(
    change: Callable[[Path], None], proven: Path, flowgate: Flowgate
) -> None:
    change(proven)
    assert state(flowgate, proven) == "pass"
    git(proven, "checkout", "-q", "--", ".")


def test_a_file_that_changes_while_the_arms_run_makes_it_inconclusive(tmp_path: Path, flowgate: Flowgate) -> None:
    """The flow itself cannot do it, so the launcher does, which stands for an editor."""
    before = "def work():\n    return open(os.path.join(os.path.dirname(__file__), 'data.txt')).read() and 1\n"
    folder = repository(tmp_path / "project", LINE.format(before=before), {"data.txt": "a"})
    (folder / "late.txt").write_text("before")
    import subprocess
    import sys

    from tests.conftest import environment

    process = subprocess.Popen(
        command(("prove", "flow.py", "--format", "json")),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    until = time.monotonic() + 300
    while not list(folder.glob(".flowgate/cache/proofs/*/run-*/*/records")) and time.monotonic() < until:
        time.sleep(0.05)
    (folder / "late.txt").write_text("after")
    out, _ = process.communicate()
    assert process.returncode == 3 and "late.txt changed while the arms ran" in out, (sys.executable, out)


OUTSIDE = """
import ctypes

OUT = {outside!r}


def by_c(path):
    library, held = ctypes.CDLL(None), ctypes.create_string_buffer(1000)
    return library.read(library.open(os.fsencode(path), os.O_RDONLY), held, 1000)


def by_mapping(path):
    import mmap
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as held:
        return len(held)


def work():
    shell = lambda command: subprocess.check_output(["sh", "-c", command], cwd=OUT).decode().split()
    return [by_c(OUT + "/weights.bin"), shell("cat prompt.md"), shell("ls data"), by_mapping(OUT + "/mapped.bin")]
"""
OUTSIDE_FILES = {"weights.bin": "000", "prompt.md": "Be brief.", "data/a.csv": "1", "mapped.bin": "00", "other.txt": ""}
OUTSIDE_CHANGES = {
    "a file that C code reads": ("weights.bin", True),
    "a file that a shell reads": ("prompt.md", True),
    "a new file in a folder that a shell lists": ("data/b.csv", True),
    "a file that is mapped": ("mapped.bin", True),
    "a file that nobody reads": ("other.txt", False),
    "the content of a file whose name alone is listed": ("data/a.csv", False),
}


@pytest.fixture(scope="module")
def looking_outside(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A flow that is proven, whose inputs lie outside of its project, and the folder of those."""
    from tests.conftest import run

    folder, outside = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("elsewhere")
    write(outside, OUTSIDE_FILES)
    repository(folder, LINE.format(before=OUTSIDE.format(outside=str(outside))))
    made = proof(lambda at, *given, **extra: run(command(given), at, **extra), folder)
    assert made["verdict"] == "pass", made
    if made["reads"] != "kernel":
        pytest.skip("the kernel lets nobody here watch what programs open")
    return folder, outside


@pytest.mark.parametrize("change", OUTSIDE_CHANGES)
def test_what_any_program_reads_outside_of_the_project_is_part_of_the_receipt(
    change: str, looking_outside: tuple[Path, Path], flowgate: Flowgate
) -> None:
    folder, outside = looking_outside
    name, matters = OUTSIDE_CHANGES[change]
    held = (outside / name).read_text() if (outside / name).exists() else None
    assert state(flowgate, folder) == "pass"
    (outside / name).write_text("another")
    assert state(flowgate, folder) == ("stale" if matters else "pass")
    (outside / name).unlink()
    if held is not None:
        (outside / name).write_text(held)
    assert state(flowgate, folder) == "pass"


# Ways to ask for a variable that name it to nobody who listens.
ASKS = {
    "a child": "subprocess.check_output(['sh', '-c', 'echo $SCALE']).decode()",
    "C code": "__import__('ctypes').CDLL(None).getenv(b'SCALE') and 1",
    "a scan": "sorted(name for name in os.environ if name.startswith('SCA'))",
    "bytes": "os.environb.get(b'SCALE')",
    "the kernel's copy": "open('/proc/self/environ').read().count('SCALE')",
    "a resolver": "__import__('omegaconf').OmegaConf.create({'a': '${oc.env:SCALE,1}'}).a",
}


@pytest.mark.parametrize("way", ASKS)
def test_a_variable_that_is_asked_for_in_another_way_is_part_of_the_receipt(
    way: str, tmp_path: Path, flowgate: Flowgate
) -> None:
    repository(tmp_path, LINE.format(before=f"def work():\n    return {ASKS[way]}\n"))
    assert proof(flowgate, tmp_path)["verdict"] == "pass"
    assert state(flowgate, tmp_path) == "pass"
    assert state(flowgate, tmp_path, SCALE="2") == "stale"
    assert state(flowgate, tmp_path, TMUX="another terminal", COLUMNS="41") == "pass"
    if way not in ("a scan", "the kernel's copy"):
        assert state(flowgate, tmp_path, UNRELATED="yes") == "pass"


ASKED = """
import importlib.util
import sqlite3
from pathlib import Path

HERE = Path(__file__).resolve().parent / "ignored"


def work():
    return [
        os.stat(HERE / "sized.bin").st_size,
        os.path.isdir(HERE / "mode"),
        (HERE / "log.txt").exists(),
        os.path.islink(HERE / "loop"),
        os.readlink(HERE / "current"),
        (HERE / "data/a.csv").read_text(),
        os.path.getmtime(HERE / "sized.bin") > os.path.getmtime(HERE / "older.bin"),
        importlib.util.find_spec("faster_than_this") is None,
        subprocess.check_output(["tool"]).decode(),
        sqlite3.connect(f"file:{HERE}/table.db?mode=ro", uri=True).execute("select count(*) from things").fetchone(),
    ]
"""
ASKED_CHANGES: dict[str, tuple[Callable[[Path], object], bool]] = {
    "a size": (lambda held: (held / "sized.bin").write_text("0" * 101), True),
    "a mode": (lambda held: (held / "sized.bin").chmod(0o600), True),
    "a folder that is gone": (lambda held: (held / "mode").rmdir(), True),
    "where a link to a folder leads": (lambda held: point(held / "data", "v2"), True),
    "a time that was asked for": (lambda held: os.utime(held / "older.bin", (3e9, 3e9)), True),
    "where a link leads": (lambda held: point(held / "current", "v2"), True),
    "another program by that name": (lambda held: tool(held.parent / "first", "two"), True),
    "a table's log": (lambda held: (held / "table.db-wal").touch(), True),
    "a longer file of which only the presence was asked": (lambda held: (held / "log.txt").write_text("more"), False),
    "another time": (lambda held: os.utime(held / "log.txt", (1, 1)), False),
}


def point(link: Path, to: str) -> None:
    link.unlink()
    link.symlink_to(to)


def tool(folder: Path, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "tool").write_text(f"#!/bin/sh\necho {says}\n")
    (folder / "tool").chmod(0o755)


@pytest.mark.parametrize("change", ASKED_CHANGES)
def test_what_is_asked_about_a_file_is_part_of_the_receipt(change: str, tmp_path: Path, flowgate: Flowgate) -> None:
    folder = repository(tmp_path / "project", LINE.format(before=ASKED), {".gitignore": ".metaflow\nignored\nfirst\n"})
    ignored = folder / "ignored"
    (ignored / "mode").mkdir(parents=True)
    (ignored / "sized.bin").write_text("0" * 100)
    (ignored / "log.txt").write_text("")
    write(ignored, {"v1/a.csv": "1", "v2/a.csv": "2", "older.bin": ""})
    (ignored / "data").symlink_to("v1")
    (ignored / "loop").symlink_to("loop")
    (ignored / "current").symlink_to("v1")
    with sqlite3.connect(ignored / "table.db") as held:
        held.execute("create table things (name text)")
    held.close()
    tool(tmp_path / "second", "one")
    path = os.pathsep.join([str(folder / "first"), str(tmp_path / "second"), os.environ["PATH"]])
    assert proof(flowgate, folder, PATH=path)["verdict"] == "pass"
    assert state(flowgate, folder, PATH=path) == "pass"
    make, matters = ASKED_CHANGES[change]
    make(ignored)
    assert state(flowgate, folder, PATH=path) == ("stale" if matters else "pass")
