#!/usr/bin/env python3
"""Sends the same odd requests through Teal, nginx and HAProxy to a target that writes down what it gets,
and holds what came of them to outcomes.txt. Where Teal differs from a peer, the case must say why
(odd_requests.py). `--update` writes outcomes.txt anew, to be read with git diff.

usage: differential_test.py TEAL [--update]"""

import os
import pathlib
import re
import shutil
import socket
import sys
import tempfile
import threading
import time

from odd_requests import ODD

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from running import PATIENCE, Program, binary_under_test, free_port

HERE = pathlib.Path(__file__).resolve().parent
OUTCOMES = HERE / "outcomes.txt"
WAIT = 2  # Of the proxies.
LAST = b"GET /last HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
# What proxies add or what is theirs to choose; the rest of a forwarded head is compared.
ADDED = re.compile(rb"x-forwarded-|x-real-ip|forwarded$|via$|x-request-id|x-filler")

CONFIGURATIONS = {
    "teal": ("teal.yaml", """
admin: { address: "127.0.0.1:@spare@" }
state: "sqlite:@folder@/teal.db"
workers: 1
access_log: off
listeners:
  public: { address: "127.0.0.1:@port@", timeouts: { request_header: @wait@s } }
services:
  shop:
    match: [ { listener: public } ]
    blue: { revision: v1, targets: [ "127.0.0.1:@target@" ] }
    green: { }
    live: blue
    timeouts: { request_body_idle: @wait@s, response_header: @wait@s }
"""),
    "nginx": ("nginx.conf", """
worker_processes 1;
daemon off;
pid @folder@/nginx.pid;
error_log @folder@/nginx.log crit;
events { worker_connections 256; }
http {
  access_log off;
  client_header_timeout @wait@s;
  client_body_timeout @wait@s;
  client_body_temp_path @folder@/nginx-body;
  proxy_temp_path @folder@/nginx-proxy;
  fastcgi_temp_path @folder@/nginx-fastcgi;
  uwsgi_temp_path @folder@/nginx-uwsgi;
  scgi_temp_path @folder@/nginx-scgi;
  server {
    listen 127.0.0.1:@port@;
    location / {
      proxy_pass http://127.0.0.1:@target@;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_read_timeout @wait@s;
    }
  }
}
"""),
    "haproxy": ("haproxy.cfg", """
defaults
  mode http
  timeout connect @wait@s
  timeout client @wait@s
  timeout server @wait@s
  timeout http-request @wait@s
frontend public
  bind 127.0.0.1:@port@
  default_backend target
backend target
  server target 127.0.0.1:@target@
"""),
}
COMMANDS = {"nginx": ["nginx", "-p", "@folder@", "-c"], "haproxy": ["haproxy", "-db", "-q", "-f"]}


