"""Abstract values: what an expression may hold, kept as where it came from rather than what it is.

A value is never computed from user code that runs; it is the graph of expressions behind a name. Rules ask
questions of that graph: is it a path, a torch module, a product of lists?
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import Any

from flowgate.flow.source import Source


class Module:
    """A first-party file and what its top level binds.

    `origins` says of imported names what they are called where they are defined; `rebound` are the names that some
    function assigns with `global`; `stars` the foreign modules whose every name was imported.
    """

    __slots__ = ("env", "origins", "path", "rebound", "source", "stars")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.path = os.path.abspath(source.path)
        self.env: dict[str, Value] = {}
        self.stars: list[str] = []
        self.origins: dict[str, tuple[str, Module]] = {}
        self.rebound: set[str] = set()

    @property
    def package_folder(self) -> str:
        """The folder that `from . import x` looks in."""
        return self.source.folder


class Value:
    """Anything an expression may hold. `node` is where it was written, in the file of `home`.

    `names` are the variables, keys and attributes it was bound to on its way, oldest first.
    """

    __slots__ = ("home", "names", "node")

    def __init__(self, node: ast.AST | None = None, home: Module | None = None) -> None:
        self.node, self.home = node, home
        self.names: tuple[str, ...] = ()

    def parts(self) -> tuple[Value, ...]:
        """The values this one is made of."""
        return ()


class Unknown(Value):
    """Nothing can be told."""

    __slots__ = ()


class Const(Value):
    """A literal number, string, bytes, bool or None."""

    __slots__ = ("value",)

    def __init__(self, value: object, node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.value = value


class Ref(Value):
    """Something that is not first-party, by its full dotted name: `torch.nn.Linear`, `builtins.sorted`."""

    __slots__ = ("dotted",)

    def __init__(self, dotted: str, node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.dotted = dotted


class Attr(Value):
    """`base.name` of a base whose attributes are not known."""

    __slots__ = ("base", "name")

    def __init__(self, base: Value, name: str, node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.base, self.name = base, name

    def parts(self) -> tuple[Value, ...]:
        return (self.base,)


class Item(Value):
    """`base[key]`."""

    __slots__ = ("base", "key")

    def __init__(self, base: Value, key: Value, node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.base, self.key = base, key

    def parts(self) -> tuple[Value, ...]:
        return (self.base, self.key)


class Call(Value):
    """A call; `result` is what it returned where the callee could be followed."""

    __slots__ = ("args", "func", "keywords", "result")

    def __init__(
        self,
        func: Value,
        args: list[Value],
        keywords: dict[str, Value],
        node: ast.AST | None = None,
        home: Module | None = None,
    ) -> None:
        super().__init__(node, home)
        self.func, self.args, self.keywords = func, args, keywords
        self.result: Value | None = None

    def parts(self) -> tuple[Value, ...]:
        if self.result is not None:
            return (self.result,)
        return (self.func, *self.args, *self.keywords.values())

    def argument(self, position: int, keyword: str) -> Value | None:
        """The argument given at `position` or by `keyword`."""
        if keyword in self.keywords:
            return self.keywords[keyword]
        return self.args[position] if len(self.args) > position else None


class Display(Value):
    """A list, tuple or set written out."""

    __slots__ = ("elements", "type")

    def __init__(
        self, type_: str, elements: list[Value], node: ast.AST | None = None, home: Module | None = None
    ) -> None:
        super().__init__(node, home)
        self.type, self.elements = type_, elements

    def parts(self) -> tuple[Value, ...]:
        return tuple(self.elements)


class Mapping(Value):
    """A dict written out, or called into being by `dict(a=1)`."""

    __slots__ = ("items",)

    def __init__(
        self, items: list[tuple[Value, Value]], node: ast.AST | None = None, home: Module | None = None
    ) -> None:
        super().__init__(node, home)
        self.items = items

    def parts(self) -> tuple[Value, ...]:
        return tuple(part for pair in self.items for part in pair)


class Many(Value):
    """A collection made by a comprehension or by growing in loops: one `element` for each turn of the `loops`.

    `filtered` where an `if` leaves some out; `within` are the collections that it keeps to.
    """

    __slots__ = ("element", "filtered", "loops", "type", "within")

    def __init__(
        self,
        element: Value,
        loops: list[Value],
        type_: str = "list",
        node: ast.AST | None = None,
        home: Module | None = None,
    ) -> None:
        super().__init__(node, home)
        self.element, self.loops, self.type = element, loops, type_
        self.filtered = False
        self.within: list[Value] = []

    def parts(self) -> tuple[Value, ...]:
        return (self.element, *self.loops)


class Element(Value):
    """One element of a collection, as a loop variable holds it."""

    __slots__ = ("collection",)

    def __init__(self, collection: Value, node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.collection = collection

    def parts(self) -> tuple[Value, ...]:
        return (self.collection,)


class Either(Value):
    """One of several values, whichever branch ran."""

    __slots__ = ("options",)

    def __init__(self, options: list[Value], node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.options = options

    def parts(self) -> tuple[Value, ...]:
        return tuple(self.options)


class Operation(Value):
    """An operator, f-string, comparison or the like over its operands."""

    __slots__ = ("operands", "operator")

    def __init__(
        self, operator: str, operands: list[Value], node: ast.AST | None = None, home: Module | None = None
    ) -> None:
        super().__init__(node, home)
        self.operator, self.operands = operator, operands

    def parts(self) -> tuple[Value, ...]:
        return tuple(self.operands)


class File(Value):
    """`__file__` of the module it stands in."""

    __slots__ = ()


class Function(Value):
    """A function or lambda; `closure` is the scope it was made in, `owner` the object a method is bound to."""

    __slots__ = ("closure", "decorators", "defaults", "owner")

    def __init__(self, node: ast.AST, home: Module | None, closure: Any, owner: Value | None = None) -> None:
        super().__init__(node, home)
        self.closure, self.owner = closure, owner
        self.defaults: dict[str, Value] = {}
        self.decorators: list[Value] = []


class Class(Value):
    """A class of a first-party module, with its bases and the scope of its body."""

    __slots__ = ("bases", "body")

    def __init__(self, node: ast.ClassDef, home: Module | None, bases: list[Value], body: dict[str, Value]) -> None:
        super().__init__(node, home)
        self.bases, self.body = bases, body

    @property
    def name(self) -> str:
        assert isinstance(self.node, ast.ClassDef)
        return self.node.name

    def lineage(self) -> Iterator[Class]:
        """The class and its first-party bases, nearest first."""
        seen: set[int] = set()
        queue: list[Value] = [self]
        while queue:
            for item in options(queue.pop(0)):
                if isinstance(item, Class) and id(item) not in seen:
                    seen.add(id(item))
                    yield item
                    queue.extend(item.bases)

    def foreign_bases(self) -> Iterator[str]:
        """The dotted names of the classes from elsewhere that it derives from."""
        for ancestor in self.lineage():
            for base in ancestor.bases:
                for option in options(base):
                    name = dotted(option)
                    if name:
                        yield name

    def lookup(self, name: str) -> Value | None:
        """The attribute `name` of the class or its nearest base."""
        for ancestor in self.lineage():
            if name in ancestor.body:
                return ancestor.body[name]
        return None


class Instance(Value):
    """An object of a first-party class, with the attributes it was given."""

    __slots__ = ("attributes", "cls")

    def __init__(self, cls: Class, node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.cls = cls
        self.attributes: dict[str, Value] = {}

    def parts(self) -> tuple[Value, ...]:
        return tuple(self.attributes.values())


class Package(Value):
    """A first-party module."""

    __slots__ = ("module",)

    def __init__(self, module: Module) -> None:
        super().__init__(None, module)
        self.module = module


class Self(Value):
    """The flow itself, as a step or a helper sees it."""

    __slots__ = ("cls",)

    def __init__(self, cls: Class) -> None:
        super().__init__(cls.node, cls.home)
        self.cls = cls


class Artifact(Value):
    """`self.name` read before the step assigns it: what an earlier step stored."""

    __slots__ = ("name", "step")

    def __init__(self, step: str, name: str, node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.step, self.name = step, name


class Input(Value):
    """`self.input` of a foreach task: one element of the list that `step` fans out over."""

    __slots__ = ("step",)

    def __init__(self, step: str, node: ast.AST | None = None, home: Module | None = None) -> None:
        super().__init__(node, home)
        self.step = step


class Inputs(Value):
    """The `inputs` of a join."""

    __slots__ = ("step",)

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step


class Setting(Value):
    """A flow's `Config` or `Parameter`: known only when the flow is started."""

    __slots__ = ("call", "kind", "name")

    def __init__(self, kind: str, name: str, call: Call) -> None:
        super().__init__(call.node, call.home)
        self.kind, self.name, self.call = kind, name, call


