#!/usr/bin/env python3
"""The package installed, upgraded, removed and purged in a Debian of its own (mmdebstrap), where no systemd runs: what
its scripts ask of systemd is noted by stand-ins, and the service is run by hand, as its user.

installation_test.py OLDER NEWER, two folders that packaging/build has filled. Wants root and the network, and mmdebstrap
(the set image of packages.txt). `./dev package --verify` runs it."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from running import free_port

OLDER, NEWER = (max(pathlib.Path(folder).resolve().glob("teal_*.deb")) for folder in sys.argv[1:3])

# Both first on the path of the package's scripts. /active is a file of the test.
SYSTEMCTL = """#!/bin/sh
case " $* " in
  *" --root=/ "*) exec /usr/bin/systemctl "$@" ;;  # It enables, which wants no systemd that runs.
esac
echo "systemctl $*" >> /calls
case " $* " in
  *" is-active "*) test -e /active ;;
esac
"""
INVOKE = """#!/bin/sh
echo "invoke $*" >> /calls
"""

CONFIG = """
admin: {{ address: "127.0.0.1:{admin}" }}
access_log: {{ path: /var/log/teal/access.log }}
listeners: {{ public: {{ address: "127.0.0.1:{front}" }} }}
services:
  app:
    match: {{ listener: public }}
    blue: {{ revision: v1, targets: [ "127.0.0.1:1" ] }}
