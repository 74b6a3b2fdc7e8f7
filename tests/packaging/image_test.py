#!/usr/bin/env python3
"""The image of a container, read and run without a container: no shell, not root, a health check that works.

image_test.py IMAGE.tar. Wants root, to run what is in it behind chroot. `./dev image` runs it."""

import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from running import free_port

IMAGE = pathlib.Path(sys.argv[1]).resolve()
CONFIG = """
admin: {{ address: "127.0.0.1:{admin}" }}
state: sqlite:/var/lib/teal/teal.db
listeners: {{ public: {{ address: "127.0.0.1:{front}" }} }}
services: {{ app: {{ match: {{ listener: public }}, blue: {{ revision: v1, targets: [ "127.0.0.1:1" ] }} }} }}
"""


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(dir=IMAGE.parent)
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name) / "root"
        with tarfile.open(IMAGE) as image:
            manifest, = json.load(image.extractfile("manifest.json"))
            cls.config = json.load(image.extractfile(manifest["Config"]))
            cls.members = []
            for layer in manifest["Layers"]:
                with tarfile.open(fileobj=image.extractfile(layer)) as files:
                    cls.members += files.getmembers()
                    files.extractall(cls.root)

    def run_in(self, *words, **environment):
        return subprocess.run(self.command(*words), env=environment, capture_output=True, text=True, timeout=60)

    def command(self, *words):
        user = self.config["config"]["User"]
        return ["/usr/sbin/chroot", f"--userspec={user}", str(self.root), *words]

    def test_is_nobody_special(self):
        self.assertEqual(self.config["config"]["User"], "65532:65532")
        special = [member.name for member in self.members if member.mode & 0o6000 or member.isdev()]
        self.assertEqual(special, [])

    def test_has_no_shell_nor_anything_else_to_run(self):
        runs = {path.relative_to(self.root).as_posix() for path in self.root.rglob("*")
                if path.is_file() and os.access(path, os.X_OK) and ".so" not in path.name}
        self.assertEqual(runs, {"usr/bin/teal"})

    def test_may_write_where_its_state_is_and_nowhere_else(self):
        own = {member.name.rstrip("/") for member in self.members if member.uid == 65532}
        self.assertEqual(own, {"run/teal", "var/lib/teal", "var/log/teal"})
        open_to_all = {member.name.rstrip("/") for member in self.members if member.mode & 0o002 and not member.issym()}
        self.assertEqual(open_to_all, {"tmp"})

    def test_stops_as_teal_drains(self):
        self.assertEqual(self.config["config"]["StopSignal"], "SIGTERM")

    def test_says_what_it_is_made_of(self):
        self.assertTrue((self.root / "usr/share/doc/teal/teal.spdx.json").exists())

    def test_serves_and_is_healthy_while_it_does(self):
        config = self.config["config"]
        self.assertEqual(config["Entrypoint"] + config["Cmd"], ["/usr/bin/teal", "serve", "/etc/teal/teal.yaml"])
        self.assertEqual(config["Healthcheck"]["Test"], ["CMD", "/usr/bin/teal", "ping"])
        check = config["Healthcheck"]["Test"][1:]
        front, admin = free_port(), free_port()
        (self.root / "etc/teal/teal.yaml").write_text(CONFIG.format(front=front, admin=admin))
        where = {"TEAL_ADMIN": f"127.0.0.1:{admin}"}
        self.assertEqual(self.run_in(*check, **where).returncode, 6, "nobody is there yet")
        command = self.command(*config["Entrypoint"], *config["Cmd"])
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={})
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 60
        while self.run_in(*check, **where).returncode != 0:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
        process.terminate()
        self.assertEqual(process.wait(60), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
