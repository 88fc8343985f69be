"""Packages that must not get in: each gives a coded error with a message, and leaves nothing behind in the dock."""

import json
import os
import stat
import unittest
import warnings
import zipfile

from harness import TestCase, files_below, learndock, package_files, semantic, statistical, zip_bytes


def with_entry(name, content=b"x"):
    return zip_bytes(list(package_files().items()) + [(name, content)])


def without(name):
    files = package_files()
    del files[name]
    return zip_bytes(files)


def replaced(name, text):
    return zip_bytes(dict(package_files(), **{name: text.encode()}))


def spec_text(text):
    return replaced("stat_spec.json", text)


def spec(**changes):
    return spec_text(json.dumps(statistical(**changes)))


def yaml(text):
    return replaced("learnware.yaml", text)


def symlink():
    entry = zipfile.ZipInfo("link")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zip_bytes(list(package_files().items()) + [(entry, b"/etc/passwd")])


def same_name_twice():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile says that this is a strange archive, which is the point
        return with_entry("stat_spec.json", json.dumps(statistical(gamma=9.0)).encode())


def encrypted():
    data = bytearray(zip_bytes(package_files()))
    data[6] |= 1  # general purpose flags of the first local header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and of the central directory
    return bytes(data)


def wrong_crc():
    data = bytearray(zip_bytes(package_files()))
    data[14] ^= 0xFF
    data[data.index(b"PK\x01\x02") + 16] ^= 0xFF
    return bytes(data)


YAML_BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nmodel: {class_name: Sum, kwargs: {x: *b}}\n"
GOOD = zip_bytes(package_files())
CASES = {
    # name: (bytes, code or the start of it)
    "climbs out": (with_entry("../evil.py"), "zip.path.traversal"),
    "climbs out deep": (with_entry("a/../../evil.py"), "zip.path.traversal"),
    "absolute": (with_entry("/etc/evil"), "zip.path.absolute"),
    "backslash": (with_entry("a\\evil.py"), "zip.path"),
    "drive": (with_entry("C:/evil.py"), "zip.path"),
    "control character": (with_entry("a\x07b"), "zip.path"),
    "long path": (with_entry("d/" + "n" * 600), "zip.path.length"),
    "symlink": (symlink(), "zip.file_kind"),
    "two names of one fold": (with_entry("LEARNWARE.yaml"), "zip.duplicate"),
    "twice the same name": (same_name_twice(), "zip.duplicate"),
    "text file": (b"this is not an archive\n" * 10, "zip.not_a_zip"),
    "empty file": (b"", "zip."),
    "cut in half": (GOOD[: len(GOOD) // 2], "zip."),
    "cut by one byte": (GOOD[:-1], "zip."),
    "zero entries": (zip_bytes({}), "zip.empty"),
    "encrypted": (encrypted(), "zip.encrypted"),
    "wrong checksum": (wrong_crc(), "zip.crc"),
    "bomb": (with_entry("zeros.bin", bytes(100 << 20)), "zip.bomb"),
    "no manifest": (without("learnware.yaml"), "package.missing_file"),
    "no code": (without("__init__.py"), "package.missing_file"),
    "no specification": (without("stat_spec.json"), "package.missing_file"),
    "yaml alias bomb": (yaml(YAML_BOMB), "package.yaml.alias"),
    "yaml tag": (yaml("model: {class_name: !!python/object/apply:os.system ['id']}\n"), "package.yaml.tag"),
    "yaml key twice": (yaml("model: {class_name: Sum}\nmodel: {class_name: Other}\n"), "package.yaml.duplicate_key"),
    "yaml broken": (yaml("model: [unclosed\n"), "package.yaml"),
    "unknown specification class": (
        yaml("model: {class_name: Sum}\nstat_specifications:\n  - {module_path: os, class_name: system, "
             "file_name: stat_spec.json, kwargs: {}}\n"), "package.class"),
    "not a number": (spec_text('{"z":[[NaN,1]],"beta":[1],"gamma":0.1}'), "json.not_finite"),
    "overflowing number": (spec_text('{"z":[[1e400,1]],"beta":[1],"gamma":0.1}'), "json."),
    "ragged points": (spec(z=[[1.0, 2.0], [3.0]]), "spec.shape"),
    "weights of another length": (spec(beta=[1.0]), "spec.shape"),
    "negative gamma": (spec(gamma=-0.1), "spec.gamma"),
    "no points": (spec(z=[], beta=[]), "spec.shape"),
    "deep nesting": (spec_text("[" * 20000), "json."),
    "not json": (spec_text("z: 1"), "json.syntax"),
    "specification of another width": (spec(z=[[1.0], [2.0]]), "package.spec_mismatch"),
    "semantic value outside the list": (
        replaced("semantic_specification.json",
                 json.dumps(semantic(Task={"Values": ["Divination"], "Type": "Class"}))), "semantic."),
    "semantic without input": (
        replaced("semantic_specification.json", json.dumps(semantic(Input={}))), "semantic."),
}


class BrokenPackages(TestCase):
    def test_each_is_refused_with_its_code_and_leaves_nothing(self):
        dock = self.new_dock()
        learndock("import", "--dock", dock, self.folder)  # opens it once, so that all its files are there
        before = files_below(dock)
        for number, (name, (content, code)) in enumerate(CASES.items()):
            with self.subTest(name):
                package = self.folder / f"broken{number}.zip"
                package.write_bytes(content)
                outcome = learndock("import", "--dock", dock, package, "--json")
                self.assertNotEqual(outcome.code, 0)
                value = outcome.json()
                self.assertEqual(value["imported"], 0)
                self.assertEqual(len(value["rejected"]), 1, value)
                refusal = value["rejected"][0]
                self.assertTrue(refusal["code"].startswith(code), f"{refusal['code']}: {refusal['message']}")
                self.assertEqual(os.path.basename(refusal["path"]), package.name)
                self.assertGreater(len(refusal["message"]), 10)
                self.assertEqual(files_below(dock), before)
        self.assertEqual(self.run_ok("list", "--dock", dock, "--json").json()["learnwares"], [])
        self.assertFalse((self.folder / "evil.py").exists())

    def test_a_good_one_gets_in_among_broken_ones(self):
        dock = self.new_dock()
        folder = self.folder / "packages"
        folder.mkdir()
        (folder / "a_broken.zip").write_bytes(CASES["climbs out"][0])
        (folder / "b_good.zip").write_bytes(GOOD)
        (folder / "c_broken.zip").write_bytes(CASES["no code"][0])
        value = learndock("import", "--dock", dock, folder, "--json").json()
        self.assertEqual(value["imported"], 1)
        self.assertEqual([os.path.basename(refusal["path"]) for refusal in value["rejected"]],
                         ["a_broken.zip", "c_broken.zip"])

    def test_the_server_refuses_them_too(self):
        dock = self.new_dock()
        server = self.serve(dock)
        before = files_below(dock)
        for name in ("climbs out", "symlink", "text file", "yaml tag", "negative gamma", "bomb"):
            with self.subTest(name):
                content, code = CASES[name]
                status, headers, body = server.upload(content)
                self.assertEqual(status // 100, 4, body)
                self.assertEqual(headers["Content-Type"].split(";")[0], "application/problem+json")
                self.assertTrue(json.loads(body)["code"].startswith(code), body)
                self.assertNotIn(str(self.folder), body.decode())
        self.assertEqual(json.loads(server.request("GET", "/v1/learnwares")[2])["learnwares"], [])
        self.assertEqual(files_below(dock), before)


if __name__ == "__main__":
    unittest.main()
