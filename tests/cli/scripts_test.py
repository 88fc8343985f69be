"""What scripts/lib/packages.sh asks of apt, with stand-ins for the programs of the distribution."""

import json
import shutil
import subprocess
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


if __name__ == "__main__":
    unittest.main()
