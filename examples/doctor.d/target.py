# SPDX-License-Identifier: BSD-2-Clause
"""The address under examination, and those that are made from it."""

import base64
import urllib.parse

PORTS = {"http": 80, "https": 443}


class Target:
    """One http(s) URL: where to connect, and what to ask for. ValueError says what is wrong with it."""

    def __init__(self, url, user=None):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(f"'{url}' is no URL of a web server: give http://host/events or https://host/events")
        self.is_tls = parts.scheme == "https"
        self.host = parts.hostname
        self.port = parts.port or PORTS[parts.scheme]  # urlsplit raises ValueError for a port that is none
        self.path = urllib.parse.quote(parts.path, safe="/%:@!$&'()*+,;=~") or "/"
        self._query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        self._scheme = parts.scheme
        credentials = user
        if not user and parts.username:
            credentials = ":".join(urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        if credentials and ":" not in credentials:
            raise ValueError("--user takes NAME:PASSWORD")
        self._authorization = credentials and "Basic " + base64.b64encode(credentials.encode()).decode()

    @property
    def has_user(self):
        return self._authorization is not None

    @property
    def authority(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self._scheme] else f"{host}:{self.port}"

    def __str__(self):
        return f"{self._scheme}://{self.authority}{self.resource()}"

    @property
    def channel(self):
        """The channels that the URL itself asks for; None when it names none."""
        return ",".join(value for name, value in self._query if name == "channel") or None

    def resource(self, path=None, **parameters):
        """What stands in the request line: the path and the query, in which parameters replace those of their name."""
        query = [(name, value) for name, value in self._query if name not in parameters]
        query += [(name, value) for name, value in parameters.items() if value is not None]
        return (path or self.path) + ("?" + urllib.parse.urlencode(query, safe=",:") if query else "")

    def sibling(self, name):
        """The path of that name beside the mount: /events and list make /list."""
        return self.path.rstrip("/").rpartition("/")[0] + "/" + name

    def headers(self):
        """What every request carries besides Host."""
        headers = {"User-Agent": "fcgi-push-doctor"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        return headers
