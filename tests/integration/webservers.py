# SPDX-License-Identifier: BSD-2-Clause
"""lighttpd, Apache and nginx with the files of examples/, in a private directory; and what lighttpd spawns."""

import os
import signal

import examples
from process import Process, accepts, children_of, free_port, has_ended, name_of, read_proc, until
from servers import SANITIZER_REPORT, Responder, sanitizer_environment

WWW = examples.TOP / "www"


class WebServer(Process):
    """The server.conf of its folder in examples/, with one mode in the place of the one that it includes.

    files: the mode, and what that includes in turn. replacements: what of them is another path or port here.
    """

    folder = None
    include = None  # the line of server.conf that includes a mode
    default_mode = "unix.conf"
    reload_signal = None

    def __init__(self, directory, files, replacements, environment=None, port=None, is_tls=False):
        super().__init__(directory)
        self.port = port or free_port()
        self.tls_port = free_port() if is_tls else None
        self._environment = environment or {}
        self._write(files, replacements)

    def own_replacements(self):
        """Those of server.conf, and the ports."""
        raise NotImplementedError

    def ports(self):
        return {"8080": self.port, **({"8443": self.tls_port} if self.tls_port else {})}

    def _write(self, files, replacements):
        names = [f"{self.folder}/{name}" for name in ["server.conf", *files]]
        examples.write(names, self.directory, {**self.own_replacements(), **replacements})
        examples.rewrite(self.configuration, {self.include % self.default_mode: self.include % files[0]})

    @property
    def configuration(self):
        return self.directory / "server.conf"

    @property
    def address(self):
        """Where it speaks the mode's protocol."""
        return "127.0.0.1", self.tls_port or self.port

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def environment(self):
        return {**sanitizer_environment(), "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", **self._environment}

    def is_ready(self):
        return accepts(self.address)

    def children(self):
        return children_of(self.pid)

    def reload(self):
        """Asks for a graceful reload; what it returns tells whether that has been done."""
        started, children = len(self.log()), set(self.children())
        self.signal(self.reload_signal)
        return lambda: "server started" in self.log()[started:] or self._is_renewed(children)

    def _is_renewed(self, old):
        return set(self.children()) - old

    def complaints(self):
        if self.is_alive():
            orphans = self.children()
            self.stop()
            for pid in orphans:
                until(lambda: has_ended(pid), f"the child {pid} ends with {self.name}")
        return ["a sanitizer reported"] if SANITIZER_REPORT.search(self.log()) else []


class Lighttpd(WebServer):
    name = "lighttpd"
    folder = "lighttpd"
    include = 'include "%s"'
    reload_signal = signal.SIGUSR1

    def own_replacements(self):
        return {
            **self.ports(),
            "/usr/share/fcgi-push/www": WWW,
            "/var/log/lighttpd/error.log": self.log_path,
            "/run/lighttpd.pid": self.directory / "lighttpd.pid",
        }

    def argv(self):
        return ["lighttpd", "-D", "-f", self.configuration]


class Apache(WebServer):
    """Its children are www-data's where it is started by root, so they need to get at the directory."""

    name = "apache2"
    folder = "apache"
    include = "Include %s"
    default_mode = "proxypass-unix.conf"
    reload_signal = signal.SIGUSR1

    def own_replacements(self):
        return {
            **self.ports(),
            'ServerRoot "/etc/apache2"': f'ServerRoot "{self.directory}"',
            "/run/apache2": self.directory,
            "/usr/share/fcgi-push/www": WWW,
            "/var/log/apache2/error.log": self.log_path,
        }

    def argv(self):
        return ["apache2", "-D", "FOREGROUND", "-f", self.configuration]

    def is_ready(self):
        return "resuming normal operations" in self.log_since_start()


class Nginx(WebServer):
    name = "nginx"
    folder = "nginx"
    include = "include %s;"
    reload_signal = signal.SIGHUP

    def ports(self):
        return {"8443": self.tls_port} if self.tls_port else {"8080": self.port}

    def own_replacements(self):
        return {
            **self.ports(),
            "/usr/share/fcgi-push/www": WWW,
            "/var/log/nginx/error.log": self.log_path,
            "/var/log/nginx/access.log": self.directory / "access.log",
            "/run/nginx.pid": self.directory / "nginx.pid",
        }

    def argv(self):
        return ["nginx", "-g", "daemon off;", "-c", self.configuration]

    def _is_renewed(self, old):
        """Workers accept until they say that they are leaving."""
        is_leaving = (has_ended(pid) or "shutting down" in read_proc(pid, "cmdline") for pid in old)
        return super()._is_renewed(old) and all(is_leaving)


class Spawned:
    """A program that lighttpd started: what Responder offers, as far as it is ours to do."""

    def __init__(self, lighttpd, kind=Responder):
        self._lighttpd = lighttpd
        self.name = kind.name

    @property
    def pid(self):
        return until(self._find, f"lighttpd has started {self.name}")

    def _find(self):
        """Its pid among lighttpd's children, None while there is none."""
        children = self._lighttpd.children()
        return next((pid for pid in children if name_of(pid) == self.name and not has_ended(pid)), None)

    def log(self):
        """Its own lines of lighttpd's log."""
        lines = self._lighttpd.log().splitlines(keepends=True)
        return "".join(line for line in lines if f" {self.name}[" in line)

    def wait_log(self, text, timeout=10.0, after=0):
        until(lambda: text in self.log()[after:], f"'{text}' in the log of {self.name}", timeout)
        return len(self.log())

    def wait_subscribed(self, timeout=10.0, after=0):
        return self.wait_log("subscribed to", timeout, after)

    def must_be_alive(self):
        os.kill(self.pid, 0)

    def restart_after_kill(self, number):
        """Ends the worker and waits until its parent has started the next one."""
        offset = len(self.log())
        os.kill(children_of(self.pid)[0], number)
        self.wait_subscribed(after=offset)
