"""The command contract: exit codes, JSON keys, clean stdout, hints for typos; on a dock of this test's own."""

import contextlib
import json
import re
import shutil
import sqlite3
import unittest

from harness import SMALL_TABLE, Server, TestCase, learndock, package_files, statistical, write_package, zip_bytes


class CommandLine(TestCase):
    def dock_with_one(self):
        dock = self.new_dock()
        package = write_package(self.folder / "sum.zip")
        outcome = self.run_ok("import", "--dock", dock, package, "--json").json()
        self.assertEqual(outcome["rejected"], [])
        self.assertEqual(outcome["imported"], 1)
        return dock, self.run_ok("list", "--dock", dock, "--json").json()["learnwares"][0]["id"]

    # exit codes

    def commands(self, *path):
        """Every command path of the program, read from its own help: ("list",), ("spec",), ("spec", "make"), ..."""
        text = self.run_ok(*path, "--help").out
        names = re.findall(r"^  ([a-z-]+) ", text.partition("\nSubcommands:\n")[2].partition("\n\n")[0], re.MULTILINE)
        for name in names:
            yield (*path, name)
            yield from self.commands(*path, name)

    def test_every_command_has_help_with_an_example(self):
        commands = list(self.commands())
        self.assertLessEqual({("search",), ("spec",), ("spec", "make"), ("serve",), ("get",)}, set(commands))
        for command in ((), *commands):
            help_text = self.run_ok(*command, "--help").out
            example = help_text.partition("\nexample:\n")[2]
            self.assertIn(" ".join(("  learndock", *command)), example, command)

    def test_every_command_takes_json(self):
        commands = list(self.commands())
        groups = {command[:-1] for command in commands}
        for command in commands:
            if command not in groups:
                self.assertIn("--json", self.run_ok(*command, "--help").out, command)
        value = self.run_ok("version", "--json").json()
        self.assertIn("backends", value)

    def test_wrong_verb_is_usage_with_a_hint(self):
        outcome = learndock("serch")
        self.assertEqual(outcome.code, 2)
        self.assertIn("search", outcome.err)
        self.assertEqual(outcome.out, "")

    def test_a_mistyped_command_is_named_also_with_options(self):
        for arguments in (("serch", "--json"), ("--json", "serch"), ("spec", "mak", "--json", "--data", "x.csv")):
            outcome = learndock(*arguments)
            self.assertEqual(outcome.code, 2)
            error = outcome.json()["error"]
            self.assertEqual(error["code"], "usage")
            self.assertIn(next(word for word in ("serch", "mak") if word in arguments), error["message"])
            self.assertIn("did you mean", error["fix"])

    def test_a_word_that_is_no_command_is_named_and_not_its_options(self):
        error = learndock("nonsense", "--json").json()["error"]
        self.assertIn('"nonsense" is not known', error["message"])
        error = learndock("--json", "version").json()["error"]
        self.assertIn("after the command: learndock version --json", error["fix"])

    def test_usage_errors_are_json_where_json_is_asked_for(self):
        for arguments in (("search", "--top", "x", "--json"), ("list", "--limt", "3", "--json"), ("--json",)):
            outcome = learndock(*arguments)
            self.assertEqual((outcome.code, outcome.json()["error"]["code"]), (2, "usage"), arguments)

    def test_numbers_out_of_range_are_told_the_range(self):
        cases = [(("search", "--dock", "d"), "--top", ("-3", "0", "1001", "x"), "from 1 to 1000"),
                 (("search", "--dock", "d"), "--mixture", ("-1", "101"), "from 0 to 100"),
                 (("search", "--dock", "d"), "--budget-ms", ("-1",), "of 0 or more"),
                 (("search", "--dock", "d"), "--points", ("0", "-5", "4097"), "from 1 to 4096"),
                 (("search", "--dock", "d"), "--seed", ("-1", "x"), "of 0 or more"),
                 (("list", "--dock", "d"), "--limit", ("-1", "0", "201"), "from 1 to 200")]
        for command, option, values, wanted in cases:
            for value in values:
                outcome = learndock(*command, option, value)
                self.assertEqual(outcome.code, 2, (option, value))
                self.assertIn(option, outcome.err)
                self.assertIn(f'"{value}" is not a whole number {wanted}', outcome.err)

    def test_wrong_flag_is_usage_with_a_hint(self):
        outcome = learndock("search", "--dock", self.folder, "--datta", "x.csv")
        self.assertEqual(outcome.code, 2)
        self.assertIn("--data", outcome.err)
        self.assertEqual(outcome.out, "")

    def test_a_mistyped_word_is_named_also_when_something_else_is_missing(self):
        outcome = learndock("spec", "mak")
        self.assertEqual(outcome.code, 2)
        self.assertIn('did you mean "make"?', outcome.err)
        outcome = learndock("get", "1", "--server", "http://127.0.0.1:1", "--ot", "x.zip")
        self.assertEqual(outcome.code, 2)
        self.assertIn('did you mean "--out"?', outcome.err)
        outcome = learndock("get", "1", "--server", "http://127.0.0.1:1")
        self.assertEqual(outcome.code, 2)
        self.assertIn("--out is required", outcome.err)

    def test_a_missing_token_is_exit_4(self):
        dock = self.new_dock()
        server = Server(dock, "--token", "secret-of-16-bytes")
        self.addCleanup(server.close)
        arguments = ("delete", "00000001", "--server", server.url)
        self.assertEqual(learndock(*arguments).code, 4)
        self.assertEqual(learndock(*arguments, "--token", "wrong").code, 4)
        self.assertEqual(learndock(*arguments, "--token", "secret-of-16-bytes").code, 3)
        file = self.write("client.token", "secret-of-16-bytes\n")
        file.chmod(0o600)
        self.assertEqual(learndock(*arguments, "--token-file", file, env={"LEARNDOCK_TOKEN": "another"}).code, 3)
        file.chmod(0o644)
        self.assertEqual(learndock(*arguments, "--token-file", file).code, 2)

    def test_a_damaged_download_is_exit_6_and_leaves_nothing(self):
        dock, learnware = self.dock_with_one()
        server = self.serve(dock)
        blob = next(path for path in (dock / "packages").rglob("*") if path.is_file())
        damaged = bytearray(blob.read_bytes())
        damaged[-1] ^= 1
        blob.write_bytes(damaged)
        outcome = learndock("get", learnware, "--server", server.url, "--out", self.folder / "got" / "x.zip")
        self.assertEqual(outcome.code, 6)
        self.assertIn("digest.mismatch", outcome.err)
        self.assertFalse((self.folder / "got").exists())

    def test_a_damaged_record_is_marked_in_the_list_and_does_not_close_the_others(self):
        dock, learnware = self.dock_with_one()
        with contextlib.closing(sqlite3.connect(dock / "catalog.sqlite")) as catalogue, catalogue:
            catalogue.execute("UPDATE learnware SET name = 'another'")
        listed = self.run_ok("list", "--dock", dock)
        self.assertIn(f"{learnware}\tdamaged\t", listed.out)
        self.assertIn("checksum", self.run_ok("list", "--dock", dock, "--json").json()["learnwares"][0]["damaged"])
        self.assertEqual(learndock("show", learnware, "--dock", dock).code, 1)

    # what reaches the terminal

    def test_hostile_text_is_shown_as_what_it_is(self):
        spec = self.write("s.json", '{"z": [[1]], "beta": [1], "gamma": 0.1, "type": "\\u001b[2Jred\\u202e"}')
        outcome = learndock("spec", "info", spec)
        self.assertEqual(outcome.code, 1)
        self.assertNotIn("\x1b", outcome.err)
        self.assertNotIn("\u202e", outcome.err)
        outcome = learndock("show", "x\x1b[31m", "--dock", self.folder)
        self.assertNotIn("\x1b", outcome.err)

    def test_a_hostile_cell_is_quoted_as_what_it_is(self):
        data = self.write("x.csv", "a,b\n1,\x1b[2J\u202e\n")
        outcome = learndock("spec", "make", "--data", data, "--out", self.folder / "s.json")
        self.assertEqual(outcome.code, 1)
        self.assertIn("\\x1b[2J\\xe2\\x80\\xae", outcome.err)
        self.assertNotIn("\x1b", outcome.err)

    def test_json_holds_no_byte_that_a_terminal_obeys(self):
        dock, learnware = self.dock_with_one()
        with contextlib.closing(sqlite3.connect(dock / "catalog.sqlite")) as catalogue, catalogue:
            # What no door lets in any more, as an older program may have stored it.
            catalogue.execute("UPDATE learnware SET name = ?", ("red \x1b[2J \x9b2J \u202e",))
        for command in (("list", "--dock", dock, "--json"), ("list", "--dock", dock), ("show", learnware, "--dock", dock, "--json")):
            outcome = learndock(*command)
            for text in (outcome.out, outcome.err):
                for byte in ("\x1b", "\x9b", "\u202e"):
                    self.assertNotIn(byte, text, command)
        name = learndock("list", "--dock", dock, "--json").json()["learnwares"][0]["name"]
        self.assertEqual(name, "red \x1b[2J \x9b2J \u202e")

    def test_a_reindex_by_any_backend_finds_the_same(self):
        dock, _ = self.dock_with_one()
        for backend in ("cpu_reference", "cpu", "auto"):
            value = self.run_ok("reindex", "--dock", dock, "--smallest-space", "1", "--backend", backend, "--json").json()
            self.assertEqual(value["learnwares"], 1, backend)
        wrong = learndock("reindex", "--dock", dock, "--backend", "gpu")
        self.assertEqual(wrong.code, learndock("search", "--dock", dock, "--text", "x", "--backend", "gpu").code)
        self.assertIn('there is no backend "gpu"', wrong.err)

    def test_a_missing_index_is_said_where_the_dock_is_opened(self):
        dock, _ = self.dock_with_one()
        self.run_ok("reindex", "--dock", dock, "--smallest-space", "1")
        shutil.rmtree(dock / "index")
        outcome = self.run_ok("list", "--dock", dock)
        self.assertIn("the stored index is missing", outcome.err)
        self.assertIn("learndock reindex", outcome.err)

    # tables on stdout

    def test_the_mixture_is_data_on_stdout(self):
        dock = self.new_dock()
        lines = [{"id": name, "semantic": {}, "stat": statistical(z=[[x, 0.0]], beta=[1.0])} for name, x in (("a", 0.0), ("b", 4.0))]
        self.run_ok("import", "--dock", dock, "--specs",
                    self.write("x.jsonl", "".join(json.dumps(line) + "\n" for line in lines)))
        query = self.write("q.json", json.dumps(statistical(z=[[0.0, 0.0], [4.0, 0.0]], beta=[0.5, 0.5])))
        outcome = self.run_ok("search", "--dock", dock, "--spec", query)
        tables = [[row.split("\t") for row in table.splitlines()] for table in outcome.out.split("\n\n")]
        self.assertEqual([table[0][0] for table in tables], ["rank", "member", "mixture_mmd_squared"])
        self.assertEqual({row[1] for row in tables[1][1:]}, {"a", "b"})
        self.assertAlmostEqual(sum(float(row[2]) for row in tables[1][1:]), 1, places=3)
        self.assertNotIn("mixture", outcome.err)

    def test_show_is_a_table_and_json_only_when_asked(self):
        dock, learnware = self.dock_with_one()
        rows = [row.split("\t") for row in self.run_ok("show", learnware, "--dock", dock).out.splitlines()]
        self.assertEqual({len(row) for row in rows}, {2})
        self.assertEqual(dict(rows)["id"], learnware)
        self.assertEqual(self.run_ok("show", learnware, "--dock", dock, "--json").json()["id"], learnware)

    def test_version_heeds_the_instruction_set_that_was_asked_for(self):
        outcome = learndock("version", env={"LEARNDOCK_CPU_TARGET": "BAD"})
        self.assertEqual(outcome.code, 2)
        self.assertIn('"BAD"', outcome.err)
        self.assertIn("SCALAR", self.run_ok("version", env={"LEARNDOCK_CPU_TARGET": "SCALAR"}).out)

    def test_missing_things_are_exit_3(self):
        dock = self.new_dock()
        self.assertEqual(learndock("show", "00000001", "--dock", dock).code, 3)
        self.assertEqual(learndock("delete", "00000001", "--dock", dock).code, 3)
        self.assertEqual(learndock("get", "00000001", "--dock", dock, "--out", self.folder / "x.zip").code, 3)
        self.assertFalse((self.folder / "x.zip").exists())
        self.assertEqual(learndock("list", "--dock", self.folder / "nowhere").code, 3)
        self.assertEqual(learndock("search", "--dock", dock, "--data", self.folder / "no.csv").code, 3)

    def test_existing_dock_is_exit_5(self):
        self.assertEqual(learndock("init", self.new_dock()).code, 5)

    def test_same_package_twice_is_rejected(self):
        dock, _ = self.dock_with_one()
        outcome = learndock("import", "--dock", dock, self.folder / "sum.zip", "--json")
        self.assertNotEqual(outcome.code, 0)
        self.assertEqual([r["code"] for r in outcome.json()["rejected"]], ["package.duplicate"])

    def test_unreachable_server_is_exit_7(self):
        spec = self.write("s.json", json.dumps(statistical()))
        outcome = learndock("search", "--server", "http://127.0.0.1:1", "--spec", spec)
        self.assertEqual(outcome.code, 7)
        self.assertEqual(outcome.out, "")

    def test_broken_input_is_exit_1_with_a_code(self):
        outcome = learndock("spec", "info", self.write("s.json", '{"z": [[1]], "beta": [1, 2], "gamma": 0.1}'))
        self.assertEqual(outcome.code, 1)
        self.assertIn("spec.shape", outcome.err)
        self.assertEqual(outcome.out, "")

    # kernels

    def test_reindex_chooses_one_kernel_for_learnwares_of_two(self):
        dock = self.new_dock()
        lines = [{"id": name, "semantic": {}, "stat": statistical(z=[[x, 0.0], [x, 1.0]], gamma=gamma)}
                 for name, x, gamma in (("a", 0.0, 0.1), ("b", 0.1, 7.0), ("c", 9.0, 7.0))]
        specs = self.write("x.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        self.run_ok("import", "--dock", dock, "--specs", specs)
        query = self.write("q.json", json.dumps(statistical(z=[[0.0, 0.0], [0.0, 1.0]], gamma=0.1)))
        search = ("search", "--dock", dock, "--spec", query, "--json")
        compat = self.run_ok(*search, "--scores", "compat").json()["singles"]
        self.assertEqual([hit["id"] for hit in self.run_ok(*search).json()["singles"]], ["a"])
        stored = self.run_ok("show", "b", "--dock", dock, "--json").json()

        report = self.run_ok("reindex", "--dock", dock, "--gamma", "0.2", "--json").json()
        self.assertEqual([(row["dimension"], row["specified"], row["from"], row["to"], row["learnwares"])
                          for row in report["kernels"]], [(2, 0.1, 0.1, 0.2, 1), (2, 7.0, 7.0, 0.2, 2)])
        self.assertEqual(report["warnings"], [])
        answer = self.run_ok(*search).json()
        self.assertEqual([hit["id"] for hit in answer["singles"]], ["a", "b", "c"])
        self.assertIn("gamma 0.2 in place of the query's gamma 0.1", answer["warnings"][0])
        self.assertEqual(self.run_ok(*search, "--scores", "compat").json()["singles"], compat)
        self.assertEqual(self.run_ok("show", "b", "--dock", dock, "--json").json(), stored)

        self.assertIn("gamma 0.2 -> ", self.run_ok("reindex", "--dock", dock, "--gamma", "auto").out)
        self.run_ok("reindex", "--dock", dock, "--rollback")
        self.assertIn("gamma 0.2 in", self.run_ok(*search).json()["warnings"][0])
        self.run_ok("reindex", "--dock", dock, "--gamma", "own", "--coordinates", "0")
        self.assertEqual([hit["id"] for hit in self.run_ok(*search).json()["singles"]], ["a"])

    def test_reindex_says_what_gamma_may_be(self):
        dock = self.new_dock()
        for wrong in ("0", "-1", "nan", "wide"):
            outcome = learndock("reindex", "--dock", dock, f"--gamma={wrong}")
            self.assertEqual(outcome.code, 2, outcome.err)
            self.assertIn("a positive number, auto (median heuristic), or own", outcome.err)
        self.assertEqual(learndock("reindex", "--dock", dock, "--gamma", "auto", "--rollback").code, 2)
        self.assertIn("learndock reindex --dock mydock --gamma auto", self.run_ok("reindex", "--help").out)

    def test_learnwares_whose_kernel_tells_nothing_apart_are_taken_with_a_warning(self):
        dock = self.new_dock()
        lines = [{"semantic": {}, "stat": statistical()}] + [{"semantic": {}, "stat": statistical(gamma=400.0)}] * 3
        specs = self.write("x.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        outcome = self.run_ok("import", "--dock", dock, "--specs", specs, "--json")
        self.assertEqual(outcome.json()["imported"], 4)
        warning, = outcome.json()["warnings"]
        self.assertIn("x.jsonl:2: kernel blind: 3 of 4 imported learnwares", warning)
        self.assertIn(warning, outcome.err)

        def blind(name):
            files = package_files(name)
            files["stat_spec.json"] = json.dumps(statistical(gamma=500.0)).encode()
            files["__init__.py"] += name.encode().join((b"# ", b"\n"))
            path = self.folder / f"{name}.zip"
            path.write_bytes(zip_bytes(files))
            return path

        self.assertIn("blind1.zip: kernel blind",
                      self.run_ok("import", "--dock", dock, blind("blind1"), "--json").json()["warnings"][0])
        pushed = self.run_ok("push", blind("blind2"), "--dock", dock, "--json")
        self.assertIn("with gamma 500", pushed.json()["warnings"][0])
        self.assertIn("kernel blind", pushed.err)
        server = self.serve(dock)
        status, _, body = server.upload(blind("blind3").read_bytes())
        self.assertEqual(status, 201)
        self.assertIn("kernel blind", json.loads(body)["warnings"][0])
        self.assertIn("warning: kernel blind", self.run_ok("push", blind("blind4"), "--server", server.url).err)

    # one dock, the whole life of a learnware

    def test_local_life_of_a_learnware(self):
        dock, learnware = self.dock_with_one()
        listed = self.run_ok("list", "--dock", dock, "--json").json()
        self.assertEqual([(entry["id"], entry["name"]) for entry in listed["learnwares"]],
                         [(learnware, "Sum of two numbers")])
        shown = self.assert_keys(self.run_ok("show", learnware, "--dock", dock, "--json"), "id", "status", "name")
        self.assertEqual((shown["id"], shown["name"]), (learnware, "Sum of two numbers"))

        answer = self.assert_keys(
            self.run_ok("search", "--dock", dock, "--data", self.write("x.csv", SMALL_TABLE), "--label", "label", "--json"),
            "exact", "slack", "evaluated", "index_version", "singles", "mixture", "timings_ms", "warnings")
        self.assertEqual((answer["exact"], answer["slack"], answer["evaluated"]), (True, 0, 1))
        hit = answer["singles"][0]
        self.assertEqual((hit["id"], hit["name"]), (learnware, "Sum of two numbers"))
        self.assertGreater(hit["mmd_squared"], 0)
        self.assertLessEqual(hit["score"], 1)

        fetched = self.folder / "got" / "learnware.zip"
        fetched.parent.mkdir()
        self.assertEqual(self.run_ok("get", learnware, "--dock", dock, "--out", fetched, "--json").json()["id"],
                         learnware)
        self.assertEqual(sorted(path.name for path in fetched.parent.iterdir()),
                         ["learnware.zip", "requirements.txt", "use.py"])

        self.assertEqual(self.run_ok("delete", learnware, "--dock", dock, "--json").json()["id"], learnware)
        self.assertEqual(self.run_ok("list", "--dock", dock, "--json").json()["learnwares"], [])
        self.assertEqual(learndock("show", learnware, "--dock", dock).code, 3)

    def test_specs_import_keeps_ids_and_order_and_rejects_bad_lines_alone(self):
        dock = self.new_dock()
        lines = [{"id": name, "semantic": {}, "stat": statistical(z=[[float(i), 0.0], [1.0, 1.0]])}
                 for i, name in enumerate(("zeta", "alpha", "mid"))]
        lines.insert(1, {"id": "bad", "semantic": {}, "stat": statistical(gamma=-1)})
        file = self.write("bulk.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        outcome = learndock("import", "--dock", dock, "--specs", file, "--json").json()
        self.assertEqual(outcome["imported"], 3)
        self.assertEqual([r["code"] for r in outcome["rejected"]], ["spec.gamma"])
        self.assertEqual(outcome["rejected"][0]["where"], "/stat/gamma")
        self.assertTrue(outcome["rejected"][0]["path"].endswith("bulk.jsonl:2"))
        self.assertIn("message", outcome["rejected"][0])
        listed = self.run_ok("list", "--dock", dock, "--json").json()
        self.assertEqual([entry["id"] for entry in listed["learnwares"]], ["zeta", "alpha", "mid"])
        answer = self.run_ok("search", "--dock", dock, "--spec",
                             self.write("q.json", json.dumps(lines[2]["stat"])), "--mixture", "0", "--json").json()
        self.assertEqual(answer["singles"][0]["id"], "alpha")
        self.assertIsNone(answer["mixture"])

    def test_a_forgotten_label_is_named_when_nothing_fits(self):
        dock, _ = self.dock_with_one()
        data = self.write("x.csv", SMALL_TABLE.replace("label", "Target"))
        warnings = self.run_ok("search", "--dock", dock, "--data", data, "--json").json()["warnings"]
        self.assertIn("no learnware has the query's dimension 3; those here have 2", warnings)
        self.assertTrue(any("leave it out with --label Target" in warning for warning in warnings), warnings)
        details = self.run_ok("search", "--dock", dock, "--data", data, "--json").json()["warning_details"]
        self.assertEqual([one["message"] for one in details], warnings)
        facts = {one["code"]: one["facts"] for one in details}
        self.assertEqual(facts["dimension_unmatched"], {"query": 3, "dock": [2]})
        self.assertEqual(facts["label_suspected"], {"column": "Target"})
        server = self.serve(dock)
        self.assertIn("--label Target", self.run_ok("search", "--server", server.url, "--data", data).err)
        fits = self.run_ok("search", "--server", server.url, "--data", data, "--label", "Target", "--json").json()
        self.assertEqual((fits["evaluated"], [w for w in fits["warnings"] if "dimension" in w]), (1, []))
        other = self.write("z.csv", SMALL_TABLE.replace("label", "third"))
        said = self.run_ok("search", "--server", server.url, "--data", other).err
        self.assertNotIn("--label third", said)
        self.assertIn("the query's dimension 3; those here have 2", said)
        self.assertIn("leave it out with --label NAME", said)
        self.assertNotIn("proved", said, "nothing was compared, so there is no proof to speak of")

    def test_import_says_with_its_exit_code_whether_anything_came_in(self):
        self.assertIn("exit code: 0 when at least one", self.run_ok("import", "--help").out)
        dock = self.new_dock()
        good = json.dumps({"semantic": {}, "stat": statistical()}) + "\n"
        self.assertEqual(learndock("import", "--dock", dock, "--specs", self.write("a.jsonl", good + "{}\n")).code, 0)
        self.assertEqual(learndock("import", "--dock", dock, "--specs", self.write("b.jsonl", "{}\n" + "{\n")).code, 1)
        self.assertEqual(learndock("import", "--dock", dock, "--specs", self.write("c.jsonl", "\n")).code, 3)

    def test_a_backend_that_cannot_run_is_exit_7_here_and_at_a_server(self):
        backends = self.run_ok("version", "--json").json()["backends"]
        away = next((b["name"] for b in backends if not b["available"]), None)
        if away is None:
            self.skipTest("every backend runs here")
        dock, _ = self.dock_with_one()
        spec = self.write("s.json", json.dumps(statistical()))
        self.assertEqual(learndock("search", "--dock", dock, "--spec", spec, "--backend", away).code, 7)
        self.assertEqual(learndock("reindex", "--dock", dock, "--backend", away).code, 7)
        self.run_ok("reindex", "--dock", dock)
        self.run_ok("reindex", "--dock", dock, "--rollback", "--backend", away)  # which computes nothing
        outcome = learndock("search", "--server", self.serve(dock).url, "--spec", spec, "--backend", away)
        self.assertEqual(outcome.code, 7)
        self.assertIn("backend.unavailable", outcome.err)

    def test_piped_table_has_no_colour_and_one_line_a_hit(self):
        dock, learnware = self.dock_with_one()
        outcome = self.run_ok("list", "--dock", dock)
        self.assertNotIn("\x1b", outcome.out)
        self.assertEqual(len([line for line in outcome.out.splitlines() if learnware in line]), 1)


if __name__ == "__main__":
    unittest.main()
