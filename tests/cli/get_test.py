"""`get` beside files of the user: nothing of theirs is touched, and a refusal leaves nothing behind."""

import importlib.util
import math
import unittest

from harness import TestCase, files_below, learndock, write_package


class Get(TestCase):
    def setUp(self):
        super().setUp()
        self.dock = self.new_dock()
        for name in ("one", "two"):
            self.run_ok("import", "--dock", self.dock, write_package(self.folder / f"{name}.zip", name))
        listed = self.run_ok("list", "--dock", self.dock, "--json").json()["learnwares"]
        self.ids = [entry["id"] for entry in listed]
        self.out = self.folder / "out"
        self.out.mkdir()

    def get(self, learnware, name, *more):
        return self.run_ok("get", learnware, "--dock", self.dock, "--out", self.out / name, "--json", *more).json()

    def test_files_of_the_user_are_left_alone(self):
        (self.out / "requirements.txt").write_text("torch\n")
        (self.out / "use.py").write_text("print('mine')\n")
        answer = self.get(self.ids[0], "learnware.zip")
        self.assertEqual((self.out / "requirements.txt").read_text(), "torch\n")
        self.assertEqual((self.out / "use.py").read_text(), "print('mine')\n")
        self.assertEqual(answer["use"], str(self.out / "learnware-use.py"))
        self.assertIn("numpy", (self.out / "learnware-requirements.txt").read_text())
        self.assertIn(self.ids[0], (self.out / "learnware-use.py").read_text())

    def test_a_second_package_does_not_take_the_script_of_the_first(self):
        self.get(self.ids[0], "a.zip")
        before = (self.out / "use.py").read_text()
        self.get(self.ids[1], "b.zip")
        self.assertEqual((self.out / "use.py").read_text(), before)
        self.assertEqual(files_below(self.out), {"a.zip", "use.py", "requirements.txt", "b.zip", "b-use.py",
                                                 "b-requirements.txt"})

    def test_fetching_again_replaces_its_own_files(self):
        self.get(self.ids[0], "learnware.zip")
        self.get(self.ids[1], "learnware.zip")
        self.assertIn(self.ids[1], (self.out / "use.py").read_text())
        self.assertEqual(files_below(self.out), {"learnware.zip", "use.py", "requirements.txt"})

    def test_a_conflict_leaves_nothing_behind(self):
        for name in ("use.py", "learnware-use.py"):
            (self.out / name).write_text("print('mine')\n")
        outcome = learndock("get", self.ids[0], "--dock", self.dock, "--out", self.out / "learnware.zip")
        self.assertEqual(outcome.code, 5)
        self.assertEqual(files_below(self.out), {"use.py", "learnware-use.py"})

    def test_a_folder_as_target_is_told_to_name_a_file(self):
        for out in (str(self.out), str(self.folder / "new") + "/"):
            outcome = learndock("get", self.ids[0], "--dock", self.dock, "--out", out)
            self.assertEqual(outcome.code, 2)
            self.assertIn(f"{self.ids[0]}.zip", outcome.err)
        self.assertFalse((self.folder / "new").exists())

    def test_a_missing_learnware_leaves_no_folder(self):
        outcome = learndock("get", "99999999", "--dock", self.dock, "--out", self.folder / "new" / "x.zip")
        self.assertEqual(outcome.code, 3)
        self.assertFalse((self.folder / "new").exists())

    def test_the_script_reads_tables_as_specifications_do(self):
        """The same words are missing values, the same blanks do not count; other words are refused by both."""
        script = self.get(self.ids[0], "learnware.zip")["use"]
        loader = importlib.util.spec_from_file_location("fetched_use", script)
        use = importlib.util.module_from_spec(loader)
        loader.loader.exec_module(use)

        def both(word):
            table = self.folder / "x.csv"
            table.write_text(f" first ,\tsecond,label \n1,2,a\n {word} ,3,b\n", encoding="utf-8")
            made = learndock("spec", "make", "--data", table, "--label", "label", "--points", "1", "--out",
                             self.folder / "s.json")
            try:
                features, labels = use.read_csv(str(table), "label")
            except use.UseError:
                return made.code == 0, None
            self.assertEqual(labels, ["a", "b"])
            return made.code == 0, math.isnan(features[1][0])

        for word in ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"):
            self.assertEqual(both(word), (True, True), word)
        for word in ("na", "Null", "none", "-", "missing"):
            self.assertEqual(both(word), (False, None), word)
        table = self.folder / "numbers.csv"
        for header, is_header in (("0,1", True), ("1,2", True), ("a,1", True), ("63,145", False), ("0,2", False)):
            table.write_text(f"{header}\n37,130\n", encoding="utf-8")
            made = learndock("spec", "make", "--data", table, "--points", "1", "--out", self.folder / "s.json")
            self.assertEqual(made.code == 0, is_header, header)
            self.assertEqual(not use.looks_like_data(header.split(",")), is_header, header)
        table.write_text("63,145\n37,130\n", encoding="utf-8")
        with self.assertRaisesRegex(use.UseError, "not a header"):
            use.read_csv(str(table), "")


if __name__ == "__main__":
    unittest.main()
