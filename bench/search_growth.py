#!/usr/bin/env python3
"""How much of a market the bounds leave to be evaluated: with its size, its points, d * gamma, and on real tables.

Runs `learndock bench search` over a grid and writes one JSON file, after every run, so that a killed one loses nothing;
runs that the file holds already are not repeated. Answers are compared with brute force for a sample of the queries of
every run, and a difference ends this program.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess

BASE = {"dimension": 20, "points": 20, "n": 100_000}


def synthetic(group, **changes):
    options = {**BASE, **changes}
    d_gamma = options.pop("d_gamma", 0.5)
    options["gamma"] = d_gamma / options["dimension"]
    return {"group": group, "d_gamma": d_gamma, "options": options}


def grid(sizes, tables, columns):
    for n in sizes:
        yield synthetic("size", n=n)
        yield synthetic("size", n=n, dimension=64)
        # The prototype's market grew by tasks; here a task keeps fifty copies, so that ten good answers exist.
        yield synthetic("size, 50 copies of a task", n=n, tasks=n // 50)
    for d_gamma in (0.5, 1, 3, 6):
        yield synthetic("d_gamma", d_gamma=d_gamma)
    for points in (10, 20, 100):
        yield synthetic("points", n=10_000, tasks=200, points=points)
    yield synthetic("market", market="near-duplicates")
    yield synthetic("market", market="equal-distances", n=10_000, tasks=1)
    for d_gamma in (0.5, 6, 1, 3):
        for name, file, label in tables:
            options = {"n": 30_000, "points": 20, "data": file, "gamma": d_gamma / columns(file, label)}
            if label:
                options["label"] = label
            yield {"group": "table", "table": name, "d_gamma": d_gamma, "options": options}
            if d_gamma == 0.5:
                yield {"group": "codes", "table": name, "d_gamma": d_gamma, "options": {**options, "codes": "int4"}}


def columns(file, label):
    with open(file, encoding="utf-8") as lines:
        return len(lines.readline().split(",")) - bool(label)


def run(program, case, queries):
    arguments = [program, "bench", "search", "--json", "--queries", str(queries), "--compared", "10", "--repeats", "2"]
    for key, value in case["options"].items():
        arguments += [f"--{key}", repr(value) if isinstance(value, float) else str(value)]
    load = os.getloadavg()[0]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True)
    shown = {key: value for key, value in case["options"].items() if key != "data"}
    return {**case, "options": shown, "load_before": load, "result": json.loads(done.stdout)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="build/release/bin/learndock")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--sizes", default="10000,100000", help="of the markets that grow")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--table", action="append", default=[], metavar="NAME=FILE[:LABEL]")
    parser.add_argument("--only", help="only this group")
    arguments = parser.parse_args()
    tables = []
    for text in arguments.table:
        name, _, file = text.partition("=")
        file, _, label = file.partition(":")
        tables.append((name, file, label))
    found = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    found.setdefault("growth", [])
    known = {json.dumps([one["group"], one.get("table"), one["d_gamma"], one["options"]]) for one in found["growth"]}
    for case in grid([int(size) for size in arguments.sizes.split(",")], tables, columns):
        shown = {key: value for key, value in case["options"].items() if key != "data"}
        key = json.dumps([case["group"], case.get("table"), case["d_gamma"], shown])
        if key in known or (arguments.only and case["group"] != arguments.only):
            continue
        found["growth"].append(run(arguments.program, case, arguments.queries))
        found["date"] = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
