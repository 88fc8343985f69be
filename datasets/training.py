"""Trains one model with scikit-learn and turns it into plain arrays that datasets/kinds/*.py predict from."""

import warnings
from dataclasses import dataclass
from typing import Callable, Dict

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

Arrays = Dict[str, np.ndarray]


@dataclass(frozen=True)
class Kind:
    key: str
    title: str  # "random forest"
    program: str  # file under datasets/kinds
    class_name: str
    estimator: Callable[[int], object]  # seed -> untrained scikit-learn model
    arrays: Callable[[object], Arrays]  # trained model -> content of model.npz


def linear_classifier_arrays(model) -> Arrays:
    return {"classes": model.classes_, "coefficients": model.coef_, "intercepts": model.intercept_}


def ridge_arrays(model) -> Arrays:
    return {"coefficients": model.coef_, "intercept": np.float64(model.intercept_)}


def naive_bayes_arrays(model) -> Arrays:
    return {"classes": model.classes_, "priors": model.class_prior_, "means": model.theta_, "variances": model.var_}


def network_arrays(model) -> Arrays:
    return {"classes": getattr(model, "classes_", np.empty(0)), "hidden_weights": model.coefs_[0],
            "hidden_bias": model.intercepts_[0], "output_weights": model.coefs_[1],
            "output_bias": model.intercepts_[1]}


def forest_arrays(model) -> Arrays:
    trees = [estimator.tree_ for estimator in getattr(model, "estimators_", [model])]
    sizes = [tree.node_count for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    def shifted(children: np.ndarray, root: int) -> np.ndarray:
        return np.where(children >= 0, children + root, -1)

    values = np.concatenate([tree.value[:, 0, :] for tree in trees])
    is_classifier = hasattr(model, "classes_")
    if is_classifier:  # older releases store class counts, newer ones shares
        values = values / values.sum(axis=1, keepdims=True)
    return {
        "classes": model.classes_ if is_classifier else np.empty(0),
        "roots": roots,
        "left": np.concatenate([shifted(tree.children_left, root) for tree, root in zip(trees, roots)]),
        "right": np.concatenate([shifted(tree.children_right, root) for tree, root in zip(trees, roots)]),
        "feature": np.concatenate([tree.feature for tree in trees]),
        "threshold": np.concatenate([tree.threshold for tree in trees]),
        "value": values,
        "features": np.int64(model.n_features_in_),
    }


CLASSIFIERS = (
    Kind("logistic", "logistic regression", "linear_classifier.py", "LinearClassifier",
         lambda seed: LogisticRegression(C=10.0, max_iter=2000), linear_classifier_arrays),
    Kind("forest", "random forest", "forest.py", "Forest",
         lambda seed: RandomForestClassifier(n_estimators=20, random_state=seed), forest_arrays),
    Kind("network", "neural network", "neural_network.py", "NeuralNetwork",
         lambda seed: MLPClassifier((24,), max_iter=300, random_state=seed), network_arrays),
    Kind("bayes", "naive Bayes", "naive_bayes.py", "NaiveBayes",
         lambda seed: GaussianNB(var_smoothing=1e-3), naive_bayes_arrays),
    Kind("tree", "decision tree", "forest.py", "Forest",
         lambda seed: DecisionTreeClassifier(min_samples_leaf=2, random_state=seed), forest_arrays),
)
REGRESSORS = (
    Kind("ridge", "ridge regression", "linear_regressor.py", "LinearRegressor",
         lambda seed: Ridge(alpha=1.0), ridge_arrays),
    Kind("forest", "random forest", "forest.py", "Forest",
         lambda seed: RandomForestRegressor(n_estimators=20, min_samples_leaf=6, random_state=seed), forest_arrays),
)


def train(kind: Kind, features: np.ndarray, target: np.ndarray, seed: int):
    model = kind.estimator(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a small network stopped early is still a real model
        model.fit(features, target)
    return model


def quality(model, features: np.ndarray, target: np.ndarray, regression: bool) -> str:
    predicted = model.predict(features)
    if regression:
        return f"R^2 {r2_score(target, predicted):.3f}"
    return f"accuracy {accuracy_score(target, predicted):.3f}"
