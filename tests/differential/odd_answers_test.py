#!/usr/bin/env python3
"""Odd answers of a target through Teal, nginx and HAProxy, to a client that asks to change the protocol, and
what of them reaches it; held to answers.txt as differential_test.py holds requests to outcomes.txt.

usage: odd_answers_test.py TEAL [--update]"""

import dataclasses
import pathlib
import re
import socket
import sys
import threading

from differential_test import Running, main, run_in_turn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from running import PATIENCE

OUTCOMES = pathlib.Path(__file__).resolve().parent / "answers.txt"
ASK = (b"GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
       b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


@dataclasses.dataclass(frozen=True)
class Odd:
    name: str
    answer: bytes
    why: str = ""


def switch(*lines):
    return head("101 Switching Protocols", "Connection: upgrade", "Upgrade: websocket",
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", *lines) + b"<"


def head(status, *lines):
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "", "")).encode()


def fine(status, *lines):
    return head(status, *lines, "Connection: close", "Content-Length: 4") + b"fine"


FINE = fine("200 OK")
SWITCH = "a 101 ends with its head, whatever it says of a body (RFC 9112, 6.3, rule 1): both fields are dropped"
INTERIM = ("a target that thinks an interim answer has a body would have that body read as the next answer: "
           "refused")

ODD = [
    Odd("a switch", switch()),
    Odd("a switch in chunks", switch("Transfer-Encoding: chunked"), SWITCH),
    Odd("a switch with a length", switch("Content-Length: 5"), SWITCH),
    Odd("a switch with a length of zero", switch("Content-Length: 0"), SWITCH),
    Odd("a switch with both", switch("Content-Length: 5", "Transfer-Encoding: chunked"), SWITCH),
    Odd("100 with a length", head("100 Continue", "Content-Length: 4") + FINE, INTERIM),
    Odd("100 in chunks", head("100 Continue", "Transfer-Encoding: chunked") + FINE, INTERIM),
    Odd("103 with a length", head("103 Early Hints", "Content-Length: 4") + FINE, INTERIM),
    Odd("a status without its blank", fine("200")),
    Odd("a head of 17 kB", fine("200 OK", "X: " + "x" * 17000),
        "64 KiB are taken of a target's head, of a probe's answer too; the peers' buffers are smaller"),
]


class Target:
    """Gives each connection the present answer, and what follows a switch is given back."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.answer = FINE
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                asked = b""
                while b"\r\n\r\n" not in asked:
                    if not (more := connection.recv(65536)):
                        return
                    asked += more
                connection.sendall(self.answer)
                if self.answer.endswith(b"fine"):
                    return
                while more := connection.recv(65536):
                    connection.sendall(more)
            except OSError:
                pass


def ask(port):
    """The status, what the head says of a body, and what follows it: behind a switch both ways."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(ASK)
        stream = client.makefile("rb")
        said = []
        try:
            while line := stream.readline():
                status = line.split(b" ")[1].strip().decode()
                framing = {}
                while (field := stream.readline()) not in (b"\r\n", b""):
                    name, _, value = field.partition(b":")
                    if name.lower() in (b"content-length", b"transfer-encoding"):
                        framing[name.lower().decode()] = value.strip().decode()
                said.append(" ".join([status, *(f"{name}={value}" for name, value in framing.items())]))
                if status == "101":
                    client.sendall(b"ping>")
                    heard = b""
                    while not heard.endswith(b">") and (more := stream.read(1)):
                        heard += more
                    return ", ".join(said + [heard.decode("latin-1")])
                if not status.startswith("1"):
                    length = int(framing.get("content-length", 0))
                    return ", ".join(said + ([] if status != "200" else [stream.read(length).decode("latin-1")]))
        except OSError:
            pass
        return ", ".join(said + ["closed"])


class Peer(Running):
    def __init__(self, name, teal, folder):
        super().__init__(name, teal, folder, Target(), lambda text: text.replace(
            'proxy_set_header Connection "";', "proxy_set_header Connection $http_connection;"
            " proxy_set_header Upgrade $http_upgrade;"))

    def outcome(self, odd):
        self.target.answer = odd.answer
        return re.sub(r" content-length=\d+(, )?$", "", ask(self.port))


if __name__ == "__main__":
    main(lambda teal: run_in_turn(teal, Peer, ODD), OUTCOMES)
