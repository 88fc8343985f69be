"""The main job: held-out tables find their learnwares in the demo dock, and the best one is fetched and used."""

import csv
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from harness import DEMO, REPOSITORY, Server, TestCase, files_below, learndock

REQUIRED_SHARE = 0.95
TASKS = json.loads((REPOSITORY / "datasets/tasks.json").read_text(encoding="utf-8"))


class DemoDock(TestCase):
    @classmethod
    def setUpClass(cls):
        """A dock of its own with the demo's packages: the demo dock may be in use by scripts/run."""
        holder = tempfile.TemporaryDirectory(prefix="learndock_test_")
        cls.addClassCleanup(holder.cleanup)
        dock = Path(holder.name) / "dock"
        for command in (("init", dock), ("import", "--dock", dock, DEMO / "packages", "--json")):
            outcome = learndock(*command)
            if outcome.code != 0:
                raise AssertionError(f"{command}\n{outcome.out[-2000:]}\n{outcome.err[-2000:]}")
        cls.server = Server(dock)
        cls.addClassCleanup(cls.server.close)

    def search(self, task, *more):
        return self.run_ok("search", "--server", self.server.url, "--data", DEMO / "tasks" / task["csv"], "--label",
                           "label", "--json", *more).json()

    def test_there_are_enough_learnwares_and_tasks(self):
        self.assertGreaterEqual(json.loads(self.server.request("GET", "/v1/status")[2])["learnwares"], 120)
        self.assertGreaterEqual(len(TASKS), 40)

    def test_held_out_tables_find_their_learnwares(self):
        wrong = []
        for task in TASKS:
            answer = self.search(task, "--top", "1", "--mixture", "0")
            self.assertTrue(answer["exact"])
            best = answer["singles"][0]
            if best["name"] not in task["right"]:
                wrong.append(f"{task['task']}: {best['name']} ({best['mmd_squared']:.5f})")
        share = 1 - len(wrong) / len(TASKS)
        print(f"top-1 right: {share:.1%} of {len(TASKS)} held-out tasks", file=sys.stderr)
        self.assertGreaterEqual(share, REQUIRED_SHARE, "\n".join(wrong))

    def test_all_learnwares_of_the_group_come_first(self):
        task = next(task for task in TASKS if task["task"] == "digits-left-odd")
        names = [hit["name"] for hit in self.search(task, "--top", "5")["singles"]]
        self.assertEqual(set(names[: len(task["right"])]), set(task["right"]))

    def test_mixture_weights_are_on_the_simplex(self):
        task = next(task for task in TASKS if task["task"] == "digits-full-all")
        mixture = self.search(task, "--mixture", "5")["mixture"]
        if mixture is None:
            self.skipTest("a single learnware fits this table as well as any mixture")
        weights = [member["weight"] for member in mixture["members"]]
        self.assertAlmostEqual(sum(weights), 1, places=9)
        self.assertTrue(all(weight >= 0 for weight in weights))
        self.assertLessEqual(len(weights), 5)

    def test_the_page_and_its_parts_are_served(self):
        for path, media in (("/", "text/html"), ("/v1/openapi.json", "application/json")):
            status, headers, body = self.server.request("GET", path)
            self.assertEqual(status, 200, path)
            self.assertEqual(headers["Content-Type"].split(";")[0], media)
            self.assertGreater(len(body), 100)
        self.assertIn(b"learndock_", self.server.request("GET", "/metrics")[2])

    def test_list_pages_through_all(self):
        seen, cursor = [], ""
        while cursor is not None:
            path = "/v1/learnwares?limit=70" + (f"&cursor={cursor}" if cursor else "")
            page = json.loads(self.server.request("GET", path)[2])
            seen += [entry["id"] for entry in page["learnwares"]]
            cursor = page["next"]
        self.assertEqual(len(seen), len(set(seen)))
        self.assertEqual(len(seen), json.loads(self.server.request("GET", "/v1/status")[2])["learnwares"])

    def test_server_side_misses_have_their_exit_codes(self):
        self.assertEqual(learndock("show", "99999999", "--server", self.server.url).code, 3)
        self.assertEqual(learndock("get", "99999999", "--server", self.server.url, "--out", self.folder / "x.zip").code,
                         3)
        self.assertEqual(files_below(self.folder), set())

    def test_the_best_learnware_is_fetched_and_used(self):
        for name, least in (("digits-left-odd", 0.8), ("wine-full-all", 0.8), ("iris-petal-all", 0.8)):
            with self.subTest(name):
                task = next(task for task in TASKS if task["task"] == name)
                learnware = self.search(task)["singles"][0]["id"]
                folder = self.folder / name
                folder.mkdir()
                self.run_ok("get", learnware, "--server", self.server.url, "--out", folder / "learnware.zip")
                data = DEMO / "tasks" / task["csv"]
                done = subprocess.run(
                    [sys.executable, str(folder / "use.py"), "--data", str(data), "--label", "label", "--out",
                     str(folder / "predictions.csv")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    timeout=120)
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(folder / "predictions.csv", newline="") as file:
                    predictions = [float(row["prediction"]) for row in csv.DictReader(file)]
                with open(data, newline="") as file:
                    truth = [float(row["label"]) for row in csv.DictReader(file)]
                self.assertEqual(len(predictions), task["rows"])
                right = sum(a == b for a, b in zip(predictions, truth)) / len(truth)
                self.assertGreaterEqual(right, least)
                self.assertTrue((folder / "requirements.txt").read_text().endswith("numpy>=1.19\n"))


if __name__ == "__main__":
    unittest.main()
