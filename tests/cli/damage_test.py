"""Single flipped bits in the files of a dock: nothing is removed, all damage is found, and what is sound answers.

LEARNDOCK_DAMAGES is the number of bits, 40 by default; LEARNDOCK_SEED chooses others.
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import sqlite3
import unittest

from harness import Server, TestCase, learndock, package_files, semantic, statistical, zip_bytes

DAMAGES = int(os.environ.get("LEARNDOCK_DAMAGES", "40"))
SEED = int(os.environ.get("LEARNDOCK_SEED", "1"))
LEARNWARES = 30
TABLES = ("learnware", "statistical")  # what a record is; the rest is made of it


def package(number):
    name = f"Sum of two numbers, edition {number}"
    files = package_files(name)
    files["stat_spec.json"] = json.dumps(statistical(z=[[number / 7, 0.5], [1.0, number / 11]])).encode()
    files["semantic_specification.json"] = json.dumps(semantic(name, Scenario={"Values": ["Health"], "Type": "Tag"})).encode()
    return zip_bytes(files)


def rows_of(folder, scratch):
    """{table: {sequence: row}} of a copy of the catalogue, or None where SQLite cannot read it."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for name in ("catalog.sqlite", "catalog.sqlite-wal"):
        if (folder / name).exists():
            shutil.copy(folder / name, scratch / name)
    try:
        with contextlib.closing(sqlite3.connect(scratch / "catalog.sqlite")) as database:
            # As bytes: text that is damaged need not be UTF-8.
            database.text_factory = bytes
            return {table: {row[0]: row for row in database.execute(f"SELECT * FROM {table}")} for table in TABLES}
    except sqlite3.DatabaseError:
        return None


def packages_of(dock):
    """The contents below the package store, wherever they stand in it."""
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in (dock / "packages").rglob("*") if path.is_file())


class Damage(TestCase):
    def make_dock(self):
        """Its last ten learnwares are in the catalogue's log only, which a stop would have emptied."""
        dock = self.new_dock()
        server = Server(dock)
        self.addCleanup(server.close)
        for number in range(LEARNWARES - 10):
            self.assertEqual(server.upload(package(number))[0], 201)
        self.assertEqual(server.stop(), 0)
        self.run_ok("reindex", "--dock", dock, "--smallest-space", "5")
        server = Server(dock)
        self.addCleanup(server.close)
        for number in range(LEARNWARES - 10, LEARNWARES):
            self.assertEqual(server.upload(package(number))[0], 201)
        server.kill()
        self.assertTrue((dock / "catalog.sqlite-wal").stat().st_size)
        return dock

    def answers(self, dock):
        """{id: distance}, or None where the dock does not open."""
        query = self.write("query.json", json.dumps(statistical()))
        outcome = learndock("search", "--dock", dock, "--spec", query, "--top", "100", "--mixture", "0", "--json")
        return {one["id"]: one["mmd_squared"] for one in outcome.json()["singles"]} if outcome.code == 0 else None

    def victims(self, dock):
        groups = {"catalogue": [dock / "catalog.sqlite"], "log": [dock / "catalog.sqlite-wal"],
                  "package": sorted(path for path in (dock / "packages").rglob("*") if path.is_file()),
                  "index": sorted(path for path in (dock / "index").iterdir() if path.stat().st_size)}
        self.assertTrue(all(groups.values()), groups)
        return groups

    def damaged_sequences(self, pristine, found):
        return {number for table in TABLES for number, row in pristine[table].items() if found[table].get(number) != row} | {
            number for table in TABLES for number in found[table] if number not in pristine[table]}

    def one_damage(self, dock, kind, file, bit, pristine, want):
        """Returns what became of it, for the summary."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(dock, work)
        victim = work / file.relative_to(dock)
        content = bytearray(victim.read_bytes())
        content[bit // 8] ^= 1 << bit % 8
        victim.write_bytes(content)
        rows = rows_of(work, self.folder / "rows")
        packages = packages_of(work)
        damaged = None if rows is None else self.damaged_sequences(pristine, rows)
        what = f"{kind}, bit {bit} of {file.name}"

        learndock("list", "--dock", work)
        have = self.answers(work)
        checked = learndock("check", work, "--packages", "--json")
        self.assertIn(checked.code, (0, 6), f"{what}: {checked.err}")
        self.assertEqual(packages_of(work), packages, f"{what}: a package is gone")
        if kind == "package" or rows is None or damaged:
            self.assertNotEqual(checked.code, 0, f"{what}: not found, records {damaged}")
        if have is None:
            self.assertTrue(rows is None or damaged or checked.code, f"{what}: a sound dock does not open")
            return "closed"
        sound = {row[1].decode() for number, row in pristine["learnware"].items() if number not in (damaged or ())}
        if rows is not None:
            self.assertLessEqual(sound, set(have), what)
            for one in sound:  # without its index a dock adds up in another order
                self.assertAlmostEqual(have[one], want[one], delta=1e-12, msg=f"{what}: {one}")
        return "found" if checked.code else "no harm"

    def test_flipped_bits_remove_nothing_and_are_found(self):
        dock = self.make_dock()
        pristine = rows_of(dock, self.folder / "rows")
        self.assertEqual(len(pristine["learnware"]), LEARNWARES)
        copy = self.folder / "copy"
        shutil.copytree(dock, copy)
        want = self.answers(copy)
        self.assertEqual(len(want), LEARNWARES)
        draw = random.Random(SEED)
        groups = self.victims(dock)
        outcomes = {}
        for turn in range(DAMAGES):
            kind = list(groups)[turn % len(groups)]
            file = draw.choice(groups[kind])
            bit = draw.randrange(8 * file.stat().st_size)
            with self.subTest(kind=kind, file=file.name, bit=bit):
                became = self.one_damage(dock, kind, file, bit, pristine, want)
                outcomes[kind, became] = outcomes.get((kind, became), 0) + 1
        print({f"{kind}: {became}": count for (kind, became), count in sorted(outcomes.items())})


if __name__ == "__main__":
    unittest.main()
