#!/usr/bin/env python3
"""The recipe of docs/operations/acme.md as it stands there, but for paths and ports: certbot gets a certificate
from pebble by HTTP-01 through the built Teal and renews it, while kept TLS connections, a response that does
not end and new handshakes go on. Wants certbot and pebble (the set acme of packages.txt).

usage: acme_test.py TEAL"""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import shlex
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from running import PATIENCE, Program, binary_under_test, free_port

PAGE = ROOT / "docs/operations/acme.md"
NAME = "shop.example.com"
TEAL = ""  # By main.


def recipe(beginning):
    """The words of the one command of the page that begins so."""
    commands = re.sub(r"\\\n", "", PAGE.read_text()).split("\n")
    found = [line.strip() for line in commands if line.strip().startswith(beginning)]
    assert len(found) == 1, f"{PAGE} has {len(found)} commands that begin with: {beginning}"
    return shlex.split(found[0])


def changed(text, changes):
    """All at once: what comes in is not looked at. Each of `changes` is somewhere in `text`."""
    for old in changes:
        assert old in text, f"there is no {old} in it any more"
    return re.sub("|".join(f"{re.escape(old)}(?![0-9])" for old in changes), lambda old: str(changes[old[0]]), text)


def eventually(is_so, what):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.02)


class Target(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ending = threading.Event()

    def do_GET(self):
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", "2")
            self.end_headers()
            return self.wfile.write(b"ok")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not self.ending.wait(0.05):
            self.wfile.write(b"4\r\ntick\r\n")
        return self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


class Client(threading.Thread):
    """Does one thing again and again until it fails or is told to stop; `done` counts, `failure` tells."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act, self.done, self.failure, self.stopping = act, 0, None, False
        self.start()

    def run(self):
        try:
            while not self.stopping:
                self.act()
                self.done += 1
        except Exception as error:  # Whatever it is, it is what the test looks for.
            self.failure = f"after {self.done} times: {error!r}"


class Running:
    """A Teal by config/examples/acme.yaml, its target, pebble and the names that it believes in."""

    def __init__(self, folder, programs):
        self.folder, self.programs = folder, programs
        self.ports = {each: free_port() for each in ("plain", "secure", "admin", "certbot", "dns", "pebble",
                                                     "pebble-management")}
        self.tls = folder / "tls"
        self.tls.mkdir()
        self.pem = self.tls / f"{NAME}.pem"
        self.trust = ssl.create_default_context()
        self.begin_certificate()
        self.start_target()
        self.configuration = self.write_configuration()
        # The admin address is the last that a start listens on.
        self.teal = self.start("teal", [binary_under_test(TEAL), "serve", self.configuration], self.ports["admin"])
        eventually(lambda: self.ask_admin("/readyz"), "Teal is ready")

    def start(self, name, command, port):
        program = Program(name, command, port, self.folder / f"{name}.log")
        self.programs.callback(program.log.close)
        self.programs.callback(program.stop)
        return program

    def begin_certificate(self):
        command = [changed(word, {"/etc/teal/tls": self.tls}) if word.startswith("/etc") else word
                   for word in recipe("openssl req")]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        self.pem.chmod(0o640)
        self.trust.load_verify_locations(self.pem)

    def start_target(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
        server.daemon_threads = True
        Target.ending.clear()
        self.ports["target"] = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.programs.callback(server.server_close)
        self.programs.callback(server.shutdown)
        self.programs.callback(Target.ending.set)

    def write_configuration(self):
        ports = self.ports
        text = changed((ROOT / "config/examples/acme.yaml").read_text(), {
            "0.0.0.0:80": f"127.0.0.1:{ports['plain']}", "0.0.0.0:443": f"127.0.0.1:{ports['secure']}",
            "127.0.0.1:402": f"127.0.0.1:{ports['certbot']}", "127.0.0.1:9001": f"127.0.0.1:{ports['target']}",
            "/etc/teal/tls": self.tls})
        path = self.folder / "teal.yaml"
        path.write_text(f"{text}\nadmin: {{ address: '127.0.0.1:{ports['admin']}' }}\nworkers: 2\n"
                        f"state: 'sqlite:{self.folder}/teal.db'\n")
        return path

    def start_authority(self):
        """It asks anew for each certificate, at once, and takes every nonce. Certificates are good for a day, so that
        certbot finds them due."""
        ports, own = self.ports, self.folder / "pebble.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pebble",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", own, "-out", own], check=True,
                       stderr=subprocess.DEVNULL, timeout=PATIENCE)
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{ports['pebble']}",
            "managementListenAddress": f"127.0.0.1:{ports['pebble-management']}",
            "certificate": str(own), "privateKey": str(own), "httpPort": ports["plain"], "tlsPort": ports["secure"],
            "certificateValidityPeriod": 86400}}))
        self.start("names", ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{ports['dns']}", "-http01", "",
                             "-https01", "", "-tlsalpn01", "", "-management", "", "-defaultIPv6", ""], ports["dns"])
        self.pebble = self.start("pebble", [
            "env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", "PEBBLE_WFE_NONCEREJECT=0", "pebble", "-config",
            str(self.folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{ports['dns']}"], ports["pebble"])
        trust = ssl.create_default_context(cafile=own)
        with urllib.request.urlopen(f"https://127.0.0.1:{ports['pebble-management']}/roots/0", context=trust,
                                    timeout=PATIENCE) as answer:
            self.trust.load_verify_locations(cadata=answer.read().decode())

    def certbot(self, words, *more):
        folder = self.folder / "certbot"
        done = subprocess.run(
            [*words, "--config-dir", folder, "--work-dir", folder, "--logs-dir", folder, *more],
            env={**os.environ, "REQUESTS_CA_BUNDLE": str(self.folder / "pebble.pem"), "NO_PROXY": "127.0.0.1",
                 "TEAL_TLS_DIRECTORY": str(self.tls), "TEAL_TLS_GROUP": str(os.getgid())},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=3 * PATIENCE)
        assert done.returncode == 0, f"{done.stdout}\n{self.pebble.said()}\n{self.teal.said()}"

    def issue(self):
        hook = {"/usr/local/sbin/teal-certbot-deploy": ROOT / "config/certbot-deploy", "402": self.ports["certbot"]}
        words = [str(hook.get(word, word)) for word in recipe("certbot certonly")]
        assert not set(hook) & set(words) and str(self.ports["certbot"]) in words
        self.certbot(words, "--server", f"https://127.0.0.1:{self.ports['pebble']}/dir")

    def renew(self):
        self.certbot(recipe("certbot -q renew"))

    def is_asked_for(self, act):
        """Once more where the authority did not ask: with PEBBLE_AUTHZREUSE=0 pebble still remembers an answer once
        in a hundred times."""
        for _ in range(3):
            before = self.metric("teal_requests_total", 'service="acme"', 'code="2xx"')
            act()
            if self.metric("teal_requests_total", 'service="acme"', 'code="2xx"') > before:
                return True
        return False

    def ask_admin(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['admin']}{path}", timeout=PATIENCE) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            return None

    def ask_plainly(self, path):
        """The status, and where it leads to."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["plain"], timeout=PATIENCE)
        connection.request("GET", path, headers={"Host": NAME})
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.getheader("location")

    def metric(self, name, *labels):
        """The sum of the samples that have these labels."""
        return sum(float(line.split()[-1]) for line in self.ask_admin("/metrics").split("\n")
                   if re.match(rf"{name}[ {{]", line) and all(label in line for label in labels))

    def connect(self, session=None):
        plain = socket.create_connection(("127.0.0.1", self.ports["secure"]), timeout=PATIENCE)
        return self.trust.wrap_socket(plain, server_hostname=NAME, session=session)

    def serial(self):
        with self.connect() as connection:
            return connection.getpeercert()["serialNumber"]

    def session(self):
        with self.connect() as connection:
            get(connection)  # Its ticket comes before the answer.
            return connection.session

    def resumes(self, session):
        with self.connect(session) as connection:
            get(connection)
            return connection.session_reused

    def keep(self):
        """A client with one kept connection, which it never opens again."""
        connection = self.connect()
        self.programs.callback(connection.close)
        return Client(lambda: get(connection))

    def come_and_go(self):
        def once():
            with self.connect() as connection:
                get(connection)
        return Client(once)

    def listen(self):
        """A client of one response that has no end."""
        connection = self.connect()
        self.programs.callback(connection.close)
        connection.sendall(f"GET /endless HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())

        def hear():
            if not connection.recv(4096):
                raise EOFError("the response ended")
        return Client(hear)


def get(connection):
    connection.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
    said = b""
    while not said.endswith(b"\r\n\r\nok"):
        more = connection.recv(4096)
        if not more:
            raise EOFError(f"the connection ended: {said}")
        said += more
    if not said.startswith(b"HTTP/1.1 200 "):
        raise ValueError(said)


class Acme(unittest.TestCase):
    def setUp(self):
        programs = self.enterContext(contextlib.ExitStack())
        folder = programs.enter_context(tempfile.TemporaryDirectory(prefix="teal-acme-"))
        self.running = Running(pathlib.Path(folder), programs)

    def await_serial_of_the_file(self, other_than):
        """The serial that every new handshake shows, once it is that of the file."""
        in_file = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", self.running.pem], check=True,
                                 stdout=subprocess.PIPE, text=True, timeout=PATIENCE).stdout.strip().split("=")[1]
        self.assertNotIn(in_file, other_than)
        eventually(lambda: {self.running.serial() for _ in range(8)} == {in_file}, "new handshakes show the new file")
        return in_file

    def test_gets_and_renews_a_certificate_without_a_dropped_connection(self):
        running = self.running
        running.start_authority()
        serials, session = [running.serial()], running.session()
        clients = [running.keep(), running.keep(), running.listen(), running.come_and_go()]
        for act in (running.issue, running.renew):
            self.assertTrue(running.is_asked_for(act), "the authority asks through Teal")
            serials.append(self.await_serial_of_the_file(other_than=serials))
            clients += [running.keep(), running.listen()]
        before = [client.done for client in clients]
        eventually(lambda: all(client.failure or client.done > count + 3 for client, count in zip(clients, before)),
                   "every connection still serves")
        self.assertEqual([client.failure for client in clients if client.failure], [])
        self.assertTrue(running.resumes(session))
        self.assertGreaterEqual(running.metric("teal_tls_reloads_total", 'result="taken"'), 2)
        self.assertEqual(running.metric("teal_tls_reloads_total", 'result="refused"'), 0)
        self.assertEqual(running.metric("teal_requests_total", 'service="shop"', 'code="5xx"'), 0)
        for client in clients:
            client.stopping = True
        Target.ending.set()
        for client in clients:
            client.join(PATIENCE)
        self.assertEqual((running.pem.stat().st_mode & 0o777, [each.name for each in running.tls.iterdir()]),
                         (0o640, [running.pem.name]), "for its group, and nothing is left beside it")
        self.assertEqual(running.teal.stop(), 0)

    def test_leads_to_nobody_while_certbot_does_not_run_and_all_else_to_https(self):
        running = self.running
        self.assertEqual(running.ask_plainly("/.well-known/acme-challenge/x"), (502, None))
        self.assertEqual(running.ask_plainly("/a?b=c"), (308, f"https://{NAME}/a?b=c"))

    def test_never_uses_half_a_pair(self):
        running = self.running
        serial, good = running.serial(), running.pem.read_text()
        running.begin_certificate()
        other = running.pem.read_text()
        key = re.compile(r"-----BEGIN PRIVATE KEY-----.*-----END PRIVATE KEY-----\n", re.DOTALL)
        running.pem.write_text(key.sub(key.search(good)[0], other))
        eventually(lambda: running.metric("teal_tls_reloads_total", 'result="refused"') == 1, "it is refused")
        self.assertEqual(running.serial(), serial)
        self.assertIn("does not belong to the certificate", running.teal.said())
        start = subprocess.run([binary_under_test(TEAL), "check", running.configuration], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
        self.assertEqual(start.returncode, 1, "a start would fail")
        self.assertIn("does not belong to the certificate", start.stdout)
        running.pem.write_text(other)
        self.await_serial_of_the_file(other_than=[serial])


if __name__ == "__main__":
    TEAL = sys.argv.pop(1)
    unittest.main()
