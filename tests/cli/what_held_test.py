"""What an attack on an earlier version found in good order, and must stay so. What unit tests cover is not here again."""

import contextlib
import http.server
import json
import socket
import sqlite3
import struct
import threading
import time
import unittest

from harness import TestCase, files_below, learndock, package_files, zip_bytes

HEAD = b"POST /v1/learnwares HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/zip\r\nContent-Length: %d\r\n\r\n"


def package(number):
    return zip_bytes(package_files(f"Sum of two numbers, edition {number}"))


class OneAnswer(http.server.BaseHTTPRequestHandler):
    """A server that gives every request the same answer, and keeps the paths that it was asked for."""

    def answer(self):
        self.server.paths.append(self.path)
        self.send_response(self.server.status)
        for name, value in self.server.fields.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(self.server.body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


class WhatHeld(TestCase):
    def connect(self, server):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self.addCleanup(connection.close)
        return connection

    def answers_of(self, server, data):
        """All that the server sends until it closes."""
        connection = self.connect(server)
        received = b""
        with contextlib.suppress(OSError):  # it may close before it has read all
            connection.sendall(data)
        with contextlib.suppress(OSError):
            while more := connection.recv(65536):
                received += more
        return received

    def other_server(self, status, fields, body):
        other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OneAnswer)
        other.status, other.fields, other.body, other.paths = status, fields, body, []
        threading.Thread(target=other.serve_forever, daemon=True).start()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        return other, f"http://127.0.0.1:{other.server_port}"

    # HTTP

    def test_fifty_pipelined_requests_are_answered_in_order(self):
        server = self.serve(self.new_dock())
        asked = b"".join(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: number-%02d\r\n\r\n" % i for i in range(50))
        answers = self.answers_of(server, asked[:-2] + b"Connection: close\r\n\r\n")
        self.assertEqual(answers.count(b"HTTP/1.1 404"), 50)
        places = [answers.find(b"number-%02d" % i) for i in range(50)]
        self.assertNotIn(-1, places)
        self.assertEqual(places, sorted(places))

    def test_other_protocols_and_methods_are_refused_and_nothing_is_read_out_of_a_body(self):
        server = self.serve(self.new_dock())
        inner = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
        refused = {
            "HTTP/0.9": b"GET /livez\r\n\r\n",
            "HTTP/1.2": b"GET /livez HTTP/1.2\r\nHost: localhost\r\n\r\n",
            "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
            "NUL": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
            "trailer with a length": b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                     b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Length: 44\r\n\r\n",
        }
        for name, bytes_ in refused.items():
            answers = self.answers_of(server, bytes_ + inner)
            self.assertRegex(answers[:12], b"^HTTP/1.1 (400|501|505)", name)
            self.assertNotIn(b'"live"', answers, name)
        for method in ("OPTIONS", "TRACE", "CONNECT", "PUT"):
            self.assertIn(server.request(method, "/v1/learnwares")[0], (400, 405, 501), method)
        self.assertEqual(server.request("GET", "/livez")[0], 200)

    def test_malformed_targets_are_refused(self):
        server = self.serve(self.new_dock())
        for target in (b"%", b"/%", b"/%2", b"/%zz", b"/%00", b"/v1/learnwares/%ff", b"/v1/learnwares/..%2f..%2fetc", b"//", b"/../x",
                       b"/v1/../etc/passwd", b"*", b"/v1/learnwares?limit=-1", b"/v1/learnwares?limit=1e9",
                       b"/v1/learnwares?after=%", b"/v1\\learnwares", b"/v1/learnwares/" + b"a" * 5000, b"/" + b"a" * 60000):
            answers = self.answers_of(server, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertRegex(answers[:12], b"^HTTP/1.1 4(00|04|14|31)", target[:40])
        self.assertEqual(server.request("GET", "/livez")[0], 200)

    def test_foreign_names_and_origins_cannot_reach_a_dock_of_this_machine(self):
        server = self.serve(self.new_dock())
        for host in ("evil.example", "localhost.evil.example", "169.254.1.1"):
            self.assertEqual(server.request("GET", "/v1/status", headers={"Host": host})[0], 421, host)
            absolute = b"GET http://%s/v1/status HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (host.encode(), host.encode())
            self.assertIn(b" 421 ", self.answers_of(server, absolute)[:20], host)
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{server.port + 1}"):
            headers = {"Origin": origin, "Content-Type": "application/zip"}
            self.assertEqual(server.request("POST", "/v1/learnwares", package(1), headers)[0], 403, origin)
        for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            self.assertEqual(server.request("POST", "/v1/learnwares", package(1), {"Content-Type": media})[0], 415, media)
        self.assertEqual(json.loads(server.request("GET", "/v1/status")[2])["learnwares"], 0)

    def test_downloads_that_read_nothing_keep_no_one_waiting(self):
        server = self.serve(self.new_dock())
        files = package_files()
        # What deflate makes little of: far more than a socket's buffers hold.
        files["noise.bin"] = b"".join(hash((i, 1)).to_bytes(8, "big", signed=True) for i in range(500_000))
        learnware = json.loads(server.upload(zip_bytes(files))[2])["id"]
        for _ in range(40):
            connection = self.connect(server)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /v1/learnwares/%s/package HTTP/1.1\r\nHost: localhost\r\n\r\n" % learnware.encode())
        for path in ("/livez", "/v1/status", f"/v1/learnwares/{learnware}"):
            self.assertEqual(server.request("GET", path, seconds=10)[0], 200, path)
        self.assertEqual(server.request("GET", f"/v1/learnwares/{learnware}/package", seconds=20)[0], 200)

    # uploads

    def test_interrupted_uploads_leave_nothing(self):
        dock = self.new_dock()
        server = self.serve(dock)
        before = files_below(dock)
        content = package(1)
        for share in (1, 50, 99):
            for way in ("close", "reset", "half-close"):
                connection = self.connect(server)
                connection.sendall(HEAD % len(content) + content[:len(content) * share // 100])
                if way == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if way == "half-close":
                    connection.shutdown(socket.SHUT_WR)
                    with contextlib.suppress(OSError):
                        connection.recv(65536)
                connection.close()
        self.assertEqual(server.upload(package(2))[0], 201)
        self.assertEqual(json.loads(server.request("GET", "/v1/status")[2])["learnwares"], 1)
        self.assertEqual(server.stop(), 0)
        packages = {name for name in files_below(dock) - before if name.startswith(("packages", "staging"))}
        self.assertEqual(len(packages), 1, packages)

    def test_sigterm_under_ten_clients_is_success_and_keeps_what_was_acknowledged(self):
        dock = self.new_dock()
        server = self.serve(dock)
        acknowledged, enough = [], threading.Event()

        def upload(first):
            for number in range(first, 100_000, 10):
                try:
                    status, _, body = server.upload(package(number))
                except Exception:  # the server is gone
                    return
                if status == 201:
                    acknowledged.append(json.loads(body)["id"])
                if len(acknowledged) >= 20:
                    enough.set()

        threads = [threading.Thread(target=upload, args=(i,)) for i in range(10)]
        for thread in threads:
            thread.start()
        self.assertTrue(enough.wait(timeout=120))
        self.assertEqual(server.stop(), 0)
        for thread in threads:
            thread.join()
        listed, after = set(), []
        while after is not None:
            page = self.run_ok("list", "--dock", dock, "--limit", "200", "--json", *after).json()
            listed |= {one["id"] for one in page["learnwares"]}
            after = ["--after", page["next"]] if page["next"] else None
        self.assertLessEqual(set(acknowledged), listed)

    # the dock

    def test_a_second_process_is_sent_away_also_without_the_lock_file(self):
        dock = self.new_dock()
        server = self.serve(dock)
        self.assertEqual(server.upload(package(1))[0], 201)
        (self.folder / "sum.zip").write_bytes(package(2))
        write = ("import", "--dock", dock, self.folder / "sum.zip")
        self.assertEqual(learndock(*write).code, 5)
        for lock in dock.glob("*lock*"):
            lock.unlink()
        self.assertEqual(learndock(*write).code, 5)
        self.assertEqual(json.loads(server.request("GET", "/v1/status")[2])["learnwares"], 1)

    def test_a_catalogue_of_a_newer_version_or_another_program_is_left_alone(self):
        dock = self.new_dock()
        catalogue = dock / "catalog.sqlite"
        with contextlib.closing(sqlite3.connect(catalogue)) as database, database:
            database.execute("PRAGMA user_version = 9999")
        before = catalogue.read_bytes()
        self.assertNotEqual(learndock("list", "--dock", dock).code, 0)
        self.assertEqual(catalogue.read_bytes(), before)
        catalogue.unlink()
        with contextlib.closing(sqlite3.connect(catalogue)) as database, database:
            database.execute("CREATE TABLE letters (text)")
        before = catalogue.read_bytes()
        self.assertNotEqual(learndock("list", "--dock", dock).code, 0)
        self.assertEqual(catalogue.read_bytes(), before)

    # the client

    def test_what_a_server_says_is_shown_as_text(self):
        hostile = "\x1b[2J\x1b]0;title\x07\u202e\u009b31m"
        body = json.dumps({"learnwares": [{"id": hostile, "name": hostile, "created": hostile}], "next": None}).encode()
        problem = json.dumps({"title": hostile, "detail": hostile, "code": hostile, "fix": hostile}).encode()
        for status, media, text in ((200, "application/json", body), (500, "application/problem+json", problem),
                                    (200, "text/html", hostile.encode())):
            _, url = self.other_server(status, {"Content-Type": media}, text)
            for command in (("list",), ("show", "x"), ("search", "--text", "x")):
                outcome = learndock(*command, "--server", url)
                for bad in ("\x1b", "\x07", "\u202e", "\u009b"):
                    self.assertNotIn(bad, outcome.out + outcome.err, (command, status))

    def test_an_endless_answer_ends(self):
        _, url = self.other_server(200, {"Content-Type": "application/json"}, b"[" * (80 << 20))
        started = time.monotonic()
        outcome = learndock("list", "--server", url)
        self.assertNotEqual(outcome.code, 0)
        self.assertLess(time.monotonic() - started, 60)

    def test_redirects_are_not_followed(self):
        target, target_url = self.other_server(200, {"Content-Type": "application/json"}, b"{}")
        for status in (301, 302, 307, 308):
            _, url = self.other_server(status, {"Location": target_url + "/v1/learnwares"}, b"")
            self.assertNotEqual(learndock("list", "--server", url).code, 0)
        self.assertEqual(target.paths, [])


if __name__ == "__main__":
    unittest.main()
