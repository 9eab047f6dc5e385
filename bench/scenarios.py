"""What bench/run measures: each scenario is one load on several servers."""

from dataclasses import dataclass, field

RELAY = "/relay?room={room}"


@dataclass(frozen=True)
class Contender:
    """One server under a scenario's load, and how wsload talks to it."""

    label: str
    server: str  # "node", "floor send" or "floor joined"
    path: str = RELAY
    node_options: tuple = ()
    talk: tuple = ()  # More options of wsload.


@dataclass(frozen=True)
class Limit:
    """What the node has to keep: `times` a floor's figure, or `at_most`."""

    at_most: float = 0
    times: float = 0
    floor: str = ""

    def text(self):
        if self.floor:
            return f"≤ {self.times:g} × {self.floor}"
        return f"≤ {self.at_most:,g}"


@dataclass(frozen=True)
class Scenario:
    name: str
    shows: str
    load: str
    quick: str  # The same, so small that a smoke test can afford it.
    contenders: tuple
    unit: str = "µs"  # "µs" a delivery, "bytes" or "connects".
    limits: dict = field(default_factory=dict)  # By contender.


def node(label="node", **more):
    return Contender(label, "node", **more)


SEND = Contender("floor-send", "floor send")
JOINED = Contender("floor-joined", "floor joined")

JSON_TALK = ("--body", '{"type":"message","roomId":"{room}","text":"{p}"}')
JSON_JOIN = ("--hello", '{"type":"join_room","roomId":"{room}"}',
             "--wait", '"joined"')

# A map of three in MessagePack. 30 bytes of it are not text, and the text's
# length, 128 - 30 = 0x62, stands before it.
MSGPACK_TALK = (
    "--binary", "--body",
    r"\x83\xa4type\xa7message\xa6roomId\xa1{room}\xa4text\xd9\x62{p}")
MSGPACK_JOIN = ("--subprotocol", "greenroom.v1.msgpack", "--wait", "joined")

SCENARIOS = (
    Scenario(
        "relay-100",
        "one room of 1,000 members, one of them sends 100 messages/s",
        "fanout --conns 1000 --rate 100", "fanout --conns 50 --rate 50",
        (node(), SEND),
        limits={"node": Limit(times=1, floor="floor-send")}),
    Scenario(
        "relay-1",
        "the same room, one message in flight: nothing can be joined, so this "
        "is the bare cost of a delivery",
        "fanout --conns 1000 --window 1", "fanout --conns 50 --window 1",
        (node(), SEND)),
    Scenario(
        "relay-32",
        "the same room, one sender with 32 messages in flight",
        "fanout --conns 1000 --window 32", "fanout --conns 50 --window 8",
        (node(), JOINED, SEND)),
    Scenario(
        "relay-16x8",
        "the same room, 16 senders with 8 messages in flight each",
        "fanout --conns 1000 --senders 16 --window 8",
        "fanout --conns 50 --senders 4 --window 4",
        (node(), JOINED, SEND),
        limits={"node": Limit(at_most=0.5)}),
    Scenario(
        "pairs",
        "64 rooms of two that play ping-pong: the cost of the way in, as there "
        "is one read a delivery",
        "rtt --conns 128 --rooms 64", "rtt --conns 16 --rooms 8",
        (node(), SEND)),
    Scenario(
        "small-rooms",
        "250 rooms of four, everybody sends 10 messages/s",
        "rooms --conns 1000 --rooms 250 --rate 10",
        "rooms --conns 40 --rooms 10 --rate 10",
        (node(), SEND, JOINED)),
    Scenario(
        "ws-json",
        "relay-100 on /ws: parsed, checked and written again as JSON, which "
        "makes the frame longer (the floor relays what the client sent)",
        "fanout --conns 1000 --rate 100", "fanout --conns 50 --rate 50",
        (node(path="/ws", talk=JSON_JOIN + JSON_TALK),
         Contender("floor-send", "floor send", talk=JSON_TALK))),
    Scenario(
        "ws-msgpack",
        "ws-json in MessagePack",
        "fanout --conns 1000 --rate 100", "fanout --conns 50 --rate 50",
        (node(path="/ws?room={room}", talk=MSGPACK_JOIN + MSGPACK_TALK),
         Contender("floor-send", "floor send", talk=MSGPACK_TALK))),
    Scenario(
        "idle-10000",
        "10,000 idle connections: on /relay in 100 rooms, on /ws in none, and "
        "the latter with a log line for every connection",
        "idle --conns 10000 --rooms 100", "idle --conns 100 --rooms 10",
        (node("node /relay"),
         node("node /ws", path="/ws"),
         node("node /ws, log.level=info", path="/ws",
              node_options=("--log.level=info",)),
         SEND),
        unit="bytes",
        limits={"node /relay": Limit(at_most=10_240),
                "node /ws": Limit(at_most=10_240)}),
    Scenario(
        "connect",
        "5,000 connections as fast as they come, 200 handshakes at once",
        "idle --conns 5000 --rooms 100", "idle --conns 100 --rooms 10",
        (node("node /relay"),
         node("node /ws", path="/ws"),
         node("node /ws, log.level=info", path="/ws",
              node_options=("--log.level=info",)),
         SEND),
        unit="connects"),
)