"""


class Installation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert os.geteuid() == 0, "a Debian of its own wants root: run it by sudo"
        folder = tempfile.TemporaryDirectory(dir=NEWER.parent, ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name) / "debian"
        made = subprocess.run(["mmdebstrap", "--mode=root", "--variant=apt", "--include=systemd,logrotate", "bookworm",
                               str(cls.root)], capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        shutil.copy("/etc/resolv.conf", cls.root / "etc/resolv.conf")
        for name, text in (("systemctl", SYSTEMCTL), ("deb-systemd-invoke", INVOKE)):
            (cls.root / "usr/local/bin" / name).write_text(text)
            (cls.root / "usr/local/bin" / name).chmod(0o755)
        for package, name in ((OLDER, "older.deb"), (NEWER, "newer.deb")):
            shutil.copy(package, cls.root / name)
        cls.run_in("apt-get", "update")
        # What it depends on once; afterwards dpkg alone installs and removes.
        cls.run_in("apt-get", "install", "--yes", "--no-install-recommends", "/older.deb")
        cls.run_in("dpkg", "--purge", "teal")

    @classmethod
    def command(cls, *words):
        return ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={cls.root}/proc", "chroot",
                str(cls.root), *map(str, words)]

    @classmethod
    def run_in(cls, *words, **environment):
        done = subprocess.run(cls.command(*words), capture_output=True, text=True, timeout=600,
                              env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                                   "DEBIAN_FRONTEND": "noninteractive", **environment})
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def setUp(self):
        (self.root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
        self.run_in("dpkg", "--purge", "teal", TEAL_PURGE_STATE="1")
        shutil.rmtree(self.root / "etc/teal", ignore_errors=True)
        self.set_active(False)
        self.calls()

    def set_active(self, active):
        (self.root / "active").touch() if active else (self.root / "active").unlink(missing_ok=True)

    def calls(self):
        """What was asked of systemd since the last look; not what only asks."""
        file = self.root / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [line for line in lines if " is-active " not in f"{line} "]

    def inner(self, process):
        """The process in the namespace that this one has made."""
        return int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])

    def end(self, process):
        if process.poll() is None:  # Another user's process outlives the one that has started it.
            os.kill(self.inner(process), signal.SIGKILL)

    def exists(self, *names):
        return [name for name in names if os.path.lexists(self.root / name.lstrip("/"))]

    def owner(self, name):
        return self.run_in("stat", "--format", "%U:%G %a", name).strip()

    def configure(self):
        """What an owner puts there, and what a Teal that ran leaves. Gives the ports."""
        front, admin = free_port(), free_port()
        (self.root / "etc/teal/tls").mkdir()
        (self.root / "etc/teal/tls/shop.key").write_text("key")
        (self.root / "etc/teal/teal.yaml").write_text(CONFIG.format(front=front, admin=admin))
        self.run_in("setpriv", "--reuid=teal", "--regid=teal", "--clear-groups", "touch", "/var/lib/teal/teal.db",
                    "/var/log/teal/access.log")
        return front, admin

    def test_installs_a_user_folders_and_a_service_that_waits_for_its_file(self):
        self.run_in("dpkg", "--install", "/newer.deb")
        self.assertIn("/var/lib/teal:/usr/sbin/nologin", self.run_in("getent", "passwd", "teal"))
        self.assertEqual(self.owner("/var/lib/teal"), "teal:teal 700")
        self.assertEqual(self.owner("/var/log/teal"), "teal:teal 750")
        self.assertEqual(self.exists("/etc/teal/teal.yaml"), [])
        wanted = "/etc/systemd/system/multi-user.target.wants/teal.service"
        self.assertEqual(self.exists(wanted), [wanted])
        self.assertEqual(self.calls(), ["systemctl daemon-reload", "invoke start teal.service"])

    def test_restarts_a_running_service_at_an_upgrade(self):
        self.run_in("dpkg", "--install", "/older.deb")
        self.set_active(True)
        self.calls()
        self.run_in("dpkg", "--install", "/newer.deb")
        calls = self.calls()
        self.assertIn("invoke restart teal.service", calls)
        self.assertLess(calls.index("systemctl daemon-reload"), calls.index("invoke restart teal.service"))
        self.assertFalse([call for call in calls if "stop" in call], "the old one serves to the end")

    def test_leaves_a_stopped_service_stopped_at_an_upgrade(self):
        self.run_in("dpkg", "--install", "/older.deb")
        self.calls()
        self.run_in("dpkg", "--install", "/newer.deb")
        self.assertFalse([call for call in self.calls() if "start" in call])

    def test_starts_the_service_again_where_the_package_was_removed(self):
        self.run_in("dpkg", "--install", "/older.deb")
        self.configure()
        self.run_in("dpkg", "--remove", "teal")
        self.calls()
        self.run_in("dpkg", "--install", "/older.deb")
        self.assertIn("invoke start teal.service", self.calls(), "the removal has stopped it, and nobody else")
        self.run_in("dpkg", "--install", "/newer.deb")
        self.assertFalse([call for call in self.calls() if "start" in call], "since then somebody has stopped it")

    def test_leaves_a_disabled_service_disabled_at_an_upgrade(self):
        self.run_in("dpkg", "--install", "/older.deb")
        wanted = "/etc/systemd/system/multi-user.target.wants/teal.service"
        (self.root / wanted.lstrip("/")).unlink()
        self.run_in("dpkg", "--install", "/newer.deb")
        self.assertEqual(self.exists(wanted), [])

    def test_keeps_what_is_the_owners_at_an_upgrade_and_a_removal(self):
        kept = ("/etc/teal/teal.yaml", "/etc/teal/tls/shop.key", "/var/lib/teal/teal.db", "/var/log/teal/access.log")
        self.run_in("dpkg", "--install", "/older.deb")
        self.configure()
        self.run_in("dpkg", "--install", "/newer.deb")
        self.assertEqual(self.exists(*kept), list(kept))
        self.calls()
        self.run_in("dpkg", "--remove", "teal")
        self.assertEqual(self.exists(*kept), list(kept))
        self.assertEqual(self.exists("/usr/bin/teal", "/lib/systemd/system/teal.service"), [])
        self.assertEqual(self.calls()[0], "invoke stop teal.service")

    def test_purges_its_file_and_logs_and_keeps_the_store_and_certificates(self):
        self.run_in("dpkg", "--install", "/newer.deb")
        self.configure()
        self.run_in("dpkg", "--purge", "teal")
        kept = ("/etc/teal/tls/shop.key", "/var/lib/teal/teal.db")
        self.assertEqual(self.exists("/etc/teal/teal.yaml", "/var/log/teal", "/etc/logrotate.d/teal", *kept), list(kept))

    def test_purges_everything_of_its_own_where_that_is_asked_for(self):
        self.run_in("dpkg", "--install", "/newer.deb")
        self.run_in("dpkg", "--purge", "teal", TEAL_PURGE_STATE="1")
        self.assertEqual(self.exists("/etc/teal", "/var/log/teal", "/var/lib/teal"), [])

    def test_comes_and_goes_where_no_systemd_runs(self):
        shutil.rmtree(self.root / "run/systemd/system")
        self.run_in("dpkg", "--install", "/older.deb")
        self.run_in("dpkg", "--install", "/newer.deb")
        self.run_in("dpkg", "--purge", "teal")
        self.assertEqual(self.calls(), [])

    def test_serves_as_its_user_and_goes_on_behind_a_rotation(self):
        self.run_in("dpkg", "--install", "/newer.deb")
        front, admin = self.configure()
        process = subprocess.Popen(
            self.command("sh", "-c", "cd /var/lib/teal && rm teal.db && exec setpriv --reuid=teal --regid=teal "
                         "--clear-groups teal serve /etc/teal/teal.yaml"), stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(self.end, process)
        deadline = time.monotonic() + 60
        while True:
            try:
                with socket.create_connection(("127.0.0.1", front), 5) as client:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    self.assertIn(b"HTTP/1.1 50", client.recv(100), "nobody is behind it")
                break
            except ConnectionRefusedError:
                self.assertIsNone(process.poll())
                self.assertLess(time.monotonic(), deadline)
        self.assertIn("Teal answers", self.run_in("teal", "--admin", f"127.0.0.1:{admin}", "ping"))
        self.assertEqual(self.owner("/var/lib/teal/teal.db"), "teal:teal 600")
        log = self.root / "var/log/teal/access.log"
        while not log.read_text():
            self.assertLess(time.monotonic(), deadline)
        self.set_active(True)
        self.run_in("logrotate", "--force", "/etc/logrotate.d/teal")
        self.assertEqual(self.exists("/var/log/teal/access.log.1"), ["/var/log/teal/access.log.1"])
        self.assertIn("systemctl kill --signal=USR1 --kill-whom=main teal.service", self.calls())
        os.kill(self.inner(process), signal.SIGUSR1)  # As systemd would.
        while not log.exists():
            self.assertLess(time.monotonic(), deadline)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
