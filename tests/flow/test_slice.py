"""What a stored artifact is made of, as far as its step's text says."""

from __future__ import annotations

import ast

import pytest

from flowgate.flow.slice import artifacts_behind


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("self.target = self.a + 1", {"a"}),
        ("self.target = '-'.join(self.a)\nself.other = self.b", {"a", "join"}),
        ("x = self.a\nself.target = x", {"a"}),
        ("clf = make()\nclf.fit(self.a, self.b)\nself.target = clf\nself.other = self.c", {"a", "b", "fit"}),
        ("rows = []\nfor i in self.a:\n    rows.append(i)\nself.target = rows", {"a", "append"}),
        ("if self.a:\n    self.target = 1\nelse:\n    self.target = 2", {"a"}),
        ("if self.a:\n    x = 1\nelse:\n    x = self.b\nself.target = x", {"a", "b"}),
        ("with open(self.a) as file:\n    self.target = file.read()", {"a", "read"}),
        ("table = {}\ntable[self.a] = self.b\nself.target = table", {"a", "b"}),
        ("self.target = list({'x', 'y'})", set()),
        ("def f(k):\n    return self.a + k\nself.target = [f(k) for k in self.b]", {"a", "b"}),
        ("total = 0\ntotal += self.a\nfill(total, self.b)\nself.target = total", {"a", "b"}),
    ],
)
def test_the_artifacts_behind_a_target(body: str, expected: set[str]) -> None:
    (function,) = ast.parse("def step(self):\n" + "\n".join(f"    {line}" for line in body.splitlines())).body
    assert isinstance(function, ast.FunctionDef)
    target = [n for n in ast.walk(function) if isinstance(n, ast.Attribute) and n.attr == "target"][-1]
    assert artifacts_behind(function, target) == expected
