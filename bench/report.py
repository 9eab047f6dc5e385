"""From runs to medians, spreads, ratios and tables."""

import statistics

# Beyond these, two sides of a ratio did not do the same.
JOINING_DIFFERS = 0.20
RATE_DIFFERS = 0.05

NOISY_OTHERS = 0.10  # Of the machine, taken by others.

FIGURE = {  # By a scenario's unit: the answer's field that counts.
    "µs": "server_cpu_us_per_delivery",
    "bytes": "rss_bytes_per_conn",
    "connects": "server_connect_cpu_us",
}
KEPT = ("messages_per_recv", "deliveries_per_s", "p50_us", "p99_us",
        "server_cpu_share", "generator_cpu_share", "connects_per_s", "others")

BEGIN = "<!-- bench/run writes from here"
END = "<!-- to here -->"


def spread(values):
    return {"median": statistics.median(values), "min": min(values),
            "max": max(values)}


def summarise(scenario, runs):
    """`runs` maps a contender's label to wsload's answers, in order. The first
    contender is what the floors are compared with."""
    result = {}
    for label, answers in runs.items():
        result[label] = {
            "figure": spread([a[FIGURE[scenario.unit]] for a in answers]),
            **{name: statistics.median([a[name] for a in answers])
               for name in KEPT},
        }
    first = next(iter(runs))
    for label in runs:
        if label.startswith("floor"):
            result[label]["compared"] = compare(scenario, runs[first],
                                                runs[label])
    for label, limit in scenario.limits.items():
        if label in result:
            result[label]["limit"] = judge(limit, result, label)
    return result


def compare(scenario, ours, theirs):
    """The node's figure in the floor's, run by run: what disturbs both sides
    of a round drops out. `notes` says why the two may not compare."""
    figure = FIGURE[scenario.unit]
    ratios = [a[figure] / b[figure] for a, b in zip(ours, theirs) if b[figure]]
    notes = []
    if scenario.unit == "µs":
        joined = [statistics.median([a["messages_per_recv"] for a in side])
                  for side in (ours, theirs)]
        if differ(*joined, JOINING_DIFFERS):
            notes.append("they do not compare: messages per recv are "
                         f"{joined[0]:.2f} and {joined[1]:.2f}")
        if "--window" not in scenario.load and "--rate" in scenario.load:
            rates = [statistics.median([a["deliveries_per_s"] for a in side])
                     for side in (ours, theirs)]
            if differ(*rates, RATE_DIFFERS):
                notes.append("not the same load: one did not keep up")
    return {"ratio": spread(ratios) if ratios else None, "notes": notes}


def differ(a, b, share):
    return abs(a - b) > share * max(a, b)


def judge(limit, result, label):
    figure = result[label]["figure"]["median"]
    if limit.floor:
        if limit.floor not in result:
            return {"text": limit.text(), "kept": None}
        compared = result[limit.floor]["compared"]
        if compared["notes"] or compared["ratio"] is None:
            return {"text": limit.text(), "kept": None}
        return {"text": limit.text(),
                "kept": compared["ratio"]["median"] <= limit.times}
    return {"text": limit.text(), "kept": figure <= limit.at_most}


# -- for people ---------------------------------------------------------------


