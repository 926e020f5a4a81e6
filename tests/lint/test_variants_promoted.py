"""Variants of the rules on seams, configs, documents and the proof of concept: what trips them, what only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.flow.shell import shell
from flowgate.lint.examples import ECHO, EXPERIMENT, GUARDED, SEAMS, promoted
from flowgate.lint.rules import poc_anchor, silent_kind, worker_pin
from tests.conftest import git, lint_files, write

Files = dict[str, str]
SHELL, BEGIN, END = shell().text, shell().begin, shell().end


def seams(old: str, new: str) -> Files:
    assert old in SEAMS
    return promoted(seams=SEAMS.replace(old, new, 1))


def experiment(axes: str, start: str = "", **files: str) -> Files:
    text = f"name: noise\ndeterminism: order_independent\nsurface: [results]\n{axes}"
    made = promoted({"conf/experiment/noise.yaml": text, **files}, start=start or ECHO)
    if start:
        made["flow.py"] = made["flow.py"].replace("        self.grid = list(self.cfg.experiment.axes.items())\n", "")
    return made


def train(body: str, before: str = "", **files: str) -> Files:
    made = silent_kind._seams(body)
    made["flow.py"] = made["flow.py"].replace("def train_mlp", before + "def train_mlp", 1)
    return made | files


def handed(given: str, kind: str) -> Files:
    """A registry that is looked up in where it is a parameter."""
    made = train(
        "return run(method_spec, data, seed, train_cfg, KINDS)".replace("KINDS", given),
        f"KINDS = {KINDS}\n\n\n".replace("train_mlp", "len").replace("train_topk", "len")
        + "def run(method_spec, data, seed, train_cfg, kinds):\n"
        + '    return kinds[method_spec["kind"]](data)\n\n\n',
    )
    return made | {"conf/method/m.yaml": f"kind: {kind}\n"}


ONE_BY_ONE = f"{ECHO}; a = self.cfg.experiment.axes; self.grid = [a['noise'], a['eval_k']]"
KINDS = '{"mlp": train_mlp, "topk": train_topk}'
POC = {"poc/__init__.py": "", "poc/noise.py": "def fit():\n    return 1\n", "poc/results.json": "1"}
poc = poc_anchor._flow
pinned = worker_pin._flow
SINGLE = "determinism: single_worker\ndeterminism_reason: the library\n"
BODY = """    total = 0
    for row in data_spec:
        total += row * seed
    return {"rows": total, "axes": data_axes}
