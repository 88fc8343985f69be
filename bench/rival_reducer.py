#!/usr/bin/env python3
"""The rival of `learndock spec make --method compat`: the reference's recipe as a Python program runs it.

k-means in float32 with whole-matrix products (distances, and sums by a one-hot matrix), then weights by a projected
gradient method and, three times, a step on the points, one point after the other in float64 as the reference's loop
does. Prints one JSON object with the seconds of each part. The same data go to `learndock spec make`, whose program is
named by --program; without it only this program's times are printed.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import tempfile
import time

import numpy as np


def squared_distances(a, b):
    return (a * a).sum(1)[:, None] - 2 * a @ b.T + (b * b).sum(1)[None, :]


def kmeans(data, k, random, iterations=100, tolerance=1e-4):
    """Lloyd's algorithm, as the library that the reference calls writes it: an empty cluster moves to zero."""
    centroids = data[random.choice(len(data), k, replace=False)].copy()
    for done in range(1, iterations + 1):
        labels = np.argmin((centroids * centroids).sum(1)[None, :] / 2 - data @ centroids.T, axis=1)
        one_hot = (labels[None, :] == np.arange(k)[:, None]).astype(np.float32)
        following = one_hot @ data / np.maximum(one_hot.sum(1), 1)[:, None]
        moved = float(((following - centroids) ** 2).sum())
        centroids = following
        if moved <= tolerance:
            break
    return centroids.astype(np.float64), done


def on_simplex(v):
    """The nearest point of the simplex."""
    u = np.sort(v)[::-1]
    excess = (np.cumsum(u) - 1) / np.arange(1, len(v) + 1)
    return np.maximum(v - excess[np.nonzero(u > excess)[0][-1]], 0)


def weights(gram, linear, rounds=500):
    """min b'Hb/2 - c'b on the simplex by accelerated projected gradients."""
    step = 1 / np.linalg.eigvalsh(gram)[-1]
    b = ahead = np.full(len(linear), 1 / len(linear))
    t = 1.0
    for _ in range(rounds):
        following = on_simplex(ahead - step * (gram @ ahead - linear))
        t_next = (1 + np.sqrt(1 + 4 * t * t)) / 2
        ahead = following + (t - 1) / t_next * (following - b)
        b, t = following, t_next
    return b


def solve_weights(z, data, gamma):
    linear = np.exp(-gamma * squared_distances(z, data)).mean(1)
    return weights(np.exp(-gamma * squared_distances(z, z)), linear)


def point_steps(z, beta, data, gamma, step):
    """One gradient per point from the old points, as the reference's loop takes them."""
    moved = z.copy()
    for i in range(len(z)):
        to_points, to_data = z[i] - z, z[i] - data
        k_points = np.exp(-gamma * squared_distances(z[i : i + 1], z))[0]
        k_data = np.exp(-gamma * squared_distances(z[i : i + 1], data))[0]
        gradient = -2 * gamma * beta[i] * ((beta * k_points) @ to_points - 2 / len(data) * (k_data @ to_data))
        moved[i] -= step * gradient
    return moved


def reduce(data, k, gamma, steps, step, seed):
    seconds, start = {}, time.perf_counter()
    z, iterations = kmeans(data, k, np.random.default_rng(seed))
    seconds["kmeans"] = time.perf_counter() - start
    rows = data.astype(np.float64)
    seconds["weights"] = seconds["points"] = 0.0
    for round_number in range(steps + 1):
        start = time.perf_counter()
        beta = solve_weights(z, rows, gamma)
        seconds["weights"] += time.perf_counter() - start
        if round_number == steps:
            break
        start = time.perf_counter()
        z = point_steps(z, beta, rows, gamma, step)
        seconds["points"] += time.perf_counter() - start
    return z, beta, seconds, iterations


def objective(z, beta, data, gamma):
    """||mu_z||^2 - 2 <mu_z, mu_data>: what both programs' results are compared by."""
    cross = np.exp(-gamma * squared_distances(z, data)).mean(1)
    return float(beta @ np.exp(-gamma * squared_distances(z, z)) @ beta - 2 * cross @ beta)


def child_seconds():
    """Of all threads of the programs run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(program, folder, k, runs):
    """Seconds and CPU seconds of `spec make`, from start to end of the program, and its specification."""
    out, times, cpu = folder / "spec.json", [], []
    for _ in range(runs):
        start, start_cpu = time.perf_counter(), child_seconds()
        command = [program, "spec", "make", "--data", folder / "data.npy", "--points", str(k), "--method", "compat", "--out",
                   out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
        cpu.append(child_seconds() - start_cpu)
    made = json.loads(out.read_text(encoding="utf-8"))
    return times, cpu, np.array(made["z"]), np.array(made["beta"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3, help="runs of the other program, before and after")
    parser.add_argument("--program", help="the learndock program")
    arguments = parser.parse_args()
    data = np.random.default_rng(7).standard_normal((arguments.rows, arguments.dim)).astype(np.float32)
    result = {"name": "rival_reducer", "numpy": np.__version__, "rows": arguments.rows, "dimension": arguments.dim,
              "points": arguments.points}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        np.save(folder / "data.npy", data)
        times, cpu = [], []
        if arguments.program:
            times, cpu, _, _ = ours(arguments.program, folder, arguments.points, arguments.runs)
        start_cpu = time.process_time()
        z, beta, seconds, iterations = reduce(data, arguments.points, 0.1, 3, 0.1, 0)
        result |= {"cpu_seconds": time.process_time() - start_cpu, "seconds": sum(seconds.values()),
                   "parts": seconds, "kmeans_iterations": iterations,
                   "objective": objective(z, beta, data.astype(np.float64), 0.1)}
        if arguments.program:
            more, more_cpu, z, beta = ours(arguments.program, folder, arguments.points, arguments.runs)
            times, cpu = times + more, cpu + more_cpu
            result |= {"learndock_seconds": times, "learndock_cpu_seconds": cpu,
                       "learndock_objective": objective(z, beta, data.astype(np.float64), 0.1),
                       "ratio": result["seconds"] / float(np.median(times)),
                       "cpu_ratio": result["cpu_seconds"] / float(np.median(cpu))}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
