# SPDX-License-Identifier: BSD-2-Clause
"""What systemd is to a service, played by the test: it holds the socket, and hears sd_notify(3). And clients that
do not care whether the service runs."""

import concurrent.futures
import socket
import sys
import threading

import fastcgi

# What systemd does for a service with a socket, sd_listen_fds(3): it is descriptor 3 here, and 0 is /dev/null.
ACTIVATE = ["/bin/sh", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&0 </dev/null', "activate"]


class Socket:
    """A socket unit: it listens whether or not the service runs, which `responder` is."""

    def __init__(self, stage, kind, **options):
        path = str(stage.directory / "activated.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(4096)
        launcher = [*ACTIVATE, *options.pop("launcher", ())]
        options = {"listen": None, "workers": None, **options}  # as the service has it
        self.responder = stage.new_responder(kind, launcher=launcher, **options)
        self.responder.path = path

    def start(self):
        self.responder.start(stdin=self.listener)
        self.responder.wait_subscribed(after=self.responder._log_start)
        return self.responder

    def stop(self):
        assert self.responder.stop() == 0
        return self.responder.expect_end()


class Systemd:
    """Its end of sd_notify(3): who told it what."""

    def __init__(self, directory):
        self.path = str(directory / "notify.sock")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def next(self, timeout=20.0):
        """The next message: the sender's pid, and what it says by name."""
        self._socket.settimeout(timeout)
        data, ancillary, _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(12))
        [(_, _, credentials)] = ancillary
        said = dict(line.split("=", 1) for line in data.decode().splitlines())
        return int.from_bytes(credentials[:4], sys.byteorder), said

    def expect(self, pid, name):
        """The next message is of that process, which NotifyAccess=main lets through, and says so."""
        assert (message := self.next())[0] == pid, message
        assert message[1].get(name) == "1", message
        return message[1]

    def close(self):
        self._socket.close()


class Probe:
    """Asks again and again, each time on a new connection, whether or not the last ones were answered."""

    PAUSE = 0.005

    def __init__(self, path, question):
        self.wrong = []
        self._answers = []
        self._path = path
        self._question = question
        self._is_over = threading.Event()
        self._pool = concurrent.futures.ThreadPoolExecutor(300)
        self._asking = threading.Thread(target=self._go_on)

    def __enter__(self):
        self._asking.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._asking.join()
        self._pool.shutdown()

    @property
    def asked(self):
        return len(self._answers)

    def is_idle(self):
        """All but the last ones have their answer."""
        return sum(not answer.done() for answer in self._answers) <= 2

    def _go_on(self):
        while not self._is_over.wait(self.PAUSE):
            self._answers.append(self._pool.submit(self._ask))

    def _ask(self):
        try:
            connection = fastcgi.Connection(self._path)
            status = connection.ask(self._question, timeout=20).status
            connection.close()
            if status != 200:
                self.wrong.append(status)
        except Exception as error:
            self.wrong.append(repr(error))
