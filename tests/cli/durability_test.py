"""What the server acknowledged survives: kill -9 in the middle of uploads, and an ordinary stop."""

import hashlib
import http.client
import json
import random
import threading
import time
import unittest

from harness import TestCase, files_below, package_files, zip_bytes

ROUNDS = 3
UPLOADERS = 4


def package_number(number):
    files = package_files(f"Sum of two numbers, edition {number}")
    files["weights.bin"] = random.Random(number).randbytes(64_000)
    return zip_bytes(files)


class Durability(TestCase):
    def upload_until_killed(self, server, first_number, kill_after):
        """Uploads from several threads, kills the server after some answers; returns what was acknowledged."""
        acknowledged, enough = [], threading.Event()

        def upload(start):
            for number in range(start, start + 10000 * UPLOADERS, UPLOADERS):
                try:
                    status, _, body = server.upload(package_number(number))
                except (OSError, http.client.HTTPException):
                    return  # the server is gone: unknown whether this one was stored
                if status == 201:
                    record = json.loads(body)
                    acknowledged.append((record["id"], record["package"]["sha256"]))
                if len(acknowledged) >= kill_after:
                    enough.set()

        threads = [threading.Thread(target=upload, args=(first_number + i,)) for i in range(UPLOADERS)]
        for thread in threads:
            thread.start()
        self.assertTrue(enough.wait(timeout=120), "too few uploads were acknowledged")
        server.kill()
        for thread in threads:
            thread.join()
        return list(acknowledged)

    def assert_all_there(self, server, acknowledged):
        for learnware, digest in acknowledged:
            status, _, body = server.request("GET", f"/v1/learnwares/{learnware}/package")
            self.assertEqual(status, 200, learnware)
            self.assertEqual(hashlib.sha256(body).hexdigest(), digest, learnware)

    def test_kill_during_uploads_loses_nothing_acknowledged(self):
        dock = self.new_dock()
        acknowledged = []
        for turn in range(ROUNDS):
            server = self.serve(dock)
            self.assert_all_there(server, acknowledged)
            acknowledged += self.upload_until_killed(server, 1000000 * turn, kill_after=5 + 7 * turn)
        server = self.serve(dock)
        self.assert_all_there(server, acknowledged)
        self.assertEqual(len({learnware for learnware, _ in acknowledged}), len(acknowledged))
        status = json.loads(server.request("GET", "/v1/status")[2])
        # At most one upload of each thread was in flight at each kill; those may or may not be there.
        self.assertGreaterEqual(status["learnwares"], len(acknowledged))
        self.assertLessEqual(status["learnwares"], len(acknowledged) + ROUNDS * UPLOADERS)
        # What the kills left half-done does not pile up: at most one package of each upload in flight.
        packages = [name for name in files_below(dock) if (dock / name).read_bytes()[:4] == b"PK\x03\x04"]
        self.assertLessEqual(len(packages), status["learnwares"] + ROUNDS * UPLOADERS)

    def test_stop_is_clean_and_soon(self):
        dock = self.new_dock()
        server = self.serve(dock)
        self.assertEqual(server.upload(package_number(1))[0], 201)
        started = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - started, 30)
        again = self.serve(dock)
        self.assertEqual(json.loads(again.request("GET", "/v1/status")[2])["learnwares"], 1)


if __name__ == "__main__":
    unittest.main()
