"""From figures to lines: for the terminal, and for docs/performance.md."""

import report
from looping import arithmetic
from page import replace_section, table
from scaling.page import aligned, conditions, section

BEGIN = "<!-- bench/loops writes from here"
END = "<!-- bench/loops wrote to here -->"

number = report.number


def verdicts(result):
    """One line for each load that has a limit to keep."""
    for name, load in result["loads"].items():
        if load.get("judged", True):
            judged = "kept" if arithmetic.kept(load["capacity"]) else "MISSED"
            yield (f"{name}: two loops ≥ {arithmetic.LEAST_RATIO:g} times one: "
                   f"{report.with_spread(load['capacity'])}, {judged}")


# -- tables -------------------------------------------------------------------

CPU_HEAD = ("load", "one loop, µs / delivery", "two loops, µs / delivery",
            "the busier of them", "its share", "capacity", "cost",
            "loops' worth of clients", "messages / recv, one and two", "deliveries / s, one and two")


def cpu_rows(result):
    for name, load in result["loads"].items():
        one, two = load["one"], load["two"]
        yield (name, report.with_spread(one["all"]),
               report.with_spread(two["all"]),
               report.with_spread(two["busiest"]),
               f"{two['share']['median']:.0%}",
               report.with_spread(load["capacity"]),
               report.with_spread(load["cost"]),
               f"{two['evenness']['median']:.2f}",
               f"{one['messages_per_recv']['median']:.2f}, "
               f"{two['messages_per_recv']['median']:.2f}",
               f"{one['deliveries_per_s']['median']:,.0f}, "
               f"{two['deliveries_per_s']['median']:,.0f}")


COUNT_HEAD = ("load", "one loop, instructions / delivery", "two loops",
              "the busier of them", "its share", "capacity", "cost",
              "loops' worth of clients")


def count_rows(result):
    for name, load in result["loads"].items():
        yield (f"{name}: {load['shows']}",
               *(f"{load[side][part]['median']:,.0f}"
                 for side, part in (("one", "all"), ("two", "all"),
                                    ("two", "busiest"))),
               f"{load['two']['share']['median']:.0%}",
               report.with_spread(load["capacity"]),
               report.with_spread(load["cost"]),
               f"{load['two']['evenness']['median']:.2f}")


CALL_HEAD = ("load", "messages", "deliveries", "futex calls of the loops",
             "of these waits", "waits / million deliveries",
             "futex calls of other threads", "wake-ups / message")


def call_rows(result):
    for name, load in result["loads"].items():
        millions = load["deliveries"] / 1e6
        yield (name, f"{load['messages']:,}", f"{load['deliveries']:,}",
               f"{load['locks']:,}", f"{load['waits']:,}",
               f"{load['waits'] / millions:,.1f}", f"{load['elsewhere']:,}",
               f"{load['wakes'] / load['messages']:.3f}")


SEAT_HEAD = ("load", "rooms by loop", "connections by loop",
             "loops' worth of clients")


def seat_rows(result):
    for name, load in result["loads"].items():
        yield (name, by_loop(load["rooms"]), by_loop(load["connections"]),
               f"{arithmetic.evenness(load['connections']):.2f}")


def by_loop(counts):
    return " + ".join(f"{count:,}" for count in counts)


# -- text ---------------------------------------------------------------------

TABLES = {"cpu": (CPU_HEAD, cpu_rows), "instructions": (COUNT_HEAD, count_rows),
          "calls": (CALL_HEAD, call_rows), "seats": (SEAT_HEAD, seat_rows)}
TITLES = {"cpu": "CPU", "instructions": "Instructions",
          "calls": "Locks and wake-ups", "seats": "Who lives where"}


def remarks(name, result):
    if name in ("cpu", "instructions"):
        yield from verdicts(result)
    yield from result.get("notes", ())


def text(name, result):
    yield from (f"  {line}" for line in remarks(name, result))
    head, rows = TABLES[name]
    yield from aligned(head, rows(result))


# -- the page -----------------------------------------------------------------


def markdown(kept):
    yield from conditions(kept)
    yield ""
    for name, entry in kept.items():
        yield from section(TITLES[name], part(name, entry["result"]))


def part(name, result):
    lines = list(remarks(name, result))
    yield from (f"- {line}" for line in lines)
    yield from [""] * bool(lines)
    head, rows = TABLES[name]
    yield from table(head, rows(result))


def replaced(text, kept):
    """The page with what lies between our marks replaced."""
    return replace_section(text, markdown(kept), BEGIN, END)
