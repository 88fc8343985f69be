"""The check of #include lines finds what it is there for."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT / "scripts" / "check-includes"


class Includes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        for part in ("src", "include", "bench/trial", "cuda"):
            shutil.copytree(ROOT / part, self.root / part)

    def check(self):
        done = subprocess.run([sys.executable, CHECK, self.root], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    def plant(self, path, line):
        file = self.root / path
        file.write_text(file.read_text(encoding="utf-8") + f'\n#include "{line}"\n', encoding="utf-8")
        status, said = self.check()
        self.assertEqual(status, 1, said)
        return said

    def test_the_tree_has_no_fault(self):
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertIn("no faults", said)

    def test_an_upward_include_is_a_fault(self):
        said = self.plant("src/store/index_store.cpp", "engine/space/feature_space.hpp")
        self.assertIn("src/store/index_store.cpp: room store may not use engine/space", said)

    def test_an_upward_include_of_a_public_header_is_a_fault(self):
        said = self.plant("include/learndock/query/search.hpp", "learndock/dock/dock.hpp")
        self.assertIn("room query/request may not use dock", said)

    def test_a_private_header_outside_its_room_is_a_fault(self):
        said = self.plant("src/dock/index/indexing.cpp", "store/segment_layout.hpp")
        self.assertIn("src/store/segment_layout.hpp is private to room store", said)

    def test_a_circle_of_headers_is_a_fault(self):
        said = self.plant("src/engine/search/bounded_search.hpp", "engine/search/candidate_queue.hpp")
        self.assertIn("circle of headers", said)

    def test_a_page_that_allows_a_circle_of_rooms_is_a_fault(self):
        page = self.root / "src" / "README.md"
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("## io\n", "## io\n- may use: dock\n"), encoding="utf-8")
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("room io may use dock, which does not stand before it", said)

    def test_a_room_without_description_is_a_fault(self):
        (self.root / "src" / "attic").mkdir()
        (self.root / "src" / "attic" / "box.hpp").write_text("#pragma once\n", encoding="utf-8")
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("describes no room attic", said)

    def test_a_file_call_outside_its_door_is_a_fault(self):
        for call in ("::rename(from, to)", "std::ofstream(path)", "std::filesystem::rename(a, b)"):
            file = self.root / "src" / "dock" / "dock.cpp"
            text = file.read_text(encoding="utf-8")
            file.write_text(text + f"\n{call};\n", encoding="utf-8")
            status, said = self.check()
            file.write_text(text, encoding="utf-8")
            self.assertEqual(status, 1, said)
            self.assertIn("is not in src/io/disk.cpp, the one door to files", said)

    def test_a_process_started_outside_the_sandbox_is_a_fault(self):
        for call in ("::fork()", "execv(path, words)", 'std::system("ls")', "::posix_spawn(&pid, path)", "popen(text, mode)",
                     "::syscall(SYS_execveat, fd)"):
            file = self.root / "src" / "dock" / "dock.cpp"
            text = file.read_text(encoding="utf-8")
            file.write_text(text + f"\n{call};\n", encoding="utf-8")
            status, said = self.check()
            file.write_text(text, encoding="utf-8")
            self.assertEqual(status, 1, said)
            self.assertIn("is not in src/sandbox, the one room that starts processes", said)

    def test_a_kind_known_outside_its_folder_is_a_fault(self):
        said = self.plant("src/specification/mmd.cpp", "specification/kinds/image/image.hpp")
        self.assertIn("image.hpp is private to src/specification/kinds", said)

    def test_a_kind_named_outside_its_folder_is_a_fault(self):
        file = self.root / "src" / "package" / "manifest.cpp"
        text = file.read_text(encoding="utf-8")
        file.write_text(text + '\nconst char* const kOne = "RKMETextSpecification";\n', encoding="utf-8")
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("src/package/manifest.cpp: the kind RKMETextSpecification is named outside", said)

    def test_an_include_of_nothing_is_a_fault(self):
        self.assertIn("no file of the project", self.plant("src/io/file.cpp", "io/no_such.hpp"))


if __name__ == "__main__":
    unittest.main()
