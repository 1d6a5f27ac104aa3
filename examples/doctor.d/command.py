# SPDX-License-Identifier: BSD-2-Clause
"""The command line: its arguments, the order of the checks, the exit status."""

import argparse
import os
import sys

import advice
import capacity
import delivery
import opening
import polling
import quiet
import reach
import resume
import vanish
from case import Case, Enough
from report import Report
from resp import Redis
from target import Target
from wire import Trouble

CHECKS = (
    reach.check,
    opening.check,
    delivery.check,
    resume.check,
    polling.check,
    capacity.check_http1,
    capacity.check_http2,
    quiet.check,
    vanish.check,
)

EPILOG = """
With --redis numbered events go to a channel of a random name, doctor-xxxxxxxx (its history, if there is one, is kept
as long as any other); without, heartbeats are all that is seen. Example:

  doctor --redis redis://127.0.0.1:6379 https://www.example.org/events

exit status: 0 when there is no PROBLEM (a WARNING is printed, and does not count), 1 when there is one,
2 when the arguments are wrong.
"""


def process_id(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("takes the number of a process")
    return value


def seconds(text):
    value = float(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError("takes seconds, more than 0 and at most 3600")
    return value


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def _parser():
    parser = Parser(
        prog="doctor",
        allow_abbrev=False,
        description="Says why events do not arrive from a mount of sse.fcgi, and which line mends the configuration.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("url", metavar="URL", help="the mount as browsers ask for it: https://host/events?channel=news")
    add("--redis", metavar="URL", help="publish test events: redis://[user:pass@]host[:port] or unix:///path")
    add("--channel", metavar="NAME", help="publish them on this channel, one that --channels allows")
    add("--prefix", default="push:", metavar="TEXT", help="--prefix of sse.fcgi (push:)")
    add("--user", metavar="NAME:PASSWORD", help="log in to the web server (Basic)")
    add("--insecure", dest="is_insecure", action="store_true", help="take any certificate")
    add("--server", choices=advice.SERVERS, help="whose configuration to talk of, if Server: does not say")
    add("--timeout", type=seconds, default=5.0, metavar="SECONDS", help="patience for any answer (5)")
    add("--quiet", type=seconds, default=20.0, metavar="SECONDS", help="patience for a heartbeat (20)")
    add("--list", metavar="PATH", help="long poll (beside the mount: /list)")
    add("--subscribe", metavar="PATH", help="long poll (beside the mount: /subscribe)")
    add("--counters", metavar="FILE", help="the log of sse.fcgi, on its machine; with --pid")
    add("--pid", type=process_id, metavar="PID", help="the process of sse.fcgi, to which SIGUSR1 is sent")
    return parser


def _prepare(arguments):
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.counters) != bool(options.pid):
        parser.error("--counters and --pid go together: the log, and the process that writes it")
    try:
        target = Target(options.url, options.user)
        redis = Redis(options.redis, options.timeout) if options.redis else None
    except ValueError as error:
        parser.error(str(error))
    return Case(target, options, Report(sys.stdout), redis)


def _examine(case):
    for check in CHECKS:
        try:
            check(case)
        except Trouble as trouble:
            case.report.problem("answer", str(trouble), "no-answer")
            raise Enough from None


def main(arguments=None):
    case = _prepare(arguments)
    sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a character of the advice
    try:
        case.report.say(f"doctor: {case.target}")
        _examine(case)
    except Enough:
        case.report.unknown("the rest", "was not checked: mend this first, then ask again")
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in its buffer
        return 1
    finally:
        if case.redis:
            case.redis.close()
    return case.report.end()
