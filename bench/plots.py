"""Draws what bench/run has kept: python3 bench/plots.py FILE FOLDER.

Apart from bench/run, as matplotlib is the distribution's and belongs to the
distribution's Python. The same figures give the same bytes. Colours are style
sheet variables, so that a page in the dark is readable too.
"""

import io
import json
import pathlib
import re
import sys

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402: only now is it known for what

from page import plots, with_figures  # noqa: E402
from report import number  # noqa: E402

LOG_FROM = 20  # Times the least: a linear scale would show the largest only.
# In inches.
PANEL_WIDTH, WIDTH_MAX, ROW_HEIGHT, PANEL_MARGIN = 3.4, 10.2, 0.235, 0.8
UNITS = {"µs": "µs of CPU for a delivery", "bytes": "bytes of resident memory",
         "connects": "µs of CPU for a connect"}

# matplotlib draws in these colours, and each becomes a variable.
INK, SOFT, NODE, FLOOR, PEER = (f"#0000f{n}" for n in range(5))
LIGHT = {INK: "#1b1f24", SOFT: "#8c959f", NODE: "#3b6fb6", FLOOR: "#8c959f",
         PEER: "#c98a2b"}
DARK = {INK: "#e6edf3", SOFT: "#6e7681", NODE: "#6ea8fe", FLOOR: "#8b949e",
        PEER: "#e0b04a"}
NAMES = {INK: "ink", SOFT: "soft", NODE: "node", FLOOR: "floor", PEER: "peer"}

matplotlib.rcParams.update({
    "svg.hashsalt": "greenroom",  # Else names within the file are random.
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
})


def colour(kind):
    return {"node": NODE, "floor": FLOOR}.get(kind, PEER)


def style():
    def variables(colours):
        return " ".join(f"--{NAMES[each]}: {colours[each]};" for each in colours)
    return ("<style>\n"
            f"svg {{ {variables(LIGHT)} }}\n"
            "@media (prefers-color-scheme: dark) {\n"
            f"svg {{ {variables(DARK)} }}\n"
            "}\n"
            "text { font-family: system-ui, 'DejaVu Sans', sans-serif; }\n"
            "</style>\n")


def save(figure, title, file):
    raw = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(raw, format="svg", transparent=True, metadata=nothing)
    pyplot.close(figure)
    text = raw.getvalue()
    for each, name in NAMES.items():
        text = text.replace(each, f"var(--{name})")
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    head = text.index("<svg")
    body = text.index(">", head) + 1
    file.write_text(text[head:body] + f"\n<title>{title}</title>\n" + style()
                    + text[body:].lstrip())


def grid(entries, columns):
    """A figure with a panel for each entry, and place in it for its servers,
    from top to bottom."""
    rows = [entries[at:at + columns] for at in range(0, len(entries), columns)]
    places = [max(len(entry["contenders"]) for _, entry in row) for row in rows]
    heights = [PANEL_MARGIN + ROW_HEIGHT * most for most in places]
    figure, axes = pyplot.subplots(
        len(rows), columns, squeeze=False, layout="constrained",
        figsize=(min(PANEL_WIDTH * columns, WIDTH_MAX), sum(heights)),
        gridspec_kw={"height_ratios": heights})
    for row, most in zip(axes, places):
        for axis in row:
            axis.set_ylim(most - 0.4, -0.6)
    panels = [axis for row in axes for axis in row]
    for axis in panels[len(entries):]:
        axis.set_visible(False)
    return figure, panels


def name_servers(axis, contenders):
    axis.set_yticks(range(len(contenders)),
                    [label for label, _ in contenders])
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)


def choose_scale(axis, values, unit):
    """The room on the right is for the figures beside the bars."""
    low, high = min(values), max(values)
    if high > LOG_FROM * low:
        axis.set_xscale("log")
        axis.set_xlim(low / 2, high * (high / low) ** 0.45 * 2)
        unit += ", logarithmic"
    else:
        axis.set_xlim(0, high * 1.5)
    axis.set_xlabel(unit)
    axis.xaxis.set_major_formatter(
        matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"
                                        if value < 1000 else f"{value:,.0f}"))
    axis.minorticks_off()


def beside(its, text):
    """A star for what the table says of this server."""
    return text if its["sound"] else text + " *"


def bars(axis, name, entry):
    """Medians, with a line from the lowest to the highest run, and a dashed one
    across where the limit is."""
    contenders = list(entry["contenders"].items())
    name_servers(axis, contenders)
    axis.set_title(name, loc="left", fontweight="bold")
    values = [its["figure"][part] for _, its in contenders if its["figure"]
              for part in ("median", "min", "max") if its["figure"][part] > 0]
    values += [limit["at_most"] for _, its in contenders
               for limit in its["limits"] if limit["at_most"]]
    choose_scale(axis, values or [1], UNITS[entry["unit"]])
    left = axis.get_xlim()[0]
    for at, (_, its) in enumerate(contenders):
        figure = its["figure"]
        if not figure:
            axis.annotate("failed *", (left, at), va="center",
                          xytext=(3, 0), textcoords="offset points")
            continue
        axis.barh(at, figure["median"] - left, left=left, height=0.62,
                  color=colour(its["kind"]))
        axis.plot([figure["min"], figure["max"]], [at, at], color=INK,
                  linewidth=0.8, solid_capstyle="butt")
        for limit in its["limits"]:
            if limit["at_most"]:
                axis.plot([limit["at_most"]] * 2, [at - 0.45, at + 0.45],
                          color=INK, linewidth=1.2, linestyle=(0, (2, 1)))
        axis.annotate(beside(its, number(figure["median"])),
                      (right_end(its, left), at), va="center",
                      xytext=(4, 0), textcoords="offset points")


def right_end(its, left):
    return max(left, its["figure"]["max"],
               *(limit["at_most"] for limit in its["limits"]))


def latencies(axis, name, entry):
    """A line from the median to the 99th percentile."""
    contenders = list(entry["contenders"].items())
    name_servers(axis, contenders)
    axis.set_title(name, loc="left", fontweight="bold")
    choose_scale(axis, [its[part] / 1000 for _, its in contenders
                        if its["figure"] for part in ("p50_us", "p99_us")],
                 "ms, median to 99th percentile")
    for at, (_, its) in enumerate(contenders):
        if not its["figure"]:
            continue
        median, most = its["p50_us"] / 1000, its["p99_us"] / 1000
        axis.plot([median, most], [at, at], color=colour(its["kind"]),
                  linewidth=4, solid_capstyle="butt")
        axis.plot([median], [at], marker="o", markersize=6,
                  color=colour(its["kind"]))
        axis.annotate(beside(its, f"{number(median)} / {number(most)}"),
                      (most, at), va="center", xytext=(5, 0),
                      textcoords="offset points")


PANELS = {  # By plot: what is drawn in a panel, and how many stand in a row.
    "cpu": (bars, 3),
    "cpu-ws": (bars, 4),
    "connections": (bars, 2),
    "latency": (latencies, 2),
}


def draw(results, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, title, chosen in plots(with_figures(results)):
        panel, columns = PANELS[name]
        figure, axes = grid(chosen, min(columns, len(chosen)))
        for axis, each in zip(axes, chosen):
            panel(axis, *each)
        save(figure, title, folder / f"{name}.svg")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: bench/plots.py FILE FOLDER")
    results = json.loads(pathlib.Path(sys.argv[1]).read_text())
    draw(results, pathlib.Path(sys.argv[2]))


if __name__ == "__main__":
    main()
