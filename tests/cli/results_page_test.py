"""scripts/make-results-page: the page in the tree is current, and it shows every change of a figure that it has."""

import json
import shutil
import subprocess
import sys
import unittest

from harness import REPOSITORY, TestCase

SCRIPT = REPOSITORY / "scripts/make-results-page"


def make_page(*arguments):
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, encoding="utf-8", timeout=60)


class ResultsPage(TestCase):
    def copy(self):
        folder = self.folder / "results"
        shutil.copytree(REPOSITORY / "bench/results", folder)
        return folder

    def page_of(self, found):
        folder = self.folder / "results"
        folder.mkdir()
        (folder / "some-2026-11-30.json").write_text(json.dumps(found), encoding="utf-8")
        done = make_page("--results", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return (folder / "README.md").read_text(encoding="utf-8")

    def test_the_page_in_the_tree_is_current(self):
        done = make_page("--check")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_changed_figure_is_noticed(self):
        folder = self.copy()
        self.assertEqual(make_page("--check", "--results", folder).returncode, 0)
        path = folder / "search-2026-11-26.json"
        found = json.loads(path.read_text(encoding="utf-8"))
        found["mixtures_again"]["milliseconds"]["median"] *= 2
        path.write_text(json.dumps(found), encoding="utf-8")
        done = make_page("--check", "--results", folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is out of date", done.stderr)
        self.assertIn("run scripts/make-results-page", done.stderr)
        self.assertEqual(make_page("--results", folder).returncode, 0)
        self.assertEqual(make_page("--check", "--results", folder).returncode, 0)

    def test_a_new_file_and_a_missing_page_are_noticed(self):
        folder = self.copy()
        (folder / "new-2026-11-30.json").write_text('{"seconds": 1}', encoding="utf-8")
        self.assertEqual(make_page("--check", "--results", folder).returncode, 1)
        (folder / "new-2026-11-30.json").unlink()
        (folder / "README.md").unlink()
        self.assertEqual(make_page("--check", "--results", folder).returncode, 1)

    def test_the_median_of_repeated_benchmarks_is_shown(self):
        runs = [{"name": "BM_Sum/n:10", "run_type": "iteration", "real_time": 7.0, "time_unit": "ms"},
                {"name": "BM_Sum/n:10_median", "run_type": "aggregate", "aggregate_name": "median", "real_time": 5.25, "time_unit": "ms"},
                {"name": "BM_Sum/n:20_median", "run_type": "aggregate", "aggregate_name": "median", "real_time": 1234567.0, "time_unit": "ms"}]
        page = self.page_of({"context": {"date": "2026-11-30T01:02:03", "commit": "1234567", "processor": "A CPU", "num_cpus": 2},
                             "benchmarks": runs})
        self.assertIn("- Commit: 1234567\n", page)
        self.assertIn("- Machine: A CPU, 2 cores\n", page)
        self.assertIn("| BM_Sum/n:10 | 5.25 |", page)
        self.assertIn("| BM_Sum/n:20 | 1,234,567 |", page)
        self.assertNotIn("| 7 |", page)

    def test_a_long_table_is_sampled_and_says_so(self):
        page = self.page_of({"rows": [{"size": i, "seconds": i / 8} for i in range(500)]})
        self.assertIn("| 0 | 0 |", page)
        self.assertIn("| 499 | 62.38 |", page)
        self.assertIn("The table leaves out 480 of 500 rows: the file has them.", page)

    def test_a_wide_table_is_cut_and_says_so(self):
        page = self.page_of({"rows": [{f"column{i}": i + j for i in range(30)} for j in range(3)]})
        self.assertRegex(page, r"The table leaves out \d+ of 30 columns: the file has them\.")


if __name__ == "__main__":
    unittest.main()
