# SPDX-License-Identifier: BSD-2-Clause
"""An EventSource or a PushSource in a page, as one who follows (see clients.py)."""

import itertools

import clients

OPEN = """
  const [name, kind, url, options, types, done] = arguments;
  const told = [];
  const open = (module) => {
    const source = new module[kind](url, options);
    const tell = (event) => told.push('data' in event
      ? { kind: 'event', type: event.type, id: event.lastEventId, data: event.data, origin: event.origin }
      : { kind: event.type, readyState: source.readyState, ...event.detail });
    for (const type of ['open', 'error', 'transport', 'message', ...types]) source.addEventListener(type, tell);
    (window.sources ??= {})[name] = { source, told };
  };
  const module = kind in window ? Promise.resolve(window) : import('/push.js');
  module.then(open).then(() => done(), (error) => done(`${error}`));
"""

_numbers = itertools.count()


class Source(clients.Follower):
    """Of the page that the browser shows. Options are the constructor's; a page has it until it is left."""

    kind = "EventSource"

    def __init__(self, browser, url, **options):
        self._browser = browser
        self._name = f"source{next(_numbers)}"
        wrong = browser.execute_async_script(OPEN, self._name, self.kind, url, options, clients.TYPES)
        assert wrong is None, wrong

    def _run(self, script):
        return self._browser.execute_script(f"const {{ source, told }} = window.sources.{self._name}; {script}")

    def objects(self):
        return self._run("return told")

    @property
    def ready_state(self):
        return self._run("return source.readyState")

    def close(self):
        self._run("source.close()")


class Pushed(Source):
    """A PushSource."""

    kind = "PushSource"


class Polled(Pushed):
    """A PushSource in a browser without EventSource."""

    def __init__(self, browser, url, **options):
        super().__init__(browser, url, **{"EventSource": None, **options})


ALL = [Source, Pushed, Polled]
