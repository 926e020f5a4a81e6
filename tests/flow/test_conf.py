"""What a config composes to, and where each value is written: by Hydra, with Hydra's own answer beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowgate import witness
from flowgate.errors import FlowgateError
from flowgate.flow.conf import UNSPECIFIED, Composed, Conf, ConfigBroken, Start, compose, dotted, open_conf
from tests.conftest import Flowgate, run, write
from tests.flow.peer import Peer, compare

DB = {"db/pg.yaml": "name: pg\nuser: ada\nport: 1\n", "db/my.yaml": "name: my\nuser: bob\n"}
NET = {
    "net/wide.yaml": "size: 9\n",
    "net/net_pg.yaml": "size: 7\n",
    "net/small.yaml": "defaults: [wide, _self_]\nlr: 1\n",
}


def _root(*entries: str, body: str = "lr: 0.1\n") -> dict[str, str]:
    return {"config.yaml": "".join(["defaults:\n", *(f"  - {entry}\n" for entry in entries)]) + body, **DB, **NET}


# What a composer of our own had wrong: the tree, and override lists.
# fmt: off
LISTED: dict[str, tuple[dict[str, str], list[str]]] = {
    "a relative package in a nested list": (
        _root("net: deep") | {"net/deep.yaml": "defaults:\n  - /db@store: pg\n  - sub/leaf@inner\n", "net/sub/leaf.yaml": "z: 1\n"},
        ["", "net=small"],
    ),
    "an override in a nested list": (
        _root("db: pg", "exp: fast") | {"exp/fast.yaml": "# @package _global_\ndefaults:\n  - override /db: my\nlr: 3\n"},
        ["", "db=pg", "exp=none"],
    ),
    "a relative override in a nested list": (
        _root("net: deep")
        | {"net/deep.yaml": "defaults:\n  - sub: a\n  - over\n", "net/over.yaml": "defaults:\n  - override sub: b\n", "net/sub/a.yaml": "z: 1\n", "net/sub/b.yaml": "z: 2\n"},
        [""],
    ),
    "_here_ and _global_": (
        _root("net: deep") | {"net/deep.yaml": "defaults:\n  - /db@_here_: pg\n  - /db@_global_: my\n", "net/flat.yaml": "# @package __global__\nq: 1\n"},
        ["", "net=flat"],
    ),
    "a group used twice": (_root("db@src: pg", "db@dst: my"), ["", "db@src=my", "db@dst=pg src.port=3", "db=my", "~db@src"]),
    "headers in odd places": (
        _root("net: one", "db: two")
        | {"net/one.yaml": "# a comment\n# @package _global_\none: 1\n", "db/two.yaml": "#   @package   _global_\ntwo: 2\n", "net/three.yaml": "\n\n# @package a.b\nthree: 3\n", "net/four.yaml": "x: 1\n# @package _global_\n"},
        ["", "net=three", "net=four"],
    ),
    "a choice with a slash": (
        _root("img: mnist/small", "experiment: extra/deep") | {"img/mnist/small.yaml": "n: 1\n", "experiment/extra/deep.yaml": "name: deep\n"},
        ["", "img=mnist", "img=mnist/small"],
    ),
    "a choice above": (_root("net: up") | {"net/up.yaml": "defaults:\n  - ../db/pg\n  - ../db@side: my\n"}, [""]),
    "null and lists of choices": (_root("db: [pg, my]", "net: null"), ["", "db=[my]", "net=[wide,small]", "db=null", "net=wide"]),
    "interpolated choices": (_root("db: pg", "net: net_${db}"), ["", "db=my", "net=wide"]),
    "hydra's own groups": (
        _root("db: pg", "override hydra/job_logging: disabled") | {"net/x.yaml": "1: 2\n"},
        ["", "hydra.run.dir=out", "hydra/launcher=basic", "+hydra.job.x=1"],
    ),
    "a list as a config": (_root("net: seq") | {"net/seq.yaml": "- 1\n- {a: 2}\n"}, ["", "net=wide"]),
    "a merge into a reference": (
        {"config.yaml": "defaults:\n  - a\n  - b\n", "a.yaml": "base: {k: 1, l: 2}\ncopy: ${base}\n", "b.yaml": "copy: {k: 5}\n"},
        ["", "copy.l=9", "base.k=7"],
    ),
    "what is missing": (_root("db: ???", body="lr: ???\n"), ["", "db=pg", "db=pg lr=1"]),
    "a sibling of its own group": (_root("net: small"), ["", "net=wide", "net.lr=2"]),
    "a config that leads back to itself": (_root("net: loop") | {"net/loop.yaml": "defaults: [pool]\n", "net/pool.yaml": "defaults: [loop]\n"}, [""]),
    "the grammar of overrides": (
        _root("db: pg", body="lr: 0.1\nname: x\nopts: {a: 1}\n"),
        [
            "lr=1e-3", "name=yes", "+x={a:1}", "~db.user", "+db@src=pg", "lr=1,2", "lr", "+lr=2", "++lr=2", "nope=1", "~nope",
            "name='a b'", "name=a\\,b", "opts={b:2}", "opts.a=null", "+opts.b=[1,{c:2}]", "db=nope", "name=", "lr=0x10", "lr=.inf",
        ],
    ),
    "numbers and words": ({"config.yaml": "a: 1e-4\nb: 1E5\nc: 1_000\nd: yes\ne: 0o17\nf: 017\ng: 2024-01-01\nh: 1:30\ni: .5\nj: ~\n"}, [""]),
    "keys that are no texts": ({"config.yaml": "1: a\n2.5: b\ntrue: c\nx: {3: d}\n"}, ["", "x.3=e"]),
    "a key twice": ({"config.yaml": "a: 1\na: 2\n"}, [""]),
    "another ending": ({"config.yaml": "defaults: [{db: a}]\n", "db/a.yml": "x: 1\n"}, [""]),
    "_self_ twice": (_root("_self_", "db: pg", "_self_"), [""]),
    "a defaults list that is none": ({"config.yaml": "defaults: 3\n"}, [""]),
    "a misspelt keyword": (_root("overide db: my", "optional net: nope"), [""]),
    "anchors": ({"config.yaml": "base: &b {k: 1, l: [1, 2]}\nmade: {<<: *b, k: 2}\nagain: *b\n"}, ["", "made.l=[3]"]),
}
# fmt: on


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    made = Peer(tmp_path_factory.mktemp("peer"))
    yield made
    made.close()


@pytest.mark.parametrize("case", LISTED)
def test_it_composes_what_hydra_composes(case: str, peer: Peer, tmp_path: Path) -> None:
    tree, lists = LISTED[case]
    write(tmp_path, tree)
    for words in lists:
        assert compare(peer, tmp_path / "config.yaml", tuple(words.split("&") if "'" in words else words.split())) == ""


@pytest.mark.parametrize("base", [None, "1.1", "1.2", "1.3", UNSPECIFIED])
def test_it_composes_at_the_version_that_the_code_names(base: str | None, peer: Peer, tmp_path: Path) -> None:
    write(tmp_path, {"config.yaml": "defaults: [{db: a}]\nx: 1\n", "db/a.yml": "y: 2\n", "db/b.yaml": "x: 3\n"})
    for overrides in ((), ("db=b",), ("db=a.yml",)):
        assert compare(peer, tmp_path / "config.yaml", overrides, base) == ""


def test_search_paths_and_links_are_followed(peer: Peer, tmp_path: Path) -> None:
    write(tmp_path, {f"shared/{name}": text for name, text in DB.items()} | {"elsewhere/wide.yaml": "size: 9\n"})
    root = f"defaults: [{{db: pg}}, {{net: wide}}]\nhydra: {{searchpath: ['file://{tmp_path}/shared']}}\n"
    write(tmp_path, {"conf/config.yaml": root})
    (tmp_path / "conf/net").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "conf/loop").symlink_to(tmp_path / "conf")
    for overrides in ((), ("db=my",), ("db=none",), ("net=none",)):
        assert compare(peer, tmp_path / "conf/config.yaml", overrides) == ""
    conf = _conf(tmp_path / "conf")
    assert [os.path.relpath(path, conf.folder) for path in compose(conf).files] == [
        "../shared/db/pg.yaml",
        "net/wide.yaml",
        "config.yaml",
    ]


# --- what only the user's code knows


def _conf(folder: Path, start: Start = Start(), kept: str = "") -> Conf:  # noqa: B008
    found = open_conf(str(folder / "config.yaml"), start)
    assert found is not None
    return found._replace(kept=kept)


def test_a_resolver_of_the_users_leaves_its_value_unknown(tmp_path: Path) -> None:
    write(tmp_path, {"config.yaml": "a: 1\nb: ${half:3}\nc: [1, '${half:2}']\nd: ${b}\n"})
    made = compose(_conf(tmp_path, Start(resolvers=True)))
    assert made.get("a") == 1 and made.written["b"] == "${half:3}"
    for key in ("b", "c", "d"):
        with pytest.raises(
            FlowgateError, match=f"`{key}` is not known here: only the flow's own code knows its resolver"
        ):
            made.get(key)


def test_a_registered_config_leaves_what_it_brings_unknown(tmp_path: Path) -> None:
    write(tmp_path, {"config.yaml": "defaults: [{db: schema}, _self_]\ndb: {user: ada}\nlr: 1\n"})
    with pytest.raises(ConfigBroken, match="Could not find 'db/schema'"):
        compose(_conf(tmp_path))
    for start in (Start(stored=("db/schema",)), Start(open=True)):
        made = compose(_conf(tmp_path, start), ("db.port=3",))
        assert (made.get("lr"), made.get("db", "user"), made.get("db", "port")) == (1, "ada", 3)
        with pytest.raises(FlowgateError, match=r"`db\.host` is not known here: the flow's own code"):
            made.get("db", "host")
        assert made.get("other") is None and made.written_at("db", "host") is None


def test_a_plugin_of_hydras_is_no_part_of_the_values(tmp_path: Path) -> None:
    write(tmp_path, {"config.yaml": "defaults: [{override hydra/job_logging: colorlog}]\nlr: 1\n"})
    assert compose(_conf(tmp_path)).tree == {"lr": 1}
    with pytest.raises(ConfigBroken, match="Could not override 'nope'"):
        compose(_conf(tmp_path), ("nope=1",))


def test_what_the_user_would_run_is_not_run(tmp_path: Path) -> None:
    """A plugin, a package on the search path, a target and a callback: each would leave a file."""
    ran = "import pathlib; pathlib.Path(__file__).with_name('ran').touch()\n"
    write(
        tmp_path,
        {
            "hydra_plugins/mine/__init__.py": ran,
            "confs/__init__.py": ran,
            "confs/db/a.yaml": "x: 1\n",
            "config/config.yaml": "defaults: [{db: a}]\nm: {_target_: confs.x}\nhydra:\n  searchpath: [pkg://confs]\n"
            "  callbacks: {c: {_target_: confs.C}}\n",
        },
    )
    code = (
        "import sys; sys.path.insert(0, '.')\nfrom flowgate.flow.conf import *\n"
        "print(compose(open_conf('config/config.yaml', Start(roots=('..',)))).tree)"
    )
    done = run([sys.executable, "-c", code], tmp_path)
    assert done.out == "{'db': {'x': 1}, 'm': {'_target_': 'confs.x'}}\n", done
    assert not list(tmp_path.rglob("ran"))


# --- what is remembered


def test_what_has_not_changed_is_not_composed_again(tmp_path: Path) -> None:
    write(tmp_path, {f"conf/{name}": text for name, text in _root("db: pg").items()})
    code = (
        "import sys\nfrom flowgate.flow.conf import *\n"
        "made = compose(open_conf('conf/config.yaml')._replace(kept='.flowgate/cache/conf'))\n"
        "print(made.tree['db']['name'], 'hydra' in sys.modules)"
    )
    texts = [run([sys.executable, "-c", code], tmp_path).out for _ in range(2)]
    assert texts == ["pg True\n", "pg False\n"]
    write(tmp_path, {"conf/db/pg.yaml": "name: other\n"})
    assert run([sys.executable, "-c", code], tmp_path).out == "other True\n"


def test_lint_of_a_flow_without_a_config_never_imports_hydra(tmp_path: Path) -> None:
    flow = "from metaflow import FlowSpec, step\n\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    write(tmp_path, {"flow.py": flow, "conf/config.yaml": "a: 1\n"})
    code = (
        "import sys\nfrom flowgate.cli import main\ntry:\n    main(['lint'])\nfinally:\n"
        "    print(sorted({'hydra', 'omegaconf', 'antlr4', 'yaml', 'msgspec'} & set(sys.modules)))"
    )
    assert run([sys.executable, "-c", code], tmp_path).out.endswith("[]\n")


def test_everything_that_hydra_looks_at_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = f"defaults: [{{db: pg}}, optional ../beside]\nhydra: {{searchpath: ['file://{tmp_path}/shared']}}\nv: ${{oc.env:FLOWGATE_V,0}}\n"
    write(
        tmp_path,
        {
            "conf/config.yaml": root.replace("optional ../beside", "optional side: beside"),
            "shared/db/pg.yaml": "a: 1\n",
        },
    )

    def tree() -> object:
        witness.forget()
        return compose(_conf(tmp_path / "conf", kept=str(tmp_path / ".flowgate/cache/conf"))).tree

    assert tree() == {"db": {"a": 1}, "v": "0"}
    write(tmp_path, {"shared/db/pg.yaml": "a: 2\n"})
    assert tree() == {"db": {"a": 2}, "v": "0"}
    write(tmp_path, {"shared/side/beside.yaml": "s: 3\n"})
    assert tree() == {"db": {"a": 2}, "side": {"s": 3}, "v": "0"}
    monkeypatch.setenv("FLOWGATE_V", "5")
    assert tree() == {"db": {"a": 2}, "side": {"s": 3}, "v": "5"}
    write(tmp_path, {"conf/side/beside.yaml": "s: 4\n"})
    assert tree() == {"db": {"a": 2}, "side": {"s": 4}, "v": "5"}


@pytest.mark.parametrize("damage", [b"", b"\xff", b"\x90"])
def test_a_damaged_memory_is_none(damage: bytes, tmp_path: Path) -> None:
    write(tmp_path, {"config.yaml": "a: 1\n"})
    kept = tmp_path / ".flowgate/cache/conf"
    assert compose(_conf(tmp_path, kept=str(kept))).tree == {"a": 1}
    for path in kept.iterdir():
        path.write_bytes(damage)
    assert compose(_conf(tmp_path, kept=str(kept))).tree == {"a": 1}


def test_odd_values_are_remembered_as_they_are(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"config.yaml": "1: a\n2.5: .inf\nword: !!binary aGk=\nbig: 123456789012345678901234567890\nnone: null\n"},
    )
    trees = [repr(compose(_conf(tmp_path, kept=str(tmp_path / ".flowgate/cache/conf"))).tree) for _ in range(2)]
    assert (
        trees[0] == trees[1] == "{1: 'a', 2.5: inf, 'word': b'hi', 'big': 123456789012345678901234567890, 'none': None}"
    )


# --- where a value is written

# fmt: off
WRITTEN = {
    "a file over another": (
        {"config.yaml": "defaults: [a, b, _self_]\nz: 1\n", "a.yaml": "x: 1\ny: 1\n", "b.yaml": "w: 0\nx: 2\n"},
        (),
        {"x": "a.yaml:1 b.yaml:2", "y": "a.yaml:2", "w": "b.yaml:1", "z": "config.yaml:2"},
    ),
    "an override": ({"config.yaml": "x: 1\ny: {k: 2}\n"}, ("x=5", "+y.l=1"), {"x": "config.yaml:1 override:0", "y.k": "config.yaml:2", "y.l": "override:0"}),
    "of several overrides the last": ({"config.yaml": "x: 1\n"}, ("x=5", "x=6"), {"x": "config.yaml:1 override:0"}),
    "a mapping over a value": ({"config.yaml": "defaults: [a, b]\n", "a.yaml": "x: 1\n", "b.yaml": "x:\n  y: 1\n"}, (), {"x.y": "a.yaml:1 b.yaml:2"}),
    "a value over a mapping": ({"config.yaml": "defaults: [a, b]\n", "a.yaml": "x: {y: 1}\n", "b.yaml": "x: null\n"}, (), {"x": "a.yaml:1 b.yaml:1"}),
    "what is missing overrides nothing": ({"config.yaml": "defaults: [a, b]\n", "a.yaml": "x: 1\n", "b.yaml": "x: ???\n"}, (), {"x": "a.yaml:1"}),
    "a merge into a reference": (
        {"config.yaml": "defaults: [a, b]\n", "a.yaml": "base:\n  k: 1\n  l: 2\ncopy: ${base}\n", "b.yaml": "copy: {k: 5}\n"},
        (),
        {"copy.k": "a.yaml:2 b.yaml:1", "copy.l": "a.yaml:3", "base.k": "a.yaml:2", "base.l": "a.yaml:3"},
    ),
    "a package": ({"config.yaml": "defaults: [{db@src.main: a}]\n", "db/a.yaml": "\nx: 1\n"}, (), {"src.main.x": "db/a.yaml:2"}),
    "an anchor": ({"config.yaml": "base: &b\n  k: 1\nmade:\n  <<: *b\n  l: 2\n"}, (), {"base.k": "config.yaml:2", "made.k": "config.yaml:2", "made.l": "config.yaml:5"}),
    "an element of a list": ({"config.yaml": "x: [1, 2]\n"}, ("x.0=5",), {"x": "config.yaml:1 override:0"}),
    "an empty file": ({"config.yaml": "defaults: [{db: a}]\n", "db/a.yaml": ""}, (), {"db": "db/a.yaml:1"}),
}
# fmt: on


@pytest.mark.parametrize("case", WRITTEN)
def test_a_value_knows_where_it_is_written_and_what_it_overrode(case: str, tmp_path: Path) -> None:
    tree, overrides, expected = WRITTEN[case]
    made = compose(_conf(write(tmp_path, tree)), overrides)
    assert {dotted(keys): _places(tmp_path, made, keys) for keys in made.origins} == expected


def _places(folder: Path, made: Composed, keys: tuple[object, ...]) -> str:
    return " ".join(f"{os.path.relpath(file, folder) if line else file}:{line}" for file, line in made.origins[keys])


# --- bad input

_LAUGHS = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
# fmt: off
BAD = {
    "a million lines": ({"config.yaml": "a:\n" + "- 1\n" * 1_000_000}, "holds more than 50,000 keys and values"),
    "aliases that explode": ({"config.yaml": _LAUGHS}, "holds more than 50,000 keys and values"),
    "an alias of itself": ({"config.yaml": "a: &a [1, *a]\n"}, "stands inside of what it names"),
    "nested ten thousand deep": ({"config.yaml": "a: " + "[" * 10_000 + "]" * 10_000}, "nested too deeply"),
    "no YAML": ({"config.yaml": "a: [1\n"}, 'in "conf/config.yaml", line 2'),
    "a defaults list that leads back": ({"config.yaml": "defaults: [a]\n", "a.yaml": "defaults: [b]\n", "b.yaml": "defaults: [a]\n"}, "leads back to itself"),
    "defaults that double at every level": (
        {"config.yaml": "defaults: [d0]\n"}
        | {f"d{level}.yaml": "defaults:\n" + "".join(f"  - d{level + 1}@x{number}\n" for number in range(9)) for level in range(8)}
        | {"d8.yaml": "a: 1\n"},
        "its defaults lists",
    ),
    "a tag of Python's": ({"config.yaml": "a: !!python/object/apply:os.getcwd []\n"}, "could not determine a constructor"),
    "a choice that is not there": ({"config.yaml": "defaults: [{db: x}]\n", **DB}, "Could not find 'db/x' Available options in 'db': my, pg"),
}
# fmt: on


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_composed_is_named(case: str, tmp_path: Path) -> None:
    tree, words = BAD[case]
    write(tmp_path, {f"conf/{name}": text for name, text in tree.items()})
    with pytest.raises(ConfigBroken) as refusal:
        compose(_conf(tmp_path / "conf"))
    assert words in refusal.value.said and str(tmp_path) not in refusal.value.said


def test_a_text_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"conf/config.yaml": "defaults: [{db: a}]\n"})
    (tmp_path / "conf/db").mkdir()
    (tmp_path / "conf/db/a.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigBroken, match=r"conf/db/a\.yaml"):
        compose(_conf(tmp_path / "conf"))


def test_references_in_a_circle_are_values_that_cannot_be_told(tmp_path: Path) -> None:
    write(tmp_path, {"config.yaml": "a: ${b}\nb: ${a}\nc: {d: '${c}'}\ne: 1\n"})
    made = compose(_conf(tmp_path))
    assert made.get("e") == 1
    for keys in (("a",), ("b",), ("c", "d", "d")):
        with pytest.raises(FlowgateError, match="not known here"):
            made.get(*keys)


def test_references_that_multiply_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowgate.flow.sources._LONGEST_SECONDS", 1)
    bomb = "b0: aaaaaaaaaa\n" + "".join(f"b{level + 1}: {f'${{b{level}}}' * 10}\n" for level in range(8))
    write(tmp_path, {"config.yaml": bomb})
    for _ in range(2):
        with pytest.raises(ConfigBroken, match="did not come to an end within 1 s"):
            compose(_conf(tmp_path, kept=str(tmp_path / ".flowgate/cache/conf")))
    assert not (tmp_path / ".flowgate").exists(), "on another day it may end"


@pytest.mark.parametrize(
    "name", ["plain", "extra/deep", "123", "null", "True", "a=b", "a,b", "é", "it's", "with space", "x.y-z"]
)
def test_a_choice_is_written_as_an_override_takes_it(name: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "config.yaml": "defaults: [{experiment: plain}]\n",
            "experiment/plain.yaml": "n: 1\n",
            f"experiment/{name}.yaml": "n: 2\n",
        },
    )
    found = compose(_conf(tmp_path), experiment=name).tree["experiment"]
    assert found == {"n": 2}


def test_a_thousand_defaults_are_composed(tmp_path: Path) -> None:
    tree = {f"g/c{number}.yaml": f"k{number}: {number}\n" for number in range(1000)}
    write(tmp_path, tree | {"config.yaml": "defaults:\n" + "".join(f"  - g/c{number}\n" for number in range(1000))})
    assert compose(_conf(tmp_path)).tree == {"g": {f"k{number}": number for number in range(1000)}}


def test_a_message_has_the_users_path_in_it(flowgate: Flowgate, tmp_path: Path) -> None:
    write(
        tmp_path, {"conf/config.yaml": "defaults: [{db: x}]\n", **{f"conf/{name}": text for name, text in DB.items()}}
    )
    flow = "import hydra\nfrom metaflow import Config, FlowSpec, step\n\n\ndef load(text):\n    return hydra.compose('config')\n\n\n"
    flow += "class F(FlowSpec):\n    cfg = Config('cfg', default_value='{}', parser=load)\n\n    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    write(tmp_path, {"flow.py": flow, "below/x": ""})
    done = flowgate(tmp_path / "below", "show-config", "../flow.py")
    assert (
        done.code == 2 and "../conf/config.yaml cannot be composed: In 'config': Could not find 'db/x'" in done.err
    ), done
    linted = flowgate(tmp_path, "lint")
    assert linted.code == 1 and "conf/config.yaml:1: FG406 the config cannot be composed: In 'config'" in linted.out, (
        linted
    )
