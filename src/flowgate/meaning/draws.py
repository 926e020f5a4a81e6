"""Randomness: what draws from which generator, and what seeds it.

A global generator is the process's own: each Metaflow task starts with another state, whatever another step seeded.
"""

from __future__ import annotations

from typing import NamedTuple

from flowgate.flow.values import Attr, Call, Const, Value, callee, constant, method_of, options, walk
from flowgate.meaning.ambient import ambient_parts

PYTHON, NUMPY, TORCH, TENSORFLOW, OWN, SYSTEM = "python", "numpy", "torch", "tensorflow", "own", "system"
# How each generator is seeded, for the message.
SEEDED_BY = {
    PYTHON: "random.seed(seed)",
    NUMPY: "np.random.seed(seed)",
    TORCH: "torch.manual_seed(seed)",
    TENSORFLOW: "tf.random.set_seed(seed)",
}
_ALL = frozenset(SEEDED_BY)
_SEEDERS = {
    "random.seed": {PYTHON},
    "numpy.random.seed": {NUMPY},
    "numpy.random.set_state": {NUMPY},
    "random.setstate": {PYTHON},
    "torch.manual_seed": {TORCH},
    "torch.random.manual_seed": {TORCH},
    "torch.seed": {TORCH},
    "torch.set_rng_state": {TORCH},
    "tensorflow.random.set_seed": {TENSORFLOW},
    "tensorflow.compat.v1.set_random_seed": {TENSORFLOW},
}
_SEEDERS_OF_ALL = frozenset(
    "seed_everything set_seed set_random_seed set_seeds fix_seed fix_seeds seed_all set_all_seeds".split()
)
_MAKERS = frozenset(
    f"numpy.random.{name}"
    for name in "default_rng RandomState SeedSequence PCG64 MT19937 Philox SFC64 PCG64DXSM".split()
)
_MAKERS |= {"random.Random"}
# Calls that a seed goes into: what hangs on it is random only if the seed is.
SEEDERS = _MAKERS | frozenset(_SEEDERS)
_PYTHON = frozenset(
    """
    random randint randrange choice choices sample shuffle uniform triangular betavariate expovariate gammavariate gauss
    lognormvariate normalvariate vonmisesvariate paretovariate weibullvariate getrandbits randbytes binomialvariate
    """.split()
)
_NUMPY_NO_DRAWS = frozenset(
    """
    seed default_rng RandomState SeedSequence PCG64 PCG64DXSM MT19937 Philox SFC64 Generator BitGenerator get_state
    set_state
    """.split()
)
_TORCH = frozenset(
    f"torch.{name}"
    for name in "rand randn randint randperm normal bernoulli multinomial rand_like randn_like randint_like poisson".split()
)
_LAYERS = frozenset(
    """
    Linear LazyLinear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LSTM GRU RNN LSTMCell
    GRUCell RNNCell Embedding EmbeddingBag MultiheadAttention Transformer TransformerEncoder TransformerEncoderLayer
    TransformerDecoder TransformerDecoderLayer
    """.split()
)
_FIXED_INITS = frozenset("zeros_ ones_ constant_ eye_ dirac_ calculate_gain".split())
_TORCH_METHODS = frozenset("normal_ uniform_ random_ bernoulli_ exponential_ cauchy_ log_normal_ geometric_".split())
_KERAS_LAYERS = frozenset("Dense Conv1D Conv2D Conv3D LSTM GRU SimpleRNN Embedding Dropout MultiHeadAttention".split())
# Of scikit-learn, what draws from NumPy's global generator where no random_state is given.
_SKLEARN = frozenset(
    """
    train_test_split shuffle resample make_classification make_regression make_blobs make_moons make_circles
    make_multilabel_classification make_low_rank_matrix make_sparse_uncorrelated make_friedman1 make_gaussian_quantiles
    make_swiss_roll make_s_curve make_hastie_10_2 ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit RepeatedKFold
    RepeatedStratifiedKFold RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor
    BaggingClassifier BaggingRegressor IsolationForest RandomTreesEmbedding KMeans MiniBatchKMeans BisectingKMeans
    GaussianMixture BayesianGaussianMixture MLPClassifier MLPRegressor SGDClassifier SGDRegressor Perceptron
    PassiveAggressiveClassifier RandomizedSearchCV HalvingRandomSearchCV TSNE LatentDirichletAllocation BernoulliRBM
    GaussianRandomProjection SparseRandomProjection RBFSampler Nystroem SpectralClustering MiniBatchDictionaryLearning
    permutation_importance DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor
    AdaBoostClassifier AdaBoostRegressor GradientBoostingClassifier GradientBoostingRegressor ParameterSampler
    """.split()
)
_SKLEARN_SHUFFLED = frozenset(("KFold", "StratifiedKFold", "StratifiedGroupKFold"))
_SAMPLERS = frozenset(("RandomSampler", "SubsetRandomSampler", "WeightedRandomSampler", "random_split"))
_SYSTEM = frozenset(("os.urandom", "random.SystemRandom"))


class Draw(NamedTuple):
    """A call that draws, or makes a generator that was not seeded: from which one, and how to write it."""

    call: Call
    generator: str


