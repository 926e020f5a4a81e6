"""FG401."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.flow.conf import Composed
from flowgate.flow.contract import of_experiment, place_in
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.settings import CONTRACTS
from flowgate.target import Target


class ContractMissing(Rule):
    """A promoted flow that does not say how reproducible it is.

    Without a declared contract there is nothing to prove: a result that depends on how many workers were free looks
    exactly like one that does not. An experiment declares `determinism`, and the reason where it claims less than
    `order_independent`.
    """

    id = "FG401"
    slug = "contract-missing"
    mend = "declare `determinism: order_independent` in the experiment, or say in `determinism_reason` why it cannot be"

    def check(self, target: Target) -> Iterator[Finding]:
        conf = target.conf
        if conf is None:
            yield from self._settings_alone(target)
            return
        if not target.promoted:
            yield from self._settings_alone(target)
        composing = target.composing  # FG406 speaks of those that do not compose
        if not conf.experiments and target.composed is not None:
            composing = {"": target.composed}
        for name, composed in composing.items():
            path = conf.experiments[name] if name else conf.primary
            for fault in _faults(composed, target):
                found = self._finding(
                    target, path, f"experiment {name or 'config'}: {fault}", f"{name or None}: {fault}"
                )
                place = place_in(composed, "determinism")
                if place is not None and place.line:
                    found = found._replace(path=target.project.relative(place.file), line=place.line)
                yield found

    def _settings_alone(self, target: Target) -> Iterator[Finding]:
        own = target.settings
        if own.determinism in CONTRACTS[1:] and not own.determinism_reason.strip():
            fault = f"the settings declare {own.determinism} without a determinism_reason"
            yield self._finding(target, target.flow.path, fault, fault)
        elif target.promoted and not own.determinism:
            fault = "no experiment config and no settings declare `determinism`"
            yield self._finding(target, target.flow.path, fault, fault)

    def _finding(self, target: Target, path: str, message: str, code: str) -> Finding:
        found = self.found(target, None, None, message, code=code)
        return found._replace(path=target.project.relative(path), line=1)


def _faults(composed: Composed, target: Target) -> Iterator[str]:
    own = target.settings.determinism
    try:
        kind = of_experiment(composed, "determinism")
        needed = (kind or own) in CONTRACTS[1:]
        told = of_experiment(composed, "determinism_reason") if needed else ""
    except FlowgateError as error:  # only the flow's own code knows it
        yield f"{error}; write it out, for nothing can be proven of a contract that is not known"
        return
    if kind is None and not own and not target.promoted:
        return  # it claims nothing, and need not
    if kind is None and not own:
        yield "declares no `determinism`, so nothing can be proven of it"
    elif kind is not None and kind not in CONTRACTS:
        yield f"`determinism` is {kind!r}; it must be one of {', '.join(CONTRACTS)}"
    elif kind is not None and own and kind != own:
        yield f"it declares {kind}, the settings declare {own}; only one can be true"
    else:
        if needed and not str(told or target.settings.determinism_reason).strip():
            yield f"{kind or own} needs a `determinism_reason`: why the stronger contract cannot hold"


def _example(title: str, experiment: str) -> Example:
    axes = "axes: {noise: [0.1, 0.5]}\ndata_axes: [noise]\n"
    return Example(title, promoted({"conf/experiment/noise.yaml": experiment + axes}))


ContractMissing.bad = (
    _example("an experiment that claims nothing", "name: noise\n"),
    _example("a contract that is none", "name: noise\ndeterminism: mostly\n"),
    _example("less than order_independent, without a reason", "name: noise\ndeterminism: single_worker\n"),
)
ContractMissing.good = (
    _example("the strongest contract", "name: noise\ndeterminism: order_independent\n"),
    _example(
        "a weaker one, with its reason",
        "name: noise\ndeterminism: single_worker\ndeterminism_reason: gensim trains differently across workers\n",
    ),
)
