# SPDX-License-Identifier: BSD-2-Clause
"""What is told: a line for each check, and below a finding the lines to add to the web server's configuration."""

import textwrap

import advice

INDENT = " " * 10
WIDTH = 110


class Report:
    """Prints each line as soon as it is known, and counts what is wrong."""

    def __init__(self, out):
        self._out = out
        self._advised = set()
        self.problems = self.warnings = 0
        self.server = "other"
        self.mount = "/events"

    def _line(self, verdict, name, text):
        self.say(f"{verdict:<8}  {name:<14}  {text}")

    def say(self, text):
        """Prints a line; what servers put into it does not reach the terminal's controls."""
        print("".join(char if char.isprintable() else "?" for char in text), file=self._out, flush=True)

    def ok(self, name, text):
        self._line("ok", name, text)

    def unknown(self, name, text):
        """What could not be checked, and how it could."""
        self._line("-", name, text)

    def warning(self, name, text, finding):
        self.warnings += 1
        self._line("WARNING", name, text)
        self._advise(finding)

    def problem(self, name, text, finding):
        self.problems += 1
        self._line("PROBLEM", name, text)
        self._advise(finding)

    def _advise(self, finding):
        if finding in self._advised:
            return
        self._advised.add(finding)
        for hint in advice.lookup(self.server, finding, self.mount):
            for line in textwrap.wrap(hint.why, WIDTH - len(INDENT), break_on_hyphens=False, break_long_words=False):
                self.say(INDENT + line)
            for line in hint.lines:
                self.say(f"{INDENT}    {line}")

    def end(self):
        """The last line; the exit status."""
        if self.problems or self.warnings:
            self.say(f"{count(self.problems, 'problem')}, {count(self.warnings, 'warning')}")
        else:
            self.say("all is well")
        return 1 if self.problems else 0


def count(number, noun):
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
