"""What bench/run measures: each scenario is one load on several servers."""

from contenders import (BINARY_PEERS, JOINED, PEERS, SEND, WS_DEFLATE, WS_JSON,
                        Limit, Scenario, counted, deflated, node, over_json,
                        over_msgpack)

# How many times the floor the node may cost: what is to be reached, divided by
# what the floor took when that was laid down, and 1 where it was less.
PARITY_SEND = Limit(times=1, floor="floor-send")
PARITY_JOINED = Limit(times=1, floor="floor-joined")


def limits(*those):
    return {"node": those}


FANOUT = "fanout --conns 1000"
QUICK_FANOUT = "fanout --conns 50"
PAIRS = ("rtt --conns 128 --rooms 64", "rtt --conns 16 --rooms 8")
SMALL_ROOMS = ("rooms --conns 1000 --rooms 250 --rate 10",
               "rooms --conns 40 --rooms 10 --rate 10")
ONE = (f"{FANOUT} --window 1", f"{QUICK_FANOUT} --window 1")
BURST = (f"{FANOUT} --window 32", f"{QUICK_FANOUT} --window 8")

RELAYED = (
    Scenario(
        "relay-100",
        "one room of 1,000 members, one of them sends 100 messages/s",
        f"{FANOUT} --rate 100", f"{QUICK_FANOUT} --rate 50",
        (node(), SEND, *PEERS),
        limits=limits(PARITY_SEND)),
    Scenario(
        "relay-1",
        "the same room, one message in flight: nothing can be joined, so this "
        "is the bare cost of a delivery",
        *ONE, (node(), SEND, *PEERS),
        limits=limits(Limit(at_most=6.5), PARITY_SEND)),
    Scenario(
        "relay-32",
        "the same room, one sender with 32 messages in flight",
        *BURST, (node(), JOINED, SEND, *PEERS),
        limits=limits(Limit(at_most=0.35), PARITY_JOINED)),
    Scenario(
        "relay-8x16",
        "the same room, 8 senders with 16 messages in flight each",
        f"{FANOUT} --senders 8 --window 16",
        f"{QUICK_FANOUT} --senders 4 --window 4",
        (node(), JOINED, SEND, *PEERS),
        limits=limits(Limit(at_most=0.25), Limit(at_least=4_000_000))),
    Scenario(
        "relay-16k",
        "the same room, one sender with 4 messages of 16 KiB in flight",
        f"{FANOUT} --size 16384 --binary --window 4",
        f"{QUICK_FANOUT} --size 16384 --binary --window 4",
        (node(), JOINED, SEND, *BINARY_PEERS),
        limits=limits(Limit(at_most=6), PARITY_JOINED)),
    Scenario(
        "deflate-1k",
        "the same room, 1 KiB of JSON with permessage-deflate, one message in "
        "flight (the floor sends it plain)",
        f"{FANOUT} --size 1024 --window 1",
        f"{QUICK_FANOUT} --size 1024 --window 1",
        (deflated(node(node_options=("--deflate.enabled=true",))),
         counted(SEND),
         deflated(WS_DEFLATE)),
        limits=limits(Limit(at_most=9))),
    Scenario(
        "pairs",
        "64 rooms of two that play ping-pong: the cost of the way in, as there "
        "is one read a delivery",
        *PAIRS, (node(), SEND, *PEERS),
        limits=limits(Limit(at_most=6.7), PARITY_SEND)),
    Scenario(
        "small-rooms",
        "250 rooms of four, everybody sends 10 messages/s",
        *SMALL_ROOMS, (node(), SEND, JOINED, *PEERS),
        limits=limits(Limit(at_most=13.5),
                      Limit(times=1.04, floor="floor-send"))),
    Scenario(
        "small-rooms-4",
        "250 rooms of four, everybody has 4 messages in flight",
        "rooms --conns 1000 --rooms 250 --window 4",
        "rooms --conns 40 --rooms 10 --window 4",
        (node(), JOINED, SEND, *PEERS),
        limits=limits(Limit(at_most=2.2),
                      Limit(times=1.16, floor="floor-joined"))),
)


def on_ws(name, encoding, over, peers):
    """Loads of RELAYED on /ws: parsed, checked and written again."""
    longer = (f"in {encoding} on /ws: parsed, checked and written again, which "
              "makes the frame longer (the others relay what came)")
    # A message may cost 1.5 µs a publish more than relayed, and no more for
    # each delivery.
    return (
        Scenario(f"{name}-1", f"relay-1 {longer}", *ONE,
                 (over(node()), over(SEND), *peers),
                 limits=limits(Limit(at_most=6.5), PARITY_SEND)),
        Scenario(f"{name}-32", f"relay-32 {longer}", *BURST,
                 (over(node()), over(JOINED), *peers),
                 limits=limits(Limit(at_most=0.35), PARITY_JOINED)),
        Scenario(f"{name}-pairs", f"pairs {longer}", *PAIRS,
                 (over(node()), over(SEND), *peers),
                 limits=limits(Limit(at_most=8.2))),
        Scenario(f"{name}-small-rooms", f"small-rooms {longer}", *SMALL_ROOMS,
                 (over(node()), over(SEND), *peers),
                 limits=limits(Limit(at_most=14))),
    )


NODES_IDLE = (
    node("node /relay"),
    node("node /ws", path="/ws"),
    node("node /ws, log.level=info", path="/ws",
         node_options=("--log.level=info",)),
)


def each_node(*those):
    return {"node /relay": those, "node /ws": those}


CONNECTIONS = (
    Scenario(
        "idle-10000",
        "10,000 idle connections: on /relay in 100 rooms, on /ws in none, and "
        "the latter with a log line for every connection",
        "idle --conns 10000 --rooms 100", "idle --conns 100 --rooms 10",
        (*NODES_IDLE, SEND, *PEERS),
        unit="bytes", limits=each_node(Limit(at_most=4096))),
    Scenario(
        "connect",
        "5,000 connections as fast as they come, 200 handshakes at once",
        "idle --conns 5000 --rooms 100", "idle --conns 100 --rooms 10",
        (*NODES_IDLE, SEND, *PEERS),
        unit="connects",
        limits=each_node(Limit(at_most=25),
                         Limit(times=1.5, floor="floor-send"))),
)

SCENARIOS = (
    *RELAYED,
    *on_ws("ws-json", "JSON", over_json, (over_json(WS_JSON),)),
    *on_ws("ws-msgpack", "MessagePack", over_msgpack, ()),
    *CONNECTIONS,
)
