"""The script that runs a learnware (src/dock/use.py), as the Python module that it is."""
import importlib.util
import tempfile
import unittest
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[2] / "src" / "dock" / "use.py"


def load():
    spec = importlib.util.spec_from_file_location("use_template", TEMPLATE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class UseTemplate(unittest.TestCase):
    def setUp(self):
        self.use = load()

    def test_has_one_placeholder_and_knows_no_learnware(self):
        self.assertEqual(TEMPLATE.read_text(encoding="utf-8").count('json.loads("{}")  # the dock fills this in\n'), 1)
        self.assertEqual(self.use.PACKAGE, {})

    def test_lines_that_take_code_from_elsewhere_are_foreign(self):
        for line in ("numpy", "numpy>=1.20,<2  # for arrays", "torch==2.1.0+cpu ; python_version > '3.7'", "--pre",
                     "pandas[excel]", "six --hash=sha256:00ff", "# a comment", ""):
            self.assertFalse(self.use.is_foreign(line), line)
        for line in ("--index-url https://example.org", "-r other.txt", "-e .", "git+https://example.org/x", "./x.whl",
                     "numpy @ https://example.org/numpy", "x.tar.gz", "numpy --install-option=x"):
            self.assertTrue(self.use.is_foreign(line), line)

    def test_headers_are_told_from_data(self):
        for header in (["a", "b"], ["0", "1", "2"], ["1", "2"], ["a", "1.5"]):
            self.assertFalse(self.use.looks_like_data(header), header)
        for header in (["1.5", "2"], ["3", "4"], ["1", "1"], ["-1", "0"]):
            self.assertTrue(self.use.looks_like_data(header), header)

    def test_tables_are_read_as_specifications_read_them(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            path.write_text("\ufeffa, b ,label\n1,NA,x\n\n2, ?,y\n", encoding="utf-8")
            features, labels = self.use.read_csv(path, "label")
            self.assertEqual([row[0] for row in features], [1.0, 2.0])
            self.assertTrue(all(row[1] != row[1] for row in features), features)
            self.assertEqual(labels, ["x", "y"])
            path.write_text("a,b\n1,x\n", encoding="utf-8")
            with self.assertRaisesRegex(self.use.UseError, "line 2, column 'b'"):
                self.use.read_csv(path, "")


if __name__ == "__main__":
    unittest.main()
