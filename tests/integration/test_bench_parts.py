# SPDX-License-Identifier: BSD-2-Clause
"""The parts of tests/bench that judge and show what was measured; they need no server."""

import contextlib
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BENCH = TOP / "tests" / "bench"
sys.path.append(str(BENCH))

import contest  # noqa: E402
from growth import exponent  # noqa: E402
from results import chart, disturbance, summary, table  # noqa: E402
from scenarios.all import SCENARIOS  # noqa: E402
from scenarios.scenario import Figure, Scenario, Target  # noqa: E402


@pytest.mark.parametrize("costs, slope", [((3, 12, 48), 1), ((5, 5, 5), 0), ((1, 16, 256), 2), ((4, 8, 16), 0.5)])
def test_the_exponent_is_the_power_with_which_the_cost_grows(costs, slope):
    assert exponent((1, 4, 16), costs) == pytest.approx(slope)


class Own:
    name, title = "own", "fcgi-push"


class Other:
    name, title = "other", "Other & <more>"


class Counting(Scenario):
    """Measures 3, 1, 2, ... of the one, and what the other does."""

    name, title = "1000x50", "a load"
    peers = (Own, Other)
    figures = (Figure("cpu", "µs", 1, True), Figure("lost", "", 0))
    targets = (
        Target("cpu", lambda of: of["own"]["cpu"], at_most=2),
        Target("× other", lambda of: of["own"]["cpu"] / of["other"]["cpu"], at_least=1),
    )

    def __init__(self, fails=False):
        self.fails = fails
        self.turns = []
        self._costs = {"own": iter((3.0, 1.0, 2.0)), "other": iter((30.0, 10.0, 20.0))}

    def measure(self, start):
        with start() as peer:
            self.turns.append(peer.name)
            if self.fails and peer is Other:
                raise RuntimeError("no such server\nand more of it")
            return {"cpu": next(self._costs[peer.name]), "lost": 0}


@pytest.fixture
def without_servers(monkeypatch):
    """A peer is its class."""
    monkeypatch.setattr(contest, "started", contextlib.nullcontext)
    monkeypatch.setattr(contest, "REPEATS", 0)


def measured(scenario, wanted=()):
    return contest.measure_scenario(scenario, None, wanted, lambda text: None)


def document_of(result):
    machine = {"cores": 2, "processor": "x", "memory_gb": 4, "kernel": "Linux"}
    return {"date": "today", "machine": machine, "versions": {"redis": "7", "PHP": None}, "scenarios": [result]}


def test_peers_take_turns_and_the_median_counts(without_servers):
    scenario = Counting()
    result = measured(scenario)
    assert scenario.turns == ["own", "other"] * 3
    assert result["medians"] == {"own": {"cpu": 2.0, "lost": 0}, "other": {"cpu": 20.0, "lost": 0}}
    assert [target["is_met"] for target in result["targets"]] == [True, False]


def test_a_peer_that_fails_is_told_and_the_others_are_measured(without_servers):
    scenario = Counting(fails=True)
    result = measured(scenario)
    assert scenario.turns == ["own", "other", "own", "own"]
    assert result["failures"] == {"other": "no such server"}
    assert [target["is_met"] for target in result["targets"]] == [True, None]
    text = table.text(document_of(result))
    assert "Other & <more> failed: no such server" in text
    assert "not measured" in text


def test_only_the_wanted_peers_are_measured(without_servers):
    scenario = Counting()
    assert list(measured(scenario, ["other"])["medians"]) == ["other"]


def test_tables_show_figures_and_their_ratio_to_the_first_peer(without_servers):
    document = document_of(measured(Counting()))
    assert table.table_of(document["scenarios"][0]) == [
        ["peer", "cpu, µs", "×", "lost"],
        ["fcgi-push", "2.0", "1.00", "0"],
        ["Other & <more>", "20.0", "10.00", "0"],
    ]
    assert "| fcgi-push | 2.0 | 1.00 | 0 |" in table.markdown(document).splitlines()
    assert ["1000x50", "× other", "0.10", "≥ 1", "MISSED"] in table.targets_of(document["scenarios"])


QUIET = {"stolen_percent": 0.1, "others_percent": 4.0, "pause_ms": 20.0}


def test_each_round_says_what_the_machine_took_meanwhile(without_servers):
    result = measured(Counting())
    assert [len(rounds) for rounds in result["disturbances"].values()] == [3, 3]
    assert set(result["disturbances"]["own"][0]) == {*QUIET, "repeats"}


@pytest.mark.parametrize("stolen, repeats", [([1], 0), ([6, 1], 1), ([6, 7, 1], 2), ([6, 7, 8, 1], 2)])
def test_a_disturbed_measurement_is_taken_again_twice_at_most(without_servers, monkeypatch, stolen, repeats):
    monkeypatch.setattr(contest, "REPEATS", 2)
    percents = iter(stolen)

    class Watch(contextlib.nullcontext):
        def __init__(self):
            super().__init__(self)
            self.found = {**QUIET, "stolen_percent": next(percents)}

    monkeypatch.setattr(disturbance, "Watch", Watch)
    scenario = Counting()
    scenario.peers = scenario.peers[:1]
    figures, found = contest.measure_undisturbed(scenario, scenario.peers[0], lambda text: None)
    assert found == {**QUIET, "stolen_percent": stolen[repeats], "repeats": repeats}
    assert figures["cpu"] == (3.0, 1.0, 2.0)[repeats]
    assert len(scenario.turns) == repeats + 1


