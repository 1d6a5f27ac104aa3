# SPDX-License-Identifier: BSD-2-Clause
"""Measures scenarios: short rounds, in each of which every peer has its turn, and the median of the rounds."""

import contextlib
import statistics
import time

import stage
from results import disturbance


@contextlib.contextmanager
def started(kind):
    """A peer on a stage of its own."""
    with stage.open_stage() as own:
        yield kind(own)


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
                with disturbance.Watch() as watch:
                    measured[kind.name].append(scenario.measure(lambda kind=kind: started(kind)))
                disturbances[kind.name].append(watch.found)
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
