"""What a proof leaves behind: bound to everything it depended on, and worthless once any of that changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import msgspec

from flowgate import __version__
from flowgate.files import cache_folder, slug, write_whole
from flowgate.finding import Finding, digest
from flowgate.outcome import PASS
from flowgate.project import Project
from flowgate.prove.diverge import Divergence
from flowgate.prove.proof import ArmRecord

SCHEMA = "flowgate/receipt/v1"
_EARLIER = 2  # receipts that are kept beside the present one, with the runs that they speak of


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof that was decided: its verdict, its arms, each surface digest, and all that it depended on.

    `parts` are what is known before a run: the files of the flow, its claim, its environment as far as it was imported.
    `files` are the digests of all other files that the arms could read. `unsealed` says why they had no worlds of their own, empty
    where they had, and `variables` are the digests of those of the environment that the flow asked for. `reads`: who told what the arms read, `kernel`
    or `python`. `installed` is the digest of everything in the environment, and
    `absent` the modules that were asked for and were not there: once they are, the flow may do something else. `apart` says why
    its arms have to run one after the other, empty where they need not.
    """

    flow: str
    name: str
    verdict: str
    contract: str
    note: str
    parts: dict[str, str]
    files: dict[str, str]
    environment: dict[str, str]
    arms: list[ArmRecord]
    surface: dict[str, str]
    reduced: list[str]
    tasks: int = 0
    divergence: Divergence | None = None
    findings: list[Finding] = []
    installed: str = ""
    absent: list[str] = []
    apart: str = ""
    warning: str = ""
    unsealed: str = ""
    reads: str = ""
    variables: dict[str, str] = {}
    schema: str = SCHEMA
    flowgate: str = __version__
    seal: str = ""

    def sealed(self) -> Receipt:
        """The receipt with the digest of its own contents."""
        return msgspec.structs.replace(self, seal=self._seal())

    def is_whole(self) -> bool:
        """Whether nothing in it was edited since it was written."""
        return self.seal == self._seal() and self.schema == SCHEMA

    def _seal(self) -> str:
        return digest(msgspec.json.encode(msgspec.structs.replace(self, seal=""), order="sorted").decode())


def folder_of(project: Project, path: str, name: str) -> str:
    """Where the proofs of a flow lie, inside the ignored cache."""
    return os.path.join(cache_folder(project.state()), "proofs", slug(path, name))


def load(project: Project, path: str, name: str, overrides: Sequence[str] = ()) -> Receipt | None:
    """The flow's receipt under Hydra overrides; None where there is none, or it was edited or cannot be read."""
    return _read(os.path.join(project.state("cache", "proofs"), slug(path, name), _file(overrides)))


def bring_back(
    project: Project, path: str, name: str, overrides: Sequence[str], holds: Callable[[Receipt], bool]
) -> None:
    """Where the receipt does not hold and an earlier one does, put that in its place: another branch was proven in between."""
    present = load(project, path, name, overrides)
    if present is None or holds(present):
        return
    place = os.path.join(project.state("cache", "proofs"), slug(path, name))
    for earlier in _earlier(place, _file(overrides)):
        held = _read(earlier)
        if held is not None and holds(held):
            os.unlink(earlier)
            save(project, held)
            return


def _earlier(place: str, file: str) -> list[str]:
    """The receipts that others took the place of, the latest first."""
    stem = file.removesuffix(".json")
    found = [os.path.join(place, one) for one in os.listdir(place) if one.startswith(f"{stem}~")]
    return sorted(found, key=lambda one: os.stat(one).st_mtime_ns, reverse=True)


def _put_by(path: str) -> None:
    """Keep the receipt that is about to be replaced, and the few before it."""
    present = _read(path)
    if present is None:
        return
    place, file = os.path.split(path)
    os.replace(path, os.path.join(place, f"{file.removesuffix('.json')}~{present.seal[:12]}.json"))
    for old in _earlier(place, file)[_EARLIER:]:
        os.unlink(old)


def save(project: Project, receipt: Receipt) -> None:
    """Write the receipt, whole or not at all; the one before it is kept beside it."""
    path = os.path.join(folder_of(project, receipt.flow, receipt.name), _file(receipt.reduced))
    _put_by(path)
    text = msgspec.json.format(msgspec.json.encode(receipt.sealed()), indent=1).decode() + "\n"
    write_whole(path, text, path)


def folders(place: str) -> set[str]:
    """The names of the folders below `place` in which the runs that its receipts prove lie."""
    held = [_read(os.path.join(place, name)) for name in os.listdir(place) if name.startswith("receipt")]
    roots = [arm.root for receipt in held if receipt is not None and receipt.verdict == PASS for arm in receipt.arms]
    return {part for root in roots for part in root.split("/") if part.startswith("run-")}


def _file(overrides: Sequence[str]) -> str:
    """`receipt.json`; a reduced proof has one of its own and does not replace the whole one."""
    return f"receipt-{digest(*overrides)[:12]}.json" if overrides else "receipt.json"


def _read(path: str) -> Receipt | None:
    try:
        with open(path, "rb") as file:
            receipt = msgspec.json.decode(file.read(), type=Receipt)
    except (OSError, msgspec.MsgspecError):
        return None
    return receipt if receipt.is_whole() else None
