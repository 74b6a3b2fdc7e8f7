#!/usr/bin/env python3
"""Right and wrong HTTP/2 (http2_cases.py) to the real binary, in the clear and over TLS: each case on a
connection of its own, and after those that Teal must survive it still answers a PING. Frames for streams
that are over (over_cases.py) go to HAProxy as well, whose answers stand beside Teal's. Needs the hpack
package of Debian.

usage: http2_conformance.py TEAL [PATTERN]"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import frames
import http2_cases
import over_cases
from frames import PATIENCE, PING, PREFACE, frame, settings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from running import Program, binary_under_test, free_port

CONFIGURATION = """
admin: {{ address: "127.0.0.1:{admin}" }}
state: "sqlite:{folder}/teal.db"
workers: 1
access_log: off
listeners:
  clear: {{ address: "127.0.0.1:{clear}" }}
  secure:
    address: "127.0.0.1:{secure}"
    tls: {{ certificates: [ {{ certificate: "{folder}/cert.pem", key: "{folder}/key.pem" }} ] }}
services:
  shop:
    match: [ {{ listener: clear }}, {{ listener: secure }} ]
    blue: {{ revision: v1, targets: [ "127.0.0.1:{target}" ] }}
    green: {{ }}
    live: blue
"""

HAPROXY = """
defaults
  mode http
  timeout connect 10s
  timeout client 20s
  timeout server 20s
frontend public
  bind 127.0.0.1:{haproxy_clear} proto h2
  bind 127.0.0.1:{haproxy_secure} ssl crt {folder}/both.pem alpn h2
  default_backend target
backend target
  server target 127.0.0.1:{target}
"""


class Origin:
    """Takes whole requests and answers 200; /held is never answered, /unread not even read, /five has
    the body "five!"."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while line := stream.readline():
                    fields = {}
                    while (field := stream.readline()) not in (b"\r\n", b""):
                        name, _, value = field.partition(b":")
                        fields[name.lower()] = value.strip().lower()
                    if b"/unread" in line:
                        time.sleep(PATIENCE)
                    self.skip_body(stream, fields)
                    if b"/held" in line:
                        connection.recv(1)  # Until Teal ends it.
                        return
                    body = b"five!" if b"/five" in line else b""
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            except (OSError, ValueError):
                pass

    def skip_body(self, stream, fields):
        if fields.get(b"transfer-encoding") != b"chunked":
            stream.read(int(fields.get(b"content-length", 0)))
            return
        while size := int(stream.readline(), 16):
            stream.read(size + 2)
        while stream.readline() not in (b"\r\n", b""):
            pass


def start(teal, folder, ports):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a.example",
                    "-addext", "subjectAltName=DNS:a.example", "-keyout", f"{folder}/key.pem", "-out",
                    f"{folder}/cert.pem"], check=True, capture_output=True)
    path = pathlib.Path(folder) / "teal.yaml"
    path.write_text(CONFIGURATION.format(folder=folder, **ports))
    return Program("teal", [teal, "serve", str(path)], ports["admin"], f"{folder}/teal.out")


def start_haproxy(folder, ports):
    folder = pathlib.Path(folder)
    (folder / "both.pem").write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    path = folder / "haproxy.cfg"
    path.write_text(HAPROXY.format(folder=folder, **ports))
    return Program("haproxy", ["haproxy", "-db", "-q", "-f", str(path)], ports["haproxy_secure"], folder / "haproxy.out")


def run(address, tls, send, want, options):
    """None, or what came instead."""
    connection = frames.Connection(address, tls)
    try:
        connection.open(*options)
        connection.send(send)
        came = want.more or want.came
        # A wrong outcome must not cost the whole patience: who asks gets an answer behind the case.
        connection.send(frame(PING, 0, 0, b"the-end!"))
        connection.until(lambda seen: came(seen) or seen.closed)
        seen = connection.seen
        if not (came(seen) if want.more else want.holds(seen)):
            return seen
        if want.alive:
            connection.until(lambda seen: b"the-end!" in seen.pongs)
            return None if b"the-end!" in seen.pongs else seen
        return None
    except TimeoutError:
        return connection.seen
    finally:
        connection.close()


def starts(address, tls, send, ends):
    """The connection preface, where frames.Connection cannot help."""
    connection = frames.Connection(address, tls)
    try:
        connection.send(send)
        connection.until(lambda seen: seen.settings_acks > 0)
        return connection.seen.closed == ends
    except TimeoutError:
        return False
    finally:
        connection.close()


def answer_to(address, tls, over):
    """What comes back for a case of over_cases.py."""
    connection = frames.Connection(address, tls)
    try:
        if over.opens:
            connection.open()
        for step in over.steps:
            if callable(step):
                connection.until(step)
            else:
                connection.send(step)
        if over.opens:
            connection.send(frame(PING, 0, 0, b"the-end!"))
        connection.until(lambda seen: b"the-end!" in seen.pongs or seen.goaway is not None)
        return over_cases.outcome(connection)
    except TimeoutError:
        return over_cases.outcome(connection) + ", then nothing"
    finally:
        connection.close()


def check_over(peer, where, address, tls, pattern):
    """How many cases of over_cases.py there were, and how many came out otherwise."""
    cases = [over for over in over_cases.CASES if pattern.search(over.name)]
    failed = 0
    for over in cases:
        expected, came = getattr(over, peer), answer_to(address, tls, over)
        expected = expected if isinstance(expected, str) else expected[where]
        if came != expected:
            failed += 1
            print(f"{peer}, {where}: {over.name}\n    came: {came}\n    not: {expected}")
    return len(cases), failed


def main():
    pattern = re.compile(sys.argv[2] if len(sys.argv) > 2 else "")
    failed = count = 0
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if not shutil.which("haproxy"):
        sys.exit("haproxy is not installed; ./dev setup test installs it")
    with tempfile.TemporaryDirectory(prefix="teal-conformance-") as folder:
        ports = {name: free_port() for name in ("admin", "clear", "secure", "haproxy_clear", "haproxy_secure")}
        ports["target"] = Origin().port
        teal = start(binary_under_test(sys.argv[1]), folder, ports)
        haproxy = start_haproxy(folder, ports)
        try:
            for where, tls in (("clear", False), ("secure", True)):
                address = ("127.0.0.1", ports[where])
                for name, send, want, options in http2_cases.CASES:
                    if not pattern.search(name):
                        continue
                    count += 1
                    seen = run(address, tls, send, want, options)
                    if seen is not None:
                        failed += 1
                        print(f"{where}: {name}\n    came: {vars(seen)}")
                for name, send, ends in [("3.4 the preface", PREFACE + settings(), False),
                                         ("3.4 a preface that is none", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + settings(), True),
                                         ("3.4 SETTINGS must come first", PREFACE + frame(PING, 0, 0, b"12345678"), True)]:
                    count += 1
                    if not starts(address, tls, send, ends):
                        failed += 1
                        print(f"{where}: {name}")
                for peer, port in (("teal", ports[where]), ("haproxy", ports["haproxy_" + where])):
                    cases, wrong = check_over(peer, where, ("127.0.0.1", port), tls, pattern)
                    count, failed = count + cases, failed + wrong
        finally:
            haproxy.stop()
            if (code := teal.stop()) != 0:
                failed += 1
                print(f"teal ended with {code}:\n{teal.said()}")
    print(f"{count} cases, {failed} failed")
    sys.exit(1 if failed or not count else 0)


if __name__ == "__main__":
    main()
