#!/usr/bin/env python3
"""The disturbance of the scale bench, in a process of its own: so many connections that ask for a path
again as soon as they were answered; of /v1/services for all pages, one after the other.

crowd.py PORT PATH CONNECTIONS: until its input ends; then it says as a line of JSON what it got. Its
commands are lines of JSON: {"ask": false} makes it hold still once all have their answers, and
{"ask": true} go on; either is answered when it is so."""

import json
import os
import pathlib
import selectors
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from scaling import wire  # noqa: E402: found through the line above

# Clients are elsewhere in life. Here they share the cores with Teal, and may not take its time.
NICENESS = 10


class Asker:
    """One connection that asks for ever, all pages of a list in a row."""

    def __init__(self, port, path, selector):
        self.path, self.host = path, f"127.0.0.1:{port}"
        self.times_ms, self.failures = [], 0
        self.port, self.selector, self.socket = port, selector, None
        self.is_asking = False

    def begin(self):
        self.is_asking = True
        self.began = time.monotonic()
        self.ask(self.path)

    def ask(self, path):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.selector.register(self.socket, selectors.EVENT_READ, self)
        self.answer = wire.Answer()
        self.socket.sendall(wire.request("GET", path, self.host))

    def go_on(self):
        """Reads what has come. When it has all of an answer, or none, it asks no more."""
        try:
            piece = self.socket.recv(wire.PIECE)
        except OSError:
            piece = b""
        if not piece:
            self.failures += 1
            self.selector.unregister(self.socket)
            self.socket.close()
            self.socket, self.is_asking = None, False
        elif self.answer.is_whole_with(piece):
            self.failures += self.answer.status != 200
            page = self.answer.next_page() if self.path == wire.LIST else None
            if page:
                return self.ask(page)
            self.times_ms.append((time.monotonic() - self.began) * 1e3)
            self.is_asking = False


class Crowd:
    def __init__(self, port, path, connections):
        self.selector = selectors.DefaultSelector()
        self.selector.register(sys.stdin.buffer.raw, selectors.EVENT_READ, None)
        self.askers = [Asker(port, path, self.selector) for _ in range(connections)]
        self.seconds, self.asks_since = 0.0, None

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    line = sys.stdin.buffer.raw.readline()
                    if not line:
                        return
                    self.let_ask(json.loads(line)["ask"])
                else:
                    self.serve(key.data)

    def serve(self, asker):
        asker.go_on()
        if asker.is_asking:
            return
        if self.asks_since is not None:
            asker.begin()
        elif not any(each.is_asking for each in self.askers):
            print("false", flush=True)

    def let_ask(self, may_ask):
        if may_ask:
            self.asks_since = time.monotonic()
            for asker in self.askers:
                asker.begin()
            print("true", flush=True)
        else:
            self.seconds += time.monotonic() - self.asks_since
            self.asks_since = None

    def summary(self):
        if self.asks_since is not None:
            self.let_ask(False)
        return summary(self.askers, max(self.seconds, 1e-9))


def summary(askers, seconds):
    """What they got while they asked."""
    times = sorted(sum((asker.times_ms for asker in askers), []))
    return {"rate": len(times) / seconds, "p50_ms": times[len(times) // 2] if times else None,
            "most_ms": times[-1] if times else None, "failures": sum(asker.failures for asker in askers)}


def main():
    os.nice(NICENESS)
    crowd = Crowd(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    crowd.run()
    print(json.dumps(crowd.summary()))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
