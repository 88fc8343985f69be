#!/usr/bin/env python3
"""What the program makes of tables that others wrote: each CSV file of a folder is tried as a new user would.

`spec make` is called without options; where it refuses the file, the options that `data --json` suggests are added and it
is called once more. A file is lost silently when its rows are not all counted, or when a column of row numbers is taken
for a feature without a warning; for that the file's lines are read a second time by Python's csv module. Writes JSON with
one row for each file.

example: bench/public_tables.py --learndock build/release/bin/learndock --out tables.json ~/tables/*.csv
"""

import argparse
import collections
import csv
import gzip
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile


def call(*words):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, errors="replace", check=False)


def lines_of(path):
    """The file's rows as Python's csv module splits them; None where that cannot be told."""
    text = gzip.open(path, "rb").read() if path.suffix == ".gz" else path.read_bytes()
    text = text.decode("utf-8-sig", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    return [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]


def counts_upwards(cells):
    """Whole numbers, each one more than the one before: row numbers."""
    if len(cells) < 10 or not all(cell.strip().lstrip("-").isdigit() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return all(b - a == 1 for a, b in zip(numbers, numbers[1:]))


def row_number_columns(rows):
    return [c for c in range(len(rows[0])) if counts_upwards([row[c] for row in rows[1:] if len(row) == len(rows[0])])]


def codes_of(answer):
    return [warning["code"] for warning in answer["warning_details"]]


def silent_loss(path, profile, made):
    rows, warned = lines_of(path), codes_of(profile)
    header = 1 if profile["header"] else 0
    if profile["rows"] != len(rows) - header:
        return f"{len(rows) - header} rows in the file, {profile['rows']} read"
    if made["num_points"] != profile["rows"]:
        return f"{profile['rows']} rows were read, {made['num_points']} are in the specification"
    taken = [c + 1 for c in row_number_columns(rows) if profile["columns"][c]["feature"]]
    if taken and "id_suspected" not in warned:
        return f"columns {taken} are row numbers and are features without a warning"
    return ""


def attempt(learndock, path, folder, flags):
    """What `spec make` answers, or its error as text."""
    out = pathlib.Path(folder) / "spec.json"
    out.unlink(missing_ok=True)
    made = call(learndock, "spec", "make", "--data", path, "--out", out, *shlex.split(flags), "--json")
    return (json.loads(made.stdout), "") if made.returncode == 0 and out.exists() else (None, made.stderr.strip()[:600])


def profile_of(learndock, path, flags=""):
    look = call(learndock, "data", path, *shlex.split(flags), "--json")
    return json.loads(look.stdout) if look.returncode == 0 else None


def try_file(learndock, path, folder):
    row = {"file": path.name}
    made, row["error"] = attempt(learndock, path, folder, "")
    row["result"], flags = "accepted", ""
    if made is None:
        profile = profile_of(learndock, path)
        flags = row["flags"] = profile["flags"] if profile else ""
        made, row["second_error"] = attempt(learndock, path, folder, flags) if flags else (None, "no line to paste")
        row["result"] = "accepted after one line" if made else "refused"
    if made:
        profile = profile_of(learndock, path, flags)
        row["warnings"] = codes_of(profile)
        row["loss"] = silent_loss(path, profile, made)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learndock", default="build/release/bin/learndock")
    parser.add_argument("--out", required=True, help="JSON file to write")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [try_file(args.learndock, path, folder) for path in args.files]
    counts = collections.Counter(row["result"] for row in rows)
    losses = [row for row in rows if row.get("loss")]
    pathlib.Path(args.out).write_text(json.dumps({"files": len(rows), "results": counts, "losses": len(losses), "rows": rows}, indent=1))
    print(f"{len(rows)} files: {dict(counts)}, {len(losses)} with a silent loss", file=sys.stderr)


main()
