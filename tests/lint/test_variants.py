"""Flows that trip a rule in ways its text does not mention, and flows that look like it and are right.

Each row is a few lines put into a small flow; what varies is the way a value travels, not what it is called.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.lint.examples import ECHO, promoted
from flowgate.lint.rules import (
    completion_order,
    cwd_relative_path,
    method_overrides_training,
    module_constant,
    module_in_merge,
    no_surface,
    per_config_foreach,
    salted_hash,
    script_mode_import,
    unordered_iteration,
    unordered_join,
)
from tests.conftest import lint_files


def rules_of(folder: Path, files: dict[str, str]) -> set[str]:
    """The rules that block a small repository."""
    return {found.rule for found in lint_files(folder, files) if found.severity == "error"}


def foreach(*body: str, before: str = "") -> dict[str, str]:
    flow = per_config_foreach._FLOW.format(body="\n        ".join(body), artifact="todo")
    return {"flow.py": before + flow}


FOREACH_BAD = {
    "an array handed to an estimator": foreach("import numpy as np", "self.todo = np.arange(0.1, 1, 0.1)")
    | {
        "flow.py": "from sklearn.linear_model import Lasso\nimport numpy as np\n"
        + foreach("self.todo = np.arange(0.1, 1, 0.1)")["flow.py"].replace(
            "    def train(self):\n", "    def train(self):\n        self.model = Lasso(alpha=self.input)\n"
        )
    },
    "configs as text": foreach("import json", "self.todo = [json.dumps(c) for c in [{'epochs': 1}, {'epochs': 2}]]"),
    "dicts united": foreach("base = {'lr': 0.1}", "self.todo = [base | {'lr': r} for r in (0.1, 0.2)]"),
    "estimators that are yielded": foreach(
        "self.todo = list(models())",
        before="from sklearn.svm import SVC\nfrom sklearn.linear_model import Ridge\ndef models():\n    yield SVC()\n    yield Ridge()\n",
    ),
    "a folder of method configs": foreach(
        "import os", "self.todo = sorted(os.listdir(os.path.join(os.path.dirname(__file__), 'conf', 'method')))"
    ),
    "product under an alias": foreach(
        "from itertools import product as cross", "self.todo = [*cross([1, 2], ['svm', 'knn'])]"
    ),
    "a grid zipped with its names": foreach(
        "names = ['max_depth', 'eta']", "self.todo = [dict(zip(names, p)) for p in product([3, 6], [0.1, 0.3])]"
    ),
    "fields of a dataclass": foreach(
        "self.todo = [Trial(a, s) for a in (0.1, 0.01) for s in range(2)]",
        before="from dataclasses import dataclass\n@dataclass\nclass Trial:\n    lr: float\n    seed: int\n",
    ),
    "fields of a namedtuple": foreach(
        "self.todo = [Job(s, w) for s in ('a', 'b') for w in (0.0, 0.1)]",
        before="from collections import namedtuple\nJob = namedtuple('Job', 'site weight_decay')\n",
    ),
    "random search": foreach(
        "import random", "rng = random.Random(7)", "self.todo = [{'lr': rng.uniform(0, 1)} for _ in range(9)]"
    ),
    "axes read from a file": foreach(
        "import json",
        "space = json.load(open(__file__))",
        "self.todo = [(r, s) for r in space['learning_rates'] for s in range(2)]",
    ),
    "a helper that builds the list": foreach(
        "self.todo = plan([0, 1])",
        before="def plan(seeds):\n    found = []\n    for s in seeds:\n        for lr in (0.1, 0.2):\n            found.append((s, lr))\n    return found\n",
    ),
    "a method that sets the artifact": foreach(
        "self._plan()",
        before="",
    )
    | {
        "flow.py": per_config_foreach._FLOW.format(body="self._plan()", artifact="todo").replace(
            "    @step\n    def start",
            "    def _plan(self):\n        self.todo = [{'epochs': e} for e in (1, 2)]\n\n    @step\n    def start",
        )
    },
    "a sum of lists": foreach("self.todo = sum([[(m, s) for s in range(2)] for m in ['ridge', 'lasso']], [])"),
    "mapped configs": foreach(
        "self.todo = list(map(lambda t: dict(optimizer=t[0], seed=t[1]), product(['adam', 'sgd'], [0, 1])))"
    ),
    "estimators in a dict": foreach(
        "from sklearn.svm import SVC",
        "from sklearn.linear_model import Ridge",
        "self.todo = list({'a': SVC(), 'b': Ridge()}.items())",
    ),
    "a parameter grid": foreach(
        "from sklearn.model_selection import ParameterGrid",
        "self.todo = list(ParameterGrid({'C': [1, 2], 'lr': [1, 2]}))",
    ),
}
FOREACH_GOOD = {
    "a config that never varies": foreach("self.todo = [{'lr': 0.1, 'seed': s} for s in range(4)]"),
    "one learning rate": foreach("lrs = [0.1]", "self.todo = [(lr, s) for lr in lrs for s in range(4)]"),
    "tuned for each dataset": foreach("self.todo = [{'dataset': 'mnist', 'lr': 0.1}, {'dataset': 'svhn', 'lr': 0.2}]"),
    "a grid of data": foreach(
        "from sklearn.model_selection import ParameterGrid",
        "self.todo = list(ParameterGrid({'snr': [0, 10], 'seed': [0, 1]}))",
    ),
    "a list read whole from a Parameter": foreach("import json", "self.todo = json.loads(self.grid)").copy()
    | {
        "flow.py": per_config_foreach._FLOW.format(
            body="import json\n        self.todo = json.loads(self.grid)", artifact="todo"
        )
        .replace("    @step\n    def start", "    grid = Parameter('grid', default='[]')\n\n    @step\n    def start")
        .replace("import FlowSpec", "import FlowSpec, Parameter")
    },
    "chunks of rows": foreach("rows = list(range(100))", "self.todo = [rows[i:i + 10] for i in range(0, 100, 10)]"),
    "folds of a splitter": foreach(
        "from sklearn.model_selection import KFold", "self.todo = list(KFold(5).split(range(50)))"
    ),
}


@pytest.mark.parametrize("name", FOREACH_BAD)
def test_per_config_foreach(name: str, tmp_path: Path) -> None:
    assert "FG201" in {found.rule for found in lint_files(tmp_path, FOREACH_BAD[name])}


@pytest.mark.parametrize("name", FOREACH_GOOD)
def test_a_foreach_over_data(name: str, tmp_path: Path) -> None:
    assert "FG201" not in {found.rule for found in lint_files(tmp_path, FOREACH_GOOD[name])}


ONE_AXIS = {
    "a key of another name": foreach("lrs = [0.1, 0.01]", "self.todo = [{'learning_rate': lr} for lr in lrs]"),
    "a key of a value made from it": foreach("n_layers = [1, 2]", "self.todo = [{'hidden': 2**n} for n in n_layers]"),
    "appended": foreach(
        "self.todo = []", "for epochs in (5, 20):", "    self.todo.append({'n_epochs': epochs, 'seed': 0})"
    ),
    "a list of methods": foreach("methods = ['ce', 'topk']", "self.todo = [{'model_name': m} for m in methods]"),
}


@pytest.mark.parametrize("name", ONE_AXIS)
def test_one_axis_is_reported_as_one(name: str, tmp_path: Path) -> None:
    (found,) = [one for one in lint_files(tmp_path, ONE_AXIS[name]) if one.rule == "FG201"]
    assert " x `" not in found.message, found.message


def test_two_axes_are_reported_as_two(tmp_path: Path) -> None:
    files = foreach(
        "lrs, decays = [0.1, 0.2], [0.0, 0.1]",
        "self.todo = [{'lr': a, 'weight_decay': b} for a in lrs for b in decays]",
    )
    (found,) = [one for one in lint_files(tmp_path, files) if one.rule == "FG201"]
    assert "`lr` x `weight_decay`" in found.message, found.message


def test_a_grain_that_costs_time_and_not_truth_blocks_promoted_flows_alone(tmp_path: Path) -> None:
    (plain,) = [one for one in lint_files(tmp_path / "plain", ONE_AXIS["appended"]) if one.rule == "FG201"]
    assert plain.severity == "warning"
    grid = "self.grid = [(m, s) for m in ['ce', 'topk'] for s in range(3)]; self.next(self.end, foreach='grid') #"
    files = promoted(start=f"{ECHO}\n        {grid}")
    found = [one for one in lint_files(tmp_path / "promoted", files) if one.rule == "FG201"]
    assert [one.severity for one in found] == ["error"], found


def merge(
    left: str, join: str = "self.merge_artifacts(inputs)", made: str = "torch.nn.Linear(2, 1)", before: str = ""
) -> dict[str, str]:
    return {"flow.py": before + module_in_merge._FLOW.format(made=made, left=left, join=join)}


NET = "import torch\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = torch.nn.Linear(2, 1)\n"
MERGE_BAD = {
    "a class of its own": merge("print(self.model)", made="Net()", before=NET),
    "made by a helper": merge(
        "print(self.model)", made="build()", before=NET + "def build():\n    net = Net()\n    return net.eval()\n"
    ),
    "in a dataclass": merge(
        "print(self.model)",
        made="Holder(Net())",
        before=NET + "from dataclasses import dataclass\n@dataclass\nclass Holder:\n    net: object\n",
    ),
    "read by a loop of getattr": merge("for name in ('model', 'x'):\n            print(getattr(self, name))"),
    "read by hasattr": merge("print(hasattr(self, 'model'))"),
    "read by a helper that takes self": merge(
        "size(self)", before="def size(flow):\n    return len(list(flow.model.parameters()))\n"
    ),
    "excluded under another name": merge(
        "print(self.model)", "self.merge_artifacts(inputs, exclude=list(('models',)))"
    ),
    "a tensor trained in a branch": merge("self.model = self.model + 1", made="torch.zeros(3)"),
}
MERGE_GOOD = {
    "one input alone": merge("print(self.model)", "self.merge_artifacts([inputs.left])"),
    "set by a loop of setattr": merge(
        "print(self.model)",
        "for name in ['model']:\n            setattr(self, name, getattr(inputs.left, name))\n        self.merge_artifacts(inputs)",
    ),
    "left out of include": merge(
        "print(self.model)\n        self.n = 1", "self.merge_artifacts(inputs, include=['n'])"
    ),
    "a number of it": merge("self.n = float(self.n)", made="1").copy(),
    "an array": merge("print(self.model)", made="__import__('numpy').zeros(3)"),
}


@pytest.mark.parametrize("name", MERGE_BAD)
def test_module_in_merge(name: str, tmp_path: Path) -> None:
    assert "FG202" in rules_of(tmp_path, MERGE_BAD[name])


@pytest.mark.parametrize("name", MERGE_GOOD)
def test_a_merge_without_modules(name: str, tmp_path: Path) -> None:
    assert "FG202" not in rules_of(tmp_path, MERGE_GOOD[name])


def constant(before: str, use: str, attribute: str = '"""A flow."""', **files: str) -> dict[str, str]:
    flow = module_constant._FLOW.format(before=before, use=use, attribute=attribute)
    return {"flow.py": flow} | {f"{name}.py": text for name, text in files.items()}


CONSTANT_BAD = {
    "from a local module": constant("from hp import EPOCHS", "train([1], EPOCHS)", hp="EPOCHS = 3\n"),
    "as an attribute of a local module": constant("import hp", "train([1], hp.EPOCHS)", hp="EPOCHS = 3\n"),
    "imported inside the step": constant(
        "",
        "__import__('hp') and self.late()",
        "def late(self):\n        from hp import EPOCHS\n        return EPOCHS",
        hp="EPOCHS = 3\n",
    ),
    "in a namespace": constant(
        "from types import SimpleNamespace\nHP = SimpleNamespace(dropout=0.3, width=256)", "HP.width"
    ),
    "an attribute of a class": constant("class Hyper:\n    LR = 0.1", "train([Hyper.LR])"),
    "behind a property": constant(
        "class Net:\n    WIDTH = 64\n    @property\n    def width(self):\n        return self.WIDTH", "Net().width"
    ),
    "in a partial": constant(
        "import functools\nEPOCHS = 4\nfit = functools.partial(train_it, epochs=EPOCHS)".replace("train_it", "len"),
        "fit([1])",
    ),
    "amounts by name": constant("DEPTH = {'shallow': 3, 'deep': 6}", "train([1], max_depth=DEPTH['deep'])"),
    "handed to a decorator": constant(
        "K = 7\n\ndef fixed(k):\n    def wrap(f):\n        return lambda x: f(x, k)\n    return wrap\n\n@fixed(K)\ndef kmers(x, k):\n    return x[:k]",
        "kmers('acgt')",
    ),
    "a slice": constant("TOP_K = 5", "[1, 2, 3][:TOP_K]"),
    "in a registry's function": constant(
        "LR = 0.1\n\ndef sgd(x):\n    return x * LR\n\nMETHODS = {'sgd': (sgd, 1)}",
        "[f(1) for f, _ in [METHODS[k] for k in ['sgd']]]",
    ),
}
CONSTANT_GOOD = {
    "an enum": constant("import enum\nclass Kind(enum.IntEnum):\n    A = 1", "Kind.A == 1"),
    "a counter": constant("CALLS = 0\n\ndef count():\n    global CALLS\n    CALLS += 1\n    return CALLS", "count()"),
    "codes for labels": constant("LABELS = {'cat': 0, 'dog': 1}", "LABELS['cat']"),
    "a fallback of a lookup": constant("EPOCHS = 20", "{'epochs': 3}.get('epochs', EPOCHS)"),
    "units": constant("MILES_TO_KM = 1.609\nSECONDS_PER_DAY = 86400", "MILES_TO_KM * SECONDS_PER_DAY"),
    "standard gravity": constant("G = 9.80665", "len([1]) / G"),
    "the mass of a residue": constant("GLYCINE_DALTON = 57.02146", "len([1]) * GLYCINE_DALTON"),
    "a size of the machinery": constant("N = 4", "__import__('multiprocessing').Pool(processes=N)"),
}


@pytest.mark.parametrize("name", CONSTANT_BAD)
def test_module_constant(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, CONSTANT_BAD[name]) == {"FG301"}


@pytest.mark.parametrize("name", CONSTANT_GOOD)
def test_a_constant_that_is_no_parameter(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, CONSTANT_GOOD[name]) == set()


def path(default: str, before: str = "") -> dict[str, str]:
    return {"flow.py": cwd_relative_path._FLOW.format(default=default, before=before), "conf/settings.json": "{}"}


PATH_BAD = {
    "guarded import": path(
        "'conf/x.json'", "try:\n    from metaflow import Config\nexcept ImportError:\n    Config = print"
    ),
    "keywords in a dict": path("'unused', **{}", "").copy()
    | {
        "flow.py": path("OPTIONS", "OPTIONS = dict(default='conf/x.json')")["flow.py"].replace(
            "default=OPTIONS", "**OPTIONS"
        )
    },
    "getenv with a keyword": path("os.getenv('CONF', default='conf/x.json')", "import os"),
    "a function": path("where", "def where(_context):\n    return 'conf/x.json'"),
    "joined to the current directory": path("os.path.join(os.getcwd(), 'x.json')", "import os"),
    "an alias of Config": path("'conf/x.json'", "C = Config").copy()
    | {"flow.py": path("'conf/x.json'", "C = Config")["flow.py"].replace("cfg = Config(", "cfg = C(")},
    "a template": path("'conf/%s.json' % 'x'"),
    "either of two": path("'conf/x.json' if os.name else __file__", "import os"),
}
PATH_GOOD = {
    "a format on an anchor": path("'{}/x.json'.format(HERE)", "import os\nHERE = os.path.dirname(__file__)"),
    "a percent on an anchor": path("'%(d)s/x.json' % {'d': HERE}", "import os\nHERE = os.path.dirname(__file__)"),
    "an anchored chdir in the main guard": path("'conf/x.json'").copy()
    | {
        "flow.py": path("'conf/x.json'")["flow.py"].replace(
            "    TrainFlow()", "    import os\n    os.chdir(Path(__file__).parent)\n    TrainFlow()"
        )
    },
    "an unknown variable": path("os.environ['CONF']", "import os"),
    "an expanded variable": path("os.path.expandvars('$CONF/x.json')", "import os"),
    "a value, not a path": path("None, default_value='{}'"),
}


@pytest.mark.parametrize("name", PATH_BAD)
def test_cwd_relative_path(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, PATH_BAD[name]) == {"FG102"}


@pytest.mark.parametrize("name", PATH_GOOD)
def test_an_anchored_path(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, PATH_GOOD[name]) == set()


def script(imports: str, body: str = "self.x = 1", header: str = script_mode_import._HEADER) -> dict[str, str]:
    return script_mode_import._example("", imports, body, header).files


INSERT = "import os, sys\nROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\n"
LAB = "from lab.data import make_data"
SCRIPT_BAD = {
    "through a module beside it": script("import helper") | {"flows/helper.py": LAB + "\n"},
    "by name": script("import importlib\ndata = importlib.import_module('lab.data')"),
    "a Path, which is no string": script(
        f"import sys\nfrom pathlib import Path\nsys.path.insert(0, Path(__file__).resolve().parents[1] / 'src')\n{LAB}"
    ),
    "a handler that only raises": script(f"try:\n    {LAB}\nexcept ImportError:\n    raise"),
    "the current directory": script(f"import os, sys\nsys.path.append(os.getcwd())\n{LAB}"),
}
SCRIPT_GOOD = {
    "concatenated": script(INSERT + f"sys.path.insert(0, ROOT + '/src')\n{LAB}"),
    "in a loop": script(INSERT + f"for name in ('lib', 'src'):\n    sys.path.append(os.path.join(ROOT, name))\n{LAB}"),
    "extended by a generator": script(INSERT + f"sys.path.extend(os.path.join(ROOT, n) for n in ['x', 'src'])\n{LAB}"),
    "a new list": script(INSERT + f"sys.path = [ROOT + '/src', *sys.path]\n{LAB}"),
    "a slice": script(INSERT + f"sys.path[:0] = [ROOT + '/src']\n{LAB}"),
    "by a helper": script(
        INSERT
        + f"def use(*folders):\n    for folder in folders:\n        sys.path.insert(0, os.path.join(ROOT, folder))\nuse('lib', 'src')\n{LAB}"
    ),
    "site": script(INSERT + f"import site\nsite.addsitedir(os.path.join(ROOT, 'src'))\n{LAB}"),
    "optional": script(f"import contextlib\nwith contextlib.suppress(ImportError):\n    {LAB}"),
    "installed by a source": script(
        LAB,
        header='# /// script\n# dependencies = ["metaflow", "lab-kit"]\n# [tool.uv.sources]\n# lab-kit = {path = ".."}\n# ///\n',
    ),
}


@pytest.mark.parametrize("name", SCRIPT_BAD)
def test_script_mode_import(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, SCRIPT_BAD[name]) == {"FG101"}


@pytest.mark.parametrize("name", SCRIPT_GOOD)
def test_an_import_that_resolves(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, SCRIPT_GOOD[name]) == set()


def test_a_local_module_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    files = constant("import hp", "hp.LR", hp="LR = (\n")
    (found,) = lint_files(tmp_path, files)
    assert (found.rule, found.path, found.flow) == ("FG001", "hp.py", "flow.py")


def test_a_base_in_another_file_is_no_flow_of_its_own(tmp_path: Path) -> None:
    base = constant("EPOCHS = 3", "train([1], EPOCHS)")["flow.py"].replace("TrainFlow()", "pass")
    child = "from base import TrainFlow\nclass Child(TrainFlow):\n    pass\nif __name__ == '__main__':\n    Child()\n"
    found = lint_files(tmp_path, {"base.py": base, "child_flow.py": child + "# FlowSpec\n"})
    assert [(one.rule, one.flow, one.path) for one in found] == [("FG301", "child_flow.py", "base.py")]


def test_a_lone_surrogate_does_no_harm(tmp_path: Path) -> None:
    found = lint_files(tmp_path, path(r'"conf/\ud800.json"'))
    assert found[0].id


hashing = salted_hash._flow
HASH_BAD = {
    "the run's own path": hashing("from metaflow import current", "self.result = hash(current.pathspec)"),
    "text of a parameter": hashing(
        "self.result = [hash(part) for part in self.names.split(',')]",
    )
    | {
        "flow.py": hashing("self.result = [hash(part) for part in self.names.split(',')]")["flow.py"]
        .replace("import FlowSpec, step", "import FlowSpec, Parameter, step")
        .replace(
            "class SeedFlow(FlowSpec):\n",
            "class SeedFlow(FlowSpec):\n    names = Parameter('names', default='a,b')\n\n",
        )
    },
    "the place of a write": hashing("rows = [0] * 9", "rows[hash('svm') % 9] += 1", "self.result = rows"),
    "a foreach over names": {
        "flow.py": "import random\nfrom metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self):\n"
        "        self.todo = ['a', 'b']\n        self.next(self.work, foreach='todo')\n    @step\n    def work(self):\n"
        "        rng = random.Random(hash(self.input))\n        self.x = rng.random()\n        self.next(self.join)\n"
        "    @step\n    def join(self, inputs):\n        self.xs = [i.x for i in inputs]\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        pass\n"
    },
    "a tuple with text in it": hashing("self.result = abs(hash((1, 'svm'))) % 7"),
    "text under another name": hashing("key = str(self.methods)", "self.result = hash(key)"),
    "an object without a hash of its own": hashing("self.result = hash(Spec())", before="class Spec:\n    pass\n"),
    "numpy seeded with it": hashing(
        "import numpy as np", "np.random.seed(hash('svm') % 2**32)", "self.result = np.random.rand()"
    ),
    "in a comprehension": hashing("self.result = {m: hash(m) for m in ['a', 'b']}"),
}
HASH_GOOD = {
    "an index": hashing("self.result = hash(3)"),
    "a tuple of numbers under a name": hashing("key = (1, 2, 3.5)", "self.result = hash(key) % 5"),
    "a class with a hash": hashing(
        "self.result = hash(Spec())", before="class Spec:\n    def __hash__(self):\n        return 3\n"
    ),
    "a method called hash": hashing(
        "self.result = Table().hash('svm')", before="class Table:\n    def hash(self, x):\n        return 1\n"
    ),
    "another function of that name": hashing(
        "self.result = hash('svm')", before="def hash(text):\n    return len(text)\n"
    ),
    "only looked up": hashing("seen = {hash('a'): 1}", "print(len(seen))", "self.result = 1"),
}


@pytest.mark.parametrize("name", HASH_BAD)
def test_hash_fires(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, HASH_BAD[name]) == {"FG505"}


@pytest.mark.parametrize("name", HASH_GOOD)
def test_hash_is_silent(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, HASH_GOOD[name]) == set()


def overriding(method: str, training: str) -> dict[str, str]:
    return dict(method_overrides_training._example("", method, training).files)


@pytest.mark.parametrize(
    ("method", "training", "expected"),
    [
        ("{kind: topk, lr: 0.5}", "lr: 0.1", {"FG302"}),
        ("kind: topk\nsched: {warmup: {steps: 5}}", "sched:\n  warmup:\n    steps: 9", {"FG302"}),
        ('kind: topk\n"batch": 5', "batch: 9", {"FG302"}),
        ("kind: topk\nlr: null", "lr: 0.1", {"FG302"}),
        ("kind: topk\nlr: ${method.base_lr}\nbase_lr: 1", "lr: 0.1", {"FG302"}),
        ("kind: topk\nlr: ${training.lr}", "lr: 0.1", set()),
        ("kind: topk\nlr: ${..training.lr}", "lr: 0.1", set()),
        ("kind: topk\nloss: {lr: 3}", "lr: 0.1", set()),
        ("kind: topk\ntemp_sweep: [0.1, 0.5]", "lr: 0.1", set()),
        ("kind: topk  # lr: 0.5", "lr: 0.1", set()),
    ],
)
def test_a_key_that_training_owns(method: str, training: str, expected: set[str], tmp_path: Path) -> None:
    assert rules_of(tmp_path, overriding(method + "\n", training + "\n")) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kind = 'order_independent'; self.determinism = kind", {"FG402"}),
        ("self.determinism = None", {"FG402"}),
        ("determinism = self.cfg.experiment.determinism", {"FG402"}),
        ("self.echo = self.cfg.experiment; self.surface = 1", {"FG402"}),
        ("self.determinism = 'a' if self.cfg else 'b'", {"FG402"}),
        ("self.determinism = str(self.cfg.experiment.determinism)", set()),
        ("self.determinism = self.cfg.get('determinism')", set()),
        ("e = dict(self.cfg.experiment); self.determinism = e['determinism']", set()),
        ("from helpers import declared; self.determinism = declared(self.cfg)", set()),
        ("setattr(self, 'determinism', self.cfg.experiment.determinism)", set()),
    ],
)
def test_the_echo_of_the_contract(line: str, expected: set[str], tmp_path: Path) -> None:
    files = promoted(start=line) | {"helpers.py": "def declared(cfg):\n    return cfg.experiment.determinism\n"}
    assert rules_of(tmp_path, files) == expected


@pytest.mark.parametrize(
    ("surface", "stores", "expected"),
    [
        ("surface: [start.results]", "self.results = 1", {"FG403"}),
        ("surface: ['an_*.an_result']", "self.results = 1", {"FG403"}),
        ("surface: [results, lift]", "self.results = 1", {"FG403"}),
        ("surface: [results]", "results = 1", {"FG403"}),
        ("surface: [end.Results]", "self.results = 1", {"FG403"}),
        ("surface: ['end.*']", "self.results = 1", set()),
        ("surface: [results]", "name = 'results'; setattr(self, name, 1)", set()),
        ("surface: [results]", "self.results: int = 1", set()),
        ("surface: [results]", "self.results, self.other = 1, 2", set()),
        ("surface: [cfg]", "self.results = 1", set()),
    ],
)
def test_the_surface_of_a_flow(surface: str, stores: str, expected: set[str], tmp_path: Path) -> None:
    assert rules_of(tmp_path, no_surface._flow(surface, stores)) == expected


listing = unordered_iteration._flow
ORDER_BAD = {
    "sorted by what several share": listing("self.names = sorted(os.listdir('/d'), key=len)"),
    "the most frequent of a set": listing("votes = ['a', 'b']", "self.names = max(set(votes), key=votes.count)"),
    "what two dicts share": listing("a, b = {'x': 1}, {'x': 2}", "self.names = [k for k in a.keys() & b.keys()]"),
    "an object that lists a folder": listing("self.names = list(Store())")
    | {
        "flow.py": listing("self.names = list(Store())")["flow.py"].replace(
            "class FilesFlow",
            "class Store:\n    def __iter__(self):\n        yield from os.listdir('/d')\n\n\nclass FilesFlow",
        )
    },
    "appended in a loop over a folder": listing(
        "names = []", "for n in os.listdir('/d'):", "    names.append(n)", "self.names = names"
    ),
    "a set of words through two names": listing(
        "a = set('x y'.split())", "b = a | {'z'}", "self.names = [w for w in b]"
    ),
    "an array of a set": listing("import numpy as np", "self.names = np.array(list({'a', 'b'}))"),
    "enumerated": listing("self.names = {n: i for i, n in enumerate({'a', 'b'})}"),
    "a dict read in the order it was filled": listing(
        "sizes = {n: os.path.getsize(n) for n in os.scandir('/d')}", "self.names = list(sizes.values())"
    ),
    "in a helper": {
        "flow.py": "import glob\n"
        + listing("self.names = found()")["flow.py"].replace(
            "class FilesFlow", "def found():\n    return glob.glob('*.csv')\n\n\nclass FilesFlow"
        )
    },
    "a float sum over a set": listing("self.names = sum(float(w) for w in {'0.1', '0.2', '0.3'})"),
}
ORDER_GOOD = {
    "a set of numbers": listing("self.names = list({3, 1, 2})"),
    "sorted by a number in the name": listing(
        "self.names = sorted(os.listdir('/d'), key=lambda name: int(name.split('.')[0]))"
    ),
    "the only one": listing("(only,) = {'a'}", "self.names = only"),
    "walked in the order of the names": listing(
        "found = []",
        "for folder, dirs, files in os.walk('/d'):",
        "    dirs.sort()",
        "    for name in sorted(files):",
        "        found.append(os.path.join(folder, name))",
        "self.names = found",
    ),
    "membership": listing("kept = {'a', 'b'}", "self.names = [n for n in ['a', 'c'] if n in kept]"),
    "counted": listing("from collections import Counter", "self.names = Counter(Path('/d').iterdir())"),
    "a method called glob of something else": listing("self.names = 'auc'.join(['a', 'b'])"),
    "sorted later": listing(
        "names = []", "for n in os.listdir('/d'):", "    names.append(n)", "names.sort()", "self.names = names"
    ),
    "summed exactly": listing("import math", "self.names = math.fsum(float(w) for w in {'0.1', '0.2'})"),
    "how large all are": listing("self.names = sum(os.path.getsize(n) for n in os.listdir('/d'))"),
}


@pytest.mark.parametrize("name", ORDER_BAD)
def test_an_order_nobody_chose_fires(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, ORDER_BAD[name]) == {"FG502"}


@pytest.mark.parametrize("name", ORDER_GOOD)
def test_an_order_nobody_chose_is_silent(name: str, tmp_path: Path) -> None:
    assert rules_of(tmp_path, ORDER_GOOD[name]) == set()


joining = unordered_join._flow


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (["table = []", "for one in inputs:", "    table.append((one.score, 1))", "self.best = table"], {"FG204"}),
        (["self.best = list(map(lambda one: one.score, inputs))"], {"FG204"}),
        (["a = inputs[1]", "self.best = {'score': a.score}"], {"FG204"}),
        (["self.best = [x.score for x in reversed(list(inputs))]"], {"FG204"}),
        (["self.best = next(iter(inputs)).score"], {"FG204"}),
        (["self.best = dict(zip(['a', 'b'], [one.score for one in inputs]))"], {"FG204"}),
        (["self.best = {one._current_step: one.score for one in inputs}"], set()),
        (["self.best = set(one.score for one in inputs)"], set()),
        (["import statistics", "self.best = statistics.median(one.score for one in inputs)"], set()),
        (["self.unit = next(iter(inputs)).unit"], set()),
        (
            [
                "best = None",
                "for one in inputs:",
                "    if best is None or one.score > best.score:",
                "        best = one",
                "self.best = best.score",
            ],
            set(),
        ),
        (["self.best = min(inputs, key=lambda one: one.score).score"], set()),
        (["self.unit = inputs[0].unit", "self.best = inputs.knn.score"], set()),
        (["scores = [one.score for one in inputs]", "scores.sort()", "self.best = scores"], set()),
        (["self.merge_artifacts(inputs, exclude=['score'])", "self.best = len(list(inputs))"], set()),
    ],
)
def test_the_branches_of_a_static_split(body: list[str], expected: set[str], tmp_path: Path) -> None:
    assert rules_of(tmp_path, joining(*body)) == expected


racing = completion_order._flow


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            [
                "from multiprocessing.pool import ThreadPool",
                "with ThreadPool() as p:",
                "    self.scores = [s for s in p.imap_unordered(fit, names)]",
            ],
            {"FG504"},
        ),
        (
            [
                "import concurrent.futures as cf",
                "ex = cf.ThreadPoolExecutor()",
                "fs = [ex.submit(fit, n) for n in names]",
                "self.scores = [f.result() for f in cf.as_completed(fs)]",
            ],
            {"FG504"},
        ),
        (
            [
                "from joblib import Parallel, delayed",
                "self.scores = list(Parallel(return_as='generator_unordered')(delayed(fit)(n) for n in names))",
            ],
            {"FG504"},
        ),
        (
            ["out = []", "with Pool() as p:", "    out.extend(p.imap_unordered(fit, names))", "self.scores = out"],
            {"FG504"},
        ),
        (["with Pool() as p:", "    self.scores = next(p.imap_unordered(fit, names))"], {"FG504"}),
        (
            [
                "found = []",
                "with Pool() as p:",
                "    for n in names:",
                "        p.apply_async(fit, (n,), callback=found.append)",
                "self.scores = found",
            ],
            {"FG504"},
        ),
        (
            [
                "import queue, threading",
                "done = queue.Queue()",
                "for n in names:",
                "    threading.Thread(target=done.put, args=(n,)).start()",
                "self.scores = [done.get() for _ in names]",
            ],
            {"FG504"},
        ),
        (
            [
                "import queue, threading",
                "done = queue.Queue()",
                "for n in names:",
                "    threading.Thread(target=done.put, args=(n,)).start()",
                "self.scores = sorted(done.get() for _ in names)",
            ],
            set(),
        ),
        (["with Pool() as p:", "    self.scores = p.map(fit, names)"], set()),
        (["with Pool() as p:", "    self.scores = max(p.imap_unordered(fit, names))"], set()),
        (["with Pool() as p:", "    self.scores = list(p.imap(fit, names))"], set()),
        (
            [
                "with Pool() as p:",
                "    done = list(p.imap_unordered(fit, names))",
                "    print(done)",
                "self.scores = 1",
            ],
            set(),
        ),
        (["with Pool() as p:", "    self.scores = set(p.imap_unordered(fit, names))"], set()),
    ],
)
def test_what_finishes_first(body: list[str], expected: set[str], tmp_path: Path) -> None:
    assert rules_of(tmp_path, racing(*body)) == expected
