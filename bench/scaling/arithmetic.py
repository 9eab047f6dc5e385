"""From measured costs to a cluster that no machine here can hold. Every figure
is computed from what was kept, so none can go stale."""

from page import table
from report import number

NEEDED = {"connections", "rooms", "big-room", "redis"}

CONNECTIONS = 1_000_000
NODES = (100, 10, 1)
MEMBERS = 4  # Of a room; on different nodes as it comes.
HEARTBEAT = 30  # Seconds, `heartbeat.interval`.
BEAT = 1  # Seconds, `cluster.beat`.

# Defaults of Linux and of the node that stop a machine before its CPU does.
NET_CONNECTIONS = 100_000
CONNTRACK = 262_144
FILES_HARD = 524_288  # What systemd gives a service at most.
NR_OPEN = 1_048_576
PROXY_PORTS = 28_232  # 32768 to 60999, of one address to one port.


class Costs:
    """What one of each costs."""

    def __init__(self, results):
        last = results["connections"]["runs"][-1]
        rooms = results["rooms"]
        self.at = last["connections"]
        self.resident = (last["bytes"] + rooms["member_bytes"]
                         + rooms["room_bytes"] / MEMBERS)
        self.kernel = last["kernel_bytes"]
        self.connect_us = last["connect_us"]
        self.ping_us = last["ping_us"]
        many = rooms["loads"][str(rooms["rooms"])]
        self.delivery_us = many["server_cpu_us_per_delivery"]
        big = results["big-room"]
        self.big_members = big["members"]
        self.big_us = big["ways"]["/ws"][str(big["members"])]["window"][
            "server_cpu_us_per_delivery"]
        redis = results["redis"]
        self.redis_in, self.redis_out = redis["in_us"], redis["out_us"]
        self.redis_in_joined = redis["in_burst_us"]
        self.redis_out_joined = redis["out_burst_us"]

    def pings_share(self, connections):
        """Of one core."""
        return connections / HEARTBEAT * self.ping_us / 1e6

    def beats_share(self, nodes):
        """Of Redis's core: each node's beat goes to every node."""
        return nodes * (self.redis_in + nodes * self.redis_out) / 1e6 / BEAT

    def beats_fill(self):
        """The number of nodes at which that is all of it."""
        return (1e6 * BEAT / self.redis_out) ** 0.5

    def redis_messages(self, nodes):
        """A second, in rooms of MEMBERS, until Redis's core is full."""
        return self.redis_capacity(nodes, self.redis_in, self.redis_out)

    def redis_messages_joined(self, nodes):
        """The same where so many come together that one read and one write
        serve dozens: as it is when Redis is behind."""
        return self.redis_capacity(nodes, self.redis_in_joined,
                                   self.redis_out_joined)

    def redis_capacity(self, nodes, taken, given):
        free = max(0, 1 - self.beats_share(nodes))
        return free * 1e6 / (taken + subscribed(nodes) * given)

    def node_messages(self, nodes):
        """The same, until the core that each node is given is full."""
        left = max(0, 1 - self.pings_share(CONNECTIONS / nodes))
        return nodes * left * 1e6 / ((MEMBERS - 1) * self.delivery_us)

    def big_room_messages(self, nodes):
        """A second in one room of all, until those cores are full."""
        return 1e6 * nodes / (CONNECTIONS * self.big_us)


def subscribed(nodes):
    """How many nodes a room of MEMBERS has members on, on average."""
    return nodes * (1 - (1 - 1 / nodes) ** MEMBERS)


def lines(results):
    costs = Costs(results)
    yield from costs_lines(costs)
    yield ""
    yield from table(("a million connections on", *(
        f"{nodes} node{'s' if nodes > 1 else ''}" for nodes in NODES)),
        list(node_rows(costs)))
    yield ""
    yield from breaks(costs)
    yield ""
    yield from big_room(costs)
    yield ""
    yield from one_node(costs)


def costs_lines(costs):
    yield ("Extrapolated, not measured: `bench/scale` computes it from the "
           "tables above and writes it with them. A connection in a room of "
           f"{MEMBERS} takes {costs.resident:,.0f} resident bytes in the node "
           f"and {costs.kernel:,.0f} in the kernel (at {costs.at:,}); a ping "
           f"{number(costs.ping_us)} µs, a connect {number(costs.connect_us)}, "
           f"a delivery {number(costs.delivery_us)} in small rooms and "
           f"{number(costs.big_us)} in one of {costs.big_members:,}; Redis "
           f"{number(costs.redis_in)} µs to take a message and "
           f"{number(costs.redis_out)} for each node that it goes to. A node "
           "has one core for its loop; what a message costs it on the way to "
           "and from Redis is not in here.")


