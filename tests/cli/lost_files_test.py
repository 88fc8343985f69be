"""A file of the index or of the entries that is cut short under a running server ends one request at most, not the server."""

import json
import os
import unittest

from harness import Server, TestCase, semantic, statistical

LEARNWARES = 5000  # so many that the dock keeps a learnware cache


class LostFiles(TestCase):
    def indexed_dock(self):
        dock = self.new_dock()
        lines = self.folder / "lines.jsonl"
        with lines.open("w", encoding="utf-8") as out:
            for i in range(LEARNWARES):
                stat = statistical(z=[[i % 71 / 10, i / 1000], [i % 37 / 5, 1.0]])
                out.write(json.dumps({"id": f"m{i:05}", "semantic": semantic(f"model {i}"), "stat": stat}) + "\n")
        self.run_ok("import", "--dock", dock, "--specs", lines)
        self.run_ok("reindex", "--dock", dock, "--smallest-space", "100")
        Server(dock).stop()  # an opening that writes keeps what it decoded
        return dock

    def search(self, server, **changes):
        body = json.dumps({"spec": statistical(z=[[3.3, 2.0], [1.4, 1.0]]), "top": 20, **changes})
        status, _, answer = server.request("POST", "/v1/search", body, {"Content-Type": "application/json"})
        return status, json.loads(answer)

    def test_truncated_files_of_a_running_server(self):
        dock = self.indexed_dock()
        segments = sorted((dock / "index").glob("segment-*.lds"))
        entries = dock / "entries/entries.lds"
        self.assertTrue(segments)
        self.assertTrue(entries.exists())
        for victims in (segments, [entries], [*segments, entries]):
            server = Server(dock)
            self.addCleanup(server.close)
            status, want = self.search(server)
            self.assertEqual(status, 200)
            saved = {file: file.read_bytes() for file in victims}
            for file in victims:
                os.truncate(file, 0)
            for changes in ({}, {"text": "model 1"}, {"mixture": 0}):
                status, have = self.search(server, **changes)
                self.assertIn(status, (200, 500), have)
                if status == 200 and not changes:
                    self.assertEqual([one["id"] for one in have["singles"]], [one["id"] for one in want["singles"]])
            status, have = self.search(server)
            self.assertEqual(status, 200)
            self.assertEqual([one["id"] for one in have["singles"]], [one["id"] for one in want["singles"]])
            self.assertEqual(server.request("GET", "/livez")[0], 200)
            self.assertIsNone(server.process.poll())
            log = server.log_text()
            self.assertTrue(any(file.name in log for file in victims), log[-2000:])
            self.assertEqual(server.stop(), 0)
            for file, content in saved.items():
                file.write_bytes(content)


if __name__ == "__main__":
    unittest.main()
