"""What is installed is bounded to what was tested, and what the tests themselves install is locked."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY

PYPROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def test_every_runtime_dependency_has_a_lower_and_an_upper_bound() -> None:
    optional = PYPROJECT["project"]["optional-dependencies"]
    for requirement in [*PYPROJECT["project"]["dependencies"], *optional["prove"], *optional["llm"]]:
        assert re.search(r">=[\d.]+,<[\d.]+$", requirement), requirement


def test_every_development_dependency_is_locked_by_hash_but_torch() -> None:
    lines = [line.split("#")[0].strip() for line in (REPOSITORY / "requirements-dev.txt").read_text().splitlines()]
    wanted = {name_of(line) for line in [*lines, *PYPROJECT["project"]["dependencies"]] if line}
    lock = (REPOSITORY / "requirements-dev.lock").read_text()
    locked = dict(re.findall(r"(?m)^([\w.-]+)==[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+)", lock))
    assert wanted - {name.lower() for name in locked} == {"torch"}
    assert "torch==2.13.0" in lines
    assert "://" not in lock, "a lock names packages, not where one machine gets them from"


def test_schemas_are_the_same_whatever_msgspec_does_to_docstrings() -> None:
    """msgspec 0.23 dedents descriptions, and earlier releases do not."""
    spec = importlib.util.spec_from_file_location("generate", Path(REPOSITORY, "docs", "generate.py"))
    assert spec is not None and spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    indented = {"items": [{"description": "One.\n\n    Two\n    three.\n    "}], "description": "One."}
    dedented = {"items": [{"description": "One.\n\nTwo\nthree."}], "description": "One."}
    assert generate.with_clean_text(indented) == generate.with_clean_text(dedented) == dedented
