"""`learndock data`, and what all commands say of the user's table."""

import gzip
import json
import re
import shlex
import struct
import unittest
import urllib.request

from harness import TestCase, learndock

ROWS = 24
TABLE = "Id,day,city,area,rooms,price\n" + "".join(
    f"{i + 1},2024-05-{i + 1:02},{'Oslo' if i % 3 else 'Bergen'},{20 + (i * 37) % 101}.5,{1 + i % 4},"
    f"{'' if i == 5 else (i * 53) % 97}\n" for i in range(ROWS))


class DataCommand(TestCase):
    def test_each_column_is_shown_and_the_flags_that_go_on_work(self):
        data = self.write("homes.csv", TABLE)
        value = self.run_ok("data", data, "--json").json()
        self.assertEqual((value["format"], value["rows"], value["delimiter"], value["header"], value["usable"]),
                         ("csv", ROWS, "comma", True, False))
        columns = {column["name"]: column for column in value["columns"]}
        self.assertEqual({name: column["type"] for name, column in columns.items()},
                         {"Id": "whole", "day": "date", "city": "words", "area": "decimal", "rooms": "whole",
                          "price": "whole"})
        self.assertTrue(columns["Id"]["id_like"] and columns["day"]["date_like"])
        self.assertEqual((columns["price"]["missing"], columns["rooms"]["distinct"]), (1, 4))
        shown = self.run_ok("data", data)
        self.assertEqual(shown.out.splitlines()[0].split("\t")[:3], ["column", "name", "type"])
        self.assertIn("suggested: --drop Id,day,city", shown.err)
        made = self.run_ok("spec", "make", "--data", data, *shlex.split(value["flags"]), "--out",
                           self.folder / "s.json", "--json").json()
        self.assertEqual(made["dimension"], 3)

    def test_the_line_that_an_error_gives_can_be_pasted(self):
        data = self.write("homes.csv", TABLE)
        refused = learndock("spec", "make", "--data", data, "--out", self.folder / "s.json")
        self.assertEqual(refused.code, 1)
        self.assertIn("table.cell", refused.err)
        flags = re.search(r"leave them out: (.*?) \(", refused.err).group(1)
        self.run_ok("spec", "make", "--data", data, *shlex.split(flags), "--out", self.folder / "s.json")
        self.assertIn("were left out", self.run_ok("spec", "make", "--data", data, "--numeric-only", "--out",
                                                   self.folder / "s.json").err)

    def test_several_columns_are_left_out_and_one_without_a_name_too(self):
        data = self.write("x.csv", ",a,b,c\n" + "".join(f"{i},{i % 5}.5,{i % 7}.25,{i % 2}\n" for i in range(20)))
        for flags, dimension in (((), 4), (("--drop", ""), 3), (("--drop", "#1,c"), 2), (("--drop", "", "--drop", "c"), 2),
                                 (("--columns", "b,a"), 2), (("--label", "c", "--drop", "#1"), 2)):
            made = self.run_ok("spec", "make", "--data", data, *flags, "--out", self.folder / "s.json", "--json").json()
            self.assertEqual(made["dimension"], dimension, flags)
            self.assertEqual(any("row numbers or ids" in warning for warning in made["warnings"]), flags == (), flags)

    def test_packed_and_foreign_files(self):
        text = "a;b\n1,5;2\n3;4,5\n"
        for name, content in (("x.csv.gz", gzip.compress(text.encode())), ("x.csv", text.encode("utf-16")),
                              ("y.csv", text.encode("utf-8-sig"))):
            value = self.run_ok("data", self.write(name, content), "--json").json()
            self.assertEqual((value["rows"], value["decimal"], value["usable"]), (2, ",", True), name)
        refused = learndock("data", self.write("x.parquet", b"PAR1\x15\x04"))
        self.assertEqual(refused.code, 1)
        self.assertIn("Parquet", refused.err)
        self.assertIn("read_parquet", refused.err)

    def test_a_search_says_of_the_data_what_spec_make_says(self):
        dock = self.new_dock()
        data = self.write("x.csv", "Id,a,b,label\n" + "".join(
            f"{i},{i % 5}.5,{'' if i % 4 == 0 else i % 7},{i % 2}\n" for i in range(40)))
        made = self.run_ok("spec", "make", "--data", data, "--out", self.folder / "s.json", "--json").json()
        codes = [warning["code"] for warning in made["warning_details"]]
        self.assertLessEqual({"cells_filled", "points_fewer", "id_suspected", "label_suspected"}, set(codes))
        self.assertEqual([warning["message"] for warning in made["warning_details"]], made["warnings"])
        local = self.run_ok("search", "--dock", dock, "--data", data, "--json").json()
        server = self.serve(dock)
        remote = self.run_ok("search", "--server", server.url, "--data", data, "--json").json()
        request = urllib.request.Request(server.url + "/v1/specifications", data.read_bytes(), {"Content-Type": "text/csv"})
        with urllib.request.urlopen(request, timeout=60) as response:
            over_http = json.loads(response.headers["Learndock-Warnings"])
        for warnings in (local["warning_details"], remote["warning_details"], over_http):
            said = [warning for warning in warnings if warning["code"] != "kernel_blind"]
            for warning in made["warning_details"]:
                if warning["code"] != "kernel_blind":
                    self.assertIn(warning, said)

    def test_of_very_many_columns_the_first_are_shown_or_those_that_are_named(self):
        count = 3_000
        data = self.write("wide.csv", ",".join(f"c{i}" for i in range(count)) + "\n" + "".join(
            ",".join(f"{(r * i) % 7}.5" for i in range(count)) + "\n" for r in range(3)))
        value = self.run_ok("data", data, "--json").json()
        self.assertEqual((len(value["columns"]), value["columns_left_out"]), (1_000, 2_000))
        self.assertIn("2000 more columns are not shown", self.run_ok("data", data).err)
        named = self.run_ok("data", data, "--columns", "#3000,#7", "--json").json()
        self.assertEqual([column["name"] for column in named["columns"][:3]], ["c6", "c2999", "c0"])

    def test_advice_for_many_columns_works(self):
        data = self.write("wide.csv", "x,stamp," + ",".join(f"a-column-of-words-{i}" for i in range(500)) + ",7_id\n" + "".join(
            f"{r * 7 % 13}.5,{1700000000 + r % 5}," + ",".join("yes" for _ in range(500)) + f",{r + 1}\n" for r in range(20)))
        value = self.run_ok("data", data, "--json").json()
        self.assertFalse(value["usable"])
        self.assertIn(value["flags"], value["fix"])
        made = self.run_ok("spec", "make", "--data", data, *shlex.split(value["flags"]), "--out", self.folder / "s.json", "--json")
        self.assertEqual(made.json()["dimension"], 1)

    def test_arrays_heed_the_options(self):
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }".ljust(117) + b"\n"
        data = self.write("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
                          + struct.pack("<6f", 1.5, 2, 3, 4.5, 0.25, 6))
        value = self.run_ok("data", data, "--label", "#2", "--json").json()
        self.assertEqual([column["feature"] for column in value["columns"]], [True, False])
        self.assertEqual((value["profiled_rows"], value["usable"]), (3, True))
        refused = learndock("data", data, "--delimiter", ";")
        self.assertNotEqual(refused.code, 0)
        self.assertIn("--delimiter", refused.err)

    def test_values_that_single_precision_loses_are_refused(self):
        data = self.write("x.csv", "ts,a\n" + "".join(f"{1700000000 + i},{i % 7}.5\n" for i in range(60)))
        refused = learndock("spec", "make", "--data", data, "--out", self.folder / "s.json")
        self.assertEqual(refused.code, 1)
        self.assertIn("table.precision", refused.err)
        self.assertIn("--drop ts", refused.err)
        self.assertIn("subtract one fixed number", self.run_ok("data", data).err)
        blurred = self.write("y.csv", "a,b\n" + "".join(f"{1700000000 + i * 200},{i % 7}.5\n" for i in range(60)))
        shown = self.run_ok("data", blurred)
        self.assertIn("blurred", shown.out)
        self.assertIn("subtract one fixed number", shown.err)


if __name__ == "__main__":
    unittest.main()
