"""Names that carry a meaning: which of them stand for training axes, methods and configs, and which for data."""

from __future__ import annotations

import re

# A whole name, or the last words of one, that can only mean a method or a training parameter.
_PARAMETER_PHRASES = frozenset(
    """
    lr learning_rate weight_decay wd epoch ep num_epoch n_epoch batch_size hidden hidden_size hidden_dim
    hidden_layer hidden_layer_size hidden_unit dropout dropout_rate momentum optimizer optimiser scheduler loss_function loss_fn
    activation method method_name method_spec estimator algorithm algo classifier regressor learner model model_name
    model_type model_class model_config model_spec model_kind hyperparam hyperparameter hyper_param hyper_parameter
    hparam param_grid grid_param parameter_grid search_space param_combination hyperparam_combination
    hyperparameter_combination param_combo train_config training_config train_cfg training_axis training_ax
    train_axis margin n_estimator num_estimator max_depth min_sample_leaf min_sample_split
    num_leave num_leaf max_feature subsample colsample_bytree alpha gamma lambda l1_ratio reg_lambda reg_alpha
    penalty kernel solver regularization c_value num_layer n_layer embedding_dim embed_dim latent_dim architecture
    layer_size conv_layer kernel_size filter_size classifier_type estimator_type regressor_type optimizer_type arch num_head width depth backbone patience warmup warmup_step num_step max_iter n_iter max_epoch step_size grad_clip clip_norm
    beta
    """.split()
)
# Names that mean a part of the data, whatever stands before them.
_DATA = frozenset(
    """
    seed fold split shard file path chunk site dataset sample row record partition bucket region country state city
    date day week month year hour user customer account store product item document doc text image page url link uri
    key id index noise size range window period table column feature group cohort segment station sensor
    """.split()
)


def words(name: str) -> list[str]:
    """The lower-case words of an identifier: `learningRates` and `LEARNING_RATES` alike."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word for word in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if word]


def _singular(word: str) -> str:
    if word in ("axes", "losses", "classes", "indexes"):
        return word[:-2] + ("is" if word == "axes" else "")
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and word != "eps" and len(word) > 2:
        return word[:-1]
    return word


_COLLECTIVE = frozenset(
    """
    list value grid option choice candidate set sweep search setting range all the to try config cfg spec dict tuple
    combination combo name
    """.split()
)


def _stems(name: str) -> list[str]:
    """The words in the singular, without those that only say that there are many."""
    found = [_singular(word) for word in words(name)]
    while len(found) > 1 and found[-1] in _COLLECTIVE and "_".join(found) not in _PARAMETER_PHRASES:
        found = found[:-1]
    while len(found) > 1 and found[0] in _COLLECTIVE:
        found = found[1:]
    return found


def is_parameter(name: str) -> bool:
    """Whether the name stands for a method, an estimator or a training parameter."""
    found = _stems(name)
    return any("_".join(found[start:]) in _PARAMETER_PHRASES for start in range(len(found)))


_NUMBERS = frozenset(
    "lr learning_rate weight_decay wd epoch dropout dropout_rate momentum alpha gamma max_depth batch_size".split()
)


def is_number(name: str) -> bool:
    """Whether the name stands for a training parameter that only numbers can be."""
    found = _stems(name)
    return any("_".join(found[start:]) in _NUMBERS for start in range(len(found)))


def is_data(name: str) -> bool:
    """Whether the name stands for a part of the data or a seed."""
    found = _stems(name)
    return bool(found) and not is_parameter(name) and found[-1] in _DATA


_ALGORITHMS = frozenset(
    """
    svm svc svr knn tree forest rf randomforest xgboost xgb lgbm lightgbm catboost gbm gbt adaboost logistic logreg
    ridge lasso elasticnet mlp cnn rnn lstm gru transformer resnet resnet18 resnet34 resnet50 vgg16 bert roberta
    gpt2 unet vit kmeans dbscan pca naive bayes perceptron ols arima prophet adam adamw sgd rmsprop adagrad bm25
    tfidf word2vec regression boosting bagging ensemble
    """.split()
)


def is_algorithm(text: str) -> bool:
    """Whether a string names a learning method or an optimiser."""
    found = words(text)
    return 0 < len(found) < 5 and any(word in _ALGORITHMS for word in found)
