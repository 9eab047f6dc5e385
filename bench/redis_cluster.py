"""Two nodes that share a Redis, one node alone, and the loads on them."""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import tempfile
import time

import measure
import servers

# Both nodes on the one core, Redis and the generator on the other: so each step
# of a message's way, client to node A to Redis to node B to client, goes to the
# other core, and so do those of the floor, which stands on the nodes' core.
NODE_CORE, REDIS_CORE = measure.SERVER_CORE, measure.GENERATOR_CORE
PATH = "/relay?room={room}"
NODES_CHANNEL = "greenroom:nodes"


class Cluster:
    """Fresh programs; everything is ended, by its id, when `close`d."""

    def __init__(self, build, pin=True, nodes=("a", "b", "alone"), wrap=None,
                 node_options=()):
        """`wrap` gives what stands before a node's command. Of `nodes`, all but
        "alone" share the Redis."""
        self.programs = {name: build / name
                         for name in ("greenroom", "wsload", "redis_floor")}
        for program in self.programs.values():
            if not os.access(program, os.X_OK):
                raise measure.Failure(f"{program} is not there; ./dev build "
                                      "builds it")
        self.pin = (pin and os.cpu_count() > 1
                    and shutil.which("taskset") is not None)
        self.nodes = nodes
        self.node_options = node_options
        self.wrap = wrap or (lambda name: [])
        self.ports, self.processes, self.logs = {}, {}, {}
        self.ends = contextlib.ExitStack()
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        redis_port = measure.free_port()
        folder = self.ends.enter_context(tempfile.TemporaryDirectory())
        self.launch("redis", redis_port, REDIS_CORE, [
            redis_server(), "--port", str(redis_port), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--dir", folder])
        for name in self.nodes:
            port = measure.free_port()
            shared = [f"--cluster.redis=redis://127.0.0.1:{redis_port}",
                      "--rooms.order=fifo",
                      f"--cluster.node-id=node-{name}"]
            self.launch(name, port, NODE_CORE, self.wrap(name) + [
                str(self.programs["greenroom"]), f"--net.port={port}",
                *servers.NODE_OPTIONS, *self.node_options,
                *(shared if name != "alone" else [])])
        self.wait_for_peers()

    def launch(self, name, port, core, command):
        log = self.ends.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen(self.on_core(core) + command, stdout=log,
                                   stderr=log)
        self.ports[name], self.processes[name] = port, process
        self.logs[name] = log
        try:
            measure.wait_until_open(process, port)
        except measure.Failure as failure:
            raise measure.Failure(
                f"{name}: {failure}\n{measure.tail_of(log)}") from failure

    def on_core(self, core):
        return ["taskset", "-c", str(core)] if self.pin else []

    def pid(self, name):
        return self.processes[name].pid

    def wait_for_peers(self):
        """Until both nodes hear what nodes say."""
        deadline = time.monotonic() + measure.START_SECONDS
        sharing = len([name for name in self.nodes if name != "alone"])
        while self.ask("PUBSUB", "NUMSUB", NODES_CHANNEL) != sharing:
            if time.monotonic() > deadline:
                raise measure.Failure("the nodes do not reach Redis")
            time.sleep(0.02)

    def ask(self, *command):
        """The last number of Redis's answer."""
        with self.redis_socket() as redis:
            redis.sendall((" ".join(command) + "\r\n").encode())
            return int(redis.recv(4096).decode().split("\r\n")[-2].lstrip(":"))

    def redis_socket(self):
        return socket.create_connection(("127.0.0.1", self.ports["redis"]), 10)

    def close(self):
        """Nodes first: they leave the cluster through Redis."""
        for name in (*self.nodes, "redis"):
            if name in self.processes:
                measure.stop(self.processes[name])
        self.ends.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- loads ----------------------------------------------------------------

    def through(self, senders, receivers, watched, load, times):
        """A load whose senders are on one node and receivers on another:
        wsload's answer, `cpu_us` of each of `watched` per message, `others`."""
        def url(name):
            return f"ws://127.0.0.1:{self.ports[name]}{load.path}"

        pids = [str(self.pid(name)) for name in watched]
        command = self.on_core(measure.GENERATOR_CORE) + [
            str(self.programs["wsload"]), *load.command.split(),
            "--url", url(receivers), "--sender-url", url(senders), *load.talk,
            "--server-pid", ",".join(pids), "--label", load.name, *times]
        answer = checked(*self.timed(command))
        if not answer["deliveries_in_window"]:
            raise measure.Failure("nothing was delivered")
        answer["cpu_us"] = {
            name: seconds * 1e6 / answer["deliveries_in_window"]
            for name, seconds in zip(watched, answer["server_cpu_s_each"])}
        answer["messages_per_s"] = answer["deliveries_per_s"]
        return answer

    def floor(self, load, size, times):
        command = self.on_core(NODE_CORE) + [
            str(self.programs["redis_floor"]), str(self.ports["redis"]),
            str(self.pid("redis")), "--size", str(size),
            "--channels", str(load.channels), "--window", str(load.in_flight),
            *times]
        outcome, others = self.timed(command)
        if outcome.returncode != 0:
            raise measure.Failure(f"the floor failed: {outcome.stderr}")
        return {**json.loads(outcome.stdout), "others": others}

    def timed(self, command):
        """What a program said, and which part of the machine others had."""
        before = self.other_ticks()
        outcome = subprocess.run(command, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        total, theirs = (now - then for now, then
                         in zip(self.other_ticks(), before))
        return outcome, max(0.0, theirs / total) if total else 0.0

    def other_ticks(self):
        """Of the machine: all ticks, and those of programs but ours."""
        first = pathlib.Path("/proc/stat").read_text().splitlines()[0]
        ticks = [int(field) for field in first.split()[1:9]]
        total = sum(ticks)
        busy = total - ticks[3] - ticks[4]  # But idle and iowait.
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours = ((children.ru_utime + children.ru_stime)
                * os.sysconf("SC_CLK_TCK"))
        ours += sum(ticks_of(self.pid(name)) for name in self.processes)
        return total, busy - ours

    def envelope_bytes(self, load, times):
        """What one of the load's messages is on the wire between the nodes."""
        with self.redis_socket() as redis:
            redis.sendall(b"PSUBSCRIBE greenroom:room:*\r\n")
            self.through("a", "b", ("a", "b", "redis"), load, times)
            seen = redis.recv(64 * 1024)
        # *4 $8 pmessage $.. pattern $.. channel $SIZE bytes
        push = seen[seen.index(b"*4\r\n$8\r\npmessage"):]
        return int(push.split(b"\r\n")[7][1:])


def checked(outcome, others):
    if not outcome.stdout:
        raise measure.Failure(f"wsload gave no figures:\n{outcome.stderr}")
    answer = json.loads(outcome.stdout)
    faults = [f"{answer[name]} {name}" for name in measure.FAULTS
              if answer[name]]
    if faults or outcome.returncode != 0:
        raise measure.Failure(", ".join(faults)
                              or f"wsload ended with {outcome.returncode}:\n"
                                 f"{outcome.stderr}")
    return {**answer, "others": others}


def ticks_of(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def redis_server():
    found = shutil.which("redis-server", path=os.pathsep.join(
        [str(measure.ROOT / "build" / "deps" / "bin"), os.environ["PATH"]]))
    if found is None:
        raise measure.Failure("there is no redis-server; ci/setup test "
                              "provides one")
    return found
