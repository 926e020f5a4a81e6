"""Compositions held against Hydra's own, in another process: drawn trees and override lists, and trees that packages ship."""

from __future__ import annotations

import itertools
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader

from flowgate.flow.conf import OVERRIDE, Composed
from flowgate.flow.yamlfile import Keys, leaves, lines_of
from tests.conftest import write
from tests.flow.peer import Peer, compare, conf_at, disagreement, ours

GROUPS = ("db", "net", "net/opt", "experiment")
CHOICES = ("a", "b", "c")
KEYS = ("lr", "name", "size", "opts", "x")
PACKAGES = ("_global_", "_group_", "_here_", "src", "src.main", "_global_.deep")
SCALARS = (
    "1", "0.5", "1e-4", "1E5", "1_000", "yes", "off", "null", "~", "'1'", "text", "a b", "0x1f", ".inf", "2024-01-01", "???",
    "[]", "{}", "[1, two, 3e2]", "{k: 1, lr: 2}", "${lr}", "${db.name}", "${.size}", "x-${name}", "${net.opt.x}", "${oc.select:lr,7}",
)  # fmt: skip
OVERRIDES = (
    "lr=1e-3", "name=yes", "+x={a: 1, b: [1, 2]}", "~name", "~db.name", "+db@src=b", "db=c", "net=a", "net/opt=b", "+net/opt=c",
    "experiment=b", "+experiment=c", "db@src=a", "lr=1,2", "++size=4", "+size='a b'", "db.lr=3", "opts=[1,2]", "opts.k=5",
    "x=null", "~db", "db=[a,b]", "+db=b", "name=a\\,b", "size=", "src.lr=2", "+src.new=text", "experiment=null", "net@src=b",
    "~experiment", "db=nope", "lr", "+lr=choice(1,2)", "x=${lr}", "db.lr=${net.lr}", "hydra.job.name=other",
)  # fmt: skip


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    made = Peer(tmp_path_factory.mktemp("peer"))
    yield made
    made.close()


@st.composite
def bodies(draw: st.DrawFn) -> str:
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
    lines: list[str] = []
    for key in keys:
        if draw(st.integers(0, 4)) == 0:
            inner = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1, max_size=2))
            lines += [f"{key}:", *(f"  {below}: {draw(st.sampled_from(SCALARS))}" for below in inner)]
        else:
            lines.append(f"{key}: {draw(st.sampled_from(SCALARS))}")
    return "".join(f"{line}\n" for line in lines)


@st.composite
def entries(draw: st.DrawFn, group: str) -> str:
    """One line of a defaults list, in a file of a group; of the root, the group is empty."""
    kind = draw(st.sampled_from(("group", "group", "group", "sibling", "override", "optional", "odd")))
    choice = draw(st.sampled_from((*CHOICES, *CHOICES, "null", "[a, b]", "${db}")))
    known = [name for name in GROUPS if name != group] if not group else ["opt", *(f"/{name}" for name in GROUPS)]
    named = draw(st.sampled_from(known))
    package = f"@{draw(st.sampled_from(PACKAGES))}" if draw(st.integers(0, 5)) == 0 else ""
    if kind == "sibling" and group:
        return draw(
            st.sampled_from([f"- {one}{package}" for one in CHOICES] + [f"- /{named.strip('/')}/a", "- ../db/b"])
        )
    if kind == "override" and group:
        return f"- override {named}{package}: {choice}"
    if kind == "optional":
        return f"- optional {named}{package}: {draw(st.sampled_from((*CHOICES, 'none')))}"
    if kind == "odd":
        return draw(
            st.sampled_from(
                ("- db/a", "- _self_", "- experiment: ???", "- override hydra/job_logging: disabled", "- nope")
            )
        )
    return f"- {named}{package}: {choice}"


def override_lists() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(OVERRIDES), max_size=2, unique=True).map(tuple)


@st.composite
def files(draw: st.DrawFn, group: str) -> str:
    header = f"# @package {draw(st.sampled_from(PACKAGES))}\n" if draw(st.integers(0, 5)) == 0 else ""
    listed: list[str] = []
    if group == "experiment" or draw(st.integers(0, 3)) == 0:
        listed = draw(st.lists(entries(group), max_size=2))
    has_self: bool = draw(st.booleans())
    if listed and has_self:
        listed.insert(draw(st.integers(0, len(listed))), "- _self_")
    defaults = "".join(["defaults:\n", *(f"  {line}\n" for line in listed)]) if listed else ""
    return header + defaults + draw(bodies())


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str]:
    made: dict[str, str] = {f"{group}/{choice}.yaml": draw(files(group)) for group in GROUPS for choice in CHOICES}
    listed = draw(st.lists(entries(""), min_size=1, max_size=4, unique=True))
    if draw(st.booleans()):
        listed.insert(draw(st.integers(0, len(listed))), "- _self_")
    return made | {"config.yaml": "".join(["defaults:\n", *(f"  {line}\n" for line in listed)]) + draw(bodies())}


