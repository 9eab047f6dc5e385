"""A node with so many loops under a load, nothing pinned, with the moments
between which to look at it."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import time
from dataclasses import dataclass

import measure
import servers
from contenders import RELAY

READY_SECONDS = 60
# A line where each client lives.
TALKATIVE = ("--log.level=info", "--log.limited-per-second=1000000")
LEAD_SECONDS = 0.2  # From wsload's last connection to its first message.


@dataclass
class Node:
    process: subprocess.Popen
    port: int
    log: object  # What it wrote, a file.


@contextlib.contextmanager
def node(bench, loops, options=(), under=()):
    """A fresh node; `under` is what it runs under, and has its process id."""
    port = measure.free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*under, str(bench.servers["node"].program), f"--net.port={port}",
             *servers.NODE_OPTIONS, f"--net.loops={loops}", *TALKATIVE,
             *options],
            stdout=log, stderr=log)
        try:
            measure.wait_until_open(process, port)
            yield Node(process, port, log)
        except measure.Failure as failure:
            raise measure.Failure(
                f"{failure}\n{measure.tail_of(log)}") from failure
        finally:
            status = measure.stop(process)
        if status != 0:
            raise measure.Failure(
                f"the node ended with {status}\n{measure.tail_of(log)}")


def load_command(bench, its, load, warmup, seconds):
    return [str(bench.wsload), *load.split(), "--url",
            f"ws://127.0.0.1:{its.port}{RELAY}",
            "--server-pid", str(its.process.pid),
            "--connect-timeout", str(READY_SECONDS),
            "--warmup", str(warmup), "--duration", str(seconds)]


def put_under(bench, its, load, warmup, seconds, look=None):
    """wsload's answer. `look` is called twice, at both ends of the window that
    the answer is about, and its two results are given, too."""
    files = files_at_rest(its.process.pid)
    generator = subprocess.Popen(
        load_command(bench, its, load.command, warmup, seconds),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        looks = []
        if look is not None:
            # But one: the probe that found the port open may have been counted.
            wait_until_connected(its, generator, files + load.conns - 1)
            time.sleep(LEAD_SECONDS + warmup)
            looks.append(look())
            time.sleep(seconds)
            looks.append(look())
        said, complaint = generator.communicate(timeout=seconds + READY_SECONDS)
    finally:
        if generator.poll() is None:
            generator.kill()
            generator.wait()
    return checked(generator.returncode, said, complaint, load), looks


def checked(status, said, complaint, load):
    if not said:
        raise measure.Failure(f"wsload gave no figures:\n{complaint}")
    answer = json.loads(said)
    faults = [f"{answer[name]:,} {name.replace('_', ' ')}"
              for name in measure.FAULTS if answer[name]]
    if status != 0 or faults or not answer["deliveries_in_window"]:
        raise measure.Failure(
            f"{load.name}: {', '.join(faults) or 'no deliveries'}\n{complaint}")
    return answer


def wait_until_connected(its, generator, files):
    deadline = time.monotonic() + READY_SECONDS
    while open_files(its.process.pid) < files:
        if generator.poll() is not None:
            raise measure.Failure(
                f"wsload ended early:\n{generator.stderr.read()}")
        if time.monotonic() > deadline:
            raise measure.Failure("not all clients have connected")
        time.sleep(0.002)


def files_at_rest(pid):
    """How many are open once clients of an earlier load are gone."""
    deadline = time.monotonic() + READY_SECONDS
    seen = []
    while len(seen) < 5 or len(set(seen[-5:])) > 1:
        if time.monotonic() > deadline:
            raise measure.Failure("clients of the load before do not go")
        seen.append(open_files(pid))
        time.sleep(0.02)
    return seen[-1]


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def thread_times(pid, name=None):
    """Nanoseconds on a core, by thread; only of those called `name`."""
    return {int(thread.name): int(
                (thread / "schedstat").read_text().split()[0])
            for thread in pathlib.Path(f"/proc/{pid}/task").iterdir()
            if name in (None, (thread / "comm").read_text().strip())}
