#!/usr/bin/env python3
"""bench/run's arithmetic and its page: medians, ratios, limits, and what is said
of servers that do not compare."""

import contextlib
import importlib.util
import io
import json
import os
import pathlib
import sys
import tempfile
import types
import unittest
from importlib.machinery import SourceFileLoader
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import measure  # noqa: E402
import page  # noqa: E402
import report  # noqa: E402
import servers  # noqa: E402
from contenders import (JOINED, NCHAN, SEND, WS, Limit, Scenario,  # noqa: E402
                        deflated, node)
from scenarios import SCENARIOS  # noqa: E402

sys.dont_write_bytecode = True
loader = SourceFileLoader("bench_run", str(ROOT / "bench" / "run"))
bench_run = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("bench_run", loader))
loader.exec_module(bench_run)


def answer(cost, **changes):
    run = {name: 1.0 for name in report.KEPT}
    run.update(mode="fanout", conns=11, rooms=1, rate=0, faults=[],
               server_cpu_us_per_delivery=cost)
    return {**run, **changes}


def scenario(**changes):
    return Scenario("some", "shows", "load", "load",
                    (node(), SEND, JOINED, WS, NCHAN), **changes)


def summary_of(label, answers, ours=None):
    runs = {"node": ours or [answer(6)] * len(answers), label: answers}
    return report.summarise(scenario(), runs)[label]


class Summary(unittest.TestCase):
    def test_ratios_are_of_the_same_round(self):
        # The second round was slow for both: that is no spread of the ratio.
        its = summary_of("floor-send", [answer(5), answer(10)],
                         [answer(6), answer(12)])
        self.assertEqual(its["ratio"], {"median": 1.2, "min": 1.2, "max": 1.2})
        self.assertEqual(its["notes"], [])

    def test_peers_have_ratios_too(self):
        its = summary_of("ws", [answer(12)])
        self.assertEqual((its["ratio"]["median"], its["kind"]), (0.5, "ws"))

    def test_without_a_node_there_are_no_ratios(self):
        result = report.summarise(scenario(), {"ws": [answer(1)]})
        self.assertIsNone(result["ws"]["ratio"])

    def test_says_when_one_side_joined_more(self):
        its = summary_of("floor-send", [answer(1, messages_per_recv=1.3)])
        self.assertIn("not the same work", its["notes"][0])

    def test_says_when_a_server_did_not_keep_up(self):
        # Ten of eleven members get each message; with an echo, all do.
        slow = answer(1, rate=100, deliveries_per_s=800)
        its = summary_of("ws", [slow])
        self.assertIn("did not keep up: 80% of the load", its["notes"][0])
        self.assertFalse(its["sound"])
        fast = answer(1, rate=100, deliveries_per_s=1000)
        self.assertEqual(summary_of("ws", [fast])["notes"], [])
        echo = answer(1, rate=100, deliveries_per_s=1100)
        self.assertEqual(summary_of("nchan", [echo])["notes"], [])
        self.assertIn("91%", summary_of("nchan", [fast])["notes"][0])

    def test_in_rooms_every_connection_sends_at_the_rate(self):
        rooms = answer(1, mode="rooms", conns=40, rooms=10, rate=10,
                       deliveries_per_s=1200)
        self.assertEqual(summary_of("ws", [rooms])["notes"], [])
        rooms["deliveries_per_s"] = 1100
        self.assertIn("92%", summary_of("ws", [rooms])["notes"][0])


