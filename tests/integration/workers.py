# SPDX-License-Identifier: BSD-2-Clause
"""The workers of a responder that was started with workers=1 or more, whose own pid is that of their parent."""

import os
import pathlib
import re
import shutil

import servers
from process import children_of, has_ended, until


def find(responder):
    """The pids of those that live, in the order of their start."""
    return [pid for pid in children_of(responder.pid) if not has_ended(pid)]


def wait(responder, count, without=(), timeout=20.0):
    """Until so many live and serve, and none of those given; their pids."""

    def found():
        pids = find(responder)
        return pids if len(pids) == count and not set(pids) & set(without) else None

    return until(found, f"{count} workers, none of {list(without)}", timeout, responder.must_be_alive)


def replace(responder, number):
    """SIGHUP or SIGUSR2; the pids of those that serve before, when the next ones do and they are asked to end."""
    before, offset = find(responder), len(responder.log())
    responder.signal(number)
    responder.wait_log("serving; workers", 30.0, offset)
    return before


def wait_ended(pids, timeout=20.0):
    for pid in pids:
        until(lambda: has_ended(pid), f"the worker {pid} ends", timeout)


def recorders(responder):
    """The pids of those that have subscribed since the responder's start."""
    return {int(pid) for pid in re.findall(r"\[(\d+)\] info: subscribed to", responder.log_since_start())}


class Private:
    """A program of its own file, which can be replaced while it runs, as an installation does."""

    def __init__(self, directory, kind=servers.Responder):
        self.path = pathlib.Path(directory) / "bin" / kind.program.name
        self.path.parent.mkdir()
        self.install(kind.program)
        self._real = kind.program

    def install(self, source):
        shutil.copy(source, self._new)
        self._new.rename(self.path)

    def write(self, content, mode=0o755):
        self._new.write_bytes(content.encode() if isinstance(content, str) else content)
        self._new.chmod(mode)
        self._new.rename(self.path)

    def write_script(self, lines, *options):
        """A later version: these lines, then the program with further options."""
        self.write("\n".join(["#!/bin/sh", *lines, f'exec {self._real} "$@" {" ".join(options)}', ""]))

    @property
    def _new(self):
        return self.path.with_suffix(".new")

    def is_run_by(self, pid):
        """By this very file, not by one that stood in its place before."""
        return os.path.samestat(os.stat(f"/proc/{pid}/exe"), self.path.stat())


def cpu_seconds(pid):
    """What a process has used so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
