"""`get` beside files of the user: nothing of theirs is touched, and a refusal leaves nothing behind."""

import importlib.util
import json
import math
import subprocess
import sys
import types
import unittest
import zipfile

from harness import TestCase, files_below, learndock, package_files, write_package, zip_bytes


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

    def test_the_package_is_what_the_reference_loads(self):
        """load_learnware reads the yaml with safe_load, then `id`, and the file that semantic_specification names."""
        files = dict(package_files("of the helper"))
        files["learnware.yaml"] = (b"model:\n  class_name: Sum\n  kwargs:\n    input_shape: &id001 !!python/tuple\n"
                                   b"    - 2\n    limit: .inf\n    output_shape: *id001\n"
                                   b"stat_specifications:\n- class_name: RKMETableSpecification\n"
                                   b"  file_name: stat_spec.json\n  kwargs: {}\n"
                                   b"  module_path: learnware.specification\n")
        del files["requirements.txt"]
        package = self.folder / "helper.zip"
        package.write_bytes(zip_bytes(files))
        answer = self.run_ok("import", "--dock", self.dock, package, "--json").json()
        self.assertTrue(any("standard library and numpy are assumed" in one for one in answer["warnings"]), answer)
        self.get("00000003", "helper.zip")
        with zipfile.ZipFile(self.out / "helper.zip") as archive:
            text = archive.read("learnware.yaml").decode()
            semantic = json.loads(archive.read("semantic_specification.json"))
        for line in ("    input_shape: [2]", "    limit: .inf", "    output_shape: [2]", 'id: "00000003"',
                     "  file_name: semantic_specification.json"):
            self.assertIn(line, text.splitlines())
        self.assertEqual(semantic["Model"], {"Type": "Optional", "Values": ["Others"]})
        self.assertEqual(semantic["Name"]["Values"], "of the helper")
        again = learndock("import", "--dock", self.dock, self.out / "helper.zip", "--json").json()
        self.assertEqual(again["rejected"][0]["code"], "package.duplicate")

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

        reading = types.SimpleNamespace(label="label", drop=[], columns="", delimiter="", decimal="", encoding="",
                                        header=None)

        def both(word):
            table = self.write("x.csv", f" first ,\tsecond,label \n1,2,a\n {word} ,3,b\n")
            made = learndock("spec", "make", "--data", table, "--label", "label", "--points", "1", "--out",
                             self.folder / "s.json")
            read = use.TextTable(str(table), reading)
            features, label = use.chosen_columns(read, reading)
            rows = [cells for _, cells in read.rows()]
            self.assertEqual([cells[label].strip() for cells in rows], ["a", "b"])
            value = use.value_of(rows[1][features[0]], read.decimal)
            return made.code == 0, None if value is None else math.isnan(value)

        for word in ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "#N/A", "<NA>", "n/a"):
            self.assertEqual(both(word), (True, True), word)
        for word in ("na", "Null", "none", "-", "missing"):
            self.assertEqual(both(word), (False, None), word)
        for header, is_header in (("0,1", True), ("1,2", True), ("a,1", True), ("63,145", False), ("0,2", False)):
            table = self.write("numbers.csv", f"{header}\n37,130\n")
            made = learndock("spec", "make", "--data", table, "--points", "1", "--out", self.folder / "s.json")
            self.assertEqual(made.code == 0, is_header, header)
            self.assertEqual(use.is_header(header.split(","), [["37", "130"]]) is True, is_header, header)
        table = self.write("numbers.csv", "63,145\n37,130\n")
        with self.assertRaisesRegex(use.UseError, "not a header"):
            use.TextTable(str(table), reading)

    # what a package brings from elsewhere

    def dock_with(self, requirements, encoding="utf-8"):
        dock = self.folder / "elsewhere"
        self.run_ok("init", dock)
        package = self.folder / "elsewhere.zip"
        package.write_bytes(zip_bytes({**package_files("elsewhere"), "requirements.txt": requirements.encode(encoding)}))
        pushed = self.run_ok("push", package, "--dock", dock, "--json")
        return dock, pushed.json()["id"]

    def test_requirements_from_elsewhere_are_commented_out_and_said(self):
        text = "numpy>=1.19\n--index-url http://203.0.113.9/simple\nx @ https://203.0.113.9/x.whl\nscipy\n"
        dock, learnware = self.dock_with(text)
        server = self.serve(dock)
        folder = self.folder / "got"
        for place in (("--server", server.url), ("--dock", dock)):
            if place[0] == "--dock":
                server.close()  # one process at a time has a dock
            outcome = self.run_ok("get", learnware, *place, "--out", folder / "a.zip", "--json")
            written = (folder / "requirements.txt").read_text()
            self.assertIn("\nnumpy>=1.19\n", written)
            self.assertIn("\n# --index-url http://203.0.113.9/simple\n", written)
            self.assertIn("\n# x @ https://203.0.113.9/x.whl\nscipy\n", written)
            self.assertEqual(outcome.json()["commented_out"], 2)
            self.assertIn("warning: requirements.txt line 2", outcome.err)
            self.assertIn("--trust-sources", outcome.err)
            self.assertIn("requirements.txt line 2 takes code from a place of its own choice: "
                          "--index-url http://203.0.113.9/simple", outcome.json()["warnings"])
            self.run_ok("get", learnware, *place, "--out", folder / "a.zip", "--trust-sources")
            self.assertTrue((folder / "requirements.txt").read_text().endswith(text))

    def test_lists_that_the_list_names_are_looked_through(self):
        dock = self.folder / "elsewhere"
        self.run_ok("init", dock)
        package = self.folder / "elsewhere.zip"
        package.write_bytes(zip_bytes({**package_files("elsewhere"), "requirements.txt": b"numpy\n-r more/base.txt\n",
                                       "more/base.txt": "scipy\n-i http://203.0.113.9/simple\n".encode("utf-16")}))
        learnware = self.run_ok("push", package, "--dock", dock, "--json").json()["id"]
        outcome = self.run_ok("get", learnware, "--dock", dock, "--out", self.out / "a.zip", "--json")
        self.assertEqual([warning for warning in outcome.json()["warnings"] if "lacks" in warning], [])
        self.assertTrue(any("more/base.txt line 2 takes code" in warning for warning in outcome.json()["warnings"]))

    def test_the_script_comments_requirements_from_elsewhere_out(self):
        dock, learnware = self.dock_with("numpy\n-i http://203.0.113.9/simple\nscipy>=1 \\\n  --hash=sha256:0a\n")
        script = self.run_ok("get", learnware, "--dock", dock, "--out", self.out / "a.zip", "--json").json()["use"]
        shown = subprocess.run([sys.executable, script, "--print-requirements"], capture_output=True, text=True)
        self.assertIn("numpy\n# -i http://203.0.113.9/simple\nscipy>=1 \\\n  --hash=sha256:0a\n", shown.stdout)
        self.assertIn("1 lines", shown.stderr)
        trusting = subprocess.run([sys.executable, script, "--print-requirements", "--trust-sources"],
                                  capture_output=True, text=True)
        self.assertIn("\n-i http://203.0.113.9/simple\n", trusting.stdout)

    def test_a_list_of_a_windows_editor_is_read_as_pip_reads_it(self):
        dock, learnware = self.dock_with("numpy\r\n-i http://203.0.113.9/simple\r\nscipy\r\n", "utf-16")
        outcome = self.run_ok("get", learnware, "--dock", dock, "--out", self.out / "a.zip", "--json")
        self.assertEqual(outcome.json()["commented_out"], 1)
        self.assertIn("\nnumpy\n", (self.out / "requirements.txt").read_text(encoding="utf-8"))
        shown = subprocess.run([sys.executable, outcome.json()["use"], "--print-requirements"], capture_output=True,
                               text=True)
        self.assertIn("\nnumpy\n# -i http://203.0.113.9/simple\nscipy\n", shown.stdout)

    def test_warnings_are_shown_to_those_who_use_the_learnware(self):
        dock, learnware = self.dock_with("numpy\n--extra-index-url http://203.0.113.9/simple\n")
        shown = self.run_ok("show", learnware, "--dock", dock, "--json").json()
        self.assertEqual(len(shown["warnings"]), 1)
        self.assertIn("203.0.113.9", shown["warnings"][0])
        self.assertIn("203.0.113.9", self.run_ok("show", learnware, "--dock", dock).out)
        listed = self.run_ok("list", "--dock", dock, "--json").json()["learnwares"][0]
        self.assertEqual(listed["warnings"], shown["warnings"])
        self.assertEqual(self.run_ok("list", "--dock", dock).out.splitlines()[1].split("\t")[3], "1")

    def test_a_flipped_byte_in_a_package_is_exit_6_and_leaves_nothing(self):
        for path in (self.dock / "packages").rglob("*"):
            if path.is_file():
                damaged = bytearray(path.read_bytes())
                damaged[len(damaged) // 2] ^= 1
                path.chmod(0o600)
                path.write_bytes(damaged)
        outcome = learndock("get", self.ids[0], "--dock", self.dock, "--out", self.out / "x" / "a.zip")
        self.assertEqual(outcome.code, 6)
        self.assertIn("digest.mismatch", outcome.err)
        self.assertEqual(files_below(self.out), set())
        self.assertFalse((self.out / "x").exists())


if __name__ == "__main__":
    unittest.main()