def node_rows(costs):
    def row(name, value):
        return (name, *(value(nodes) for nodes in NODES))
    each = {nodes: CONNECTIONS // nodes for nodes in NODES}
    yield row("connections of a node", lambda n: f"{each[n]:,}")
    yield row("its resident memory", lambda n: size(each[n] * costs.resident))
    yield row("kernel memory of its sockets",
              lambda n: size(each[n] * costs.kernel))
    yield row("pings, of one core",
              lambda n: f"{costs.pings_share(each[n]):.1%}")
    yield row("one node dies: CPU of each other to take its clients",
              lambda n: seconds(each[n] / (n - 1) * costs.connect_us)
              if n > 1 else
              f"{seconds(each[n] * costs.connect_us)} of its successor")
    yield row(f"a message in a room of {MEMBERS} goes to nodes",
              lambda n: f"{subscribed(n):.2f}")
    yield row("beats of the nodes, of Redis's core",
              lambda n: "none" if n == 1 else f"{costs.beats_share(n):.1%}")
    yield row("messages/s in such rooms until Redis is full",
              lambda n: "no Redis" if n == 1 else
              f"{costs.redis_messages(n):,.0f}")
    yield row("the same when Redis is behind and joins them",
              lambda n: "no Redis" if n == 1 else
              f"{costs.redis_messages_joined(n):,.0f}")
    yield row("messages/s in such rooms until the nodes are full",
              lambda n: f"{costs.node_messages(n):,.0f}")


def breaks(costs):
    nodes = NODES[0]
    redis = ("Redis, whose Pub/Sub is one thread: each message is taken in "
             f"once and given out {subscribed(nodes):.2f} times. Its core is "
             "busy all the time", costs.redis_messages(nodes),
             " From there on it joins what waits, and latency pays: at most "
             f"{costs.redis_messages_joined(nodes):,.0f} messages/s.")
    loops = ("the loops of the nodes, by the `send` of each delivery. Their "
             "cores are busy all the time", costs.node_messages(nodes), "")
    first, second = sorted((redis, loops), key=lambda each: each[1])
    yield (f"**What breaks first** with {nodes} nodes and rooms of {MEMBERS}: "
           f"{first[0]} at {first[1]:,.0f} messages/s of the whole cluster, "
           f"one from each connection every {CONNECTIONS / first[1]:,.0f} s."
           f"{first[2]} **Second**: {second[0]} at {second[1]:,.0f} "
           f"messages/s.{second[2]}")
    yield ""
    yield ("More nodes move the nodes' limit and not that of Redis: they bring "
           "it their beats, the square of their number each "
           f"`cluster.beat`, which fill it alone at {costs.beats_fill():,.0f} "
           "nodes. Keeping the members of a room on one node, or several "
           "Redis with the rooms shared out among them, would move it; the "
           "node can do neither yet.")


def big_room(costs):
    nodes = NODES[0]
    rate = costs.big_room_messages(nodes)
    turn = CONNECTIONS / nodes * costs.big_us / 1e6
    yield (f"**One room of all million**, on {nodes} nodes: Redis gives each "
           f"message to {nodes} nodes, {number(nodes * costs.redis_out)} µs of "
           f"its core. Each node sends it {CONNECTIONS // nodes:,} times, "
           f"{turn:.2f} s of a core, in one turn in which the loop does "
           f"nothing else. So here the nodes break first, at {number(rate)} "
           "messages/s if none are joined; what comes while a turn sends is "
           f"joined in the next. Redis then has "
           f"{rate * nodes * costs.redis_out / 1e6:.1%} of its core to do.")


def one_node(costs):
    memory = costs.resident + costs.kernel
    limits = sorted([
        (NET_CONNECTIONS, "`net.connections`, a setting"),
        (CONNTRACK, "connection tracking, where a firewall follows its "
         "clients (`net.netfilter.nf_conntrack_max`)"),
        (FILES_HARD, "open files of a service (`LimitNOFILE`)"),
        (NR_OPEN, "open files of any process (`fs.nr_open`)"),
        (16 * 2**30 / memory, "16 GiB of memory"),
        (HEARTBEAT * 1e6 / costs.ping_us, "pings, which fill one loop"),
    ])
    yield ("**On one node**, in the order in which it is stopped when nothing "
           "is raised:")
    yield ""
    yield from table(("connections", "by"), (
        (f"{count:,.0f}", what) for count, what in limits))
    yield ""
    yield ("Ports are no limit of a node, as all clients come to one of its; "
           f"a proxy before it has some {PROXY_PORTS:,} for each of its own "
           "addresses.")


def size(count):
    for unit, bytes_of in (("GiB", 2**30), ("MiB", 2**20)):
        if count >= bytes_of:
            return f"{number(count / bytes_of)} {unit}"
    return f"{count:,.0f} bytes"


def seconds(microseconds):
    return (f"{number(microseconds / 1e6)} s" if microseconds >= 1e5
            else f"{number(microseconds / 1e3)} ms")
