#!/usr/bin/env python3
"""Teal is reloaded again and again while everybody talks through it and releases ship: no request fails, no tunnel is
cut, no line of the access log is missing, no counter falls, no bake is longer or shorter than it was to be, and neither
memory nor descriptors grow. Each reload changes something, by a seed; now and then a file is bad, and refused, and
nothing changes. All of it is seen from outside.

usage: reloads.py TEAL [RELOADS] [SEED]      1,000 reloads where nothing else is said, of a new seed"""

import collections
import contextlib
import copy
import dataclasses
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from book import Book
from calls import Calls
from drift import Change, Drift, GUESTS, LOG_FILES, PAGES, base, with_matches
from extras import Extra
from load import Load
from observed import Counters, QuietPorts, compare, descriptors, logged, resident_kib, total
from refusals import Refusals
from releases import Releases
from running import PATIENCE, Program, binary_under_test

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's, which has the packages.
ORIGINS = ["shop-a1", "shop-a2", "shop-b1", "shop-b2", "chat-a", "chat-b", "guest", "vault", "ill-500", "ill-503"]
BETWEEN = 100           # Requests that are answered between two reloads.
REFUSED_SHARE = 0.15    # Files that are refused, for each one that is loaded.
SCRAPE_EVERY = 10       # Reloads.
LONG_RUN = 500          # Reloads from which on memory has to be flat.
FLAT = 0.05
SANITIZER_SLACK_MS = 1000
WAYS = ["POST"] * 7 + ["teal reload"] * 2 + ["SIGHUP"]


@dataclasses.dataclass
class Answer:
    status: int
    text: str

    def json(self):
        return json.loads(self.text)


class Admin:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"content-type": "application/json"})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode())

    def call(self, method, path, body=None, statuses=(200,)):
        answer = self.ask(method, path, body)
        if answer.status not in statuses:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.text}")
        return answer.json()


def eventually(is_so, what):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.01)


def make_certificates(folder):
    """Each is its own authority; what is trusted is all of them."""
    for name in ("a", "b", "other"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                        folder / f"{name}.pem", "-out", folder / f"{name}.crt"],
                       check=True, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        with open(folder / f"{name}.pem", "a", encoding="ascii") as file:
            file.write((folder / f"{name}.crt").read_text())
    (folder / "ca.pem").write_text((folder / "a.crt").read_text() + (folder / "b.crt").read_text())


def certificate_of(path):
    import ssl
    return ssl.PEM_cert_to_DER_cert(re.search(r"-----BEGIN CERT.*", pathlib.Path(path).read_text(), re.S)[0])


