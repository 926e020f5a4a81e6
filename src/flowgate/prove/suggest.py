"""Which contract a flow could declare: the strongest one that its runs hold to."""

from __future__ import annotations

from typing import NamedTuple

from flowgate.flow.contract import Contract, surface_of_flow
from flowgate.flow.surface import computed, says_nothing
from flowgate.prove.further import Tell
from flowgate.prove.ground import Asked, contract_of, ground_of, start_of
from flowgate.prove.pipeline import alone, proven_by_arms, workplace
from flowgate.prove.proof import Proof
from flowgate.target import Target

STRONGEST_FIRST = ("order_independent", "single_worker")


class Suggestion(NamedTuple):
    """The strongest contract that held, what is declared now, and the proofs that were tried on the way.

    `proposed` is a surface that says something, where the one that was compared does not.
    """

    flow: str
    name: str
    contract: str
    declared: str
    surface: tuple[str, ...]
    tried: tuple[Proof, ...]
    proposed: tuple[str, ...] = ()

    def as_record(self) -> dict[str, object]:
        """The suggestion as `prove --suggest` prints it in JSON."""
        record: dict[str, object] = {"flow": self.flow, "contract": self.contract, "declared": self.declared or None}
        record |= {"proposed_surface": list(self.proposed)}
        return record | {"surface": list(self.surface), "tried": [proof.as_record() for proof in self.tried]}


def suggest(target: Target, asked: Asked, tell: Tell) -> Suggestion:
    """Try the contracts, the strongest first, until one holds; `nondeterministic` is what is left.

    Raises:
        FlowgateError: the config cannot be composed.
        Inconclusive: an arm failed, or the surface is not there or cannot be compared.
    """
    now = contract_of(target, asked.overrides)
    surface = now.surface if now is not None else surface_of_flow(target.flow, target.settings)
    tried: list[Proof] = []
    with alone(target, tell):
        for kind in STRONGEST_FIRST:
            ground = ground_of(target, Contract(kind, "", surface), asked.overrides)
            with workplace(target) as (folder, _):
                start = start_of(target, ground, folder, asked.overrides)
                tried.append(proven_by_arms(target, ground, start, asked, tell)[0])
            if tried[-1].divergence is None:
                break
    held = tried[-1].contract if tried[-1].divergence is None else "nondeterministic"
    declared = now.kind if now is not None else ""
    return Suggestion(
        target.path, target.flow.name, held, declared, surface, tuple(tried), _proposed(target, tried[-1])
    )


def _proposed(target: Target, proof: Proof) -> tuple[str, ...]:
    """A surface of computed artifacts, those of the last step that has some, where the present one says nothing."""
    if not says_nothing(target.flow, {entry.rpartition(".")[2] for entry in proof.surface}):
        return ()
    places = computed(target.flow)
    return tuple(f"{step}.{name}" for step, name in places if step == places[0][0])
