"""Who takes part in a scenario, and how wsload talks to each."""

from dataclasses import dataclass, field, replace

RELAY = "/relay?room={room}"


@dataclass(frozen=True)
class Contender:
    """One server under a scenario's load."""

    label: str
    server: str  # A kind of servers.all_servers, and how it is started.
    path: str = RELAY
    node_options: tuple = ()
    talk: tuple = ()  # More options of wsload.
    compressed: bool = False  # A message that comes uncompressed is a fault.

    @property
    def kind(self):
        return self.server.split()[0]

    @property
    def how(self):
        return self.server.split()[1:]


@dataclass(frozen=True)
class Limit:
    """What the node has to keep: `times` a floor's figure, `at_most` as figure,
    or `at_least` so many deliveries a second."""

    at_most: float = 0
    at_least: float = 0
    times: float = 0
    floor: str = ""

    def text(self):
        if self.floor:
            return f"≤ {self.times:g} × {self.floor}"
        if self.at_least:
            return f"≥ {self.at_least:,.0f} deliveries/s"
        return f"≤ {self.at_most:,g}"


@dataclass(frozen=True)
class Scenario:
    name: str
    shows: str
    load: str
    quick: str  # The same, so small that a smoke test can afford it.
    contenders: tuple
    unit: str = "µs"  # "µs" a delivery, "bytes" or "connects".
    limits: dict = field(default_factory=dict)  # Tuples, by contender.


def node(label="node", **more):
    return Contender(label, "node", **more)


SEND = Contender("floor-send", "floor send")
JOINED = Contender("floor-joined", "floor joined")

JSON_TALK = ("--body", '{"type":"message","roomId":"{room}","text":"{p}"}')
JSON_JOIN = ("--hello", '{"type":"join_room","roomId":"{room}"}',
             "--wait", '"joined"')

# A map of three in MessagePack. 32 bytes of it are not text, and the text's
# length, 128 - 32 = 0x60, stands before it; so room names are of one length.
MSGPACK_TALK = (
    "--room-digits", "3", "--binary", "--body",
    r"\x83\xa4type\xa7message\xa6roomId\xa3{room}\xa4text\xd9\x60{p}")
MSGPACK_JOIN = ("--subprotocol", "greenroom.v1.msgpack", "--wait", "joined")


def over_json(contender, **changes):
    """Speaks the JSON of /ws, which is all one to a server that only relays."""
    talk = contender.talk + JSON_TALK
    if contender.kind == "node":
        talk += JSON_JOIN
        changes.setdefault("path", "/ws")
    return replace(contender, talk=talk, **changes)


def over_msgpack(contender):
    if contender.kind == "node":
        return replace(contender, path="/ws?room={room}",
                       talk=MSGPACK_JOIN + MSGPACK_TALK)
    return replace(contender, talk=contender.talk + MSGPACK_TALK)


# No context is kept between messages, so that one compressed frame can serve
# all members.
DEFLATE_OFFER = (
    "--count-only", "--header",
    "Sec-WebSocket-Extensions: permessage-deflate; "
    "server_no_context_takeover; client_no_context_takeover")


def deflated(contender):
    return replace(contender, compressed=True,
                   talk=contender.talk + JSON_TALK + DEFLATE_OFFER)


def counted(contender):
    """What `deflated` sends, to a server that does not compress."""
    return replace(contender, talk=contender.talk + JSON_TALK
                   + ("--count-only",))


WS = Contender("ws", "ws raw")
WS_JSON = Contender("ws, JSON", "ws json")
WS_DEFLATE = Contender("ws", "ws deflate")

# An event is a JSON array. Binary, the event is the server's business and what
# is sent is the attachment alone.
SOCKET_IO_BINARY = Contender(
    "socket.io", "socket.io",
    path="/socket.io/?EIO=4&transport=websocket&room={room}",
    talk=("--proto", "sio"))
SOCKET_IO = replace(SOCKET_IO_BINARY, talk=SOCKET_IO_BINARY.talk
                    + ("--wrap", '42["msg","{body}"]'))

NCHAN = Contender("nchan", "nchan", talk=("--echo",))

NATS = Contender(
    "nats", "nats", path="/",
    talk=("--proto", "nats", "--binary", "--wait", "PONG", "--hello",
          r'CONNECT {"verbose":false,"echo":false}\r\n'
          r"SUB room.{room} 1\r\nPING\r\n",
          "--wrap", r"PUB room.{room} {bodylen}\r\n{body}\r\n"))

PEERS = (WS, SOCKET_IO, NCHAN, NATS)
BINARY_PEERS = (WS, SOCKET_IO_BINARY, NCHAN, NATS)
