"""Gathers what scripts/gpu-check found into one JSON file."""
import argparse
import datetime
import json
import pathlib
import re

STEPS = ["device", "search", "plugin", "benchmarks", "memcheck", "racecheck"]


def said(status: int) -> str:
    return {0: "passed", 124: "stopped, out of time"}.get(status, f"failed, exit code {status}")


def read_steps(report: pathlib.Path) -> dict[str, str | dict[str, list[str] | int]]:
    """How each step went; of the sanitizers' tests how many passed, and which did not."""
    steps = {}
    for path in sorted(report.glob("*.status")):
        tool, _, test = path.stem.partition("-")
        outcome = said(int(path.read_text(encoding="utf-8")))
        if tool not in ("memcheck", "racecheck"):
            steps[path.stem] = outcome
            continue
        tests = steps.setdefault(tool, {"of": int((report / f"{tool}.tests").read_text(encoding="utf-8")), "passed": 0})
        if outcome == "passed":
            tests["passed"] += 1
        else:
            tests.setdefault(outcome, []).append(test)
    return steps


def read_json(path: pathlib.Path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() and path.stat().st_size else None


def read_benchmarks(path: pathlib.Path):
    """Of each benchmark the median; a run that was stopped leaves a list without an end."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    text = path.read_text(encoding="utf-8")
    try:
        runs = json.loads(text)["benchmarks"]
    except json.JSONDecodeError:
        runs = json.loads(text[: text.rindex("    },") + 5] + "]}")["benchmarks"]
    left_out = {"run_name", "run_type", "family_index", "per_family_instance_index", "repetitions", "threads",
                "aggregate_name", "aggregate_unit", "iterations"}
    return [{key: value for key, value in run.items() if key not in left_out}
            for run in runs if run.get("aggregate_name") == "median"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=pathlib.Path, required=True)
    parser.add_argument("--out", default="")
    parser.add_argument("--device", required=True, help="name, driver, clock and power limit as nvidia-smi lists them")
    parser.add_argument("--built", type=pathlib.Path, required=True, help="of the programs: lines 'name value'")
    arguments = parser.parse_args()
    name, driver, clock, power = [field.strip() for field in arguments.device.split(",")]
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    steps = read_steps(arguments.report)
    result = {
        "device": name,
        "driver": driver,
        "max_sm_clock": clock,
        "power_limit": power,
        **dict(line.split(" ", 1) for line in arguments.built.read_text(encoding="utf-8").splitlines()),
        "date": today,
        "command": "scripts/gpu-check",
        "steps": steps,
        "not_run": [step for step in STEPS if step not in steps],
        "ceilings": read_json(arguments.report / "ceilings.json"),
        "benchmarks": read_benchmarks(arguments.report / "benchmarks.json"),
        "searches": {path.stem.removeprefix("trial-"): read_json(path) for path in sorted(arguments.report.glob("trial-*.json"))},
    }
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    out = pathlib.Path(arguments.out or f"bench/results/{slug}-{today}.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
