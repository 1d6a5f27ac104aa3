# SPDX-License-Identifier: BSD-2-Clause
"""examples/quickstart, run as a user runs it."""

import re

import pytest
from process import Process
from servers import BUILD, TOP

GREETING = re.compile(r"http://127\.0\.0\.1:(\d+)/\?redis=127\.0\.0\.1:(\d+)")


class Quickstart(Process):
    name = "quickstart"

    def __init__(self, directory, *arguments, environment=None):
        super().__init__(directory)
        self._arguments = arguments
        self._environment = environment or {}
        self.temporary = self.directory / "tmp"
        self.temporary.mkdir()

    def argv(self):
        return [TOP / "examples" / "quickstart", *self._arguments]

    def environment(self):
        return {"FCGI_PUSH_BUILD": str(BUILD), "TMPDIR": str(self.temporary), **self._environment}

    def is_ready(self):
        return "Ctrl-C" in self.log()

    def ports(self):
        return [int(port) for port in GREETING.search(self.log()).groups()]

    def run_to_end(self):
        """For starts that are to fail; exit status and what was said on both streams."""
        with pytest.raises(AssertionError):
            self.start()
        return self.wait(), self.log().strip()
