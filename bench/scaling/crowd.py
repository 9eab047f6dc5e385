"""Idle connections from several wsload, held for as long as one likes."""

import contextlib
import json
import math
import os
import select
import subprocess
import tempfile
import time

import measure

END_SECONDS = 60
PER_PROCESS = 25_000
SPARE_FILES = 64 + 36  # wsload's own check, and what it opens.


class Crowd:
    """`connections` to one node, all of them ready."""

    def __init__(self, generators):
        self.generators = generators

    def dismiss(self):
        """Asks every connection for a pong and closes all. Gives the sums of
        what the generators say; a connection that is gone or mute is a
        failure."""
        for generator in self.generators:
            generator.process.stdin.close()
        answers = [generator.answer() for generator in self.generators]
        sums = {name: sum(answer[name] for answer in answers)
                for name in ("conns", "answered", "closed_by_server", "pings")}
        if sums["closed_by_server"] or sums["answered"] < sums["conns"]:
            raise measure.Failure(
                f"of {sums['conns']} connections {sums['closed_by_server']} "
                f"were closed, and {sums['answered']} answered")
        return sums


class Generator:
    def __init__(self, command):
        self.out = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                        stdout=self.out,
                                        stderr=subprocess.PIPE)
        self.said = b""

    def wait_until_ready(self, seconds):
        deadline = time.monotonic() + seconds
        while b"connections are ready" not in self.said:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stderr], [], [],
                                              max(left, 0))[0]:
                raise measure.Failure(
                    f"not all were ready within {seconds} s")
            more = os.read(self.process.stderr.fileno(), 4096)
            if not more:
                raise measure.Failure(
                    f"wsload ended early:\n{self.said.decode()}")
            self.said += more

    def answer(self):
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise measure.Failure("wsload does not end") from None
        self.out.seek(0)
        text = self.out.read()
        if not text:
            raise measure.Failure("wsload gave no figures")
        return json.loads(text)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stderr, self.out):
            with contextlib.suppress(OSError):
                pipe.close()


@contextlib.contextmanager
def gathered(bench, limits, port, connections, talk=(), least=1, seconds=120):
    """A crowd on /ws, ready within `seconds`, of `least` or more generators.
    These are gone afterwards, whatever happens."""
    each = min(PER_PROCESS, limits.files - SPARE_FILES)
    count = max(least, math.ceil(connections / each))
    shares = [connections // count + (i < connections % count)
              for i in range(count)]
    addresses = limits.source_addresses(connections)
    generators = []
    try:
        for share in shares:
            generators.append(Generator(
                bench.on_core(measure.GENERATOR_CORE)
                + [str(bench.wsload), "idle", "--hold",
                   "--url", f"ws://127.0.0.1:{port}/ws",
                   "--conns", str(share), "--src-spread", str(addresses),
                   "--connect-timeout", str(seconds),
                   *talk]))
        for generator in generators:
            generator.wait_until_ready(seconds)
        yield Crowd(generators)
    finally:
        for generator in generators:
            generator.end()
