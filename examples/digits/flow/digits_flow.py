# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow>=2.16", "hydra-core>=1.3", "numpy", "scikit-learn", "torch"]
# ///
"""Does a small MLP keep its lead over logistic regression when training labels are wrong?

The final methodology of docs/investigation.md, and nothing else. Four seams hold the component logic; the steps fan out
over data axes x seeds, train every method of a dataset in-process, and read conclusions from what training stored.
"""

# >>> flowgate shell
# fmt: off
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# A sum of floats depends on how many threads share it, so numeric libraries get one, in every task alike.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

try:
    from metaflow import Config, FlowSpec, step
except ModuleNotFoundError as missing:  # the seams import without Metaflow
    if missing.name != "metaflow" or __name__ == "__main__":
        raise
    FlowSpec = object

    def step(function):
        return function

    def Config(*_args, **_kwargs):
        return None


def compose_config(text):
    """The config as Hydra composes it, with the methods that the experiment names under `methods`, as they are trained.

    `text` is conf/config.yaml, or `hydra_overrides: [group=choice, key=value]`.
    """
    import yaml
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    if text.split() == (HERE / "conf" / "config.yaml").read_text(encoding="utf-8").split():
        text = ""
    try:
        given = yaml.safe_load(text) or {"hydra_overrides": []}
    except yaml.YAMLError as error:
        raise SystemExit(f"cfg is no YAML; quote an override that holds a bracket or a question mark: {error}") from None
    if not isinstance(given, dict) or [*given] != ["hydra_overrides"] or not isinstance(given["hydra_overrides"], list):
        raise SystemExit("cfg takes `hydra_overrides: [group=choice, key=value]` and nothing else")
    overrides = [str(one) for one in given["hydra_overrides"]]
    keys = [one.lstrip("+~").partition("=")[0] for one in overrides]
    early = [one for one, key in zip(overrides, keys, strict=True) if not key.startswith("methods.")]
    try:
        with initialize_config_dir(config_dir=str(HERE / "conf"), version_base=None):
            first = compose("config", overrides=early)
            names = OmegaConf.to_container(first.experiment).get("methods")
            if not isinstance(names, list) or len({*map(str, names)}) != len(names):
                raise SystemExit(f"experiment.methods: {names!r} is no list of different methods")
            missing = [name for name in names if name not in first.get("methods", {})]
            composed = compose("config", overrides=[*(f"+method@methods.{name}={name}" for name in missing), *overrides])
        OmegaConf.set_struct(composed, False)
        for key in keys:
            if key.startswith("training.") and key.partition(".")[2] in composed.experiment.axes:
                raise SystemExit(f"{key}: it is an axis of the experiment; override experiment.axes.{key[9:]}")
        for name, changes in (composed.experiment.get("method_overrides") or {}).items():
            where = f"experiment.method_overrides.{name}"
            if name not in names:
                raise SystemExit(f"{where}: the experiment has no such method")
            if not OmegaConf.is_dict(changes):
                raise SystemExit(f"{where}: {changes!r} changes nothing; write `key: value`")
            for key, value in changes.items():
                if any(f"{one}.".startswith(f"methods.{name}.{key}.") for one in keys):
                    raise SystemExit(f"methods.{name}.{key}: {where} sets it too; override it there")
                other = key.removesuffix("_sweep") if key.endswith("_sweep") else f"{key}_sweep"
                if key not in composed.methods[name] and other not in composed.methods[name]:
                    raise SystemExit(f"{where}.{key}: method/{name} has no such key")
                composed.methods[name].pop(other, None)  # fixed and swept exclude each other
                OmegaConf.update(composed.methods[name], key, value, merge=True, force_add=True)
        return OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise SystemExit(f"{HERE / 'conf'}: {error}") from None


