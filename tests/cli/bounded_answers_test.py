"""Whatever is long in a command line or in a file, what the program says of it is not."""

import json
import re
import unittest
import zipfile

from harness import TestCase, learndock, package_files

MOST_BYTES = 8 << 10
# Linux takes no argument of 128 KiB or more. Files may be longer.
LONG = 120_000
MEBIBYTE = 1 << 20
TEXTS = ["x" * LONG, '"' + "y" * LONG, "z\n" * (LONG // 2), "\u00e9" * (LONG // 2)]
COMMANDS = ["init", "import", "show", "status", "delete", "undelete", "list", "push", "get", "limits", "check", "backup",
            "restore", "purge", "reindex", "search", "data", "spec make", "spec info", "spec distance"]


class BoundedAnswers(TestCase):
    def setUp(self):
        super().setUp()
        self.dock = self.new_dock()
        self.table = self.write("table.csv", "a,b\n" + "".join(f"{i},{i * i}\n" for i in range(40)))
        self.spec = self.folder / "spec.json"
        self.run_ok("spec", "make", "--data", self.table, "--points", 3, "--out", self.spec)

    def expect_short(self, *arguments, failed=True):
        """With --json a failure is told twice: for people on stderr, for programs on stdout."""
        outcome = learndock(*arguments, "--json")
        what = [str(one)[:60] for one in arguments]
        self.assertLess(len(outcome.out.encode()), MOST_BYTES, what)
        self.assertLess(len(outcome.err.encode()), MOST_BYTES, what)
        if failed:
            self.assertNotEqual(outcome.code, 0, what)
            self.assertNotIn("internal", outcome.err, what)

    def test_commands_options_and_arguments(self):
        for text in TEXTS:
            self.expect_short(text)
            self.expect_short("--" + text)
        for command in COMMANDS:
            for text in TEXTS[1:3]:
                self.expect_short(*command.split(), text, text)
                self.expect_short(*command.split(), "--" + text)

    def test_values_of_options(self):
        for command in [*COMMANDS, "serve", "bench search"]:
            words = command.split()
            for option in sorted(set(re.findall(r"--[a-z][a-z-]+ [A-Z]", learndock(*words, "--help").out))):
                # One value that no option takes ends the command before it does any work.
                self.expect_short(*words, option[:-2], TEXTS[2], "--not-an-option")
        for option in ("--gamma", "--scores", "--mixture-method", "--backend", "--top", "--label", "--spec", "--semantic"):
            self.expect_short("search", "--dock", self.dock, "--data", self.table, option, TEXTS[1])
        for option in ("--label", "--drop", "--columns", "--delimiter", "--decimal", "--encoding"):
            for text in TEXTS:
                self.expect_short("data", self.table, option, text)
                self.expect_short("spec", "make", "--data", self.table, option, text, "--out", self.folder / "o.json")
        for option in ("--listen", "--config", "--token", "--token-file", "--backend", "--stop-seconds", "--dock"):
            self.expect_short("serve", "--dock", self.folder / "none", option, TEXTS[1])
        for option in ("--shard", "--codes", "--prefilter", "--gamma"):
            self.expect_short("reindex", "--dock", self.dock, option, TEXTS[1])
        for option in ("--market", "--codes", "--prefilter", "--gamma", "--backend", "--specs", "--data"):
            self.expect_short("bench", "search", "--n", 1, option, TEXTS[1])

    def test_ids_cursors_and_times(self):
        for text in TEXTS:
            for command in ("show", "status", "delete"):
                self.expect_short(command, text, "--dock", self.dock)
            self.expect_short("get", text, "--dock", self.dock, "--out", self.folder / "a.zip")
            self.expect_short("list", "--dock", self.dock, "--after", text)
            self.expect_short("purge", self.dock, "--orphans", "--older-than", text)
            self.expect_short("show", "00000001", "--server", text)
            self.expect_short("show", "00000001", "--server", "http://127.0.0.1:1/" + text)

    def test_texts_of_a_search_are_not_repeated(self):
        for text in TEXTS:
            self.expect_short("search", "--dock", self.dock, "--spec", self.spec, "--text", text, failed=False)

    def test_tables(self):
        long = "x" * MEBIBYTE
        many = ",".join(f"column {i}" for i in range(50_000))
        for content in (long, f"{long},b\n1,2\n1,y\n", f"a,b\n1,{long}\n", f'a,b\n"{long}', f"a,b\n1,2\n3,{long}\n", many,
                        f"{many}\n1,2\n", b"\x93NUMPY" + long.encode()):
            path = self.write("long.csv", content)
            self.expect_short("spec", "make", "--data", path, "--out", self.folder / "o.json")
            self.expect_short("spec", "make", "--data", path, "--label", "zz", "--out", self.folder / "o.json")
            self.expect_short("search", "--dock", self.dock, "--data", path)
            self.expect_short("data", path, failed=False)

    def test_tables_that_are_shown(self):
        name = "n" * 4_000
        for content in (f"{name},b\n1,2\n3,4\n", f"{name},{name},b\n1,2,3\n3,4,6\n", "a,b\n1,2\n3," + "x" * MEBIBYTE + "\n",
                        f"{name},b\n2024-01-01,{'y' * MEBIBYTE}\n"):
            self.expect_short("data", self.write("shown.csv", content), failed=False)
        # All columns of words are named at once, and all that look like ids.
        words = ",".join(f"{'w' * 60}{i}" for i in range(5_000)) + ",x\n" + "".join("a," * 5_000 + f"{i}.5\n" for i in range(3))
        ids = ",".join(f"{'i' * 60}{i}_id" for i in range(1_000)) + ",x\n" + "".join(f"{i}," * 1_000 + f"{i}.5\n" for i in range(9))
        self.expect_short("spec", "make", "--data", self.write("words.csv", words), "--out", self.folder / "o.json")
        self.expect_short("spec", "make", "--data", self.write("ids.csv", ids), "--out", self.folder / "o.json", failed=False)
        for content in (words, ids):
            shown = self.run_ok("data", self.write("shown.csv", content), "--json")
            self.assertLess(len(shown.err.encode()), MOST_BYTES)
            self.assertLessEqual(len(shown.json()["columns"]), 1_000)
            self.assertLess(len(json.dumps({**shown.json(), "columns": []})), MOST_BYTES)

    def test_json_files(self):
        long = json.dumps("x" * MEBIBYTE)
        spec = '"type": "RKMETableSpecification", "z": [[1]], "beta": [1], "gamma": 0.1'
        for content in (long, f"{{{long}: 1}}", f"{{{long}", f'{{"type": {long}}}', f'{{{spec}, "num_points": {long}}}'):
            path = self.write("long.json", content)
            self.expect_short("spec", "info", path)
            self.expect_short("spec", "distance", self.spec, path)
            self.expect_short("search", "--dock", self.dock, "--spec", path)
        # A key that means nothing is legal in a specification, and is not repeated.
        self.expect_short("spec", "info", self.write("more.json", f"{{{spec}, {long}: 1}}"), failed=False)
        for content in (long, f"{{{long}: 1}}", f'{{"Task": {{"Values": [{long}]}}}}', f'{{"Name": {{"Values": {long}}}}}',
                        f'{{"Input": {{"Dimension": {long}}}}}'):
            path = self.write("long.json", content)
            self.expect_short("search", "--dock", self.dock, "--semantic", path)

    def test_lines_that_are_imported(self):
        long = json.dumps("x" * MEBIBYTE)
        for content in (long, f"{{{long}: 1}}", f'{{"id": {long}}}', f'{{"semantic": {{"Name": {long}}}}}', f'{{"stat": {long}}}'):
            self.expect_short("import", "--dock", self.dock, "--specs", self.write("lines.jsonl", content + "\n"))

    def test_packages(self):
        long = "x" * MEBIBYTE
        path = self.folder / "package.zip"
        for name, content in (("learnware.yaml", long), ("learnware.yaml", f"{long}: 1\n"), ("learnware.yaml", f"name: !!{long[:9000]} 1\n"),
                              ("n" * 60_000, "x")):
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(name, content)
            self.expect_short("push", path, "--dock", self.dock)
            self.expect_short("import", "--dock", self.dock, path)
        for text in TEXTS:
            self.expect_short("push", text, "--dock", self.dock)
            self.expect_short("import", "--dock", self.dock, text)

    def test_a_package_with_thousands_of_warnings(self):
        path = self.folder / "package.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in package_files("commented").items():
                archive.writestr(name, content)
            for i in range(3_000):
                entry = zipfile.ZipInfo(f"extra/{'n' * 200}{i}")
                entry.comment = b"a comment"
                archive.writestr(entry, "x")
        self.expect_short("push", path, "--dock", self.dock, failed=False)
        self.expect_short("show", "00000001", "--dock", self.dock, failed=False)
        self.expect_short("get", "00000001", "--dock", self.dock, "--out", self.folder / "got.zip", failed=False)

    def test_settings_and_tokens(self):
        long = "x" * 60_000
        for content in (long, f"{long} = 1\n", f"listen = \"{long}\"\n", f"stop-seconds = \"{long}\"\n", f"[{long}]\n"):
            self.expect_short("serve", "--dock", self.folder / "none", "--config", self.write("settings.toml", content))
        token = self.write("token", long)
        token.chmod(0o600)
        self.expect_short("serve", "--dock", self.folder / "none", "--token-file", token)


if __name__ == "__main__":
    unittest.main()
