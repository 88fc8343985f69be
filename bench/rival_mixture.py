#!/usr/bin/env python3
"""Mixtures beside the reference's way: every pair of embeddings one after the other, then the best of the 25 nearest.

Makes a market in memory, imports it into a dock (N learnwares, whose points lie around some tasks), indexes it, serves it,
and asks for mixtures of blends of three learnwares that the market does not hold. The rival computes, in float64 and for one
learnware after the other, the three inner products of MMD^2, and then chooses greedily among the 25 nearest until a round
gains less than 5 %, as the reference does. Prints one JSON object: seconds of both (the server's own, without opening),
and MMD^2 and the certified gap of every mixture.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np

POOL, MEMBERS, REQUIRED_GAIN = 25, 5, 0.95


def inner(a, b, gamma):
    """<mu_a, mu_b> of (points, weights) pairs."""
    squares = (a[0] * a[0]).sum(1)[:, None] - 2 * a[0] @ b[0].T + (b[0] * b[0]).sum(1)[None, :]
    return a[1] @ np.exp(-gamma * squares) @ b[1]


def fitted(gram, linear):
    """The least b'Hb - 2 c'b on the simplex: of a few members, the best of all supports."""
    best = np.inf
    for size in range(1, len(linear) + 1):
        for support in map(list, itertools.combinations(range(len(linear)), size)):
            system = np.ones((size + 1, size + 1))
            system[:size, :size], system[size, size] = gram[np.ix_(support, support)], 0
            try:
                beta = np.linalg.solve(system, np.append(linear[support], 1))[:size]
            except np.linalg.LinAlgError:
                continue
            if (beta >= 0).all():
                best = min(best, beta @ system[:size, :size] @ beta - 2 * linear[support] @ beta)
    return float(best)


def reference(market, user, gamma):
    """MMD^2 of the greedy mixture, or of the nearest alone."""
    distances = [inner(l, l, gamma) + inner(user, user, gamma) - 2 * inner(l, user, gamma) for l in market]
    pool, chosen, best = list(np.argsort(distances)[:POOL]), [], np.inf
    own, linear = inner(user, user, gamma), {c: inner(market[c], user, gamma) for c in pool}
    gram = {(a, b): inner(market[a], market[b], gamma) for a in pool for b in pool}
    while len(chosen) < MEMBERS:
        tried = []
        for c in pool:
            if c not in chosen:
                members = chosen + [c]
                matrix = np.array([[gram[a, b] for b in members] for a in members])
                tried.append((own + fitted(matrix, np.array([linear[m] for m in members])), c))
        value, following = min(tried)
        if value > REQUIRED_GAIN * best:
            break
        chosen.append(following)
        best = value
    return best


def specification(one, gamma):
    return {"z": np.round(one[0], 6).tolist(), "beta": one[1].tolist(), "gamma": gamma, "type": "RKMETableSpecification",
            "device": "cpu", "cuda_idx": -1}


def make_dock(program, dock, folder, market, gamma):
    lines = folder / "market.jsonl"
    with lines.open("w", encoding="utf-8") as out:
        for number, one in enumerate(market):
            out.write(json.dumps({"id": f"{number:08}", "semantic": {"Name": {"Values": f"model {number}"}},
                                  "stat": specification(one, gamma)}) + "\n")
    for command in (["init", dock], ["import", "--dock", dock, "--specs", lines, "-q"], ["reindex", "--dock", dock, "-q"]):
        subprocess.run([program, *command], check=True, stdout=subprocess.DEVNULL)
    lines.unlink()


def ask(port, user, gamma, members):
    body = json.dumps({"spec": specification(user, gamma), "mixture": members}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/search", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def wait_for(server, port):
    for _ in range(600):
        if server.poll() is not None:
            sys.exit(f"the server ended with exit code {server.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/status").close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the server did not answer within a minute")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the learndock program")
    parser.add_argument("--learnwares", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=20)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--rival-queries", type=int, default=5, help="of these, answered by the rival too")
    parser.add_argument("--backend", default="cpu", help="of the server")
    parser.add_argument("--port", type=int, default=8971)
    arguments = parser.parse_args()
    random, gamma = np.random.default_rng(5), 0.5 / arguments.dim
    centres = 1.5 * random.standard_normal((arguments.tasks, arguments.dim))

    def draw(count):
        made = []
        for task in random.integers(0, arguments.tasks, count):
            points = centres[task] + 0.3 * random.standard_normal(arguments.dim)
            points = points + 0.7 * random.standard_normal((arguments.points, arguments.dim))
            made.append((np.round(points, 6), random.dirichlet(np.full(arguments.points, 3.0))))
        return made

    market, users = draw(arguments.learnwares), []
    for _ in range(arguments.queries):
        parts = draw(3)
        users.append((np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]) / 3))
    result = {"name": "rival_mixture", "numpy": np.__version__, "learnwares": arguments.learnwares, "dimension": arguments.dim,
              "points": arguments.points, "members": MEMBERS, "backend": arguments.backend, "queries": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        dock = folder / "dock"
        make_dock(arguments.program, dock, folder, market, gamma)
        server = subprocess.Popen([arguments.program, "serve", "--dock", dock, "--listen", f"127.0.0.1:{arguments.port}",
                                   "--backend", arguments.backend], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(server, arguments.port)
            ask(arguments.port, users[-1], gamma, MEMBERS)  # what is read for the first time is checked then
            for number, user in enumerate(users):
                answer = ask(arguments.port, user, gamma, MEMBERS)
                many = ask(arguments.port, user, gamma, 20)
                own = inner(user, user, gamma)
                row = {"seconds": answer["timings_ms"]["total"] / 1e3, "mmd_squared": answer["mixture"]["mmd_squared"],
                       "gap_of_user": answer["mixture"]["gap"] / own, "seconds_of_20": many["timings_ms"]["total"] / 1e3,
                       "mmd_squared_of_20": many["mixture"]["mmd_squared"], "gap_of_user_of_20": many["mixture"]["gap"] / own}
                if number < arguments.rival_queries:
                    start = time.perf_counter()
                    row["rival_mmd_squared"] = reference(market, user, gamma)
                    row["rival_seconds"] = time.perf_counter() - start
                    row["ratio"] = row["rival_seconds"] / row["seconds"]
                result["queries"].append(row)
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