def options(value: Value) -> list[Value]:
    """The alternatives of a value: through branches, and through calls whose result is known."""
    kind = value.__class__
    if kind is not Either and (kind is not Call or value.result is None):  # type: ignore[attr-defined]
        return [value]
    found: list[Value] = []
    seen: set[int] = set()
    queue = [value]
    while queue:
        item = queue.pop(0)
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Either):
            queue.extend(item.options)
        elif isinstance(item, Call) and item.result is not None:
            queue.append(item.result)
        else:
            found.append(item)
    return found


def dotted(value: Value | None) -> str:
    """The full name of something foreign: `torch.nn.Linear`; empty where it has none."""
    if isinstance(value, Ref):
        return value.dotted
    if isinstance(value, Attr):
        base = dotted(value.base)
        return f"{base}.{value.name}" if base else ""
    return ""


def callee(value: Value | None) -> str:
    """The full name of what a call calls, on one of its branches; empty where it is no call or has no name.

    `try: from metaflow import Config` with a stand-in in the `except` is still Metaflow's Config.
    """
    if not isinstance(value, Call):
        return ""
    if isinstance(value.func, Either):
        return next((name for name in map(dotted, options(value.func)) if name), "")
    return dotted(value.func)


def method_of(value: Value | None) -> str:
    """`append` in `x.append(...)`; empty for anything else."""
    return value.func.name if isinstance(value, Call) and isinstance(value.func, Attr) else ""


