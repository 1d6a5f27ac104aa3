# SPDX-License-Identifier: BSD-2-Clause
"""What a scenario is: a name, peers, one measurement of one peer, and what is promised of it.

all.py names them all.
"""

import collections

Figure = collections.namedtuple("Figure", "name unit digits is_compared", defaults=(False,))


class Target:
    """A promise: how the value is made of the medians of all peers, and between what it must lie."""

    def __init__(self, text, value, at_most=None, at_least=None):
        self.text = text
        self._value = value
        self.at_most = at_most
        self.at_least = at_least

    def judge(self, medians):
        """A dictionary; "is_met" is None when a peer that it needs was not measured."""
        try:
            value = self._value(medians)
        except (KeyError, TypeError, ZeroDivisionError):
            value = None
        is_met = None if value is None else self._is_within(value)
        limit = {"at_most": self.at_most, "at_least": self.at_least}
        return {"text": self.text, "value": value, "is_met": is_met, **limit}

    def _is_within(self, value):
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


class Scenario:
    name = None
    title = None  # one line: the load, in words
    remark = None  # stands under the table
    peers = ()  # classes; the first is what the others are compared with
    figures = ()  # Figure; those that are compared get a column of ratios
    targets = ()
    rounds = 3

    def measure(self, start):
        """One measurement: a dictionary with a value for each figure, None where it could not be told.

        start: start() is a context manager that gives a freshly started peer.
        """
        raise NotImplementedError
