"""Clients of faults.py: each asks again and again over a kept connection, and notes of every request when it was sent,
when it was over and what came of it."""

import collections
import dataclasses
import http.client
import socket
import threading
import time

PATIENCE = 20.0
PAUSE = 0.02  # Seconds between two requests of one client.


@dataclasses.dataclass
class Outcome:
    """`what`: a status; "refused": nobody let the client in; "cut": the connection ended before the answer did."""

    path: str
    sent: float
    over: float
    what: object
    release: str = ""


class Clients:
    def __init__(self, port, count, patience=PATIENCE):
        self.port, self.patience, self.over = port, patience, threading.Event()
        self.outcomes, self.lock = [], threading.Lock()
        self.sent = collections.Counter()
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(count)]
        for each in self.threads:
            each.start()

    def run(self, number):
        connection, count = None, 0
        while not self.over.wait(PAUSE):
            count += 1
            path = f"/q/{number}/{count}"
            with self.lock:
                self.sent[path] += 1
            connection, outcome = self.ask(connection, path)
            with self.lock:
                self.outcomes.append(outcome)

    def ask(self, connection, path):
        """One request, and the connection to go on with."""
        began = time.monotonic()
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)
            try:
                connection.connect()
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                return None, Outcome(path, began, time.monotonic(), "refused")
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read().decode()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None, Outcome(path, began, time.monotonic(), "cut")
        release = answer.getheader("X-Release", "")
        outcome = Outcome(path, began, time.monotonic(), answer.status, release)
        if release and body != f"{release} {path}":
            outcome.what = f"another body: {body[:100]}"
        if answer.will_close:
            connection.close()
            return None, outcome
        return connection, outcome

    def stop(self):
        self.over.set()
        for each in self.threads:
            each.join(2 * PATIENCE)


class Aborters(threading.Thread):
    """Clients that ask and go away, as long as they are needed: nothing that they do is evidence of anything."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over = port, threading.Event()
        self.start()

    def run(self):
        number = 0
        while not self.over.wait(0.005):
            number += 1
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                    connection.sendall(f"GET /gone/{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode()[:-2 * (number % 2) or None])
            except OSError:
                pass

    def stop(self):
        self.over.set()
        self.join()
