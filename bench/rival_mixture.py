#!/usr/bin/env python3
"""Mixtures beside the reference's way: every pair of embeddings one after the other, then the best of the nearest.

Makes a market in memory, imports it into a dock, indexes it, serves it, and asks for mixtures of the default size (ten at
most, five where those are enough) and of at most five, ten and twenty members for users who are blends of three
learnwares that the market does not hold. A rival computes, in numpy's float64 and for one learnware after the other, the
three inner products of MMD^2, and then chooses greedily among the nearest until a round gains less than 5 %, as the
reference does: of five members among the 25 nearest, of ten among the 100 nearest. With --reference the reference
implementation itself answers too (five members); it must be installed, see tests/reference.
Prints one JSON object: seconds of all (the server's own, without opening), MMD^2 and the certified gaps.
"""

import argparse
import itertools
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np

MEMBERS, REQUIRED_GAIN = ("default", 5, 10, 20), 0.95
# The rival's mixture that each of ours is compared with.
RIVAL_OF = {"default": 5, 5: 5, 10: 10}
COMPONENTS, ROWS_PER_POINT, ROUNDS, BATCH = 3, 8, 3, 500


class Market:
    """Draws learnwares around tasks, which are mixtures of Gaussians.

    reduced: k-means of rows from the task, some close to it and some far, as `learndock bench search` makes them.
    drawn: points and weights at random, of which no embedding is smooth.
    """

    def __init__(self, kind, tasks, dimension, points, random):
        self.kind, self.tasks, self.dimension, self.points, self.random = kind, tasks, dimension, points, random
        if kind == "drawn":
            self.centres = 1.5 * random.standard_normal((tasks, dimension))
        else:
            self.centres = 0.8 * random.standard_normal((tasks, COMPONENTS, dimension))
            self.widths = 0.4 + 0.4 * random.uniform(0.2, 1, (tasks, COMPONENTS))
            self.shares = np.cumsum(random.dirichlet(np.full(COMPONENTS, 3.0), tasks), axis=1)

    def draw(self, count):
        made = []
        while len(made) < count:
            made += self.drawn(min(BATCH, count - len(made))) if self.kind == "drawn" else self.reduced(min(BATCH, count - len(made)))
        return made

    def drawn(self, count):
        task = self.random.integers(0, self.tasks, count)
        middles = self.centres[task] + 0.3 * self.random.standard_normal((count, self.dimension))
        points = middles[:, None, :] + 0.7 * self.random.standard_normal((count, self.points, self.dimension))
        weights = self.random.dirichlet(np.full(self.points, 3.0), count)
        return list(zip(np.round(points, 6), weights))

    def reduced(self, count):
        task, rows = self.random.integers(0, self.tasks, count), ROWS_PER_POINT * self.points
        strength = 0.02 + 0.5 * self.random.uniform(0, 1, count) ** 2
        means = self.centres[task] + strength[:, None, None] * self.random.standard_normal((count, COMPONENTS, self.dimension))
        component = (self.random.uniform(0, 1, (count, rows))[:, :, None] > self.shares[task][:, None, :-1]).sum(2)
        every = np.arange(count)[:, None]
        data = means[every, component] + self.widths[task][every, component][:, :, None] * self.random.standard_normal(
            (count, rows, self.dimension))
        centres = data[:, :self.points].copy()
        for _ in range(ROUNDS):
            squares = -2 * data @ centres.transpose(0, 2, 1) + (centres * centres).sum(2)[:, None, :]
            member = (squares.argmin(2)[:, None, :] == np.arange(self.points)[None, :, None]).astype(float)
            counts = member.sum(2)
            moved = member @ data / np.maximum(counts, 1)[:, :, None]
            centres = np.where(counts[:, :, None] > 0, moved, centres)
        return list(zip(np.round(centres, 6), counts / rows))


def inner(a, b, gamma):
    """<mu_a, mu_b> of (points, weights) pairs."""
    squares = (a[0] * a[0]).sum(1)[:, None] - 2 * a[0] @ b[0].T + (b[0] * b[0]).sum(1)[None, :]
    return a[1] @ np.exp(-gamma * squares) @ b[1]


