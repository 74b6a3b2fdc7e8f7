"""Processes that descend from a script, whoever started them: where a Teal starts the one that follows it, what is left
of the family comes to the script in the end."""

import ctypes
import os
import pathlib
import signal
import time

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of <linux/prctl.h>.
PAUSE = 0.01


def adopt_orphans():
    """From now on they are children of this process, which can wait for them."""
    if ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def parents():
    """Of all processes, by pid; zombies have none."""
    found = {}
    for each in os.listdir("/proc"):
        if each.isdecimal():
            try:
                state, parent = pathlib.Path(f"/proc/{each}/stat").read_text().rpartition(") ")[2].split(" ")[:2]
            except OSError:
                continue  # It has gone meanwhile.
            if state not in "ZX":
                found[int(each)] = int(parent)
    return found


def descendants(pid, but=()):
    """All that run, without those of `but` and what descends from them."""
    of = parents()
    found, fresh = set(), {pid}
    while fresh:
        fresh = {each for each, parent in of.items() if parent in fresh} - set(but) - found
        found |= fresh
    return found


def runs(pid, binary):
    try:
        return os.path.samefile(f"/proc/{pid}/exe", binary)
    except OSError:
        return False


def name_of(pid):
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        words = "gone"
    return f"{pid} ({words.strip()})"


def end_of(pid, patience):
    """Waits for it: the exit code, negative where a signal ended it; None where its own parent has waited for it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            if not os.path.exists(f"/proc/{pid}"):
                return None
            ended = 0  # Another's child, yet.
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(PAUSE)
    raise TimeoutError(f"not within {patience:.0f} s: {name_of(pid)} ends")


def reap_all():
    """Whoever of ours has ended and was not waited for."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


class Lineage:
    """Every process that one Teal has been, the first one first; `binary` is what they all run."""

    def __init__(self, binary, first):
        self.binary, self.pids, self.codes = binary, [first], {}
        self.others = descendants(os.getpid()) - {first}

    def add(self, pid):
        if pid in self.pids:
            raise RuntimeError(f"{pid} serves again")
        self.pids.append(pid)

    def successors(self):
        """Those that one of them has started and that have not been added, yet."""
        return {each for each, parent in parents().items()
                if parent in self.pids and each not in self.pids and runs(each, self.binary)}

    def running(self):
        """Whatever comes from Teal and runs."""
        return descendants(os.getpid(), self.others)

    def await_ends(self, pids, patience):
        """What they ended with, other than well, as lines."""
        deadline = time.monotonic() + patience
        for pid in pids:
            if pid not in self.codes:
                self.codes[pid] = end_of(pid, max(PAUSE, deadline - time.monotonic()))
        return [f"{pid} ended with {self.codes[pid]}" for pid in pids if self.codes[pid] not in (0, None)]

    def kill(self):
        """Whoever is left, and those that they start meanwhile."""
        while running := self.running():
            for pid in running:
                try:
                    os.kill(pid, signal.SIGKILL)
                    end_of(pid, 1)
                except (ProcessLookupError, TimeoutError):
                    pass
