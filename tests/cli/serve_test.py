"""`learndock serve`: where its settings come from, and that it always stops."""

import http.client
import os
import signal
import unittest

from harness import Server, TestCase, free_port, learndock, write_package


class Settings(TestCase):
    def file(self, text):
        path = self.folder / "learndock.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def serve_with(self, *arguments, env=None):
        server = Server(self.dock, *arguments, env=env)
        self.addCleanup(server.close)
        return server

    def setUp(self):
        super().setUp()
        self.dock = self.new_dock()

    def wrong_delete(self, server, token):
        headers = {"Authorization": f"Bearer {token}"}
        return server.request("DELETE", "/v1/learnwares/00000001", headers=headers)[0]

    def test_a_token_of_the_file_takes_effect(self):
        server = self.serve_with("--config", self.file('# who may write\ntoken = "of-the-file"\n'))
        self.assertEqual(server.request("DELETE", "/v1/learnwares/00000001")[0], 401)
        self.assertEqual(self.wrong_delete(server, "of-the-file"), 404)

    def test_the_environment_comes_before_the_file_and_a_flag_before_both(self):
        file = self.file('token = "of-the-file"\n')
        environment = {"LEARNDOCK_TOKEN": "of-the-environment"}
        server = self.serve_with("--config", file, env=environment)
        self.assertEqual(self.wrong_delete(server, "of-the-file"), 401)
        self.assertEqual(self.wrong_delete(server, "of-the-environment"), 404)
        server.stop()
        server = self.serve_with("--config", file, "--token", "of-the-flag", env=environment)
        self.assertEqual(self.wrong_delete(server, "of-the-environment"), 401)
        self.assertEqual(self.wrong_delete(server, "of-the-flag"), 404)

    def test_the_dock_and_the_address_can_be_in_the_file(self):
        port = free_port()
        file = self.file(f'dock = "{self.dock}"\nlisten = "127.0.0.1:{port}"\n')
        server = Server(None, "--config", file, port=port)
        self.addCleanup(server.close)
        self.assertEqual(server.request("GET", "/livez")[0], 200)

    def test_limits_can_be_in_the_file(self):
        server = self.serve_with("--config", self.file("max-connections-per-peer = 2\n"))
        held = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=60) for _ in range(3)]
        statuses = []
        for connection in held:
            self.addCleanup(connection.close)
            connection.request("GET", "/livez")
            statuses.append(connection.getresponse().status)
        self.assertIn(503, statuses)
        self.assertEqual(statuses[0], 200)

    def test_an_unknown_key_is_usage_with_a_hint(self):
        outcome = learndock("serve", "--dock", self.dock, "--config", self.file('tokn = "x"\n'))
        self.assertEqual(outcome.code, 2)
        self.assertIn('"tokn"', outcome.err)
        self.assertIn('did you mean "token"?', outcome.err)
        self.assertIn("learndock.toml", outcome.err)

    def test_a_key_in_a_section_is_unknown(self):
        outcome = learndock("serve", "--dock", self.dock, "--config", self.file('[server]\ntoken = "x"\n'))
        self.assertEqual(outcome.code, 2)
        self.assertIn("server.token", outcome.err)

    def test_a_value_that_does_not_fit_is_usage(self):
        outcome = learndock("serve", "--dock", self.dock, "--config", self.file("stop-seconds = soon\n"))
        self.assertEqual(outcome.code, 2)
        self.assertIn("stop-seconds", outcome.err)

    def test_a_missing_file_is_exit_3(self):
        outcome = learndock("serve", "--dock", self.dock, "--config", self.folder / "none.toml")
        self.assertEqual(outcome.code, 3)
        self.assertIn("none.toml", outcome.err)
        self.assertIn("fix:", outcome.err)


class Stopping(TestCase):
    """A pipe in the place of a package: whoever opens it blocks until somebody opens the other end."""

    def serve_a_blocked_request(self, *arguments):
        dock = self.new_dock()
        package = write_package(self.folder / "sum.zip")
        self.run_ok("import", "--dock", dock, package)
        learnware = self.run_ok("list", "--dock", dock, "--json").json()["learnwares"][0]["id"]
        server = Server(dock, *arguments)
        self.addCleanup(server.close)
        blob = next(path for path in (dock / "packages").rglob("*") if path.is_file())
        blob.unlink()
        os.mkfifo(blob)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", f"/v1/learnwares/{learnware}/package")
        while b"\nlearndock_http_handlers_running 1\n" not in server.request("GET", "/metrics")[2]:
            self.assertIsNone(server.process.poll())
        return server

    def test_an_idle_server_stops_with_success(self):
        server = Server(self.new_dock())
        self.addCleanup(server.close)
        self.assertEqual(server.stop(), 0)

    def test_a_stuck_request_does_not_outlive_the_deadline(self):
        server = self.serve_a_blocked_request("--stop-seconds", "0")
        self.assertEqual(server.stop(), 7)
        self.assertIn("E10", server.log_text())

    def test_a_second_signal_ends_the_process(self):
        server = self.serve_a_blocked_request("--stop-seconds", "3600")
        server.process.send_signal(signal.SIGTERM)
        while "stopping:" not in server.log_text():
            self.assertIsNone(server.process.poll())
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.process.wait(timeout=60), 7)
        self.assertIn("second signal", server.log_text())


if __name__ == "__main__":
    unittest.main()
