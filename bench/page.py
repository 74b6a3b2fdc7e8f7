#!/usr/bin/env python3
"""./dev bench performance: writes docs/performance.md and its plots from what run.py, counts.py
and scale.py have found (their --json). The words around the figures stand in
bench/performance.md.in. With --scale alone only that section of the page is written anew."""

import argparse
import json
import pathlib
import re
import statistics

from scaling import growth, plot

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
PEERS = ["nginx", "haproxy", "haproxy-64k"]
EDGE_PEERS = ["nginx", "haproxy", "nghttpx"]
UTIL_ENOUGH = 0.9

# What we hold Teal to: its CPU per request against the peer's. BEST is the cheapest of those present.
BEST = "best"
AIMS = {
    "get128": {"haproxy": 0.85, "nginx": 0.90},
    "headers": {"haproxy": 0.85, "nginx": 0.90},
    "get128-c256": {"haproxy": 0.80},
    "get64k": {BEST: 0.90},
    "get1m": {BEST: 0.95},
    "post16k": {BEST: 0.85},
    "chunked16k": {BEST: 0.75},
    "close": {BEST: 0.92},
    "get128-shift": {"teal": 1.05, "haproxy": 0.95},
    "get128-canary": {"idle": 1.03},
    "tls-get128": {BEST: 1.20},
    "tls-handshake": {BEST: 1.20},
    "h2-get128": {BEST: 1.20},
    "h2-tls-get128": {BEST: 1.20},
    "grpc-unary": {BEST: 1.20},
}
# Seconds until a release that is ten times as bad is taken back, by trips.COMPARISONS.
TRIP_AIMS = {"confidence 0.99, tolerance 1": 6}
NAMES = {
    "get128": "GET 128 B, 64 connections",
    "headers": "the same with a browser's headers",
    "get128-c256": "GET 128 B, 256 connections",
    "get128-c256-workers": "the same with eight workers each, on the one core",
    "get64k": "GET 64 KiB",
    "get1m": "GET 1 MiB",
    "post16k": "POST 16 KiB",
    "chunked16k": "GET 16 KiB in chunks",
    "close": "a connection per request",
    "get128-shift": "GET 128 B in a linear shift, alarms and log on",
    "get128-canary": "GET 128 B in a judged canary",
}
# The section of what scale.py found; its rows, and the most that each may be at AIMED services.
SCALE = "## What grows with the number of services\n"
AIMED = 1000
SCALE_ROWS = {
    "start": 1000, "memory_pause": 80, "memory_splits": 80, "idle": 1, "split.p99": 2, "split_disturbed.p99": 2,
    "verdict.p99": 1, "verdict_disturbed.p99": 1, "outside.p50": None, "outside_disturbed.p50": None,
    "health.p50": None, "scrape": 1000, "list": None,
}
# Another field of peers, in a table of their own.
EDGE_NAMES = {
    "tls-get128": "GET 128 B over TLS, 64 kept connections",
    "tls-handshake": "a TLS handshake per request",
    "h2-get128": "GET 128 B over HTTP/2, 16 connections of 32 streams",
    "h2-get128-workers": "the same with eight workers each, on the one core",
    "h2-tls-get128": "GET 128 B over HTTP/2 and TLS",
    "h2-get64k": "GET 64 KiB over HTTP/2, 16 connections of 4 streams",
    "grpc-unary": "a unary call of gRPC, 16 connections of 32 streams",
}


def median_of(samples, field):
    return statistics.median(sample[field] for sample in samples)


def ratios_of(rounds, subject, peer):
    """Paired by round."""
    return [own["cpu_us"] / other["cpu_us"] for own, other in zip(rounds[subject], rounds[peer])]


def with_best(rounds, subject):
    """(peer, ratios) of each peer, and of the one that is cheapest in the median as BEST."""
    others = [peer for peer in rounds if peer != subject]
    found = {peer: ratios_of(rounds, subject, peer) for peer in others}
    rivals = [peer for peer in others if peer in (*PEERS, *EDGE_PEERS)]
    if rivals:
        cheapest = min(rivals, key=lambda peer: median_of(rounds[peer], "cpu_us"))
        found[BEST] = found[cheapest]
    return found


def span(values, digits=2):
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f}-{max(values):.{digits}f})")


