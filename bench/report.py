"""From runs to medians, spreads, ratios and verdicts."""

import statistics

# Beyond these, two sides of a ratio did not do the same.
JOINING_DIFFERS = 0.20
RATE_KEPT = 0.95  # Of what a fixed rate offers.

FIGURE = {  # By a scenario's unit: the answer's field that counts.
    "µs": "server_cpu_us_per_delivery",
    "bytes": "rss_bytes_per_conn",
    "connects": "server_connect_cpu_us",
}
KEPT = ("messages_per_recv", "deliveries_per_s", "p50_us", "p99_us",
        "server_cpu_share", "generator_cpu_share", "connects_per_s", "others")


def spread(values):
    return {"median": statistics.median(values), "min": min(values),
            "max": max(values)}


def summarise(scenario, runs):
    """`runs` maps a contender's label to its runs, in order: wsload's answers,
    or `failed` with the reason. The others are compared with the first node."""
    contenders = {each.label: each for each in scenario.contenders}
    nodes = [label for label in runs if contenders[label].kind == "node"]
    result = {label: summary(scenario, contenders[label], answers)
              for label, answers in runs.items()}
    for label, its in result.items():
        if nodes and label not in nodes:
            first = nodes[0]
            its["ratio"] = ratio(scenario, runs[first], runs[label])
            if differ(*joined(scenario, runs[first], runs[label])):
                its["notes"].append("not the same work: joined differently")
    for label, limits in scenario.limits.items():
        if label in result:
            result[label]["limits"] = [
                judge(scenario, limit, label, result, runs)
                for limit in limits]
    return result


def summary(scenario, contender, answers):
    """What the runs of one server come to. `sound`: each did the whole job."""
    done = [answer for answer in answers if "failed" not in answer]
    notes = [*failures(answers), *faults(answers),
             *fallen_behind(done, "--echo" in contender.talk)]
    its = {"kind": contender.kind, "figure": None, "ratio": None,
           "notes": notes, "sound": not notes, "limits": []}
    if done:
        its["figure"] = spread([a[FIGURE[scenario.unit]] for a in done])
        its.update((name, statistics.median([a[name] for a in done]))
                   for name in KEPT)
    return its


def failures(answers):
    failed = [answer["failed"] for answer in answers if "failed" in answer]
    if failed:
        yield f"failed in {len(failed)} of {len(answers)} runs: {failed[0]}"


def faults(answers):
    faulty = [answer["faults"] for answer in answers if answer.get("faults")]
    if faulty:
        worst = max(faulty, key=len)
        yield (f"faulty in {len(faulty)} of {len(answers)} runs: "
               + ", ".join(worst))


def fallen_behind(answers, echo):
    """Where a fixed rate was asked for: did it deliver all in time?"""
    shares = [answer["deliveries_per_s"] / offered(answer, echo)
              for answer in answers if offered(answer, echo)]
    if shares and statistics.median(shares) < RATE_KEPT:
        yield (f"did not keep up: {statistics.median(shares):.0%} of the load "
               "was delivered in time")


def offered(answer, echo):
    """Deliveries a second at the rate that was asked for; 0: none was."""
    members = answer["conns"] / answer["rooms"] - 1 + echo
    senders = answer["conns"] if answer["mode"] == "rooms" else 1
    return answer["rate"] * senders * members


def ratio(scenario, ours, theirs):
    """The node's figure in another's, run by run: what disturbs both sides of
    a round drops out. None: there is nothing to divide by."""
    figure = FIGURE[scenario.unit]
    ratios = [a[figure] / b[figure] for a, b in zip(ours, theirs)
              if a.get(figure) is not None and b.get(figure)]
    return spread(ratios) if ratios else None


def joined(scenario, *sides):
    """How many messages each side joined, at the median; 0: none is known."""
    for side in sides:
        counts = [a["messages_per_recv"] for a in side if "failed" not in a]
        yield (statistics.median(counts)
               if counts and scenario.unit == "µs" else 0)


def differ(ours, theirs):
    return (ours and theirs
            and abs(ours - theirs) > JOINING_DIFFERS * max(ours, theirs))


def judge(scenario, limit, label, result, runs):
    """`was` is what has to keep the limit. None: there are no figures to tell
    by, or they do not compare."""
    its = result[label]
    was = kept = None
    if its["figure"] is None:
        pass
    elif limit.at_least:
        was = its["deliveries_per_s"]
        kept = was >= limit.at_least
    elif not limit.floor:
        was = its["figure"]["median"]
        kept = was <= limit.at_most
    elif limit.floor in runs:
        sides = runs[label], runs[limit.floor]
        was = (ratio(scenario, *sides) or {}).get("median")
        kept = judge_ratio(limit, was, *joined(scenario, *sides),
                           its["sound"] and result[limit.floor]["sound"])
    return {"text": limit.text(), "at_most": limit.at_most, "was": was,
            "kept": kept}


def judge_ratio(limit, was, ours, theirs, sound):
    """Who joins more has less to do. That must not keep a limit for the node;
    that it joins less is no excuse for missing one."""
    if was is None or not sound:
        return None
    kept = was <= limit.times
    return None if kept and differ(ours, theirs) and ours > theirs else kept


def missed(name, result):
    """The limits of a scenario that were not kept, a line each."""
    for label, its in result.items():
        for limit in its["limits"]:
            if limit["kept"] is False:
                yield (f"{name}, {label}: {limit['text']}; it was "
                       f"{number(limit['was'])}")


# -- for people ---------------------------------------------------------------


def number(value):
    """Three digits that matter: 0.123, 1.23, 12.3, 1,234."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def with_spread(values):
    if values is None:
        return "–"
    if values["min"] == values["max"]:
        return number(values["median"])
    return (f"{number(values['median'])} "
            f"({number(values['min'])} to {number(values['max'])})")


def limit_text(limit):
    verdict = {True: "kept", False: "MISSED", None: "not judged"}
    return f"{limit['text']}: {verdict[limit['kept']]}"


def limit_texts(its):
    return [limit_text(limit) for limit in its["limits"]]


def text_lines(scenario, result):
    """What the terminal shows of a scenario."""
    unit = {"µs": "µs/delivery", "bytes": "bytes/connection",
            "connects": "µs CPU/connect"}[scenario.unit]
    for label, its in result.items():
        line = f"  {label:<26} {with_spread(its['figure']):>24} {unit}"
        if its["figure"] is None:
            yield line
        else:
            yield line + ", " + beside(scenario, its)
        if its["ratio"]:
            yield f"  {'':<26} the node takes {with_spread(its['ratio'])} " \
                "times it"
        for note in its["notes"]:
            yield f"  {'':<26} {note}"
        for text in limit_texts(its):
            yield f"  {'':<26} limit {text}"


def beside(scenario, its):
    """What else the terminal shows of a server."""
    others = f"others had {its['others']:.0%} of the machine"
    if scenario.unit != "µs":
        return f"{its['connects_per_s']:,.0f} connects/s, {others}"
    return (f"{its['messages_per_recv']:.2f} messages/recv, "
            f"{its['deliveries_per_s']:,.0f}/s, "
            f"p50 {its['p50_us'] / 1000:.2f} ms, "
            f"p99 {its['p99_us'] / 1000:.2f} ms, {others}")
