"""From what each thread of the node has used to what a second loop is worth."""

import report

LEAST_RATIO = 1.8  # Of what one loop can do, by two.


def per_delivery(used, deliveries):
    """`used` is of each thread, by id: CPU time or instructions. `busiest` is
    what bounds the node: it is full when that thread is."""
    if not used or deliveries <= 0:
        raise ValueError("nothing was used, or nothing delivered")
    total, busiest = sum(used.values()), max(used.values())
    return {"all": total / deliveries, "busiest": busiest / deliveries,
            "share": busiest / total}


def without_opening(few, short, many, long, clients):
    """What each loop used for its deliveries in a long run, and how many those
    were. Opening and closing clients costs as much in the short run, but rooms
    live elsewhere in each run: so each loop is rid of the share of its
    `clients`, those of the long run. `short` and `long` are lists by loop."""
    delivery = (sum(long) - sum(short)) / (many - few)
    client = (sum(short) - few * delivery) / sum(clients)
    used = {loop: spent - client * clients[loop]
            for loop, spent in enumerate(long)}
    return used, many


def compared(one, two):
    """Of runs in alternation with one loop and with two, each as `per_delivery`
    has it. `capacity`: how many times the deliveries that fill one loop fit
    into two. `cost`: how many times the node's whole cost. Run by run, so that
    what disturbs both sides of a round drops out."""
    return {
        "one": {name: spread(one, name) for name in one[0]},
        "two": {name: spread(two, name) for name in two[0]},
        "capacity": report.spread(
            [a["busiest"] / b["busiest"] for a, b in zip(one, two)]),
        "cost": report.spread([b["all"] / a["all"] for a, b in zip(one, two)]),
    }


def spread(runs, name):
    return report.spread([run[name] for run in runs])


def kept(capacity):
    return capacity["median"] >= LEAST_RATIO


def difference(after, before):
    """What each thread used between; one that came meanwhile had used nothing,
    one that ended is not counted."""
    return {thread: used - before.get(thread, 0)
            for thread, used in after.items()}


def busiest(used, count):
    """The threads that are the loops: beside them nobody has much to do."""
    return sorted(used, key=used.get, reverse=True)[:count]


def evenness(counts):
    """Of what lies on each loop: how many loops' worth of it two really are."""
    return sum(counts) / max(counts)