def fitted(gram, linear):
    """The least b'Hb - 2 c'b on the simplex, by adding what the gradient asks for and dropping what turns negative."""
    support = [int(np.argmin(np.diag(gram) - 2 * linear))]
    while True:
        while True:
            size = len(support)
            system = np.ones((size + 1, size + 1))
            system[:size, :size], system[size, size] = gram[np.ix_(support, support)], 0
            beta = np.linalg.lstsq(system, np.append(linear[support], 1), rcond=None)[0][:size]
            if (beta >= -1e-12).all():
                break
            support.pop(int(np.argmin(beta)))
        slope = gram[:, support] @ beta - linear
        best = int(np.argmin(slope))
        if best in support or slope[best] >= slope[support] @ beta - 1e-12:
            return float(beta @ gram[np.ix_(support, support)] @ beta - 2 * linear[support] @ beta)
        support.append(best)


class Rival:
    """The reference's way in numpy."""

    def __init__(self, market, user, gamma):
        self.market, self.user, self.gamma = market, user, gamma
        self.own = inner(user, user, gamma)
        self.distances = [inner(l, l, gamma) + inner(user, user, gamma) - 2 * inner(l, user, gamma) for l in market]

    def mixture(self, most):
        """MMD^2 of the greedy mixture of at most so many members."""
        pool, chosen, best = list(np.argsort(self.distances)[:most * most]), [], np.inf
        linear = np.array([inner(self.market[c], self.user, self.gamma) for c in pool])
        gram = np.array([[inner(self.market[a], self.market[b], self.gamma) for b in pool] for a in pool])
        while len(chosen) < most:
            tried = []
            for c in range(len(pool)):
                if c not in chosen:
                    members = chosen + [c]
                    tried.append((self.own + fitted(gram[np.ix_(members, members)], linear[members]), c))
            value, following = min(tried)
            if value > REQUIRED_GAIN * best:
                break
            chosen.append(following)
            best = value
        return best


class Reference:
    """The reference implementation, through its public interface."""

    def __init__(self, market, gamma):
        import logging

        import torch
        from learnware.learnware import Learnware
        from learnware.market.base import BaseUserInfo
        from learnware.market.easy.searcher import EasyStatSearcher
        from learnware.specification import RKMETableSpecification, Specification
        logging.disable(logging.INFO)
        self.torch, self.kind, self.gamma = torch, RKMETableSpecification, gamma
        self.user_info, self.searcher = BaseUserInfo, EasyStatSearcher(None)
        semantic = {"Data": {"Type": "Class", "Values": ["Table"]}}
        self.learnwares = [Learnware(str(number), None, Specification(semantic, {"RKMETableSpecification": self.rkme(one)}), None)
                           for number, one in enumerate(market)]

    def rkme(self, one):
        made = self.kind(gamma=self.gamma, cuda_idx=-1)
        made.z, made.beta, made.num_points = self.torch.from_numpy(one[0]), self.torch.from_numpy(one[1]), len(one[1])
        return made

    def seconds(self, user):
        asked = self.user_info(stat_info={"RKMETableSpecification": self.rkme(user)})
        start = time.perf_counter()
        self.searcher(self.learnwares, asked, max_search_num=5, search_method="greedy")
        return time.perf_counter() - start


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
    asked = {} if members == "default" else {"mixture": members}
    body = json.dumps({"spec": specification(user, gamma), **asked}).encode()
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


def computed(market, mixture, user, own, gamma):
    """MMD^2 of the members that were named, with the weights that were named."""
    members = [(market[int(member["id"])], member["weight"]) for member in mixture["members"]]
    if abs(sum(weight for _, weight in members) - 1) > 1e-9:
        sys.exit(f"weights that do not sum to one: {mixture}")
    return own + sum(weight * (sum(other * inner(one, two, gamma) for two, other in members) - 2 * inner(one, user, gamma))
                     for one, weight in members)


