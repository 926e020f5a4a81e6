"""Variants of the rules on what differs from run to run: randomness, surroundings, shared files, joins that forget."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.lint.rules import ambient_value, blind_join, shared_file, step_literal, unseeded_rng
from tests.conftest import lint_files

Files = dict[str, str]
ERROR, WARNING, NOTHING = "error", "warning", ""
drawn, clock, shared, joined, fitted = (
    unseeded_rng._flow,
    ambient_value._flow,
    shared_file._flow,
    blind_join._flow,
    step_literal._flow,
)
TORCH = "import torch\n"
NET = "\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.layer = torch.nn.Linear(2, 1)\n"
SPLIT = """
from metaflow import FlowSpec, step


class SplitFlow(FlowSpec):
    @step
    def start(self):
        self.rate = 1
        self.next(self.left, self.right)

    @step
    def left(self):
        self.model = 1
        self.next(self.join)

    @step
    def right(self):
        self.score = 2
        self.next(self.join)

    @step
    def join(self, inputs):
        {join}
        self.next(self.end)

    @step
    def end(self):
        {end}
"""


def split(join: str, end: str = "pass") -> Files:
    return {"flow.py": SPLIT.format(join=join, end=end)}


CASES: dict[str, dict[str, tuple[Files, str]]] = {
    "FG203": {
        "a static split": (split("self.best = self.model"), ERROR),
        "a decorator that nobody knows": (
            {
                "flow.py": split("self.best = self.model")["flow.py"]
                .replace("    def join", "    @merging\n    def join")
                .replace("import FlowSpec, step", "import FlowSpec, step\nfrom branches import merging")
            },
            NOTHING,
        ),
        "known to be missing": (
            {
                "flow.py": "import pytest\n"
                + split("with pytest.raises(AttributeError):", "pass")["flow.py"].replace(
                    "AttributeError):\n", "AttributeError):\n            print(self.model)\n"
                )
            },
            NOTHING,
        ),
        "what was set before the split": (split("self.best = self.rate"), ERROR),
        "in a helper": (
            {"flow.py": split("self.report()")["flow.py"] + "\n    def report(self):\n        print(self.model)\n"},
            ERROR,
        ),
        "two steps later": (joined("self.best = 1", "print(self.score)"), ERROR),
        "left out by include": (joined('self.merge_artifacts(inputs, include=["score"]); print(self.model)'), ERROR),
        "merged after it was read": (joined("print(self.model); self.merge_artifacts(inputs)"), ERROR),
        "merged": (joined("self.merge_artifacts(inputs); print(self.model)"), NOTHING),
        "chosen by name": (split("self.model = inputs.left.model", "print(self.model)"), NOTHING),
        "reckoned with": (joined("print(getattr(self, 'model', None) or hasattr(self, 'model'))"), NOTHING),
        "the last of a loop": (joined("for one in inputs: self.model = one.model", "print(self.model)"), NOTHING),
        "set by name": (
            joined(
                "for name in ('model', 'score'): setattr(self, name, getattr(inputs[0], name))", "print(self.model)"
            ),
            NOTHING,
        ),
        "a class attribute": (
            {
                "flow.py": joined("print(self.limit)")["flow.py"].replace(
                    "class GridFlow(FlowSpec):", "class GridFlow(FlowSpec):\n    limit = 3\n"
                )
            },
            NOTHING,
        ),
    },
    "FG307": {
        "a keyword": (fitted("self.loss = fit([1], epochs=5)"), WARNING),
        "an artifact": (fitted("self.learning_rate = 0.1", "self.loss = 1"), WARNING),
        "several at once": (fitted("self.loss = fit([1], hidden_layer_sizes=(64, 64))"), WARNING),
        "a seed": (fitted("import random", "random.seed(42)", "self.loss = random.random()"), WARNING),
        "negative": (fitted("lr = -0.1", "self.loss = fit([1], lr=lr)"), WARNING),
        "inside a loop": (fitted("for dropout in [0.1]:", "    self.loss = fit([1], batch_size=32)"), WARNING),
        "handed on": (fitted("lr = self.lr", "self.loss = fit([1], lr=lr)"), NOTHING),
        "a name": (fitted("self.loss = fit([1], optimizer='adam')"), NOTHING),
        "not a parameter": (fitted("self.loss = fit([1]) if len('abc') > 2 else 3"), NOTHING),
        "a decorator's resources": (
            {
                "flow.py": fitted("self.loss = 1")["flow.py"].replace(
                    "    @step\n    def start", "    @resources(memory=4000)\n    @step\n    def start"
                )
            },
            NOTHING,
        ),
        "a flag": (fitted("self.loss = fit([1], lr=True)"), NOTHING),
    },
    "FG501": {
        "made by a field's default": (
            drawn(
                "self.rows = Detector().rng.normal()",
                before="\nfrom dataclasses import dataclass, field\n\n@dataclass\nclass Detector:\n    rng: object = field(default_factory=np.random.default_rng)\n",
            ),
            ERROR,
        ),
        "after a context that undoes its seed": (
            drawn(
                "with seeded(self.seed):",
                "    a = np.random.rand()",
                "self.rows = np.random.rand()",
                before="\nimport contextlib\n\n@contextlib.contextmanager\ndef seeded(seed):\n    state = np.random.get_state()\n    np.random.seed(seed)\n    try:\n        yield\n    finally:\n        np.random.set_state(state)\n",
            ),
            ERROR,
        ),
        "in a function that is handed over": (
            drawn("import pandas as pd", "self.rows = pd.DataFrame().pipe(lambda frame: frame.sample(frac=0.5))"),
            ERROR,
        ),
        "a study without a sampler": (
            drawn("import optuna", "study = optuna.create_study()", "self.rows = study.best_params"),
            ERROR,
        ),
        "inside a context that seeds": (
            drawn(
                "with seeded(self.seed):",
                "    self.rows = np.random.rand()",
                before="\nimport contextlib\n\n@contextlib.contextmanager\ndef seeded(seed):\n    state = np.random.get_state()\n    np.random.seed(seed)\n    try:\n        yield\n    finally:\n        np.random.set_state(state)\n",
            ),
            NOTHING,
        ),
        "a fallback that is never taken": (
            drawn(
                "self.rows = draw(np.random.default_rng(self.seed))",
                before="\ndef draw(rng=None):\n    rng = rng if rng is not None else np.random.default_rng()\n    return rng.normal()\n",
            ),
            NOTHING,
        ),
        "seeded by a decorator of the step": (
            {
                "flow.py": drawn(
                    "self.rows = np.random.rand()",
                    before="\nimport functools\n\ndef seeded(fn):\n    @functools.wraps(fn)\n    def inner(self):\n        np.random.seed(self.seed)\n        return fn(self)\n\n    return inner\n",
                )["flow.py"].replace("    @step\n    def start", "    @step\n    @seeded\n    def start")
            },
            NOTHING,
        ),
        "the name of a file": (
            drawn("path = f'/tmp/{random.random()}'", "self.rows = open(path).read()"),
            NOTHING,
        ),
        "a branch that the caller shuts": (
            drawn(
                "self.rows = load(True)",
                before="\ndef load(only):\n    if only:\n        return 1\n    return np.random.rand()\n",
            ),
            NOTHING,
        ),
        "under an alias": (drawn("from numpy.random import permutation as mix", "self.rows = mix(5)"), ERROR),
        "a generator made in a helper": (
            drawn("self.rows = make().normal()", before="\ndef make():\n    return np.random.default_rng()\n"),
            ERROR,
        ),
        "a None that came as a default": (
            drawn(
                "self.rows = draw(3)",
                before="\ndef draw(n, seed=None):\n    return np.random.default_rng(seed).normal(size=n)\n",
            ),
            ERROR,
        ),
        "a clock as the seed": (
            drawn("import time", "np.random.seed(int(time.time()))", "self.rows = np.random.rand()"),
            ERROR,
        ),
        "the process as the seed": (drawn("import os", "self.rows = random.Random(os.getpid()).random()"), ERROR),
        "weights of a module": (drawn("self.rows = Net()", before=TORCH + NET), ERROR),
        "a loader that shuffles": (
            drawn(
                "torch.manual_seed(self.seed)",
                "model = Net()",
                "torch.seed()",
                "loader = torch.utils.data.DataLoader([1, 2], shuffle=True)",
                "opt = torch.optim.SGD(model.parameters(), lr=self.seed)",
                "for batch in loader:",
                "    model(batch).backward()",
                "    opt.step()",
                "self.rows = model.state_dict()",
                before=TORCH + NET,
            ),
            ERROR,
        ),
        "a forest": (
            drawn(
                "from sklearn.ensemble import RandomForestClassifier as Forest",
                "model = Forest(n_estimators=self.seed)",
                "model.fit([[1]], [1])",
                "self.rows = model.predict([[1]])",
            ),
            ERROR,
        ),
        "a frame's sample": (
            drawn("import pandas as pd", "df = pd.DataFrame({'a': [1, 2]})", "self.rows = df.sample(frac=1).a.sum()"),
            ERROR,
        ),
        "a fit that consumed a draw": (
            drawn(
                "from sklearn.linear_model import Ridge",
                "model = Ridge()",
                "model.fit(np.random.rand(5, 2), [1] * 5)",
                "self.rows = model.coef_",
            ),
            ERROR,
        ),
        "seeded too late": (drawn("rows = np.random.rand(3)", "np.random.seed(self.seed)", "self.rows = rows"), ERROR),
        "the other library's seed": (drawn("random.seed(self.seed)", "self.rows = np.random.rand(3)"), ERROR),
        "inside a partial": (
            drawn(
                "from functools import partial",
                "draw = partial(random.choice, [1, 2])",
                "self.rows = [draw() for _ in range(3)]",
            ),
            ERROR,
        ),
        "a lambda in a table": (
            drawn("table = {'noise': lambda: np.random.normal()}", "self.rows = table['noise']()"),
            ERROR,
        ),
        "secrets": (drawn("import secrets", "self.rows = secrets.token_hex()"), ERROR),
        "nondeterministic": (
            drawn("self.rows = np.random.rand()")
            | {"flowgate.toml": '[flow."flow.py"]\ndeterminism = "nondeterministic"\ndeterminism_reason = "a GPU"\n'},
            WARNING,
        ),
        "seeded by a helper's helper": (
            drawn(
                "setup(self.seed)",
                "self.rows = np.random.rand()",
                before="\ndef deep(s):\n    np.random.seed(s)\n\ndef setup(s):\n    deep(s)\n",
            ),
            NOTHING,
        ),
        "spawned from a seeded one": (
            drawn(
                "seq = np.random.SeedSequence(self.seed)",
                "self.rows = [np.random.default_rng(s).normal() for s in seq.spawn(2)]",
            ),
            NOTHING,
        ),
        "seeded by the branch": (
            drawn("rng = random.Random(self.index)", "self.rows = rng.sample(range(9), 3)"),
            NOTHING,
        ),
        "a literal seed": (drawn("self.rows = np.random.default_rng(7).normal()"), NOTHING),
        "a seeded split": (
            drawn(
                "from sklearn.model_selection import train_test_split",
                "self.rows = train_test_split([1, 2], random_state=self.seed)",
            ),
            NOTHING,
        ),
        "a split that does not shuffle": (
            drawn(
                "from sklearn.model_selection import train_test_split, KFold",
                "self.rows = train_test_split([1, 2], shuffle=False)",
                "self.folds = KFold(5)",
            ),
            NOTHING,
        ),
        "everything seeded at once": (
            drawn(
                "from pytorch_lightning import seed_everything",
                "seed_everything(self.seed)",
                "self.rows = torch.rand(3), random.random()",
                before=TORCH,
            ),
            NOTHING,
        ),
        "a generator of its own, handed to torch": (
            drawn(
                "g = torch.Generator().manual_seed(self.seed)",
                "self.rows = torch.randperm(5, generator=g)",
                before=TORCH,
            ),
            NOTHING,
        ),
        "jitter before a request": (drawn("import time", "time.sleep(random.random())", "self.rows = [1]"), NOTHING),
        "a draw that is only printed": (
            drawn("pick = random.choice([1, 2])", "print(pick)", "self.rows = [1]"),
            NOTHING,
        ),
        "a frame's rows by a seed": (
            drawn("import pandas as pd", "self.rows = pd.DataFrame({'a': [1]}).sample(n=1, random_state=self.seed)"),
            NOTHING,
        ),
    },
    "FG503": {
        "one of two that are returned": (
            clock(
                "value, seconds = timed()",
                "self.score = value",
                after="\n\ndef timed():\n    began = time.time()\n    return 1, time.time() - began\n",
            ),
            NOTHING,
        ),
        "kept beside what is returned": (
            clock(
                "client = Client()",
                "self.score = client('a')",
                after="\n\nclass Client:\n    def __init__(self):\n        self.last = time.time()\n\n    def __call__(self, text):\n        self.last = time.time()\n        return len(text)\n",
            ),
            NOTHING,
        ),
        "made by a field's default": (
            clock(
                "self.score = Stamp()",
                after="\n\nfrom dataclasses import dataclass, field\n\n@dataclass\nclass Stamp:\n    at: float = field(default_factory=time.time)\n",
            ),
            ERROR,
        ),
        "through a dataclass": (
            clock(
                "from dataclasses import dataclass, asdict",
                "class Row: pass",
                "row = {'at': datetime.utcnow().isoformat(), 'score': 1}",
                "self.score = [row]",
            ),
            ERROR,
        ),
        "in a helper": (
            clock("self.score = stamp()", after="\n\ndef stamp():\n    return time.time_ns()\n"),
            ERROR,
        ),
        "the host": (clock("import socket", "self.score = {socket.gethostname(): 1}"), ERROR),
        "a deadline": (
            clock(
                "n = 0", "end = time.monotonic() + 1", "while time.monotonic() < end:", "    n += 1", "self.score = n"
            ),
            ERROR,
        ),
        "the retry": (clock("self.score = 1 + current.retry_count"), ERROR),
        "put into a frame": (
            clock(
                "import pandas as pd",
                "df = pd.DataFrame({'a': [1]})",
                "df['at'] = pd.Timestamp.now()",
                "self.score = df",
            ),
            ERROR,
        ),
        "beside the conclusion": (clock("self.started = time.time()", "self.score = 1"), WARNING),
        "no surface": (clock("self.score = time.time()", settings=""), WARNING),
        "the name of the step": (clock("self.score = current.step_name + current.flow_name"), NOTHING),
        "shown": (
            clock("began = time.perf_counter()", "self.score = sum(range(9))", "print(time.perf_counter() - began)"),
            NOTHING,
        ),
        "a given date": (
            clock("self.score = datetime.strptime('2024', '%Y').year, time.strftime('%Y', time.gmtime(0))"),
            NOTHING,
        ),
        "a name-based id": (clock("self.score = str(uuid.uuid5(uuid.NAMESPACE_DNS, 'a'))"), NOTHING),
        "a log line": (clock("import logging", "logging.info('at %s', datetime.now())", "self.score = 1"), NOTHING),
        "a temporary file's name": (
            clock("path = f'/tmp/{os.getpid()}'", "open(path, 'w').write('1')", "self.score = 1"),
            NOTHING,
        ),
    },
    "FG506": {
        "by pathlib": (
            shared("from pathlib import Path", "with Path('out.txt').open('a') as f:", "    f.write(name)"),
            ERROR,
        ),
        "a frame": (shared("import pandas as pd", "pd.DataFrame({'a': [name]}).to_csv('all.csv', mode='a')"), ERROR),
        "a model": (shared("import joblib", "joblib.dump(name, os.path.join('models', 'best.joblib'))"), ERROR),
        "in a helper": (
            {
                "flow.py": shared("save('all.json', name)")["flow.py"]
                + "\n\ndef save(path, value):\n    with open(path, 'w') as f:\n        f.write(value)\n"
            },
            ERROR,
        ),
        "read and rewritten": (shared("with open('count.txt', 'r+') as f:", "    f.write(f.read() + name)"), ERROR),
        "a folder of the run": (
            shared("from metaflow import current", "open(f'/tmp/{current.run_id}.txt', 'a').write(name)"),
            ERROR,
        ),
        "named by the item": (shared("open('/tmp/' + name + '.txt', 'a').write('1')"), NOTHING),
        "named by the item, two names on": (
            shared("where = {'path': f'{name}.csv'}", "open(where['path'], 'w').write('1')"),
            NOTHING,
        ),
        "in a temporary folder": (
            shared(
                "import tempfile",
                "with tempfile.TemporaryDirectory() as d:",
                "    open(os.path.join(d, 'a.txt'), 'w').write(name)",
            ),
            NOTHING,
        ),
        "only read": (shared("self.rows = open('all.csv').read()"), NOTHING),
        "a cache": (shared("if not os.path.exists('data.csv'):", "    open('data.csv', 'w').write('1')"), NOTHING),
        "on machines of their own": (
            {
                "flow.py": shared("open('a.txt', 'w').write(name)")["flow.py"]
                .replace("    @step\n    def fit", "    @kubernetes\n    @step\n    def fit")
                .replace("import FlowSpec", "import FlowSpec, kubernetes")
            },
            NOTHING,
        ),
        "by the join": (
            {
                "flow.py": shared("self.name = name")["flow.py"].replace(
                    "    def join(self, inputs):\n",
                    "    def join(self, inputs):\n        open('all.txt', 'w').write('1')\n",
                )
            },
            NOTHING,
        ),
    },
}
ROWS = [(rule, name) for rule, cases in CASES.items() for name in cases]


@pytest.mark.parametrize(("rule", "name"), ROWS, ids=[f"{rule} {name}" for rule, name in ROWS])
def test_a_variant_trips_its_rule_or_does_not(rule: str, name: str, tmp_path: Path) -> None:
    files, expected = CASES[rule][name]
    found = {one.severity for one in lint_files(tmp_path, files) if one.rule == rule}
    assert found == ({expected} if expected else set())


@pytest.mark.parametrize("rule", CASES)
def test_there_are_five_of_each(rule: str) -> None:
    expected = [bool(severity) for _, severity in CASES[rule].values()]
    assert expected.count(True) >= 5 and expected.count(False) >= 5
