#!/usr/bin/env python3
"""A client that holds its body back (Expect: 100-continue) and targets that answer in odd ways, through Teal,
nginx and HAProxy: what the client hears before and behind its body, what the target takes for requests, and
what another client gets afterwards. The body looks like a request: a proxy that keeps a connection on which the
target has not read it gives the next client the answer to it. Held to expectations.txt as differential_test.py
holds requests to outcomes.txt.

usage: expectations_test.py TEAL [--update]"""

import dataclasses
import pathlib
import socket
import sys
import threading

from differential_test import Running, main, run_in_turn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from running import PATIENCE

OUTCOMES = pathlib.Path(__file__).resolve().parent / "expectations.txt"
BODY = b"GET /hidden HTTP/1.1\r\nHost: a.example\r\n\r\n"
HEAD = (b"POST /upload HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: "
        + str(len(BODY)).encode() + b"\r\n\r\n")
LAST = b"GET /last HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def answer(status, body=""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@dataclasses.dataclass(frozen=True)
class Odd:
    """What the target says when the head has come; then it reads the body, if it does, and says the rest."""
    name: str
    on_head: bytes
    reads_body: bool
    on_body: bytes = b""
    why: str = ""
    waits: bool = True  # The client, for a word.


ASKED = "the target is asked and its word goes on; nginx says 100 itself and does not ask"
UNREAD = "who has answered instead of 100 may take the body for a request: it is not sent, and the connection ends"

ODD = [
    Odd("a target that says 100", CONTINUE, True, answer("200 OK", "done"), ASKED),
    Odd("100 twice", CONTINUE + CONTINUE, True, answer("200 OK", "done"),
        "the second one is dropped: nobody waits for it"),
    Odd("100 behind the body", b"", True, CONTINUE + answer("200 OK", "done"),
        "after 0.8 s Teal says 100 in its place, and drops what comes behind the beginning of the body; HAProxy waits"),
    Odd("a target that is silent", b"", True, answer("200 OK", "done"),
        "it has said 100 before, so it is asked again, and after 0.8 s Teal says 100 in its place; HAProxy waits"),
    Odd("417", answer("417 Expectation Failed"), False, why=UNREAD),
    Odd("413", answer("413 Content Too Large"), False, why=UNREAD),
    Odd("200 without the body", answer("200 OK", "early"), False, why=UNREAD),
    Odd("100 with the answer", CONTINUE + answer("200 OK", "early"), False,
        why="the answer came before the whole body was forwarded: the connection ends"),
    Odd("a body that does not wait", answer("200 OK", "early"), False, waits=False,
        why="the target is not asked for one who does not wait; the peers pass the expectation on or keep the connection"),
]


class Target:
    """Its first connection of a case is the odd one; all others, and that one behind the case, serve requests and
    say which."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.odd, self.taken = None, []
        self.hidden = threading.Event()  # What looks like a request has been answered.
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while (line := stream.readline()).endswith(b"\r\n"):
                    length, says = 0, ""
                    while (field := stream.readline()) not in (b"\r\n", b""):
                        name, _, value = field.partition(b":")
                        length = int(value) if name.lower() == b"content-length" else length
                        says = " with Expect" if name.lower() == b"expect" else says
                    path = line.split(b" ")[1].decode()
                    self.taken.append(path + says)
                    if path != "/upload":
                        connection.sendall(answer("200 OK", path))
                        if path == "/hidden":
                            self.hidden.set()
                        continue
                    connection.sendall(self.odd.on_head)
                    if self.odd.reads_body:
                        stream.read(length)
                        connection.sendall(self.odd.on_body)
            except OSError:
                pass


def hear(stream):
    """The statuses until the first final one, and that one's body."""
    heard = []
    while line := stream.readline():
        heard.append(line.split(b" ")[1].strip().decode())
        length = 0
        while (field := stream.readline()) not in (b"\r\n", b""):
            name, _, value = field.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        if heard[-1] == "100":
            return heard, ""
        return heard, stream.read(length).decode("latin-1")
    return ["closed"], ""


def upload(port, waits, before_last):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client, client.makefile("rb") as stream:
        said = []
        try:
            client.sendall(HEAD if waits else HEAD + BODY)
            is_sent = not waits
            while True:
                heard, body = hear(stream)
                if heard == ["100"]:
                    said.append("100")
                    if not is_sent:
                        client.sendall(BODY)
                        is_sent = True
                    continue
                said.append(heard[0] + (f" {body}" if body in ("early", "done") else ""))
                before_last()
                # What the refused one was going to send comes all the same, as from many a client; and where
                # the connection goes on, one request more ends it.
                client.sendall((b"" if is_sent else BODY) + LAST)
                while stream.read(4096):
                    pass
                return ", ".join(said)
        except OSError:
            return ", ".join(said)


def ask(port):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client, client.makefile("rb") as stream:
        client.sendall(b"GET /honest HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        return hear(stream)[1]


class Peer(Running):
    def __init__(self, name, teal, folder):
        super().__init__(name, teal, folder, Target())

    def outcome(self, odd):
        self.target.odd = odd
        self.target.taken.clear()
        self.target.hidden.clear()
        # The target has taken Teal's body for a request by then: an answer too much, on a connection that nobody
        # uses, is what Teal is to see. Were the next request faster, no proxy could tell its answer from that one.
        settle = self.target.hidden.wait if self.name == "teal" and not odd.waits else lambda timeout: None
        heard = upload(self.port, odd.waits, lambda: settle(PATIENCE))
        next_one = ask(self.port)
        # Whether a peer's body is on its way when the answer comes is a matter of chance.
        taken = [each for each in self.target.taken
                 if each != "/last" and (self.name == "teal" or odd.reads_body or each != "/hidden")]
        return f"{heard}; the next client gets {next_one}; taken: {', '.join(taken)}"


if __name__ == "__main__":
    main(lambda teal: run_in_turn(teal, Peer, ODD), OUTCOMES)