def test_disturbed_rounds_are_noted_under_the_table(without_servers):
    result = measured(Counting())
    result["disturbances"] = {
        "own": [QUIET, QUIET, QUIET],
        "other": [QUIET, {**QUIET, "stolen_percent": 12.3}, {**QUIET, "stolen_percent": 8.0, "pause_ms": 1234.0}],
    }
    document = document_of(result)
    assert table.notes_of(result) == [
        "disturbed: Other & <more>, 2 of 3 rounds: 12, 8 % of the cores were taken by the machine's host",
        "disturbed: Other & <more>, 1 of 3 rounds: 1,234 ms long the machine stood still",
    ]
    assert all(f"- {note}" in table.markdown(document).splitlines() for note in table.notes_of(result))


@pytest.mark.parametrize(
    "after, own_s, stolen, others",
    [
        ("cpu 0 0 0 200 0 0 0 0 0 0", 0, 0, 0),  # idle
        ("cpu 50 0 30 100 0 10 10 0 0 0", 1.0, 0, 0),  # all ours
        ("cpu 50 0 30 100 0 10 10 0 50 0", 0.5, 0, 25),  # guests are users, too
        ("cpu 0 0 0 150 0 0 0 50 0 0", 0, 25, 0),
        ("cpu 0 0 0 0 200 0 0 0 0 0", 0, 0, 0),  # waiting for a disk is not using
    ],
)
def test_what_the_cores_did_is_told_from_the_clocks_of_the_machine(monkeypatch, after, own_s, stolen, others):
    monkeypatch.setattr(disturbance, "TICKS_PER_S", 100)
    assert disturbance.shares("cpu 0 0 0 0 0 0 0 0 0 0", after, own_s) == pytest.approx((stolen, others))


def test_what_is_started_and_has_ended_counts_as_ours():
    before = disturbance.own_cpu_seconds()
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert disturbance.own_cpu_seconds() - before >= 0.3


def test_what_is_to_be_known_with_the_figures_stands_under_the_table(without_servers):
    scenario = Counting()
    scenario.remark = "own keeps more"
    assert "- own keeps more" in table.markdown(document_of(measured(scenario))).splitlines()


class Named:
    def __init__(self, name):
        self.name, self.title = name, name


class Compared(Counting):
    """As Counting, of peers that the summary knows."""

    peers = (Named("fcgi-push"), Named("nchan-redis"))
    figures = (Figure("cpu", "µs", 1, True), Figure("p99", "ms", 2))
    targets = ()

    def measure(self, start):
        with start() as peer:
            return {"cpu": {"fcgi-push": 12.34, "nchan-redis": 5.0}[peer.name], "p99": None}


def test_the_summary_has_chosen_figures_of_those_who_were_measured(without_servers):
    document = document_of(measured(Compared()))
    document["versions"]["commit"] = "c0ffee"
    document["scenarios"][0]["disturbances"] = {"fcgi-push": [QUIET, QUIET]}
    assert summary.rows_of({**document, "scenarios": []}) == [summary.rows_of(document)[0]]
    lines = summary.markdown(document).splitlines()
    assert lines[0] == "|  | fcgi-push | Nchan | Node | PHP-FPM | bare C loop |"
    assert lines[2].endswith("µs a delivery | 12.3 | 5.0 | – | – | – |")
    assert lines[3] == "| the same: latency p99, ms | – | – | – | – | – |"
    assert lines[-1] == "Measured today, 2 cores (x), 4 GB, Linux, at commit c0ffee."
    document["scenarios"][0]["disturbances"]["nchan-redis"] = [{**QUIET, "pause_ms": 200.0}]
    assert "c0ffee. Disturbed by what else the machine did: 1 of 3 measurements." in summary.markdown(document)


@pytest.mark.parametrize("row", summary.ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_the_summary_names_scenarios_and_figures_that_there_are(row):
    scenario, figure, _ = row
    figures = {each.name: [figure.name for figure in each.figures] for each in SCENARIOS}
    assert figure in figures[scenario]


def test_the_summary_names_peers_that_there_are():
    known = {kind.name for scenario in SCENARIOS for kind in scenario.peers}
    assert known >= {name for _, names in summary.COLUMNS for name in names}


def test_the_readme_has_a_place_for_the_table_and_keeps_all_else():
    loader = importlib.machinery.SourceFileLoader("update_readme", str(BENCH / "update-readme"))
    update = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(update)
    readme = (TOP / "README.md").read_text()
    once = update.with_table(readme, "| new |\n")
    before, rest = readme.split(update.BEGIN)
    after = rest.split(update.END)[1]
    assert once == f"{before}{update.BEGIN}| new |\n{update.END}{after}"
    assert update.with_table(once, "| newer |\n") == once.replace("| new |", "| newer |")


def test_the_chart_is_an_svg_with_a_bar_for_each_peer_in_proportion(without_servers):
    drawing = ElementTree.fromstring(chart.svg(document_of(measured(Counting()))))
    bars = drawing.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 2
    assert float(bars[1].get("width")) == pytest.approx(10 * float(bars[0].get("width")), rel=0.01)
    assert "prefers-color-scheme: dark" in ElementTree.tostring(drawing, encoding="unicode")


def test_without_its_figures_there_is_no_chart():
    assert chart.svg({"scenarios": []}) is None


def test_every_scenario_can_be_chosen_by_a_name_of_its_own():
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_targets_name_peers_and_figures_that_the_scenario_has(scenario):
    figures = {figure.name: 1.0 for figure in scenario.figures}
    medians = {kind.name: figures for kind in scenario.peers}
    assert all(target.judge(medians)["value"] is not None for target in scenario.targets)
