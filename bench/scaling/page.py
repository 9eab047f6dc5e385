"""From figures to lines: for the terminal, and for docs/performance.md."""

import report
from page import NOISY_OTHERS, machine_text, table
from scaling import arithmetic

FLAT_BYTES = 0.10  # Bytes a connection may differ so much from the fewest's.
FLAT_CONNECT = 1.5  # CPU for a connect: so many times.

BEGIN = "<!-- bench/scale writes from here"
END = "<!-- bench/scale wrote to here -->"

number = report.number


def judged(kept):
    return "kept" if kept else "MISSED"


def verdicts(result):
    """Is the cost for a connection flat? One line for each promise."""
    runs = result["runs"]
    first, last = runs[0], runs[-1]
    if last["connections"] < result["wanted"]:
        yield (f"{result['wanted']:,} connections: NOT shown, as the machine "
               f"allowed {last['connections']:,}")
    span = f"at {last['connections']:,} against {first['connections']:,}"
    apart = last["bytes"] / first["bytes"] - 1
    yield (f"bytes a connection within {FLAT_BYTES:.0%}, {span}: {apart:+.1%}, "
           + judged(abs(apart) <= FLAT_BYTES))
    times = last["connect_us"] / first["connect_us"]
    yield (f"CPU a connect within {FLAT_CONNECT:g} times, {span}: "
           f"{times:.2f}, " + judged(times <= FLAT_CONNECT))


# -- tables -------------------------------------------------------------------

CONNECTION_HEAD = ("connections", "bytes", "kernel bytes / socket",
                   "buffers / connection", "CPU / connect, µs", "connects / s",
                   "CPU / ping, µs", "idle CPU", "pings", "answered at the end")


def connection_rows(result):
    for run in result["runs"]:
        yield (f"{run['connections']:,}", f"{run['bytes']:,.0f}",
               f"{run['kernel_bytes']:,.0f}", f"{run['buffer_bytes']:,.0f}",
               number(run["connect_us"]), f"{run['connects_per_s']:,.0f}",
               number(run["ping_us"]), f"{run['idle_share']:.1%}",
               f"{run['pings']:,}", f"{run['answered']:,}")


ROOM_HEAD = ("rooms of 4", "µs / delivery", "deliveries / s",
             "messages / recv", "p50 / p99, ms", "bytes / room, talking",
             "others")


def room_rows(result):
    for count, load in result["loads"].items():
        yield (f"{int(count):,}", number(load["server_cpu_us_per_delivery"]),
               f"{load['deliveries_per_s']:,.0f}",
               f"{load['messages_per_recv']:.2f}", latency(load),
               f"{load['bytes']:,.0f}", f"{load['others']:.0%}")


BIG_HEAD = ("way", "load", "members", "µs / delivery", "deliveries / s",
            "messages / recv", "p50 / p99, ms", "all have joined after, s",
            "CPU / join, µs", "bytes / member", "others")


def big_rows(result):
    for way, sizes in result["ways"].items():
        for load in ("window", "rate"):
            for count, loads in sizes.items():
                its = loads[load]
                rate = result["rate"] * result["members"] / int(count)
                yield (way, "one in flight" if load == "window"
                       else f"{rate:,.0f} messages/s", f"{int(count):,}",
                       number(its["server_cpu_us_per_delivery"]),
                       f"{its['deliveries_per_s']:,.0f}",
                       f"{its['messages_per_recv']:.2f}", latency(its),
                       f"{its['connect_s']:.2f}",
                       number(its["server_connect_cpu_us"]),
                       f"{its['bytes']:,.0f}", f"{its['others']:.0%}")


def latency(its):
    return f"{its['p50_us'] / 1000:.1f} / {its['p99_us'] / 1000:.1f}"


# -- text ---------------------------------------------------------------------


def connections_text(result):
    yield from (f"  {line}" for line in verdicts(result))
    yield from aligned(CONNECTION_HEAD, connection_rows(result))


def rooms_text(result):
    yield "  " + room_sentence(result)
    yield from aligned(ROOM_HEAD, room_rows(result))


def big_room_text(result):
    yield from (f"  {line}" for line in big_room_notes(result))
    yield from aligned(BIG_HEAD, big_rows(result))


def redis_text(result):
    yield "  " + redis_sentence(result)


TEXT = {"connections": connections_text, "rooms": rooms_text,
        "big-room": big_room_text, "redis": redis_text}


def aligned(head, rows):
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for row in lines:
        yield "  " + "  ".join(cell.rjust(width)
                               for cell, width in zip(row, widths))


def room_sentence(result):
    return (f"{result['rooms']:,} rooms: {result['connection_bytes']:,.0f} "
            "resident bytes for a connection in none, "
            f"{result['room_bytes']:,.0f} for a room, "
            f"{result['member_bytes']:,.0f} for a membership.")


def big_room_notes(result):
    if result["members"] < result["wanted"]:
        yield (f"{result['wanted']:,} members: NOT shown, as the machine "
               f"allowed {result['members']:,}.")


def redis_sentence(result):
    return (f"Redis spends {number(result['in_us'])} µs of CPU on taking a "
            f"message in and {number(result['out_us'])} on giving it to one of "
            f"{result['subscribers']} subscribers; "
            f"{number(result['in_burst_us'])} and "
            f"{number(result['out_burst_us'])} when {result['burst']} come "
            "together.")


# -- the page -----------------------------------------------------------------


def markdown(kept):
    results = {name: entry["result"] for name, entry in kept.items()}
    yield from conditions(kept)
    yield ""
    if "connections" in results:
        yield from section(
            "Idle connections", connections_page(results["connections"]))
    if "rooms" in results:
        yield from section("Many rooms", rooms_page(results["rooms"]))
    if "big-room" in results:
        yield from section("A big room", big_room_page(results["big-room"]))
    if arithmetic.NEEDED <= results.keys():
        yield from section("A million connections, a hundred nodes",
                           arithmetic.lines(results), level=2)


def section(title, lines, level=3):
    yield "#" * level + " " + title
    yield ""
    yield from lines
    yield ""


def conditions(kept):
    seen = {}
    for name, entry in kept.items():
        facts = entry["machine"]
        seen.setdefault(
            f"- {facts['date'].split()[0]}: {machine_text(facts)}"
            f"{noise(entry['others'])}", []).append(name)
    for text, names in seen.items():
        yield text + ": " + ", ".join(f"`{name}`" for name in names)


def noise(others):
    if others <= NOISY_OTHERS:
        return ""
    return f"; PRELIMINARY: other programs had {others:.0%} of the machine"


def connections_page(result):
    yield from (f"- {note}" for note in result["notes"])
    yield from (f"- {verdict}" for verdict in verdicts(result))
    yield ""
    yield from table(CONNECTION_HEAD, connection_rows(result))


def rooms_page(result):
    yield room_sentence(result)
    yield ""
    yield from table(ROOM_HEAD, room_rows(result))


def big_room_page(result):
    notes = list(big_room_notes(result))
    yield from notes + ([""] if notes else [])
    yield from table(BIG_HEAD, big_rows(result))


def replaced(text, kept):
    """The page with what lies between our marks replaced."""
    begin = text.index("\n", text.index(BEGIN)) + 1
    end = text.index(END, begin)
    lines = "\n".join(markdown(kept)).rstrip()
    return text[:begin] + "\n" + lines + "\n\n" + text[end:]
