"""The scripts: what they ask of apt, with stand-ins for the programs of the distribution, and what they write down."""

import importlib.util
import json
import shutil
import subprocess
import sys
import unittest

from harness import BINARY, REPOSITORY, TestCase

STAND_INS = {
    # Knows libclang-rt-18-dev only, and speaks German unless it is told not to.
    "apt-cache": """[ "$2" = libclang-rt-18-dev ] || exit 0
if [ "${LC_ALL-}" = C ]; then echo "  Candidate: 18"; else echo "  Installationskandidat: 18"; fi""",
    "apt-get": 'echo "apt-get $*" >&2',
    "dpkg-query": "exit 1",
}


class Packages(TestCase):
    def run_script(self, script, user):
        programs = self.folder / "bin"
        programs.mkdir()
        for name, text in dict(STAND_INS, id=f"echo {user}").items():
            (programs / name).write_text(f"#!/bin/bash\n{text}\n")
            (programs / name).chmod(0o755)
        for name in ("bash", "sed", "grep", "env"):
            (programs / name).symlink_to(shutil.which(name))
        begin = "set -euo pipefail; . scripts/lib/say.sh; . scripts/lib/packages.sh; "
        return subprocess.run([str(programs / "bash"), "-c", begin + script], cwd=REPOSITORY, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env={"PATH": str(programs), "LC_ALL": "de_DE.UTF-8"},
                              timeout=60)

    ALTERNATIVES = "ensure_packages 'libclang-rt-dev or libclang-rt-18-dev or libclang-rt-14-dev|sanitizers'"

    def test_a_translated_apt_is_understood_and_its_lock_waited_for(self):
        done = self.run_script(self.ALTERNATIVES, user=0)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"apt-get .*DPkg::Lock::Timeout=\d+ install .* libclang-rt-18-dev\n")

    def test_without_root_the_hint_can_be_pasted(self):
        done = self.run_script(self.ALTERNATIVES, user=1000)
        self.assertEqual(done.returncode, 1)
        self.assertIn("install -y --no-install-recommends libclang-rt-18-dev\n", done.stderr)
        self.assertNotIn(" or libclang", done.stderr.split("fix:")[1])


class Build(TestCase):
    def test_warnings_do_not_stop_a_users_build(self):
        presets = json.loads((REPOSITORY / "CMakePresets.json").read_text(encoding="utf-8"))
        release = next(p for p in presets["configurePresets"] if p["name"] == "release")
        self.assertEqual(release["cacheVariables"]["LEARNDOCK_WARNINGS_AS_ERRORS"], "OFF")


@unittest.skipUnless(importlib.util.find_spec("numpy"), "bench/compare_builds.py needs numpy")
class CompareBuilds(TestCase):
    def setUp(self):
        super().setUp()
        loader = importlib.util.spec_from_file_location("compare_builds", REPOSITORY / "bench/compare_builds.py")
        self.module = importlib.util.module_from_spec(loader)
        loader.loader.exec_module(self.module)

    def test_answers_of_one_program_are_the_same_without_their_times(self):
        dock, table = self.new_dock(), self.folder / "t.csv"
        table.write_text("a,b\n" + "".join(f"{i * 7 % 13}.5,{i * 5 % 11}.25\n" for i in range(60)))
        self.module.compare_answers((BINARY, BINARY), (dock, dock), table)
        answer = self.run_ok("search", "--dock", dock, "--data", table, "--json").json()
        self.assertLessEqual(set(self.module.TIMES), set(answer))
        self.assertEqual([key for key in self.module.without_times(answer) if key.endswith(("_ms", "seconds"))], [])

    def test_docks_that_were_imported_into_are_removed(self):
        self.module.write_specifications(self.folder / "specs.jsonl", 3, self.module.np.random.default_rng(3))
        measurements = self.module.Measurements(self.folder, 3, None, {})
        self.assertGreater(measurements.import_seconds(BINARY), 0)
        self.assertEqual(list(self.folder.glob("imported-*")), [])


class GpuResults(TestCase):
    def test_what_did_not_pass_is_named_beside_how_many_there_were(self):
        report = self.folder / "report"
        report.mkdir()
        for name, text in {"device.status": "0", "benchmarks.status": "124", "memcheck.tests": "3",
                           "memcheck-Scan.A-cuda.status": "0", "memcheck-Scan.B-cuda.status": "9",
                           "memcheck-Scan.C-cuda.status": "124"}.items():
            (report / name).write_text(text)
        built = self.folder / "built"
        built.write_text("commit 1234567\n")
        out = self.folder / "results.json"
        subprocess.run([sys.executable, str(REPOSITORY / "scripts/lib/gpu_results.py"), "--report", str(report), "--built",
                        str(built), "--out", str(out), "--device", "A Device, 580, 1980 MHz, 700 W"], check=True,
                       stdout=subprocess.DEVNULL)
        result = json.loads(out.read_text(encoding="utf-8"))
        self.assertEqual(result["steps"], {
            "device": "passed", "benchmarks": "stopped, out of time",
            "memcheck": {"of": 3, "passed": 1, "failed, exit code 9": ["Scan.B-cuda"], "stopped, out of time": ["Scan.C-cuda"]}})
        self.assertEqual(result["not_run"], ["search", "plugin", "racecheck"])
        self.assertEqual(result["commit"], "1234567")


if __name__ == "__main__":
    unittest.main()
