# SPDX-License-Identifier: BSD-2-Clause
"""What to do about a finding: for each server the lines to add, and why. {mount} stands for the path of the mount."""

import collections

Advice = collections.namedtuple("Advice", "why lines")

SERVERS = ("lighttpd", "apache", "nginx")


def _advise(why, *lines):
    return Advice(why, lines)


def _everywhere(why, *lines):
    """What has nothing to do with the kind of server."""
    return {server: _advise(why, *lines) for server in SERVERS}


LIGHTTPD_MOUNT = (
    '$HTTP["url"] =~ "^{mount}(/|$)" {{',
    "  server.stream-response-body = 2",
    '  fastcgi.server = ("{mount}" => (("socket" => "/run/fcgi-push/sse.sock", "check-local" => "disable")))',
    "}}",
)
APACHE_MOUNT = 'ProxyPass "{mount}" "unix:/run/fcgi-push/sse.sock|fcgi://push{mount}" flushpackets=on timeout=300'
APACHE_PROXY = (
    '<Proxy "unix:/run/fcgi-push/sse.sock|fcgi://push">',
    "  ProxySet flushpackets=on timeout=300",
    "</Proxy>",
)
NGINX_MOUNT = (
    "location {mount} {{",
    "  include fastcgi_params;",
    "  fastcgi_pass unix:/run/fcgi-push/sse.sock;",
    "  fastcgi_read_timeout 120s;",
    "}}",
)

HELD_BACK = {
    "lighttpd": _advise(
        "lighttpd holds an answer back until it is complete, and a stream never is. In the section of the mount:",
        "server.stream-response-body = 2",
    ),
    "apache": _advise(
        "Apache collects 8 kB before it passes them on. Let the mount's ProxyPass end in flushpackets=on; where it is "
        "a SetHandler, add the <Proxy> section, with the same socket:",
        APACHE_MOUNT,
        *APACHE_PROXY,
    ),
    "nginx": _advise(
        "nginx collects the answer: its header X-Accel-Buffering: no is ignored (fastcgi_ignore_headers) or lost. In "
        "the location of the mount:",
        "fastcgi_buffering off;",
    ),
}

