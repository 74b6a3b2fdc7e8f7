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


class Memory:
    """Of one process, or of several that follow one another: KiB at some times."""

    def __init__(self):
        self.samples, self.warm_at = [], None

    def note(self, pid):
        self.samples.append(resident_kib(pid))

    def warm_up(self):
        """From the last sample on it has to be flat."""
        self.warm_at = len(self.samples) - 1

    def warm(self):
        return self.samples[self.warm_at or 0:]

    def halves(self):
        """The most of both halves of the time when it was warm: what is freed goes back to the system now and then."""
        warm = self.warm()
        return max(warm[:len(warm) // 2 + 1]), max(warm[len(warm) // 2:])

    def growth(self):
        before, after = self.halves()
        return after / before - 1

    def __str__(self):
        before, after = self.halves()
        return (f"memory {self.warm()[0]} KiB when warm, at most {before} KiB in the half of the time behind that and "
                f"{after} KiB in the other ({self.growth():+.1%}), {self.samples[-1]} KiB at the end")


class Waits(threading.Thread):
    """How long the first thread of a process, which in Teal decides, was ready to run and had no core: the machine's
    fault and not its own. Sampled all the time, to be asked about any part of it; of several processes the sum."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.samples, self.over = [(time.time(), 0)], threading.Event()
        self.followed = {pid: 0}  # Milliseconds when it was seen last.
        self.start()

    def follow(self, pid):
        """From now on, too."""
        self.followed.setdefault(pid, self.waited_by(pid) or 0)

    def waited_by(self, pid):
        """None: it has ended, or the kernel does not count."""
        try:
            return int(pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[1]) / 1e6
        except OSError:
            return None

    def run(self):
        while not self.over.wait(SAMPLE_PAUSE):
            total = self.samples[-1][1]
            for pid in list(self.followed):
                if (waited := self.waited_by(pid)) is not None:
                    total += waited - self.followed[pid]
                    self.followed[pid] = waited
            self.samples.append((time.time(), total))

    def between(self, begin, end):
        """Milliseconds, of two times as in time.time()."""
        first = bisect.bisect(self.samples, (begin,)) - 1
        last = bisect.bisect(self.samples, (end,))
        last = min(last, len(self.samples) - 1)
        return self.samples[last][1] - self.samples[max(first, 0)][1]
