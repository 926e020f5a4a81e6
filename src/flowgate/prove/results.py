"""The conclusions of a flow: the values of its surface, from the run that proved them."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.flow.contract import surface_of_flow
from flowgate.outcome import PASS
from flowgate.prove import receipt as receipts
from flowgate.prove.diverge import Setting, ask_probe
from flowgate.prove.ground import Asked, contract_of, environment_of, ground_of
from flowgate.prove.pipeline import changed_since
from flowgate.prove.receipt import Receipt
from flowgate.prove.store import Store, user_store
from flowgate.target import Target


class Results(NamedTuple):
    """The surface of one run. `conclusions` are its artifacts in order: name, type and rows of named cells."""

    flow: str
    name: str
    run: str
    proven: bool
    note: str
    conclusions: list[dict[str, Any]]

    def as_record(self) -> dict[str, object]:
        """The results as `flowgate results --format json` prints them."""
        record: dict[str, object] = {"schema": "flowgate/results/v1", "flow": self.flow, "run": self.run}
        return record | {"proven": self.proven, "note": self.note, "conclusions": self.conclusions}


def results(target: Target, asked: Asked, unproven: bool) -> Results:
    """The values of the surface, of the proven run; with `unproven`, of the latest run where there is no proof.

    Raises:
        FlowgateError: the config cannot be composed, or there is no run.
        Inconclusive: there is no proof of the flow as it is now, or its run cannot be read.
    """
    contract = contract_of(target, asked.overrides)
    surface = contract.surface if contract is not None else surface_of_flow(target.flow, target.settings)
    held = receipts.load(target.project, target.path, target.flow.name, asked.overrides)
    fault = _fault(target, asked, held)
    if fault and not unproven:
        raise Inconclusive(
            f"{target.shown} has no proven conclusions: {fault}. Run `flowgate prove {target.shown}`, or look at the "
            f"latest run's with --unproven"
        )
    if fault or held is None:
        store = user_store(os.getcwd())
        run, note = _latest(target, store), f"not proven: {fault}"
    else:
        arm = held.arms[0]
        root = target.project.absolute(arm.root) if arm.store == "local" else arm.root
        store, run, note = Store(arm.store, root), arm.run, held.note
    return Results(target.path, target.flow.name, run, not fault, note, _read(target, surface, store, run))


def _fault(target: Target, asked: Asked, held: Receipt | None) -> str:
    """Why the receipt proves nothing of the flow as it is now; empty where it does."""
    contract = contract_of(target, asked.overrides)
    if contract is None:
        return "it declares no contract"
    if held is None:
        return "it has no receipt"
    if held.verdict != PASS:
        return f"its proof is {held.verdict}"
    ground = ground_of(target, contract, asked.overrides)
    since = changed_since(target, ground, held)
    return f"{since[0]} since it was proven" if since else ""


def _latest(target: Target, store: Store) -> str:
    """The run that the user made last, in a local store."""
    path = os.path.join(store.root, target.flow.name, "latest_run")
    try:
        with open(path, encoding="utf-8") as file:
            return f"{target.flow.name}/{file.read().strip()}"
    except OSError:
        raise FlowgateError(f"{target.flow.name} has no run in {store.root} either") from None


def _read(target: Target, surface: tuple[str, ...], store: Store, run: str) -> list[dict[str, Any]]:
    settings = target.proving
    setting = Setting(environment_of(target), target.flow.path, target.flow.name, target.project.root, settings.timeout)
    request = {"file": target.flow.path, "flow": target.flow.name, "surface": list(surface), "end": target.flow.end}
    told = ask_probe(setting, "show", request | {"store": store.kind, "root": store.root, "run": run.partition("/")[2]})
    if "fault" in told:
        raise Inconclusive(f"{run} cannot be read: {told['fault']}")
    conclusions: list[dict[str, Any]] = told["conclusions"]
    return conclusions
