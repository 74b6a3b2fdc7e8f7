#!/usr/bin/env python3
"""Teal is upgraded again and again while everybody talks through it and releases ship: no request fails, no
conversation is cut, no line of the access log is missing, no counter falls, no bake is longer or shorter than it was to
be. Each time another process serves, the one before ends well when its last conversation has, and in the end nobody is
left. All of it is seen from outside. `./dev chaos upgrades`.

usage: upgrades.py TEAL [UPGRADES] [SEED]      100 upgrades and a new seed, unless it says so"""

import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import scene
from observed import descriptors, total
from processes import Lineage, adopt_orphans, end_of, name_of
from running import PATIENCE
from stage import eventually
from upgrading import PatientAdmin, Told

UPGRADES = 100
WAYS = ["POST"] * 2 + ["teal upgrade"]
BODIES = [None, {}, {"timeout": "60s"}]
PREDECESSORS = [0, 3, 3] + 7 * [9]  # That may be left when the next upgrade begins.
STEPS = ("checking", "starting", "taking-over", "probation")
# A release that has to be taken back at the moment of the take-over comes first.
GIVEN_UP = re.compile(r"breach|roll(ed )?back|taken back", re.IGNORECASE)
FOUND = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error: ")
QUANTILES = [("median", 0.5), ("p90", 0.9), ("p99", 0.99), ("most", 1)]
STARTED = re.compile(r"^process_start_time_seconds (\S+)$", re.MULTILINE)