"""
LONG = SEAMS.replace("    return data_spec, data_axes, seed\n", BODY, 1)

CASES: dict[str, dict[str, tuple[Files, bool]]] = {
    "FG001": {
        "a tab among spaces": (promoted({"flow.py": promoted()["flow.py"].replace("    @step", "\t@step", 1)}), True),
        "a config that is a list": (promoted({"conf/training/default.yaml": "- 1\n"}), False),
        "a config that stops in the middle": (promoted({"conf/training/default.yaml": "a: [1, 2\n"}), True),
        "a config with a merge mark": (promoted({"conf/method/a.yaml": "<<<<<<< HEAD\nkind: a\n"}), True),
        "a helper cut off": (promoted({"helpers.py": "def f(\n"}, start=ECHO + "; import helpers"), True),
        "two helpers deep": (
            promoted({"a.py": "import b\n", "b.py": "x = = 1\n"}, start=ECHO + "; import a"),
            True,
        ),
        "a broken file nobody imports": (promoted({"other.py": "def f(\n"}), False),
        "a broken config of another folder": (promoted({"other/conf/a.yaml": "- [\n"}), False),
        "an empty helper": (promoted({"helpers.py": ""}, start=ECHO + "; import helpers"), False),
        "an empty config": (promoted({"conf/method/a.yaml": ""}), False),
        "a config of nothing but comments": (promoted({"conf/method/a.yaml": "# none yet\n"}), False),
    },
    "FG103": {
        "imported as a module": (
            promoted(metaflow="import metaflow as mf\nfrom metaflow import Config, FlowSpec, step"),
            True,
        ),
        "caught and raised again": (
            promoted(metaflow="try:\n    from metaflow import Config, FlowSpec, step\nexcept ImportError:\n    raise"),
            True,
        ),
        "guarded, but a helper is not": (
            promoted({"plots.py": "from metaflow import current\n"}, metaflow=GUARDED + "\nimport plots"),
            True,
        ),
        "the seams' own module": (
            promoted(
                {"seams.py": "from metaflow import S3\n" + SEAMS},
                seams="from seams import build_model, make_data, metric, train_arm",
            ),
            True,
        ),
        "suppressed, without stand-ins": (
            promoted(
                metaflow="import contextlib\nwith contextlib.suppress(ValueError):\n    from metaflow import Config, FlowSpec, step"
            ),
            True,
        ),
        "asked for first": (
            promoted(
                metaflow="from importlib.util import find_spec\nif find_spec('metaflow'):\n    from metaflow import Config, FlowSpec, step\nelse:\n    FlowSpec, step, Config = object, (lambda f: f), (lambda *a, **k: None)"
            ),
            False,
        ),
        "any exception": (
            promoted(
                metaflow="try:\n    from metaflow import Config, FlowSpec, step\nexcept Exception:\n    FlowSpec, step, Config = object, (lambda f: f), (lambda *a, **k: None)"
            ),
            False,
        ),
        "inside a step": (promoted(start=ECHO + "; from metaflow import current; print(current.step_name)"), False),
        "for the types alone": (
            promoted(
                metaflow="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from metaflow import Run\n" + GUARDED
            ),
            False,
        ),
        "seams elsewhere, without Metaflow": (
            promoted(
                {"seams.py": SEAMS},
                metaflow="from metaflow import Config, FlowSpec, step",
                seams="from seams import build_model, make_data, metric, train_arm",
            ),
            False,
        ),
    },
    "FG104": {
        "a line less": (promoted(stamped=f"{BEGIN}\n{SHELL.replace('import os', '', 1)}{END}"), True),
        "a line more": (promoted(stamped=f"{BEGIN}\n{SHELL}import json\n{END}"), True),
        "another string": (promoted(stamped=f"{BEGIN}\n{SHELL.replace('OMP_NUM', 'OMP_NO')}{END}"), True),
        "empty": (promoted(stamped=f"{BEGIN}\n{END}\n" + GUARDED), True),
        "without an end": (promoted(stamped=f"{BEGIN}\n{SHELL}"), True),
        "verbatim": (promoted(stamped=f"{BEGIN}\n{SHELL}{END}"), False),
        "with spaces at the ends of lines": (
            promoted(stamped=f"{BEGIN}\n" + SHELL.replace("import os\n", "import os   \n") + END),
            False,
        ),
        "no shell at all": (promoted(), False),
        "code after the end": (promoted(stamped=f"{BEGIN}\n{SHELL}{END}\nimport json"), False),
        "a comment that names it": (promoted(metaflow=GUARDED + "\n# the flowgate shell is not used here"), False),
    },
    "FG303": {
        "a helper that refuses is asked first": (
            train(
                'kind = method_spec["kind"]\n    if not is_known(kind):\n        raise ValueError(kind)\n'
                '    if kind == "topk":\n        return train_topk(method_spec)\n    model = train_mlp(method_spec)\n    return model',
                'def is_known(kind):\n    if kind in ("topk", "mlp"):\n        return True\n    raise ValueError(kind)\n\n\n',
            ),
            False,
        ),
        "a helper that lets all pass is asked first": (
            train(
                'kind = method_spec["kind"]\n    note(kind)\n    if kind == "topk":\n        return train_topk(method_spec)\n    return train_mlp(method_spec)',
                "def note(kind):\n    print(kind)\n\n\n",
            ),
            True,
        ),
        "an assert stands before it": (
            train(
                'kind = method_spec["kind"]\n    assert kind in ("topk", "mlp")\n    if kind == "topk":\n        return train_topk(method_spec)\n    return train_mlp(method_spec)'
            ),
            False,
        ),
        "an early return, and an else that raises": (
            train(
                'kind = method_spec["kind"]\n    if kind == "mlp":\n        return train_mlp(method_spec)\n    size = len(data)\n'
                '    if kind == "topk":\n        return train_topk(method_spec)\n    else:\n        raise ValueError(kind)'
            ),
            False,
        ),
        "kinds of another flow with the same config": (
            train('return {"mlp": train_mlp}[method_spec["kind"]](method_spec)')
            | {
                "other_flow.py": train('return {"topk": train_topk}[method_spec["kind"]](method_spec)')[
                    "flow.py"
                ].replace("NoiseFlow", "OtherFlow")
            },
            False,
        ),
        "a kind that neither of two flows knows": (
            train('return {"mlp": train_mlp}[method_spec["kind"]](method_spec)')
            | {
                "other_flow.py": train('return {"svm": train_topk}[method_spec["kind"]](method_spec)')[
                    "flow.py"
                ].replace("NoiseFlow", "OtherFlow")
            },
            True,
        ),
        "data prepared by kind": (
            train(
                'if method_spec["kind"] == "topk":\n        enc = OneHotEncoder().fit(data)\n    else:\n        enc = OrdinalEncoder().fit(data)\n    return {"mlp": train_mlp, "topk": train_topk}[method_spec["kind"]](enc)'
            ),
            False,
        ),
        "a kind that the registry handed in does not hold": (handed("KINDS", "svm"), True),
        "handed in by name": (handed("kinds=KINDS", "svm"), True),
        "handed in, and known": (handed("KINDS", "topk"), False),
        "handed in with one that cannot be read": (handed("load_kinds()", "svm"), False),
        "getattr with a default": (
            train(
                'return KINDS[getattr(method_spec, "kind", "mlp")](method_spec)',
                f"KINDS = {KINDS}\n\n".replace("train_mlp", "len").replace("train_topk", "len"),
            ),
            True,
        ),
        "or": (train('kind = method_spec.get("kind") or "mlp"\n    return ' + KINDS + "[kind](method_spec)"), True),
        "popped with a default": (
            train('kind = method_spec.pop("kind", "mlp")\n    return ' + KINDS + "[kind](method_spec)"),
            True,
        ),
        "a conditional expression": (
            train('fit = train_topk if method_spec["kind"] == "topk" else train_mlp\n    return fit(method_spec)'),
            True,
        ),
        "returns that fall through": (
            train(
                'if method_spec["kind"] == "topk":\n        return train_topk(method_spec)\n    return train_mlp(method_spec)'
            ),
            True,
        ),
        "a match with a wildcard": (
            train(
                'match method_spec["kind"]:\n        case "topk":\n            return train_topk(method_spec)\n        case _:\n            return train_mlp(method_spec)'
            ),
            True,
        ),
        "a dataclass default": (train("return method_spec", "class MethodSpec:\n    kind: str = 'topk'\n\n\n"), True),
        "a kind nobody registered": (train('return {"mlp": train_mlp}[method_spec["kind"]](method_spec)'), True),
        "a registry that decorators fill": (
            train(
                'return ARMS[method_spec["kind"]](method_spec)',
                "ARMS = {}\n\n\ndef arm(kind):\n    def add(fn):\n        ARMS[kind] = fn\n        return fn\n\n    return add\n\n\n@arm('mlp')\n",
            ),
            True,
        ),
        "a mapping pattern": (
            train(
                'match method_spec:\n        case {"kind": "topk"}:\n            return train_topk(method_spec)\n        case _:\n            return train_mlp(method_spec)'
            ),
            True,
        ),
        "caught and replaced": (
            train(
                "try:\n        fit = "
                + KINDS
                + '[method_spec["kind"]]\n    except KeyError:\n        fit = train_mlp\n    return fit(method_spec)'
            ),
            True,
        ),
        "caught and refused": (
            train(
                "try:\n        fit = "
                + KINDS
                + '[method_spec["kind"]]\n    except KeyError:\n        raise ValueError("no such kind") from None\n    return fit(method_spec)'
            ),
            False,
        ),
        "refused by a helper": (
            train(
                'match method_spec["kind"]:\n        case "topk":\n            return train_topk(method_spec)\n        case other:\n            refuse(other)',
                "def refuse(kind):\n    raise ValueError(kind)\n\n\n",
            ),
            False,
        ),
        "a sentinel that is refused": (
            train(
                'kind = method_spec.get("kind", MISSING)\n    if kind is MISSING:\n        raise ValueError("no kind")\n    return '
                + KINDS
                + "[kind](method_spec)",
                "MISSING = object()\n\n\n",
            ),
            False,
        ),
        "the kind of a corpus": (
            train(
                "return " + KINDS + '[method_spec["kind"]](method_spec)',
                'def corpus(spec, rng):\n    if spec["kind"] == "zipf":\n        rate = rng.zipf(2)\n    else:\n        rate = rng.random()\n    return rate\n\n\n',
            ),
            False,
        ),
        "a strict registry": (train("return " + KINDS + '[method_spec["kind"]](method_spec)'), False),
        "get, then refused": (
            train(
                "fit = "
                + KINDS
                + '.get(method_spec["kind"])\n    if fit is None:\n        raise KeyError(method_spec["kind"])\n    return fit(method_spec)'
            ),
            False,
        ),
        "a match that refuses": (
            train(
                'match method_spec["kind"]:\n        case "topk":\n            return train_topk(method_spec)\n        case _:\n            raise ValueError(method_spec["kind"])'
            ),
            False,
        ),
        "the kind of a plot": (train('return "line" if data.get("kind", "line") == "line" else "bar"'), False),
        "elifs, then refused": (
            train(
                'if method_spec["kind"] == "topk":\n        out = train_topk(method_spec)\n    elif method_spec["kind"] == "mlp":\n        out = train_mlp(method_spec)\n    else:\n        raise ValueError\n    return out'
            ),
            False,
        ),
        "another key with a default": (
            train("margin = method_spec.get('margin', 1.0)\n    return " + KINDS + '[method_spec["kind"]](margin)'),
            False,
        ),
    },
    "FG304": {
        "a misspelt data axis": (experiment("axes: {noise: [1]}\ndata_axes: [nois]\n"), True),
        "tagged twice": (experiment("axes: {noise: [1]}\ndata_axes: [noise, noise]\n"), True),
        "both kinds of axis": (experiment("axes: {noise: [1]}\ndata_axes: [noise]\ntraining_axes: [noise]\n"), True),
        "null": (experiment("axes: {noise: null}\ndata_axes: [noise]\n"), True),
        "one of two read": (
            experiment(
                "axes: {noise: [1], width: [2]}\ndata_axes: [noise]\n",
                f"{ECHO}; self.grid = self.cfg.experiment.axes.noise",
            ),
            True,
        ),
        "tagged without axes": (experiment("data_axes: [noise]\n"), True),
        "each read by its name": (
            experiment("axes: {noise: [1], eval_k: [2]}\ndata_axes: [noise]\n", ONE_BY_ONE),
            False,
        ),
        "unpacked as a whole": (
            experiment(
                "axes: {noise: [1], a: [2]}\ndata_axes: [noise]\n",
                f"{ECHO}; self.grid = dict(**self.cfg.experiment['axes'])",
            ),
            False,
        ),
        "a reference": (experiment("axes: {noise: '${levels}'}\ndata_axes: [noise]\n"), False),
        "no axes": (experiment(""), False),
        "the same name in two experiments": (
            experiment("axes: {noise: [1]}\ndata_axes: [noise]\n", **{"conf/experiment/b.yaml": EXPERIMENT}),
            False,
        ),
        "one value": (experiment("axes: {noise: [0.1]}\ndata_axes: [noise]\n"), False),
    },
    "FG305": {
        "an epoch count": (seams("seed, train_cfg)", "seed, train_cfg, epochs=3)"), True),
        "a seed that is gone": (
            seams(
                "data_axes, seed):\n    return data_spec, data_axes, seed",
                "data_axes):\n    return data_spec, data_axes",
            ),
            True,
        ),
        "a metric without options": (seams("labels, **cfg", "labels"), True),
        "a catch-all": (seams("build_model(model_spec)", "build_model(*args)"), True),
        "keyword only": (seams("build_model(model_spec)", "build_model(*, model_spec)"), True),
        "defined in a class": (promoted(seams="class Seams:\n    " + SEAMS.replace("\n", "\n    ")), True),
        "annotated": (
            seams(
                "make_data(data_spec, data_axes, seed)",
                "make_data(data_spec: dict, data_axes: dict, seed: int) -> tuple",
            ),
            False,
        ),
        "imported": (
            promoted({"seams.py": SEAMS}, seams="from seams import build_model, make_data, metric, train_arm"),
            False,
        ),
        "one that is not used": (
            seams(
                "data, seed, train_cfg):\n    return method_spec, data, seed, train_cfg",
                "data, seed, _train_cfg):\n    return method_spec, data, seed",
            ),
            False,
        ),
        "an option of the metric by its name": (seams("labels, **cfg", "labels, *, k=5, **cfg"), False),
        "decorated": (promoted(seams="import functools\n\n\n@functools.cache\n" + SEAMS.strip()), False),
    },
    "FG306": {
        "in a script": (promoted({"run_all.py": "def metric(scores, labels):\n    return 1.0\n"}), True),
        "in a folder of scripts": (promoted({"scripts/a/b.py": "def make_data(path):\n    return path\n"}), True),
        "async": (promoted({"run.py": "async def train_arm(x):\n    return x\n"}), True),
        "a copy with other names": (
            promoted(
                {
                    "old.py": "def load(a, b, c):\n"
                    + BODY.replace("data_spec", "a").replace("data_axes", "b").replace("seed", "c")
                },
                seams=LONG,
            ),
            True,
        ),
        "a copy with a docstring": (
            promoted({"old.py": 'def load(data_spec, data_axes, seed):\n    """Old."""\n' + BODY}, seams=LONG),
            True,
        ),
        "a method of that name": (
            promoted({"a.py": "class Report:\n    def metric(self):\n        return 1\n"}),
            False,
        ),
        "imported": (promoted({"a.py": "from flow import metric, make_data\n"}), False),
        "in a test": (promoted({"tests/test_a.py": "def make_data():\n    return 1\n"}), False),
        "in the proof of concept": (promoted({"poc/a.py": "def make_data():\n    return 1\n"}), False),
        "another body": (
            promoted({"a.py": "def load(x):\n    y = open(x)\n    z = y.read()\n    return z.split()\n"}, seams=LONG),
            False,
        ),
    },
    "FG405": {
        "equals sign": (pinned({"run.sh": "uv run flow.py run --max-workers=2\n"}), True),
        "in a Makefile": (pinned({"Makefile": "run:\n\tpython flow.py --environment=conda run\n"}), True),
        "resumed": (pinned({"README.md": "`python flow.py resume --max-workers 3`\n"}), True),
        "a Runner": (pinned({"go.py": "from metaflow import Runner\nRunner('flow.py').run(max_workers=4)\n"}), True),
        "a list of arguments": (
            pinned(
                {"go.py": "import subprocess\nsubprocess.run(['python', 'flow.py', 'run', '--max-workers', '4'])\n"}
            ),
            True,
        ),
        "with a tag": (pinned({"ci.yml": "run: python flow.py run --tag nightly\n"}), True),
        "by a variable of make": (
            pinned({"Makefile": "WORKERS ?= 4\nrun:\n\tpython flow.py run --max-workers $(WORKERS)\n"}),
            True,
        ),
        "by a variable of the shell": (
            pinned({"run.sh": "N=8\npython flow.py run --max-workers ${N}\n"}),
            True,
        ),
        "pinned by a variable": (
            pinned({"Makefile": "WORKERS := 1\nrun:\n\tpython flow.py run --max-workers $(WORKERS)\n"}),
            False,
        ),
        "pinned over two lines": (pinned({"run.sh": "python flow.py run \\\n  --max-workers 1\n"}), False),
        "pinned by the environment": (
            pinned({"run.sh": "export METAFLOW_RUN_MAX_WORKERS=1\npython flow.py run\n"}),
            False,
        ),
        "another flow": (pinned({"run.sh": "python other_flow.py run --max-workers 4\n"}), False),
        "left to a variable": (pinned({"run.sh": "python flow.py run --max-workers $N\n"}), False),
        "a comment in a script": (pinned({"run.sh": "# python flow.py run is not pinned\n"}), False),
        "flowgate": (pinned({"run.sh": "flowgate run flow.py -- --tag a\n"}), False),
    },
    "FG601": {
        "inside a step": (poc(POC, "from poc import noise; self.score = noise.fit()"), True),
        "by its name": (poc(POC, "import importlib; self.score = importlib.import_module('poc.noise').fit()"), True),
        "a script beside it": (
            poc({"noise_poc.py": "def fit():\n    return 1\n"}, "self.score = fit()", "from noise_poc import fit\n"),
            True,
        ),
        "a source of truth": (
            poc(
                {
                    "old/noise.py": "def fit():\n    return 1\n",
                    "old/__init__.py": "",
                    "flowgate.toml": '[flow."flow.py"]\nsources = ["old/noise.py"]\n',
                },
                "self.score = fit()",
                "from old.noise import fit\n",
            ),
            True,
        ),
        "results beside a source of truth": (
            poc(
                {
                    "old/noise.py": "X = 1\n",
                    "old/scores.csv": "1\n",
                    "flowgate.toml": '[flow."flow.py"]\nsources = ["old/noise.py"]\n',
                },
                "self.score = open('old/scores.csv').read()",
            ),
            True,
        ),
        "in the config": (promoted({"conf/data/gauss.yaml": "path: poc/rows.npz\n", "poc/rows.npz": ""}), True),
        "through a helper": (
            poc(
                {**POC, "helpers.py": "from poc.noise import fit\n"}, "self.score = fit()", "from helpers import fit\n"
            ),
            True,
        ),
        "a test": (poc({**POC, "tests/test_a.py": "from poc.noise import fit\n"}), True),
        "in a config that the flow reads itself": (
            poc(
                {**POC, "setup.yaml": "reference: poc/results.json\n"},
                "self.score = open(self.cfg['reference']).read()",
                "import os, yaml\nfrom metaflow import Config\n",
            )
            | {
                "flow.py": poc(
                    {},
                    "self.score = open(self.cfg['reference']).read()",
                    "import os, yaml\nfrom metaflow import Config\n",
                )["flow.py"].replace(
                    "class NoiseFlow(FlowSpec):\n",
                    "class NoiseFlow(FlowSpec):\n    cfg = Config('cfg', default=os.path.join(os.path.dirname(__file__), 'setup.yaml'), parser=yaml.safe_load)\n",
                )
            },
            True,
        ),
        "a package that shares a script's name": (
            poc(
                {
                    **POC,
                    "noise/__init__.py": "",
                    "noise/parts.py": "def halves(n):\n    return n // 2\n",
                    "tests/test_a.py": "from noise.parts import halves\n",
                    "flowgate.toml": '[flow."flow.py"]\nsources = ["poc/noise.py"]\n',
                },
                "self.score = halves(4)",
                "from noise.parts import halves\n",
            ),
            False,
        ),
        "a test that it is not loaded": (
            poc(
                {
                    **POC,
                    "tests/test_a.py": "import sys\n\ndef test_a():\n    assert all(m.split('.')[0] != 'poc' for m in sys.modules)\n",
                }
            ),
            False,
        ),
        "in a docstring": (poc(POC, '"""As in poc/noise.py."""; self.score = 1'), False),
        "in a comment": (poc(POC, "self.score = 1  # poc/results.json had 0.9"), False),
        "in a message": (poc(POC, "print('see poc/noise.py'); self.score = 1"), False),
        "a word with those letters": (
            poc({"epoch_poc2.py": "X = 1\n"}, "self.score = X", "from epochs import X\n") | {"epochs.py": "X = 1\n"},
            False,
        ),
        "named as a source in the config": (
            promoted({"conf/experiment/noise.yaml": EXPERIMENT + "sources: [poc/noise.py]\n"}),
            False,
        ),
        "a test of another investigation": (
            {
                "noise/flow.py": poc({})["flow.py"],
                "noise/tests/test_noise.py": "import flow\n",
                "tests/test_old.py": "from old_poc import fit\n",
            },
            False,
        ),
        "a test of something else": (poc({**POC, "tests/test_a.py": "# poc\ndef test_a():\n    assert 1\n"}), False),
    },
    "FG602": {
        "statistics": (promoted({"stats_a.json": "{}"}), True),
        "lines": (promoted({"results_1.jsonl": "{}"}), True),
        "a pickle": (promoted({"results/metrics_final.pkl": ""}), True),
        "an array": (promoted({"outputs/scores_a.npz": ""}), True),
        "a plain name": (promoted({"results.json": "{}"}), True),
        "data": (promoted({"data/stats_a.json": "{}"}), False),
        "a config": (promoted({"conf/data/stats_a.yaml": "rows: 1\n"}), False),
        "a script": (promoted({"stats_a.py": "X = 1\n"}), False),
        "a document": (promoted({"results_1.md": "# Results\n"}), False),
        "of a test": (promoted({"tests/data/results_1.json": "{}"}), False),
    },
}
ROWS = [(rule, name) for rule, cases in CASES.items() for name in cases]


@pytest.mark.parametrize(("rule", "name"), ROWS, ids=[f"{rule} {name}" for rule, name in ROWS])
def test_a_variant_trips_its_rule_or_does_not(rule: str, name: str, tmp_path: Path) -> None:
    files, expected = CASES[rule][name]
    write(tmp_path, files)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    assert any(found.rule == rule for found in lint_files(tmp_path, {})) is expected


@pytest.mark.parametrize("rule", CASES)
def test_there_are_five_of_each(rule: str) -> None:
    expected = [trips for _, trips in CASES[rule].values()]
    assert expected.count(True) >= 5 and expected.count(False) >= 5
