"""The tutorial, command by command: what it says is printed is printed, and each command ends as it says."""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, run

DONE = "--- done "


def sessions(text: str) -> list[tuple[str, list[str], int]]:
    """Each command of the console blocks, with the lines it should print and its exit code."""
    found: list[tuple[str, list[str], int]] = []
    for block in re.findall(r"(?ms)^```console\n(.*?)^```", text):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, *lines = part.splitlines()
            code = re.fullmatch(r"\[exit code (\d+)\]", lines[-1]) if lines else None
            found.append((command, lines[:-1] if code else lines, int(code[1]) if code else 0))
    return found


def matches(expected: list[str], printed: str) -> bool:
    """Whether a text is what was promised; `...` stands for anything, also within a line, and a space for several."""
    printed = re.sub(" +", " ", printed)
    pattern = r"\s*\n".join(re.escape(re.sub(" +", " ", line.rstrip())) for line in expected).replace(
        r"\.\.\.", r"[\s\S]*?"
    )
    return re.fullmatch(pattern + r"\s*", printed) is not None


def test_what_is_promised_is_told_from_what_is_not() -> None:
    assert matches(["a", "...", "d"], "a\nb\nc\nd\n") and matches(["a ... d"], "a b d") and matches([], "\n")
    assert not matches(["a", "d"], "a\nb\nd\n") and not matches(["..."[:0], "x"], "y") and not matches([], "x")


@pytest.mark.slow
def test_the_tutorial_is_true(tmp_path: Path) -> None:
    """Started in the checkout, where the three scripts lie."""
    told = sessions((REPOSITORY / "docs" / "tutorial.md").read_text())
    assert len(told) > 15
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    play(told, REPOSITORY, WORK=str(tmp_path), PATH=path, USERNAME="ada")


@pytest.mark.slow
def test_the_first_pages_are_true(tmp_path: Path, snapshot: Path) -> None:
    """Install, quickstart and promote, one after the other, as a reader with nothing but a checkout follows them."""
    (tmp_path / "flowgate").symlink_to(snapshot)
    pages = {
        name: sessions((REPOSITORY / "docs" / f"{name}.md").read_text())
        for name in ("install", "quickstart", "promote")
    }
    assert all(pages.values()) and len(pages["quickstart"]) >= 8
    first, *rest = pages["install"]
    quickstart = pages["quickstart"]
    proof = next(at for at, (command, *_) in enumerate(quickstart) if command == "flowgate prove")
    assert proof == 5, "from an empty folder to the first proof in six commands"
    away: list[tuple[str, list[str], int]] = [("cd ..", [], 0), ("deactivate", [], 0)]
    base = Path(sys.base_prefix) / "bin"
    variables = {"PATH": f"{base}:/usr/local/bin:/usr/bin:/bin", "USERNAME": "ada", "VIRTUAL_ENV": ""}
    told = [first, *rest, away[1], *quickstart, away[0], *pages["promote"]]
    play(told, tmp_path, **variables)


def play(told: list[tuple[str, list[str], int]], folder: Path, **variables: str) -> None:
    """Type the commands into one shell; each prints what is promised and ends as it says."""
    script = "".join(f"{{ {command}\n}} 2>/dev/null\necho '{DONE}'$?\n" for command, *_ in told)
    done = run(["bash", "-c", script], folder, **variables)
    ends = [0, *(found.end() for found in re.finditer(rf"(?m)^{DONE}\d+\n", done.out))]
    assert len(ends) == len(told) + 1, done
    for (command, expected, code), (start, end) in zip(told, pairwise(ends), strict=True):
        printed, _, ended = done.out[start:end].rpartition(DONE)
        assert int(ended) == code, (command, printed)
        assert matches(expected, printed), (command, printed)
