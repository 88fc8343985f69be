"""Records what a program answers to all tasks of the demo dock, and compares such records and index files of two systems."""

import argparse
import json
import math
import pathlib
import re
import subprocess
import sys

# What another machine or another minute changes, and no answer is.
LEFT_OUT = {"timings_ms", "seconds", "elapsed_ms"}
# Sums of another BLAS may end in another digit; an answer that differs by more is another answer.
LARGEST = 1e-9


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items() if key not in LEFT_OUT}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def record(learndock, dock, tasks):
    answers = {}
    for data in sorted(pathlib.Path(tasks).glob("*.csv")):
        command = [learndock, "search", "--dock", dock, "--data", str(data), "--label", "label", "--json"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"error: {' '.join(command)} ended with {run.returncode}: {run.stderr}")
        answers[data.name] = without_times(json.loads(run.stdout))
    return answers


def differences(a, b, place=""):
    """(place, what, relative difference of numbers; infinite for everything else)"""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a:
            yield from differences(a[key], b[key], f"{place}/{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (one, other) in enumerate(zip(a, b)):
            yield from differences(one, other, f"{place}/{i}")
    elif a != b:
        numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (a, b))
        # Distances are differences of numbers of about 1: a digit is one of those.
        yield place, f"{a} and {b}", abs(a - b) / max(1.0, abs(a), abs(b)) if numbers else math.inf


def compare(files):
    records = [json.loads(pathlib.Path(file).read_text(encoding="utf-8")) for file in files]
    bad = 0
    for file, other in zip(files[1:], records[1:]):
        found = list(differences(records[0], other))
        worst = max((one[2] for one in found), default=0)
        print(f"{files[0]} and {file}: {len(records[0])} tasks, {len(found)} values differ, at most by {worst:.2g}")
        for place, what, by in found:
            if by > LARGEST:
                bad += 1
                print(f"  {place}: {what}")
    return bad == 0


def compare_files(folders):
    """Says which files of two folders are the same bytes; digits of another BLAS are no fault, another form is met by `compare`."""
    names = sorted({file.name for folder in folders for file in pathlib.Path(folder).iterdir() if file.is_file()})
    for name in names:
        one, other = (pathlib.Path(folder) / name for folder in folders)
        if not (one.exists() and other.exists()):
            print(f"{name}: only in one of {folders[0]} and {folders[1]}")
            return False
        a, b = one.read_bytes(), other.read_bytes()
        if name.startswith("MANIFEST"):  # holds checksums, in as many digits as they have
            a, b = (re.sub(rb"(?<=header_checksum\":)\d+|^learndock-index.*", b"#", text) for text in (a, b))
        if len(a) != len(b):
            print(f"{name}: {len(a)} and {len(b)} bytes")
            return False
        print(f"{name}: {len(a)} bytes, {sum(x != y for x, y in zip(a, b))} of them differ")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learndock")
    parser.add_argument("--dock")
    parser.add_argument("--tasks")
    parser.add_argument("--out")
    parser.add_argument("--compare", nargs="+")
    parser.add_argument("--compare-files", nargs=2)
    options = parser.parse_args()
    if options.compare:
        sys.exit(not compare(options.compare))
    if options.compare_files:
        sys.exit(not compare_files(options.compare_files))
    answers = record(options.learndock, options.dock, options.tasks)
    if not answers:
        sys.exit(f"error: no task lies in {options.tasks}")
    pathlib.Path(options.out).write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
