"""Backup beside uploads, restore, check, purge and limits, as the keeper of a dock uses them."""

import hashlib
import http.client
import json
import os
import shutil
import threading
import time
import unittest

from harness import TestCase, learndock, package_files, zip_bytes

UPLOADERS = 3
BACKUPS = int(os.environ.get("LEARNDOCK_BACKUPS", "3"))
PLAIN_COPIES = int(os.environ.get("LEARNDOCK_PLAIN_COPIES", "0"))


def package_number(number):
    files = package_files(f"Sum of two numbers, edition {number}")
    files["weights.bin"] = hashlib.sha256(str(number).encode()).digest() * 500
    return zip_bytes(files)


class Uploads:
    """Uploads from several threads until it is told to stop; knows what was acknowledged."""

    def __init__(self, server):
        self.server, self.acknowledged, self.stopping = server, [], threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(start,)) for start in range(UPLOADERS)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        while not self.stopping.is_set():
            number += UPLOADERS
            try:
                status, _, body = self.server.upload(package_number(number))
            except (OSError, http.client.HTTPException):
                continue
            if status != 201:
                continue
            learnware = json.loads(body)["id"]
            self.acknowledged.append(learnware)
            if number % 7 == 0 and self.server.request("DELETE", f"/v1/learnwares/{learnware}")[0] == 204:
                self.acknowledged.remove(learnware)

    def wait_for(self, count):
        deadline = time.monotonic() + 120
        while len(self.acknowledged) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.acknowledged) >= count, "too few uploads were acknowledged"

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def ids_of(dock):
    ids, after = set(), []
    while True:
        page = learndock("list", "--dock", dock, "--limit", "200", "--json", *after).json()
        ids |= {record["id"] for record in page["learnwares"]}
        if page["next"] is None:
            return ids
        after = ["--after", page["next"]]


