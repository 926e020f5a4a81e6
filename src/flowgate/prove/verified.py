"""What arms say of their surface, held against what their datastores hold: by a process that none of their code has run in."""

from __future__ import annotations

from typing import Any

from flowgate.errors import Inconclusive
from flowgate.prove.diverge import Setting, ask_probe, surface_of
from flowgate.prove.model import Ran


def refuse_other_values(setting: Setting, ran: list[Ran], surface: tuple[str, ...]) -> None:
    """Take the digest of every artifact of the surface once more, from the datastore.

    Raises:
        Inconclusive: one is not what its task said, or cannot be loaded.
    """
    sides = [_side(one, surface) for one in ran]
    told = ask_probe(setting, "stored", {"file": setting.flow_path, "flow": setting.flow_name, "sides": sides})
    if "fault" in told:
        raise Inconclusive(f"the surface cannot be read from the datastore: {told['fault']}")
    first_bytes: dict[tuple[str, str, str], str] = {}
    for one, found in zip(ran, told["sides"], strict=True):
        stored = {(step, task, name): digest for step, task, name, digest, *_ in found}
        pickled = {(step, task, name): (sha, hook) for step, task, name, _, sha, hook in found}
        for (key, name), held in surface_of(one, surface).items():
            said, kept = held.get("digest", ""), stored.get((key[0], one.tasks[key].task, name), "it is not there")
            if said != kept:
                why = "another value than the one that its task held" if kept.startswith("sha256:") else kept
                raise Inconclusive(
                    f"in arm `{one.arm.name}`, the datastore holds `{key[0]}{key[1]}.{name}` as {why}: what it is cannot be told. "
                    f"Look at how its class is pickled, or store plain values, arrays or tables"
                )
            sha, hook = pickled.get((key[0], one.tasks[key].task, name), ("", ""))
            if hook and sha != first_bytes.setdefault((*key, name), sha):
                raise Inconclusive(
                    f"`{key[0]}{key[1]}.{name}` is pickled and rebuilt by code of the project's (`{hook}`), and the arms stored other "
                    f"bytes, though they compare alike: whether they are the same cannot be told. Store plain values, arrays or tables"
                )


def _side(ran: Ran, surface: tuple[str, ...]) -> dict[str, Any]:
    wanted: dict[tuple[str, str], list[str]] = {}
    for key, name in surface_of(ran, surface):
        wanted.setdefault((key[0], ran.tasks[key].task), []).append(name)
    return {
        "store": ran.store.kind,
        "root": ran.store.root,
        "run": ran.run.rpartition("/")[2],
        "wanted": [[step, task, names] for (step, task), names in wanted.items()],
    }
