#!/usr/bin/env python3
"""What befalls one Teal, at each moment of a release, under load: it is killed, stopped, ended, it has no disk or no
descriptors, its targets die or answer nonsense, its file is bad. Everything is seen from outside: what was sent was
answered or may have been cut, what targets answered is logged, each restart goes on, and once a release is taken back
no request reaches it any more. The order is drawn by a seed. `./dev chaos`.

usage: faults.py TEAL [SEED] [MINUTES]      a new seed and one minute, unless it says so"""

import collections
import contextlib
import json
import pathlib
import random
import re
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from fault_kinds import BAKING, FAULTS, IDLE, PROMOTING, ROLLING_BACK, SHIFTING, name_of, pairs
from fault_load import Clients
from fault_stage import FaultStage, LOG
from observed import logged
from running import binary_under_test, is_sanitized
from stage import eventually

CLIENTS = 8
SHARE = "40%"
BAKES = {SHIFTING: "400ms", BAKING: "1s", ROLLING_BACK: "60s", PROMOTING: "50ms"}


class Run(FaultStage):
    def __init__(self, binary, folder, seed, minutes):
        super().__init__(binary, folder)
        self.random = random.Random(seed)
        self.until = time.monotonic() + 60 * minutes
        self.taken_back = {}           # By release: from then on nobody gets there,
        self.may_serve_again = set()   # but for these, which may be the only ones that can.
        self.pairs = pairs(is_sanitized(binary))
        self.count = 0
        self.start()
        self.clients = Clients(self.port, CLIENTS)
        self.done, self.rounds = collections.Counter(), []

    # ---- releases

    def begin(self, moment):
        """Brings a new release to that moment; its id is that of the round."""
        self.count += 1
        self.release = self.new_target(f"v{self.count}")
        self.identity = None
        if moment == IDLE:
            return
        answer = self.deploy(SHARE, BAKES[moment])
        if answer.status != 201:
            raise RuntimeError(f"it cannot be shipped: {answer.status} {answer.text}")
        self.identity = json.loads(answer.text)["id"]
        if moment in (BAKING, ROLLING_BACK):
            self.await_report(lambda report: report["phase"] == "Baking", "it bakes")
        if moment == PROMOTING:
            self.await_report(lambda report: report["weight"] == "100%" or report["finished"], "it gets all")
        if moment == ROLLING_BACK:
            threading.Thread(target=self.command_back, daemon=True).start()

    def command_back(self):
        """Teal may be gone before it answers; then the release is asked for again at the end."""
        with contextlib.suppress(OSError, ValueError):
            answer = self.admin.ask("POST", f"/v1/deployments/{self.identity}/rollback", {})
            if answer.status == 200:
                self.note_taken_back()

    def note_taken_back(self):
        self.taken_back.setdefault(self.release.revision, time.monotonic())

    def must_be_taken_back(self):
        self.await_report(lambda report: report["status"] == "Stopped" and report["rolled_back_by"], "it is taken back")
        self.await_split()

    def await_split(self):
        """All of it back, which the rollback says when every worker has it."""
        back = self.report()["rolled_back_by"]
        eventually(lambda: self.admin.call("GET", f"/v1/deployments/{back}")["finished"], "the rollback has ended")
        if self.admin.call("GET", f"/v1/deployments/{back}")["status"] == "Succeeded":
            self.note_taken_back()

    def await_healthy(self):
        def healthy():
            groups = self.admin.call("GET", "/v1/services/shop")["groups"]
            return all(each["targets_healthy"] == each["targets_total"] for each in groups.values())
        eventually(healthy, "all targets are healthy")

    def finish(self, moment, ends):
        if self.identity is None:
            return
        if moment == ROLLING_BACK and self.release.revision not in self.taken_back:
            self.command_back()
        report = self.await_report(lambda report: report["finished"], "it has ended")
        if moment == ROLLING_BACK:
            ends = {"Stopped", *(ends - {"Succeeded"})}
        if report["status"] not in ends:
            self.fail(f"{self.identity} is {report['status']}, not one of {ends}: {report['reason']}: {report['timeline']}")
        if report["rolled_back_by"]:
            self.await_split()
        eventually(self.is_settled, "one group has all of the traffic, and nothing is under way")
        service = self.admin.call("GET", "/v1/services/shop")
        revision = service["groups"][service["live"]]["revision"]
        self.live = next(each for each in self.targets if each.revision == revision)
        if report["status"] == "Succeeded" and self.live is not self.release:
            self.fail(f"{self.identity} has succeeded, and {revision} is live")

    # ---- all of it

    def round(self, fault, moment):
        self.rounds.append(f"{time.monotonic():.3f} {name_of(fault)}, {moment}")
        self.begin(moment)
        before = self.served()
        fault(self)
        self.finish(moment, FAULTS[fault][1])
        for each in self.teal.counters.take(self.admin.ask("GET", "/metrics").text):
            self.fail(each)
        eventually(lambda: self.served() > before + CLIENTS, "everybody is served")
        self.done[moment] += 1

    def served(self):
        with self.clients.lock:
            return sum(1 for each in self.clients.outcomes if each.what == 200)

    def go(self):
        """All of them in an order of the seed, and so on until the time is over."""
        order = []
        while time.monotonic() < self.until and not self.failures:
            order = order or self.random.sample(self.pairs, len(self.pairs))
            fault, moment = order.pop()
            try:
                self.round(fault, moment)
                self.check_clients()
            except Exception as error:  # Whatever it is, it is what the test looks for.
                self.fail(repr(error))
            if self.failures:
                self.failures.insert(0, "after " + "; ".join(self.rounds[-3:]))
        self.clients.stop()
        self.check_clients()
        if (code := self.teal.terminate()) != 0:
            self.fail(f"Teal ended with {code}")
        self.check_log()

    def check_clients(self):
        with self.clients.lock:
            outcomes = list(self.clients.outcomes)
        for each in outcomes:
            kind = "5xx" if isinstance(each.what, int) and each.what >= 500 else each.what
            if kind != 200 and not self.is_excused(each, kind):
                self.fail(f"nothing excuses {each}")
            since = self.taken_back.get(each.release)
            if since is not None and each.sent > since and each.release not in self.may_serve_again:
                self.fail(f"{each.release} was taken back {each.sent - since:.3f} s before it answered {each}")
            if len(self.failures) > 10:
                break

    def check_log(self):
        """Sent is answered or cut, and what a target answered is logged, once."""
        outcomes = {each.path: each for each in self.clients.outcomes}
        if len(outcomes) != len(self.clients.sent):
            self.fail(f"{len(self.clients.sent)} were sent, and {len(outcomes)} are over")
        lines, _ = logged([self.folder / LOG])
        answered = sum((each.answered for each in self.targets), collections.Counter())
        self.unlogged = 0
        for path, each in outcomes.items():
            if each.what != 200:
                continue
            if answered[path] != 1 and not any(each.late[path] for each in self.targets):
                self.fail(f"targets answered {each} {answered[path]} times: {self.rounds}")
            if lines[path] == 0 and self.is_excused(each, "unlogged"):
                self.unlogged += 1
            elif lines[path] != 1:
                self.fail(f"{lines[path]} lines of {path}")
            if len(self.failures) > 10:
                break

    def tell(self):
        counts = collections.Counter(str(each.what) for each in self.clients.outcomes)
        print(f"{sum(self.done.values())} of {len(self.pairs)} rounds: "
              + ", ".join(f"{count} {moment}" for moment, count in sorted(self.done.items())))
        print(f"{sum(counts.values())} requests: " + ", ".join(f"{count} {what}" for what, count in counts.most_common())
              + f"; {self.unlogged} answered without a line; {self.teal.lives} lives")


