# SPDX-License-Identifier: BSD-2-Clause
"""A child process of a test: its start, its readiness, its log and its end."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None)


def die_with_parent():
    """A test run that is killed leaves no server behind; one that was started in the background, or by nohup, ignores
    signals that its servers shall not ignore."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans():
    """What our children leave behind is ours to wait for from now on."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def accepts(address):
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


def until(condition, what, timeout=10.0, check=lambda: None):
    """Polls for the condition; check raises when waiting has become pointless."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        check()
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.01)
    return result


def read_proc(pid, file):
    """A file of the process, as proc(5) has it; empty when there is no such process, or none any more."""
    try:
        return pathlib.Path(f"/proc/{pid}/{file}").read_text()
    except (FileNotFoundError, ProcessLookupError):  # ESRCH: it ended between open and read
        return ""


def name_of(pid):
    return read_proc(pid, "comm").strip()


def state_of(pid):
    """The letter in its stat; None when there is no such process."""
    stat = read_proc(pid, "stat")
    return stat.rpartition(")")[2].split()[0] if stat else None


def has_ended(pid):
    """Also true for a zombie: who reaps an orphan, and when, is not up to it."""
    return state_of(pid) in (None, "Z")


def pause(pid):
    """SIGSTOP takes hold of one that is at work a moment later: it does no more when this returns."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: state_of(pid) == "T", f"{pid} is stopped")


def children_of(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Process:
    """Start, stop and kill of one program; its output goes to a log file."""

    name = "process"

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.log_path = self.directory / f"{self.name}.log"
        self._child = None

    # What a subclass says about itself.

    def argv(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def is_ready(self):
        return True

    # Life cycle.

    def start(self, **popen):
        self._log_start = len(self.log())
        with open(self.log_path, "ab") as log:
            self._child = subprocess.Popen(
                [str(word) for word in self.argv()],
                stdin=popen.pop("stdin", subprocess.DEVNULL),
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment()},
                preexec_fn=die_with_parent,
                **popen,
            )
        until(self.is_ready, f"{self.name} is ready", 20.0, self.must_be_alive)
        return self

    @property
    def pid(self):
        return self._child.pid

    def is_alive(self):
        return self._child is not None and self._child.poll() is None

    def must_be_alive(self):
        if not self.is_alive():
            status = self._child.poll() if self._child else "never started"
            raise AssertionError(f"{self.name} has ended ({status}):\n{self.log()[-3000:]}")

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, timeout=10.0):
        """Waits for its end; the exit status, negative for a signal."""
        return self._child.wait(timeout)

    def stop(self, timeout=10.0):
        """Ends it by SIGTERM; its exit status."""
        if self.is_alive():
            self._child.terminate()
        return self.wait(timeout)

    def kill(self):
        if self.is_alive():
            self._child.kill()
            self.wait()

    def pause(self):
        pause(self.pid)

    def resume(self):
        self.signal(signal.SIGCONT)

    # The log.

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_since_start(self):
        return self.log()[self._log_start :]

    def wait_log(self, text, timeout=10.0, after=0):
        """Until the log contains text beyond the offset after; the log's length then."""
        until(lambda: text in self.log()[after:], f"'{text}' in the log of {self.name}", timeout, self.must_be_alive)
        return len(self.log())
