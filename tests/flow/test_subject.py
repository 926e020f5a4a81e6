"""Digests of files: by their text for a review, by what they do for a proof."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgate.flow.subject import code_digest, code_digests, digests_as_before
from flowgate.project import open_project
from tests.conftest import REPOSITORY, write

CODE = '''
import random

SIZE = 3


def draw(seed):
    """Draw numbers."""
    # as the source did
    generator = random.Random(seed)
    return [generator.random() for _ in range(SIZE)]
'''
EXAMPLES = sorted((REPOSITORY / "tests/functional/zoo").rglob("*.py"))


@pytest.mark.parametrize(
    "edit",
    [
        lambda code: code.replace("# as the source did", "# as the paper did"),
        lambda code: code.replace('    """Draw numbers."""\n', ""),
        lambda code: code.replace("Draw numbers.", "Draw some."),
        lambda code: '"""The module."""\n' + code,
        lambda code: code.replace("(seed)", "( seed )").replace("\n\n\n", "\n\n\n\n"),
        lambda code: code.replace("\n", "\r\n"),
    ],
)
def test_what_code_does_not_do_does_not_count(edit: object, tmp_path: Path) -> None:
    assert code_digest(CODE.encode()) == code_digest(edit(CODE).encode())  # type: ignore[operator]


@pytest.mark.parametrize(
    "edit",
    [
        lambda code: code.replace("SIZE = 3", "SIZE = 4"),
        lambda code: code.replace("seed)", "None)", 2),
        lambda code: code + "\ndraw.__name__ = 'x'\n",
        lambda code: code.replace('"""Draw numbers."""', 'print("Draw numbers.")'),
        lambda code: "from __future__ import annotations\n" + code,
        lambda code: '# /// script\n# dependencies = ["numpy"]\n# ///\n' + code,
    ],
)
def test_what_code_does_counts(edit: object) -> None:
    assert code_digest(CODE.encode()) != code_digest(edit(CODE).encode())  # type: ignore[operator]


@pytest.mark.parametrize("word", ["__doc__", "inspect.getsource(f)", "f.__code__.co_firstlineno", "traceback"])
def test_the_text_counts_where_code_may_look_at_itself(word: str) -> None:
    assert code_digest(f"x = {word!r}\n".encode()) == ""


def test_a_file_that_cannot_be_parsed_counts_by_its_text(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "def (:\n", "flowgate.toml": ""})
    held = code_digests(open_project(str(tmp_path)), [str(tmp_path / "x.py")])
    assert not held["x.py"].startswith("code:")


@given(st.data())
def test_comments_anywhere_between_statements_change_nothing(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(EXAMPLES)).read_text()
    lines = text.splitlines()
    tree = ast.parse(text)
    starts = sorted({node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt) and hasattr(node, "lineno")})
    inside = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.end_lineno is not None
        for line in range(node.lineno + 1, node.end_lineno + 1)
    }
    for line in reversed(data.draw(st.lists(st.sampled_from(starts), max_size=5, unique=True))):
        if line not in inside and not lines[line - 1].lstrip().startswith(("elif", "else")):
            lines.insert(line - 1, data.draw(st.sampled_from(["# a remark", "", "        # deep"])))
    before, after = code_digest(text.encode()), code_digest("\n".join(lines).encode())
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return  # a comment was put into a line that a backslash continues
    assert before == after


def test_a_digest_is_taken_again_the_way_it_was_taken(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": CODE, "y.py": CODE, "d.csv": "1\n", "flowgate.toml": ""})
    project = open_project(str(tmp_path))
    paths = [str(tmp_path / name) for name in ("x.py", "y.py", "d.csv")]
    held = code_digests(project, paths, [paths[1]])
    assert digests_as_before(project, held) == held
    write(tmp_path, {"x.py": CODE + "# more\n", "y.py": CODE + "# more\n"})
    now = digests_as_before(project, held)
    assert now["x.py"] == held["x.py"] and now["y.py"] != held["y.py"] and now["d.csv"] == held["d.csv"]