def play(binary, seed, minutes):
    """What went wrong, as lines."""
    with tempfile.TemporaryDirectory(prefix="teal-faults-") as folder:
        run = Run(binary, pathlib.Path(folder), seed, minutes)
        try:
            run.go()
            if not run.failures:
                run.tell()
        finally:
            run.clients.over.set()
            if run.teal.process.is_alive():
                run.teal.kill()
            for each in run.targets:
                each.stop()
        return run.failures and [*run.failures, *last_words(pathlib.Path(folder), run)]


def last_words(folder, run):
    """Of the process, and what became of requests that reached the last release or nobody."""
    said = (folder / f"teal-{run.teal.lives}.out").read_text(errors="replace").splitlines()
    lines = (folder / LOG).read_text(errors="replace").splitlines()[-1000:]
    ill = [line for line in lines if not re.search(r'"status":200.*"attempts":1|client_gone', line)]
    if run.release:
        ill += [line for line in lines if f":{run.release.port}\"" in line and line not in ill]
    return ["Teal's last words:", *said[-20:], "the access log:", *ill[-20:]]


def main():
    binary = binary_under_test(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    minutes = float(sys.argv[3]) if len(sys.argv) > 3 else 1
    print(f"seed {seed}", flush=True)
    if failures := play(binary, seed, minutes):
        print(f"seed {seed} failed:", *failures, sep="\n  ")
        sys.exit(1)


if __name__ == "__main__":
    main()