class FaultsOfPeers(unittest.TestCase):
    def test_a_failed_run_is_reported_and_the_rest_count(self):
        its = summary_of("ws", [answer(2), {"failed": "no figures"}, answer(3)],
                         [answer(6), answer(9), answer(12)])
        self.assertEqual(its["notes"], ["failed in 1 of 3 runs: no figures"])
        self.assertEqual(its["figure"]["median"], 2.5)
        self.assertEqual(its["ratio"], {"median": 3.5, "min": 3, "max": 4})
        self.assertFalse(its["sound"])

    def test_a_peer_that_always_fails_has_no_figure(self):
        its = summary_of("ws", [{"failed": "no figures"}] * 2)
        self.assertIsNone(its["figure"])
        self.assertIsNone(its["ratio"])
        self.assertIn("failed in 2 of 2 runs", its["notes"][0])

    def test_loss_is_reported_beside_the_figure(self):
        its = summary_of("ws", [answer(2), answer(2, faults=["7 lost"])])
        self.assertEqual(its["notes"], ["faulty in 1 of 2 runs: 7 lost"])
        self.assertEqual(its["figure"]["median"], 2)

    def test_every_kind_of_fault_has_a_name(self):
        run = dict.fromkeys(measure.FAULTS, 0) | {"lost": 1200,
                                                  "closed_by_server": 3}
        self.assertEqual(measure.faults_of(run, WS),
                         ["1,200 lost", "3 closed by server"])

    def test_plain_messages_are_a_fault_where_compression_is_measured(self):
        run = dict.fromkeys(measure.FAULTS, 0) | {"received": 10,
                                                  "compressed": 10}
        self.assertEqual(measure.faults_of(run, deflated(node())), [])
        run["compressed"] = 0
        faults = measure.faults_of(run, deflated(node()))
        self.assertIn("permessage-deflate was not agreed to", faults[0])
        self.assertEqual(measure.faults_of(run, node()), [])


