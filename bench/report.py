"""What a bench says in the end: a table for people, a CSV of every round for programs."""

import csv
import dataclasses
import statistics

UTIL_ENOUGH = 0.9


def median_of(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def print_case(case, rounds, subject):
    """`rounds`: peer -> one Sample a round. Ratios are paired by round: absolute figures drift by
    30 % within minutes, neighbours in time do not."""
    print(f"\n{case}")
    print(f"  {'':12} {'req/s':>9} {'cpu µs/req':>10} {'user':>6} {'sys':>6} {'util':>5} "
          f"{'p50 ms':>7} {'p99 ms':>7} {'errors':>6}   {subject}'s cpu against it (min-max)")
    for peer, samples in rounds.items():
        util = median_of(samples, "util")
        line = (f"  {peer:12} {median_of(samples, 'requests_per_second'):9.0f} "
                f"{median_of(samples, 'cpu_us'):10.2f} {median_of(samples, 'user_us'):6.2f} "
                f"{median_of(samples, 'system_us'):6.2f} {util:4.2f}{'!' if util < UTIL_ENOUGH else ' '} "
                f"{median_of(samples, 'p50_ms'):7.2f} {median_of(samples, 'p99_ms'):7.2f} "
                f"{sum(sample.errors for sample in samples):6}")
        if peer != subject and subject in rounds:
            ratios = [own.cpu_us / other.cpu_us for own, other in zip(rounds[subject], samples)]
            line += f"   {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        print(line, flush=True)


def print_latency(samples):
    """`samples`: peer -> share of the capacity -> one Sample a round; "direct" is the origin alone."""
    fields = ("p50_us", "p99_us", "p999_us")
    print("\nlatency added over a direct connection, µs (median over the rounds)")
    print(f"  {'':12} {'load':>5} {'req/s':>7} {'p50':>8} {'p99':>8} {'p99.9':>8} {'errors':>6}")
    for peer, by_share in samples.items():
        for share, rounds in by_share.items():
            direct = samples["direct"][share]
            added = [median_of(rounds, field) - (0 if peer == "direct" else median_of(direct, field))
                     for field in fields]
            print(f"  {peer:12} {share:5.0%} {rounds[0].rate:7} "
                  + " ".join(f"{value:8.0f}" for value in added)
                  + f" {sum(sample.errors for sample in rounds):6}"
                  + ("   itself, not added" if peer == "direct" else ""), flush=True)


def print_idle(bytes_of):
    print("\nresident memory of an idle connection after one request")
    for peer, size in bytes_of.items():
        print(f"  {peer:12} {size / 1024:6.2f} KiB", flush=True)


def print_split_latency(result):
    def quantiles(values):
        ordered = sorted(values)
        at = lambda q: ordered[min(len(ordered) - 1, int(q * len(ordered)))]
        return f"p50 {at(0.5):8.0f} µs   p99 {at(0.99):8.0f} µs   max {ordered[-1]:8.0f} µs"

    print(f"\nsplit-latency: {result.puts} PUTs of 50 % and 0 % under load")
    print(f"  PUT, sent to acknowledged                  {quantiles(result.round_trip_us)}")
    print(f"  0 % sent, to the last start that got green {quantiles(result.after_send_us)}")
    print(f"  0 % acknowledged, to that start (aim < 1000) {quantiles(result.after_ack_us)}")
    print(f"  requests started after the acknowledgement that reached green: {result.late_requests}")


def print_verdict_latency(name, milliseconds):
    ordered = sorted(milliseconds)
    at = lambda q: ordered[min(len(ordered) - 1, int(q * len(ordered)))]
    print(f"\n{name}: {len(ordered)} rollbacks under load, end of the deciding request to all "
          f"workers off the release (aim: p99 under 1 ms)\n  p50 {at(0.5):.3f} ms   p99 {at(0.99):.3f} ms   "
          f"max {ordered[-1]:.3f} ms", flush=True)


def print_shield(result):
    print(f"\nshield: {result.asked} GETs through a 10 % canary that answers 500 to everything: "
          f"{result.failed} failures seen (aim: 0), {result.shielded} shielded, {result.refused} over the "
          "retry budget", flush=True)


def print_trips(found):
    print("\ntrip-time: until 1 % of errors against 0.1 % are taken back, 1000 requests/s at 10 %")
    for name, seconds in found.items():
        print(f"  {name:30} median {statistics.median(seconds):5.1f} s   "
              + " ".join(f"{each:.1f}" for each in sorted(seconds)), flush=True)


def write_csv(path, cases, sample_type):
    """Every round of every case; nothing where there is none."""
    if not cases:
        return None
    fields = [field.name for field in dataclasses.fields(sample_type)]
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "peer", "round", *fields])
        for case, rounds in cases.items():
            for peer, samples in rounds.items():
                for number, sample in enumerate(samples, 1):
                    writer.writerow([case, peer, number, *(f"{sample[name]:.6g}" for name in fields)])
    return path
