"""Instructions of each thread of the node, by callgrind: user mode only, which
repeats however busy the machine is. As in bench/instructions, each count is the
difference of a long and a short run."""

import pathlib
import re
import shutil
import tempfile

import measure
from looping import arithmetic
from looping.loads import LOOPS
from looping.running import node, put_under
from looping.seats import taken

# A ring's system calls are unknown to valgrind, and a send is a send.
OPTIONS = ("--net.io-uring=false",)


def instructions(bench, size):
    """Each load with its figures. None: there is no valgrind here."""
    if shutil.which("valgrind") is None:
        return None
    return {"loads": {load.name: measured(bench, load, size)
                      for load in size.counted}}


def measured(bench, load, size):
    one, two = (one_side(bench, load, size, loops) for loops in LOOPS)
    return {**arithmetic.compared([one], [two]), "shows": load.shows,
            "command": load.command, "options": " ".join(OPTIONS)}


def one_side(bench, load, size, loops):
    few, short, _ = counted(bench, load, loops, size.short)
    for seconds in size.long:
        many, long, clients = counted(bench, load, loops, seconds)
        if many >= 2 * few:
            figures = arithmetic.per_delivery(*arithmetic.without_opening(
                few, short, many, long, clients))
            return {**figures, "evenness": arithmetic.evenness(clients)}
    raise measure.Failure(f"only {many} deliveries against {few}")


def counted(bench, load, loops, seconds):
    """The deliveries of one run, and the instructions and clients of each
    loop."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        # Fair, or the thread that has the turn keeps it.
        under = ("valgrind", "--quiet", "--fair-sched=try", "--tool=callgrind",
                 "--separate-threads=yes", f"--callgrind-out-file={out}")
        with node(bench, loops, OPTIONS, under) as its:
            answer, _ = put_under(bench, its, load, 0, seconds)
            clients = taken(its, load, loops)["connections"]
        threads = {file.name: total(file.read_text())
                   for file in out.parent.glob("out-*")}
    return answer["received"], of_loops(threads, loops), clients


def of_loops(threads, loops):
    """callgrind numbers threads in the order in which the node starts them, and
    its loops are the last."""
    if len(threads) <= loops:
        raise measure.Failure("callgrind tells of too few threads")
    return [threads[name] for name in sorted(threads)[-loops:]]


def total(text):
    """Of one thread, from callgrind's file about it."""
    found = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0
