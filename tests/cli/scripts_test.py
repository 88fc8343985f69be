"""The scripts: what they ask of apt, with stand-ins for the programs of the distribution, and what they write down."""

import json
import shutil
import subprocess
import sys
import unittest

from harness import REPOSITORY, TestCase

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
