"""What can be seen of a process from outside: its counters, its memory and descriptors, the lines of its access log."""

import bisect
import collections
import os
import pathlib
import re
import threading
import time

# Documented to begin anew when a target comes back (docs/metrics.md, "Targets").
OF_ONE_TARGET = re.compile(r"teal_target_(requests|failures|first_byte)")
SAMPLE = re.compile(r"([a-z_]+(?:\{.*\})?) (\S+)$")
LINE = re.compile(r'"target":"([^"]*)"|"(?:[A-Z]+) (\S+) HTTP/[0-9.]+"')
TERMINATION = re.compile(r'"termination":"([^"]*)"')
SAMPLE_PAUSE = 0.02
FINE = {"ok", "responded", "redirected"}


class Counters:
    """Of all scrapes: none may ever fall."""

    def __init__(self):
        self.known, self.scrapes = {}, 0

    def take(self, text):
        """What fell, as lines."""
        kinds, fallen = {}, []
        self.scrapes += 1
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                kinds[name] = kind
            elif match := SAMPLE.match(line):
                series, value = match[1], float(match[2])
                name = series.partition("{")[0]
                kind = kinds.get(name) or kinds.get(re.sub("_(bucket|sum|count)$", "", name))
                if kind not in ("counter", "histogram") or OF_ONE_TARGET.match(name):
                    continue
                if value < self.known.get(series, 0):
                    fallen.append(f"{series} fell from {self.known[series]} to {value}")
                self.known[series] = value
        return fallen


def total(text, name, *labels):
    """The sum of the samples that have these labels."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if re.match(rf"{name}[ {{]", line) and all(label in line for label in labels))


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def descriptors(pid):
    """How many of each kind."""
    listening = set()
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            listening.add(f"socket:[{fields[9]}]")
    kinds = collections.Counter()
    for each in os.listdir(f"/proc/{pid}/fd"):
        try:
            to = os.readlink(f"/proc/{pid}/fd/{each}")
        except FileNotFoundError:
            continue  # Closed meanwhile.
        if to in listening:
            kinds["listening"] += 1
        else:
            kinds["sockets" if to.startswith("socket:") else re.sub(r"\d+|:\[.*", "", to.rsplit("/", 1)[-1])] += 1
    return kinds


def logged(paths):
    """(lines by path without a query, lines of what ended badly)."""
    lines, bad = collections.Counter(), []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                match = LINE.search(line)
                target = (match[1] or match[2]) if match else "?"
                lines[target.partition("?")[0]] += 1
                ended = TERMINATION.search(line)
                if not match or (ended and ended[1] not in FINE):
                    bad.append(line.strip())
    return lines, bad


def compare(expected, found, most=10):
    """Where two counts by path differ, as lines."""
    differ = [path for path in expected.keys() | found.keys() if expected[path] != found[path]]
    return [f"{path}: {found[path]} lines for {expected[path]} requests" for path in sorted(differ)[:most]] + (
        [f"and {len(differ) - most} more"] if len(differ) > most else [])


class Waits(threading.Thread):
    """How long the first thread of a process, which in Teal decides, was ready to run and had no core: the machine's
    fault and not its own. Sampled all the time, to be asked about any part of it."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.path = pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat")
        self.samples, self.over = [(time.time(), 0)], threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(SAMPLE_PAUSE):
            try:
                self.samples.append((time.time(), int(self.path.read_text().split()[1]) / 1e6))
            except OSError:
                return  # It has ended, or the kernel does not count.

    def between(self, begin, end):
        """Milliseconds, of two times as in time.time()."""
        first = bisect.bisect(self.samples, (begin,)) - 1
        last = bisect.bisect(self.samples, (end,))
        last = min(last, len(self.samples) - 1)
        return self.samples[last][1] - self.samples[max(first, 0)][1]
