"""A decision tree or random forest stored as plain arrays in model.npz; needs numpy only.

All trees lie one after the other. A node's row sends feature <= threshold to `left` and the rest to `right`; a leaf
has left -1 and its answer in `value`: class shares for a classifier, one number for a regressor.
"""

import os

import numpy as np
from learnware.model import BaseModel


class Forest(BaseModel):
    def __init__(self, weights_file="model.npz"):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), weights_file)
        with np.load(path, allow_pickle=False) as stored:
            self.classes = stored["classes"]  # empty for a regressor
            self.roots = stored["roots"]
            self.left = stored["left"]
            self.right = stored["right"]
            self.feature = stored["feature"]
            self.threshold = stored["threshold"]
            self.value = stored["value"]
            features = int(stored["features"])
        super().__init__(input_shape=(features,), output_shape=(1,))

    def predict(self, X):
        X = np.asarray(X, dtype=np.float32)
        total = np.zeros((len(X), self.value.shape[1]))
        for root in self.roots:
            total += self.value[self._leaves(X, root)]
        mean = total / len(self.roots)
        return self.classes[mean.argmax(axis=1)] if len(self.classes) else mean[:, 0]

    def _leaves(self, X, root):
        node = np.full(len(X), root)
        inner = np.flatnonzero(self.left[node] >= 0)
        while len(inner):
            at = node[inner]
            goes_left = X[inner, self.feature[at]] <= self.threshold[at]
            node[inner] = np.where(goes_left, self.left[at], self.right[at])
            inner = inner[self.left[node[inner]] >= 0]
        return node

    def fit(self, X, y):
        pass

    def finetune(self, X, y):
        pass
