#!/usr/bin/env python3
"""Teal is reloaded again and again while everybody talks through it and releases ship: no request fails, no tunnel is
cut, no line of the access log is missing, no counter falls, no bake is longer or shorter than it was to be, and neither
memory nor descriptors grow. Each reload changes something, by a seed; now and then a file is bad, and refused, and
nothing changes. All of it is seen from outside. `./dev chaos reloads`.

usage: reloads.py TEAL [RELOADS] [SEED]      1,000 reloads and a new seed, unless it says so"""

import collections
import copy
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import scene
from drift import Change, Drift, GUESTS, with_matches
from extras import Extra
from observed import descriptors
from refusals import Refusals
from running import free_port
from stage import certificates_of, eventually

RELOADS = 1000
REFUSED_SHARE = 0.15    # Files that are refused, for each one that is loaded.
SCRAPE_EVERY = 10       # Reloads.
WARM_SHARE = 0.1        # Of the reloads; from then on memory has to be flat,
FLAT = 0.05             # but for so much, where there are LONG_RUN of them.
WAYS = ["POST"] * 7 + ["teal reload"] * 2 + ["SIGHUP"]


class Run(scene.Scene):
    LONG_RUN = 500

    def __init__(self, stage, reloads, seed):
        super().__init__(stage, reloads, seed)
        self.done, self.refused = collections.Counter(), collections.Counter()
        self.drift = Drift(stage.base, stage.folder, self.random, free_port, stage.targets["guest"])
        self.generation = self.admin.call("GET", "/v1/config")["generation"]
        # Between two probes.
        eventually(lambda: descriptors(stage.pid)["sockets"] == 0, "no probe is under way")
        self.descriptors = descriptors(stage.pid)

    def configured(self, service):
        return self.drift.config["services"][service]["deploy"]

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
            os.kill(self.stage.pid, signal.SIGHUP)
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
        self.begin()
        self.refusals = Refusals(self.stage.folder, self.random, self.releases)
        for number in range(1, self.times + 1):
            self.await_requests()
            if self.random.random() < REFUSED_SHARE:
                self.try_bad_file()
            self.reload(number)
            self.memory.note(self.stage.pid)
            is_warm = number >= self.times * WARM_SHARE and self.releases.filled.is_set()
            if self.memory.warm_at is None and is_warm:
                self.memory.warm_up()
        self.note_rate()
        self.end()

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

    def end(self):
        """Back to where it began, and nobody is there any more: then it has what it had."""
        self.releases.stop()
        self.go_back()
        self.send_home()
        self.compare_descriptors(self.descriptors)
        self.scrape_last()
        if (code := self.stage.process.stop()) != 0:
            self.book.fail(f"Teal ended with {code}")
        self.compare_books()
        if self.times >= self.LONG_RUN and not self.stage.is_sanitized and abs(self.memory.growth()) > FLAT:
            self.book.fail(f"memory changed by {self.memory.growth():+.1%}: {self.memory.samples[::10]} KiB after each "
                           "tenth reload")

    def go_back(self):
        """A listener that goes answers its last requests as before, but for a service that goes at the same time."""
        self.book.number = 0
        guests = {name: each for name, each in self.drift.config["services"].items() if name in GUESTS}
        services = {**copy.deepcopy(self.stage.base["services"]), **guests}
        self.apply(Change("no extra listeners", with_matches({**self.stage.base, "services": services}),
                          [("remove", each, None) for each in self.load.extras]))
        if guests:
            self.apply(Change("back to the first", self.stage.base))

    def tell(self):
        print(f"{self.times} reloads in {self.took:.0f} s ({scene.counts(self.done)}), generation {self.generation}; "
              f"{sum(self.refused.values())} files refused: {scene.counts(self.refused)}")
        self.tell_requests()
        self.tell_releases(f"{self.releases.reloaded} reloads")
        print(f"{self.memory}; {sum(self.descriptors.values())} descriptors before and after")


if __name__ == "__main__":
    scene.main(Run, RELOADS)
