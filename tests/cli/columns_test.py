"""Names of columns: a search compares them with those of the hits' inputs, on this machine and over HTTP."""
import http.server
import json
import subprocess
import sys
import threading
import unittest
import urllib.request

from harness import TestCase, package_files, semantic, statistical, zip_bytes

NAMES = ["alcohol", "malic_acid", "hue"]
ROWS = [[(i * 37 % 11) / 4, (i * i % 7) / 2, 5 + (i * 5 % 13) / 3] for i in range(40)]

MODEL = b"""from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(3,), output_shape=(1,))

    def predict(self, X):
        return X[:, 0] - 10 * X[:, 1]
"""


def csv_of(order):
    return ",".join(NAMES[at] for at in order) + "\n" + "".join(
        ",".join(f"{row[at]:.4f}" for at in order) + "\n" for row in ROWS)


class Columns(TestCase):
    def setUp(self):
        super().setUp()
        texts = {"0": "alcohol, in percent", "1": "malic acid, in g/l", "2": "hue"}
        files = package_files("Wine")
        files["semantic_specification.json"] = json.dumps(
            semantic("Wine", Input={"Dimension": 3, "Description": texts})).encode()
        files["stat_spec.json"] = json.dumps(statistical(z=ROWS[:4], beta=[0.25] * 4)).encode()
        files["learnware.yaml"] = b"model:\n  class_name: Model\n"
        files["__init__.py"] = MODEL
        self.dock = self.new_dock()
        package = self.folder / "wine.zip"
        package.write_bytes(zip_bytes(files))
        self.id = self.run_ok("push", package, "--dock", self.dock, "--json").json()["id"]
        self.right = self.write("right.csv", csv_of([0, 1, 2]))
        self.turned = self.write("turned.csv", csv_of([2, 1, 0]))

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def reordered(self, *arguments):
        details = self.run_ok("search", *arguments, "--json").json()["warning_details"]
        return [one["facts"] for one in details if one["code"] == "columns_reordered"]

    def test_a_search_says_that_names_stand_in_another_order(self):
        server = self.serve(self.dock)
        expected = {"learnwares": [self.id], "count": 1, "columns": NAMES}
        self.assertEqual(self.reordered("--server", server.url, "--data", self.turned), [expected])
        self.assertEqual(self.reordered("--server", server.url, "--data", self.right), [])
        mended = ("--data", self.turned, "--columns", ",".join(NAMES))
        self.assertEqual(self.reordered("--server", server.url, *mended), [])
        said = self.run_ok("search", "--server", server.url, "--data", self.turned).err
        self.assertIn("--columns alcohol,malic_acid,hue", said)
        nameless = self.write("nameless.csv", csv_of([2, 1, 0]).partition("\n")[2])
        self.assertEqual(self.reordered("--server", server.url, "--data", nameless, "--no-header"), [])
        server.close()  # one process at a time has a dock
        self.assertEqual(self.reordered("--dock", self.dock, "--data", self.turned), [expected])

    def test_names_go_from_a_table_to_a_search_over_http(self):
        server = self.serve(self.dock)
        made = urllib.request.urlopen(urllib.request.Request(
            server.url + "/v1/specifications", self.turned.read_bytes(), {"Content-Type": "text/csv"}))
        columns = json.loads(made.headers["Learndock-Columns"])
        self.assertEqual(columns, NAMES[::-1])
        body = {"spec": json.load(made), "columns": columns}
        status, _, answer = server.request("POST", "/v1/search", json.dumps(body).encode(),
                                           {"Content-Type": "application/json"})
        self.assertEqual(status, 200)
        self.assertIn("columns_reordered", [one["code"] for one in json.loads(answer)["warning_details"]])

    def test_a_server_that_knows_no_names_is_asked_without_them(self):
        asked = []

        class Older(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append("columns" in body)
                refused = {"code": "argument.invalid", "number": "E3", "detail": 'unknown key "columns"',
                           "where": "/columns", "status": 400}
                answer = refused if asked[-1] else {"exact": True, "singles": [], "mixture": None, "warnings": []}
                text = json.dumps(answer).encode()
                self.send_response(400 if asked[-1] else 200)
                self.send_header("Content-Type", "application/problem+json" if asked[-1] else "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Older)
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        self.assertEqual(self.run_ok("search", "--server", url, "--data", self.right, "--json").json()["singles"], [])
        self.assertEqual(asked, [True, False])

    def test_a_fetched_script_puts_the_columns_into_order(self):
        zip_file = self.folder / "got" / "w.zip"
        script = self.run_ok("get", self.id, "--dock", self.dock, "--out", zip_file, "--json").json()
        answers = []
        for data in (self.right, self.turned):
            out = self.folder / "p.csv"
            done = subprocess.run([sys.executable, script["use"], "--data", str(data), "--out", str(out)],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("another order" in done.stderr, data == self.turned, done.stderr)
            answers.append(out.read_text())
        self.assertEqual(answers[0], answers[1])


if __name__ == "__main__":
    unittest.main()
