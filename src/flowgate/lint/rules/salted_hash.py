"""FG505."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.influence import artifacts_of
from flowgate.flow.trace import Called, Stored
from flowgate.flow.values import (
    Call,
    Class,
    Const,
    Display,
    Element,
    Instance,
    Item,
    Many,
    Mapping,
    Operation,
    Ref,
    Setting,
    Value,
    callee,
    constant,
    method_of,
    walk,
)
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_HASH = "builtins.hash"
_MESSAGE = "hash() reaches {}, and Python salts it anew in every process: no two runs agree"
_TEXT = frozenset(
    ("builtins.str", "builtins.repr", "builtins.format", "builtins.ascii", "builtins.bytes", "json.dumps")
)
_TEXT_METHODS = frozenset("encode decode join format strip lower upper replace title hexdigest isoformat".split())
_SPLITS = frozenset("split rsplit splitlines partition rpartition".split())
_TEXTS_OF_RUN = frozenset("pathspec run_id task_id step_name flow_name username origin_run_id".split())
_SEEDERS = (
    "seed",
    "manual_seed",
    "seed_everything",
    "set_seed",
    "set_random_seed",
    "manual_seed_all",
    "Random",
    "default_rng",
    "RandomState",
)


class SaltedHash(Rule):
    """hash() of a str, of bytes or of an object reaches an artifact or a seed.

    Python salts it anew in every process, unless PYTHONHASHSEED is set: two runs, and two tasks of one run, get other
    numbers for the same text. Numbers, and tuples of numbers, hash to the same everywhere and are fine.
    """

    id = "FG505"
    slug = "salted-hash"
    about_agreement = True
    mend = "take a digest that has no salt: `int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], 'big')`"

    def check(self, target: Target) -> Iterator[Finding]:
        told: set[int] = set()
        for found, node in self._by_value(target):
            told.add(id(node))
            yield found
        for step in target.flow.steps.values():
            for event in step.trace.events:
                if (
                    isinstance(event, Called)
                    and id(event.call.node) not in told
                    and _is_salted_hash(target, event.call)
                ):
                    for name in sorted(artifacts_of(step, event.call.node, event.path))[:1]:
                        told.add(id(event.call.node))
                        message = _MESSAGE.format(f"`{name}`")
                        yield self.found(target, event.call.node, event.call.home, message, step=step.name)

    def _by_value(self, target: Target) -> Iterator[tuple[Finding, ast.AST | None]]:
        for step, event in target.flow.events():
            if isinstance(event, Stored):
                reached, what = event.value, f"`{event.name}`"
            elif isinstance(event, Called) and _is_seeding(event.call):
                reached, what = event.call, "a seed"
            else:
                continue
            if step is None:
                continue
            for part in walk(reached):
                if isinstance(part, Call) and _is_salted_hash(target, part):
                    yield self.found(target, part.node, part.home, _MESSAGE.format(what), step=step), part.node


def _is_salted_hash(target: Target, call: Call) -> bool:
    return callee(call) == _HASH and bool(call.args) and _is_salted(target, call.args[0])


def _is_seeding(call: Call) -> bool:
    name = callee(call)
    return name.startswith(("random.", "numpy.random.", "torch.")) and name.rpartition(".")[2] in _SEEDERS


def _is_salted(target: Target, value: Value, depth: int = 0) -> bool:
    """Whether the value certainly is, or holds, text or an object without a hash of its own."""
    if depth > 8:
        return False
    return any(_one_is_salted(target, option, depth + 1) for option in target.flow.resolve(value))


def _one_is_salted(target: Target, value: Value, depth: int) -> bool:
    if isinstance(value, Const):
        return isinstance(value.value, str | bytes)
    if isinstance(value, Ref):
        return value.dotted.startswith("metaflow.") and value.dotted.rpartition(".")[2] in _TEXTS_OF_RUN
    if isinstance(value, Display):
        return any(_is_salted(target, element, depth) for element in value.elements)
    if isinstance(value, Operation):
        return value.operator == "JoinedStr" or (
            value.operator in ("Add", "Mod") and any(_is_salted(target, operand, depth) for operand in value.operands)
        )
    if isinstance(value, Setting):
        return value.kind == "Parameter" and isinstance(constant(value.call.argument(1, "default")), str)
    if isinstance(value, Many):
        return value.type != "dict" and _is_salted(target, value.element, depth)
    if isinstance(value, Call):
        if callee(value) in ("builtins.tuple", "builtins.frozenset", "builtins.sorted") and value.args:
            return _is_salted(target, value.args[0], depth)
        if method_of(value) in ("choice", "sample") and value.args:
            return _is_salted(target, value.args[0], depth)
        return callee(value) in _TEXT or method_of(value) in (_TEXT_METHODS | _SPLITS)
    if isinstance(value, Element):
        return any(
            isinstance(held, Display | Many | Call) and _is_salted(target, held, depth)
            for held in target.flow.resolve(value.collection)
        )
    if isinstance(value, Item):
        key = constant(value.key)
        rows = [row for held in target.flow.resolve(value.base) for row in _rows(target, held)]
        if any(constant(name) == key and _is_salted(target, item, depth) for row in rows for name, item in row.items):
            return True
        for held in target.flow.resolve(value.base):
            if isinstance(held, Call) and method_of(held) in _SPLITS:
                return True
            if isinstance(held, Display) and isinstance(key, int) and -len(held.elements) <= key < len(held.elements):
                return _is_salted(target, held.elements[key], depth)
        return False
    if isinstance(value, Instance):
        return isinstance(value.cls, Class) and value.cls.lookup("__hash__") is None
    return False


def _rows(target: Target, value: Value, depth: int = 0) -> list[Mapping]:
    """The dicts that a value may be: itself, or the elements of the collection that it is one of."""
    if isinstance(value, Mapping):
        return [value]
    if depth > 4 or not isinstance(value, Element | Many | Call | Display):
        return []
    if isinstance(value, Element):
        parts = [value.collection]
    elif isinstance(value, Many):
        parts = [value.element]
    elif isinstance(value, Display):
        parts = value.elements
    else:
        parts = value.args if callee(value) in ("builtins.list", "builtins.sorted", "builtins.tuple") else []
    return [row for part in parts for held in target.flow.resolve(part) for row in _rows(target, held, depth + 1)]


def _flow(*body: str, before: str = "") -> dict[str, str]:
    text = f"""
import random
from metaflow import FlowSpec, step
{before}

class SeedFlow(FlowSpec):
    @step
    def start(self):
        self.methods = ["svm", "knn"]
        {(chr(10) + "        ").join(body)}
        self.next(self.end)

    @step
    def end(self):
        print(self.result)
"""
    return {"flow.py": text}


SaltedHash.bad = (
    Example("a bucket by the hash of a name", _flow('self.result = hash("svm") % 10')),
    Example(
        "a seed made of text",
        _flow("random.seed(hash(f'{self.methods[0]}-1'))", "self.result = random.random()"),
    ),
    Example(
        "in a helper, of a loop variable",
        _flow(
            "self.result = [bucket(m) for m in self.methods]", before="def bucket(name):\n    return hash(name) % 100\n"
        ),
    ),
)
SaltedHash.good = (
    Example("numbers hash to the same everywhere", _flow("self.result = hash((1, 2.5)) % 10")),
    Example("a digest without a salt", _flow("import hashlib", "self.result = hashlib.sha256(b'svm').hexdigest()")),
    Example("a hash that nothing is made of", _flow("print(hash('svm'))", "self.result = 1")),
)
