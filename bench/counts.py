#!/usr/bin/env python3
"""./dev bench counts: what one small kept-alive GET costs each proxy, in counts that do not depend on
how busy the machine is: user instructions and heap allocations (callgrind) and system calls (strace).

Each figure is a slope: the difference between a longer and a shorter run, by the difference in
requests, so that start and end do not count. System calls are counted twice, because strace makes them
slow and so hides what a loop pays for each turn: with many connections there are few turns. Of Teal, the workers and the log's writer are counted;
the control thread works by the clock, and under valgrind the clock runs a hundred times too fast."""

import argparse
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import callgrind
import machine
import peers
from control import ControlApi

ROOT = pathlib.Path(__file__).resolve().parents[1]
CONNECTIONS = 64
WARM_UP, SHORT, LONG = 2_000, 4_000, 16_000
PEERS = ["teal-full", "teal-nolog", "teal-idle", "teal-canary", "nginx", "haproxy"]
TRANSFERS = {"recvfrom": "recv", "recvmsg": "recv", "read": "recv", "readv": "recv",
             "sendto": "send", "sendmsg": "send", "write": "send", "writev": "send"}


@dataclasses.dataclass(frozen=True)
class Counts:
    instructions: float
    allocations: float
    recv: float
    send: float
    others: dict  # System call -> times a request.
    calls_alone: float  # All system calls of a request that has the proxy to itself.

    @property
    def other_calls(self):
        return sum(self.others.values())


@dataclasses.dataclass(frozen=True)
class Limit:
    """What no change may make worse; `--gate` fails beyond it."""

    what: str
    value: object  # Counts -> float
    most: float


TRANSFER_LIMITS = [
    Limit("recv a request", lambda c: c.recv, 2.02),
    Limit("send a request", lambda c: c.send, 2.02),
    Limit("other system calls a request", lambda c: c.other_calls, 0.2),
    Limit("system calls of a request alone", lambda c: c.calls_alone, 6.1),
    Limit("heap allocations a request", lambda c: c.allocations, 0.01),
]
# What hardening adds to the work of a request: the guards of the stack in some fifty functions, and marks
# where jumps may lead. Measured on one tree built with it (6,908) and without (6,530).
HARDENING = 380
LIMITS = {
    "teal-full": [Limit("instructions a request, everything on", lambda c: c.instructions, 9_500),
                  *TRANSFER_LIMITS],
    "teal-nolog": [Limit("instructions a request, log off", lambda c: c.instructions, 6_600 + HARDENING),
                   *TRANSFER_LIMITS],
}


def load(port, requests, connections=CONNECTIONS):
    done = subprocess.run(["h2load", "--h1", "-n", str(requests), "-c", str(connections),
                           f"http://127.0.0.1:{port}/128"], capture_output=True, text=True, timeout=600)
    if done.returncode != 0 or f"{requests} succeeded" not in done.stdout:
        raise SystemExit(f"bench: h2load did not get its {requests} answers:\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def running(peer, binary, prefix=()):
    """The peer in front of an origin of its own, unpinned: (its process, its port)."""
    tmpfs = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="teal-counts-", dir=tmpfs) as folder:
        stage = peers.Stage(folder, machine.Cores(None, None), binary)
        try:
            stage.start_origin()
            process = stage.start_peer(peer, prefix=prefix, patience=60)
            if peer in ("teal-full", "teal-nolog"):
                ControlApi(stage.ports["admin"]).begin_shift(stage.values["release"], 3600)
            elif peer == "teal-canary":
                ControlApi(stage.ports["admin"]).begin_canary(stage.values["release"])
            yield process, stage.ports[peer]
        finally:
            stage.stop()


def profile(peer, binary, requests):
    with tempfile.TemporaryDirectory(prefix="teal-callgrind-") as folder:
        command = ["valgrind", "--tool=callgrind", "--separate-threads=yes",
                   f"--callgrind-out-file={folder}/out.%p", "-q"]
        with running(peer, binary, command) as (process, port):
            load(port, WARM_UP)
            load(port, requests)
            process.stop(60)
        return callgrind.read(pathlib.Path(folder), skip_first_thread=peer.startswith("teal"))


