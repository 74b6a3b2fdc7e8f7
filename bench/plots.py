"""The plots of docs/performance.md, as SVG that differs only where the figures do."""

import statistics

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402: the backend has to be chosen first

COLOURS = {"teal": "#0d8a8a", "teal-full": "#0d8a8a", "teal-nolog": "#4db6b0", "teal-idle": "#4db6b0",
           "teal-canary": "#4db6b0", "nginx": "#c96f2a",
           "haproxy": "#4a6fa5", "haproxy-64k": "#93add1", "relay": "#9a9a9a"}
plt.rcParams.update({"svg.hashsalt": "teal", "svg.fonttype": "none", "font.family": "sans-serif",
                     "axes.spines.top": False, "axes.spines.right": False, "font.size": 10})


def save(figure, path):
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def ratios(by_case, path):
    """Teal's CPU per request over each peer's: median as a dot, all rounds as a line."""
    figure, axes = plt.subplots(figsize=(8, 0.55 * len(by_case) + 1))
    for row, (name, by_peer) in enumerate(by_case.items()):
        for number, (peer, values) in enumerate(by_peer.items()):
            at = row + 0.2 * (number - (len(by_peer) - 1) / 2)
            label = peer if peer not in axes.get_legend_handles_labels()[1] else None
            axes.plot([min(values), max(values)], [at, at], color=COLOURS[peer], linewidth=1.5)
            axes.plot([statistics.median(values)], [at], "o", color=COLOURS[peer], label=label)
    axes.axvline(1, color="#444444", linewidth=0.8)
    axes.set_yticks(range(len(by_case)), by_case.keys())
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("Teal's CPU per request, as a share of the peer's (left of 1 is less)")
    axes.legend(frameon=False, loc="lower left")
    save(figure, path)


def added_latency(samples, peer, share):
    """p50, p99 and p99.9 in microseconds beyond what the origin takes by itself; medians of rounds."""
    of = lambda name, field: statistics.median(sample[field] for sample in samples[name][share])
    return [of(peer, field) - of("direct", field) for field in ("p50_us", "p99_us", "p999_us")]


def latencies(samples, path):
    figure, panels = plt.subplots(1, 3, figsize=(9, 3))
    shares = list(samples["direct"])
    for panel, (number, name) in zip(panels, enumerate(("p50", "p99", "p99.9"))):
        for peer in samples:
            if peer == "direct":
                continue
            panel.plot([float(share) * 100 for share in shares],
                       [added_latency(samples, peer, share)[number] for share in shares],
                       "o-", color=COLOURS[peer], label=peer)
        panel.set_title(name)
        panel.set_xlabel("load, % of capacity")
        panel.set_ylim(bottom=0)
    panels[0].set_ylabel("added, µs")
    panels[0].legend(frameon=False)
    figure.tight_layout()
    save(figure, path)


def instructions(by_peer, path):
    figure, axes = plt.subplots(figsize=(7, 0.5 * len(by_peer) + 0.6))
    axes.barh(list(by_peer), list(by_peer.values()), color=[COLOURS[peer] for peer in by_peer])
    axes.invert_yaxis()
    axes.set_xlabel("user instructions a request")
    save(figure, path)
