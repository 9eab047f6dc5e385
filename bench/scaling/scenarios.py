"""Three ways to be large: connections, rooms, and members of one room. Each
gives figures as bench/scale keeps them."""

import statistics
import time

import contenders
import measure
from scaling.crowd import gathered
from scaling.sample import Sample

JOIN = ("--hello", '{"type":"join_room","roomId":"{room}"}',
        "--wait", '"type":"joined"')


class Size:
    """How large everything is; `quick` shows only that all works."""

    def __init__(self, quick):
        self.quick = quick
        self.ready = 20 if quick else 120  # Seconds until all connected.
        self.settle = 0.2 if quick else 1.0  # Seconds.
        self.connections = ((100, 400) if quick else
                            (10_000, 25_000, 50_000, 100_000))
        self.heartbeat = 1 if quick else 30  # Seconds.
        self.rooms, self.few_rooms = (80, 20) if quick else (10_000, 250)
        self.publishes = 200 if quick else 10_000  # A second, by all.
        self.members, self.few_members = ((400, 50) if quick else
                                          (20_000, 1_000))
        self.rate = 10  # Messages a second in the big room.
        self.rounds = 1 if quick else 2
        self.times = (("--warmup", "0", "--duration", "0.2") if quick else
                      ("--warmup", "0.5", "--duration", "3"))

    @property
    def wanted(self):
        return max(*self.connections, self.members)


def node(**more):
    return contenders.node(**more)


def as_many(wanted, limits):
    """The sizes that the machine allows; the largest it does, if not all."""
    allowed = [size for size in wanted if size <= limits.connections]
    if len(allowed) < len(wanted):
        allowed.append(limits.connections)
    return allowed


# -- connections --------------------------------------------------------------


def connections(bench, limits, size):
    """Idle connections on /ws, each in no room, on a fresh node for each
    count."""
    runs = [idle_run(bench, limits, count, size)
            for count in as_many(size.connections, limits)]
    return {"heartbeat_s": size.heartbeat, "wanted": max(size.connections),
            "notes": limits.notes, "runs": runs}


def idle_run(bench, limits, count, size):
    port = measure.free_port()
    contender = node(node_options=(
        f"--net.connections={count + 1}",
        f"--heartbeat.interval={size.heartbeat}s"))
    with bench.server(contender, port) as server:
        time.sleep(size.settle)
        before = Sample(server.pid)
        with gathered(bench, limits, port, count, least=2,
                      seconds=size.ready) as crowd:
            connected = Sample(server.pid)
            time.sleep(size.settle)
            quiet = Sample(server.pid)
            # One interval: each connection is pinged once in it.
            time.sleep(size.heartbeat)
            pinged = Sample(server.pid)
            generators = len(crowd.generators)
            sums = crowd.dismiss()
    cpu = pinged.cpu_since(quiet)
    return {
        "connections": count,
        "generators": generators,
        "addresses": limits.source_addresses(count),
        "connects_per_s": count / connected.seconds_since(before),
        "connect_us": connected.cpu_since(before) * 1e6 / count,
        "bytes": (pinged.resident - before.resident) / count,
        "bytes_before_pings": (quiet.resident - before.resident) / count,
        # Both ends of each connection are on this machine.
        "kernel_bytes": (pinged.kernel - before.kernel) / (2 * count),
        "buffer_bytes": (pinged.buffers - before.buffers) / count,
        "ping_us": cpu * 1e6 / count,
        "idle_share": cpu / pinged.seconds_since(quiet),
        "answered": sums["answered"],
        "pings": sums["pings"],
    }


# -- rooms --------------------------------------------------------------------


def rooms(bench, limits, size):
    """Many small rooms: what they hold, and what a delivery in them costs."""
    many = min(size.rooms, limits.connections)
    each = {0: (), 1: JOIN + ("--rooms", str(many)),
            4: JOIN + ("--rooms", str(many), "--rooms-each", "4")}
    held = {members: bytes_each(bench, limits, many, talk, size)
            for members, talk in each.items()}
    member = (held[4] - held[1]) / 3
    result = {"rooms": many, "connection_bytes": held[0],
              "member_bytes": member,
              "room_bytes": held[1] - held[0] - member, "loads": {}}
    loads = {count: f"rooms --conns {count} --rooms {count} --rooms-each 4 "
                    f"--rate {size.publishes / count:g}"
             for count in (size.few_rooms, many)}
    answers = alternate(bench, loads, size, {"": ("/ws", JOIN + TALK)})
    for count in loads:
        result["loads"][str(count)] = medians(answers["", count], count)
    return result


def bytes_each(bench, limits, count, talk, size):
    port = measure.free_port()
    with bench.server(node(), port) as server:
        time.sleep(size.settle)
        before = Sample(server.pid)
        with gathered(bench, limits, port, count, talk=talk,
                      seconds=size.ready) as crowd:
            time.sleep(size.settle)
            held = Sample(server.pid).resident - before.resident
            crowd.dismiss()
    return held / count


# -- one big room -------------------------------------------------------------

TALK = contenders.JSON_TALK
WAYS = {"/relay": (contenders.RELAY, ()), "/ws": ("/ws", JOIN + TALK)}


def big_room(bench, limits, size):
    """One room with all members, beside one of an everyday size: with a single
    message in flight, and at the same deliveries a second."""
    many = min(size.members, limits.files - 100)
    many = min(many, limits.connections)
    spread = f"--src-spread {limits.source_addresses(many)}"
    result = {"wanted": size.members, "members": many,
              "few": size.few_members, "rate": size.rate, "ways": {}}
    for load in ("window", "rate"):
        loads = {}
        for count in (size.few_members, many):
            rate = size.rate * many / count
            how = "--window 1" if load == "window" else f"--rate {rate:g}"
            loads[count] = (f"fanout --conns {count} {spread} "
                            f"--connect-timeout {size.ready} {how}")
        answers = alternate(bench, loads, size, WAYS)
        for way in WAYS:
            for count in loads:
                result["ways"].setdefault(way, {}).setdefault(
                    str(count), {})[load] = medians(answers[way, count], count)
    return result


# -- loads --------------------------------------------------------------------

FIGURES = ("server_cpu_us_per_delivery", "deliveries_per_s", "p50_us",
           "p99_us", "messages_per_recv", "server_cpu_share", "connect_s",
           "server_connect_cpu_us", "server_rss_kb_before", "server_rss_kb",
           "other_messages", "others")


def alternate(bench, loads, size, ways):
    """Each load of each way in turn, and again: what disturbs, disturbs all."""
    answers = {}
    for _ in range(size.rounds):
        for way, (path, talk) in ways.items():
            for key, load in loads.items():
                contender = node(label=f"node {way}".strip(), path=path,
                                 talk=talk)
                answers.setdefault((way, key), []).append(
                    bench.run(contender, load, size.times))
    return answers


def medians(answers, connections):
    figures = {name: statistics.median(answer[name] for answer in answers)
               for name in FIGURES}
    # Under load, with the buffers that it needs.
    held = figures["server_rss_kb"] - figures["server_rss_kb_before"]
    figures["bytes"] = held * 1024 / connections
    return figures