class Run(scene.Scene):
    ADMIN = PatientAdmin
    MORE = {"upgrade": {"probation": "1s", "drain": "60s"}}
    LONGEST = 20.0

    def __init__(self, stage, upgrades, seed):
        super().__init__(stage, upgrades, seed)
        self.lineage = Lineage(stage.teal, stage.pid)
        stage.programs.callback(self.lineage.kill)
        self.pool = stage.programs.enter_context(concurrent.futures.ThreadPoolExecutor(1))
        self.done, self.put_off, self.given_up = collections.Counter(), 0, 0
        self.blind, self.started, self.most_left = [], 0.0, 0

    # ---- one upgrade

    def upgrade(self):
        """False where Teal has given it up, and may have."""
        old, way, body = self.stage.pid, self.random.choice(WAYS), self.random.choice(BODIES)
        before = self.await_predecessors(self.random.choice(PREDECESSORS))
        self.memory.note(old)
        asking = self.pool.submit(self.ask_for_it, way, body, old)
        new = self.await_taken_over(old, before["last"], asking)
        if new == old:
            self.given_up += 1
            concurrent.futures.wait([asking], 3 * PATIENCE)
            return False
        self.waits.follow(new)
        self.lineage.add(new)
        self.stage.pid = new
        self.see_start(self.scrape())
        self.await_done(old, new)
        asking.result(3 * PATIENCE)
        self.scrape()
        self.done[way] += 1
        return True

    def ask_for_it(self, way, body, old):
        while not (self.ask_by_api(body, old) if way == "POST" else self.ask_by_command()):
            self.put_off += 1

    def ask_by_api(self, body, old):
        answer = self.admin.ask("POST", "/v1/upgrade", body)
        if answer.status == 409 and "not-now" in answer.text:
            return False
        if answer.status != 202:
            raise RuntimeError(f"an upgrade was answered {answer.status} {answer.text}")
        now = json.loads(answer.text)
        if now["pid"] != old or now["state"] not in STEPS:
            self.book.fail(f"{old} was to be upgraded: {now}")
        return True

    def ask_by_command(self):
        try:
            self.stage.command("upgrade", "--timeout", "60s")
        except RuntimeError as error:
            if "not-now" in str(error):
                return False
            raise
        return True

    def await_taken_over(self, old, last, asking):
        """The pid of who answers then; that of the old one, where that goes on."""
        refused = []

        def look():
            for each in self.lineage.successors():
                self.waits.follow(each)
            if asking.done() and asking.exception():
                refused.append(asking.exception())

        def is_over(now):
            if now["pid"] == old and (now["state"] != "idle" or now["last"] == last):
                if refused:
                    raise refused[0]
                return False
            return True

        now = self.admin.await_upgrade(is_over, f"{old} is upgraded", 3 * PATIENCE, look)
        if now["pid"] == old and not GIVEN_UP.search(now["last"]["reason"]):
            raise RuntimeError(f"it was given up: {now}")
        return now["pid"]

    def see_start(self, text):
        started = float(STARTED.search(text)[1])
        if started <= self.started:
            self.book.fail(f"a process that started at {started} follows one of {self.started}")
        self.started = started

    def await_done(self, old, new):
        now = self.admin.await_upgrade(lambda now: now["state"] != "probation", f"{new} has proven itself",
                                       self.LONGEST + PATIENCE)
        if now["pid"] != new or now["state"] != "idle" or now["last"]["result"] != "done" or now["last"]["pid"] != new:
            raise RuntimeError(f"{new} was to serve in place of {old}: {now}")
        left = [each["pid"] for each in now["predecessors"]]
        self.most_left = max(self.most_left, len(left))
        if strangers := set(left) - set(self.lineage.pids[:-1]):
            self.book.fail(f"{new} has predecessors that nobody knows: {strangers}")
        self.blind.append(now["last"]["blind_seconds"])

    def await_predecessors(self, most):
        """Until no more of them than these drain."""
        return self.admin.await_upgrade(lambda now: len(now["predecessors"]) <= most, f"{most} predecessors are left",
                                        self.LONGEST + PATIENCE)

    # ---- all of it

    def go(self):
        """The first time nobody is there: what this one has then each of them has to have."""
        if self.times and not self.upgrade():
            raise RuntimeError("the first upgrade was given up")
        if self.times:
            self.await_predecessors(0)
        eventually(lambda: descriptors(self.stage.pid)["sockets"] == 0, "no probe is under way")
        self.descriptors = descriptors(self.stage.pid)
        self.told = Told(self.stage.ports["admin"])
        self.begin()
        number = 1
        while number < self.times:
            self.await_requests()
            number += self.upgrade()
            if self.book.failed:
                raise RuntimeError(f"at upgrade {number}")
        self.await_requests()
        self.note_rate()
        self.end()

    def end(self):
        self.releases.stop()
        self.send_home()
        if self.times:
            self.await_predecessors(0)
        self.check_told()
        self.compare_descriptors(self.descriptors)
        self.check_last_scrape(self.scrape_last())
        self.check_processes()
        self.compare_books()

    def check_told(self):
        """Of each upgrade but the first, which was before."""
        wanted = {f"upgrade.{each}": max(0, self.times - 1) for each in ("taken-over", "done", "predecessor-gone")}
        with contextlib.suppress(TimeoutError):
            eventually(lambda: all(self.told.counts[each] >= count for each, count in wanted.items()), "all is told")
        self.told.stop()
        if (found := {each: self.told.counts[each] for each in wanted}) != wanted:
            self.book.fail(f"{found} were told, not {wanted}")
        for each in self.told.failures:
            self.book.fail(each)

    def check_last_scrape(self, text):
        if not self.times:
            return
        found = total(text, "teal_upgrades_total", 'result="done"'), total(text, "teal_upgrade_predecessors")
        if found != (self.times, 0):
            self.book.fail(f"upgrades and predecessors are counted as {found}, not {self.times} and 0")

    def check_processes(self):
        """All have ended well, and nobody whom they started is left."""
        for each in self.lineage.await_ends(self.lineage.pids[:-1], PATIENCE):
            self.book.fail(each)
        os.kill(self.stage.pid, signal.SIGTERM)
        if (code := end_of(self.stage.pid, 3 * PATIENCE)) != 0:
            self.book.fail(f"Teal ended with {code}")
        for each in self.lineage.running():
            self.book.fail(f"{name_of(each)} is left")
        for line in self.stage.process.said().splitlines():
            if FOUND.search(line):
                self.book.fail(line)

    def tell(self):
        unseen = sum(1 for code in self.lineage.codes.values() if code is None)
        print(f"{sum(self.done.values())} upgrades in {self.took:.0f} s ({scene.counts(self.done)}), "
              f"{self.put_off} put off, {self.given_up} given up; at most {self.most_left} predecessors drained at "
              f"once; {len(self.lineage.pids)} processes, of {unseen} of which another one saw the end")
        self.tell_requests()
        self.tell_releases(f"{self.releases.resumed} take-overs")
        blind = sorted(self.blind) or [0]
        quantiles = [(name, 1000 * blind[int(share * (len(blind) - 1))]) for name, share in QUANTILES]
        print("blind for " + ", ".join(f"{ms:.0f} ms ({name})" for name, ms in quantiles)
              + f"; {self.admin.closed} admin connections were closed, {self.admin.told_to_wait} told to wait; "
              f"{self.told.streams} streams of {sum(self.told.counts.values())} events")
        if self.times:
            print(f"{self.memory}; {sum(self.descriptors.values())} descriptors of the first successor and the last")


if __name__ == "__main__":
    adopt_orphans()
    scene.main(Run, UPGRADES)
