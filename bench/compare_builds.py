#!/usr/bin/env python3
"""Two builds of the program, measured in turns on one machine: is the newer one slower anywhere?

Every round runs each measurement with one program and then with the other, and the order changes from round to round, so
that what else the machine does meets both. Answers of both programs are compared before anything is timed; a difference
ends this program. A row's figure is the best of the rounds, its ratio is newer to older: above 1 is
worse.

example: bench/compare_builds.py --older old/learndock --newer build/release/bin/learndock > compared.json
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import numpy as np

DIMENSION, POINTS, TASKS, GAMMA = 20, 20, 2000, 0.025
TIMES = ("timings_ms",)  # the only key of `search --json` that differs from run to run


def run(program, *words):
    return subprocess.run([program, *map(str, words)], check=True, capture_output=True, text=True).stdout


def seconds_of(program, *words):
    start = time.perf_counter()
    run(program, *words)
    return time.perf_counter() - start


def write_specifications(path, count, random):
    """One specification a line, in the form that `learndock import` reads: points around their task's centre."""
    centres = 1.5 * random.standard_normal((TASKS, DIMENSION))
    with open(path, "w") as out:
        for number in range(count):
            points = centres[random.integers(TASKS)] + 0.7 * random.standard_normal((POINTS, DIMENSION))
            weights = random.dirichlet(np.full(POINTS, 3.0))
            spec = {"type": "RKMETableSpecification", "gamma": GAMMA, "z": np.round(points, 6).tolist(), "beta": weights.tolist()}
            out.write(json.dumps({"id": f"{number:08}", "semantic": {"Name": {"Values": f"model {number}"}}, "stat": spec}) + "\n")


def without_times(answer):
    return {key: value for key, value in answer.items() if key not in TIMES}


def as_before(older, newer):
    """Whether the newer answer says all that the older one does; it may say more."""
    if isinstance(older, dict):
        return isinstance(newer, dict) and all(key in newer and as_before(older[key], newer[key]) for key in older)
    if isinstance(older, list):
        return isinstance(newer, list) and len(older) == len(newer) and all(map(as_before, older, newer))
    return older == newer


def compare_answers(programs, docks, table):
    def search(dock):
        return ("search", "--dock", dock, "--data", table, "--method", "compat", "--gamma", GAMMA, "--json")

    answers = [without_times(json.loads(run(p, *search(dock)))) for p, dock in zip(programs, docks)]
    if not as_before(*answers):
        raise SystemExit(f"the programs answer differently:\n{json.dumps(answers[0])[:2000]}\n{json.dumps(answers[1])[:2000]}")


class Measurements:
    def __init__(self, folder, learnwares, table, docks):
        self.folder, self.learnwares, self.table, self.docks, self.number = folder, learnwares, table, docks, 0

    def import_seconds(self, program):
        self.number += 1
        dock = self.folder / f"imported-{self.number}"
        run(program, "init", dock)
        try:
            return seconds_of(program, "import", "--dock", dock, "--specs", self.folder / "specs.jsonl", "-q")
        finally:
            shutil.rmtree(dock)  # the rounds would fill the disk

    def open_seconds(self, program):
        return min(seconds_of(program, "list", "--dock", self.docks[program], "--limit", 1) for _ in range(3))

    def spec_seconds(self, program):
        out = self.folder / "made.json"
        command = ("spec", "make", "--data", self.table, "--method", "compat", "--out", out, "-q")  # whatever is the default
        return min(seconds_of(program, *command) for _ in range(3))

    def searches(self, program):
        found = json.loads(run(program, "bench", "search", "--n", self.learnwares, "--compared", 5, "--json"))
        if found["equal_share"] != 1:
            raise SystemExit("answers differ from brute force")
        return {"single_ms": found["milliseconds"]["median"], "batch_seconds_per_query": 1 / found["batched_per_second"]}

    def all_of(self, program):
        return {"import_seconds": self.import_seconds(program), "open_seconds": self.open_seconds(program),
                "spec_make_seconds": self.spec_seconds(program), **self.searches(program)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--older", required=True)
    parser.add_argument("--newer", required=True)
    parser.add_argument("--learnwares", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=50_000, help="of the table for `spec make`")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    programs, random = (arguments.older, arguments.newer), np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        table, docks = folder / "table.csv", [folder / "dock", folder / "dock-of-newer"]
        np.savetxt(table, random.standard_normal((arguments.rows, DIMENSION)), fmt="%.6f", delimiter=",",
                   header=",".join(f"f{column}" for column in range(DIMENSION)), comments="")
        write_specifications(folder / "specs.jsonl", arguments.learnwares, random)
        run(programs[0], "init", docks[0])
        run(programs[0], "import", "--dock", docks[0], "--specs", folder / "specs.jsonl", "-q")
        run(programs[0], "reindex", "--dock", docks[0], "-q")
        shutil.copytree(*docks)  # the older program cannot open what the newer one has migrated
        compare_answers(programs, docks, table)
        measured = Measurements(folder, arguments.learnwares, table, dict(zip(programs, docks)))
        rounds = ([], [])
        for number in range(arguments.rounds):
            for which in ((0, 1), (1, 0))[number % 2]:
                rounds[which].append(measured.all_of(programs[which]))
    rows = {}
    for row in rounds[0][0]:
        older, newer = (min(one[row] for one in of) for of in rounds)
        rows[row] = {"older": older, "newer": newer, "ratio": newer / older}
    print(json.dumps({"name": "compare_builds", "learnwares": arguments.learnwares, "table_rows": arguments.rows,
                      "older": run(programs[0], "--version").strip(), "newer": run(programs[1], "--version").strip(),
                      "rounds": arguments.rounds, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
