"""The arm that `flowgate run` leaves: a run made anyway, which a proof then need not make again."""

from __future__ import annotations

import os
import shutil

import msgspec

from flowgate.files import write_whole
from flowgate.finding import digest
from flowgate.flow.subject import changes
from flowgate.prove import receipt as receipts
from flowgate.prove.contracts import plan
from flowgate.prove.ground import Ground
from flowgate.prove.inputs import Seen, bound, changed_inputs
from flowgate.prove.model import Arm, Ran
from flowgate.prove.records import read_records
from flowgate.prove.store import Store
from flowgate.target import Target

OWN_WORLD = "one of the arms is a run of yours, by `flowgate run`"


def seen_by(ran: list[Ran]) -> Seen:
    """What some arms looked at. What an arm changed that had no world of its own is not what it was when it was read."""
    read = {path for one in ran for path in (one.read - one.written if one.unsealed else one.read)}
    return Seen(
        frozenset(read),
        frozenset(path for one in ran for path in one.texts),
        frozenset(path for one in ran for path in one.missed),
        frozenset(path for one in ran for path in one.listed),
        frozenset(asked for one in ran for asked in one.stated),
    )


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run was, and all that it depended on: `parts` as known before it, `files` as its tasks read them."""

    workers: int
    hash_seed: int
    order: str
    seconds: float
    store: str
    root: str
    parts: dict[str, str]
    files: dict[str, str]
    records: str
    installed: str = ""
    absent: list[str] = []


def folder_of(target: Target) -> str:
    """Where the arm's records lie."""
    return os.path.join(receipts.folder_of(target.project, target.path, target.flow.name), "gated")


def first_arm(ground: Ground, workers: int) -> Arm:
    """The arm that a run at one worker can stand for."""
    return plan(ground.contract.kind, workers)[0]


def prepare(target: Target) -> str:
    """An empty folder for the records of a run that is about to begin."""
    home = folder_of(target)
    shutil.rmtree(home, ignore_errors=True)
    for name in ("records", "turns"):
        os.makedirs(os.path.join(home, name))
    return home


def keep(
    target: Target,
    ground: Ground,
    counted: dict[str, str],
    now: dict[str, str],
    arm: Arm,
    seconds: float,
    store: Store,
) -> bool:
    """Seal the records of a run that ended well; `counted` are the files that it could have read, as they were before it.

    False where its tasks left none, or where the parts it stands on are `now` not what they were when it began.
    """
    home = folder_of(target)
    ran = read_records(target.flow.name, arm, home, seconds, store)
    if ran is None or changes(ground.parts, now):
        return False
    parts, absent = ground.of_imports(target.project.root, ran.imports)
    held = Kept(
        arm.workers,
        arm.hash_seed,
        arm.order,
        seconds,
        store.kind,
        store.root,
        parts,
        bound(target.project, counted, ground.parts, seen_by([ran])),
        _seal(home),
        ground.environment.installed,
        absent,
    )
    write_whole(os.path.join(home, "arm.json"), msgspec.json.encode(held).decode(), "the arm")
    return True


def _seal(home: str) -> str:
    """The digest of all records, so that an edited one is not believed."""
    folder = os.path.join(home, "records")
    texts = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            texts += [name, file.read()]
    return digest(*texts)


def load(target: Target, ground: Ground, arm: Arm) -> Ran | None:
    """The run that was left, where it is this arm and everything it depended on is what it was."""
    home = folder_of(target)
    try:
        with open(os.path.join(home, "arm.json"), "rb") as file:
            held = msgspec.json.decode(file.read(), type=Kept)
    except (OSError, msgspec.MsgspecError):
        return None
    if held.records != _seal(home) or (held.workers, held.hash_seed, held.order) != (
        arm.workers,
        arm.hash_seed,
        arm.order,
    ):
        return None
    if ground.since(held.parts, held.installed, held.absent, target.project.root):
        return None
    if changed_inputs(target.project, target.proving.inputs_exclude, held.files, ground.parts):
        return None
    ran = read_records(target.flow.name, arm, home, held.seconds, Store(held.store, held.root))
    return ran._replace(origin="flowgate run", unsealed=OWN_WORLD) if ran is not None else None
