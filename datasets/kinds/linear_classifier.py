"""A linear classifier (logistic regression) stored as plain numbers in model.npz; needs numpy only."""

import os

import numpy as np
from learnware.model import BaseModel


class LinearClassifier(BaseModel):
    def __init__(self, weights_file="model.npz"):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), weights_file)
        with np.load(path, allow_pickle=False) as stored:
            self.classes = stored["classes"]
            self.coefficients = stored["coefficients"]  # classes x features; one row when there are two classes
            self.intercepts = stored["intercepts"]
        super().__init__(input_shape=(self.coefficients.shape[1],), output_shape=(1,))

    def predict(self, X):
        X = np.asarray(X, dtype=np.float64)
        scores = X @ self.coefficients.T + self.intercepts
        chosen = (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)
        return self.classes[chosen]

    def fit(self, X, y):
        pass

    def finetune(self, X, y):
        pass
