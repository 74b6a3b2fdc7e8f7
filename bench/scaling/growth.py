"""The figures of the scale bench as rows, how each grows with the number of services, and the table."""

import dataclasses
import math
import statistics

# Slopes of a line through the logarithms of both: the power of the number of services.
KINDS = ((0.2, "flat"), (0.7, "~ sqrt"), (1.2, "linear"), (math.inf, "worse"))


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # As the JSON has it; "split.p99" is a quantile.
    title: str
    least: float = 0.01  # Below this it is nothing, and grows no more slowly for being less.
    digits: int = 2


ROWS = [
    Row("start", "start until ready, ms", 1, 0),
    Row("memory_start", "memory after the start, MB", 1, 1),
    Row("memory_pause", "memory after a pause, MB", 1, 1),
    Row("memory_splits", "memory after the splits, MB", 1, 1),
    Row("memory_end", "memory in the end, MB", 1, 1),
    Row("idle", "idle, % of a core", 0.1),
    Row("idle_control", "idle, the control thread alone, %", 0.1),
    *(Row(f"split.{at}", f"split, {at}, ms") for at in ("p50", "p99", "max")),
    *(Row(f"split_disturbed.{at}", f"split disturbed, {at}, ms") for at in ("p50", "p99", "max")),
    *(Row(f"verdict.{at}", f"verdict, Teal's clock, {at}, ms") for at in ("p50", "p99", "max")),
    *(Row(f"verdict_disturbed.{at}", f"verdict disturbed, Teal's clock, {at}, ms") for at in ("p50", "p99", "max")),
    *(Row(f"outside.{at}", f"verdict, from outside, {at}, ms") for at in ("p50", "p99", "max")),
    *(Row(f"outside_disturbed.{at}", f"verdict disturbed, from outside, {at}, ms") for at in ("p50", "p99", "max")),
    *(Row(f"health.{at}", f"health change, {at}, ms") for at in ("p50", "max")),
    Row("scrape", "/metrics, ms"),
    Row("scrape_lines", "/metrics, lines", digits=0),
    Row("scrape_bytes", "/metrics, bytes", digits=0),
    Row("list", "/v1/services, all pages, ms"),
    Row("list_bytes", "/v1/services, bytes", digits=0),
    Row("failures", "answers that had to be asked for again", 1, 0),
    Row("crowd.scrapes.rate", "disturbance: scrapes a second"),
    Row("crowd.scrapes.p50_ms", "disturbance: a scrape, p50, ms"),
    Row("crowd.lists.rate", "disturbance: lists a second"),
    Row("crowd.lists.p50_ms", "disturbance: a list, p50, ms"),
    Row("crowd.lists.most_ms", "disturbance: a list, max, ms"),
]


def value_of(found, name):
    """One figure of one measurement, or None where it was not taken."""
    for part in name.split("."):
        if not isinstance(found, dict) or found.get(part) is None:
            return None
        found = found[part]
    return found


def median_of(rounds, name):
    values = [value for found in rounds if (value := value_of(found, name)) is not None]
    return statistics.median(values) if values else None


def slope(points):
    """Of the line by least squares through the logarithms of (services, value)."""
    if len(points) < 2:
        return None
    xs, ys = ([math.log(value) for value in values] for values in zip(*points))
    x_mean, y_mean = statistics.mean(xs), statistics.mean(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / spread if spread else None


def growth(row, by_services):
    """(slope, its name) of a row over the medians of all sizes that have it."""
    points = [(services, max(value, row.least)) for services, rounds in by_services.items()
              if (value := median_of(rounds, row.name)) is not None]
    power = slope(points)
    if power is None:
        return None, ""
    return power, next(name for most, name in KINDS if power < most)


def shown(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def table(by_services):
    """Lines: a row for each figure, a column for each number of services, and the growth."""
    lines = [f"  {'services':40} " + " ".join(f"{services:>12,}" for services in by_services) + "   growth"]
    for row in ROWS:
        values = [median_of(rounds, row.name) for rounds in by_services.values()]
        if all(value is None for value in values):
            continue
        power, kind = growth(row, by_services)
        lines.append(f"  {row.title:40} " + " ".join(f"{shown(value, row.digits):>12}" for value in values)
                     + (f"   {kind} (N^{power:.2f})" if kind else ""))
    return lines


def growths(by_services):
    """By name of the figure, for the JSON."""
    found = {row.name: growth(row, by_services) for row in ROWS}
    return {name: {"power": round(power, 3), "kind": kind} for name, (power, kind) in found.items() if kind}


def ratios(first, second):
    """Lines: the second binary's figures over those of the first in the same round, as a median."""
    sizes = [services for services in second if services in first]
    lines = [f"  {'services':40} " + " ".join(f"{services:>12,}" for services in sizes)]
    for row in ROWS:
        cells = []
        for services in sizes:
            pairs = [(value_of(old, row.name), value_of(new, row.name))
                     for old, new in zip(first[services], second[services])]
            of_rounds = [new / old for old, new in pairs if old and new is not None]
            cells.append(f"{statistics.median(of_rounds):.2f}" if of_rounds else "")
        if any(cells):
            lines.append(f"  {row.title:40} " + " ".join(f"{cell:>12}" for cell in cells))
    return lines