ADVICE = {
    # --- no stream at all ---
    "unreachable": _everywhere(
        "Nothing answers at this address: does the web server run, does it listen there, does a firewall stand between?"
    ),
    "certificate": _everywhere(
        "Browsers refuse it, and EventSource shows no question. Install a certificate for this name; with --insecure "
        "the doctor goes on without looking at it."
    ),
    "no-answer": _everywhere(
        "Not even HEAD, which sse.fcgi answers at once, has an answer: the program or the web server hangs, or has no "
        "connection to spare. Look at what it says itself:",
        "sse.fcgi --check",
    ),
    "not-found": {
        "lighttpd": _advise(
            "No mount is at this path, or lighttpd looks for a file of this name. The mount:",
            *LIGHTTPD_MOUNT,
        ),
        "apache": _advise("No mount is at this path. The mount:", APACHE_MOUNT),
        "nginx": _advise("No mount is at this path. The mount:", *NGINX_MOUNT),
    },
    "backend-down": {
        server: _advise(
            "The web server does not reach sse.fcgi: it does not run, listens elsewhere, or its socket may not be "
            f"opened by the web server's user (--socket-mode, groups). {log} names the socket and the reason. "
            "Start it:",
            "sse.fcgi --listen unix:/run/fcgi-push/sse.sock",
        )
        for server, log in (
            ("lighttpd", "server.errorlog"),
            ("apache", "ErrorLog"),
            ("nginx", "error_log"),
        )
    },
    "server-error": {
        "lighttpd": _advise("It failed on its own side; server.errorlog says why."),
        "apache": _advise("It failed on its own side; ErrorLog says why."),
        "nginx": _advise("It failed on its own side; error_log says why."),
    },
    "login": {
        "lighttpd": _advise(
            "The web server asks for a name and a password: try again with --user NAME:PASSWORD. To leave streams out "
            "of it, narrow the condition around auth.require."
        ),
        "apache": _advise(
            "A name and a password are asked for: try again with --user NAME:PASSWORD. If the program is to check them "
            "itself, Apache has to hand them on:",
            '<Location "{mount}">',
            "  CGIPassAuth On",
            "</Location>",
        ),
        "nginx": _advise(
            "A name and a password are asked for: try again with --user NAME:PASSWORD. To leave streams out of it, in "
            "the location of the mount:",
            "auth_basic off;",
        ),
    },
    "forbidden": _everywhere(
        "Who answers is said above. If it is sse.fcgi, the channel is missing in its --channels, or in the "
        "PUSH_CHANNELS that the web server sets for this mount:",
        "sse.fcgi --channels NAME,PREFIX*",
    ),
    "test-channel": _everywhere(
        "Only the channels of --channels may be read here. Name one of them for the tests; its readers will see the "
        "events:",
        "doctor --redis … --channel NAME URL",
    ),
    "no-channel": _everywhere("Ask for a channel that may be read:", "{mount}?channel=news"),
    "redirected": _everywhere(
        "A page that asks for this address is sent elsewhere, often to a login page, which is no event stream. Give "
        "the "
        "address where it ends, or leave the mount out of the rule that redirects."
    ),
    "wrong-status": _everywhere("An EventSource gives up for good on any status but 200. What answered is said above."),
    "no-params": {
        "lighttpd": _advise(
            "The program was asked by GET and did not learn so: something before lighttpd changes requests.",
        ),
        "apache": _advise(
            "The program was asked by GET and did not learn so: something before Apache changes requests.",
        ),
        "nginx": _advise(
            "The program was asked by GET and did not learn so. In the location of the mount:",
            "include fastcgi_params;",
        ),
    },
    "wrong-type": {
        "lighttpd": _advise(
            "Something else answers at this path: a file, a page, another program. The mount:",
            *LIGHTTPD_MOUNT,
        ),
        "apache": _advise(
            "Something else answers at this path: a file, a page, another program. The mount:",
            APACHE_MOUNT,
        ),
        "nginx": _advise(
            "Something else answers at this path: a file, a page, another program. The mount:",
            *NGINX_MOUNT,
        ),
    },
    "overload": _everywhere(
        "sse.fcgi ends streams at once when it has as many as it may have, and asks to come back later. Allow more, "
        "with as many open files:",
        "sse.fcgi --max-clients COUNT",
    ),
    "no-position": _everywhere(
        "The stream is open and its first position does not come: sse.fcgi cannot read the history of the channel. "
        "Try:",
        "sse.fcgi --check",
    ),
    # --- a stream, but not as it should be ---
    "buffered": HELD_BACK,
    "bundled": HELD_BACK,
    "late": {
        "lighttpd": _advise(
            "No setting of lighttpd does that: look at what stands between, and at the load of both machines.",
        ),
        "apache": _advise(
            "flushpackets=auto waits 10 ms for more before it passes anything on. Let the mount say:", APACHE_MOUNT
        ),
        "nginx": _advise(
            "No setting of nginx does that: look at what stands between, and at the load of both machines.",
        ),
    },
    "stalled": _everywhere(
        "Something stands still now and then, which no setting of a web server does: Redis (SLOWLOG GET tells), the "
        "network, a machine that has too much to do, or its host (column st of vmstat 1)."
    ),
    "compressed": {
        "lighttpd": _advise(
            "A compressor gives an event only when it is told to, and holds memory for each stream. In the section of "
            "the mount:",
            "deflate.mimetypes = ()",
        ),
        "apache": _advise(
            "A compressor gives an event only when it is told to, and holds memory for each stream:",
            '<Location "{mount}">',
            "  SetEnv no-gzip 1",
            "  SetEnv no-brotli 1",
            "</Location>",
        ),
        "nginx": _advise(
            "A compressor gives an event only when it is told to, and holds memory for each stream. In the location of "
            "the mount:",
            "gzip off;",
        ),
    },
    "content-length": _everywhere(
        "A stream has no length: something between collects it whole or invents one. Look at proxies and caches."
    ),
    "cached": {
        "lighttpd": _advise(
            "sse.fcgi says no-store, and something replaces it. Leave the mount out of expire.url and "
            "setenv.set-response-header."
        ),
        "apache": _advise(
            "sse.fcgi says no-store, and something replaces it. In the <Location> of the mount, where no Header line "
            "may touch Cache-Control:",
            "ExpiresActive Off",
        ),
        "nginx": _advise(
            "sse.fcgi says no-store, and something replaces it. In the location of the mount:",
            "expires off;",
            "fastcgi_cache off;",
        ),
    },
    "cut": {
        "lighttpd": _advise(
            "A quiet stream is cut before the next heartbeat. Give lighttpd more patience than sse.fcgi's --heartbeat "
            "has seconds (proxies before it, too):",
            "server.max-write-idle = 360",
        ),
        "apache": _advise(
            "A quiet stream is cut before the next heartbeat. Give the mount more patience than sse.fcgi's --heartbeat "
            "has seconds (proxies before it, too):",
            APACHE_MOUNT,
        ),
        "nginx": _advise(
            "A quiet stream is cut before the next heartbeat. Give the location more patience than sse.fcgi's "
            "--heartbeat has seconds (proxies before it, too):",
            "fastcgi_read_timeout 120s;",
        ),
    },
    "no-heartbeat": _everywhere(
        "sse.fcgi's --heartbeat (15s) may be longer than the doctor waits (--quiet). Shorter ones keep proxies from "
        "cutting quiet streams:",
        "sse.fcgi --heartbeat 15s",
    ),
    "few-streams": {
        "lighttpd": _advise(
            "lighttpd has no connection to spare: a stream takes one connection and two descriptors, of which four "
            "fifths may be used:",
            "server.max-fds = 20000",
            "server.max-connections = 8000",
        ),
        "apache": _advise(
            "Apache has no worker to spare: a stream takes a thread for its whole life (mpm_event, mpm_worker):",
            "ThreadLimit 256",
            "ThreadsPerChild 256",
            "ServerLimit 8",
            "MaxRequestWorkers 2048",
        ),
        "nginx": _advise(
            "nginx has no connection to spare: a stream takes two:",
            "worker_rlimit_nofile 20000;",
            "events {{ worker_connections 16384; }}",
        ),
    },
    "no-http2": {
        "lighttpd": _advise(
            "HTTP/2 is offered, and browsers take it, but streams do not come through it. Switch it off:",
            'server.feature-flags += ("server.h2proto" => "disable")',
        ),
        "apache": _advise(
            "HTTP/2 is offered, and browsers take it, but streams do not come through it. In the virtual host:",
            "Protocols http/1.1",
        ),
        "nginx": _advise(
            "HTTP/2 is offered, and browsers take it, but streams do not come through it. Without http2:",
            "listen 443 ssl;",
        ),
    },
    "http2-cap": {
        "lighttpd": _advise(
            "Fixed in lighttpd; a browser has one connection for all its tabs, and what exceeds this waits. Share one "
            "stream of several channels (?channel=a,b) in a page, or among tabs; or serve this host by HTTP/1.1, six "
            "streams a browser:",
            'server.feature-flags += ("server.h2proto" => "disable")',
        ),
        "apache": _advise(
            "mod_http2 decides so by itself; a browser has one connection for all its tabs, and what exceeds this "
            "waits. Share one stream of several channels (?channel=a,b) in a page, or among tabs; or serve this host "
            "by HTTP/1.1, six streams a browser:",
            "Protocols http/1.1",
        ),
        "nginx": _advise(
            "A browser has one connection for all its tabs, and what exceeds this waits. Share one stream of several "
            "channels (?channel=a,b) in a page, or allow more:",
            "http2_max_concurrent_streams 128;",
        ),
    },
    # --- events and resuming ---
    "redis": _everywhere("The events of the tests go through Redis. Is the address right, and the password?"),
    "nobody-hears": _everywhere(
        "sse.fcgi follows another Redis, or another --prefix, or has no connection to it. It has to be the Redis to "
        "which the application publishes:",
        "sse.fcgi --redis URL --prefix push:",
    ),
    "lost": _everywhere(
        "Others heard these events, and the stream that the web server led us to did not show them: it may come from "
        "another program than the one that follows this Redis. Try:",
        "sse.fcgi --check",
    ),
    "header-lost": {
        "lighttpd": _advise(
            "The header Last-Event-ID does not reach sse.fcgi. A proxy before lighttpd removes it, or a line to "
            "remove:",
            'setenv.set-request-header = ("Last-Event-ID" => "")',
        ),
        "apache": _advise(
            "The header Last-Event-ID does not reach sse.fcgi. A proxy before Apache removes it, or a line to remove:",
            "RequestHeader unset Last-Event-ID",
        ),
        "nginx": _advise(
            "The header Last-Event-ID does not reach sse.fcgi. In the location of the mount:",
            "fastcgi_pass_request_headers on;",
        ),
    },
    "not-resumed": {
        "lighttpd": _advise(
            "With --history memory each process has events and ids of its own: run one, or keep the history in Redis:",
            '"max-procs" => 1',
            "sse.fcgi --history redis",
        ),
        "apache": _advise(
            "With --history memory each process has events and ids of its own: run one, or keep the history in Redis:",
            "sse.fcgi --history redis",
        ),
        "nginx": _advise(
            "With --history memory each process has events and ids of its own: lead upstream to one, or keep the "
            "history in Redis:",
            "sse.fcgi --history redis",
        ),
    },
    # --- vanished clients ---
    "not-forgotten": {
        "lighttpd": _advise(
            "lighttpd tells of a vanished HTTP/1.1 client at the next write, so the next heartbeat at the latest:",
            "sse.fcgi --heartbeat 15s",
        ),
        "apache": _advise(
            "Apache tells of a vanished client at the second write, so after two heartbeats:",
            "sse.fcgi --heartbeat 15s",
        ),
        "nginx": _advise(
            "nginx tells at once, unless it was told not to. In the location of the mount:",
            "fastcgi_ignore_client_abort off;",
        ),
    },
    "no-counters": _everywhere(
        "Is FILE the log of this process (--log stderr, --log-level info), and may you signal it?"
    ),
    # --- long poll ---
    "poll": {
        "lighttpd": _advise(
            "Streams go on without longpoll.fcgi, polls do not. Its mount:",
            '$HTTP["url"] =~ "^/(list|subscribe)(/|$)" {{',
            '  fastcgi.server = ("/" => (("socket" => "/run/fcgi-push/longpoll.sock", "check-local" => "disable")))',
            "}}",
        ),
        "apache": _advise(
            "Streams go on without longpoll.fcgi, polls do not. Its mount:",
            'ProxyPass "/list" "unix:/run/fcgi-push/longpoll.sock|fcgi://poll/list" timeout=300',
            'ProxyPass "/subscribe" "unix:/run/fcgi-push/longpoll.sock|fcgi://poll/subscribe" timeout=300',
        ),
        "nginx": _advise(
            "Streams go on without longpoll.fcgi, polls do not. Its mount:",
            "location ~ ^/(list|subscribe)$ {{",
            "  include fastcgi_params;",
            "  fastcgi_pass unix:/run/fcgi-push/longpoll.sock;",
            "  fastcgi_read_timeout 120s;",
            "}}",
        ),
    },
}


def kind_of(server_header):
    """lighttpd, apache or nginx, from the header Server; other when it names none of them."""
    text = server_header.lower()
    return next((server for server in SERVERS if server in text), "other")


def lookup(server, finding, mount):
    """The advice for a server; for an unknown one, that for each of the known, named."""
    by_server = ADVICE[finding]
    if server in by_server:
        hints = [by_server[server]]
    elif len(set(by_server.values())) == 1:
        hints = [by_server["nginx"]]
    else:
        hints = [Advice(f"{name}: {hint.why}", hint.lines) for name, hint in by_server.items()]
    return [Advice(hint.why, [line.format(mount=mount) for line in hint.lines]) for hint in hints]
