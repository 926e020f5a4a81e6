"""What the task does with its item: which parameters of estimators, and which names, it is taken for."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.flow.model import Flow, Transition
from flowgate.flow.values import (
    Const,
    Display,
    Element,
    Input,
    Instance,
    Item,
    Many,
    Value,
    constant,
    options,
    strings,
)
from flowgate.lint.fanout.keys import varies
from flowgate.lint.fanout.shapes import is_estimator
from flowgate.meaning.words import is_data, is_number, is_parameter

# What an estimator is given that changes no method: seeds, and how the machine is used.
_NO_AXES = frozenset("random_state seed n_jobs verbose device threads nthread".split())


def unpacked_in_task(flow: Flow, listed: Value, transition: Transition) -> Iterator[str]:
    """`seed, lr = self.input`: the training parameters that the parts of an item are taken for, where those parts vary."""
    names: dict[int, set[str]] = {}
    for name in transition.targets:
        step = flow.steps.get(name)
        for call in step.calls() if step is not None else ():
            for value in (*call.args, *call.keywords.values()):
                for part in options(value):
                    at = constant(part.key) if isinstance(part, Item) and isinstance(part.base, Input) else None
                    if isinstance(at, int):
                        names.setdefault(at, set()).update(part.names)
    for made in flow.resolve(listed):
        row = options(made.element)[0] if isinstance(made, Many) else None
        if not isinstance(row, Display):
            continue
        for at, known in names.items():
            if at >= len(row.elements):
                continue
            part = row.elements[at]
            if varies(part) and not any(is_data(name) for name in part.names):
                numeric = not _is_no_number(flow, part)
                yield from sorted(name for name in known if is_parameter(name) and (numeric or not is_number(name)))


def _is_no_number(flow: Flow, value: Value) -> bool:
    """Whether a loop variable certainly holds texts or objects."""
    held = flow.resolve(value.collection) if isinstance(value, Element) else []
    return bool(held) and all(
        bool(strings(option)) or (isinstance(option, Many) and isinstance(options(option.element)[0], Instance))
        for option in held
    )


def given_to_estimators(flow: Flow, transition: Transition) -> Iterator[str]:
    """The parameters of estimators that the task hands its item to: `Lasso(alpha=self.input)`."""
    for name in transition.targets:
        step = flow.steps.get(name)
        for call in step.calls() if step is not None else ():
            if is_estimator(call):
                for keyword, value in call.keywords.items():
                    if keyword not in _NO_AXES and any(_is_of_item(option) for option in options(value)):
                        yield keyword


def _is_of_item(value: Value) -> bool:
    return isinstance(value, Input) or (isinstance(value, Item) and isinstance(options(value.base)[0], Input))


def consumers(flow: Flow, value: Value, transition: Transition) -> tuple[str, ...]:
    """What the target step calls the element it is given, where the list itself carries no name."""
    if not isinstance(value, Display) or not all(isinstance(e, Const | Display) for e in value.elements):
        return ()
    found: tuple[str, ...] = ()
    for target in transition.targets:
        step = flow.steps.get(target)
        for held in step.trace.attributes.values() if step is not None else ():
            if isinstance(held, Input) or (isinstance(held, Item) and isinstance(held.base, Input)):
                found += held.names
    return found