class Upkeep(TestCase):
    def dock_of(self, count):
        dock = self.new_dock()
        for number in range(count):
            path = self.folder / f"{number}.zip"
            path.write_bytes(package_number(number))
            self.run_ok("push", path, "--dock", dock)
        return dock

    def test_backups_beside_uploads_are_whole_and_have_what_was_acknowledged(self):
        dock = self.new_dock()
        server = self.serve(dock)
        uploads = Uploads(server)
        try:
            for turn in range(BACKUPS):
                uploads.wait_for(3 * (turn + 1))
                before = set(uploads.acknowledged)
                copy = self.folder / f"copy-{turn}"
                told = self.run_ok("backup", dock, copy, "--json").json()
                self.assertEqual(told["problems"], [])
                checked = self.run_ok("check", copy, "--packages", "--json").json()
                self.assertTrue(checked["sound"], checked)
                self.assertEqual({finding["part"] for finding in checked["findings"]} - {"index"}, set())
                self.assertEqual(checked["records"], told["records"])
                # What was deleted since is not missing.
                self.assertEqual((before & set(uploads.acknowledged)) - ids_of(copy), set())
                shutil.rmtree(copy)
        finally:
            uploads.stop()

    @unittest.skipUnless(PLAIN_COPIES, "LEARNDOCK_PLAIN_COPIES: how often cp -r is tried beside uploads")
    def test_plain_copies_beside_uploads_are_not_whole(self):
        dock = self.new_dock()
        uploads = Uploads(self.serve(dock))
        whole = 0
        try:
            for turn in range(PLAIN_COPIES):
                uploads.wait_for(20 * (turn + 1))
                before = set(uploads.acknowledged)
                copy = self.folder / f"copy-{turn}"
                shutil.copytree(dock, copy)
                sound = learndock("check", copy, "--packages", "--json").code == 0
                whole += sound and not (before & set(uploads.acknowledged)) - ids_of(copy)
                shutil.rmtree(copy)
        finally:
            uploads.stop()
        self.assertLess(whole, PLAIN_COPIES, "cp -r of a live dock seems to be enough: the test sees nothing")

    def test_a_restored_dock_is_the_same_and_nothing_is_overwritten(self):
        dock = self.dock_of(3)
        copy, new = self.folder / "copy", self.folder / "new"
        self.run_ok("backup", dock, copy)
        self.assertEqual(learndock("backup", dock, copy).code, 5)
        self.assertEqual(learndock("restore", copy, dock).code, 5)
        self.assertIn("sound", self.run_ok("restore", copy, new).out)
        self.assertEqual(ids_of(new), ids_of(dock))
        (copy / "catalog.sqlite").write_bytes(b"something else")
        shutil.rmtree(new)
        refused = learndock("restore", copy, new)
        self.assertEqual(refused.code, 6)
        self.assertIn("backup.mismatch", refused.err)

    def test_an_emptied_catalogue_is_an_error_that_says_how_to_go_on(self):
        dock = self.dock_of(5)
        (dock / "catalog.sqlite").write_bytes(b"")
        for side in dock.glob("catalog.sqlite-*"):
            side.unlink()
        packages = sorted((dock / "packages").rglob("*"))
        for command in (["list"], ["show", "00000001"], ["delete", "00000001"]):
            refused = learndock(*command, "--dock", dock)
            self.assertEqual(refused.code, 6, command)
            self.assertIn("catalog.behind", refused.err)
            self.assertIn(f"learndock check {dock} --repair", refused.err)
        self.assertEqual(sorted((dock / "packages").rglob("*")), packages)
        self.assertEqual(learndock("check", dock).code, 6)
        repaired = self.run_ok("check", dock, "--repair", "--json").json()
        self.assertTrue(repaired["sound"], repaired)
        self.assertEqual(len(ids_of(dock)), 5)
        self.run_ok("check", dock, "--packages")

    def test_an_emptied_catalogue_is_called_that_by_backup_which_leaves_nothing(self):
        dock, copy = self.dock_of(2), self.folder / "copy"
        (dock / "catalog.sqlite").write_bytes(b"")
        for side in dock.glob("catalog.sqlite-*"):
            side.unlink()
        for _ in range(2):
            refused = learndock("backup", dock, copy)
            self.assertEqual(refused.code, 6, refused.err)
            self.assertIn("the catalogue is an empty file", refused.err)
            self.assertFalse(copy.exists())

    def test_purge_removes_deleted_learnwares_at_once(self):
        dock = self.dock_of(2)
        self.run_ok("delete", "00000001", "--dock", dock)
        self.assertEqual(learndock("purge", dock, "--deleted", "--orphans").code, 2)
        kept = self.run_ok("purge", dock, "--deleted", "--older-than", "1d", "--json").json()
        self.assertEqual((kept["removed"], kept["kept"]), ([], 1))
        self.assertEqual(self.run_ok("purge", dock, "--deleted").out.strip(), "00000001")
        self.assertEqual(self.run_ok("list", "--deleted", "--dock", dock, "--json").json()["deleted"], [])
        self.assertEqual(learndock("undelete", "00000001", "--dock", dock).code, 3)

    def test_commands_without_a_server_option_do_not_name_it_when_the_dock_is_open(self):
        dock = self.dock_of(1)
        self.serve(dock)
        for command in (["check", dock], ["purge", dock, "--orphans"], ["limits", dock, "--max-points", "7"]):
            refused = learndock(*command)
            self.assertEqual(refused.code, 5, refused.err)
            self.assertIn("stop it first", refused.err)
            self.assertNotIn("--server", refused.err)
        self.assertIn("--server", learndock("list", "--dock", dock).err)

    def test_purge_names_what_it_removes(self):
        dock = self.dock_of(1)
        left = dock / "packages" / "ab" / ("c" * 62)
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"cut off")
        self.assertEqual(learndock("purge", dock).code, 2)
        self.assertEqual(learndock("purge", dock, "--orphans", "--older-than", "soon").code, 2)
        self.assertEqual(self.run_ok("purge", dock, "--orphans", "--json").json()["kept"], 1)
        self.assertEqual(self.run_ok("purge", dock, "--orphans", "--older-than", "0", "--dry-run").out.strip(),
                         "ab" + "c" * 62)
        self.assertTrue(left.exists())
        self.run_ok("purge", dock, "--orphans", "--older-than", "0")
        self.assertFalse(left.exists())
        self.assertEqual(len(ids_of(dock)), 1)

    def test_limits_are_shown_changed_and_kept(self):
        dock = self.folder / "dock"
        self.run_ok("init", dock, "--max-points", "7")
        self.assertEqual(self.run_ok("limits", dock, "--json").json()["max_points"], 7)
        changed = self.run_ok("limits", dock, "--keep-deleted-days", "30", "--json").json()
        self.assertEqual((changed["max_points"], changed["keep_deleted_days"]), (7, 30))
        self.assertEqual(self.run_ok("limits", dock, "--json").json(), changed)
        self.assertEqual(learndock("limits", dock, "--max-points", "-1").code, 2)
        self.assertEqual(learndock("limits", self.folder / "none").code, 3)

    def test_a_dock_that_cannot_be_written_can_be_read(self):
        dock = self.dock_of(2)
        self.assertEqual(learndock("list", "--dock", dock).code, 0)
        for side in dock.glob("catalog.sqlite-*"):
            side.unlink()
        paths = [dock, *dock.rglob("*")]
        modes = {path: path.stat().st_mode for path in paths}
        drop = [] if os.getuid() else ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if drop and shutil.which("setpriv") is None:
            self.skipTest("the superuser may write everywhere")
        os.chmod(self.folder, 0o755)
        try:
            for path in paths:
                os.chmod(path, 0o555 if path.is_dir() else 0o444)
            before = sorted(dock.rglob("*"))
            for command in (["list"], ["show", "00000001"], ["search", "--text", "sum"]):
                done = learndock(*command, "--dock", dock, before=drop)
                self.assertEqual(done.code, 0, f"{command} {done.err}")
            refused = learndock("delete", "00000001", "--dock", dock, before=drop)
            self.assertEqual(refused.code, 7, refused.err)
            self.assertIn("dock.read_only", refused.err)
            self.assertIn("fix:", refused.err)
            self.assertEqual(sorted(dock.rglob("*")), before)
        finally:
            for path, mode in modes.items():
                os.chmod(path, mode)


if __name__ == "__main__":
    unittest.main()
