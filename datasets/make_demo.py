#!/usr/bin/env python3
"""Trains and packages the learnwares of the demo dock and writes the held-out tasks; see datasets/README.md.

    python3 datasets/make_demo.py --learndock build/release/bin/learndock --out build/demo
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one process per core below; also keeps the sums reproducible
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List, Tuple

import numpy as np

import packaging
import training
from sources import Part, Source, View, load_sources

TASKS_FILE = Path(__file__).resolve().parent / "tasks.json"
SAMPLE_SHARE = 0.85  # each owner has its own random part of the rows that are free for training
SPECIFICATION_POINTS = 100
KINDS_PER_GROUP = 2

Group = Tuple[Source, View, Part]


def all_groups() -> List[Group]:
    return [(source, view, part) for source in load_sources() for view in source.views for part in source.parts]


def group_key(group: Group) -> str:
    return "-".join(element.key for element in group)


def kinds_of(group_index: int, group: Group) -> List[training.Kind]:
    kinds = training.REGRESSORS if group[0].regression else training.CLASSIFIERS
    return [kinds[(group_index + 2 * i) % len(kinds)] if len(kinds) > KINDS_PER_GROUP else kinds[i]
            for i in range(KINDS_PER_GROUP)]


def write_csv(path: Path, view: View, features: np.ndarray, labels=None) -> None:
    header = [column.name for column in view.columns] + ([] if labels is None else ["label"])
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(header) + "\n")
        for index, row in enumerate(features):
            cells = [f"{value:.6f}".rstrip("0").rstrip(".") for value in row]
            if labels is not None:
                cells.append(f"{labels[index]:g}")
            file.write(",".join(cells) + "\n")


def make_specification(learndock: Path, view: View, features: np.ndarray, seed: int, target: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "train.csv"
        write_csv(data, view, features)
        command = [str(learndock), "spec", "make", "--data", str(data), "--points", str(SPECIFICATION_POINTS),
                   "--seed", str(seed), "--out", str(target)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")


def make_learnware(job) -> str:
    """One package; `job` is (group index, index of the kind within the group, binary, output folder)."""
    group_index, kind_index, learndock, out = job
    group = GROUPS[group_index]
    source, view, part = group
    kind = kinds_of(group_index, group)[kind_index]
    seed = 1000 * kind_index + group_index
    free = np.flatnonzero(part.rows & ~source.held_out)
    mine = np.sort(np.random.RandomState(seed).permutation(free)[: int(SAMPLE_SHARE * len(free))])
    held = np.flatnonzero(part.rows & source.held_out)

    model = training.train(kind, view.values[mine], source.target[mine], seed)
    quality = training.quality(model, view.values[held], source.target[held], source.regression)
    description = packaging.describe(source, view, part, kind, len(mine), len(held), quality)
    semantic = packaging.semantic_specification(source, view, part, kind, description)

    key = f"{group_key(group)}-{kind.key}"
    folder = out / "folders" / key
    packaging.write_package_folder(folder, kind, kind.arrays(model), semantic)
    packaging.check_packaged_model(folder, kind, model, view.values[held], source.regression)
    make_specification(learndock, view, view.values[mine], seed, folder / "stat_spec.json")
    packaging.zip_folder(folder, out / "packages" / f"{key}.zip")
    return key


def make_tasks(out: Path) -> List[dict]:
    tasks = []
    for index, group in enumerate(GROUPS):
        source, view, part = group
        held = np.flatnonzero(part.rows & source.held_out)
        name = group_key(group)
        write_csv(out / "tasks" / f"{name}.csv", view, view.values[held], source.target[held])
        tasks.append({"task": name, "csv": f"{name}.csv", "rows": len(held),
                      "right": [packaging.learnware_name(view, part, kind) for kind in kinds_of(index, group)]})
    return tasks


def tasks_text(tasks: List[dict]) -> str:
    return "[\n" + ",\n".join("  " + json.dumps(task) for task in tasks) + "\n]\n"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learndock", type=Path, required=True, help="the learndock program, for `spec make`")
    parser.add_argument("--out", type=Path, required=True, help="gets packages/ and tasks/; both are replaced")
    parser.add_argument("--write-tasks", action="store_true",
                        help="rewrite datasets/tasks.json instead of comparing with it")
    return parser.parse_args()


GROUPS = all_groups()


def main() -> int:
    options = arguments()
    started = time.monotonic()
    out = options.out.resolve()
    for name in ("packages", "tasks", "folders"):
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)

    tasks = make_tasks(out)
    if options.write_tasks:
        TASKS_FILE.write_text(tasks_text(tasks), encoding="utf-8")
    elif TASKS_FILE.read_text(encoding="utf-8") != tasks_text(tasks):
        print("error: the tasks made differ from the fixed list datasets/tasks.json\n"
              "  fix: restore the list, or rewrite it with --write-tasks if the change is meant", file=sys.stderr)
        return 1

    jobs = [(group, kind, options.learndock.resolve(), out)
            for group in range(len(GROUPS)) for kind in range(KINDS_PER_GROUP)]
    with multiprocessing.Pool(len(os.sched_getaffinity(0))) as pool:
        for done, _ in enumerate(pool.imap_unordered(make_learnware, jobs, chunksize=4), start=1):
            if done % 25 == 0 or done == len(jobs):
                print(f"  {done} of {len(jobs)} learnwares made", file=sys.stderr)
    shutil.rmtree(out / "folders")
    print(f"  {len(jobs)} learnwares and {len(tasks)} held-out tasks in {time.monotonic() - started:.0f} s",
          file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
