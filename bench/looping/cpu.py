"""CPU of each thread of the node under a load, with one loop and with two."""

import time

from looping import arithmetic
from looping.loads import LOOPS
from looping.running import node, put_under, thread_times
from looping.seats import taken


def cpu(bench, size):
    """Each load with its figures, in µs."""
    return {"loads": {
        **{load.name: measured(bench, load, size, size.runs, True)
           for load in size.judged},
        **{load.name: measured(bench, load, size, size.informing_runs, False)
           for load in size.informing}}}


def measured(bench, load, size, runs, judged):
    sides = {loops: [] for loops in LOOPS}
    answers = {loops: [] for loops in LOOPS}
    for _ in range(runs):
        for loops in LOOPS:
            figures, answer = one_run(bench, load.of(loops), size, loops)
            sides[loops].append(figures)
            answers[loops].append(answer)
    result = arithmetic.compared(*(sides[loops] for loops in LOOPS))
    for side, loops in zip(("one", "two"), LOOPS):
        for name in ("messages_per_recv", "deliveries_per_s",
                     "generator_cpu_share"):
            result[side][name] = arithmetic.spread(answers[loops], name)
    return {**result, "shows": load.shows, "command": load.command,
            "judged": judged}


def one_run(bench, load, size, loops):
    with node(bench, loops) as its:
        def look():
            return time.monotonic(), thread_times(its.process.pid)

        answer, (begin, end) = put_under(bench, its, load, size.warmup,
                                         size.window, look)
        even = arithmetic.evenness(taken(its, load, loops)["connections"])
    used = arithmetic.difference(end[1], begin[1])
    # At the rate that wsload counted in the same window.
    deliveries = answer["deliveries_per_s"] * (end[0] - begin[0])
    microseconds = {thread: spent / 1000 for thread, spent in used.items()}
    return {**arithmetic.per_delivery(microseconds, deliveries),
            "evenness": even}, answer
