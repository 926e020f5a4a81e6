"""What runs in another Python than flowgate's, or makes a world, imports nothing of it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from flowgate.prove import environment

FOLDER = Path(environment.__file__).parent
FILES = [*FOLDER.glob("probe/**/*.py"), *FOLDER.glob("world/**/*.py"), FOLDER / "guard.py"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_nothing_of_flowgate_is_imported(file: Path) -> None:
    tree = ast.parse(file.read_text())
    named = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert "flowgate" not in {name.partition(".")[0] for name in named}


@pytest.mark.parametrize("file", [*FOLDER.glob("world/**/*.py")], ids=lambda file: str(file.relative_to(FOLDER)))
def test_a_world_is_made_by_the_standard_library_alone(file: Path) -> None:
    tree = ast.parse(file.read_text())
    named = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names | {"flowgate_world"}
