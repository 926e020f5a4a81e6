"""The four seams, imported without Metaflow."""

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEC = {"n_classes": 10, "scale": 16.0, "n_train": 1000, "n_val": 297, "split_offset": 10000, "noise_offset": 20000}


@pytest.fixture(scope="module")
def flow():
    sys.modules["metaflow"] = None
    sys.path.insert(0, str(ROOT / "flow"))
    try:
        import digits_flow

        yield digits_flow
    finally:
        sys.path.remove(str(ROOT / "flow"))
        del sys.modules["metaflow"], sys.modules["digits_flow"]


def test_make_data_is_a_function_of_its_seed(flow):
    one, two = (flow.make_data(SPEC, {"label_noise": 0.3}, 1) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one.train_x, flow.make_data(SPEC, {"label_noise": 0.3}, 2).train_x)


def test_noise_touches_training_labels_only_and_is_never_the_right_class(flow):
    clean, noisy = (flow.make_data(SPEC, {"label_noise": level}, 0) for level in (0.0, 1.0))
    assert (clean.train_y != noisy.train_y).all()
    assert np.array_equal(clean.test_y, noisy.test_y) and np.array_equal(clean.val_y, noisy.val_y)


def test_the_metric_is_a_float(flow):
    value = flow.metric(np.eye(3), np.array([0, 1, 0]))
    assert type(value) is float and value == pytest.approx(2 / 3)


def test_an_unknown_kind_raises(flow):
    with pytest.raises(KeyError, match="guess"):
        flow.train_arm({"kind": "guess"}, None, 0, {})


def test_branches_are_data_axes_times_seeds(flow):
    made = flow.branches(flow.compose_config("hydra_overrides: [seeds=2]"), flow.KINDS)
    assert [(branch["axes"]["label_noise"], branch["seed"]) for branch in made] == [
        (0.0, 0),
        (0.0, 1),
        (0.3, 0),
        (0.3, 1),
    ]
