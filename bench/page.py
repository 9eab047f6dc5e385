"""The section of docs/performance.md that bench/run writes, and its plots."""

import pathlib
import subprocess
import sys

import report
from servers import Failure

FORMAT = 2  # Of what bench/run keeps; what is kept in another is left out.
NOISY_OTHERS = 0.10  # Of the machine, taken by others.

BEGIN = "<!-- bench/run writes from here"
END = "<!-- to here -->"

DRAW = pathlib.Path(__file__).resolve().parent / "plots.py"


def is_delivery(entry):
    return entry["unit"] == "µs"


def is_on_ws(name):
    return name.startswith("ws-")


def tells_latency(entry):
    """Where a message has to wait for others of its sender, the wait is the
    load's, and frames that are only counted tell nothing."""
    load = entry["load"]
    return (is_delivery(entry)
            and ("--rate" in load or load.startswith("rtt")
                 or load.endswith("--window 1"))
            and all(its["p99_us"] > 0 for its in entry["contenders"].values()
                    if its["figure"]))


PLOTS = {  # By file: what it shows, and of which scenarios.
    "cpu": ("Server CPU for one delivery, by scenario and server",
            lambda name, entry: is_delivery(entry) and not is_on_ws(name)),
    "cpu-ws": ("Server CPU for one delivery on /ws",
               lambda name, entry: is_delivery(entry) and is_on_ws(name)),
    "connections": ("Memory of an idle connection, and CPU for a connect",
                    lambda name, entry: not is_delivery(entry)),
    "latency": ("Latency: median and 99th percentile",
                lambda name, entry: tells_latency(entry) and not is_on_ws(name)),
}


def with_figures(results):
    return {name: entry for name, entry in results.items()
            if entry.get("format") == FORMAT and "contenders" in entry}


def plots(results):
    """Gives each plot that there are figures for: file, what it shows, and its
    scenarios with their entries."""
    for file, (shows, belongs) in PLOTS.items():
        chosen = [(name, entry) for name, entry in results.items()
                  if belongs(name, entry)]
        if chosen:
            yield file, shows, chosen


def markdown(results):
    yield from failed(results)
    results = with_figures(results)
    yield from conditions(results)
    yield ""
    yield from verdict(results)
    for file, shows, _ in plots(results):
        yield f"![{shows}](plots/{file}.svg)"
        yield ""
    yield from loads(results)
    yield from deliveries(results)
    yield from connections(results, "bytes", "Resident bytes of an idle "
                           "connection.", "bytes")
    yield from connections(results, "connects", "Server CPU for one connect, "
                           "in µs.", "µs")


def failed(results):
    for name, entry in results.items():
        if entry.get("format") == FORMAT and "failed" in entry:
            yield f"- FAILED: `{name}`: {one_line(entry['failed'])}"


def machine_text(facts):
    """What `measure.machine` gave, but for the date."""
    return (f"{facts['cpu']}, {facts['cores']} cores, {facts['kernel']}, "
            f"{facts['compiler']}, commit {facts['commit']}")


def preliminary_text():
    return ("; PRELIMINARY: other programs had more than "
            f"{NOISY_OTHERS:.0%} of the machine")


def conditions(results):
    """One line for each state of machine and programs that figures come from."""
    seen = {}
    for name, entry in results.items():
        facts = entry["machine"]
        key = (facts["date"].split()[0],
               machine_text(facts),
               "".join(f", {kind} {version}"
                       for kind, version in entry["versions"].items()),
               entry["runs"])
        seen.setdefault(key, []).append(name)
    for (date, machine, versions, runs), names in seen.items():
        noisy = any(its.get("others", 0) > NOISY_OTHERS for name in names
                    for its in results[name]["contenders"].values())
        note = preliminary_text() if noisy else ""
        yield (f"- {date}: {machine}{versions}; median of {runs} runs{note}: "
               + ", ".join(f"`{name}`" for name in names))


def verdict(results):
    lines = [line for name, entry in results.items()
             for line in report.missed(name, entry["contenders"])]
    limits = [limit for entry in results.values()
              for its in entry["contenders"].values()
              for limit in its["limits"]]
    kept = sum(limit["kept"] is True for limit in limits)
    yield (f"Of {len(limits)} limits {kept} were kept, {len(lines)} missed and "
           f"{len(limits) - kept - len(lines)} not judged"
           + (". Missed:" if lines else "."))
    yield ""
    if lines:
        yield from (f"- {line}" for line in lines)
        yield ""


def loads(results):
    """The load of each scenario, as wsload's command line has it."""
    if not results:
        return
    yield "The loads (`bench/run --list` shows all of each command line):"
    yield ""
    width = 1 + max(len(name) for name in results)
    for name, entry in results.items():
        yield f"    {name + ':':<{width}} wsload {entry['load']}"
    yield ""


def deliveries(results):
    rows = [row for name, entry in results.items() if is_delivery(entry)
            for row in delivery_rows(name, entry)]
    if rows:
        yield "Server CPU for one delivery, in µs; lowest and highest run in"
        yield "brackets. Ratio: the node's figure divided by this server's."
        yield ""
        yield from table(("scenario", "server", "µs / delivery", "ratio",
                          "messages / recv", "deliveries / s",
                          "p50 / p99, ms", "others", "remarks"), rows)
        yield ""


def delivery_rows(name, entry):
    for label, its in entry["contenders"].items():
        beside = ("", "", "", "")
        if its["figure"]:
            latency = f"{its['p50_us'] / 1000:.2f} / {its['p99_us'] / 1000:.2f}"
            beside = (f"{its['messages_per_recv']:.2f}",
                      f"{its['deliveries_per_s']:,.0f}",
                      latency if its["p99_us"] else "–",
                      f"{its['others']:.0%}")
        yield (name, label, report.with_spread(its["figure"]), ratio(its),
               *beside, remarks(its))


def connections(results, unit, title, column):
    rows = [(name, label, report.with_spread(its["figure"]), ratio(its),
             f"{its['connects_per_s']:,.0f}" if its["figure"] else "",
             remarks(its))
            for name, entry in results.items() if entry["unit"] == unit
            for label, its in entry["contenders"].items()]
    if rows:
        yield title
        yield ""
        yield from table(("scenario", "server", column, "ratio",
                          "connects / s", "remarks"), rows)
        yield ""


def ratio(its):
    return report.with_spread(its["ratio"]) if its["ratio"] else ""


def remarks(its):
    return "; ".join(one_line(note)
                     for note in (*its["notes"], *report.limit_texts(its)))


def one_line(text):
    """Of what a program said, so that it fits into a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def replace_section(text, lines, opening=BEGIN, closing=END):
    """`text` with what lies between the two marks replaced."""
    begin = text.index(opening)
    begin = text.index("\n", begin) + 1
    end = text.index(closing, begin)
    return text[:begin] + "\n" + "\n".join(lines).rstrip() + "\n\n" + text[end:]


def draw(kept, folder):
    """Of the file `kept`, by a program of its own: bench/plots.py says why."""
    command = [with_matplotlib(), "-B", str(DRAW), str(kept), str(folder)]
    if subprocess.run(command).returncode != 0:
        raise Failure("the plots were not drawn")


def with_matplotlib():
    """A developer's own Python may not know what the distribution has
    installed for its own."""
    for python in (sys.executable, "/usr/bin/python3"):
        look = ("import importlib.util, sys; "
                "sys.exit(importlib.util.find_spec('matplotlib') is None)")
        if subprocess.run([python, "-c", look]).returncode == 0:
            return python
    raise Failure("python3-matplotlib is not installed, so nothing was drawn "
                  "(ci/setup bench installs it)")