def check_surface(flow, cfg):
    """Raise where the declared surface names a step that the flow has not, or an artifact that `end` has not."""
    from fnmatch import filter as matching

    for entry in cfg["experiment"]["surface"]:
        name, _, artifact = entry.rpartition(".")
        if not hasattr(flow, artifact) if name in ("", "end") else not matching(dir(type(flow)), name):
            raise AttributeError(f"experiment.surface: the flow has no {entry}")
# fmt: on
# <<< flowgate shell

from collections import namedtuple

from grid import branches, evaluations, group

Dataset = namedtuple("Dataset", "train_x train_y val_x val_y test_x test_y")
TrainResult = namedtuple("TrainResult", "model scores val_score")


# -- seams


def make_data(data_spec, data_axes, seed):
    """The digits, cut and scaled, with a share of the training labels replaced by other classes.

    The cut and the noise have generators of their own, at fixed offsets from the seed.

    Returns:
        Dataset: features of shape (n, 64) in [0, 1] as float32, labels of shape (n,) as int64.
    """
    import numpy as np
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    features, labels = (features / data_spec["scale"]).astype(np.float32), labels.astype(np.int64)
    order = np.random.default_rng(data_spec["split_offset"] + seed).permutation(len(labels))
    train, val, test = np.split(order, np.cumsum([data_spec["n_train"], data_spec["n_val"]]))
    noise = np.random.default_rng(data_spec["noise_offset"] + seed)
    noisy = labels[train].copy()
    wrong = noise.random(len(noisy)) < data_axes["label_noise"]
    shift = noise.integers(1, data_spec["n_classes"], len(noisy))
    noisy[wrong] = (noisy[wrong] + shift[wrong]) % data_spec["n_classes"]
    return Dataset(features[train], noisy, features[val], labels[val], features[test], labels[test])


def build_model(model_spec):
    """A multilayer perceptron with one hidden layer, on 64 inputs.

    Returns:
        torch.nn.Module: maps (n, inputs) to logits of shape (n, classes).
    """
    import torch

    return torch.nn.Sequential(
        torch.nn.Linear(model_spec["inputs"], model_spec["hidden"]),
        torch.nn.ReLU(),
        torch.nn.Linear(model_spec["hidden"], model_spec["classes"]),
    )


def train_arm(method_spec, data, seed, train_cfg):
    """Train one method on one dataset.

    Returns:
        TrainResult: the model, its test scores of shape (n_test, classes), and its validation accuracy.

    Raises:
        KeyError: the method's kind is not registered.
    """
    trainer, _ = KINDS[method_spec["kind"]]
    return trainer(method_spec, data, seed, train_cfg)


def metric(scores, labels, **_cfg):
    """Accuracy, the investigation's primary metric: the share of rows whose highest score is at their label."""
    return float((scores.argmax(axis=1) == labels).mean())


# -- the kinds of method: each with its trainer and whether it retrains for every training value


def _train_mlp(method_spec, data, seed, train_cfg):
    import torch

    torch.manual_seed(seed)
    model = build_model(
        {"inputs": data.train_x.shape[1], "hidden": train_cfg["hidden"], "classes": method_spec["classes"]}
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=train_cfg["lr"])
    loss = torch.nn.CrossEntropyLoss(label_smoothing=method_spec["label_smoothing"])
    features, labels = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(train_cfg["epochs"]):
        for rows in torch.randperm(len(labels), generator=generator).split(train_cfg["batch"]):
            optimizer.zero_grad()
            loss(model(features[rows]), labels[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        scores = model(torch.from_numpy(data.test_x)).numpy()
        val_scores = model(torch.from_numpy(data.val_x)).numpy()
    return TrainResult(model, scores, metric(val_scores, data.val_y))


def _train_logreg(method_spec, data, seed, _train_cfg):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=method_spec["C"], max_iter=method_spec["max_iter"], random_state=seed)
    model.fit(data.train_x, data.train_y)
    return TrainResult(model, model.predict_proba(data.test_x), metric(model.predict_proba(data.val_x), data.val_y))


KINDS = {"mlp": (_train_mlp, "axis_dependent"), "logreg": (_train_logreg, "axis_agnostic")}


# -- what is read from the results


def bootstrap_interval(hits, n_resamples, seed, level):
    """A percentile interval for the mean of `hits`, as [low, high]."""
    import numpy as np

    values = np.asarray(hits, dtype=np.float64)
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (n_resamples, len(values)))].mean(axis=1)
    return [float(edge) for edge in np.quantile(means, [(1 - level) / 2, (1 + level) / 2])]


