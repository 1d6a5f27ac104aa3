# SPDX-License-Identifier: BSD-2-Clause
"""How a cost grows with the work."""

import math


def exponent(work, costs):
    """The slope of the costs over the work on logarithmic axes, by least squares: 1 is linear, 0 is constant."""
    points = [(math.log(each), math.log(cost)) for each, cost in zip(work, costs)]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
