"""The commands around packages and their verification, as far as they need neither sandbox nor package index."""

import unittest
import zipfile

from harness import Server, TestCase, learndock, write_package


class Packages(TestCase):
    def test_a_begun_package_is_packed_and_stored(self):
        model = self.folder / "model"
        begun = self.run_ok("init-package", model, "--json").json()
        self.assertEqual(set(begun["files"]), {path.name for path in model.iterdir()})
        self.assertIn("class MyModel", (model / "__init__.py").read_text())
        zipped = self.folder / "model.zip"
        packed = self.run_ok("pack", model, "--out", zipped, "--json").json()
        self.assertEqual(packed["bytes"], zipped.stat().st_size)
        self.assertEqual(packed["warnings"], [])
        self.assertIn("learnware.yaml", zipfile.ZipFile(zipped).namelist())
        dock = self.new_dock()
        self.run_ok("push", zipped, "--dock", dock)
        self.assertEqual(learndock("init-package", model).code, 5, "what is there is not overwritten")

    def test_options_of_docks_and_of_packages_are_told_apart(self):
        dock = self.new_dock()
        package = write_package(self.folder / "p.zip", "p")
        self.run_ok("check", dock)
        self.assertEqual(learndock("check", dock, "--unsafe-no-sandbox").code, 2)
        self.assertEqual(learndock("check", package, "--repair").code, 2)

    def test_a_broken_package_fails_its_first_check(self):
        model = self.folder / "model"
        self.run_ok("init-package", model)
        (model / "stat_spec.json").write_text('{"z": [[1, 2]], "beta": [1, 2], "gamma": 0.1}')
        outcome = learndock("check", model, "--unsafe-no-sandbox", "--json")
        self.assertEqual(outcome.code, 6, outcome.err)
        answer = outcome.json()
        self.assertEqual(answer["verdict"], "failed")
        self.assertEqual([check["name"] for check in answer["checks"]], ["structure"])
        self.assertIs(answer["checks"][0]["passed"], False)
        self.assertIn("stat_spec.json", answer["checks"][0]["message"])
        self.assertIn("your own rights", outcome.err)


class Verification(TestCase):
    def setUp(self):
        super().setUp()
        self.dock = self.new_dock()
        self.run_ok("import", "--dock", self.dock, write_package(self.folder / "p.zip", "p"))

    def test_status_and_verify_on_a_folder(self):
        answer = self.run_ok("status", "00000001", "--dock", self.dock, "--json").json()
        self.assertEqual((answer["id"], answer["status"], answer["state"], answer["place"]),
                         ("00000001", "unverified", "waiting", 1))
        self.assertIsNone(answer["verdict"])
        self.assertIn("unverified", self.run_ok("status", "00000001", "--dock", self.dock).out)
        self.assertEqual(self.run_ok("verify", "00000001", "--dock", self.dock, "--json").json()["state"], "waiting")
        self.assertEqual(learndock("verify", "none", "--dock", self.dock).code, 3)

    def test_status_and_verify_on_a_server(self):
        server = self.serve(self.dock)
        answer = self.run_ok("status", "00000001", "--server", server.url, "--json").json()
        self.assertEqual(answer["state"], "waiting")
        self.assertEqual(self.run_ok("verify", "00000001", "--server", server.url, "--json").json()["place"], 1)

    def test_a_server_without_workers_says_so(self):
        server = Server(self.dock, "--workers", "0")
        self.addCleanup(server.close)
        status = self.run_ok("status", "00000001", "--server", server.url, "--json").json()
        self.assertEqual(status["state"], "waiting")


if __name__ == "__main__":
    unittest.main()
