#!/usr/bin/env python3
"""bench/report.py: medians, ratios, and when two sides do not compare."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import measure  # noqa: E402
import report  # noqa: E402
from scenarios import SCENARIOS, Limit, Scenario, node  # noqa: E402


def answer(cost, **changes):
    run = {name: 1.0 for name in report.KEPT}
    run["server_cpu_us_per_delivery"] = cost
    return {**run, **changes}


def scenario(load="fanout --rate 100", **changes):
    return Scenario("some", "shows", load, load, (node(),), **changes)


class Summary(unittest.TestCase):
    def test_ratios_are_of_the_same_round(self):
        # The second round was slow for both: that is no spread of the ratio.
        runs = {"node": [answer(6), answer(12)],
                "floor-send": [answer(5), answer(10)]}
        ratio = report.summarise(scenario(), runs)["floor-send"]["compared"]
        self.assertEqual(ratio["ratio"],
                         {"median": 1.2, "min": 1.2, "max": 1.2})
        self.assertEqual(ratio["notes"], [])

    def test_says_when_one_side_joined_more(self):
        runs = {"node": [answer(1, messages_per_recv=1.0)],
                "floor-send": [answer(1, messages_per_recv=1.3)]}
        notes = report.summarise(scenario(), runs)["floor-send"]["compared"]
        self.assertIn("do not compare", notes["notes"][0])

    def test_says_when_one_side_did_not_keep_up(self):
        runs = {"node": [answer(1, deliveries_per_s=80)],
                "floor-send": [answer(1, deliveries_per_s=100)]}
        notes = report.summarise(scenario(), runs)["floor-send"]["compared"]
        self.assertIn("not the same load", notes["notes"][0])
        # Saturated, everybody is as fast as it can be.
        notes = report.summarise(scenario("fanout --window 1"), runs)
        self.assertEqual(notes["floor-send"]["compared"]["notes"], [])

    def test_limits_are_absolute_or_a_floor(self):
        runs = {"node": [answer(6)], "floor-send": [answer(5)]}

        def kept(limit):
            its = report.summarise(scenario(limits={"node": limit}), runs)
            return its["node"]["limit"]["kept"]

        self.assertTrue(kept(Limit(at_most=6)))
        self.assertFalse(kept(Limit(at_most=5.9)))
        self.assertTrue(kept(Limit(times=1.2, floor="floor-send")))
        self.assertFalse(kept(Limit(times=1, floor="floor-send")))
        self.assertIsNone(kept(Limit(times=1, floor="floor-joined")))

    def test_no_verdict_from_sides_that_do_not_compare(self):
        limits = {"node": Limit(times=1, floor="floor-send")}
        runs = {"node": [answer(1, messages_per_recv=4)],
                "floor-send": [answer(5, messages_per_recv=1)]}
        its = report.summarise(scenario(limits=limits), runs)
        self.assertIsNone(its["node"]["limit"]["kept"])


class Page(unittest.TestCase):
    def test_only_the_marked_section_is_replaced(self):
        text = (f"above\n{report.BEGIN} on -->\nold\n{report.END} -->\nbelow\n")
        self.assertEqual(
            report.replace_section(text, ["new", ""]),
            f"above\n{report.BEGIN} on -->\n\nnew\n\n{report.END} -->\nbelow\n")

    def test_the_page_of_the_project_has_its_marks(self):
        page = (ROOT / "docs" / "performance.md").read_text()
        self.assertIn("new", report.replace_section(page, ["new"]))

    def test_every_scenario_gives_rows(self):
        machine = dict.fromkeys(
            ("cpu", "cores", "kernel", "compiler", "commit"), "x")
        machine["date"] = "2026-01-02 03:04"
        fields = {name: 1.0 for name in report.FIGURE.values()}
        kept = {}
        for each in SCENARIOS:
            runs = {c.label: [answer(1, **fields)] for c in each.contenders}
            kept[each.name] = {"unit": each.unit, "runs": 1,
                               "load": each.load, "machine": machine,
                               "contenders": report.summarise(each, runs)}
        page = "\n".join(report.markdown(kept))
        for each in SCENARIOS:
            self.assertIn(f"| {each.name} |", page)
            self.assertIn(f"wsload {each.load}\n", page)


class Numbers(unittest.TestCase):
    def test_three_digits_that_matter(self):
        shown = [report.number(n) for n in (0.1234, 1.234, 12.34, 1234.5)]
        self.assertEqual(shown, ["0.123", "1.23", "12.3", "1,234"])


class Machine(unittest.TestCase):
    def test_names_no_folder_and_no_host(self):
        facts = " ".join(str(v) for v in measure.machine(ROOT).values())
        self.assertNotIn("/", facts.replace("GNU/Linux", ""))


if __name__ == "__main__":
    unittest.main()
