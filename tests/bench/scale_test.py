#!/usr/bin/env python3
"""bench/scale: when a cost is flat, and what the arithmetic makes of costs."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from scaling import arithmetic, limits, page  # noqa: E402


def run(connections, **changes):
    its = {"connections": connections, "bytes": 4000.0, "kernel_bytes": 2000.0,
           "buffer_bytes": 0, "connect_us": 50.0, "connects_per_s": 10_000,
           "ping_us": 15.0, "idle_share": 0.01, "pings": connections,
           "answered": connections}
    return {**its, **changes}


def loads(cost):
    its = {name: 1.0 for name in (
        "deliveries_per_s", "p50_us", "p99_us", "messages_per_recv",
        "connect_s", "server_connect_cpu_us", "bytes", "others")}
    return {**its, "server_cpu_us_per_delivery": cost}


def results(*runs, wanted=100_000):
    return {
        "connections": {"wanted": wanted, "notes": [], "runs": list(runs)},
        "rooms": {"rooms": 10_000, "connection_bytes": 4000.0,
                  "room_bytes": 4000.0, "member_bytes": 1000.0,
                  "loads": {"250": loads(15), "10000": loads(20)}},
        "big-room": {"wanted": 20_000, "members": 20_000, "few": 1000,
                     "rate": 10, "ways": {"/ws": {"20000": {
                         "window": loads(5), "rate": loads(5)}}}},
        "redis": {"subscribers": 100, "burst": 50, "in_us": 20.0,
                  "out_us": 5.0, "in_burst_us": 2.0, "out_burst_us": 0.5},
    }


class Flat(unittest.TestCase):
    def verdicts(self, *runs, **more):
        return "\n".join(page.verdicts(results(*runs, **more)["connections"]))

    def test_equal_costs_are_flat(self):
        text = self.verdicts(run(10_000), run(100_000))
        self.assertEqual(text.count(": NOT shown"), 0)
        self.assertEqual(text.count("MISSED"), 0)

    def test_more_bytes_or_cpu_are_not(self):
        self.assertIn("+20.0%, MISSED",
                      self.verdicts(run(10_000), run(100_000, bytes=4800)))
        self.assertIn("2.00, MISSED",
                      self.verdicts(run(10_000), run(100_000, connect_us=100)))

    def test_a_count_that_was_not_reached_is_said(self):
        self.assertIn("100,000 connections: NOT shown",
                      self.verdicts(run(10_000), run(20_000)))


class Arithmetic(unittest.TestCase):
    def setUp(self):
        self.results = results(run(10_000), run(100_000))
        self.costs = arithmetic.Costs(self.results)

    def test_a_connection_carries_its_share_of_its_room(self):
        self.assertEqual(self.costs.resident, 4000 + 1000 + 4000 / 4)

    def test_pings_of_a_million_take_half_a_core(self):
        self.assertAlmostEqual(self.costs.pings_share(1_000_000), 0.5)

    def test_a_room_of_four_is_on_nearly_four_of_a_hundred_nodes(self):
        self.assertAlmostEqual(arithmetic.subscribed(100), 3.94, places=2)
        self.assertEqual(arithmetic.subscribed(1), 1)

    def test_beats_grow_with_the_square_of_the_nodes(self):
        self.assertAlmostEqual(self.costs.beats_share(100), 0.052)
        self.assertGreater(self.costs.beats_share(200),
                           3.8 * self.costs.beats_share(100))

    def test_redis_is_named_first_where_it_is(self):
        text = "\n".join(arithmetic.lines(self.results))
        self.assertIn("rooms of 4: Redis, whose", text)
        self.results["redis"].update(in_us=0.01, out_us=0.001)
        text = "\n".join(arithmetic.lines(self.results))
        self.assertIn("rooms of 4: the loops", text)


class Page(unittest.TestCase):
    def test_only_the_part_between_the_marks_changes(self):
        machine = {"cpu": "c", "cores": 2, "kernel": "k", "compiler": "g",
                   "commit": "1", "date": "2026-01-01 00:00"}
        kept = {name: {"machine": machine, "others": 0.0, "result": result}
                for name, result in results(run(10_000)).items()}
        text = f"before\n{page.BEGIN} -->\nold\n{page.END}\nafter\n"
        new = page.replaced(text, kept)
        self.assertTrue(new.startswith(f"before\n{page.BEGIN} -->\n"))
        self.assertTrue(new.endswith(f"{page.END}\nafter\n"))
        self.assertNotIn("old", new)
        self.assertIn("## A million connections, a hundred nodes", new)
        self.assertEqual(page.replaced(new, kept), new)


class Raising(unittest.TestCase):
    def test_says_what_the_machine_does_not_allow(self):
        notes = []
        allowed = limits.Limits(100_000, 20_000, notes)
        self.assertLessEqual(allowed.connections, 19_900)
        self.assertIn("does not allow 100,000 connections", notes[0])
        self.assertIn(f"largest count here is {allowed.connections:,}",
                      notes[0])

    def test_one_source_address_has_ports_for_few(self):
        allowed = limits.Limits(10, 1_000, [])
        self.assertGreater(allowed.source_addresses(100_000),
                           100_000 / 64_512)


if __name__ == "__main__":
    unittest.main()