class Target:
    """Answers every request with 200 and keeps what it was: the line, the fields, the body."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.seen = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while self.take(stream):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                pass

    def take(self, stream):
        line = stream.readline()
        if not line:
            return False
        fields, framing = [], {}
        while (field := stream.readline()) not in (b"\r\n", b"\n", b""):
            name, _, value = field.rstrip(b"\r\n").partition(b":")
            fields.append((name.lower(), value.strip()))
            framing[name.lower()] = value.strip().lower()
        said = [line.rstrip(b"\r\n").decode("latin-1")]
        said += [f"{name.decode('latin-1')}={value.decode('latin-1')}" for name, value in sorted(fields)
                 if not ADDED.match(name)]
        body = self.body(stream, framing)
        # One that is cut short has begun, and is over when the proxy finds out: not told of.
        if body is None:
            return False
        if b"/last" not in line:
            self.seen.append(" | ".join(said + ([f"body={body.decode('latin-1')}"] if body else [])))
        return True

    def body(self, stream, framing):
        """Chunks without their framing and trailers behind a plus, or None if it does not end."""
        if framing.get(b"transfer-encoding") != b"chunked":
            length = int(framing.get(b"content-length", 0))
            body = stream.read(length)
            return body if len(body) == length else None
        body = b""
        while (line := stream.readline()).endswith(b"\r\n") and (size := int(line.split(b";")[0], 16)) > 0:
            body += stream.read(size + 2)[:-2]
        while (field := stream.readline()) not in (b"\r\n", b""):
            body += b" +" + field.strip()
        return body if line and field else None


def send(port, request):
    """The statuses of all answers until the connection ends; a last request ends it where nothing else
    does."""
    statuses, asked_last = [], False
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client, \
            client.makefile("rb") as stream:
        try:
            client.sendall(request)
            while line := stream.readline():
                status = line.split(b" ")[1].decode() if line.startswith(b"HTTP/") else "0.9"
                length = 0
                while (field := stream.readline()) not in (b"\r\n", b""):
                    name, _, value = field.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                stream.read(length)
                statuses.append(status)
                if not asked_last and status != "100":
                    asked_last = True
                    client.sendall(LAST)
        except (ConnectionResetError, BrokenPipeError):
            pass
    # The answer to the last request is no part of it; it is missing where the connection was closed.
    return statuses[:-1] if asked_last and len(statuses) > 1 else statuses


class Running:
    """Teal or a peer before `target`; `change` edits its configuration."""

    def __init__(self, name, teal, folder, target, change=lambda text: text):
        self.name, self.target, self.port = name, target, free_port()
        file, text = CONFIGURATIONS[name]
        values = {"port": self.port, "target": self.target.port, "folder": folder, "wait": WAIT,
                  "spare": free_port()}
        fill = lambda text: re.sub("@(\\w+)@", lambda found: str(values[found[1]]), text)
        path = pathlib.Path(folder) / file
        path.write_text(fill(change(text)))
        command = [fill(word) for word in COMMANDS.get(name, [teal, "serve"])] + [str(path)]
        self.program = Program(name, command, self.port, pathlib.Path(folder) / f"{name}.out")


class Peer(Running):
    def __init__(self, name, teal, folder):
        super().__init__(name, teal, folder, Target())

    def outcome(self, odd):
        self.target.seen.clear()
        statuses = send(self.port, odd.request)
        said = " ".join(statuses) or "closed"
        # An address of its own, where Teal names the target, is another each time.
        seen = [each.replace(f":{self.target.port}", ":PORT") for each in self.target.seen]
        return said + "".join(f"\n      < {each}" for each in seen)


def printable(text):
    return re.sub(r"[^\n -~]", lambda odd: f"\\x{ord(odd[0]):02x}", text)


def run(teal):
    """Every case as its text in outcomes.txt, and the names of those that want a reason."""
    texts, unexplained = [], []
    with tempfile.TemporaryDirectory(prefix="teal-differential-") as folder:
        peers = []
        try:
            peers += [Peer(name, teal, folder) for name in CONFIGURATIONS]
            for odd in ODD:
                outcomes = {}
                threads = [threading.Thread(target=lambda p=peer: outcomes.update({p.name: p.outcome(odd)}))
                           for peer in peers]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                if len(set(outcomes.values())) > 1 and not odd.why:
                    unexplained.append(odd.name)
                texts.append(f"{odd.name}\n" + (f"    # {odd.why}\n" if odd.why else "")
                             + "".join(f"    {name}: {outcomes[name]}\n" for name in CONFIGURATIONS))
        finally:
            for peer in peers:
                peer.program.stop()
    return [printable(text) for text in texts], unexplained


def run_in_turn(teal, make, cases):
    """As run(), of cases whose outcome is one line, one peer after the other."""
    texts, unexplained = [], []
    with tempfile.TemporaryDirectory(prefix="teal-differential-") as folder:
        peers = []
        try:
            peers += [make(name, teal, folder) for name in CONFIGURATIONS]
            for odd in cases:
                outcomes = {peer.name: peer.outcome(odd) for peer in peers}
                if len(set(outcomes.values())) > 1 and not odd.why:
                    unexplained.append(odd.name)
                texts.append(printable(f"{odd.name}\n" + (f"    # {odd.why}\n" if odd.why else "")
                                       + "".join(f"    {name}: {said}\n" for name, said in outcomes.items())))
        finally:
            for peer in peers:
                peer.program.stop()
    return texts, unexplained


def main(run, outcomes):
    """Holds what `run` finds to the file `outcomes`, which `--update` writes anew."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program in ("nginx", "haproxy"):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed; ./dev setup test installs it")
    texts, unexplained = run(binary_under_test(sys.argv[1]))
    if "--update" in sys.argv:
        outcomes.write_text("\n".join(texts))
    expected = outcomes.read_text().rstrip("\n").split("\n\n")
    wrong = [text for text in texts if text.rstrip("\n") not in expected]
    for text in wrong:
        print(f"not as in {outcomes.name}:\n{text}")
    for name in unexplained:
        print(f"differs without a reason: {name}")
    print(f"{len(texts)} cases, {len(wrong)} not as expected, {len(unexplained)} unexplained")
    sys.exit(1 if wrong or unexplained else 0)


if __name__ == "__main__":
    main(run, OUTCOMES)