def case_table(cases, names, peers):
    heads = {"nginx": "× nginx", "haproxy": "× HAProxy", "haproxy-64k": "× HAProxy, 64 KiB buffers",
             "nghttpx": "× nghttpx", "relay": "× relay"}
    lines = [f"| case | Teal, µs | {' | '.join(heads[peer] for peer in peers)} | aim | busy |",
             "|---|---|" + "---|" * len(peers) + "---|---|"]
    for name, rounds in cases.items():
        if name not in names or "nginx" not in rounds:
            continue
        subject = next(iter(rounds))
        ratios = with_best(rounds, subject)
        cells = [span(ratios[peer]) if peer in ratios else "" for peer in peers]
        busy = median_of(rounds[subject], "util")
        lines.append(f"| {names[name]} | {median_of(rounds[subject], 'cpu_us'):.1f} | {' | '.join(cells)} "
                     f"| {aims_of(name, ratios)} | {busy:.2f}{'' if busy >= UTIL_ENOUGH else '!'} |")
    return "\n".join(lines)


def aims_of(name, ratios):
    said = []
    for peer, most in AIMS.get(name, {}).items():
        if peer in ratios:
            met = "met" if round(statistics.median(ratios[peer]), 2) <= most else "**missed**"
            said.append(f"≤ {most:.2f} × {peer}: {met}")
    return ", ".join(said)


def own_table(cases):
    """Teal against itself: what a shift and a judged canary add."""
    lines = ["| Teal against itself, idle | ratio | aim |", "|---|---|---|"]
    for name, other in (("get128-shift", "teal"), ("get128-canary", "idle")):
        if name in cases and other in cases[name]:
            rounds = cases[name]
            ratios = {other: ratios_of(rounds, next(iter(rounds)), other)}
            lines.append(f"| {NAMES[name]} | {span(ratios[other])} | {aims_of(name, ratios)} |")
    return "\n".join(lines)


