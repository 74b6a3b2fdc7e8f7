"""What upgrades.py and upgrade_faults.py have to do with the control API: to ask it while one process takes over from
another, and to hear everything that it tells meanwhile."""

import collections
import contextlib
import http.client
import json
import threading
import time
import uuid

from running import PATIENCE
from stage import Admin, eventually

PAUSE = 0.05
SILENCE = 5.0  # Seconds without an event, after which the stream is asked for again.


class PatientAdmin(Admin):
    """Asks again where a take-over has closed its connection without an answer, if that changes nothing, and where it
    was told to wait. That nobody listens is never well."""

    def __init__(self, port):
        super().__init__(port)
        self.closed, self.told_to_wait = 0, 0

    def ask(self, method, path, body=None, **fields):
        deadline = time.monotonic() + PATIENCE
        is_safe = method == "GET" or path.endswith("/deployments")
        if method != "GET":
            fields["idempotency-key"] = uuid.uuid4().hex
        while True:
            try:
                answer = super().ask(method, path, body, **fields)
            except (ConnectionResetError, BrokenPipeError):  # Also without any byte of an answer: RemoteDisconnected.
                if not is_safe or time.monotonic() > deadline:
                    raise
                self.closed += 1
                continue
            after = answer.fields.get("retry-after")
            if answer.status != 503 or after is None or time.monotonic() > deadline:
                return answer
            self.told_to_wait += 1
            time.sleep(float(after))

    def upgrade(self):
        return self.call("GET", "/v1/upgrade")

    def await_upgrade(self, is_so, what, patience=PATIENCE, each_time=lambda: None):
        """What it says then."""
        last = {}

        def look():
            each_time()
            last.clear()
            last.update(self.upgrade())
            return is_so(last)
        try:
            eventually(look, what, patience, PAUSE)
        except TimeoutError as late:
            raise TimeoutError(f"{late}: {last}") from None
        return last


class Told(threading.Thread):
    """All events, whichever process tells them: a stream that ends is asked for again from where it ended."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over = port, threading.Event()
        self.counts, self.seen, self.failures = collections.Counter(), set(), []
        self.last, self.streams = "", 0
        self.start()

    def run(self):
        while not self.over.is_set():
            with contextlib.suppress(ConnectionResetError, http.client.IncompleteRead, TimeoutError):
                try:
                    self.hear()
                except ConnectionRefusedError:
                    self.failures.append(f"nobody tells what comes after {self.last}")
                    return

    def hear(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SILENCE)
        with contextlib.closing(connection):
            connection.request("GET", "/v1/events", headers={"last-event-id": self.last} if self.last else {})
            answer = connection.getresponse()
            if answer.status != 200:
                self.failures.append(f"events after {self.last} are refused: {answer.status}")
                self.over.wait(PAUSE)
                return
            self.streams += 1
            event = {}
            while not self.over.is_set() and (line := answer.readline().decode()):
                name, _, value = line.rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif event:
                    self.take(event)
                    event = {}

    def take(self, event):
        if event.get("event") == "gap":
            self.failures.append(f"events are missing after {self.last}: {event}")
        if "id" not in event:
            return
        if event["id"] in self.seen:
            self.failures.append(f"{event['id']} is told twice")
        self.seen.add(event["id"])
        self.last = event["id"]
        self.counts[json.loads(event["data"])["type"]] += 1

    def stop(self):
        self.over.set()
        self.join(2 * SILENCE)
