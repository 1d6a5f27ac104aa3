# SPDX-License-Identifier: BSD-2-Clause
"""What is measured: servers that deliver what is published, and how the generator talks to them.

A peer is started anew for each measurement, on a stage of its own, so that memory begins at nothing and only one peer
has the cores at a time.
"""

import pathlib
import socket

from process import Process, children_of, free_port, until

HERE = pathlib.Path(__file__).resolve().parent


class Peer:
    name = None
    title = None  # in tables; the name when there is none
    streams_max = 18_000

    def __init__(self, stage):
        """Starts its servers on the stage."""
        raise NotImplementedError

    def receiving(self, channels):
        """The generator's arguments by which it opens streams."""
        raise NotImplementedError

    def publishing(self, channels):
        """The generator's arguments by which it publishes: PUBLISH, unless the peer has another way."""
        return ["--redis", self.stage.redis.path, "--publish", "push:" + channel_of(channels)]

    def processes(self):
        """All processes on the way of a message: name to pids. The first is that of the peer itself."""
        raise NotImplementedError


def channel_of(channels):
    return "bench%d" if channels > 1 else "bench"


def http_address(server):
    return f"127.0.0.1:{server.port}"


def tree_of(pid):
    """The process and all below it."""
    return [pid, *(below for child in children_of(pid) for below in tree_of(child))]


def fill(template, directory, values):
    """Writes a file of this directory with each @NAME@ replaced; its path there."""
    text = (HERE / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    path = pathlib.Path(directory) / pathlib.Path(template).name
    path.write_text(text)
    return path


class Program(Process):
    """A server that is ready when somebody listens on its port."""

    def __init__(self, directory, redis_path=None):
        super().__init__(directory)
        self.port = free_port()
        self.redis_path = redis_path

    def is_ready(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Nginx(Program):
    """With a configuration of this directory, in which @PORT@ and @DIRECTORY@ stand for its own."""

    name = "nginx"

    def __init__(self, directory, template, **values):
        super().__init__(directory)
        self.directory.chmod(0o755)  # the workers are another user
        self._configuration = fill(template, directory, {"PORT": self.port, "DIRECTORY": self.directory, **values})

    def argv(self):
        return ["/usr/sbin/nginx", "-c", self._configuration, "-g", "daemon off;"]

    def start(self, **popen):
        super().start(**popen)
        until(lambda: len(children_of(self.pid)) >= 2, "nginx has its workers", check=self.must_be_alive)
        return self

    def complaints(self):
        if self.is_alive():
            self.stop()
        return []