class DigitsFlow(FlowSpec):
    cfg = Config("cfg", default=str(HERE / "conf" / "config.yaml"), parser=compose_config)

    @step
    def start(self):
        self.determinism = self.cfg["experiment"]["determinism"]
        self.branches = branches(self.cfg, KINDS)
        self.next(self.train, foreach="branches")

    @step
    def train(self):
        self.rows = []
        for row, point, result, data in evaluations(self.cfg, self.input, KINDS, make_data, train_arm):
            accuracy = metric(result.scores, data.test_y, **point)
            hits = (result.scores.argmax(axis=1) == data.test_y).tolist()
            self.rows.append({**row, "accuracy": accuracy, "val_score": result.val_score, "hits": hits})
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.rows = [row for branch in inputs for row in branch.rows]
        self.merge_artifacts(inputs, include=["determinism"])
        self.next(self.aggregate)

    @step
    def aggregate(self):
        keys = ["method", *self.cfg["experiment"]["axes"]]
        self.aggregate_results = []
        for values, rows in group(self.rows, keys).items():
            hits = [hit for row in rows for hit in row["hits"]]
            accuracy = sum(row["accuracy"] for row in rows) / len(rows)
            interval = bootstrap_interval(hits, **self.cfg["bootstrap"])
            self.aggregate_results.append(
                {**dict(zip(keys, values, strict=True)), "accuracy": accuracy, "interval": interval}
            )
        baseline, challenger = self.cfg["experiment"]["methods"]
        self.lift_results = []
        for values, pair in group(self.aggregate_results, keys[1:]).items():
            of = {row["method"]: row["accuracy"] for row in pair}
            self.lift_results.append(
                {**dict(zip(keys[1:], values, strict=True)), "lift": of[challenger] - of[baseline]}
            )
        self.next(self.an_robustness, self.an_budget)

    @step
    def an_robustness(self):
        """What each method loses from the cleanest labels to the noisiest, at every training budget."""
        levels = self.cfg["experiment"]["axes"]["label_noise"]
        self.an_result = []
        for (method, epochs), rows in group(self.aggregate_results, ["method", "epochs"]).items():
            at = {row["label_noise"]: row["accuracy"] for row in rows}
            self.an_result.append({"method": method, "epochs": epochs, "loss": at[min(levels)] - at[max(levels)]})
        self.next(self.conclude)

    @step
    def an_budget(self):
        """What the longest training budget adds to the lift over the shortest, at every noise level."""
        self.an_result = []
        for (level,), rows in group(self.lift_results, ["label_noise"]).items():
            lift = {row["epochs"]: row["lift"] for row in rows}
            self.an_result.append({"label_noise": level, "gain": lift[max(lift)] - lift[min(lift)]})
        self.next(self.conclude)

    @step
    def conclude(self, inputs):
        self.robustness = inputs.an_robustness.an_result
        self.budget = inputs.an_budget.an_result
        self.merge_artifacts(inputs, include=["determinism", "aggregate_results", "lift_results"])
        self.next(self.end)

    @step
    def end(self):
        check_surface(self, self.cfg)
        for row in self.lift_results:
            print("label noise {label_noise}, {epochs} epochs: lift {lift:+.4f}".format(**row))


if __name__ == "__main__":
    DigitsFlow()
