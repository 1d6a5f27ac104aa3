# SPDX-License-Identifier: BSD-2-Clause
"""Where and with what was measured."""

import datetime
import json
import os
import platform
import re
import subprocess

from examples import TOP
from servers import PROGRAM

from peers.node import DIRECTORY as NODE


def first_match(pattern, *argv):
    """The group of the pattern in what a program says of itself; None when it is not there."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        return None
    found = re.search(pattern, done.stdout)
    return found[1] if found else None


def package(name):
    return first_match(r"(\S+)", "dpkg-query", "-W", "-f", "${Version}", name)


def versions():
    return {
        "fcgi-push": first_match(r"(\d\S*)", PROGRAM, "--version"),
        "commit": first_match(r"^([0-9a-f]+\S*)$", "git", "-C", TOP, "describe", "--always", "--dirty"),
        "redis": package("redis-server"),
        "lighttpd": package("lighttpd"),
        "nginx": package("nginx-light"),
        "Nchan": package("libnginx-mod-nchan"),
        "PHP": first_match(r"PHP (\S+)", "php", "--version"),
        "phpredis": package("php-redis"),
        "Node": first_match(r"v(\S+)", "node", "--version"),
        "redis for Node": json.loads((NODE / "package.json").read_text())["dependencies"]["redis"],
    }


def machine():
    with open("/proc/cpuinfo") as cpuinfo:
        processor = re.search(r"model name\s*: (.*)", cpuinfo.read())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "processor": processor[1] if processor else platform.machine(),
        "memory_gb": round(memory / 2**30),
        "kernel": f"{platform.system()} {platform.release()}",
    }


def facts():
    """The beginning of a document of results."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "versions": versions(),
    }
