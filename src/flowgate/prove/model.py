"""What an arm is: how it is to run, how it is started, and what is known of it once it has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flowgate.prove.environment import Environment
from flowgate.prove.store import Store

ASPECTS = ("listings", "host", "memory", "threads", "speed", "surroundings")
BESIDE = "beside another"


class Arm(NamedTuple):
    """One run of a proof: its worker count, the seed of its hash salts, the order its tasks are put in, and its surroundings.

    `world` numbers what else may differ between two runs: 0 leaves it as it is, every other number varies what `aspects` names.
    `shared_salt`: all tasks have the scheduler's hash salt, and none its own.
    """

    name: str
    workers: int
    hash_seed: int
    order: str
    world: int = 0
    aspects: tuple[str, ...] = ASPECTS
    shared_salt: bool = False


class Task(NamedTuple):
    """What is known of one task. `place` is where it stands in foreaches and recursion, equal in every run.

    `ends`: it is a task of the flow's last step. `looked` and `changed` are what it touched, by names that hold in every arm, and
    `started` the programs it started, and `unseen` what it did of which nobody sees what that touches. `began`: how many
    threads, pieces of work and processes it began, as far as the arm varies in which order those end.
    """

    step: str
    place: str
    task: str
    artifacts: dict[str, dict[str, Any]]
    order: str
    ends: bool = False
    looked: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    started: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    began: int = 0


class Ran(NamedTuple):
    """An arm that ran to its end, with the files that its tasks and its scheduler read, and those that its tasks wrote and made.

    `texts` are Python files that a task read as text, and not only as code; `imports` the first parts of the names of all
    modules that any process tried to import. `missed` are files that they looked for and did not find, `listed` the folders
    that they listed, and `stated` what they asked about a path without opening it: `kind PATH`, `stat PATH` or `time PATH`. `unexplained` are files of the project that were made or changed while the arm ran,
    and not by any task's Python code; `altered` are those that could not be given back their old content. `unsealed` says why it had
    no world of its own, `fetched` are other machines that it asked for something, and `variables` those of the environment that the
    project's code asked for. `kept`: all that it wrote on the machine was kept for a further arm to find. `by_kernel`: the
    kernel told what was read and listed, of programs in any language; else that is known of Python only.
    """

    arm: Arm
    run: str
    seconds: float
    store: Store
    tasks: dict[tuple[str, str], Task]
    read: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    made: tuple[str, ...] = ()
    origin: str = "proof"
    texts: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    missed: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    unexplained: frozenset[str] = frozenset()
    altered: frozenset[str] = frozenset()
    unsealed: str = ""
    fetched: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()
    kept: bool = True
    by_kernel: bool = False
    stated: frozenset[str] = frozenset()


class Start(NamedTuple):
    """What is common to the arms of one proof.

    `watched`: whether the probe is attached to them. `scratch`: the temporary folder of all of them, emptied for each;
    else each has one of its own. `settings` is the table of the settings that says how arms run. `contested`: what several tasks touch, at
    which each gives way in an overlapping arm. `code` are the files that the flow is made of,
    `earlier` is the folder of an arm whose run stands in the store as an earlier one, and `brought` that of one whose files the
    next one finds. `unsealed` says why the arms have no worlds of their own, empty where they have; `network` whether those
    reach other machines.
    """

    environment: Environment
    flow_path: str
    flow_name: str
    root: str
    folder: str
    surface: tuple[str, ...]
    before_run: tuple[str, ...]
    after_run: tuple[str, ...]
    timeout: float
    watched: bool = True
    scratch: str = ""
    contested: tuple[str, ...] = ()
    settings: str = "the settings"
    last_step: str = "end"
    reads_runs: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    earlier: str = ""
    brought: str = ""
    unsealed: str = ""
    network: bool = True


Progress = Callable[[Arm, int, int, float], None]
