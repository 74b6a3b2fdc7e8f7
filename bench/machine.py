"""The machine under the bench: its cores, its TCP, and what a process spends on it."""

import contextlib
import dataclasses
import os
import pathlib
import socket
import sys
import time

CONGESTION_CONTROL = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")
TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Cores:
    """One core for the proxy, another for load and origin; None where there is only one."""

    proxy: int | None
    load: int | None

    @staticmethod
    def of_this_machine():
        cores = sorted(os.sched_getaffinity(0))
        return Cores(cores[0], cores[1]) if len(cores) > 1 else Cores(None, None)


@contextlib.contextmanager
def cubic():
    """BBR, the default of some machines, paces with timers even on loopback, and then measures those."""
    before = CONGESTION_CONTROL.read_text().strip()
    changed = False
    if before != "cubic":
        try:
            CONGESTION_CONTROL.write_text("cubic")
            changed = True
        except OSError:
            print(f"bench: congestion control stays {before} (not permitted to set cubic): "
                  "compare with care", file=sys.stderr)
    try:
        yield "cubic" if changed else before
    finally:
        if changed:
            CONGESTION_CONTROL.write_text(before)


def pin_to(core):
    """For subprocess's preexec_fn."""
    def pin():
        if core is not None:
            os.sched_setaffinity(0, {core})
    return pin


def free_port(given=set()):
    """Another one each time: nobody listens on it before the next is asked for."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in given:
            given.add(port)
            return port


def wait_for_port(port, seconds, is_alive):
    """True once somebody listens there; False when they died or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and is_alive():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            return True
        except OSError:
            time.sleep(0.01)
    return False


@dataclasses.dataclass(frozen=True)
class Spent:
    """CPU seconds: exactly (schedstat), and how the kernel splits them (ticks, coarse)."""

    total: float
    user_share: float


class CpuMeter:
    """What a process and its children spend between two readings."""

    def __init__(self, pid):
        self.pid = pid
        self.begin = self.read()

    def read(self):
        total, user, system = 0, 0, 0
        for pid in family(self.pid):
            with contextlib.suppress(OSError):
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    total += int((task / "schedstat").read_text().split()[0])
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                user, system = user + int(fields[11]), system + int(fields[12])
        return total, user, system

    def spent(self):
        total, user, system = (b - a for a, b in zip(self.begin, self.read()))
        return Spent(total / 1e9, user / (user + system) if user + system else 0.0)


def family(pid):
    """The process and all below it."""
    children = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found
