#!/usr/bin/env python3
"""The disturbance of the scale bench, in a process of its own: so many connections that ask for a path
again as soon as they were answered; of /v1/services for all pages, one after the other.

crowd.py PORT PATH CONNECTIONS: until its input ends; then it says as a line of JSON what it got."""

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
        self.begin()

    def begin(self):
        self.began = time.monotonic()
        self.ask(self.path)

    def ask(self, path):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.selector.register(self.socket, selectors.EVENT_READ, self)
        self.answer = wire.Answer()
        self.socket.sendall(wire.request("GET", path, self.host))

    def go_on(self):
        try:
            piece = self.socket.recv(wire.PIECE)
        except OSError:
            piece = b""
        if not piece:
            self.failures += 1
            self.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None
            return self.begin()
        if not self.answer.is_whole_with(piece):
            return None
        self.failures += self.answer.status != 200
        page = self.answer.next_page() if self.path == wire.LIST else None
        if page:
            return self.ask(page)
        self.times_ms.append((time.monotonic() - self.began) * 1e3)
        return self.begin()


def summary(askers, seconds):
    times = sorted(sum((asker.times_ms for asker in askers), []))
    return {"rate": len(times) / seconds, "p50_ms": times[len(times) // 2] if times else None,
            "most_ms": times[-1] if times else None, "failures": sum(asker.failures for asker in askers)}


def main():
    port, path, connections = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    os.nice(NICENESS)
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin.buffer.raw, selectors.EVENT_READ, None)
    began = time.monotonic()
    askers = [Asker(port, path, selector) for _ in range(connections)]
    while True:
        for key, _ in selector.select():
            if key.data is None:
                print(json.dumps(summary(askers, time.monotonic() - began)))
                return
            key.data.go_on()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
