"""What a proof leaves behind: bound to everything it depended on, and worthless once any of that changed."""

from __future__ import annotations

import os

import msgspec

from flowgate import __version__
from flowgate.files import cache_folder, write_whole
from flowgate.finding import Finding, digest
from flowgate.project import Project
from flowgate.prove.diverge import Divergence

SCHEMA = "flowgate/receipt/v1"


class ArmRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One arm as the receipt keeps it. `seconds` is its wall-clock time."""

    name: str
    workers: int
    hash_seed: int
    order: str
    forced: bool
    run: str
    seconds: float


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof that was decided: its verdict, its arms, each surface digest, and all that it depended on.

    `parts` are what is known before a run: the files of the flow, its claim, its environment. `files` are the digests of
    what the tasks read besides.
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
    divergence: Divergence | None = None
    findings: list[Finding] = []
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


def slug(path: str, name: str) -> str:
    """A file name for a flow: its path with dots for slashes, and its class."""
    return f"{path.removesuffix('.py').replace('/', '.')}.{name}"


def folder_of(project: Project, path: str, name: str) -> str:
    """Where the proofs of a flow lie, inside the ignored cache."""
    return os.path.join(cache_folder(project.state()), "proofs", slug(path, name))


def load(project: Project, path: str, name: str) -> Receipt | None:
    """The flow's receipt; None where there is none, or it was edited or cannot be read."""
    try:
        with open(os.path.join(project.state("cache", "proofs"), slug(path, name), "receipt.json"), "rb") as file:
            receipt = msgspec.json.decode(file.read(), type=Receipt)
    except (OSError, msgspec.MsgspecError):
        return None
    return receipt if receipt.is_whole() else None


def save(project: Project, receipt: Receipt) -> None:
    """Write the receipt, whole or not at all."""
    path = os.path.join(folder_of(project, receipt.flow, receipt.name), "receipt.json")
    text = msgspec.json.format(msgspec.json.encode(receipt.sealed()), indent=1).decode() + "\n"
    write_whole(path, text, path)