def seeds(call: Call) -> set[str]:
    """The global generators that a call seeds."""
    name = callee(call)
    if name in _SEEDERS:
        return _SEEDERS[name]
    return set(_ALL) if name.rpartition(".")[2] in _SEEDERS_OF_ALL else set()


def is_kept_state(call: Call) -> bool:
    """Whether a call keeps the state of a global generator, to be restored later."""
    return callee(call).rpartition(".")[2] in ("get_state", "getstate", "get_rng_state")


def is_seed(call: Call) -> bool:
    """Whether what a seeding call is given fixes anything: not nothing, None, the clock or a process id."""
    given = [*call.args, *call.keywords.values()]
    return bool(given) and _is_fixed(given[0]) and callee(call) != "torch.seed"


def _is_fixed(value: Value | None) -> bool:
    if value is None or all(isinstance(one, Const) and one.value is None for one in options(value)):
        return False
    if any(True for _ in ambient_parts(value)):
        return False
    return not any(_draws_without_state(part) for part in walk(value))


def _draws_without_state(value: Value) -> bool:
    return callee(value).startswith("secrets.") or callee(value) in _SYSTEM


def draw_of(call: Call) -> Draw | None:
    """What a call draws from, where that is a global generator, one made without a seed, or the system's."""
    name = callee(call)
    last = name.rpartition(".")[2]
    generator = ""
    if name.startswith("secrets.") or name in _SYSTEM:
        generator = SYSTEM if last != "compare_digest" else ""
    elif name in _MAKERS:
        seed = call.argument(0, "entropy" if last == "SeedSequence" else "x" if name == "random.Random" else "seed")
        generator = OWN if not _is_fixed(seed) else ""
    elif name.startswith("random."):
        generator = PYTHON if last in _PYTHON and name.count(".") == 1 else ""
    elif name.startswith("numpy.random."):
        generator = NUMPY if last not in _NUMPY_NO_DRAWS and name.count(".") == 2 else ""
    elif name.startswith(("torch.", "torch_geometric.")):
        generator = TORCH if _draws_in_torch(call, name, last) else ""
    elif name.startswith(("tensorflow.", "keras.")):
        generator = TENSORFLOW if _draws_in_keras(call, name, last) else ""
    elif name.startswith("sklearn."):
        generator = NUMPY if _draws_in_sklearn(call, last) else ""
    elif name == "optuna.create_study":
        generator = NUMPY if "sampler" not in call.keywords else ""
    elif name in ("hyperopt.fmin", "hyperopt.fmin.fmin"):
        generator = NUMPY if not _given(call, "rstate") else ""
    elif name.startswith("scipy.stats.") and last == "rvs":
        generator = NUMPY if not _given(call, "random_state") else ""
    else:
        generator = _method(call)
    return Draw(call, generator) if generator else None


def _given(call: Call, keyword: str) -> bool:
    """Whether an argument is given that is not certainly None; `**options` may hold it."""
    value = call.keywords.get(keyword)
    none = value is None or all(isinstance(one, Const) and one.value is None for one in options(value))
    return "**" in call.keywords or not none


def _draws_in_torch(call: Call, name: str, last: str) -> bool:
    if _given(call, "generator"):
        return False
    if name in _TORCH or last in _SAMPLERS:
        return True
    if last == "DataLoader":
        return constant(call.keywords.get("shuffle")) is True and not _given(call, "sampler")
    if name.startswith("torch.nn.init."):
        return last not in _FIXED_INITS
    return name.startswith("torch.nn.") and last in _LAYERS


def _draws_in_keras(call: Call, name: str, last: str) -> bool:
    if ".random." in name:
        return last[:1].islower() and last not in ("set_seed", "experimental") and not _given(call, "seed")
    return ".layers." in name and last in _KERAS_LAYERS and not _given(call, "seed")


def _draws_in_sklearn(call: Call, last: str) -> bool:
    if _given(call, "random_state"):
        return False
    if last == "DummyClassifier":
        return constant(call.keywords.get("strategy")) in ("uniform", "stratified")
    if last in _SKLEARN_SHUFFLED:
        return constant(call.keywords.get("shuffle")) is True
    return last in _SKLEARN and constant(call.keywords.get("shuffle")) is not False


def _method(call: Call) -> str:
    """Draws by a method of something that is no generator: a frame, a tensor, a distribution."""
    name = method_of(call)
    if name == "sample" and isinstance(call.func, Attr) and _is_frame(call):
        return NUMPY if not _given(call, "random_state") else ""
    if name in _TORCH_METHODS:
        return TORCH if not _given(call, "generator") else ""
    if name == "rvs" and isinstance(call.func, Attr):
        frozen = callee(call.func.base).startswith("scipy.stats.")
        return NUMPY if frozen and not _given(call, "random_state") else ""
    return ""


def _is_frame(call: Call) -> bool:
    """Whether `sample` is pandas': by what it is called on, or by what it is given."""
    if {"frac", "n", "replace", "axis", "ignore_index"} & call.keywords.keys():
        return not any(callee(part) in _MAKERS for part in walk(call.func))
    return any(callee(part).startswith("pandas.") for part in walk(call.func))