class Run:
    """`programs` ends what it begins."""

    def __init__(self, teal, folder, reloads, seed, programs):
        self.teal, self.folder, self.reloads, self.programs = teal, folder, reloads, programs
        self.random = random.Random(seed)
        # Ports are not the seed's: another program may have them.
        self.quiet = QuietPorts(random.Random())
        self.ports = {each: self.quiet.take() for each in ("admin", "plain", "secure")}
        self.book, self.admin, self.counters = Book(), Admin(self.ports["admin"]), Counters()
        self.lock = threading.Lock()
        self.is_sanitized = b"__tsan_init" in (binary := pathlib.Path(teal).read_bytes()) or b"__asan_init" in binary
        self.done = collections.Counter()
        make_certificates(folder)
        for each in PAGES:
            (folder / each).write_text(f"a page: {each}")
        self.targets = self.start_targets()
        self.file = folder / "teal.yaml"
        self.base = base(folder, self.ports, self.targets)
        self.drift = Drift(self.base, folder, self.random, self.quiet.take, self.targets["guest"])
        self.write(json.dumps(self.base))
        self.process = Program("teal", [teal, "serve", str(self.file)], self.ports["admin"], folder / "teal.log")
        programs.callback(self.process.log.close)
        programs.callback(self.process.stop)
        eventually(lambda: self.admin.ask("GET", "/readyz").status == 200, "Teal is ready")
        self.generation = self.admin.call("GET", "/v1/config")["generation"]
        self.see_certificate(self.base)

    def start_targets(self):
        self.origins = self.spawn([PYTHON, HERE / "origins.py", self.folder, *ORIGINS])
        ports = json.loads(self.origins.stdout.readline())
        for name in ("a", "b"):
            peer = self.spawn([PYTHON, HERE.parent / "support/grpc_peer.py", "serve", name])
            ports[f"rpc-{name}"] = int(peer.stdout.readline())
        return ports

    def spawn(self, command):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.programs.callback(process.wait)
        self.programs.callback(process.kill)
        return process

    def write(self, text):
        """At once, as an editor does."""
        beside = self.folder / "teal.yaml.new"
        beside.write_text(text)
        beside.rename(self.file)

    def command(self, *words):
        """Of the command line; what it says."""
        done = subprocess.run([self.teal, "--admin", f"127.0.0.1:{self.ports['admin']}", *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3 * PATIENCE)
        if done.returncode != 0:
            raise RuntimeError(f"teal {' '.join(words)}: {done.returncode} {done.stdout}")
        return done.stdout

    # ---- one reload

    def load_file(self, way):
        """It has to be taken."""
        if way == "POST":
            answer = self.admin.call("POST", "/v1/config/reload", {})
            if answer["result"] != "applied" or answer["generation"] != self.generation + 1:
                self.book.fail(f"a reload in place of generation {self.generation + 1}: {answer}")
        elif way == "teal reload":
            self.command("reload")
        else:
            os.kill(self.process.pid, signal.SIGHUP)
            eventually(lambda: self.admin.call("GET", "/v1/config")["generation"] != self.generation, "SIGHUP reloads")
            # The command that comes behind it waits for its end.
            eventually(lambda: self.admin.ask("POST", "/v1/config/reload", {"dry_run": True}).status == 200, "it is over")
        config = self.admin.call("GET", "/v1/config")
        if config["generation"] != self.generation + 1 or config["last_reload"]["result"] != "applied":
            self.book.fail(f"generation {self.generation + 1} was to come: {config}")
        self.generation = config["generation"]

    def apply(self, change):
        self.load.call(self.prepare(change))
        self.book.certificates = self.book.certificates | self.certificate(change.config)
        way = self.random.choice(WAYS)
        with self.lock:
            self.write(json.dumps(change.config))
            self.load_file(way)
            self.drift.accept(change)
        self.see_certificate(change.config)
        edits = change.config["services"]["shop"].get("response_headers", {}).get("set", [{"value": "0"}])
        self.book.number = int(edits[0]["value"])
        self.load.call(self.settle(change))
        self.done[way] += 1

    def certificate(self, config):
        """Of the listeners that are asked by names."""
        names = {each["certificate"] for listener in config["listeners"].values()
                 for each in listener.get("tls", {}).get("certificates", [])}
        return {certificate_of(each) for each in names}

    def see_certificate(self, config):
        self.book.certificates = self.certificate(config)

    async def prepare(self, change):
        for what, name, _ in change.moves:
            extra = self.load.extras.get(name)
            if what == "remove":
                await extra.before_removal()
            elif what == "move":
                await extra.before_moving()
            elif what == "rename":
                await extra.before_renaming()

    async def settle(self, change):
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
            self.write(text)
            answer = self.admin.ask("POST", "/v1/config/reload", {})
            self.write(json.dumps(self.drift.config))
        if afterwards:
            afterwards()
        now = self.admin.call("GET", "/v1/config")
        if answer.status != status:
            self.book.fail(f"{what} was answered {answer.status} {answer.text}")
        if {**before, "last_reload": None} != {**now, "last_reload": None}:
            self.book.fail(f"{what} changed {before} to {now}")
        self.done[f"refused: {what}"] += 1

    # ---- all of it

    def begin(self):
        self.descriptors = descriptors(self.process.pid)
        self.load = Load(self.book, self.ports, self.folder / "ca.pem")
        self.load.begin()
        self.calls = Calls(self.book, self.ports["plain"])
        self.releases = Releases(self.admin, self.command, self.targets, self.book, random.Random(self.random.random()),
                                 lambda service: self.drift.config["services"][service]["deploy"], self.lock,
                                 SANITIZER_SLACK_MS if self.is_sanitized else 0)
        self.refusals = Refusals(self.folder, self.random, self.releases)
        if self.reloads >= LONG_RUN:
            self.releases.fill_history()
        self.releases.start()

    def go(self):
        self.began = time.monotonic()
        self.begin()
        for number in range(self.reloads):
            self.await_requests()
            if self.random.random() < REFUSED_SHARE:
                self.try_bad_file()
            change = self.drift.propose()
            try:
                self.apply(change)
            except Exception as error:
                raise RuntimeError(f"reload {number + 1}, {change.what}: {error}") from error
            if number % SCRAPE_EVERY == 0:
                self.scrape()
            if number + 1 == max(1, self.reloads // 10):
                self.resident = resident_kib(self.process.pid)
            if self.book.failed:
                raise RuntimeError(f"reload {number + 1}, {change.what}")
        self.took = time.monotonic() - self.began
        self.releases.stop()
        self.scrape()
        self.resident_at_the_end = resident_kib(self.process.pid)
        self.end()

    def await_requests(self):
        """As many as are to be answered under each configuration."""
        aim = self.book.count() + BETWEEN
        eventually(lambda: self.book.count() >= aim, f"{BETWEEN} requests are answered")

    def scrape(self):
        text = self.admin.ask("GET", "/metrics").text
        for each in self.counters.take(text):
            self.book.fail(each)
        return text

    def end(self):
        """Back to where it began, and nobody is there any more: then it has what it had."""
        self.book.number = 0
        # The last requests of a listener that goes do not find a service that goes with it.
        guests = {name: each for name, each in self.drift.config["services"].items() if name in GUESTS}
        without_extras = with_matches({**self.base, "services": {**copy.deepcopy(self.base["services"]), **guests}})
        self.apply(Change("no extra listeners", without_extras, [("remove", each, None) for each in self.load.extras]))
        if guests:
            self.apply(Change("back to the first", self.base))
        self.origins.send_signal(signal.SIGUSR1)
        self.calls.stop()
        self.load.stop()
        self.resident_idle = resident_kib(self.process.pid)
        with contextlib.suppress(TimeoutError):
            eventually(lambda: descriptors(self.process.pid) == self.descriptors, "descriptors are as they were")
        if (now := descriptors(self.process.pid)) != self.descriptors:
            self.book.fail(f"descriptors were {dict(self.descriptors)} and are {dict(now)}")
        text = self.scrape()
        for name in ("teal_access_log_lost_lines_total", "teal_access_log_dropped_total"):
            if total(text, name) != 0:
                self.book.fail(f"{name} is {total(text, name)}")
        if (code := self.process.stop()) != 0:
            self.book.fail(f"Teal ended with {code}: {self.process.said()[-2000:]}")
        self.compare_books()

    def compare_books(self):
        book = self.book
        if book.sent != book.answered:
            book.fail(f"sent {dict(book.sent)}, answered {dict(book.answered)}")
        logs = [each for i in range(LOG_FILES) if (each := self.folder / f"access-{i}.log").exists()]
        lines, bad = logged(logs)
        for each in compare(book.lines, lines) + bad[:10]:
            book.fail(f"the access log: {each}")
        self.origins.terminate()
        report = json.loads(self.origins.communicate(timeout=PATIENCE)[0].splitlines()[-1])
        errors = sum(each["errors"] for each in report.values())
        if errors != sum(book.ill.values()) + book.shielded:
            book.fail(f"failing releases gave {errors} errors; clients saw {dict(book.ill)}, {book.shielded} were shielded")
        growth = self.resident_at_the_end / self.resident - 1
        if self.reloads >= LONG_RUN and not self.is_sanitized and abs(growth) > FLAT:
            book.fail(f"memory grew by {growth:.1%}: from {self.resident} to {self.resident_at_the_end} KiB")

    def tell(self):
        book = self.book
        print(f"{self.reloads} reloads in {self.took:.1f} s ({', '.join(f'{n} {how}' for how, n in sorted(self.done.items()))})")
        print(f"{sum(book.answered.values())} requests, {sum(book.answered.values()) / self.took:.0f}/s: "
              + ", ".join(f"{count} {name}" for name, count in sorted(book.answered.items())) + f"; {book.echoes} echoes")
        print(f"{self.releases.count} releases: " + ", ".join(f"{n} {kind}" for kind, n in sorted(self.releases.kinds.items()))
              + f"; bakes were {min(self.releases.lasted):.0f} to {max(self.releases.lasted):.0f} ms longer than asked for")
        print(f"errors of failing releases: {dict(book.ill)} seen, {book.shielded} shielded")
        print(f"memory {self.resident} KiB after {max(1, self.reloads // 10)} reloads, {self.resident_at_the_end} at the end "
              f"({self.resident_at_the_end / self.resident - 1:+.1%}), {self.resident_idle} idle; {self.counters.scrapes} "
              f"scrapes of {len(self.counters.known)} counters; descriptors {dict(self.descriptors)}")


def run(teal, reloads, seed):
    """What went wrong, as lines."""
    with contextlib.ExitStack() as programs:
        folder = pathlib.Path(programs.enter_context(tempfile.TemporaryDirectory(prefix="teal-reloads-")))
        run = Run(teal, folder, reloads, seed, programs)
        try:
            run.go()
            run.tell()
        except Exception as error:
            said = run.process.said().splitlines()
            return [repr(error), *run.book.failures, "Teal's last words:", *said[-15:]]
        return run.book.failures


def main():
    teal = binary_under_test(sys.argv[1])
    reloads = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)
    if failures := run(teal, reloads, seed):
        print(f"seed {seed} failed:", *failures, sep="\n  ")
        sys.exit(1)


if __name__ == "__main__":
    main()
