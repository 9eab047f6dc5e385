"""On which loop rooms and connections live, as the node logs it."""

import json

import measure
from looping.loads import LOOPS
from looping.running import node, put_under

LOADED_SECONDS = 0.2


def seats(bench, size):
    """Of each load, how many of its rooms and connections each loop has."""
    return {"loads": {load.name: {"shows": load.shows, **divided(bench, load)}
                      for load in size.judged}}


def divided(bench, load):
    with node(bench, LOOPS[-1]) as its:
        put_under(bench, its, load, 0, LOADED_SECONDS)
        return taken(its, load, LOOPS[-1])


def taken(its, load, loops):
    """Ends the node, as its log is whole only then."""
    measure.stop(its.process)
    its.log.seek(0)
    counts = count(its.log.read().decode().splitlines(), loops)
    if sum(counts["connections"]) != load.conns:
        raise measure.Failure(f"{load.name}: the log tells of "
                              f"{sum(counts['connections'])} connections")
    return counts


def count(lines, loops):
    counts = {"rooms": [0] * loops, "connections": [0] * loops}
    where = {"room.created": counts["rooms"],
             "connection.opened": counts["connections"]}
    for line in lines:
        event = json.loads(line)
        if event["event"] in where:
            where[event["event"]][event["loop"]] += 1
    return counts
