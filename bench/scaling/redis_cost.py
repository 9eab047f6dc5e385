"""What Redis spends on Pub/Sub: one thread does it for the whole cluster."""

import contextlib
import select
import shutil
import socket
import subprocess
import tempfile
import time

import measure
from scaling.sample import cpu_seconds

SUBSCRIBERS = 100
BURST = 50  # Messages that come together.
PAYLOAD = b"x" * 300  # About an envelope with a message of 128 bytes.
CHANNEL = b"scale"


def cost(bench, quick):
    """CPU in µs for taking a message in, and for giving it to one subscriber:
    with one message in flight, and with BURST; None where there is no
    redis-server."""
    program = find_program()
    if program is None:
        return None
    seconds = 0.2 if quick else 2
    with server(bench, program) as (process, port):
        with connected(port) as publisher:
            # Nobody listens: what is left is the way in.
            taken = measured(process, publisher, [], 1, seconds)
            taken_burst = measured(process, publisher, [], BURST, seconds)
        with contextlib.ExitStack() as stack:
            publisher = stack.enter_context(connected(port))
            listeners = [stack.enter_context(subscribed(port))
                         for _ in range(SUBSCRIBERS)]
            single = measured(process, publisher, listeners, 1, seconds)
            burst = measured(process, publisher, listeners, BURST, seconds)
    return {"subscribers": SUBSCRIBERS, "burst": BURST,
            "in_us": taken, "in_burst_us": taken_burst,
            "out_us": max(single - taken, 0) / SUBSCRIBERS,
            "out_burst_us": max(burst - taken_burst, 0) / SUBSCRIBERS}


def find_program():
    own = measure.ROOT / "build" / "deps" / "bin" / "redis-server"
    return str(own) if own.exists() else shutil.which("redis-server")


@contextlib.contextmanager
def server(bench, program):
    port = measure.free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            bench.on_core(measure.SERVER_CORE)
            + [program, "--port", str(port), "--bind", "127.0.0.1",
               "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            measure.wait_until_open(process, port)
            yield process, port
        finally:
            measure.stop(process)


def connected(port):
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def subscribed(port):
    link = connected(port)
    link.sendall(command(b"SUBSCRIBE", CHANNEL))
    link.recv(4096)
    return link


def command(*parts):
    return b"*%d\r\n" % len(parts) + b"".join(
        b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def measured(process, publisher, listeners, burst, seconds):
    """CPU for a message, in µs: `burst` of them are published together, and
    the next when everybody has them."""
    one = command(b"PUBLISH", CHANNEL, PAYLOAD)
    delivered = len(b"*3\r\n$7\r\nmessage\r\n" + command(CHANNEL, PAYLOAD)) - 4
    due = {link: 0 for link in listeners}
    answer = len(b":%d\r\n" % len(listeners))
    began, sent = cpu_seconds(process.pid), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        publisher.sendall(one * burst)
        sent += burst
        for link in due:
            due[link] += delivered * burst
        receive({**due, publisher: answer * burst})
        due = dict.fromkeys(due, 0)
    return (cpu_seconds(process.pid) - began) * 1e6 / sent


def receive(due):
    """Reads so many bytes from each."""
    with select.epoll() as poll:
        links = {link.fileno(): link for link in due}
        for number in links:
            poll.register(number, select.EPOLLIN)
        left = {link.fileno(): count for link, count in due.items()}
        while left:
            for number, _ in poll.poll():
                left[number] = left.get(number, 0) - len(
                    links[number].recv(1 << 16))
                if left[number] <= 0:
                    poll.unregister(number)
                    del left[number]