def walk(value: Value) -> Iterator[Value]:
    """The value and all that it is made of, each once."""
    seen: set[int] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if id(item) not in seen:
            seen.add(id(item))
            yield item
            stack.extend(item.parts())


def constant(value: Value | None) -> object:
    """The literal a value certainly is; `...` where it is not one literal."""
    if value is not None:
        found = options(value)
        if len(found) == 1 and isinstance(found[0], Const):
            return found[0].value
    return ...


def strings(value: Value | None) -> list[str] | None:
    """The strings of a list written out; None where they cannot all be told."""
    found = options(value) if value is not None else []
    if len(found) != 1:
        return None
    held = found[0]
    if isinstance(held, Call) and callee(held) in _COLLECTIONS:
        return strings(held.args[0]) if held.args else []
    if isinstance(held, Operation) and held.operator == "Add":
        parts = [strings(operand) for operand in held.operands]
        return [text for part in parts if part is not None for text in part] if None not in parts else None
    if not isinstance(held, Display):
        return None
    texts = [constant(element) for element in held.elements]
    return [text for text in texts if isinstance(text, str)] if all(isinstance(t, str) for t in texts) else None


def names_of(value: Value) -> list[str]:
    """The strings a value may be, also as a loop variable over a list written out; empty where they cannot be told."""
    found: list[str] = []
    for option in options(value):
        listed = (
            strings(option.collection)
            if isinstance(option, Element)
            else [option.value]
            if isinstance(option, Const)
            else None
        )
        if listed is None or not all(isinstance(name, str) for name in listed):
            return []
        found += [name for name in listed if isinstance(name, str)]
    return found


def number(value: Value) -> bool:
    """Whether the value is a literal number, or a collection of nothing but numbers."""
    if isinstance(value, Const):
        return isinstance(value.value, int | float | complex) and not isinstance(value.value, bool)
    if isinstance(value, Display):
        return bool(value.elements) and all(number(element) for element in value.elements)
    if isinstance(value, Mapping):
        return bool(value.items) and all(number(item) for _, item in value.items)
    if isinstance(value, Operation):
        return bool(value.operands) and all(number(operand) for operand in value.operands)
    if isinstance(value, Many):
        return number(value.element)
    if isinstance(value, Element):
        return number(value.collection)
    if isinstance(value, Call) and callee(value) in _NUMERIC:
        given = [*value.args, *value.keywords.values()]
        return bool(given) and all(number(argument) for argument in given)
    return False


_COLLECTIONS = frozenset(f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "sorted"))
# Functions that make numbers of numbers.
_NUMERIC = frozenset(
    f"builtins.{name}" for name in ("tuple", "list", "range", "dict", "int", "float", "round", "abs", "sum")
)
_NUMERIC |= {f"numpy.{name}" for name in ("array", "linspace", "logspace", "geomspace", "arange", "float32", "float64")}
