# SPDX-License-Identifier: BSD-2-Clause
"""The scenarios, in the order of the table."""

from scenarios.channels import Channels
from scenarios.fanout import Fanout50, Fanout1000, Fanout2000, Saturated
from scenarios.growing import GrowthOfChannels, GrowthOfRate, GrowthOfStreams
from scenarios.idle import IdleCpu, IdleMemory
from scenarios.list_rate import ListRate
from scenarios.most import Most
from scenarios.one_message import OneMessage
from scenarios.recorded import RecordedRate
from scenarios.slow_client import SlowClient
from scenarios.storm import Storm

SCENARIOS = (
    Fanout50(),
    Fanout1000(),
    Fanout2000(),
    Most(),
    Saturated(),
    IdleMemory(),
    IdleCpu(),
    OneMessage(),
    Storm(),
    Channels(),
    SlowClient(),
    ListRate(),
    RecordedRate(),
    GrowthOfStreams(),
    GrowthOfChannels(),
    GrowthOfRate(),
)
