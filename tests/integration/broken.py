# SPDX-License-Identifier: BSD-2-Clause
"""Small configurations of each web server, sound ones and ones that are broken on purpose, for examples/doctor.

Each server takes a few knobs: mount= replaces what makes the mount stream, outside= stands beside it. The defaults
are sound. {socket} in a knob is the path of the responder's socket. It serves HTTP, or with a certificate HTTPS with
HTTP/2.
"""

import os
import socket

from process import Process, free_port

LIGHTTPD = """
server.modules = ("mod_auth", "mod_authn_file", "mod_setenv", "mod_fastcgi")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{directory}"
{tls}
{outside}
$HTTP["url"] =~ "^/events" {{
  {mount}
  fastcgi.server = ("/events" => (("socket" => "{socket}", "check-local" => "disable")))
}}
$HTTP["url"] =~ "^/(list|subscribe)$" {{
  fastcgi.server = ("/" => (("socket" => "{poll_socket}", "check-local" => "disable")))
}}
"""
LIGHTTPD_TLS = """
server.modules += ("mod_openssl")
ssl.engine = "enable"
ssl.pemfile = "{certificate.path}"
ssl.privkey = "{certificate.key}"
"""

APACHE = """
ServerRoot "{directory}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{directory}/apache.pid"
DefaultRuntimeDir "{directory}"
ErrorLog "{directory}/error.log"
{modules}
{user}
{outside}
{tls}
{offered}
{mount}
ProxyPass "/list" "unix:{poll_socket}|fcgi://poll/list"
ProxyPass "/subscribe" "unix:{poll_socket}|fcgi://poll/subscribe"
"""
APACHE_MODULES = (
    *("mpm_event", "authz_core", "authn_core", "auth_basic", "authn_file", "authz_user"),
    *("proxy", "proxy_fcgi", "env", "filter", "deflate", "headers", "ssl", "http2"),
)
APACHE_TLS = """
SSLEngine on
SSLCertificateFile "{certificate.path}"
SSLCertificateKeyFile "{certificate.key}"
"""
APACHE_PROXY = 'ProxyPass "/events" "unix:{socket}|fcgi://push/events" '
APACHE_HANDLER = """
<Location "/events">
  SetHandler "proxy:unix:{socket}|fcgi://push"
</Location>
"""

NGINX = """
daemon off;
pid "{directory}/nginx.pid";
{user}
events {{ {events} }}
http {{
  access_log off;
  client_body_temp_path body;
  fastcgi_temp_path fastcgi;
  proxy_temp_path proxy;
  scgi_temp_path scgi;
  uwsgi_temp_path uwsgi;
  include /etc/nginx/fastcgi_params;
  {outside}
  server {{
    listen 127.0.0.1:{port}{tls};
    location /events {{
      {mount}
      fastcgi_pass {backend};
    }}
    location ~ ^/(list|subscribe)$ {{ fastcgi_pass unix:{poll_socket}; }}
  }}
}}
"""
NGINX_TLS = """ ssl http2;
    ssl_certificate "{certificate.path}";
    ssl_certificate_key "{certificate.key}" """


class WebServer(Process):
    """One of them, before sockets that may lead nowhere."""

    template = tls_template = user = modules = ""
    knobs = {}

    def __init__(self, directory, socket_path, poll_socket, certificate=None, **knobs):
        super().__init__(directory)
        self.port = free_port()
        self.scheme = "https" if certificate else "http"
        values = {**self.knobs, **knobs}
        values.update(directory=directory, port=self.port, socket=socket_path, poll_socket=poll_socket)
        values.update(user=self.user if os.geteuid() == 0 else "", modules=self.modules)
        values["tls"] = self.tls_template.format(certificate=certificate) if certificate else ""
        values = {name: str(value).replace("{socket}", str(socket_path)) for name, value in values.items()}
        self._configuration = directory / "server.conf"
        self._configuration.write_text(self.template.format(**values))

    def url(self, path="/events"):
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def environment(self):
        return {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}

    def is_ready(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Lighttpd(WebServer):
    name = "lighttpd"
    template, tls_template = LIGHTTPD, LIGHTTPD_TLS
    knobs = {"mount": "server.stream-response-body = 2", "outside": ""}

    def argv(self):
        return ["lighttpd", "-D", "-f", self._configuration]


class Apache(WebServer):
    name = "apache"
    template, tls_template = APACHE, APACHE_TLS
    user = "User www-data\nGroup www-data"
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in APACHE_MODULES)
    knobs = {"mount": APACHE_PROXY + "flushpackets=on timeout=300", "outside": "", "offered": "Protocols h2 http/1.1"}

    def argv(self):
        return ["apache2", "-D", "FOREGROUND", "-f", self._configuration]


class Nginx(WebServer):
    name = "nginx"
    template, tls_template = NGINX, NGINX_TLS
    user = "user root;"
    knobs = {"mount": "", "outside": "", "events": "worker_connections 1024;", "backend": "unix:{socket}"}

    def argv(self):
        return ["nginx", "-p", self.directory, "-c", self._configuration, "-e", self.directory / "error.log"]
