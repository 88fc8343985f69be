"""`learndock spec`: making specifications of tables, what they are, and how far apart."""

import json
import unittest

from harness import SMALL_TABLE, TestCase, learndock, statistical


class SpecCommand(TestCase):
    def test_make_says_the_same_in_its_table_and_its_json(self):
        arguments = ("spec", "make", "--data", self.write("x.csv", SMALL_TABLE), "--points", "5", "--out", self.folder / "s.json")
        header, row = (line.split("\t") for line in self.run_ok(*arguments).out.splitlines())
        value = self.run_ok(*arguments, "--json").json()
        self.assertAlmostEqual(float(dict(zip(header, row))["mmd_to_data"]), value["mmd_to_data"], places=6)
        self.assertIn("is a square: the squared MMD", self.run_ok("spec", "make", "--help").out.replace("\n", " "))

    def test_make_warns_of_what_it_changed_and_refuses_what_it_cannot_hold(self):
        rows = [f"{i},{(i * 37) % 101}" for i in range(50)]
        data = self.write("d.csv", "a,b\n" + "\n".join(rows + ["NA,3", "4,"]) + "\n")
        made = self.run_ok("spec", "make", "--data", data, "--points", "60", "--gamma", "auto", "--out",
                           self.folder / "s.json", "--json").json()
        self.assertEqual(made["warnings"][0], "2 missing or infinite cells were filled with their columns' means")
        self.assertIn("60 points were asked for and 34 made", made["warnings"][1])
        huge = self.write("h.csv", "a,b\n" + "\n".join(f"{i},{i}e30" for i in range(1, 50)) + "\n")
        for method in ("compat", "joint"):
            outcome = learndock("spec", "make", "--data", huge, "--method", method, "--out", self.folder / "h.json")
            self.assertEqual(outcome.code, 1, outcome.err)
            self.assertIn("table.column", outcome.err)
            self.assertIn("scale the features", outcome.err)
            self.assertFalse((self.folder / "h.json").exists())

    def test_make_info_distance(self):
        data, made = self.write("x.csv", SMALL_TABLE), self.folder / "stat.json"
        keys = self.run_ok("spec", "make", "--data", data, "--label", "label", "--points", "5", "--out", made, "--json")
        value = self.assert_keys(keys, "points", "dimension", "gamma", "mmd_to_data", "seconds")
        self.assertEqual((value["points"], value["dimension"], value["gamma"]), (5, 2, 0.1))
        stored = json.loads(made.read_text())
        self.assertEqual(stored["type"], "RKMETableSpecification")
        self.assertAlmostEqual(sum(stored["beta"]), 1, places=9)

        info = self.assert_keys(self.run_ok("spec", "info", made, "--json"), "type", "points", "dimension", "gamma",
                                "self_inner", "mean_off_diagonal_kernel", "warnings")
        distance = self.assert_keys(self.run_ok("spec", "distance", made, made, "--json"), "inner", "self_a", "self_b",
                                    "mmd_squared")
        self.assertAlmostEqual(distance["mmd_squared"], 0, places=12)
        self.assertAlmostEqual(distance["self_a"], info["self_inner"], places=12)

    def test_make_into_no_folder_names_the_path_that_was_given(self):
        out = self.folder / "nowhere" / "s.json"
        outcome = learndock("spec", "make", "--data", self.write("x.csv", SMALL_TABLE), "--out", out)
        self.assertEqual(outcome.code, 3)
        self.assertIn(f"{out}", outcome.err)
        self.assertIn(f"mkdir -p {out.parent}", outcome.err)
        self.assertNotIn(".tmp", outcome.err)

    def test_make_is_repeatable(self):
        data = self.write("x.csv", SMALL_TABLE)
        for name in ("a.json", "b.json"):
            self.run_ok("spec", "make", "--data", data, "--label", "label", "--points", "5", "--seed", "7", "--out",
                        self.folder / name)
        self.assertEqual((self.folder / "a.json").read_bytes(), (self.folder / "b.json").read_bytes())

    def test_make_joint_is_closer_to_the_data_than_compat(self):
        table = "a,b\n" + "".join(f"{(i * 37 % 101) / 25},{(i * i % 103) / 25}\n" for i in range(300))
        data, distance = self.write("x.csv", table), {}
        for method in ("compat", "joint"):
            value = self.run_ok("spec", "make", "--data", data, "--points", "15", "--method", method, "--out",
                                self.folder / "s.json", "--json").json()
            self.assertEqual(value["method"], method)
            distance[method] = value["mmd_to_data"]
        self.assertLess(4 * distance["joint"], distance["compat"])
        value = self.run_ok("spec", "make", "--data", data, "--out", self.folder / "s.json", "--json").json()
        self.assertEqual(value["method"], "joint", "the default")
        self.assertEqual(value["mmd_squared_to_data"], value["mmd_to_data"])

    def test_make_of_several_scales_and_search_among_them(self):
        data, made = self.write("x.csv", SMALL_TABLE), self.folder / "stat.json"
        command = ["spec", "make", "--data", data, "--label", "label", "--points", "5", "--out", made, "--json"]
        refused = learndock(*command, "--method", "compat", "--scales", "3")
        self.assertEqual(refused.code, 2)
        self.assertIn("--method joint", refused.err)
        self.assertEqual(learndock(*command, "--scales", "5").code, 2)
        self.assertFalse(made.exists())
        self.assertEqual(self.run_ok(*command).json()["scales"], 1)
        self.assertNotIn("scales", json.loads(made.read_text()))
        value = self.run_ok(*command, "--scales", "3").json()
        self.assertEqual((value["scales"], json.loads(made.read_text())["scales"]), (3, 3))
        self.assertEqual(self.run_ok("spec", "info", made, "--json").json()["scales"], 3)
        self.assertAlmostEqual(self.run_ok("spec", "distance", made, made, "--json").json()["mmd_squared"], 0, places=12)

        stats = {"one": statistical(), "three": statistical(scales=3), "wrong": statistical(scales=7)}
        lines = [{"id": name, "semantic": {}, "stat": stat} for name, stat in stats.items()]
        dock = self.new_dock()
        bulk = self.write("bulk.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        rejected = learndock("import", "--dock", dock, "--specs", bulk, "--json").json()["rejected"]
        self.assertEqual([(r["code"], r["where"]) for r in rejected], [("spec.kernel", "/stat/scales")])
        self.assertEqual(self.run_ok("show", "three", "--dock", dock, "--json").json()["statistical"]["scales"], 3)
        answer = self.run_ok("search", "--dock", dock, "--spec", made, "--json").json()
        self.assertEqual([hit["id"] for hit in answer["singles"]], ["three"])
        self.assertIn("1 learnware skipped: scales other than the query's 3", answer["warnings"])
        self.assertIn("spec.kernel", learndock("search", "--dock", dock, "--spec", made, "--scores", "compat").err)

    def test_make_with_privacy_says_what_was_earned_and_not_the_distance(self):
        command = ["spec", "make", "--data", self.write("x.csv", SMALL_TABLE), "--label", "label", "--out",
                   self.folder / "p.json", "--json", "--dp-epsilon", "2"]
        value = self.run_ok(*command, "--dp-delta", "0.001").json()
        self.assertEqual((value["method"], value["mmd_to_data"]), ("private", None))
        self.assertEqual((value["privacy"]["epsilon"], value["privacy"]["delta"]), (2, 0.001))
        self.assertAlmostEqual(value["privacy"]["sensitivity"], 2 / 20)
        self.assertGreater(value["privacy"]["sigma"], 0)
        self.assertEqual(learndock(*command).code, 2)
        self.assertEqual(learndock(*command, "--dp-delta", "0.001", "--gamma", "auto").code, 2)
        plain = self.run_ok("spec", "make", "--data", self.folder / "x.csv", "--label", "label", "--min-cluster", "5",
                            "--out", self.folder / "p.json", "--json").json()
        self.assertIsNone(plain["privacy"])
        self.assertLessEqual(plain["points"], 4)

    def test_distance_of_a_case_by_hand(self):
        # one point each, |a - b|^2 = 3^2 + 4^2 = 25, k = exp(-0.1 * 25)
        a = self.write("a.json", json.dumps(statistical(z=[[0, 0]], beta=[1])))
        b = self.write("b.json", json.dumps(statistical(z=[[3, 4]], beta=[1])))
        value = self.run_ok("spec", "distance", a, b, "--json").json()
        self.assertAlmostEqual(value["inner"], 0.0820849986238988, places=14)
        self.assertAlmostEqual(value["mmd_squared"], 2 - 2 * 0.0820849986238988, places=13)


if __name__ == "__main__":
    unittest.main()
