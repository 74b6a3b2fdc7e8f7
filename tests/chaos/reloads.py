#!/usr/bin/env python3
"""Teal is reloaded again and again while everybody talks through it and releases ship: no request fails, no tunnel is
cut, no line of the access log is missing, no counter falls, no bake is longer or shorter than it was to be, and neither
memory nor descriptors grow. Each reload changes something, by a seed; now and then a file is bad, and refused, and
nothing changes. All of it is seen from outside. `./dev chaos reloads`.

usage: reloads.py TEAL [RELOADS] [SEED]      1,000 reloads and a new seed, unless it says so"""

import collections
import contextlib
import copy
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from book import Book
from calls import Calls
from drift import Change, Drift, GUESTS, LOG_FILES, with_matches
from extras import Extra
from load import Load
from observed import Counters, Waits, compare, descriptors, logged, resident_kib, total
from refusals import Refusals
from releases import Releases
from running import PATIENCE, binary_under_test, free_port
from stage import Stage, certificates_of, eventually

RELOADS = 1000
BETWEEN = 100           # Requests that are answered between two reloads.
REFUSED_SHARE = 0.15    # Files that are refused, for each one that is loaded.
SCRAPE_EVERY = 10       # Reloads.
WARM_SHARE = 0.1        # Of the reloads; from then on memory has to be flat,
LONG_RUN = 500          # where there are as many,
FLAT = 0.05             # but for so much.
SANITIZER_SLACK_MS = 1000
WAYS = ["POST"] * 7 + ["teal reload"] * 2 + ["SIGHUP"]


