#!/usr/bin/env python3
"""./dev bench: Teal, nginx and HAProxy under the same load before the same origin.

Peers take turns within each round and the order is reversed from round to round, so that whatever
drifts on the machine hits all alike. The primary figure is the proxy's CPU time per request. One
worker each, on a core of its own where there are two; load and origin share the other.

./dev bench scale --help: what grows with the number of services. ./dev help lists the others."""

import argparse
import contextlib
import functools
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import idle
import latency
import load
import machine
import peers
import report
import results
import shield
import split_latency
import trips
import verdict_latency
from control import ControlApi

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = ["teal", "nginx", "haproxy", "haproxy-64k", "relay", "nghttpx"]
BEFORE = "teal-before"  # Another binary of Teal in the same rounds.
SPLIT_LATENCY, VERDICT_LATENCY = "split-latency", "verdict-latency"
RELOADS = "verdict-latency-reloads"
LATENCY, IDLE = "latency", "idle"
SHIFTING = "teal-log"  # Shifts in `get128-shift`, with its access log on.
SHIELD, TRIP_TIME = "shield", "trip-time"
ALL_CASES = [*load.CASES, LATENCY, IDLE, SPLIT_LATENCY, VERDICT_LATENCY, RELOADS, SHIELD,
             TRIP_TIME]