def judge_table(found):
    """The judge and the shield on the real binary."""
    lines = ["| under load | found | aim |", "|---|---|---|"]

    def row(what, result, aim="", is_met=True):
        said = f"{aim}: {'met' if is_met else '**missed**'}" if aim else ""
        lines.append(f"| {what} | {result} | {said} |")

    for case, what in (("verdict-latency", "end of the deciding request to the last worker off the release"),
                       ("verdict-latency-reloads", "the same while ten configurations a second are loaded")):
        if case not in found:
            continue
        took = sorted(found[case])
        p50, p99 = (took[int(len(took) * share)] for share in (0.5, 0.99))
        row(what, f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {took[-1]:.2f} ms of {len(took)}", "p99 ≤ 1 ms", p99 <= 1)
    for name, seconds in found["trip-time"].items():
        median, most = statistics.median(seconds), TRIP_AIMS.get(name)
        row(f"1 % of errors told from 0.1 %, 1000 requests/s at 10 %, {name}",
            f"median {median:.1f} s of {len(seconds)}", most and f"≤ {most} s", not most or median <= most)
    shield = found["shield"]
    row("GETs through a canary that answers 500 to everything",
        f"{shield['asked']:,}: {shield['failed']} failures seen, {shield['shielded']:,} shielded",
        "no failure", shield["failed"] == 0)
    return "\n".join(lines)


def latency_table(samples, added_by):
    lines = ["| load | proxy | p50, µs | p99, µs | p99.9, µs |", "|---|---|---|---|---|"]
    for share in samples["direct"]:
        for peer, by_share in samples.items():
            if peer == "direct":
                continue
            added = added_by(samples, peer, share)
            lines.append(f"| {float(share):.0%} | {peer} | " + " | ".join(f"{us:.0f}" for us in added) + " |")
    return "\n".join(lines)


def idle_table(bytes_of):
    lines = ["| proxy | resident memory of an idle connection |", "|---|---|"]
    lines += [f"| {peer} | {size / 1024:.2f} KiB |" for peer, size in bytes_of.items()]
    return "\n".join(lines)


def counts_table(counts):
    lines = ["| proxy | instructions | allocations | recv | send | other system calls | all of one alone |",
             "|---|---|---|---|---|---|---|"]
    for peer, found in counts.items():
        lines.append(f"| {peer} | {found['instructions']:,.0f} | {found['allocations']:.3f} "
                     f"| {found['recv']:.2f} | {found['send']:.2f} | {sum(found['others'].values()):.3f} "
                     f"| {found['calls_alone']:.2f} |")
    return "\n".join(lines)


def scale_table(by_services):
    lines = [f"| services | {' | '.join(f'{services:,}' for services in by_services)} | growth | aim |",
             "|---|" + "---|" * len(by_services) + "---|---|"]
    for row in growth.ROWS:
        if row.name not in SCALE_ROWS:
            continue
        values = {services: growth.median_of(rounds, row.name) for services, rounds in by_services.items()}
        power, kind = growth.growth(row, by_services)
        most, at_aim = SCALE_ROWS[row.name], values.get(AIMED)
        aim = "" if most is None or at_aim is None else f"≤ {most}: {'met' if at_aim <= most else '**missed**'}"
        cells = " | ".join(growth.shown(value, row.digits) for value in values.values())
        lines.append(f"| {row.title} | {cells} | {f'{kind} (N^{power:.2f})' if kind else ''} | {aim} |")
    return "\n".join(lines)


def write_scale(path):
    """The plot; returns the table, of the last binary of the run."""
    found = json.loads(path.read_text())
    binaries = {name: {int(services): rounds for services, rounds in of.items()}
                for name, of in found["binaries"].items()}
    (PAGE.parent / "performance" / "scale.svg").write_text(plot.svg(binaries, found["about"]["targets"]))
    return scale_table(list(binaries.values())[-1])


def section_of(text, heading):
    """From the heading to the next of its kind."""
    begin = text.index(heading)
    end = text.find("\n## ", begin)
    return begin, len(text) if end < 0 else end + 1


def replace_scale(template, table):
    """Puts the section into the page as it is, in place of the old one or where the template has it."""
    begin, end = section_of(template, SCALE)
    section, page = template[begin:end].replace("@scale_table@", table), PAGE.read_text()
    if SCALE in page:
        at, behind = section_of(page, SCALE)
    else:
        at = behind = page.index(template[end:].partition("\n")[0])
    PAGE.write_text(page[:at] + section + page[behind:])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=pathlib.Path, nargs="?", help="what run.py wrote")
    parser.add_argument("counts", type=pathlib.Path, nargs="?", help="what counts.py wrote")
    parser.add_argument("--scale", type=pathlib.Path, required=True, help="what scale.py wrote")
    arguments = parser.parse_args()
    template = (pathlib.Path(__file__).parent / "performance.md.in").read_text()
    folder = PAGE.parent / "performance"
    folder.mkdir(exist_ok=True)
    table = write_scale(arguments.scale)
    if arguments.counts:
        write_page(template, json.loads(arguments.run.read_text()), json.loads(arguments.counts.read_text()), table)
    else:
        replace_scale(template, table)
    print(f"wrote {PAGE.relative_to(ROOT)}; {len(list(folder.glob('*.svg')))} plots are beside it")


def write_page(template, found, counts, scale):
    import plots  # With a package that a section alone does not need.

    folder = PAGE.parent / "performance"
    cases = {name: (next(iter(rounds)), rounds) for name, rounds in found["cases"].items() if name in NAMES}
    plots.ratios({NAMES[name]: {peer: ratios_of(rounds, subject, peer) for peer in PEERS if peer in rounds}
                  for name, (subject, rounds) in cases.items()}, folder / "cpu.svg")
    plots.latencies(found["latency"], folder / "latency.svg")
    plots.instructions({peer: each["instructions"] for peer, each in counts.items()},
                       folder / "instructions.svg")
    values = {**{name: str(value) for name, value in found["about"].items()},
              "case_table": case_table(found["cases"], NAMES, [*PEERS, "relay"]),
              "edge_table": case_table(found["cases"], EDGE_NAMES, EDGE_PEERS), "own_table": own_table(found["cases"]),
              "judge_table": judge_table(found),
              "latency_table": latency_table(found["latency"], added_by=plots.added_latency),
              "idle_table": idle_table(found["idle"]), "counts_table": counts_table(counts), "scale_table": scale}
    PAGE.write_text(re.sub(r"@(\w+)@", lambda name: values[name[1]], template))


if __name__ == "__main__":
    main()
