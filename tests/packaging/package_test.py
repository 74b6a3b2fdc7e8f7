#!/usr/bin/env python3
"""The Debian package as it is before anybody installs it: lintian minds nothing, everything is where it belongs, and
what it holds runs. `./dev package` runs it; installation_test.py is about installing.

package_test.py FOLDER, the one that packaging/build has filled. Wants the set package of packages.txt."""

import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from running import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(sys.argv[1]).resolve()
MOST_EXPOSED = 1.6  # Of 10; tests/lint/systemd_test.py says the same of the unit that is copied.

FILES = """
/etc/logrotate.d/teal
/etc/teal/
/lib/systemd/system/teal.service
/usr/bin/teal
/usr/lib/sysusers.d/teal.conf
/usr/lib/tmpfiles.d/teal.conf
/usr/share/bash-completion/completions/teal
/usr/share/doc/teal/changelog.gz
/usr/share/doc/teal/copyright
/usr/share/doc/teal/docs/operations/installing.md
/usr/share/doc/teal/examples/first-release.yaml
/usr/share/doc/teal/examples/certbot-deploy
/usr/share/doc/teal/examples/quickstart.yaml
/usr/share/doc/teal/examples/teal.yaml
/usr/share/doc/teal/teal.spdx.json
/usr/share/fish/vendor_completions.d/teal.fish
/usr/share/man/man1/teal.1.gz
/usr/share/man/man5/teal.yaml.5.gz
/usr/share/man/man8/teal-serve.8.gz
/usr/share/zsh/vendor-completions/_teal
""".split()


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **options)


def package(name):
    """The newest of that name in the folder."""
    return max(FOLDER.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime)


