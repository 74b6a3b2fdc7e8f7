#!/usr/bin/env python3
"""The interposer relays what the two sides of an upgrade say, descriptors and all, and does what its plan says; the
real binary is a script here that says HELLO and then repeats what it hears."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import interposer

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 20
SUCCESSOR = f"""#!{sys.executable}
import os, socket, sys
sys.path.insert(0, {str(HERE)!r})
import interposer
if sys.argv[1:2] == ["version"]:
    print("real", *sys.argv[1:])
    sys.exit(7)
channel = socket.socket(fileno=int(os.environ[interposer.FD]))
assert channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4] == os.getppid().to_bytes(4, sys.byteorder)
interposer.send(channel, bytes([84, 1, interposer.FIRST_KIND]) + b"hello")
while (heard := interposer.receive(channel))[0]:
    interposer.send(channel, *heard)
sys.exit(3)
"""


def frame(step):
    return bytes([ord("T"), 1, interposer.FIRST_KIND + interposer.STEPS.index(step)]) + b"{}"


class Interposed(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="teal-interposer-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.binary = self.folder / "binary"
        self.binary.write_text(SUCCESSOR)
        self.binary.chmod(0o700)

    def start(self, step="", act="", arguments=("serve", "file")):
        plan = self.folder / "plan.json"
        plan.write_text(json.dumps({"binary": str(self.binary), "step": step, "act": act, "seconds": 0.2,
                                    "journal": str(self.folder / "journal")}))
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(PATIENCE)
        self.process = subprocess.Popen(
            [sys.executable, HERE / "interposer.py", plan, *arguments], pass_fds=[theirs.fileno()],
            env={**os.environ, interposer.FD: str(theirs.fileno())}, stdout=subprocess.PIPE, text=True)
        theirs.close()
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.channel.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)

    def hear(self):
        return interposer.receive(self.channel)

    def hello(self):
        self.assertEqual(interposer.step_of(self.hear()[0]), "HELLO")

    def say(self, step, fds=()):
        self.assertEqual(interposer.send(self.channel, frame(step), fds), "")

    def code(self):
        return self.process.wait(PATIENCE)

    def successor(self):
        return json.loads((self.folder / "journal").read_text().split("\n")[0])["new"]

    def test_packets_and_descriptors_go_both_ways(self):
        self.start()
        self.hello()
        ends = [end for _ in range(100) for end in os.pipe()]
        self.say("LISTENERS", ends)
        packet, fds = self.hear()
        self.assertEqual(packet, frame("LISTENERS"))
        self.assertEqual([os.fstat(each).st_ino for each in fds], [os.fstat(each).st_ino for each in ends])
        for each in ends + fds:
            os.close(each)
        interposer.send(self.channel, b"x" * 65536)
        self.assertEqual(self.hear(), (b"x" * 65536, []))
        self.channel.close()
        self.assertEqual(self.code(), 3)

    def test_what_is_no_upgrade_is_the_real_binarys(self):
        self.start(arguments=("version", "--json"))
        self.assertEqual(self.process.communicate(timeout=PATIENCE)[0], "real version --json\n")
        self.assertEqual(self.code(), 7)

    def test_a_killed_successor_ends_it_by_the_same_signal(self):
        self.start("STATE", "kill new")
        self.hello()
        self.say("STATE")
        while self.hear()[0]:
            pass
        self.assertEqual(self.code(), -signal.SIGKILL)

    def test_who_kills_it_kills_the_successor(self):
        self.start()
        self.hello()
        self.process.kill()
        self.assertEqual(self.hear(), (b"", []))
        self.code()
        with self.assertRaises(ProcessLookupError):
            while True:  # Until the signal has come.
                os.kill(self.successor(), 0)

    def test_a_stopped_successor_goes_on(self):
        self.start("READY", "stop new")
        self.hello()
        self.say("READY")
        self.say("STATE")
        self.assertEqual([interposer.step_of(self.hear()[0]) for _ in range(2)], ["READY", "STATE"])
        whats = [json.loads(each)["what"] for each in (self.folder / "journal").read_text().splitlines()]
        self.assertIn("goes on", whats)

    def test_a_closed_channel_is_closed_to_both(self):
        self.start("HELLO", "close")
        self.hello()
        self.assertEqual(self.hear(), (b"", []))
        self.assertEqual(self.code(), 3)

    def test_half_of_a_message_comes(self):
        self.start("HELLO", "corrupt")
        self.assertEqual(self.hear(), (b"T\x01@h", []))

    def test_garbage_follows_a_message(self):
        self.start("HELLO", "garbage")
        self.hello()
        self.assertEqual(self.hear(), (interposer.GARBAGE, []))

    def test_signals_go_to_the_successor(self):
        self.start()
        self.hello()
        self.process.terminate()
        self.assertEqual(self.code(), -signal.SIGTERM)

    def test_what_is_no_frame_is_no_step(self):
        self.assertEqual([interposer.step_of(each) for each in (b"", b"T\x01", b"T\x01\x00", b"T\x01\xff")], [""] * 4)


if __name__ == "__main__":
    unittest.main()