_folders = itertools.count()
TREES, LISTS = 500, 4  # 2,000 compositions


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(4))
@limits(
    max_examples=TREES // 4,
    deadline=None,
    phases=[Phase.generate],  # what is drawn is small enough to read
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(tree=trees(), lists=st.lists(override_lists(), min_size=LISTS, max_size=LISTS))
def test_a_drawn_tree_composes_as_hydra_has_it(
    tree: dict[str, str], lists: list[tuple[str, ...]], shard: int, peer: Peer, tmp_path: Path
) -> None:
    folder = write(tmp_path / f"{next(_folders)}", tree)
    asked = [peer.ask(str(folder), "config", overrides) for overrides in lists]
    for number, overrides in zip(asked, lists, strict=True):
        mine = ours(conf_at(folder / "config.yaml"), overrides)
        assert disagreement(mine, peer.answer(number)) == "", (tree, overrides)
        if isinstance(mine, Composed):
            _every_value_is_where_it_is_said_to_be(mine)


def test_half_of_what_is_drawn_composes(peer: Peer, tmp_path: Path) -> None:
    """Trees that are all refused would agree on nothing."""
    made: list[bool] = []

    @limits(max_examples=60, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(tree=trees())
    def draw(tree: dict[str, str]) -> None:
        folder = write(tmp_path / f"{next(_folders)}", tree)
        made.append(isinstance(ours(conf_at(folder / "config.yaml"), ()), Composed))

    draw()
    assert made.count(True) * 3 >= len(made) and made.count(False) * 10 >= len(made)


def _every_value_is_where_it_is_said_to_be(made: Composed) -> None:
    """The file that is named holds the value, under a key on the line that is named."""
    for keys, value in leaves(made.written):
        assert made.origins[keys], keys
        file, line = made.origins[keys][-1]
        if file == OVERRIDE or value == {}:  # an empty mapping is what is left of a file
            continue
        held, lines = _file(file)
        there = [path for path, number in lines.items() if number == line]
        assert any(_at(held, path) == value for path in there), (keys, file, line)


@cache
def _file(path: str) -> tuple[Any, dict[Keys, int]]:
    """What a file holds, and the line of each key."""
    return OmegaConf.to_container(OmegaConf.load(path), resolve=False), lines_of(path, get_yaml_loader())


def _at(held: Any, path: Keys) -> Any:
    for key in path:
        held = held[key]
    return held


ARCHIVES = Path(sys.prefix) / "trees"
# Config trees that packages ship: the archive, the folder in it, its root files, the `version_base` that the code gives, and
# override lists. What Hydra refuses of them has to be refused here, too.
_QUIET = "hydra/job_logging=disabled hydra/hydra_logging=disabled"  # a plugin brings what the tree asks for
_CLASSIC = " | group1=file2 | group2=file2 | +group1=file1 | foo=1 | +zzz=1 | db=postgresql | ~group1"
SHIPPED = [
    (
        "hydra_core",
        "hydra/test_utils/configs",
        "compose db_conf optional-default missing-optional-default unspecified_mandatory_default missing-default config "
        "accessing_hydra_config custom_resolver defaults_not_list overriding_run_dir schema_key_error some_config",
        "1.3",
        _CLASSIC,
    ),
    (
        "hydra_core",
        "configs/completion_test",
        "additional_searchpath missing_default config",
        "1.3",
        " | group=dict | group=list",
    ),
    (
        "hydra_core",
        "configs/package_tests",
        "two_packages_one_group pkg_override",
        "1.3",
        " | group1@pkg1=option2 | group1@pkg2=option2 | group1=option2",
    ),
    (
        "sheeprl",
        "sheeprl/configs",
        "config env_config",
        "1.3",
        " | exp=ppo | exp=dreamer_v3 | exp=ppo env=atari | exp=none",
    ),
    (
        "anemoi_training",
        "training/config",
        "config lam",
        None,
        " | model=transformer | graph=limited_area | training.lr.rate=0.1",
    ),
    (
        "graphium",
        "expts/hydra-configs",
        "main",
        None,
        " | model=gcn | architecture=toymix tasks=toymix training=toymix | +finetuning=admet | +hparam_search=none",
    ),
    ("classy_core", "configurations", "token qa", "1.1", " | +profiles=distilbert | profiles=distilbert | model=token"),
    (
        "cyto_dl",
        "-any.whl/configs",
        "train",
        "1.3",
        f"{_QUIET} | experiment=im2im/segmentation {_QUIET} | trainer=cpu {_QUIET} | debug=default {_QUIET}",
    ),
]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives that `make setup` fetched, each in a folder of its name."""
    folder = tmp_path_factory.mktemp("trees")
    for archive in ARCHIVES.iterdir():
        into = folder / archive.name
        if archive.name.endswith(".whl"):
            with zipfile.ZipFile(archive) as held:
                held.extractall(into, [name for name in held.namelist() if name.endswith(".yaml")])
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(into, filter="data")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("archive", "place", "names", "base", "lists"), SHIPPED)
def test_a_shipped_tree_composes_as_hydra_has_it(
    archive: str, place: str, names: str, base: str | None, lists: str, peer: Peer, unpacked: Path
) -> None:
    (folder,) = (path for path in unpacked.glob(f"{archive}-*/**/") if str(path).endswith(place))
    asked = [tuple(words.split()) for words in lists.split("|")]
    for name in names.split():
        for overrides in asked:
            assert compare(peer, folder / f"{name}.yaml", overrides, base) == "", (name, overrides)
