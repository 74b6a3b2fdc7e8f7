"""The plot of the scale bench as SVG, written by hand: six panels with logarithmic axes, a line for
each figure. The last binary has whole lines, those before it have broken ones."""

import math
from html import escape

from scaling import growth

PANELS = [
    ("split by hand, p99, ms", [("split.p99", "alone"), ("split_disturbed.p99", "disturbed")]),
    ("verdict, p99, ms", [("verdict.p99", "alone"), ("verdict_disturbed.p99", "disturbed")]),
    ("health change, p50, ms", [("health.p50", "alone")]),
    ("a whole answer, ms", [("scrape", "/metrics"), ("list", "/v1/services")]),
    ("resident memory, MB", [("memory_pause", "idle"), ("memory_splits", "after the splits")]),
    ("idle, % of a core", [("idle", "all threads"), ("idle_control", "control thread")]),
]
COLOURS = ("#0d8a8a", "#c96f2a")
GREY = "#444444"
WIDTH, HEIGHT, COLUMNS = 300, 220, 3
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 44, 30
LEAST = 0.01
TITLE = 28


class Axis:
    """Logarithmic, over whole powers of ten."""

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(values))))
        self.begin, self.end = begin, end

    def at(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def text(x, y, words, anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour, width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"/>')


def curve(points, colour, is_last):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    broken = "" if is_last else ' stroke-dasharray="4 3" opacity="0.7"'
    marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{broken}/>{marks}'


def panel(left, top, title, figures, found):
    """`found`: binary -> services -> rounds."""
    series = []  # (number of the figure, whether it is of the last binary, points)
    for name in found:
        for number, (figure, _) in enumerate(figures):
            points = [(services, max(LEAST, value)) for services, rounds in found[name].items()
                      if (value := growth.median_of(rounds, figure)) is not None]
            if points:
                series.append((number, name == list(found)[-1], points))
    parts = [text(left + LEFT, top + 14, title, more=' font-weight="bold"')]
    if not series:
        return parts
    everything = [point for *_, points in series for point in points]
    x_axis = Axis([x for x, _ in everything], left + LEFT, left + WIDTH - RIGHT)
    y_axis = Axis([y for _, y in everything], top + HEIGHT - BOTTOM, top + TOP)
    for tick in y_axis.ticks():
        parts.append(line(x_axis.begin, y_axis.at(tick), x_axis.end, y_axis.at(tick), "#e4e4e4"))
        parts.append(text(x_axis.begin - 6, y_axis.at(tick) + 3.5, f"{tick:,g}", "end"))
    for tick in x_axis.ticks():
        parts.append(line(x_axis.at(tick), y_axis.begin, x_axis.at(tick), y_axis.begin + 4, GREY))
        parts.append(text(x_axis.at(tick), y_axis.begin + 16, f"{tick:,.0f}", "middle"))
    parts.append(line(x_axis.begin, y_axis.begin, x_axis.end, y_axis.begin, GREY))
    for number, is_last, points in series:
        parts.append(curve([(x_axis.at(x), y_axis.at(y)) for x, y in points], COLOURS[number], is_last))
    if len(figures) > 1:
        x = left + LEFT
        for number, (_, words) in enumerate(figures):
            parts.append(line(x, top + 26, x + 16, top + 26, COLOURS[number], 2))
            parts.append(text(x + 21, top + 29.5, words))
            x += 36 + 6.2 * len(words)
    return parts


def svg(found, targets):
    rows = math.ceil(len(PANELS) / COLUMNS)
    width, height = COLUMNS * WIDTH, TITLE + rows * HEIGHT
    names = list(found)
    heading = f"What grows with the number of services, of {targets} targets each"
    if len(names) > 1:
        heading += f": {names[-1]} whole lines, {', '.join(names[:-1])} broken ones"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
             f'height="{height}" font-family="sans-serif" font-size="10" fill="#222222">',
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             text(LEFT, 18, heading, more=' font-size="12"')]
    for number, (title, figures) in enumerate(PANELS):
        parts += panel(number % COLUMNS * WIDTH, TITLE + number // COLUMNS * HEIGHT, title, figures, found)
    return "\n".join([*parts, "</svg>", ""])
