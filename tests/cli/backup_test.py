"""Copies of a dock that is written to meanwhile: a backup is whole, a plain copy of the folder is not.

LEARNDOCK_BACKUPS is the number of copies, 3 by default; from 20 on the plain copies are made too.
"""

import json
import os
import random
import shutil
import subprocess
import threading
import unittest

from harness import Server, TestCase, learndock, package_files, zip_bytes

BACKUPS = int(os.environ.get("LEARNDOCK_BACKUPS", "3"))
UPLOADERS = 3
PAUSE_SECONDS = 0.2  # of an uploader: the dock of fifty copies stays small enough to be looked through


class Backup(TestCase):
    def start_uploaders(self, server):
        """Uploads from several threads, and a few removals, until the returned function is called."""
        self.acknowledged, self.removed, stop, failures = [], set(), threading.Event(), []

        def upload(first):
            for number in range(first, 10**9, UPLOADERS):
                if stop.is_set():
                    return
                files = package_files(f"Sum of two numbers, edition {number}")
                files["weights.bin"] = random.Random(number).randbytes(80_000)
                status, _, body = server.upload(zip_bytes(files))
                if status != 201:
                    failures.append((status, body))
                    return
                learnware = json.loads(body)["id"]
                self.acknowledged.append(learnware)
                if number % 17 == 5:
                    self.removed.add(learnware)
                    server.request("DELETE", f"/v1/learnwares/{learnware}")
                stop.wait(PAUSE_SECONDS)

        threads = [threading.Thread(target=upload, args=(i,)) for i in range(UPLOADERS)]
        for thread in threads:
            thread.start()

        def stop_all():
            stop.set()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])

        self.addCleanup(stop_all)
        return stop_all

    def faults_of(self, dock, before):
        """Why a copy is not whole; empty: it is."""
        checked = learndock("check", dock, "--packages", "--json")
        if checked.code != 0:
            return checked.out or checked.err
        held, after = set(), None
        while True:
            page = learndock("list", "--dock", dock, "--limit", "200", "--json", *(["--after", after] if after else []))
            if page.code != 0:
                return page.err
            held |= {one["id"] for one in page.json()["learnwares"]}
            after = page.json().get("next")
            if not after:
                break
        missing = before - held - self.removed
        return f"missing: {sorted(missing)}" if missing else ""

    def test_every_backup_beside_uploads_is_whole(self):
        dock = self.new_dock()
        server = self.serve(dock)
        stop = self.start_uploaders(server)
        for turn in range(BACKUPS):
            before = set(self.acknowledged)
            copy = self.folder / f"backup-{turn}"
            self.run_ok("backup", dock, copy)
            restored = self.folder / f"restored-{turn}"
            self.run_ok("restore", copy, restored)
            self.assertEqual(self.faults_of(restored, before), "", f"backup {turn}")
            shutil.rmtree(copy)
            shutil.rmtree(restored)
        stop()

    @unittest.skipIf(BACKUPS < 20, "the negative control needs many copies: LEARNDOCK_BACKUPS=50")
    def test_a_plain_copy_beside_uploads_is_not(self):
        dock = self.new_dock()
        server = self.serve(dock)
        stop = self.start_uploaders(server)
        faults = copies = 0
        while copies < BACKUPS and faults < 3:
            copies += 1
            before = set(self.acknowledged)
            copy = self.folder / f"plain-{copies}"
            subprocess.run(["cp", "-r", dock, copy], check=False)
            faults += bool(self.faults_of(copy, before))
            shutil.rmtree(copy)
        stop()
        self.assertGreater(faults, 0, "no plain copy failed: this test sees nothing")
        print(f"{faults} of {copies} plain copies are not whole")


if __name__ == "__main__":
    unittest.main()
