"""A disk that is full to the last byte: the dock is read, deletes, starts, and takes packages again once there is room."""

import contextlib
import json
import os
import subprocess
import sys
import unittest

from harness import Server, TestCase, learndock, package_files, zip_bytes

MOUNTED = "LEARNDOCK_TEST_SMALL_DISK"
DISK_BYTES = 24 << 20


def package_number(number, random_bytes=0):
    files = package_files(f"Sum of two numbers, edition {number}")
    files["weights.bin"] = os.urandom(random_bytes)
    return zip_bytes(files)


@unittest.skipIf(MOUNTED in os.environ, "the tests below run inside")
class OnASmallDisk(unittest.TestCase):
    def test_on_a_disk_of_its_own(self):
        """The tests below in a namespace of their own, where they may mount a small disk in memory."""
        holder = TestCase("run_ok")
        holder.setUp()
        self.addCleanup(holder.doCleanups)
        folder = holder.folder
        mount = f"mount -t tmpfs -o size={DISK_BYTES} none '{folder}'"
        unshare = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run([*unshare, mount], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).returncode == 0:
                inside = subprocess.run([*unshare, f"{mount} && exec '{sys.executable}' '{__file__}' FullDisk"],
                                        env=dict(os.environ, TMPDIR=str(folder), **{MOUNTED: str(folder)}),
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                self.assertEqual(inside.returncode, 0, inside.stdout)
                return
        self.skipTest("this machine lets no namespace mount a disk in memory")


@unittest.skipUnless(MOUNTED in os.environ, "runs inside OnASmallDisk")
class FullDisk(TestCase):
    def setUp(self):
        super().setUp()
        self.dock = self.new_dock()
        self.ballast = self.folder / "ballast"

    def fill(self):
        """Another program takes every byte that is left."""
        with open(self.ballast, "ab", buffering=0) as file:
            for block in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\1" * block)
        self.assertEqual(self.free(), 0)

    def free(self):
        info = os.statvfs(self.folder)
        return info.f_bavail * info.f_frsize

    def start(self, *arguments):
        server = Server(self.dock, *arguments)
        self.addCleanup(server.close)
        return server

    def test_a_full_disk_takes_no_deletion_and_no_start(self):
        server = self.start()
        for number in range(3):
            self.assertEqual(server.upload(package_number(number, 1 << 20))[0], 201)
        self.fill()
        status, _, body = server.upload(package_number(9, 1 << 18))
        self.assertEqual(status, 507)
        self.assertEqual(json.loads(body)["code"], "io.no_space")
        self.assertIn("0 bytes free", json.loads(body)["detail"])
        ready = json.loads(server.request("GET", "/readyz")[2])
        self.assertIn("read-only: 0 bytes free", ready["checks"]["disk"])
        self.assertIn(b"learndock_disk_free_bytes 0", server.request("GET", "/metrics")[2])
        self.assertEqual(server.request("GET", "/v1/learnwares/00000002/package")[0], 200)
        status, fields, _ = server.request("DELETE", "/v1/learnwares/00000001")
        self.assertEqual(status, 204)
        self.assertIsNone(fields["Learndock-Kept-Until"], "it frees its room at once")
        self.assertGreater(self.free(), 1 << 19)

        self.fill()
        server.kill()
        server = self.start()
        self.assertEqual(len(json.loads(server.request("GET", "/v1/learnwares")[2])["learnwares"]), 2)
        self.assertEqual(server.request("DELETE", "/v1/learnwares/00000002")[0], 204)
        self.ballast.unlink()
        self.assertEqual(server.upload(package_number(10, 1 << 20))[0], 201, "without a restart")
        self.assertEqual(json.loads(server.request("GET", "/readyz")[2])["checks"]["disk"], "ok")
        self.assertTrue((self.dock / "reserve.bin").exists(), "for the next time")

    def test_uploads_fill_the_disk_to_the_last_byte(self):
        server = self.start("--min-free-bytes", 5 << 20)
        statuses = [server.upload(package_number(number, 1 << 20))[0] for number in range(25)]
        self.assertIn(201, statuses)
        self.assertEqual(statuses[-1], 507)
        self.assertGreaterEqual(self.free(), 5 << 20)

    def test_a_dock_grows_beyond_what_it_may_take(self):
        server = self.start("--max-dock-bytes", 8 << 20)
        statuses = [server.upload(package_number(number, 1 << 20))[0] for number in range(12)]
        self.assertIn(201, statuses)
        self.assertEqual(statuses[-1], 507)
        taken = sum(path.stat().st_size for path in self.dock.rglob("*") if path.is_file())
        self.assertLessEqual(taken, 8 << 20)

    def test_a_wrong_deletion_cannot_be_taken_back(self):
        self.run_ok("push", self.write("package.zip", package_number(1)), "--dock", self.dock)
        outcome = self.run_ok("delete", "00000001", "--dock", self.dock, "--json")
        self.assertIn("kept_until", outcome.json())
        kept = self.run_ok("list", "--deleted", "--dock", self.dock, "--json").json()["deleted"]
        self.assertEqual([learnware["id"] for learnware in kept], ["00000001"])
        self.run_ok("undelete", "00000001", "--dock", self.dock)
        self.run_ok("show", "00000001", "--dock", self.dock)
        self.assertEqual(learndock("undelete", "00000001", "--dock", self.dock).code, 3)


if __name__ == "__main__":
    unittest.main()
