"""From the runs of bench/cluster to medians, verdicts and tables."""

import statistics

import report
from page import NOISY_OTHERS, machine_text, preliminary_text, table

BEGIN = "<!-- bench/cluster writes from here"
END = "<!-- to here -->"

LATENCY_TIMES = 1.3     # Added latency, in round trips of Redis alone.
THROUGHPUT_SHARE = 0.9  # Of what Redis alone delivers.


def spread_of(rounds, value):
    return report.spread([value(each) for each in rounds])


def summarise(load, rounds):
    """`rounds` has the answers of "cluster", "alone" and "floor", run one
    behind the other: ratios are taken within a round."""
    result = {
        "cpu_us": {name: spread_of(rounds,
                                   lambda r, n=name: r["cluster"]["cpu_us"][n])
                   for name in ("a", "b", "redis")},
        "alone_cpu_us": spread_of(rounds, lambda r: r["alone"]["cpu_us"]["alone"]),
        "floor_redis_cpu_us": spread_of(rounds,
                                        lambda r: r["floor"]["redis_cpu_us"]),
        "floor_redis_share": spread_of(rounds,
                                       lambda r: r["floor"]["redis_cpu_share"]),
        "others": max(side["others"] for each in rounds
                      for side in each.values()),
    }
    for side in ("cluster", "alone", "floor"):
        for name in ("p50_us", "p99_us", "messages_per_s"):
            result.setdefault(side, {})[name] = spread_of(
                rounds, lambda r, s=side, n=name: r[s][n])
    if load.judges == "latency":
        result["verdicts"] = latency_verdicts(rounds)
    elif load.judges == "throughput":
        result["verdicts"] = throughput_verdicts(rounds)
    return result


def latency_verdicts(rounds):
    def added(each, name):
        return each["cluster"][name] - each["alone"][name]

    result = {}
    for name, limit in (("p50_us", LATENCY_TIMES), ("p99_us", None)):
        short = name.removesuffix("_us")
        result[f"added {short}, µs"] = verdict(
            spread_of(rounds, lambda r: added(r, name)))
        result[f"added {short} / floor's {short}"] = verdict(
            spread_of(rounds, lambda r: added(r, name) / r["floor"][name]),
            at_most=limit)
        result[f"{short} / floor's {short}"] = verdict(
            spread_of(rounds, lambda r: r["cluster"][name] / r["floor"][name]))
    return result


def throughput_verdicts(rounds):
    def ratio(each):
        return (each["cluster"]["messages_per_s"]
                / each["floor"]["messages_per_s"])

    def with_a_core_each(each):
        """What the dearest of the three programs could do on a core of its own,
        in what Redis could do with the floor's traffic."""
        return (each["floor"]["redis_cpu_us"]
                / max(each["cluster"]["cpu_us"].values()))

    def same_on_one_node(each):
        return (each["cluster"]["messages_per_s"]
                / each["alone"]["messages_per_s"])

    def for_redis_cpu(each):
        """How many of our messages Redis carries for the CPU time of one of the
        floor's: what it does with nodes enough to fill it."""
        return (each["floor"]["redis_cpu_us"]
                / each["cluster"]["cpu_us"]["redis"])

    return {"messages/s / those on one node": verdict(
                spread_of(rounds, same_on_one_node)),
            "messages for Redis's CPU / floor's": verdict(
                spread_of(rounds, for_redis_cpu), at_least=THROUGHPUT_SHARE),
            "messages/s / floor's": verdict(spread_of(rounds, ratio),
                                            at_least=THROUGHPUT_SHARE),
            "computed: the same with a core for each program":
                verdict(spread_of(rounds, with_a_core_each))}


def verdict(figure, at_most=None, at_least=None):
    result = {"figure": figure}
    if at_most is not None:
        result["limit"] = {"text": f"≤ {at_most:g}",
                           "kept": figure["median"] <= at_most}
    if at_least is not None:
        result["limit"] = {"text": f"≥ {at_least:g}",
                           "kept": figure["median"] >= at_least}
    return result


# -- for people ---------------------------------------------------------------


def signed(values):
    """`report.with_spread`, for what may be less than nothing."""
    def text(value):
        return ("-" if value < 0 else "") + report.number(abs(value))

    return (f"{text(values['median'])} "
            f"({text(values['min'])} to {text(values['max'])})")


def verdict_lines(its):
    for name, each in its.get("verdicts", {}).items():
        limit = (f", limit {report.limit_text(each['limit'])}"
                 if "limit" in each else "")
        yield f"{name}: {signed(each['figure'])}{limit}"


def text_lines(its):
    for name, figure in its["cpu_us"].items():
        yield f"  CPU of {name:<8} {report.with_spread(figure)} µs a message"
    for side in ("cluster", "alone", "floor"):
        figures = its[side]
        yield (f"  {side:<15} p50 {report.with_spread(figures['p50_us'])} µs, "
               f"p99 {report.with_spread(figures['p99_us'])} µs, "
               f"{report.with_spread(figures['messages_per_s'])} messages/s")
    for line in verdict_lines(its):
        yield "  " + line
    yield f"  others had up to {its['others']:.0%} of the machine"


def markdown(kept):
    facts = kept["machine"]
    results = kept["loads"]
    noisy = any(its["others"] > NOISY_OTHERS for its in results.values())
    yield (f"- {facts['date'].split()[0]}: {machine_text(facts)}; Redis "
           f"{kept['redis']}; median of {kept['runs']} runs; "
           f"{kept['envelope_bytes']} bytes a message on the bus"
           + (preliminary_text() if noisy else ""))
    yield ""
    for name, its in results.items():
        yield f"    {name + ':':<11} wsload {its['command']}"
    yield ""
    yield from table(
        ("load", "node A, µs", "node B, µs", "Redis, µs", "one node, µs",
         "Redis under the floor, µs"),
        [(f"`{name}`", *(report.with_spread(its["cpu_us"][each])
                         for each in ("a", "b", "redis")),
          report.with_spread(its["alone_cpu_us"]),
          report.with_spread(its["floor_redis_cpu_us"]))
         for name, its in results.items()])
    yield ""
    yield from table(
        ("load", "through", "p50, µs", "p99, µs", "messages/s"),
        [(f"`{name}`", title, latency(its[side], "p50_us"),
          latency(its[side], "p99_us"),
          report.with_spread(its[side]["messages_per_s"]))
         for name, its in results.items()
         for side, title in (("cluster", "A, Redis, B"), ("alone", "one node"),
                             ("floor", "Redis alone"))])
    yield ""
    for name, its in results.items():
        for line in verdict_lines(its):
            yield f"- `{name}`, {line}"


def latency(figures, name):
    """The floor has none with many in flight."""
    return report.with_spread(figures[name]) if figures[name]["max"] else ""