def worker_of(pid):
    """The thread that carries requests, or the process where there is only one."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().startswith("teal-w"):
            return int(task.name)
    return max(machine.family(pid))


def trace(peer, binary, connections):
    """System calls of the worker during LONG requests: name -> times a request."""
    with running(peer, binary) as (process, port), \
            tempfile.NamedTemporaryFile(prefix="teal-strace-") as output:
        load(port, WARM_UP, connections)
        tracer = subprocess.Popen(["strace", "-q", "-p", str(worker_of(process.pid)), "-c", "-U",
                                   "calls,name", "-o", output.name], stderr=subprocess.PIPE, text=True)
        attached = pathlib.Path(f"/proc/{worker_of(process.pid)}/status")
        deadline = time.monotonic() + 10
        while "TracerPid:\t0" in attached.read_text():
            if tracer.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"bench: strace could not attach: {tracer.stderr.read()}")
            time.sleep(0.01)
        load(port, LONG, connections)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
        table = re.findall(r"^\s*(\d+)\s+(\w+)\s*$", output.file.read().decode(), re.M)
    return {name: int(calls) / LONG for calls, name in table if name != "total"}


@functools.cache
def may_trace():
    """Some containers do not let anybody."""
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


def count(peer, binary):
    short, long = (profile(peer, binary, requests) for requests in (SHORT, LONG))
    slope = lambda field: (getattr(long, field) - getattr(short, field)) / (LONG - SHORT)
    if not may_trace():  # No limit holds for what is not known.
        nothing = float("nan")
        return Counts(slope("instructions"), slope("allocations"), nothing, nothing, {}, nothing)
    calls = trace(peer, binary, CONNECTIONS)
    calls_alone = sum(trace(peer, binary, connections=1).values())
    sums = {"recv": 0.0, "send": 0.0}
    for name, times in calls.items():
        if name in TRANSFERS:
            sums[TRANSFERS[name]] += times
    others = {name: times for name, times in calls.items() if name not in TRANSFERS}
    return Counts(slope("instructions"), slope("allocations"), sums["recv"], sums["send"], others,
                  calls_alone)


def print_counts(peer, counts):
    most = sorted(counts.others.items(), key=lambda item: -item[1])[:4]
    others = ", ".join(f"{name} {times:.3f}" for name, times in most if times >= 0.0005)
    print(f"  {peer:12} {counts.instructions:12.0f} {counts.allocations:11.3f} {counts.recv:6.2f} "
          f"{counts.send:6.2f} {counts.other_calls:7.3f} {counts.calls_alone:6.2f}   {others}", flush=True)


def broken_limits(peer, counts):
    return [f"{peer}: {limit.what}: {limit.value(counts):.3f}, at most {limit.most:g} allowed"
            for limit in LIMITS.get(peer, []) if limit.value(counts) > limit.most]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench counts", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {','.join(PEERS)}")
    parser.add_argument("--gate", action="store_true", help="fail where Teal is beyond its limits")
    parser.add_argument("--json", type=pathlib.Path, help="where to keep what was found")
    parser.add_argument("--binary", default=str(ROOT / "build/release/teal"))
    arguments = parser.parse_args()
    chosen = arguments.peers.split(",")
    for peer in chosen:
        if peer not in PEERS:
            parser.error(f"'{peer}' is none of: {', '.join(PEERS)}")
    os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for program in ("valgrind", "strace", "h2load", "nginx"):
        if not shutil.which(program):
            sys.exit(f"bench: {program} is not installed; ./dev setup bench installs it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))

    print(f"one GET of 128 B, {CONNECTIONS} connections, one worker; `teal-full`: JSON access log to a file "
          "and a judged canary running, `teal-nolog`: the same without the log; `teal-idle`, `teal-canary`: without "
          "the log, and nothing deployed or a canary that is compared by errors and latency; `alone`: all system "
          "calls of a request on one connection, where each turn of the proxy's loop has one thing to do")
    if not may_trace():
        print("strace may not be used here: system calls are not counted, and not looked at")
    print(f"  {'':12} {'instructions':>12} {'allocations':>11} {'recv':>6} {'send':>6} {'others':>7} {'alone':>6}")
    broken, found = [], {}
    for peer in chosen:
        counts = found[peer] = count(peer, arguments.binary)
        print_counts(peer, counts)
        broken += broken_limits(peer, counts)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps({peer: dataclasses.asdict(c) for peer, c in found.items()}))
    if arguments.gate and broken:
        sys.exit("\n".join(["bench: beyond the limits:", *broken]))
    if arguments.gate:
        print("all within the limits")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
