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