def number(value):
    """Three digits that matter: 0.123, 1.23, 12.3, 1,234."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def with_spread(values):
    if values["min"] == values["max"]:
        return number(values["median"])
    return (f"{number(values['median'])} "
            f"({number(values['min'])} to {number(values['max'])})")


def kept_text(limit):
    verdict = {True: "kept", False: "NOT kept", None: "not judged"}
    return f"{limit['text']}: {verdict[limit['kept']]}"


def text_lines(scenario, result):
    """What the terminal shows of a scenario."""
    unit = {"µs": "µs/delivery", "bytes": "bytes/connection",
            "connects": "µs CPU/connect"}[scenario.unit]
    for label, its in result.items():
        line = f"  {label:<26} {with_spread(its['figure']):>24} {unit}"
        if scenario.unit == "µs":
            line += (f", {its['messages_per_recv']:.2f} messages/recv, "
                     f"{its['deliveries_per_s']:,.0f}/s, "
                     f"p50 {its['p50_us'] / 1000:.2f} ms, "
                     f"p99 {its['p99_us'] / 1000:.2f} ms")
        else:
            line += f", {its['connects_per_s']:,.0f} connects/s"
        yield line + f", others had {its['others']:.0%} of the machine"
        if "compared" in its:
            ratio = its["compared"]["ratio"]
            if ratio:
                yield f"  {'':<26} the node takes {with_spread(ratio)} times it"
            for note in its["compared"]["notes"]:
                yield f"  {'':<26} {note}"
        if "limit" in its:
            yield f"  {'':<26} limit {kept_text(its['limit'])}"


# -- docs/performance.md ------------------------------------------------------


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def delivery_rows(results):
    for name, entry in results.items():
        if entry["unit"] != "µs":
            continue
        for label, its in entry["contenders"].items():
            compared = its.get("compared")
            ratio = compared["ratio"] if compared else None
            remarks = list(compared["notes"]) if compared else []
            if "limit" in its:
                remarks.append(kept_text(its["limit"]))
            yield (name, label, with_spread(its["figure"]),
                   with_spread(ratio) if ratio else "",
                   f"{its['messages_per_recv']:.2f}",
                   f"{its['deliveries_per_s']:,.0f}",
                   f"{its['p50_us'] / 1000:.2f} / {its['p99_us'] / 1000:.2f}",
                   f"{its['others']:.0%}", "; ".join(remarks))


def connection_rows(results, unit):
    for name, entry in results.items():
        if entry["unit"] != unit:
            continue
        for label, its in entry["contenders"].items():
            yield (name, label, with_spread(its["figure"]),
                   f"{its['connects_per_s']:,.0f}",
                   kept_text(its["limit"]) if "limit" in its else "")


def conditions(results):
    """One line for each machine state that figures below come from."""
    seen = {}
    for name, entry in results.items():
        facts = entry["machine"]
        key = (f"{facts['cpu']}, {facts['cores']} cores, {facts['kernel']}, "
               f"{facts['compiler']}, commit {facts['commit']}",
               facts["date"].split()[0], entry["runs"])
        seen.setdefault(key, []).append(name)
    for (text, date, runs), names in seen.items():
        noisy = any(its["others"] > NOISY_OTHERS for name in names
                    for its in results[name]["contenders"].values())
        note = ("; PRELIMINARY: other programs had more than "
                f"{NOISY_OTHERS:.0%} of the machine" if noisy else "")
        yield f"- {date}: {text}; median of {runs} runs{note}: " + \
            ", ".join(f"`{name}`" for name in names)


def loads(results):
    """The load of each scenario, as wsload's command line has it."""
    for name, entry in results.items():
        if "load" in entry:
            yield f"    {name + ':':<14} wsload {entry['load']}"


def markdown(results):
    yield from conditions(results)
    yield ""
    commands = list(loads(results))
    if commands:
        yield "The loads (`bench/run --list` shows all of each command line):"
        yield ""
        yield from commands
        yield ""
    rows = list(delivery_rows(results))
    if rows:
        yield "Server CPU for one delivery, in µs; lowest and highest run in"
        yield "brackets. Ratio: the node's figure divided by the floor's."
        yield ""
        yield from table(("scenario", "server", "µs / delivery", "ratio",
                          "messages / recv", "deliveries / s",
                          "p50 / p99, ms", "others", "remarks"), rows)
        yield ""
    for unit, title in (("bytes", "Resident bytes of an idle connection."),
                        ("connects", "Server CPU for one connect, in µs.")):
        rows = list(connection_rows(results, unit))
        if rows:
            yield title
            yield ""
            yield from table(("scenario", "server", title.split()[-1].rstrip(
                ".") if unit == "connects" else "bytes", "connects / s",
                "limit"), rows)
            yield ""


def replace_section(text, lines):
    """`text` with what lies between the two marks replaced."""
    begin = text.index(BEGIN)
    begin = text.index("\n", begin) + 1
    end = text.index(END, begin)
    return text[:begin] + "\n" + "\n".join(lines).rstrip() + "\n\n" + text[end:]
