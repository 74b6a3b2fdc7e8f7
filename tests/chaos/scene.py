"""What is common to reloads.py and upgrades.py: everybody asks a Teal and releases ship while something is done to it
again and again; and what has to be true of it all in the end, whatever that was."""

import contextlib
import json
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

from book import Book
from calls import Calls
from drift import LOG_FILES
from load import Load
from observed import Counters, Memory, Waits, compare, descriptors, logged, total
from releases import Releases
from running import PATIENCE, binary_under_test
from stage import Admin, Stage, certificates_of, eventually

BETWEEN = 100           # Requests that are answered before the next time.
SANITIZER_SLACK_MS = 1000


class Scene:
    ADMIN, MORE = Admin, {}  # Of the stage.
    LONGEST = None           # Of conversations: see load.py.
    LONG_RUN = float("inf")  # From so many times on, the history is filled.

    def __init__(self, stage, times, seed):
        self.stage, self.admin, self.times = stage, stage.admin, times
        self.random = random.Random(seed)
        self.book, self.counters, self.memory, self.lock = Book(), Counters(), Memory(), threading.Lock()
        self.book.certificates = certificates_of(stage.base)
        self.waits = Waits(stage.pid)

    def configured(self, service):
        """The `deploy` of the file as it is now."""
        return self.stage.base["services"][service]["deploy"]

    def begin(self):
        self.load = Load(self.book, self.stage.ports, self.stage.folder / "ca.pem", self.LONGEST)
        self.releases = Releases(
            self.admin, self.stage.command, self.stage.targets, self.book, random.Random(self.random.random()),
            self.configured, self.lock, self.waits, SANITIZER_SLACK_MS if self.stage.is_sanitized else 0,
            self.times >= self.LONG_RUN)
        self.load.begin()
        self.calls = Calls(self.book, self.stage.ports["plain"], self.LONGEST)
        self.releases.start()
        self.began, self.answered = time.monotonic(), self.book.count()

    def await_requests(self):
        """As many as are to be answered each time."""
        aim = self.book.count() + BETWEEN
        eventually(lambda: self.book.count() >= aim, f"{BETWEEN} requests are answered")

    def scrape(self):
        text = self.admin.ask("GET", "/metrics").text
        for each in self.counters.take(text):
            self.book.fail(each)
        return text

    # ---- the end

    def note_rate(self):
        self.took = time.monotonic() - self.began
        self.rate = (self.book.count() - self.answered) / self.took

    def send_home(self):
        """Everybody who asks."""
        if self.LONGEST is None:
            self.stage.origins.send_signal(signal.SIGUSR1)
        self.calls.stop()
        self.load.stop()

    def compare_descriptors(self, before):
        """Nobody is there any more: it has what it had."""
        pid = self.stage.pid
        with contextlib.suppress(TimeoutError):
            eventually(lambda: descriptors(pid) == before, "descriptors are as they were")
        if (now := descriptors(pid)) != before:
            self.book.fail(f"descriptors were {dict(before)} and are {dict(now)}")

    def scrape_last(self):
        text = self.scrape()
        for name in ("teal_access_log_lost_lines_total", "teal_access_log_dropped_total"):
            if total(text, name) != 0:
                self.book.fail(f"{name} is {total(text, name)}")
        return text

    def compare_books(self):
        book, folder = self.book, self.stage.folder
        if book.sent != book.answered:
            book.fail(f"sent {dict(book.sent)}, answered {dict(book.answered)}")
        lines, bad = logged([each for i in range(LOG_FILES) if (each := folder / f"access-{i}.log").exists()])
        for each in compare(book.lines, lines) + bad[:10]:
            book.fail(f"the access log: {each}")
        origins = self.stage.origins
        origins.terminate()
        report = json.loads(origins.communicate(timeout=PATIENCE)[0].splitlines()[-1])
        errors = sum(each["errors"] for each in report.values())
        if errors != sum(book.ill.values()) + book.shielded:
            book.fail(f"failing releases gave {errors} errors; clients saw {dict(book.ill)}, {book.shielded} shielded")

    def tell_requests(self):
        print(f"{self.rate:.0f} requests/s: {counts(self.book.answered)}; {self.book.echoes} echoes; "
              f"{sum(self.book.lines.values())} lines")

    def tell_releases(self, through):
        releases = self.releases
        late, own = zip(*releases.lasted) if releases.lasted else ([0], [0])
        print(f"{releases.count} releases: {counts(releases.kinds)}; {len(releases.lasted)} bakes lasted "
              f"{min(late):.0f} to {max(late):.0f} ms more than asked for ({max(own):.0f} without waits for a core), "
              f"through {through}")
        print(f"errors of failing releases: {sum(self.book.ill.values())} seen by clients, {self.book.shielded} "
              f"shielded; {self.counters.scrapes} scrapes of {len(self.counters.known)} counters")


def counts(counter):
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))


def play(kind, teal, times, seed):
    """`kind`: of Scene. What went wrong, as lines."""
    with contextlib.ExitStack() as programs:
        folder = pathlib.Path(programs.enter_context(tempfile.TemporaryDirectory(prefix="teal-scene-")))
        stage = Stage(teal, folder, programs, kind.ADMIN, kind.MORE)
        run = kind(stage, times, seed)
        try:
            run.go()
            run.tell()
            failures = []
        except Exception as error:  # Whatever it is, it is what the test looks for.
            failures = [repr(error)]
        failures += run.book.failures
        return failures and [*failures, "Teal's last words:", *stage.process.said().splitlines()[-20:]]


def main(kind, times):
    """SCRIPT TEAL [TIMES] [SEED]"""
    teal = binary_under_test(sys.argv[1])
    times = int(sys.argv[2]) if len(sys.argv) > 2 else times
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)
    if failures := play(kind, teal, times, seed):
        print(f"seed {seed} failed:", *failures, sep="\n  ")
        sys.exit(1)