def names_of(allowed):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"'{name}' is none of: {', '.join(allowed)}")
        return names
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="default 5; 7 and more to compare")
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement; default 2")
    parser.add_argument("--cases", type=names_of(ALL_CASES), default=ALL_CASES,
                        help=f"of {','.join(ALL_CASES)}")
    parser.add_argument("--peers", type=names_of(PEERS), default=PEERS, help=f"of {','.join(PEERS)}")
    parser.add_argument("--puts", type=int, default=500, help=f"of {SPLIT_LATENCY}; default 500")
    parser.add_argument("--rollbacks", type=int, default=100,
                        help=f"of {VERDICT_LATENCY}; default 100")
    parser.add_argument("--requests", type=int, default=100_000, help=f"of {SHIELD}; default 100000")
    parser.add_argument("--trips", type=int, default=5, help=f"of {TRIP_TIME}; default 5 of each")
    parser.add_argument("--json", type=pathlib.Path, help="where to keep what was found")
    parser.add_argument("--binary", default=str(ROOT / "build/release/teal"))
    parser.add_argument("--before", metavar="BINARY", help="another one to compare with, as peer " + BEFORE)
    arguments = parser.parse_args()
    for name in ("rounds", "seconds"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if arguments.before:
        arguments.peers = [*arguments.peers, BEFORE]
    if arguments.puts < 2:
        parser.error("--puts must be at least 2")
    return arguments


def measure_case(case, stage, arguments, book):
    chosen = [peer for peer in arguments.peers if case.has_body or peer != "haproxy-64k"]
    # It is in the field for HTTP/2 and TLS only.
    chosen = [peer for peer in chosen if case.streams or case.tls or peer != "nghttpx"]
    chosen = [peer for peer in chosen if stage.port_for(case, peer) is not None]
    if case.workers > 1:
        chosen = [peer for peer in chosen if peer in ("teal", "nginx", "haproxy", BEFORE)]
        for peer in chosen:
            stage.start_peer(peer + peers.MANY, workers=case.workers)
    if not chosen:
        return
    started_as = {peer: peer + peers.MANY * (case.workers > 1) for peer in chosen}
    subject = "teal" if "teal" in chosen else chosen[0]
    if case.shifting:
        if subject != "teal":
            return
        subject = SHIFTING
        chosen.insert(0, SHIFTING)
        started_as[SHIFTING] = SHIFTING
        stage.start_peer(SHIFTING)
    rounds = {peer: [] for peer in chosen}
    for number in range(arguments.rounds):
        for peer in chosen if number % 2 == 0 else reversed(chosen):
            shift = contextlib.nullcontext()
            if peer == SHIFTING:
                shift = ControlApi(stage.ports[f"{SHIFTING}-admin"]).shifting(
                    stage.values["release"], arguments.seconds)
            with shift:
                name = started_as[peer]
                sample = load.measure(case, stage.port_for(case, name), stage.processes[name].pid,
                                      arguments.seconds, stage.cores)
            rounds[peer].append(sample)
    for name in started_as.values():
        if name == SHIFTING or name.endswith(peers.MANY):
            stage.processes.pop(name).stop()
    report.print_case(case.name, rounds, subject)
    book.add_case(case.name, rounds)


def measure_canary(case, stage, arguments, book):
    """The same process with and without a canary that is compared, in turn."""
    api = ControlApi(stage.ports["admin"])
    rounds = {"canary": [], "idle": []}
    for number in range(arguments.rounds):
        for what in rounds if number % 2 == 0 else reversed(rounds):
            judged = api.comparing(stage.values["release"]) if what == "canary" else contextlib.nullcontext()
            with judged:
                sample = load.measure(case, stage.ports["teal"], stage.processes["teal"].pid,
                                      arguments.seconds, stage.cores)
            rounds[what].append(sample)
    report.print_case(case.name, rounds, "canary")
    book.add_case(case.name, rounds)


def run(stage, arguments, book):
    def tell(name, print_it, found):
        print_it(found)
        book.add(name, found)

    stage.start_origin()
    for peer in arguments.peers:
        stage.start_peer(peer)
    for name in arguments.cases:
        if name in load.CASES and load.CASES[name].compared:
            if "teal" in arguments.peers:
                measure_canary(load.CASES[name], stage, arguments, book)
        elif name in load.CASES:
            measure_case(load.CASES[name], stage, arguments, book)
        elif name == LATENCY:
            plain = [peer for peer in arguments.peers if peer in ("teal", "nginx", "haproxy")]
            tell(name, report.print_latency,
                 latency.measure(stage, plain, arguments.rounds, arguments.seconds))
        elif name == IDLE:
            found = {peer: idle.bytes_per_connection(stage.ports[peer], stage.processes[peer].pid)
                     for peer in arguments.peers if peer != "nghttpx"}
            found |= {f"{peer}, TLS": idle.bytes_per_connection(stage.tls_ports[peer], stage.processes[peer].pid, True)
                      for peer in arguments.peers if peer in stage.tls_ports}
            tell(name, report.print_idle, found)
        elif name in (VERDICT_LATENCY, RELOADS) and "teal" in arguments.peers:
            api = ControlApi(stage.ports["admin"])
            disturbed = verdict_latency.reloading(api, stage.folder / "teal.yaml")
            with disturbed if name == RELOADS else contextlib.nullcontext():
                tell(name, functools.partial(report.print_verdict_latency, name), verdict_latency.measure(
                    api, stage.ports["teal"], stage.values["broken"], arguments.rollbacks, stage.cores.load))
        elif name == SHIELD:
            tell(name, report.print_shield, shield.measure(
                stage.folder, arguments.binary, arguments.requests, stage.values["user"]))
        elif name == TRIP_TIME:
            tell(name, report.print_trips,
                 trips.measure(arguments.binary, arguments.trips, stage.values["user"]))
        elif "teal" in arguments.peers:
            ControlApi(stage.ports["admin"]).give_green(stage.values["release"])
            tell(name, report.print_split_latency, split_latency.measure(
                stage.ports["teal"], stage.ports["admin"], arguments.puts))


def main():
    arguments = parse_arguments()
    used = [peer for peer in ("haproxy", "nghttpx") if peer in ",".join(arguments.peers)]
    for program in ["wrk", "h2load", "nginx", *used]:
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            sys.exit(f"bench: {program} is not installed; ./dev setup bench installs it")
    os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))

    cores = machine.Cores.of_this_machine()
    tmpfs = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    book = results.Book(arguments)
    path = arguments.json or ROOT / "out" / "bench" / time.strftime("%Y%m%dT%H%M%S.json")
    with machine.cubic() as congestion_control, \
            tempfile.TemporaryDirectory(prefix="teal-bench-", dir=tmpfs) as folder:
        print(f"{arguments.rounds} rounds of {arguments.seconds} s, {load.CONNECTIONS} connections, "
              f"{congestion_control}, proxy on core {cores.proxy}, load and origin on {cores.load}; "
              f"'!': proxy busy less than {report.UTIL_ENOUGH:.0%}, the load was the limit")
        stage = peers.Stage(folder, cores, arguments.binary, arguments.before)
        try:
            run(stage, arguments, book)
        finally:
            stage.stop()
            book.save(path)
            cases = report.write_csv(path.with_suffix(".csv"), book.sections["cases"], load.Sample)
            print(f"\nevery round: {path}" + (f" and {cases.name}" if cases else ""))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
