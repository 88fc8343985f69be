"""`learndock bench search`: what it reports, of what, and what it refuses."""

import unittest

from harness import SMALL_TABLE, TestCase, learndock


class BenchSearch(TestCase):
    def test_bench_search_reports_what_it_measured(self):
        segment = self.folder / "market.lds"
        market = ("--n", 400, "--tasks", 20, "--dimension", 3, "--points", 4, "--landmarks", 40, "--coordinates", 16,
                  "--file", segment)
        outcome = self.run_ok("bench", "search", *market, "--queries", 9, "--compared", 3, "--mixture", 3, "--json")
        value = outcome.json()
        self.assertEqual(set(value), {
            "learnwares", "dimension", "gamma", "landmarks", "coordinates", "prefilter", "backend", "threads",
            "queries", "top", "build", "bytes_per_learnware", "space_bytes", "open_seconds", "bounds_checked", "mean_kernel",
            "residual_share", "certified_share", "evaluated", "left", "milliseconds", "batched_per_second",
            "last_mmd_squared", "compared", "equal_share", "brute_milliseconds", "mixtures", "peak_resident_bytes"})
        self.assertEqual(set(value["milliseconds"]), {"median", "p95", "p99", "max"})
        self.assertEqual((value["learnwares"], value["certified_share"], value["equal_share"]), (400, 1, 1))
        self.assertEqual(value["mixtures"]["count"], 3)
        again = self.run_ok("bench", "search", *market, "--queries", 9).out
        self.assertNotIn("built in", again)
        self.assertIn("candidates left", again)

    def test_bench_search_on_a_backend(self):
        small = ("--n", 300, "--dimension", 3, "--points", 4, "--coordinates", 8, "--queries", 3)
        value = self.run_ok("bench", "search", *small, "--backend", "cpu_reference", "--json").json()
        self.assertEqual((value["backend"], value["equal_share"]), ("cpu_reference", 1))
        self.assertIn("cpu_reference", value["prefilter"])
        wrong = learndock("bench", "search", *small, "--backend", "gpu")
        self.assertEqual(wrong.code, 2)
        self.assertIn("choose cpu, cpu_reference or cuda", wrong.err)

    def test_bench_search_takes_a_table(self):
        table = self.write("some.csv", SMALL_TABLE)
        market = ("--data", table, "--label", "label", "--points", 2, "--n", 300, "--queries", 3, "--coordinates", 8)
        self.assertEqual(self.run_ok("bench", "search", *market, "--json").json()["dimension"], 2)

    def test_bench_search_by_each_prefilter(self):
        small = ("--n", 400, "--tasks", 20, "--dimension", 3, "--points", 4, "--landmarks", 40, "--coordinates", 16,
                 "--queries", 5, "--compared", 5, "--json")
        for name, shown, certified in (("cells", "cells", 1), ("code_scan", "scan of int8", 1),
                                       ("faiss_flat", "faiss flat", 1), ("hnsw", "approximate", 0)):
            value = self.run_ok("bench", "search", *small, "--prefilter", name).json()
            self.assertIn(shown, value["prefilter"])
            self.assertEqual(value["certified_share"], certified)
            if certified:
                self.assertEqual(value["equal_share"], 1)

    def test_bench_search_refuses_what_it_does_not_know(self):
        for wrong in (("--market", "flea"), ("--gamma", "-1"), ("--prefilter", "none"), ("--specs", "a", "--data", "b")):
            outcome = learndock("bench", "search", "--n", 300, *wrong)
            self.assertEqual(outcome.code, 2, outcome.err)
        self.assertEqual(learndock("bench", "search", "--specs", self.folder / "none.jsonl").code, 3)


if __name__ == "__main__":
    unittest.main()
