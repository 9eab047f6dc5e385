"""Starts a server, puts one load on it, and gives what wsload measured."""

import contextlib
import json
import os
import pathlib
import platform
import random
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from contenders import NCHAN
from servers import ROOT, Failure, all_servers, output_of

SERVER_CORE, GENERATOR_CORE = 0, 1
START_SECONDS = 10
STOP_SECONDS = 20
FILES_NEEDED = 10_500  # By the largest scenario, in each program.

# Of wsload's answer: each of these not 0 makes the run a failure.
FAULTS = ("lost", "duplicated", "reordered", "wrong_room", "closed_by_server")


class Bench:
    """The programs, and how they are run."""

    def __init__(self, build, node=None, pin=True):
        self.servers = all_servers(build, node)
        self.wsload = build / "wsload"
        if not os.access(self.wsload, os.X_OK):
            raise Failure(f"{self.wsload} is not there; ./dev bench builds it")
        self.pin = (pin and os.cpu_count() > GENERATOR_CORE
                    and shutil.which("taskset") is not None)

    def on_core(self, core):
        return ["taskset", "-c", str(core)] if self.pin else []

    def server_command(self, contender, port, folder):
        its = self.servers[contender.kind]
        return self.on_core(SERVER_CORE) + its.command(
            contender.how, port, folder, contender.node_options)

    def load_command(self, contender, load, port, pids, times):
        # A floor knows rooms by the query only, so it is given one everywhere.
        return (self.on_core(GENERATOR_CORE) + [str(self.wsload)]
                + load.split()
                + ["--url", f"ws://127.0.0.1:{port}{contender.path}",
                   *contender.talk, "--server-pid",
                   ",".join(str(pid) for pid in pids),
                   "--label", contender.label, *times])

    def run(self, contender, load, times):
        """One run on a fresh server: wsload's answer, and in it `others`, which
        part of the machine other programs had meanwhile, and `faults`, what a
        sound server does not do."""
        port = free_port()
        with self.server(contender, port) as process:
            pids = self.servers[contender.kind].measured(process)
            command = self.load_command(contender, load, port, pids, times)
            before = CpuTimes(pids)
            outcome = subprocess.run(command, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True)
            others = CpuTimes(pids).others_since(before)
        if not outcome.stdout:
            raise Failure(f"wsload gave no figures:\n{outcome.stderr}")
        answer = json.loads(outcome.stdout)
        answer["others"] = round(others, 3)
        answer["faults"] = faults_of(answer, contender)
        if outcome.returncode != 0 and not answer["faults"]:
            raise Failure(f"wsload ended with {outcome.returncode}:\n"
                          f"{outcome.stderr}")
        if not answer["deliveries_in_window"] and not load.startswith("idle"):
            raise Failure("nothing was delivered")
        return answer

    def versions(self, kinds):
        """What programs of others call themselves, by kind."""
        known = {kind: self.servers[kind].version() for kind in kinds}
        if "nchan" in known:
            port = free_port()
            with self.server(NCHAN, port):
                known["nchan"] = self.servers["nchan"].version_at(port)
        return {kind: text for kind, text in known.items() if text}

    @contextlib.contextmanager
    def server(self, contender, port):
        """A fresh server; by its id it is ended, and waited for."""
        with tempfile.TemporaryFile() as log, \
                tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                self.server_command(contender, port, pathlib.Path(folder)),
                stdout=log, stderr=log)
            try:
                wait_until_open(process, port)
                yield process
            except Failure as failure:
                raise Failure(f"{failure}\n{tail_of(log)}") from failure
            finally:
                status = stop(process)
            # The floor has no way to end but the signal; the node drains.
            if contender.kind == "node" and status != 0:
                raise Failure(f"the node ended with {status}\n{tail_of(log)}")


def faults_of(answer, contender):
    """Why the figures of a run are not worth much, as texts."""
    faults = [f"{answer[name]:,} {name.replace('_', ' ')}" for name in FAULTS
              if answer[name]]
    if contender.compressed:
        plain = answer["received"] - answer["compressed"]
        if plain > 0:
            faults.append(f"{plain:,} of {answer['received']:,} messages "
                          "came uncompressed: permessage-deflate was not "
                          "agreed to")
    return faults


def free_port():
    """Below the kernel's range for outgoing connections: of those, a run before
    this one may have left thousands."""
    outgoing = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(outgoing.read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(10_000, max(lowest, 20_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Failure("there is no free port")


def wait_until_open(process, port):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failure(f"the server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise Failure(f"the server did not listen within {START_SECONDS} s")


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def tail_of(log, size=2000):
    log.seek(max(0, log.seek(0, os.SEEK_END) - size))
    return log.read().decode(errors="replace")


class CpuTimes:
    """Where the machine's time has gone so far: to tell calm from noise."""

    def __init__(self, server_pids):
        first = pathlib.Path("/proc/stat").read_text().splitlines()[0]
        ticks = [int(field) for field in first.split()[1:9]]
        self.total = sum(ticks)
        self.busy = self.total - ticks[3] - ticks[4]  # But idle and iowait.
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.ours = (sum(ticks_of(pid) for pid in server_pids)
                     + (children.ru_utime + children.ru_stime)
                     * os.sysconf("SC_CLK_TCK"))

    def others_since(self, before):
        total = self.total - before.total
        theirs = self.busy - before.busy - (self.ours - before.ours)
        return max(0.0, theirs / total) if total else 0.0


def ticks_of(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:  # It has ended under the load.
        return 0
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def raise_file_limit():
    """A program of ours inherits what is set here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= most < FILES_NEEDED:
        most = FILES_NEEDED
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, PermissionError):
        raise Failure(f"{FILES_NEEDED} open files are needed, and the limit "
                      "must not be raised here (ulimit -n)") from None


def machine(build):
    """What a figure depends on, without names of hosts or folders."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "compiler": compiler(build),
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def compiler(build):
    cache = build / "CMakeCache.txt"
    entries = {}
    if cache.is_file():
        for line in cache.read_text().splitlines():
            name, _, value = line.partition("=")
            entries[name.partition(":")[0]] = value
    program = entries.get("CMAKE_CXX_COMPILER")
    if not program:
        return "unknown"
    version = output_of(program, "--version").splitlines()
    kind = entries.get("CMAKE_BUILD_TYPE", "")
    return f"{version[0] if version else 'unknown'}, {kind}".rstrip(", ")


def commit():
    known = output_of("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
    changes = output_of("git", "-C", str(ROOT), "status", "--porcelain", "-uno",
                        "--", ".", ":!docs/performance.md", ":!docs/plots")
    return (known or "unknown") + (" with changes" if changes else "")