def build_id(path):
    return re.search(r"Build ID: (\w+)", run("readelf", "--notes", path).stdout).group(1)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.tree = pathlib.Path(folder.name)
        for name in ("teal", "teal-dbgsym"):
            unpacked = run("dpkg-deb", "--extract", package(name), cls.tree)
            assert unpacked.returncode == 0, unpacked.stderr
        cls.teal = cls.tree / "usr/bin/teal"

    def test_is_minded_by_lintian_in_nothing(self):
        said = run("lintian", "--fail-on", "error,warning,info", "--info", package("teal"), package("teal-dbgsym"))
        self.assertEqual((said.returncode, said.stdout), (0, ""), said.stdout + said.stderr)

    def test_has_everything_where_it_belongs(self):
        missing = [name for name in FILES if not (self.tree / name.lstrip("/")).exists()]
        self.assertEqual(missing, [])
        owners = {line.split()[1] for line in run("dpkg-deb", "--contents", package("teal")).stdout.splitlines()}
        self.assertEqual(owners, {"root/root"})

    def test_brings_no_configuration_of_its_own(self):
        self.assertEqual(list((self.tree / "etc/teal").iterdir()), [], "the service waits for the owner's")

    def test_runs(self):
        version = run(self.teal, "--version")
        self.assertEqual(version.returncode, 0, version.stderr)
        self.assertRegex(version.stdout, r"^teal \d+\.\d+\.\d+ \(")

    def test_serves_by_its_own_example(self):
        front, admin = free_port(), free_port()
        text = (self.tree / "usr/share/doc/teal/examples/quickstart.yaml").read_text()
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{front}") + f"admin: {{ address: '127.0.0.1:{admin}' }}\n"
        (self.tree / "quickstart.yaml").write_text(text)
        checked = run(self.teal, "check", self.tree / "quickstart.yaml")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        with (self.tree / "log").open("w") as log:
            process = subprocess.Popen([self.teal, "serve", self.tree / "quickstart.yaml"], cwd=self.tree, stdout=log,
                                       stderr=log)
            self.addCleanup(process.kill)
            deadline = time.monotonic() + 60
            while run(self.teal, "--admin", f"127.0.0.1:{admin}", "ping").returncode != 0:
                self.assertIsNone(process.poll(), (self.tree / "log").read_text())
                self.assertLess(time.monotonic(), deadline)
            process.terminate()
            self.assertEqual(process.wait(60), 0)

    def test_has_its_symbols_apart(self):
        self.assertNotIn(" .debug_info", run("readelf", "--sections", "--wide", self.teal).stdout)
        identity = build_id(self.teal)
        symbols = self.tree / f"usr/lib/debug/.build-id/{identity[:2]}/{identity[2:]}.debug"
        self.assertIn(" .debug_info", run("readelf", "--sections", "--wide", symbols).stdout)

    def test_says_what_it_is_made_of(self):
        listed = self.tree / "usr/share/doc/teal/teal.spdx.json"
        check = [sys.executable, ROOT / "packaging/sbom.py", "--check", self.teal]
        self.assertEqual(run(*check, listed).stderr, "")
        document = json.loads(listed.read_text())
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")
        known = {one["SPDXID"] for one in document["packages"]} | {"SPDXRef-DOCUMENT"}
        for relation in document["relationships"]:
            self.assertLessEqual({relation["spdxElementId"], relation["relatedSpdxElement"]}, known)
        self.assertIn("libcli11-dev", {one["name"] for one in document["packages"]}, "headers count, too")

    def test_would_be_found_out_if_it_kept_a_library_back(self):
        document = json.loads((self.tree / "usr/share/doc/teal/teal.spdx.json").read_text())
        document["packages"] = [one for one in document["packages"] if one["name"] != "libssl3"]
        (self.tree / "less.json").write_text(json.dumps(document))
        said = run(sys.executable, ROOT / "packaging/sbom.py", "--check", self.teal, self.tree / "less.json")
        self.assertEqual(said.returncode, 1)
        self.assertIn("does not name libssl.so.3", said.stderr)

    def test_brings_a_unit_that_systemd_understands_and_that_exposes_little(self):
        unit = self.tree / "lib/systemd/system/teal.service"
        text = unit.read_text()
        self.assertIn("ExecStart=/usr/bin/teal serve /etc/teal/teal.yaml\n", text)
        self.assertIn("ConditionPathExists=/etc/teal/teal.yaml\n", text)
        self.assertIn("\nUser=teal\n", text)
        self.assertNotIn("DynamicUser", text)
        self.assertNotIn("/usr/local", text)
        copy = self.tree / "teal.service"
        copy.write_text(text.replace("/usr/bin/teal", "/bin/true"))  # It is not installed here.
        said = run("systemd-analyze", "--no-pager", "--man=no", "verify", copy)
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        said = run("systemd-analyze", "--no-pager", "security", "--offline=yes", unit)
        exposed = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said.stdout).group(1))
        self.assertLessEqual(exposed, MOST_EXPOSED)

    def test_makes_one_user_and_its_folders(self):
        users = (self.tree / "usr/lib/sysusers.d/teal.conf").read_text()
        self.assertRegex(users, r"(?m)^u teal - ")
        folders = (self.tree / "usr/lib/tmpfiles.d/teal.conf").read_text()
        self.assertRegex(folders, r"(?m)^d /var/lib/teal 0700 teal teal -$")
        self.assertRegex(folders, r"(?m)^d /var/log/teal 0750 teal teal -$")

    def test_has_its_logs_rotated(self):
        lines = (self.tree / "etc/logrotate.d/teal").read_text()
        self.assertIn("delaycompress", lines)
        self.assertNotIn("copytruncate", lines, "lines would be lost")
        # Only what logrotate minds in the file; the folder and the user are not here.
        rules = self.tree / "logrotate"
        rules.write_text(re.sub(r"^ *su .*\n", "", lines, flags=re.M))
        said = run("/usr/sbin/logrotate", "--debug", "--state", self.tree / "state", rules)
        self.assertNotRegex(said.stderr, r"error: (?!stat of|.*No such file)")

    def test_has_scripts_that_the_shell_understands(self):
        run("dpkg-deb", "--control", package("teal"), self.tree / "DEBIAN")
        for name in ("preinst", "postinst", "prerm", "postrm"):
            said = run("sh", "-n", self.tree / "DEBIAN" / name)
            self.assertEqual((said.returncode, said.stderr), (0, ""), name)

    def test_has_pages_of_this_version(self):
        page = gzip.decompress((self.tree / "usr/share/man/man1/teal.1.gz").read_bytes()).decode()
        number = re.search(r"teal (\S+)", run(self.teal, "--version").stdout).group(1)
        self.assertIn(f'"teal {number}"', page.split("\n")[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