def row_of(port, market, user, gamma):
    """What the dock answers, checked against what its members and weights give; `gap` is per <user, user>."""
    own, row = inner(user, user, gamma), {}
    for members in MEMBERS:
        answer = ask(port, user, gamma, members)
        mixture = answer["mixture"]
        if mixture is None or mixture["gap"] is None:
            sys.exit(f"no certified mixture of {members}: {answer['warnings']}")
        true = computed(market, mixture, user, own, gamma)
        if abs(true - mixture["mmd_squared"]) > 1e-9 * own:
            sys.exit(f"a mixture of {members} is {true} away and was said to be {mixture['mmd_squared']}")
        row[f"of_{members}"] = {"seconds": answer["timings_ms"]["total"] / 1e3, "mmd_squared": mixture["mmd_squared"],
                                "gap": mixture["gap"] / own, "members": len(mixture["members"]), "exact": answer["exact"]}
    return row


def summary(rows):
    """Medians and the worst, and how often a mixture lies above the rival's."""
    found = {}
    for members in MEMBERS:
        of = [row[f"of_{members}"] for row in rows]
        seconds = sorted(one["seconds"] for one in of)
        found[f"of_{members}"] = {"seconds_median": statistics.median(seconds), "seconds_most": seconds[-1],
                                  "gap_median": statistics.median(one["gap"] for one in of),
                                  "within_one_percent": sum(one["gap"] <= 0.01 for one in of) / len(of)}
    compared = [row for row in rows if "rival_seconds" in row]
    if compared:
        found["rival_seconds_median"] = statistics.median(row["rival_seconds"] for row in compared)
        found["ratio_of_medians"] = {members: found["rival_seconds_median"] / found[f"of_{members}"]["seconds_median"]
                                     for members in MEMBERS}
        found["above_the_rival"] = sum(
            bool(row[f"of_{own}"]["mmd_squared"] > row[f"rival_mmd_squared_of_{rivals}"] * (1 + 1e-9))
            for row in compared for own, rivals in RIVAL_OF.items())
    if any("reference_seconds" in row for row in rows):
        found["reference_seconds_median"] = statistics.median(
            row["reference_seconds"] for row in rows if "reference_seconds" in row)
        found["reference_ratio_of_medians"] = {
            members: found["reference_seconds_median"] / found[f"of_{members}"]["seconds_median"] for members in MEMBERS}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the learndock program")
    parser.add_argument("--market", choices=("reduced", "drawn"), default="reduced")
    parser.add_argument("--learnwares", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=20)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--rival-queries", type=int, default=5, help="of these, answered by the rival too")
    parser.add_argument("--reference", action="store_true", help="time the reference implementation on them too")
    parser.add_argument("--backend", default="cpu", help="of the server")
    parser.add_argument("--port", type=int, default=8971)
    arguments = parser.parse_args()
    random, gamma = np.random.default_rng(5), 0.5 / arguments.dim
    drawing = Market(arguments.market, arguments.tasks, arguments.dim, arguments.points, random)
    market, users = drawing.draw(arguments.learnwares), []
    for _ in range(arguments.queries):
        parts = drawing.draw(3)
        users.append((np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]) / 3))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        dock = folder / "dock"
        make_dock(arguments.program, dock, folder, market, gamma)
        server = subprocess.Popen([arguments.program, "serve", "--dock", dock, "--listen", f"127.0.0.1:{arguments.port}",
                                   "--backend", arguments.backend], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(server, arguments.port)
            for members in MEMBERS:  # what is read for the first time is checked then
                ask(arguments.port, users[-1], gamma, members)
            rows = [row_of(arguments.port, market, user, gamma) for user in users]
        finally:
            server.terminate()
            server.wait()
    reference = Reference(market, gamma) if arguments.reference else None
    for row, user in list(zip(rows, users))[:arguments.rival_queries]:
        start = time.perf_counter()
        rival = Rival(market, user, gamma)
        row["rival_mmd_squared_of_5"] = rival.mixture(5)
        row["rival_seconds"] = time.perf_counter() - start
        row["rival_mmd_squared_of_10"] = rival.mixture(10)
        if reference:
            row["reference_seconds"] = reference.seconds(user)
    print(json.dumps({"name": "rival_mixture", "numpy": np.__version__, "market": arguments.market,
                      "learnwares": arguments.learnwares, "dimension": arguments.dim, "points": arguments.points,
                      "tasks": arguments.tasks, "backend": arguments.backend, **summary(rows), "queries": rows}))


if __name__ == "__main__":
    main()
