#!/usr/bin/env python3
"""The targets that answer in the scale bench, in a process of their own: a live one, a release that
fails every request, and a few that are probed and change their health when they are told to.

It prints its ports as a line of JSON and then takes commands, one line of JSON each, until its input
ends. Times are of CLOCK_MONOTONIC in nanoseconds, which is one clock for all processes."""

import json
import selectors
import socket
import sys
import time

PROBED = 10  # Targets with a health check.
END = b"\r\n\r\n"
BACKLOG = 1024


def response(status, text):
    reason = {200: "OK", 500: "Internal Server Error", 503: "Service Unavailable"}[status]
    return (f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}").encode()


class Live:
    """Answers all well."""

    def answer(self, head):
        return response(200, "live")


class Release:
    """Answers all with 500; the body says which answer it is, and when it left."""

    def __init__(self):
        self.answered = 0

    def answer(self, head):
        self.answered += 1
        return response(500, f"release {self.answered} {time.monotonic_ns()}")


class Probed:
    """Healthy or ill. Knows when a probe was first told so."""

    def __init__(self):
        self.is_well, self.told_ns = True, None

    def become(self, is_well):
        self.is_well, self.told_ns = is_well, None

    def answer(self, head):
        if not head.startswith(b"GET /healthz"):
            return response(200, "probed")
        if self.told_ns is None:
            self.told_ns = time.monotonic_ns()
        return response(200 if self.is_well else 503, "probe")


class Connection:
    def __init__(self, sock, target):
        self.socket, self.target, self.received = sock, target, b""

    def is_over(self):
        """Answers what has come; true when the other side or the request ends the connection."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionError:
            return True
        if not piece:
            return True
        self.received += piece
        while END in self.received:
            head, _, self.received = self.received.partition(END)
            try:
                self.socket.sendall(self.target.answer(head))
            except ConnectionError:
                return True
            if b"connection: close" in head.lower():
                return True
        return False


class Targets:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.probed = [Probed() for _ in range(PROBED)]
        self.flips = []  # When each of the probed ones changes next; empty: none does by itself.
        self.period = 0.0
        self.release = Release()
        self.commands = b""
        self.is_over = False

    def listen(self, target):
        sock = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.selector.register(sock, selectors.EVENT_READ, target)
        return sock.getsockname()[1]

    def run(self):
        ports = {"live": self.listen(Live()), "release": self.listen(self.release),
                 "probed": [self.listen(target) for target in self.probed]}
        self.selector.register(sys.stdin.buffer.raw, selectors.EVENT_READ, None)
        print(json.dumps(ports), flush=True)
        while not self.is_over:
            wait = max(0.0, min(self.flips) - time.monotonic()) if self.flips else None
            for key, _ in self.selector.select(wait):
                self.serve(key)
            self.flip_what_is_due()

    def serve(self, key):
        if key.data is None:
            self.take_commands()
        elif isinstance(key.data, Connection):
            if key.data.is_over():
                self.selector.unregister(key.fileobj)
                key.fileobj.close()
        else:
            sock, _ = key.fileobj.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(sock, selectors.EVENT_READ, Connection(sock, key.data))

    def flip_what_is_due(self):
        now = time.monotonic()
        for number, at in enumerate(self.flips):
            if at <= now:
                self.probed[number].become(not self.probed[number].is_well)
                self.flips[number] = max(now, at + self.period)

    def take_commands(self):
        piece = sys.stdin.buffer.raw.read(65536)
        self.is_over = not piece
        self.commands += piece or b""
        while b"\n" in self.commands:
            line, _, self.commands = self.commands.partition(b"\n")
            print(json.dumps(self.carry_out(**json.loads(line))), flush=True)

    def carry_out(self, become=None, told=None, flip_each=None):
        """`become`: [number, whether it is well]; `told`: number, answers when a probe first heard of
        the present health; `flip_each`: all change so often, in seconds and in turn (0: no more)."""
        if become is not None:
            self.probed[become[0]].become(become[1])
        if flip_each is not None:
            self.period, now = flip_each, time.monotonic()
            self.flips = [now + flip_each * number / PROBED for number in range(PROBED)] if flip_each else []
            for target in self.probed:
                target.become(True)
        return self.probed[told].told_ns if told is not None else None


if __name__ == "__main__":
    try:
        Targets().run()
    except KeyboardInterrupt:
        pass
