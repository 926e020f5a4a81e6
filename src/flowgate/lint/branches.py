"""What the branches of a decision are: their chain, what follows them, whether they refuse, and what they compare with."""

from __future__ import annotations

import ast

from flowgate.flow.syntax import nodes

_PREPARERS = (
    "Encoder", "Scaler", "Transformer", "Imputer", "Discretizer", "Normalizer", "Binarizer", "Vectorizer", "Features", "PCA"
)  # fmt: skip


def only_prepares(branches: list[ast.stmt]) -> bool:
    """Whether branches fit what prepares the data, and hand nothing on: whatever trains on it decides by the kind itself."""
    parts = [part for branch in branches for part in nodes(branch)]
    made = [ast.unparse(part.func).rpartition(".")[2] for part in parts if isinstance(part, ast.Call)]
    return any(name.endswith(_PREPARERS) for name in made) and not any(isinstance(part, ast.Return) for part in parts)


def texts(node: ast.AST) -> frozenset[str]:
    """The texts that code compares something with."""
    compared = [part for one in nodes(node) if isinstance(one, ast.Compare) for part in nodes(one)]
    held = [part.value for part in compared if isinstance(part, ast.Constant)]
    return frozenset(text for text in held if isinstance(text, str))


def chain_of(first: ast.If) -> list[ast.If]:
    """An `if` and its `elif`s."""
    chain = [first]
    while len(chain[-1].orelse) == 1 and isinstance(chain[-1].orelse[0], ast.If):
        chain.append(chain[-1].orelse[0])
    return chain


def ends(body: list[ast.stmt]) -> bool:
    """Whether nothing that follows a block runs after it."""
    return isinstance(body[-1], ast.Return | ast.Raise)


def stops(body: list[ast.stmt]) -> bool:
    """Whether a block refuses: it raises, asserts False or exits."""
    for one in body:
        if isinstance(one, ast.Raise) or (isinstance(one, ast.Assert) and not getattr(one.test, "value", True)):
            return True
        if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
            name = ast.unparse(one.value.func)
            if name in ("sys.exit", "exit", "quit", "os._exit", "assert_never") or "raise" in name or "fail" in name:
                return True
    return False


def after(function: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    """The statements that follow one in its block."""
    for node in nodes(function):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and statement in block:
                return block[block.index(statement) + 1 :]
    return []


def shown(body: list[ast.stmt]) -> str:
    """The first line of a block, as a message quotes it."""
    text = ast.unparse(body[0]).splitlines()[0]
    return text if len(text) < 60 else text[:57] + "..."
