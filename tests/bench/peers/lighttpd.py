# SPDX-License-Identifier: BSD-2-Clause
"""lighttpd with the files of examples/ and a worker for each core, as nginx has them beside it."""

import os

import webservers
from process import adopt_orphans, until

WORKERS = os.cpu_count()
CONNECTIONS = "server.max-connections = 8000"


class Lighttpd(webservers.Lighttpd):
    def own_replacements(self):
        return {**super().own_replacements(), CONNECTIONS: f"{CONNECTIONS}\nserver.max-worker = {WORKERS}"}

    def start(self):
        adopt_orphans()
        super().start(start_new_session=True)  # it ends its workers by a signal to its process group
        until(lambda: len(self.children()) == WORKERS, "lighttpd has its workers", check=self.must_be_alive)
        return self

    def stop(self, timeout=10.0):
        """It does not wait for its workers; unless we do, their CPU time counts as others'."""
        workers = self.children()
        status = super().stop(timeout)
        for pid in workers:
            os.waitpid(pid, 0)
        return status
