#!/usr/bin/env python3
"""The systemd unit that ships: systemd understands every line of it, and what it leaves the service
is little. Wants systemd-analyze (the set systemd of packages.txt), but no running systemd."""

import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "config/teal.service"
MOST_EXPOSED = 1.6  # Of 10; nginx's and haproxy's units have 9.6.


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", "--man=no", *arguments],
                          capture_output=True, text=True, timeout=60)


def exposure(path):
    said = analyze("security", "--offline=yes", str(path))
    return float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said.stdout).group(1))


class Unit(unittest.TestCase):
    def setUp(self):
        self.text = UNIT.read_text()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.copy = pathlib.Path(directory.name) / "teal.service"

    def verify(self, text):
        # There is no binary where the unit wants one.
        self.copy.write_text(text.replace("/usr/local/bin/teal", "/bin/true"))
        return analyze("verify", str(self.copy))

    def test_is_understood(self):
        said = self.verify(self.text)
        self.assertEqual((said.returncode, said.stderr), (0, ""))

    def test_is_found_out_where_it_is_not(self):
        said = self.verify(self.text.replace("ProtectClock=yes", "ProtectClok=yes"))
        self.assertIn("ProtectClok", said.stderr)

    def test_exposes_little(self):
        self.assertLessEqual(exposure(UNIT), MOST_EXPOSED)

    def test_would_be_found_exposed_without_its_guards(self):
        self.copy.write_text(re.sub(r"^(Protect|Restrict|SystemCall|Capability).*\n", "", self.text,
                                    flags=re.MULTILINE))
        self.assertGreater(exposure(self.copy), MOST_EXPOSED)

    def test_gives_a_stop_longer_than_the_default_grace(self):
        config = (ROOT / "config/config.h").read_text()
        grace = int(re.search(r"shutdown_grace = seconds\{(\d+)\}", config).group(1))
        stop = int(re.search(r"^TimeoutStopSec=(\d+)$", self.text, re.MULTILINE).group(1))
        self.assertGreater(stop, grace)


if __name__ == "__main__":
    unittest.main()
