# SPDX-License-Identifier: BSD-2-Clause
"""Measures scenarios: short rounds, in each of which every peer has its turn, and the median of the rounds."""

import contextlib
import statistics
import time

import stage
from results import disturbance

REPEATS = 2  # of a measurement that the machine disturbed


@contextlib.contextmanager
def started(kind):
    """A peer on a stage of its own."""
    with stage.open_stage() as own:
        yield kind(own)


def measure(scenario, kind):
    """The figures, and what the machine took meanwhile."""
    with disturbance.Watch() as watch:
        figures = scenario.measure(lambda: started(kind))
    return figures, watch.found


def measure_undisturbed(scenario, kind, say):
    """As `measure`, again while it was disturbed; whatever comes, the last time counts."""
    for repeats in range(REPEATS + 1):
        figures, found = measure(scenario, kind)
        if repeats == REPEATS or not disturbance.is_disturbed(found):
            return figures, {**found, "repeats": repeats}
        say("the machine was disturbed, so once more")


def measure_scenario(scenario, rounds, wanted, say):
    """The result as it is stored.

    rounds: None for as many as the scenario wants. wanted: names of peers, empty for all. say: is told what is done.
    """
    kinds = [kind for kind in scenario.peers if not wanted or kind.name in wanted]
    measured = {kind.name: [] for kind in kinds}
    disturbances = {kind.name: [] for kind in kinds}
    started_s = time.monotonic()
    failures = {}
    for number in range(rounds or scenario.rounds):
        for kind in kinds:
            if kind.name in failures:
                continue
            say(f"{scenario.name}, round {number + 1}: {kind.title}")
            try:
                figures, found = measure_undisturbed(scenario, kind, say)
                measured[kind.name].append(figures)
                disturbances[kind.name].append(found)
            except Exception as error:  # a peer that fails is a result, too
                say(f"{kind.title} failed: {error!r}")
                failures[kind.name] = (str(error) or repr(error)).splitlines()[0]
    medians = {name: median_of(figures) for name, figures in measured.items() if figures}
    return {
        "name": scenario.name,
        "title": scenario.title,
        "remark": scenario.remark,
        "seconds": round(time.monotonic() - started_s, 1),
        "figures": [figure._asdict() for figure in scenario.figures],
        "peers": [{"name": kind.name, "title": kind.title} for kind in kinds],
        "medians": medians,
        "rounds": measured,
        "disturbances": disturbances,
        "failures": failures,
        "targets": [target.judge(medians) for target in scenario.targets],
    }


def median_of(measurements):
    """Of each figure; None where it was not known once."""
    values = {name: [each.get(name) for each in measurements] for name in measurements[0]}
    return {name: None if None in known else statistics.median(known) for name, known in values.items()}