class Run:
    def __init__(self, stage, reloads, seed):
        self.stage, self.admin, self.reloads = stage, stage.admin, reloads
        self.random = random.Random(seed)
        self.book, self.counters, self.lock = Book(), Counters(), threading.Lock()
        self.done, self.refused = collections.Counter(), collections.Counter()
        self.drift = Drift(stage.base, stage.folder, self.random, free_port, stage.targets["guest"])
        self.generation = self.admin.call("GET", "/v1/config")["generation"]
        self.book.certificates = certificates_of(stage.base)
        # Between two probes.
        eventually(lambda: descriptors(stage.process.pid)["sockets"] == 0, "no probe is under way")
        self.descriptors = descriptors(stage.process.pid)
        self.load = Load(self.book, stage.ports, stage.folder / "ca.pem")
        self.releases = Releases(
            self.admin, stage.command, stage.targets, self.book, random.Random(self.random.random()),
            lambda service: self.drift.config["services"][service]["deploy"], self.lock, Waits(stage.process.pid),
            SANITIZER_SLACK_MS if stage.is_sanitized else 0, reloads >= LONG_RUN)
        self.memory, self.warm_at = [], None
        self.refusals = Refusals(stage.folder, self.random, self.releases)

    # ---- one reload

    def apply(self, change):
        self.load.call(self.before(change))
        self.book.certificates = self.book.certificates | certificates_of(change.config)
        way = self.random.choice(WAYS)
        with self.lock:
            self.stage.write(json.dumps(change.config))
            self.load_file(way)
            self.drift.accept(change)
        self.book.certificates = certificates_of(change.config)
        edits = change.config["services"]["shop"].get("response_headers", {}).get("set", [{"value": "0"}])
        self.book.number = int(edits[0]["value"])
        self.load.call(self.after(change))
        self.done[way] += 1

    def load_file(self, way):
        """It has to be taken, as the next generation."""
        if way == "POST":
            answer = self.admin.call("POST", "/v1/config/reload", {})
            if answer["result"] != "applied" or answer["generation"] != self.generation + 1:
                self.book.fail(f"a reload in place of generation {self.generation + 1}: {answer}")
        elif way == "teal reload":
            self.stage.command("reload")
        else:
            os.kill(self.stage.process.pid, signal.SIGHUP)
            eventually(lambda: self.admin.call("GET", "/v1/config")["generation"] != self.generation, "SIGHUP reloads")
            # Another one is refused until it is over.
            dry = ("POST", "/v1/config/reload", {"dry_run": True})
            eventually(lambda: self.admin.ask(*dry).status == 200, "it is over")
        config = self.admin.call("GET", "/v1/config")
        if config["generation"] != self.generation + 1 or config["last_reload"]["result"] != "applied":
            self.book.fail(f"generation {self.generation + 1} was to come: {config}")
        self.generation = config["generation"]

    async def before(self, change):
        for what, name, _ in change.moves:
            extra = self.load.extras.get(name)
            if what == "remove":
                await extra.before_removal()
            elif what == "move":
                await extra.before_moving()
            elif what == "rename":
                await extra.before_renaming()

    async def after(self, change):
        extras = self.load.extras
        for what, name, to in change.moves:
            if what == "add":
                extras[name] = Extra(self.load, name, to, self.load.context if "tls" in name else None)
            elif what == "remove":
                await extras.pop(name).after_removal()
            elif what == "move":
                await extras[name].after_moving(to)
            else:
                extras[to] = extras.pop(name)
                await extras[to].after_renaming(to)

    def try_bad_file(self):
        before = self.admin.call("GET", "/v1/config")
        with self.lock:
            what, text, status, afterwards = self.refusals.draw(self.drift.config)
            self.stage.write(text)
            answer = self.admin.ask("POST", "/v1/config/reload", {})
            self.stage.write(json.dumps(self.drift.config))
        if afterwards:
            afterwards()
        now = self.admin.call("GET", "/v1/config")
        if answer.status != status:
            self.book.fail(f"{what} was answered {answer.status} {answer.text}")
        if {**before, "last_reload": None} != {**now, "last_reload": None}:
            self.book.fail(f"{what} changed {before} to {now}")
        self.refused[what] += 1

    # ---- all of it

    def go(self):
        self.load.begin()
        self.calls = Calls(self.book, self.stage.ports["plain"])
        self.releases.start()
        began, answered = time.monotonic(), self.book.count()
        for number in range(1, self.reloads + 1):
            self.await_requests()
            if self.random.random() < REFUSED_SHARE:
                self.try_bad_file()
            self.reload(number)
            self.memory.append(resident_kib(self.stage.process.pid))
            if self.warm_at is None and number >= self.reloads * WARM_SHARE and self.releases.filled.is_set():
                self.warm_at = number - 1
        self.took = time.monotonic() - began
        self.rate = (self.book.count() - answered) / self.took
        self.end()

    def await_requests(self):
        """As many as are to be answered under each configuration."""
        aim = self.book.count() + BETWEEN
        eventually(lambda: self.book.count() >= aim, f"{BETWEEN} requests are answered")

    def reload(self, number):
        change = self.drift.propose()
        try:
            self.apply(change)
        except Exception as error:
            raise RuntimeError(f"reload {number}, {change.what}: {error!r}") from error
        if number % SCRAPE_EVERY == 0:
            self.scrape()
        if self.book.failed:
            raise RuntimeError(f"at reload {number}, {change.what}")

    def scrape(self):
        text = self.admin.ask("GET", "/metrics").text
        for each in self.counters.take(text):
            self.book.fail(each)
        return text

    def end(self):
        """Back to where it began, and nobody is there any more: then it has what it had."""
        self.releases.stop()
        self.go_back()
        self.stage.origins.send_signal(signal.SIGUSR1)
        self.calls.stop()
        self.load.stop()
        pid = self.stage.process.pid
        with contextlib.suppress(TimeoutError):
            eventually(lambda: descriptors(pid) == self.descriptors, "descriptors are as they were")
        if (now := descriptors(pid)) != self.descriptors:
            self.book.fail(f"descriptors were {dict(self.descriptors)} and are {dict(now)}")
        text = self.scrape()
        for name in ("teal_access_log_lost_lines_total", "teal_access_log_dropped_total"):
            if total(text, name) != 0:
                self.book.fail(f"{name} is {total(text, name)}")
        if (code := self.stage.process.stop()) != 0:
            self.book.fail(f"Teal ended with {code}")
        self.compare_books()

    def go_back(self):
        """A listener that goes answers its last requests as before, but for a service that goes at the same time."""
        self.book.number = 0
        guests = {name: each for name, each in self.drift.config["services"].items() if name in GUESTS}
        services = {**copy.deepcopy(self.stage.base["services"]), **guests}
        self.apply(Change("no extra listeners", with_matches({**self.stage.base, "services": services}),
                          [("remove", each, None) for each in self.load.extras]))
        if guests:
            self.apply(Change("back to the first", self.stage.base))

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
        if self.reloads >= LONG_RUN and not self.stage.is_sanitized and abs(self.growth()) > FLAT:
            book.fail(f"memory changed by {self.growth():+.1%}: {self.memory[::10]} KiB after each tenth reload")

    def resident(self):
        """The most of both halves of the time when it was warm: what is freed goes back to the system now and then."""
        warm = self.memory[self.warm_at or 0:]
        return max(warm[:len(warm) // 2 + 1]), max(warm[len(warm) // 2:])

    def growth(self):
        before, after = self.resident()
        return after / before - 1

    def tell(self):
        def counts(counter):
            return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))

        book, releases = self.book, self.releases
        print(f"{self.reloads} reloads in {self.took:.0f} s ({counts(self.done)}), generation {self.generation}; "
              f"{sum(self.refused.values())} files refused: {counts(self.refused)}")
        print(f"{self.rate:.0f} requests/s: {counts(book.answered)}; {book.echoes} echoes; "
              f"{sum(book.lines.values())} lines")
        late, own = zip(*releases.lasted) if releases.lasted else ([0], [0])
        print(f"{releases.count} releases: {counts(releases.kinds)}; {len(releases.lasted)} bakes lasted "
              f"{min(late):.0f} to {max(late):.0f} ms more than asked for ({max(own):.0f} without waits for a core), "
              f"through {releases.reloaded} reloads")
        print(f"errors of failing releases: {sum(book.ill.values())} seen by clients, {book.shielded} shielded; "
              f"{self.counters.scrapes} scrapes of {len(self.counters.known)} counters")
        before, after = self.resident()
        print(f"memory {self.memory[self.warm_at or 0]} KiB when warm, at most {before} KiB in the half of the time "
              f"behind that and {after} KiB in the other ({self.growth():+.1%}), {self.memory[-1]} KiB at the end; "
              f"{sum(self.descriptors.values())} descriptors before and after")


def play(teal, reloads, seed):
    """What went wrong, as lines."""
    with contextlib.ExitStack() as programs:
        folder = pathlib.Path(programs.enter_context(tempfile.TemporaryDirectory(prefix="teal-reloads-")))
        stage = Stage(teal, folder, programs)
        run = Run(stage, reloads, seed)
        try:
            run.go()
            run.tell()
            failures = []
        except Exception as error:  # Whatever it is, it is what the test looks for.
            failures = [repr(error)]
        failures += run.book.failures
        return failures and [*failures, "Teal's last words:", *stage.process.said().splitlines()[-20:]]


def main():
    teal = binary_under_test(sys.argv[1])
    reloads = int(sys.argv[2]) if len(sys.argv) > 2 else RELOADS
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)
    if failures := play(teal, reloads, seed):
        print(f"seed {seed} failed:", *failures, sep="\n  ")
        sys.exit(1)


if __name__ == "__main__":
    main()
