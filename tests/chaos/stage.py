"""What reloads.py plays on: a Teal with its file, targets, certificates and pages, all in one folder."""

import contextlib
import dataclasses
import http.client
import json
import pathlib
import re
import ssl
import subprocess
import time

from drift import PAGES, base
from running import PATIENCE, Program, free_port, is_sanitized

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's, which has the packages.
ORIGINS = ["shop-a1", "shop-a2", "shop-b1", "shop-b2", "chat-a", "chat-b", "guest", "vault", "ill-500", "ill-503"]


def eventually(is_so, what, patience=PATIENCE, pause=0.01):
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience} s: {what}")
        time.sleep(pause)


@dataclasses.dataclass
class Answer:
    status: int
    text: str
    fields: http.client.HTTPMessage


class Admin:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"content-type": "application/json", **fields})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), answer.headers)

    def call(self, method, path, body=None, statuses=(200,)):
        answer = self.ask(method, path, body)
        if answer.status not in statuses:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.text}")
        return json.loads(answer.text)


def make_certificates(folder):
    """Each is its own authority; a and b are trusted."""
    for name in ("a", "b", "other"):
        key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                        "-out", certificate], check=True, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        (folder / f"{name}.pem").write_text(key.read_text() + certificate.read_text())
    (folder / "ca.pem").write_text((folder / "a.crt").read_text() + (folder / "b.crt").read_text())


def certificates_of(config):
    """Of all listeners."""
    names = {each["certificate"] for listener in config["listeners"].values()
             for each in listener.get("tls", {}).get("certificates", [])}
    texts = [pathlib.Path(each).read_text() for each in names]
    return {ssl.PEM_cert_to_DER_cert(re.search(r"-----BEGIN CERT.*", each, re.S)[0]) for each in texts}


class Stage:
    """`programs` ends what it begins; `more`: keys of the file. `pid` is whom to look at: at first who was started."""

    def __init__(self, teal, folder, programs, admin=Admin, more=None):
        self.teal, self.folder, self.programs = teal, folder, programs
        self.is_sanitized = is_sanitized(teal)
        self.ports = {each: free_port() for each in ("admin", "plain", "secure")}
        self.admin = admin(self.ports["admin"])
        make_certificates(folder)
        for each in PAGES:
            (folder / each).write_text(f"a page: {each}")
        self.targets = self.start_targets()
        self.file = folder / "teal.yaml"
        self.base = {**base(folder, self.ports, self.targets), **(more or {})}
        self.write(json.dumps(self.base))
        self.process = Program("teal", [teal, "serve", str(self.file)], self.ports["admin"], folder / "teal.out")
        programs.callback(self.process.log.close)
        programs.callback(self.process.stop)
        self.pid = self.process.pid
        eventually(lambda: self.admin.ask("GET", "/readyz").status == 200, "Teal is ready")

    def start_targets(self):
        """Their ports by name."""
        self.origins = self.spawn([PYTHON, HERE / "origins.py", self.folder, *ORIGINS])
        ports = json.loads(self.origins.stdout.readline())
        for name in ("a", "b"):
            peer = self.spawn([PYTHON, HERE.parent / "support/grpc_peer.py", "serve", name])
            ports[f"rpc-{name}"] = int(peer.stdout.readline())
        return ports

    def spawn(self, command):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.programs.callback(process.wait)
        self.programs.callback(process.kill)
        return process

    def write(self, text):
        """The file, at once, as an editor does."""
        beside = self.folder / "teal.yaml.new"
        beside.write_text(text)
        beside.rename(self.file)

    def command(self, *words):
        """Of the command line; it has to do well."""
        done = subprocess.run([self.teal, "--admin", f"127.0.0.1:{self.ports['admin']}", *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=3 * PATIENCE)
        if done.returncode != 0:
            raise RuntimeError(f"teal {' '.join(words)}: {done.returncode} {done.stdout}")
