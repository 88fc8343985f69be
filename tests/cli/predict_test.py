"""`learndock predict`: one learnware answers the rows of a table."""

import unittest

from harness import TestCase, learndock


class Predict(TestCase):
    def setUp(self):
        super().setUp()
        self.package = self.folder / "model"
        self.run_ok("init-package", self.package)
        self.out = self.folder / "answers.csv"

    def predict(self, table, *flags):
        return learndock("predict", "--package", self.package, "--data", self.write("t.csv", table), "--out", self.out,
                         "--json", *flags)

    def answered(self, table, *flags):
        outcome = self.predict(table, *flags)
        code = outcome.json().get("error", {}).get("code", "")
        if code.startswith(("environment.", "sandbox.missing")):
            self.skipTest(f"this machine cannot run the model: {outcome.err.strip()}")
        self.assertEqual(outcome.code, 0, outcome.err)
        return outcome

    def test_each_row_gets_an_answer(self):
        outcome = self.answered("a,b,kind\n1,2,x\n-3,4,y\n5,0,x\n", "--label", "kind", "--by-position")
        value = self.assert_keys(outcome, "rows", "seconds", "answer_shape", "runtime", "out", "warnings")
        self.assertEqual(value["rows"], 3)
        self.assertEqual(self.out.read_text().split(), ["prediction", "1", "0", "1"])

    def test_columns_go_to_the_inputs_of_their_names(self):
        table = "another number,the number that counts\n-1,2\n1,-2\n"
        outcome = self.answered(table)
        self.assertIn("put into the learnware's order", outcome.err)
        self.assertEqual(self.out.read_text().split(), ["prediction", "1", "0"])
        self.answered(table, "--by-position")
        self.assertEqual(self.out.read_text().split(), ["prediction", "0", "1"])

    def test_a_table_without_the_learnwares_inputs_is_refused(self):
        outcome = self.predict("a,b\n1,2\n", "--unsafe-no-sandbox")
        self.assertEqual(outcome.code, 1, outcome.err)
        self.assertIn("the number that counts", outcome.err)
        self.assertIn("--by-position", outcome.err)
        self.assertFalse(self.out.exists())

    def test_one_learnware_is_named(self):
        data = self.write("t.csv", "a,b\n1,2\n")
        self.assertEqual(learndock("predict", "--data", data, "--out", self.out).code, 2)
        self.assertEqual(learndock("predict", "--id", "1", "--package", self.package, "--data", data, "--out", self.out).code, 2)
        dock = self.new_dock()
        outcome = learndock("predict", "--dock", dock, "--id", "00000001", "--data", data, "--out", self.out, "--unsafe-no-sandbox")
        self.assertEqual(outcome.code, 3, outcome.err)


if __name__ == "__main__":
    unittest.main()
