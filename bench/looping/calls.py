"""What a node with two loops waits for and wakes up: system calls on a lock
(futex), and writes to the eventfd of a loop, by strace within a load."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import measure
from looping import arithmetic
from looping.loads import LOOPS
from looping.running import node, put_under, thread_times

# With a filter in the kernel the other calls, sends above all, are as fast as
# ever. The tracer is detached, so that the node has the process id.
STRACE = ("strace", "-D", "-f", "--seccomp-bpf", "-ttt", "-y",
          "-e", "trace=futex,write", "-o")
LOOP_THREAD = "greenroom"  # CAF's have names of their own.
FINISHED = "+++ exited with"
TRACER_SECONDS = 10


def calls(bench, size):
    """None: there is no strace here."""
    if shutil.which("strace") is None:
        return None
    loads = (*size.judged,
             *(load for load in size.informing if not load.per_loop))
    return {"loads": {load.name: counted(bench, load, size) for load in loads},
            "notes": hardware_notes()}


def counted(bench, load, size):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "calls"
        with node(bench, LOOPS[-1], under=(*STRACE, str(out))) as its:
            def look():
                return time.time(), thread_times(its.process.pid,
                                                 LOOP_THREAD)

            answer, (begin, end) = put_under(bench, its, load, size.warmup,
                                             size.window, look)
        lines = all_of(out, its.process.pid)
    loops = arithmetic.busiest(
        arithmetic.difference(end[1], begin[1]), LOOPS[-1])
    counts = tally(lines, begin[0], end[0], loops)
    deliveries = answer["deliveries_per_s"] * (end[0] - begin[0])
    return {**counts, "deliveries": round(deliveries),
            "messages": round(deliveries / load.deliveries),
            "shows": load.shows, "command": load.command}


def all_of(out, pid):
    """What the tracer wrote: it ends a moment after the node."""
    last = f"{pid} "
    deadline = time.monotonic() + TRACER_SECONDS
    while time.monotonic() < deadline:
        lines = out.read_text().splitlines()
        if any(line.startswith(last) and FINISHED in line
               for line in lines[-20:]):
            return lines
        time.sleep(0.02)
    raise measure.Failure("strace did not finish")


LINE = re.compile(r"(\d+) +(\d+\.\d+) (futex|write)\((.*)")


def tally(lines, begin, end, loops):
    """Calls between two moments, by what they are. `waits` are those futex
    calls of the loops that put the thread to sleep for a lock, `locks` all of
    theirs, `elsewhere` those of other threads."""
    counts = {"locks": 0, "waits": 0, "elsewhere": 0, "wakes": 0}
    for line in lines:
        found = LINE.match(line)  # Not the second half of a call: `<... `.
        if not found or not begin <= float(found[2]) < end:
            continue
        thread, call, arguments = int(found[1]), found[3], found[4]
        if call == "write":
            counts["wakes"] += "eventfd" in arguments.partition(",")[0]
        elif thread not in loops:
            counts["elsewhere"] += 1
        else:
            counts["locks"] += 1
            counts["waits"] += "FUTEX_WAIT" in arguments
    return counts


def hardware_notes():
    """What would look at the cache lines themselves, and why it does not."""
    if shutil.which("perf") is None:
        return ["`perf c2c` was not tried: there is no perf here."]
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(
            ["perf", "c2c", "record", "-o", os.path.join(folder, "data"), "--",
             "true"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
    if tried.returncode == 0:
        return ["`perf c2c record` works on this machine: what two loops write "
                "both, it shows by cache line."]
    said = tried.stdout.strip().splitlines()
    return ["`perf c2c` does not work on this machine, so no count of shared "
            f"cache lines: \"{said[-1] if said else 'it says nothing'}\"."]
