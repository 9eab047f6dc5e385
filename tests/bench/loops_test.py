#!/usr/bin/env python3
"""bench/loops: what a second loop is worth, and how system calls are counted."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from looping import arithmetic, instructions, loads, page, seats  # noqa: E402
from looping.calls import tally  # noqa: E402


def run(*threads, deliveries=10):
    used = dict(enumerate(threads))
    return {**arithmetic.per_delivery(used, deliveries), "evenness": 1.0,
            "messages_per_recv": 1.0, "deliveries_per_s": 1.0}


class Capacity(unittest.TestCase):
    def test_two_loops_with_half_each_can_do_twice_as_much(self):
        its = arithmetic.compared([run(100, 0)], [run(50, 50)])
        self.assertEqual(its["capacity"]["median"], 2)
        self.assertEqual(its["cost"]["median"], 1)
        self.assertTrue(arithmetic.kept(its["capacity"]))

    def test_a_loop_that_has_all_is_no_help(self):
        its = arithmetic.compared([run(100, 0)], [run(100, 0)])
        self.assertEqual(its["capacity"]["median"], 1)
        self.assertFalse(arithmetic.kept(its["capacity"]))

    def test_what_a_second_loop_costs_lowers_what_it_is_worth(self):
        its = arithmetic.compared([run(100, 0)], [run(80, 80)])
        self.assertEqual(its["capacity"]["median"], 1.25)
        self.assertEqual(its["cost"]["median"], 1.6)

    def test_sides_are_compared_run_by_run(self):
        its = arithmetic.compared([run(100), run(300)], [run(50), run(150)])
        self.assertEqual(its["capacity"]["min"], 2)
        self.assertEqual(its["capacity"]["max"], 2)

    def test_figures_of_no_delivery_are_refused(self):
        self.assertRaises(ValueError, run, 100, deliveries=0)

    def test_only_what_was_used_between_counts(self):
        self.assertEqual(arithmetic.difference({1: 9, 2: 5}, {1: 4, 3: 7}),
                         {1: 5, 2: 5})

    def test_clients_on_other_loops_in_the_short_run_do_no_harm(self):
        # 10 for a delivery, 100 for a client, of which there are 6.
        short = [100 * 5 + 10 * 20, 100 * 1]
        long = [100 * 2 + 10 * 60, 100 * 4 + 10 * 40]
        used, deliveries = arithmetic.without_opening(
            20, short, 100, long, [2, 4])
        self.assertEqual((used, deliveries), ({0: 600, 1: 400}, 100))

    def test_rooms_on_one_loop_are_one_loops_worth(self):
        self.assertEqual(arithmetic.evenness([0, 250]), 1)
        self.assertEqual(arithmetic.evenness([500, 500]), 2)


class Calls(unittest.TestCase):
    LINES = (
        '7 10.1 futex(0x1, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>',
        '8 10.2 futex(0x1, FUTEX_WAKE_PRIVATE, 1) = 1',
        '7 10.3 <... futex resumed>) = 0',
        '8 10.4 write(9<anon_inode:[eventfd]>, "\\1\\0", 8) = 8',
        '8 10.5 write(1</tmp/log>, "an [eventfd]", 12) = 12',
        '9 10.6 futex(0x2, FUTEX_WAKE_PRIVATE, 1) = 0',
        '7 11.1 futex(0x1, FUTEX_WAIT_PRIVATE, 2, NULL) = 0',
    )

    def test_a_call_counts_once_and_by_whose_it_is(self):
        self.assertEqual(tally(self.LINES, 10, 11, [7, 8]),
                         {"locks": 2, "waits": 1, "elsewhere": 1, "wakes": 1})

    def test_calls_outside_the_window_do_not_count(self):
        self.assertEqual(tally(self.LINES, 11, 12, [7, 8])["waits"], 1)
        self.assertEqual(sum(tally(self.LINES, 12, 13, [7]).values()), 0)


class Reading(unittest.TestCase):
    def test_callgrinds_sum_of_a_thread(self):
        self.assertEqual(instructions.total("a\nsummary: 12\ntotals: 13\n"), 12)
        self.assertEqual(instructions.total("totals: 13\n"), 13)

    def test_the_threads_started_last_are_the_loops(self):
        threads = {"out-01": 9, "out-03": 2, "out-02": 8, "out-04": 1}
        self.assertEqual(instructions.of_loops(threads, 2), [2, 1])

    def test_rooms_and_connections_by_loop(self):
        lines = ('{"event":"room.created","loop":1}',
                 '{"event":"connection.opened","loop":0}',
                 '{"event":"connection.opened","loop":1}',
                 '{"event":"loop.started","loop":1}')
        self.assertEqual(seats.count(lines, 2),
                         {"rooms": [0, 1], "connections": [1, 1]})

    def test_a_load_is_wsloads_command(self):
        fan_out, rooms = loads.Size(False, 5).judged
        self.assertEqual(fan_out.command, "fanout --conns 1000 --rate 40")
        self.assertEqual(fan_out.deliveries, 999)
        self.assertEqual(rooms.command,
                         "rooms --rooms 250 --conns 1000 --rate 10")
        self.assertEqual(rooms.deliveries, 3)

    def test_with_as_much_for_each_loop_two_have_twice_as_much(self):
        each = loads.Size(False, 5).informing[0]
        self.assertEqual((each.of(1).rate, each.of(2).rate), (5, 10))
        self.assertEqual(loads.Size(False, 5).judged[0].of(2).rate, 40)


class Page(unittest.TestCase):
    def kept(self, *two):
        machine = {"cpu": "c", "cores": 2, "kernel": "k", "compiler": "g",
                   "commit": "1", "date": "2026-01-01 00:00"}
        load = {**arithmetic.compared([run(100)], [run(*two)]), "shows": "s",
                "judged": True}
        calls = {"messages": 10, "deliveries": 30, "locks": 2, "waits": 1,
                 "elsewhere": 0, "wakes": 5}
        results = {
            "cpu": {"loads": {"fan-out": load}},
            "instructions": {"loads": {"fan-out": load}},
            "calls": {"loads": {"fan-out": calls}, "notes": ["a note"]},
            "seats": {"loads": {"fan-out": {"rooms": [0, 1],
                                            "connections": [5, 5]}}}}
        return {name: {"machine": machine, "others": 0.0, "result": result}
                for name, result in results.items()}

    def test_only_the_part_between_the_marks_changes(self):
        text = f"before\n{page.BEGIN} -->\nold\n{page.END}\nafter\n"
        new = page.replaced(text, self.kept(50, 50))
        self.assertTrue(new.startswith(f"before\n{page.BEGIN} -->\n"))
        self.assertTrue(new.endswith(f"{page.END}\nafter\n"))
        self.assertNotIn("old", new)
        self.assertEqual(page.replaced(new, self.kept(50, 50)), new)

    def test_says_whether_the_limit_is_kept(self):
        self.assertIn("2.00, kept", "\n".join(page.markdown(self.kept(50, 50))))
        self.assertIn("1.25, MISSED",
                      "\n".join(page.markdown(self.kept(80, 20))))


if __name__ == "__main__":
    unittest.main()
