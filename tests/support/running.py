"""Programs under test, for the scripts beside the C++ tests: started on ports of their own, waited for, and
ended by their pid."""

import os
import pathlib
import random
import socket
import subprocess
import sys
import time

PATIENCE = 20  # Seconds for anything that a machine has to do.


def binary_under_test(built):
    """The one that was built, or another tree's that the environment names, as in e2e_binary.h."""
    return os.environ.get("TEAL_BINARY") or built


def is_sanitized(binary):
    code = pathlib.Path(binary).read_bytes()
    return b"__asan_init" in code or b"__tsan_init" in code


def free_port(given=set()):
    """Another one each time, below those that the kernel gives to whoever asks for any: until the program listens,
    no connection of another test may take it. Not by a test's seed: another program may have it."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randint(10_000, first - 1 if first > 20_000 else 65_535)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        if port not in given:
            given.add(port)
            return port


class Program:
    """Runs when it listens on `port`; what it says goes to `log`."""

    def __init__(self, name, command, port, log):
        self.log = open(log, "w+b")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.is_alive():
            try:
                return socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
        sys.exit(f"{name} does not listen:\n{self.said()}")

    def is_alive(self):
        return self.process.poll() is None

    def stop(self):
        """The exit code; a sanitizer's report of the binary under test shows in it."""
        self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")
