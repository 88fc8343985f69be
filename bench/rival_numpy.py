#!/usr/bin/env python3
"""The rival of bench_cross_terms: one learnware after the other in float64 numpy, as a Python searcher does it.

Prints one JSON object. `pair` is one inner product <mu_L, mu_U>; `distance` is the three inner products that a
searcher without cached self terms computes for every learnware.
"""

import argparse
import json
import time

import numpy as np


def inner(z1, beta1, z2, beta2, gamma):
    squared = (z1 * z1).sum(1)[:, None] - 2 * z1 @ z2.T + (z2 * z2).sum(1)[None, :]
    return beta1 @ np.exp(-gamma * squared) @ beta2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=2000)
    arguments = parser.parse_args()
    m, d, gamma = arguments.points, arguments.dim, 0.5 / arguments.dim
    random = np.random.default_rng(7)
    query, weights = random.standard_normal((m, d)), np.full(m, 1 / m)
    sets = random.standard_normal((64, m, d))
    best = {"pair": float("inf"), "distance": float("inf")}
    for _ in range(3):
        start = time.perf_counter()
        total = sum(inner(sets[i % 64], weights, query, weights, gamma) for i in range(arguments.pairs))
        best["pair"] = min(best["pair"], (time.perf_counter() - start) / arguments.pairs)
        start = time.perf_counter()
        for i in range(arguments.pairs // 3):
            z = sets[i % 64]
            total += inner(z, weights, z, weights, gamma) - 2 * inner(z, weights, query, weights, gamma)
            total += inner(query, weights, query, weights, gamma)
        best["distance"] = min(best["distance"], (time.perf_counter() - start) / (arguments.pairs // 3))
    print(json.dumps({"name": "rival_numpy", "numpy": np.__version__, "points": m, "dimension": d,
                      "seconds_per_pair": best["pair"], "seconds_per_distance": best["distance"],
                      "checksum": float(total)}))


if __name__ == "__main__":
    main()
