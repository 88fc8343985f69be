"""README's transcripts are what the program says today.

LEARNDOCK_WRITE_README=1 writes what the commands say into README instead of comparing. Ids and names must be equal,
numbers equal to four digits: another BLAS rounds the last ones differently.
"""
import os
import pty
import re
import shlex
import subprocess
import sys
import unittest

from harness import BINARY, DEMO, REPOSITORY, TestCase

README = REPOSITORY / "README.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
URL = "http://127.0.0.1:8080"
PROGRAM = "build/release/bin/learndock"
NUMBER = re.compile(r"^-?\d+\.\d+(e-?\d+)?$")


def alike(one, other):
    if NUMBER.match(one) and NUMBER.match(other):
        return abs(float(one) - float(other)) <= 1e-4 * max(abs(float(one)), abs(float(other)), 1)
    return one == other


def transcripts(text):
    """[(command, what it says)] of all blocks."""
    found = []
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, said = part.partition("\n")
            found.append((command, said))
    return found


class Readme(TestCase):
    def setUp(self):
        super().setUp()
        dock = self.new_dock()
        self.run_ok("import", "--dock", dock, DEMO / "packages", "--json")
        self.server = self.serve(dock)

    def run_program(self, command):
        """What a learndock command of README says: its notes, then its output."""
        words = [word.replace(URL, self.server.url).replace("build/demo/tasks", str(DEMO / "tasks"))
                 .replace("build/demo/try", str(self.folder)) for word in shlex.split(command)[1:]]
        return self.in_terminal([str(BINARY), *words])

    def in_terminal(self, words):
        """What a person sees: a terminal has columns and the order of notes and output."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
        os.close(theirs)
        said = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the program has closed the terminal
                break
            if not piece:
                break
            said += piece
        os.close(ours)
        text = said.decode("utf-8").replace("\r\n", "\n")
        self.assertEqual(process.wait(timeout=300), 0, f"{words}\n{text}")
        return text

    def test_the_searches_say_what_readme_shows(self):
        text = README.read_text(encoding="utf-8")
        searches = [(command, said) for command, said in transcripts(text) if command.startswith(PROGRAM + " search")]
        self.assertGreaterEqual(len(searches), 1)
        for command, said in searches:
            says = self.run_program(command)
            if os.environ.get("LEARNDOCK_WRITE_README"):
                text = text.replace(said, says)
                README.write_text(text, encoding="utf-8")
                continue
            old, new = said.split(), says.split()
            self.assertTrue(len(old) == len(new) and all(map(alike, old, new)), f"{command}\n{says}\nREADME:\n{said}")

    def test_the_best_learnware_of_the_search_is_the_one_that_is_fetched(self):
        commands = transcripts(README.read_text(encoding="utf-8"))
        search = next(said for command, said in commands if command.startswith(PROGRAM + " search"))
        fetch = next(command for command, _ in commands if command.startswith(PROGRAM + " get"))
        best = next(line.split()[1] for line in search.splitlines() if line.startswith("1 "))
        self.assertEqual(fetch.split()[2], best)
        self.run_program(fetch)
        use = next(command for command, _ in commands if "use.py" in command and "requirements" not in command)
        words = [word.replace("build/demo/tasks", str(DEMO / "tasks")).replace("build/demo/try", str(self.folder))
                 for word in shlex.split(use)[1:]]
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout + done.stderr, r"273 predictions in ")
        self.assertRegex(done.stdout + done.stderr, r"accuracy on the known labels: 0\.[89]")

    def test_every_link_of_readme_leads_somewhere(self):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README.read_text(encoding="utf-8")):
            if "://" not in target:
                self.assertTrue((REPOSITORY / target).exists(), target)


if __name__ == "__main__":
    unittest.main()
