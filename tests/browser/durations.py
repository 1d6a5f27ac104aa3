# SPDX-License-Identifier: BSD-2-Clause
"""How long something lasts, as a parameter of tests."""

import pytest


def seconds(number):
    """More than a few only with --long."""
    return pytest.param(number, marks=pytest.mark.long if number > 10 else ())
