"""What clients have asked for and what they got: every request is answered once, as it should be, and leaves one line
in the access log."""

import collections
import gzip
import re
import threading

KEPT_FAILURES = 30
ORDINARY = re.compile(r"/(h1|h2|tls|short|extra)/")  # Paths that always lead to the service shop.


class Book:
    """For several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent, self.answered = collections.Counter(), collections.Counter()
        self.lines = collections.Counter()    # By path: what the access log has to say of what is over.
        self.ill = collections.Counter()      # Answers of failing releases that clients saw, by status.
        self.shielded = 0
        self.echoes = 0
        self.failures, self.failed = [], 0
        self.number = 0                       # That headers have at least: the reload that set it is over.
        self.certificates = set()             # That a new connection may see.

    def begin(self, protocol):
        with self.lock:
            self.sent[protocol] += 1

    def end(self, protocol, target):
        with self.lock:
            self.answered[protocol] += 1
            self.lines[target.partition("?")[0]] += 1

    def echo(self):
        with self.lock:
            self.echoes += 1

    def fail(self, what):
        with self.lock:
            self.failed += 1
            if len(self.failures) < KEPT_FAILURES:
                self.failures.append(what)

    def count(self):
        with self.lock:
            return sum(self.answered.values())

    def take(self, protocol, target, sent_bytes, number, answer):
        """`number`: of the headers, when it was sent."""
        self.end(protocol, target)
        if wrong := self.what_is_wrong(target, sent_bytes, number, answer):
            self.fail(f"{protocol} {target}: {wrong}: {answer.status} {answer.fields} {answer.body[:100]}")

    def what_is_wrong(self, target, sent_bytes, number, answer):
        with self.lock:
            self.shielded += "x-teal-shield" in answer.fields
        if answer.fields.get("x-ill"):
            with self.lock:
                self.ill[answer.status] += 1
            return ""
        if target.startswith("/route"):
            return "" if answer.status in (200, 302) else "status"
        if answer.status != 200:
            return "status"
        if ORDINARY.match(target):
            if int(answer.fields.get("x-number", 0)) < number:
                return f"a header of an older configuration than {number}"
            if int(answer.fields.get("x-seen") or 0) < number:
                return f"a target saw an older configuration than {number}"
        body = answer.body
        if answer.fields.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        size = re.search(r"size=(\d+)", target)
        line, _, rest = body.partition(b"\n")
        if not line.endswith(f" {target} {sent_bytes}".encode()):
            return "another body"
        if size and len(rest) != int(size[1]):
            return f"a body of {len(rest)} bytes"
        return ""