class Runs(unittest.TestCase):
    def run_of(self, contender, outcome):
        def run(*_):
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        bench = types.SimpleNamespace(servers=servers.all_servers(ROOT),
                                      run=run)
        return bench_run.run_once(bench, scenario(), contender, "load", ())

    def test_faults_of_ours_are_failures(self):
        sound, faulty = answer(1), answer(1, faults=["7 lost"])
        for ours in (node(), SEND):
            self.assertEqual(self.run_of(ours, sound), sound)
            for outcome in (faulty, measure.Failure("7 lost")):
                with self.assertRaisesRegex(measure.Failure, "some.*: 7 lost"):
                    self.run_of(ours, outcome)

    def test_faults_of_peers_are_kept(self):
        faulty = answer(1, faults=["7 lost"])
        self.assertEqual(self.run_of(WS, faulty), faulty)
        self.assertEqual(self.run_of(WS, measure.Failure("gone")),
                         {"failed": "gone"})

    def chosen(self, kinds, lacking=()):
        its = servers.all_servers(ROOT)
        for kind, server in its.items():
            server.missing = lambda lacks=kind in lacking: "no" * lacks
        given = types.SimpleNamespace(servers=kinds, scenario=["deflate-1k",
                                                               "relay-32"])
        kinds, those = bench_run.choose(types.SimpleNamespace(servers=its),
                                        given)
        return kinds, [(each.name, [c.label for c in each.contenders])
                       for each in those]

    def test_only_the_servers_that_were_asked_for_take_part(self):
        kinds, those = self.chosen(["nats", "node"])
        self.assertEqual(kinds, ["node", "nats"])
        self.assertEqual(those, [("relay-32", ["node", "nats"]),
                                 ("deflate-1k", ["node"])])
        self.assertEqual(self.chosen(["nats"])[1], [("relay-32", ["nats"])])

    def test_a_missing_peer_is_left_out_and_said(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            kinds, _ = self.chosen(servers.KINDS, lacking=["nchan"])
        self.assertNotIn("nchan", kinds)
        self.assertEqual(said.getvalue(), "bench: without nchan: no\n")

    def test_a_missing_program_of_ours_ends_it(self):
        with self.assertRaises(measure.Failure):
            self.chosen(servers.KINDS, lacking=["floor"])


class Limits(unittest.TestCase):
    def judged(self, limit, ours=None, **floor):
        runs = {"node": [ours or answer(6)], "floor-send": [answer(5, **floor)]}
        its = report.summarise(scenario(limits={"node": (limit,)}), runs)
        return its["node"]["limits"][0]

    def kept(self, limit, *arguments, **more):
        return self.judged(limit, *arguments, **more)["kept"]

    def test_are_absolute_or_a_floor(self):
        self.assertTrue(self.kept(Limit(at_most=6)))
        self.assertFalse(self.kept(Limit(at_most=5.9)))
        self.assertTrue(self.kept(Limit(times=1.2, floor="floor-send")))
        self.assertFalse(self.kept(Limit(times=1, floor="floor-send")))
        self.assertIsNone(self.kept(Limit(times=1, floor="floor-joined")))

    def test_may_be_of_deliveries(self):
        ours = answer(6, deliveries_per_s=4e6)
        self.assertTrue(self.kept(Limit(at_least=4e6), ours))
        self.assertFalse(self.kept(Limit(at_least=5e6), ours))

    def test_are_not_kept_by_joining_more(self):
        easy, hard = (Limit(times=times, floor="floor-send")
                      for times in (9, 1))
        joining = answer(6, messages_per_recv=4)
        self.assertTrue(self.kept(easy))
        self.assertIsNone(self.kept(easy, joining))
        self.assertIs(self.kept(hard, joining), False)
        # Joining less is no excuse, and no gain.
        self.assertIs(self.kept(hard, messages_per_recv=4), False)
        self.assertTrue(self.kept(easy, messages_per_recv=4))

    def test_are_not_judged_where_a_side_fell_behind(self):
        limit = Limit(times=9, floor="floor-send")
        self.assertIsNone(self.kept(limit, rate=100, deliveries_per_s=500))

    def test_that_were_missed_are_listed_with_what_it_was(self):
        runs = {"node": [answer(6)]}
        limits = {"node": (Limit(at_most=7), Limit(at_most=5))}
        result = report.summarise(scenario(limits=limits), runs)
        self.assertEqual(list(report.missed("some", result)),
                         ["some, node: ≤ 5; it was 6.00"])

    def test_name_contenders_that_take_part(self):
        for each in SCENARIOS:
            labels = [contender.label for contender in each.contenders]
            self.assertEqual(len(set(labels)), len(labels), each.name)
            for label, limits in each.limits.items():
                self.assertIn(label, labels)
                for limit in limits:
                    self.assertIn(limit.floor, ["", *labels], each.name)


def kept_results(**changes):
    """What bench/run would have kept of all scenarios."""
    machine = dict.fromkeys(
        ("cpu", "cores", "kernel", "compiler", "commit"), "x")
    machine["date"] = "2026-01-02 03:04"
    fields = {name: 1.0 for name in report.FIGURE.values()}
    kept = {}
    for each in SCENARIOS:
        runs = {c.label: [answer(1, **fields)] for c in each.contenders}
        for label, answers in changes.items():
            if label in runs:
                runs[label] = answers
        kept[each.name] = {"format": page.FORMAT, "unit": each.unit, "runs": 1,
                           "load": each.load, "machine": machine,
                           "versions": {"ws": "1.2.3"},
                           "contenders": report.summarise(each, runs)}
    return kept


class Page(unittest.TestCase):
    def test_only_the_marked_section_is_replaced(self):
        text = (f"above\n{page.BEGIN} on -->\nold\n{page.END} -->\nbelow\n")
        self.assertEqual(
            page.replace_section(text, ["new", ""]),
            f"above\n{page.BEGIN} on -->\n\nnew\n\n{page.END} -->\nbelow\n")

    def test_the_page_of_the_project_has_its_marks(self):
        text = (ROOT / "docs" / "performance.md").read_text()
        self.assertIn("new", page.replace_section(text, ["new"]))

    def test_every_scenario_gives_rows(self):
        text = "\n".join(page.markdown(kept_results()))
        for each in SCENARIOS:
            for contender in each.contenders:
                self.assertIn(f"| {each.name} | {contender.label} |", text)
            self.assertIn(f" wsload {each.load}\n", text)
        self.assertIn("ws 1.2.3", text)

    def test_a_peer_without_figures_has_a_row_that_says_why(self):
        failed = [{"failed": "gone |\naway"}]
        text = "\n".join(page.markdown(kept_results(ws=failed)))
        self.assertIn("| relay-1 | ws | – |", text)
        self.assertIn("failed in 1 of 1 runs: gone \\| away |", text)

    def test_a_failed_scenario_is_said_and_has_no_rows(self):
        kept = kept_results()
        kept["pairs"] = {"format": page.FORMAT, "failed": "7 lost"}
        text = "\n".join(page.markdown(kept))
        self.assertIn("FAILED: `pairs`: 7 lost", text)
        self.assertNotIn("| pairs |", text)

    def test_limits_are_summed_up(self):
        kept = kept_results(node=[answer(6.6)])
        text = "\n".join(page.markdown(kept))
        self.assertRegex(text, r"Of \d+ limits \d+ were kept, \d+ missed")
        self.assertIn("- relay-1, node: ≤ 6.5; it was 6.60\n", text)

    def test_what_an_older_bench_kept_is_left_out(self):
        kept = kept_results()
        del kept["pairs"]["format"]
        self.assertNotIn("| pairs |", "\n".join(page.markdown(kept)))


class Plots(unittest.TestCase):
    def drawn(self, kept):
        """The plots as bytes, by name."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            file = folder / "bench.json"
            file.write_text(json.dumps(kept))
            page.draw(file, folder / "plots")
            return {each.stem: each.read_bytes()
                    for each in (folder / "plots").iterdir()}

    def test_those_that_the_page_shows_are_drawn(self):
        plots = self.drawn(kept_results())
        self.assertEqual(set(plots), set(page.PLOTS))
        texts = set()
        for name, plot in plots.items():
            root = ElementTree.fromstring(plot)
            texts |= {each.text for each in root.iter() if each.text}
            self.assertNotIn(b"#0000f", plot, "a colour is not a variable")
            self.assertNotRegex(plot, rb"(?m)[ \t]$")
            self.assertLess(len(plot), 150_000, name)
        for each in SCENARIOS:
            self.assertIn(each.name, texts)
            for contender in each.contenders:
                self.assertIn(contender.label, texts)

    def test_a_part_is_enough_and_the_same_figures_give_the_same_bytes(self):
        def some():
            kept = kept_results(ws=[{"failed": "gone"}])
            return {name: kept[name] for name in ("relay-1", "pairs")}

        plots = self.drawn(some())
        self.assertEqual(set(plots), {"cpu", "latency"})
        self.assertEqual(plots, self.drawn(some()))
        self.assertIn(b"failed *", plots["cpu"])
        text = "\n".join(page.markdown(some()))
        self.assertEqual(text.count(".svg)"), 2)


class Numbers(unittest.TestCase):
    def test_three_digits_that_matter(self):
        shown = [report.number(n) for n in (0.1234, 1.234, 12.34, 1234.5)]
        self.assertEqual(shown, ["0.123", "1.23", "12.3", "1,234"])


class Machine(unittest.TestCase):
    def test_names_no_folder_and_no_host(self):
        facts = " ".join(str(v) for v in measure.machine(ROOT).values())
        self.assertNotIn("/", facts.replace("GNU/Linux", ""))


class Servers(unittest.TestCase):
    def test_every_contender_is_of_a_known_kind(self):
        known = servers.all_servers(ROOT)
        self.assertEqual(tuple(known), servers.KINDS)
        for each in SCENARIOS:
            for contender in each.contenders:
                self.assertIn(contender.kind, known)

    def test_what_is_not_there_says_where_it_comes_from(self):
        nowhere = pathlib.Path("nowhere")
        for kind, server in servers.all_servers(nowhere).items():
            for place in ("program", "module", "package"):
                if hasattr(server, place):
                    setattr(server, place, nowhere)
            self.assertRegex(server.missing(), r"\./dev|ci/setup", kind)

    def test_configurations_are_filled_in(self):
        with tempfile.TemporaryDirectory() as name:
            for kind in ("nchan", "nats"):
                folder = pathlib.Path(name) / kind
                folder.mkdir()
                servers.all_servers(ROOT)[kind].command([], 12345, folder, ())
                text, = (file.read_text() for file in folder.iterdir())
                self.assertIn("127.0.0.1:12345", text)
                self.assertNotRegex(text, "@[A-Z]+@")

    def test_the_worker_is_found_below_its_master(self):
        process = measure.subprocess.Popen(["sh", "-c", "sleep 60 & wait"])
        try:
            worker, = servers.Nchan().measured(process)
            self.assertNotEqual(worker, process.pid)
        finally:
            process.terminate()
            process.wait()
        os.kill(worker, 15)


if __name__ == "__main__":
    unittest.main()
