"""The loads of bench/loops, on /relay, and how large each part of it is."""

from dataclasses import dataclass, replace

LOOPS = (1, 2)  # The sides of every ratio.


@dataclass(frozen=True)
class Load:
    """At a fixed rate both sides do the same work, so that they compare; when
    saturated (`rate` 0) they do not."""

    name: str
    shows: str
    conns: int
    rooms: int = 1
    rate: float = 0  # Messages a second; in several rooms of each client.
    window: int = 0
    per_loop: bool = False  # `rate` is with one loop, and grows with them.

    def of(self, loops):
        """The load of one side."""
        return replace(self, rate=self.rate * loops) if self.per_loop else self

    @property
    def command(self):
        """wsload's, without times and target."""
        rooms = f"rooms --rooms {self.rooms}" if self.rooms > 1 else "fanout"
        how = f"--rate {self.rate:g}" if self.rate else f"--window {self.window}"
        return f"{rooms} --conns {self.conns} {how}"

    @property
    def deliveries(self):
        """Of one message."""
        return self.conns // self.rooms - 1


class Size:
    """How large everything is; `quick` shows only that all works."""

    def __init__(self, quick, runs):
        self.quick = quick
        self.runs = 1 if quick else runs
        self.informing_runs = min(self.runs, 2)
        self.warmup, self.window = (0.1, 0.4) if quick else (0.5, 2.0)
        fan_out, rooms = (100, 10) if quick else (1_000, 250)
        large = f"one room of {fan_out:,} members, one of them sends "
        small = f"{rooms} rooms of four, "
        self.judged = (
            Load("fan-out", f"{large}40 messages/s", fan_out, rate=40),
            Load("small-rooms", f"{small}everybody sends 10 messages/s",
                 4 * rooms, rooms, rate=10))
        self.informing = (
            Load("small-rooms-each", f"{small}everybody sends 5 messages/s "
                 "with one loop and 10 with two, so that a loop has as much to "
                 "do", 4 * rooms, rooms, rate=5, per_loop=True),
            Load("fan-out-32", f"{large}with 32 in flight", fan_out, window=32),
            Load("small-rooms-4", f"{small}everybody has 4 messages in flight",
                 4 * rooms, rooms, window=4))
        # Under valgrind all is fifty times slower.
        members, few = (101, 10) if quick else (401, 100)
        self.counted = (
            Load("fan-out", f"one room of {members} members, one message in "
                 "flight", members, window=1),
            Load("small-rooms", f"{few} rooms of four, everybody sends 5 "
                 "messages/s", 4 * few, few, rate=5))
        if quick:
            self.counted = self.counted[:1]
        self.short, self.long = (0.3, (1, 4, 16)) if quick else (1, (8, 16, 32))
