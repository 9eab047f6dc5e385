"""The servers that bench/run puts under load: how each is started, which of its
processes are measured, and which version of it is here."""

import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = pathlib.Path(__file__).resolve().parent / "peers"
UNPACKED = ROOT / "build" / "deps"  # By ci/setup bench.

# The release build with its defaults, but for what a measurement needs.
NODE_OPTIONS = (
    "--admin.port=0",
    "--net.loops=1",
    "--auth.anonymous=true",
    "--limits.messages-per-second=0",
    "--log.level=warn",
)
WORKER_SECONDS = 10
ANSWER_SECONDS = 10


class Failure(Exception):
    """The measurement is not worth a figure."""


class Server:
    """What all kinds have in common. A contender's `server` is a kind and,
    where there are several ways to start it, which of them."""

    peer = True  # By others, and so no failure of ours when it fails.

    def missing(self):
        """What is not installed and where it comes from; empty: all is here."""
        return ""

    def command(self, how, port, folder, options):
        """What starts it in the foreground, listening on 127.0.0.1:`port`.
        `folder` is empty, and gone afterwards; `options` are for the node."""
        raise NotImplementedError

    def measured(self, process):
        """The ids of the processes that do the work, once it listens."""
        return [process.pid]

    def version(self):
        """As the program itself has it; empty: it has none."""
        return ""


class Ours(Server):
    peer = False

    def __init__(self, program):
        self.program = program

    def missing(self):
        return ("" if os.access(self.program, os.X_OK) else
                f"{self.program} is not there; ./dev bench builds it")


class Node(Ours):
    def command(self, how, port, folder, options):
        return [str(self.program), f"--net.port={port}", *NODE_OPTIONS,
                *options]


class Floor(Ours):
    def command(self, how, port, folder, options):
        return [str(self.program), str(port), *how]


class NpmPeer(Server):
    """A program of bench/peers on a package of npm's."""

    def __init__(self, package, script):
        self.package = PEERS / "node_modules" / package / "package.json"
        self.script = script

    def missing(self):
        if not shutil.which("node"):
            return "Node.js is not installed (ci/setup bench installs it)"
        return ("" if self.package.is_file() else
                "npm ci has not run in bench/peers (./dev bench does that)")

    def command(self, how, port, folder, options):
        return ["node", str(PEERS / self.script), str(port), *how]

    def version(self):
        its = json.loads(self.package.read_text())["version"]
        return f"{its} on Node.js {output_of('node', '--version').strip('v')}"


class Nchan(Server):
    """nginx with the module nchan."""

    program = UNPACKED / "usr/sbin/nginx"
    module = UNPACKED / "usr/lib/nginx/modules/ngx_nchan_module.so"

    def missing(self):
        return ("" if self.program.is_file() and self.module.is_file() else
                "nginx and nchan are not in build/deps (ci/setup bench puts "
                "them there)")

    def command(self, how, port, folder, options):
        # Only as root does nginx give its worker another user, and that one
        # has to be let in.
        folder.chmod(0o755)
        config = write_config("nginx.conf", folder, PORT=port,
                              MODULE=self.module)
        return [str(self.program), "-p", str(folder), "-c", str(config),
                "-e", "stderr"]

    def measured(self, process):
        """The worker: the process that was started only watches over it."""
        file = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + WORKER_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            workers = [int(pid) for pid in file.read_text().split()]
            if workers:
                return workers
            time.sleep(0.01)
        raise Failure("nginx has started no worker")

    def version_at(self, port):
        """Of both; the module says its own only while it works at `port`."""
        said = subprocess.run([str(self.program), "-v"], text=True,
                              stderr=subprocess.PIPE).stderr
        nginx = said.strip().rpartition("/")[2]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/status",
                                    timeout=ANSWER_SECONDS) as status:
            lines = status.read().decode().splitlines()
        its = dict(line.split(": ", 1) for line in lines if ": " in line)
        return f"{its.get('nchan version', 'unknown')} on nginx {nginx}"


class Nats(Server):
    program = UNPACKED / "usr/sbin/nats-server"

    def missing(self):
        return ("" if self.program.is_file() else
                "nats-server is not in build/deps (ci/setup bench puts it "
                "there)")

    def command(self, how, port, folder, options):
        config = write_config("nats.conf", folder, PORT=port)
        return [str(self.program), "-c", str(config)]

    def version(self):
        said = output_of(str(self.program), "--version")
        return said.rpartition(":")[2].strip().lstrip("v")


KINDS = ("node", "floor", "ws", "socket.io", "nchan", "nats")


def all_servers(build, node=None):
    """By kind."""
    return {
        "node": Node(pathlib.Path(node) if node else build / "greenroom"),
        "floor": Floor(build / "floor"),
        "ws": NpmPeer("ws", "ws.mjs"),
        "socket.io": NpmPeer("socket.io", "socketio.mjs"),
        "nchan": Nchan(),
        "nats": Nats(),
    }


def write_config(name, folder, **values):
    """A copy of bench/peers/`name` in `folder`, with what stands between @
    filled in."""
    text = (PEERS / name).read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    file = folder / name
    file.write_text(text)
    return file


def output_of(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL,
                              text=True).stdout.strip()
    except OSError:
        return ""
