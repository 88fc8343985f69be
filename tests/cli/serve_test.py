"""`learndock serve`: where its settings come from, and that it always stops."""

import http.client
import os
import signal
import unittest

from harness import Server, TestCase, free_port, learndock, write_package


class Settings(TestCase):
    def file(self, text):
        path = self.write("learndock.toml", text)
        path.chmod(0o600)
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
        server = self.serve_with("--config", self.file('# who may write\ntoken = "token-of-the-file"\n'))
        self.assertEqual(server.request("DELETE", "/v1/learnwares/00000001")[0], 401)
        self.assertEqual(self.wrong_delete(server, "token-of-the-file"), 404)

    def test_the_environment_comes_before_the_file_and_a_flag_before_both(self):
        file = self.file('token = "token-of-the-file"\n')
        environment = {"LEARNDOCK_TOKEN": "token-of-the-environment"}
        server = self.serve_with("--config", file, env=environment)
        self.assertEqual(self.wrong_delete(server, "token-of-the-file"), 401)
        self.assertEqual(self.wrong_delete(server, "token-of-the-environment"), 404)
        server.stop()
        server = self.serve_with("--config", file, "--token", "token-of-the-flag", env=environment)
        self.assertEqual(self.wrong_delete(server, "token-of-the-environment"), 401)
        self.assertEqual(self.wrong_delete(server, "token-of-the-flag"), 404)

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
            connection.request("GET", "/v1/status")  # a probe would have a place of its own
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


class WhoMay(TestCase):
    """Who may read and write is said at the start, and no mistake with a token opens a dock."""

    def setUp(self):
        super().setUp()
        self.dock = self.new_dock()

    def token_file(self, text, rights=0o600):
        path = self.write(f"{len(list(self.folder.iterdir()))}.token", text)
        path.chmod(rights)
        return path

    def started(self, *arguments, env=None):
        server = Server(self.dock, *arguments, env=env)
        self.addCleanup(server.close)
        return server

    def refused(self, *arguments, env=None):
        outcome = learndock("serve", "--dock", self.dock, "--listen", "127.0.0.1:0", *arguments, env=env)
        self.assertNotEqual(outcome.code, 0)
        self.assertIn("fix:", outcome.err)
        return outcome

    def status_of_delete(self, server, token):
        return server.request("DELETE", "/v1/learnwares/00000001", headers={"Authorization": f"Bearer {token}"})[0]

    def test_the_start_says_who_may_read_and_write(self):
        self.assertIn("reading: everyone; writing: everyone on this machine (no token)\n", self.started().log_text())

    def test_the_start_names_separate_tokens(self):
        push, delete = self.token_file("token-for-pushing\n"), self.token_file("token-for-deleting\n")
        server = self.started("--push-token-file", push, "--delete-token-file", delete)
        self.assertIn("reading: everyone; writing: holders of a push token; deleting: holders of a delete token\n",
                      server.log_text())
        self.assertEqual(self.status_of_delete(server, "token-for-pushing"), 403)
        self.assertEqual(self.status_of_delete(server, "token-for-deleting"), 404)

    def test_an_address_beyond_this_machine_is_warned_about(self):
        port = free_port()
        server = Server(None, "--dock", self.dock, "--listen", f"0.0.0.0:{port}", port=port)
        self.addCleanup(server.close)
        text = server.log_text()
        self.assertIn("writing: no one (no token; not a loopback address)", text)
        self.assertIn(f"warning: reading is open to everyone who can reach port {port}", text)

    def test_an_empty_token_is_an_error_and_not_no_token(self):
        self.assertIn("empty", self.refused("--token", "").err)
        self.assertIn("empty", self.refused("--push-token", "").err)
        self.assertIn("empty", self.refused("--token-file", self.token_file("\n")).err)
        for name in ("LEARNDOCK_TOKEN", "LEARNDOCK_PUSH_TOKEN", "LEARNDOCK_DELETE_TOKEN", "LEARNDOCK_TOKEN_FILE"):
            self.assertIn(name, self.refused(env={name: ""}).err)
        settings = self.token_file('token = ""\n')
        self.assertIn("empty", self.refused("--config", settings).err)

    def test_a_short_token_is_an_error(self):
        self.assertIn("1 bytes", self.refused("--token", "a").err)
        self.assertIn("15 bytes", self.refused("--delete-token-file", self.token_file("fifteen-bytes-x")).err)
        self.assertIn("16", self.refused(env={"LEARNDOCK_PUSH_TOKEN": "short"}).err)

    def test_a_token_file_that_others_may_read_is_refused(self):
        for rights in (0o644, 0o640, 0o604, 0o660):
            path = self.token_file("a-token-of-16-bytes", rights)
            outcome = self.refused("--token-file", path)
            self.assertEqual(outcome.code, 4)
            self.assertIn(f"chmod 600 {path}", outcome.err)

    def test_a_settings_file_with_a_token_that_others_may_read_is_refused(self):
        for key in ("token", "push-token", "delete-token"):
            path = self.token_file(f'{key} = "a-token-of-16-bytes"\n', 0o644)
            self.assertEqual(self.refused("--config", path).code, 4)
        path = self.token_file("stop-seconds = 5\n", 0o644)
        self.started("--config", path)

    def test_a_token_file_loses_one_line_break(self):
        server = self.started("--token-file", self.token_file("a-token-of-16-bytes\n"))
        self.assertEqual(self.status_of_delete(server, "a-token-of-16-bytes"), 404)

    def test_a_token_and_its_file_at_once_are_usage(self):
        outcome = self.refused("--token", "a-token-of-16-bytes", "--token-file", self.token_file("b-token-of-16-bytes"))
        self.assertEqual(outcome.code, 2)

    def test_a_file_on_the_command_line_comes_before_the_environment(self):
        server = self.started("--token-file", self.token_file("token-of-the-file"),
                              env={"LEARNDOCK_TOKEN": "token-of-the-environment"})
        self.assertEqual(self.status_of_delete(server, "token-of-the-environment"), 401)
        self.assertEqual(self.status_of_delete(server, "token-of-the-file"), 404)

    def test_a_token_on_the_command_line_is_said_to_show(self):
        shown = self.started("--token", "a-token-of-16-bytes")
        self.assertIn("--token-file", shown.log_text())
        shown.stop()
        hidden = self.started(env={"LEARNDOCK_TOKEN": "a-token-of-16-bytes"})
        self.assertNotIn("process list", hidden.log_text())


class Stopping(TestCase):
    """A pipe in the place of a package: the thread that opens it blocks until the other end is opened too."""

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
