"""The script that runs a learnware (src/dock/use.py): as the Python module that it is, and run beside packages."""
import contextlib
import csv
import gzip
import importlib.util
import io
import json
import subprocess
import sys
import tempfile
import types
import unittest
import zipfile
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[2] / "src" / "dock" / "use.py"
PLACEHOLDER = 'json.loads("{}")  # the dock fills this in'
HAS_NUMPY = importlib.util.find_spec("numpy") is not None

MODEL = """import numpy as np
from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self, **kwargs):
        super().__init__(input_shape=({columns},), output_shape=(1,))

    def predict(self, X):
        {predict}
"""


def load():
    spec = importlib.util.spec_from_file_location("use_template", TEMPLATE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def options_of(**given):
    usual = dict(label="", drop=[], columns="", by_position=False, delimiter="", decimal="", encoding="", header=None)
    return types.SimpleNamespace(**{**usual, **given})


def semantic_of(inputs, outputs=(), task="Classification"):
    return {"Task": {"Values": [task], "Type": "Class"},
            "Input": {"Dimension": len(inputs), "Description": {str(at): text for at, text in enumerate(inputs)}},
            "Output": {"Dimension": max(len(outputs), 1), "Description": {str(at): text for at, text in enumerate(outputs)}}}


class UseTemplate(unittest.TestCase):
    def setUp(self):
        self.use = load()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def table(self, text, name="table.csv", encoding="utf-8", **given):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return self.use.TextTable(str(path), options_of(**given))

    def cells(self, table):
        return [[self.use.value_of(cell, table.decimal) for cell in cells] for _, cells in table.rows()]

    def test_has_one_placeholder_and_knows_no_learnware(self):
        self.assertEqual(TEMPLATE.read_text(encoding="utf-8").count(PLACEHOLDER + "\n"), 1)
        self.assertEqual(self.use.PACKAGE, {})

    def test_lines_that_take_code_from_elsewhere_are_foreign(self):
        for line in ("numpy", "numpy>=1.20,<2  # for arrays", "torch==2.1.0+cpu ; python_version > '3.7'", "--pre",
                     "pandas[excel]", "six --hash=sha256:00ff", "# a comment", ""):
            self.assertFalse(self.use.is_foreign(line), line)
        for line in ("--index-url https://example.org", "-r other.txt", "-e .", "git+https://example.org/x", "./x.whl",
                     "numpy @ https://example.org/numpy", "x.tar.gz", "numpy --install-option=x"):
            self.assertTrue(self.use.is_foreign(line), line)

    def test_headers_are_told_from_data(self):
        row = [["37.5", "130", "7.25"]]
        for header in (["a", "b"], ["0", "1", "2"], ["1", "2"], ["a", "1"], ["2019", "2020", "2021"]):
            self.assertIs(self.use.is_header(header, row), True, header)
        for header in (["1.5", "2"], ["3", "4"], ["1", "1"], ["-1", "0"], ["0", "2"], ["?", "130"]):
            self.assertIs(self.use.is_header(header, row), False, header)
        self.assertIs(self.use.is_header(["M", "0.455"], [["M", "0.35"], ["F", "0.53"]]), False, "a row without header")

    def test_a_row_in_place_of_a_header_is_not_lost(self):
        for text in ("M,0.455,15\nM,0.35,7\nF,0.53,9\n", "?,1,2\n3,4,5\n6,7,8\n"):
            with self.assertRaisesRegex(self.use.UseError, "not a header"):
                self.table(text)
        table = self.table("1,2\n3,4\n", header=False)
        self.assertEqual((table.names, self.cells(table)), (None, [[1, 2], [3, 4]]))

    def test_the_usual_dialects_are_read(self):
        for delimiter in ",;\t|":
            table = self.table(delimiter.join(["a", "b", "c"]) + "\n" + delimiter.join(["1.5", "2", "NA"]) + "\n")
            self.assertEqual((table.names, table.delimiter), (["a", "b", "c"], delimiter))
            self.assertEqual(self.cells(table)[0][:2], [1.5, 2])
        table = self.table("a;b\n1,5;2,25\n3;4\n")
        self.assertEqual(self.cells(table), [[1.5, 2.25], [3, 4]], "decimal commas")
        self.assertEqual(self.cells(self.table("sep=;\na;b\n1;2\n")), [[1, 2]])
        self.assertEqual(self.cells(self.table('"a,b",c\r\n1,2\r\n')), [[1, 2]])
        self.assertEqual(self.cells(self.table("a,b\r1,2\r3,4")), [[1, 2], [3, 4]])
        self.assertEqual(self.table("# made by hand\na,b\n1,2\n").names, ["a", "b"])
        self.assertEqual(self.table("#a b\n1.5 2\n", delimiter=" ").names, ["a", "b"])

    def test_the_usual_encodings_are_read(self):
        text = "gr\u00f6\u00dfe,b\n1,2\n"
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
            self.assertEqual(self.table(text, encoding=encoding).names, ["gr\u00f6\u00dfe", "b"], encoding)
        self.assertEqual(self.table("\ufeff" + text, encoding="utf-16-be").names[1], "b")
        self.assertEqual(self.table(gzip.compress(text.encode())).names[1], "b")
        with self.assertRaisesRegex(self.use.UseError, "byte 2 of the table is no text in utf-8") as refused:
            self.table(text, encoding="latin-1")
        self.assertIn("--encoding latin1", refused.exception.fix)
        latin = self.folder / "latin.csv"
        latin.write_bytes(text.encode("latin-1"))
        self.assertEqual(self.use.TextTable(str(latin), options_of(encoding="latin1")).names[0], "gr\u00f6\u00dfe")

    def test_another_kind_of_file_is_named(self):
        for start, name in ((b"PK\x03\x04", "Excel"), (b"PAR1", "Parquet"), (b"%PDF-1.7", "PDF"), (b"\x80\x04x", "pickle")):
            with self.assertRaisesRegex(self.use.UseError, name):
                self.table(start + b"\0" * 40)

    def test_blank_lines_are_missing_values_of_one_column_alone(self):
        nan = [[value != value for value in row] for row in self.cells(self.table("a\n1.5\n\n2\n\n\n"))]
        self.assertEqual(nan, [[False], [True], [False]])
        self.assertEqual(self.cells(self.table("a,b\n1.5,2\n\n3,4\n\n")), [[1.5, 2], [3, 4]])

    def test_faults_name_the_line(self):
        for text, line in (("a,b\n1,2\n3\n", "line 3 has 1 cells"), ('a,b\n1,"2\n', "line"), ("", "is empty")):
            with self.assertRaisesRegex(self.use.UseError, line):
                list(self.table(text).rows())

    def test_columns_are_chosen_by_name_and_by_position(self):
        table = self.table('x,"a,b",y,label\n1,2,3,4\n')
        self.assertEqual(self.use.chosen_columns(table, options_of(label="label", drop=['"a,b"'])), ([0, 2], 3))
        self.assertEqual(self.use.chosen_columns(table, options_of(drop=["x,y", "#4"])), ([1], None))
        self.assertEqual(self.use.chosen_columns(table, options_of(columns="y,x")), ([2, 0], None))
        for name in ("nope", "#9", "#0"):
            with self.assertRaisesRegex(self.use.UseError, "no column named"):
                self.use.chosen_columns(table, options_of(label=name))

    # columns by name

    def arrange(self, header, inputs, **given):
        table = self.table(",".join(header) + "\n" + ",".join("1.5" for _ in header) + "\n", header=True)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            options = options_of(**given)
            places = self.use.arranged(table, self.use.chosen_columns(table, options)[0], semantic_of(inputs), options)
        return [header[at] for at in places], said.getvalue()

    def test_columns_in_another_order_are_put_into_the_learnwares(self):
        inputs = ["alcohol, in percent", "malic_acid, in g", "od280/od315"]
        self.assertEqual(self.arrange(["alcohol", "malic_acid", "od280_per_od315"], inputs),
                         (["alcohol", "malic_acid", "od280_per_od315"], ""))
        order, said = self.arrange(["OD280 per od315", "Malic Acid", "alcohol (%)"], inputs)
        self.assertEqual(order, ["alcohol (%)", "Malic Acid", "OD280 per od315"])
        self.assertIn("another order", said)
        order, said = self.arrange(["id", "malic_acid", "alcohol", "od280/od315"], inputs)
        self.assertEqual(order, ["alcohol", "malic_acid", "od280/od315"])
        self.assertIn("left out, because the learnware has no such input: 'id'", said)
        order, said = self.arrange(["malic_acid", "alcohol", "od280/od315"], inputs, by_position=True)
        self.assertEqual((order, said), (["malic_acid", "alcohol", "od280/od315"], ""))

    def test_columns_that_are_not_there_are_named(self):
        for header in (["alcohol", "acid", "ash"], ["x1", "x2", "x3"], ["alcohol", "alcohol", "ash"]):
            with self.assertRaisesRegex(self.use.UseError, "not among your columns: .*'malic_acid'") as refused:
                self.arrange(header, ["alcohol", "malic_acid", "ash"])
            self.assertIn("--by-position", refused.exception.fix)
            self.assertEqual(self.arrange(header, ["alcohol", "malic_acid", "ash"], by_position=True), (header, ""))

    def test_sentences_and_numbers_are_not_taken_for_names(self):
        sentences = ["grey value of pixel (0, %d) divided by 16" % at for at in range(3)]
        for header in (["p0", "p1", "p2"], ["0", "1", "2"]):
            self.assertEqual(self.arrange(header, sentences), (header, ""))
        self.assertEqual(self.arrange(["0", "1", "2"], ["alcohol", "malic_acid", "ash"])[1], "")
        self.assertEqual(self.arrange(["a", "b"], ["alcohol", "alcohol"]), (["a", "b"], ""))

    def test_many_columns_are_arranged_quickly(self):
        names = ["column %d of many" % at for at in range(20000)]
        places = self.use.places_of(names[::-1], names)
        self.assertEqual(places, list(range(20000))[::-1])


@unittest.skipUnless(HAS_NUMPY, "numpy is not installed")
class UseBesidePackages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "p.csv"

    def package(self, predict="return X[:, 0]", columns=2, semantic=None, files=None, model=None):
        """Writes a package and the script for it."""
        parts = {"__init__.py": model if model is not None else MODEL.format(columns=columns, predict=predict)}
        if semantic is not None:
            parts["semantic_specification.json"] = json.dumps(semantic)
        with zipfile.ZipFile(self.folder / "learnware.zip", "w") as archive:
            for name, text in {**parts, **(files or {})}.items():
                archive.writestr(name, text)
        facts = {"learnware_id": "00000042", "package_file": "learnware.zip", "class_name": "Model",
                 "module_path": "__init__.py", "kwargs": {}}
        script = TEMPLATE.read_text(encoding="utf-8").replace(PLACEHOLDER, "json.loads(%r)" % json.dumps(facts))
        (self.folder / "use.py").write_text(script, encoding="utf-8")

    def run_use(self, data, *more, name="t.csv"):
        path = self.folder / name
        if data is not None:
            path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
        return subprocess.run([sys.executable, str(self.folder / "use.py"), "--data", str(path), "--out", str(self.out),
                               *more], capture_output=True, text=True, timeout=120)

    def expect_error(self, done, *said):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        for words in said:
            self.assertIn(words, done.stderr)
        self.assertEqual(len([line for line in done.stderr.splitlines() if line.startswith("error: ")]), 1, done.stderr)
        self.assertFalse(self.out.exists())

    def predictions(self):
        with open(self.out, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_a_table_in_another_order_gives_the_same_predictions(self):
        self.package("return X[:, 0] - 10 * X[:, 1]", semantic=semantic_of(["alcohol", "malic acid"]))
        self.assertEqual(self.run_use("alcohol,malic_acid,label\n1,2,-19\n3,4.5,-42\n", "--label", "label").returncode, 0)
        right = self.predictions()
        done = self.run_use("label;malic_acid;alcohol\n-19;2;1\n-42;4,5;3\n", "--label", "label")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("another order", done.stderr)
        self.assertEqual(self.predictions(), right)
        self.assertIn("accuracy on the known labels: 1.0000", done.stdout)
        done = self.run_use("malic_acid,alcohol\n2,1\n4.5,3\n", "--by-position")
        self.assertNotIn("another order", done.stderr)
        self.assertNotEqual(self.predictions(), right)

    def test_a_text_column_that_the_learnware_does_not_have_is_left_out(self):
        self.package(semantic=semantic_of(["a", "b"]))
        done = self.run_use("id,b,a\nx7,1,2\nx8,3,4.5\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["prediction"] for row in self.predictions()], ["2.0", "4.5"])

    def test_what_is_no_table_is_an_error_in_words(self):
        import numpy

        def npy(array):
            file = io.BytesIO()
            numpy.save(file, array)
            return file.getvalue()

        self.package()
        for data, words in ((b"PK\x03\x04" + b"\0" * 50, "Excel"), (b"a,b\n1,\xff\n", "no text in utf-8"),
                            (npy(numpy.arange(3.0)), "reshape"), (npy(numpy.zeros((0, 2))), "no values"),
                            (npy(numpy.array([["a"]])), "2-D array of numbers"), (b"\x93NUMPY\x01\0", "no .npy array"),
                            (npy(numpy.array([{}], dtype=object)), "no .npy array"), (b"", "is empty"),
                            ("a,b\n1,x\n", "line 2, column 'b': 'x' is not a number"), ("a,b\n", "no rows"),
                            ("a,b\n1,2\n\n\n1,2,3\n", "line 5 has 3 cells"), ("a;b\n1;1,234\n", "--decimal comma"),
                            ("a,b,c\n1,2,3.5\n", "takes 2 columns, the data has 3"), (b"\x1f\x8b123", "gzip")):
            self.expect_error(self.run_use(data), words)
        self.expect_error(self.run_use(None, name="absent.csv"), "cannot read", "absent.csv")
        self.expect_error(self.run_use(None, name="."), "cannot read")
        self.assertEqual(self.run_use("a,b\n1,2\n".encode("utf-16")).returncode, 0)

    def test_what_is_wrong_with_the_output_is_said_before_the_model_runs(self):
        self.package()
        for out in (self.folder, self.folder / "nowhere" / "p.csv", self.folder / "t.csv"):
            done = self.run_use("a,b\n1,2\n", "--out", str(out))
            self.expect_error(done, "error: ")
            self.assertNotIn("running the code", done.stderr)
        self.expect_error(self.run_use("a,b\n1,2\n", "--out", "/proc/p.csv"), "cannot write")

    def test_wrong_flags_are_a_matter_of_usage(self):
        self.package()
        self.assertEqual(self.run_use("a,b\n1,2\n", "--nonsense").returncode, 2)
        self.assertEqual(subprocess.run([sys.executable, str(self.folder / "use.py")], capture_output=True).returncode, 2)
        self.expect_error(self.run_use("a,b\n1,2\n", "--delimiter", "two"), "not one character")
        self.expect_error(self.run_use("a,b\n1,2\n", "--label", "nope"), "no column named 'nope'; there are: 'a', 'b'")
        self.expect_error(self.run_use("a,b\n1,2\n", "--encoding", "klingon"), "not known")

    def test_a_missing_package_of_python_is_named(self):
        self.package(model="import a_package_that_is_not_there.part\n")
        self.expect_error(self.run_use("a,b\n1,2\n"), "needs the Python package 'a_package_that_is_not_there'",
                          "--print-requirements > requirements.txt, then pip install -r requirements.txt")
        (self.folder / "requirements.txt").write_text("numpy\n")
        self.expect_error(self.run_use("a,b\n1,2\n"), "requirements.txt (in a virtual environment)")

    def test_a_broken_model_is_told_by_its_last_line(self):
        for model, words in (("def broken(:\n", "SyntaxError"), ("x = 1\n", "no class 'Model'"),
                             ("class Model:\n    def __init__(self):\n        open('weights.bin')\n", "__init__.py, line 3"),
                             ("class Model:\n    pass\n", "AttributeError"), ("raise SystemExit(0)\n", "SystemExit"),
                             ("class Model:\n    def predict(self, X):\n        return 1 / 0\n", "ZeroDivisionError"),
                             ("class Model:\n    def predict(self, X):\n        return None\n", "answered"),
                             ("class Model:\n    def predict(self, X):\n        return [[1], [1, 2]]\n", "answered")):
            self.package(model=model)
            self.expect_error(self.run_use("a,b\n1,2\n3,4\n"), words)
        self.package(model="class Model:\n    def predict(self, X):\n        return 1 / 0\n")
        self.expect_error(self.run_use("a,b\n1,2\n"), "learnware 00000042: its predict failed: ZeroDivisionError")
        self.assertIn("Traceback", self.run_use("a,b\n1,2\n", "--debug").stderr)

    def test_a_damaged_package_is_an_error_in_words(self):
        self.package()
        whole = (self.folder / "learnware.zip").read_bytes()
        for damaged in (b"", whole[:60], whole.replace(b"import numpy", b"import numpx")):
            (self.folder / "learnware.zip").write_bytes(damaged)
            self.expect_error(self.run_use("a,b\n1,2\n"), "is damaged")
        (self.folder / "learnware.zip").unlink()
        self.expect_error(self.run_use("a,b\n1,2\n"), "there is no package")
        self.expect_error(self.run_use("a,b\n1,2\n", "--package", "absent.zip"), "there is no package 'absent.zip'")

    def test_scores_become_classes_and_both_have_an_accuracy(self):
        data = "a,b,label\n1,2,x\n3,1,y\n5,0,y\n"
        meant = semantic_of(["a", "b"], ["y", "x"])
        self.package("return np.array([int(b > a) for a, b in X])", semantic=meant)
        self.assertIn("accuracy on the known labels: 1.0000\n", self.run_use(data, "--label", "label").stdout)
        self.package("return np.array([[a, b] for a, b in X])", semantic=meant)
        done = self.run_use(data, "--label", "label")
        self.assertIn("accuracy on the known labels: 1.0000 (the class of the largest of 2 scores)", done.stdout)
        self.assertEqual([row["prediction"] for row in self.predictions()], ["1", "0", "0"])
        self.assertEqual(self.predictions()[1]["output_0"], "3.0")
        self.package("return 1 / (1 + np.exp(X[:, 0] - X[:, 1]))", semantic=meant)
        self.assertIn("accuracy on the known labels: 1.0000 (the second", self.run_use(data, "--label", "label").stdout)

    def test_the_models_own_classes_come_first(self):
        self.package("self.classes_ = np.array([3, 7]); return np.array([[a, b] for a, b in X])")
        done = self.run_use("a,b,label\n1,2,7\n3,1,3\n5,0,3\n", "--label", "label")
        self.assertIn("accuracy on the known labels: 1.0000 (", done.stdout)

    def test_several_outputs_of_a_regression_are_no_scores(self):
        self.package("return X", semantic=semantic_of(["a", "b"], ["u", "v"], "Regression"))
        done = self.run_use("a,b,label\n1.5,2,7\n3,1,3\n", "--label", "label")
        self.assertNotIn("accuracy", done.stdout)
        self.assertEqual(list(self.predictions()[0]), ["output_0", "output_1"])

    def test_labels_in_other_words_are_not_called_wrong(self):
        self.package("return np.array([0, 1])", semantic=semantic_of(["a", "b"]))
        done = self.run_use("a,b,label\n1.5,2,cat\n3,1,dog\n", "--label", "label")
        self.assertNotIn("accuracy", done.stdout)
        self.assertIn("written in another way", done.stderr)
        done = self.run_use("a,b,label\n1.5,2,0\n3,1,NA\n", "--label", "label")
        self.assertIn("accuracy on the known labels: 1.0000, of 1 rows with a label", done.stdout)

    def test_labels_with_decimal_commas_are_numbers(self):
        self.package("return X[:, 0]", semantic=semantic_of(["a", "b"], ["y"], "Regression"))
        done = self.run_use("a;b;label\n1,5;2;1,5\n3;1,25;3\n", "--label", "label")
        self.assertIn("R^2 on the known labels: 1.0000", done.stdout)

    def test_missing_cells_are_said(self):
        self.package()
        self.assertIn("missing cells go to the model as NaN, which some models refuse; here they are 1", self.run_use("a,b\n1,2\n3,NA\n").stderr)


if __name__ == "__main__":
    unittest.main()
