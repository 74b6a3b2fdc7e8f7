#!/usr/bin/env python3
"""./dev bench scale: what Teal costs by the number of its services, and how each figure grows.

For each size the real binary is started with two workers and so many services, each with so many
targets (half of them blue, half green, all on loopback; nobody answers there unless --probes). Then
are measured, one after the other:

  start      from exec until /readyz says 200; it ends with the first probe of one target
  memory     resident, after the start, after a pause, after the splits and in the end
  idle       percent of a core without any load: all threads, and the control thread alone
  /metrics, /v1/services   the time of one whole answer (the quickest of three; all pages)
  health     from a probe's first answer that says otherwise until all workers route by it; Teal
             publishes changes of health at most twenty times a second
  splits     PUT .../split by one kept connection, the services in turn, sent to answered
  verdicts   a release that fails is shipped under load and taken back. By Teal's clock
             (rollback_took_ms of a comparison: from the end of the request that decided to the last
             worker off the release, all waiting for the control thread included), and from outside
             (error_rate: from when the failure that decides leaves the target to the first request
             from which on all went to the live group; exact to 0.3 ms, and an error_rate looks at
             most every 5 ms)
  disturbed  splits and verdicts again while a scraper asks for /metrics again as soon as it was
             answered, sixteen pollers do so with all pages of /v1/services, and the ten probed
             targets of one service change their health twenty times a second in all

Clients of the disturbance are processes of their own with a lower priority: in life they are on other
machines. The growth is the slope of a line through the logarithms, by least squares: flat below
N^0.2, ~ sqrt below N^0.7, linear below N^1.2, else worse.

Several binaries take turns at each size, and the order is reversed from round to round."""

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import machine
import results
from scaling import growth, measures, plot, stage

ROOT = pathlib.Path(__file__).resolve().parents[1]
SERVICES = [10, 100, 1000, 5000]
QUICK = {"services": [10, 50], "targets": 4, "splits": 100, "disturbed_splits": 50, "verdicts": 5,
         "changes": 6, "idle": 1.0, "pause": 0.5}
USUAL = {"services": SERVICES, "targets": 40, "splits": 1000, "disturbed_splits": 300, "verdicts": 30,
         "changes": 20, "idle": 5.0, "pause": 12.0}


def numbers(text):
    found = [int(number.replace("_", "")) for number in text.split(",")]
    if min(found) < 3:
        raise argparse.ArgumentTypeError("two services have targets that answer, so three are the least")
    return sorted(set(found))


def named_binary(text):
    name, is_named, path = text.rpartition("=")
    if not os.access(path, os.X_OK):
        raise argparse.ArgumentTypeError(f"'{path}' is no program")
    return (name if is_named else "teal", str(pathlib.Path(path).resolve()))


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench scale", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=numbers, help="sizes; default 10,100,1000,5000")
    parser.add_argument("--targets", type=int, help="of each service; default 40")
    parser.add_argument("--splits", type=int, help="default 1000; from 5000 on memory is told at each thousand")
    parser.add_argument("--disturbed-splits", type=int, help="default 300")
    parser.add_argument("--verdicts", type=int, help="of either kind, alone and disturbed; default 30")
    parser.add_argument("--changes", type=int, help="of health; default 20")
    parser.add_argument("--idle", type=float, help="seconds without load; default 5")
    parser.add_argument("--pause", type=float, help="seconds after the start; default 12: what has no traffic is at rest by then")
    parser.add_argument("--pollers", type=int, default=16, help="default 16")
    parser.add_argument("--patience", type=float, default=120,
                        help="seconds for each kind of sample; then fewer do; default 120")
    parser.add_argument("--rounds", type=int, default=1, help="default 1; figures are medians")
    parser.add_argument("--probes", action="store_true",
                        help="probe every target each 2 s (default: none); nginx answers")
    parser.add_argument("--quick", action="store_true", help="small and few, to see that it works")
    parser.add_argument("--binary", type=named_binary, action="append", metavar="NAME=PATH",
                        help="default build/release/teal; repeat it to compare, the older one first")
    parser.add_argument("--json", type=pathlib.Path, help="where to keep what was found")
    parser.add_argument("--svg", type=pathlib.Path, help="where to draw it")
    arguments = parser.parse_args()
    for name, value in (QUICK if arguments.quick else USUAL).items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    if arguments.targets < 2:
        parser.error("--targets must be at least 2, one for each group")
    for name in ("splits", "disturbed_splits", "verdicts", "changes", "rounds", "pollers"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    try:
        arguments.binary = arguments.binary or [named_binary(str(ROOT / "build/release/teal"))]
    except argparse.ArgumentTypeError as problem:
        parser.error(f"{problem}; ./dev build makes it")
    if len(dict(arguments.binary)) < len(arguments.binary):
        parser.error("each --binary needs a NAME of its own")
    return arguments


def measure_one(binary, services, arguments):
    """Figures: none where the binary does not take so many, some where it has been given up."""
    tmpfs = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    figures = {}
    with tempfile.TemporaryDirectory(prefix="teal-scale-", dir=tmpfs) as folder:
        try:
            of = stage.Stage(folder, binary, services, arguments.targets, arguments.probes, arguments.pollers)
            try:
                measures.measure(of, arguments, figures)
            finally:
                of.stop()
        except stage.Refused as problem:
            print(f"  it does not take {services:,} services of {arguments.targets}: {problem}", flush=True)
        except (SystemExit, OSError) as problem:
            print(f"  given up: {problem}", flush=True)
    return figures


def run(arguments, found):
    for services in arguments.services:
        for number in range(arguments.rounds):
            binaries = arguments.binary if number % 2 == 0 else arguments.binary[::-1]
            for name, path in binaries:
                began = time.monotonic()
                print(f"{services:,} services, {name}, round {number + 1}", flush=True)
                figures = measure_one(path, services, arguments)
                if figures:
                    found[name].setdefault(services, []).append(figures)
                    print(f"  took {time.monotonic() - began:.0f} s", flush=True)


def tell(found):
    for name, by_services in found.items():
        print(f"\n{name}")
        print("\n".join(growth.table(by_services)))
    names = list(found)
    if len(names) == 2:
        print(f"\n{names[1]} over {names[0]}, paired by round")
        print("\n".join(growth.ratios(found[names[0]], found[names[1]])))
    print(flush=True)


def terminate(*_):
    """Like Ctrl-C: no measurement that is given up catches it."""
    raise KeyboardInterrupt("terminated")


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, terminate)
    path = arguments.json or ROOT / "out" / "bench" / time.strftime("scale-%Y%m%dT%H%M%S.json")
    found = {name: {} for name, _ in arguments.binary}
    with machine.cubic():
        try:
            run(arguments, found)
        finally:
            settings = {name: getattr(arguments, name) for name in (*USUAL, "pollers", "rounds", "probes")}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({
                "about": {**results.about_this_machine(), **settings, "binaries": dict(arguments.binary)},
                "binaries": found, "growth": {name: growth.growths(of) for name, of in found.items()}}, indent=1))
            tell(found)
            if arguments.svg:
                arguments.svg.write_text(plot.svg(found, arguments.targets))
            print(f"every figure: {path}" + (f", the plot: {arguments.svg}" if arguments.svg else ""))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt as reason:
        sys.exit(f"bench: {reason or 'interrupted'}")
