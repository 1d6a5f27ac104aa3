# SPDX-License-Identifier: BSD-2-Clause
"""The usual loop in PHP: a process of PHP-FPM for each stream, each with a subscription of its own; nginx in front."""

import os

from process import Process, children_of

from peers.peer import HERE, Nginx, Peer, channel_of, fill, http_address, tree_of

CHILDREN = 1000


class PhpFpm(Process):
    name = "php-fpm"

    def __init__(self, directory):
        super().__init__(directory)
        self.directory.chmod(0o755)
        self.path = self.directory / "fpm.sock"
        self._configuration = fill("php/fpm.conf", directory, {"SOCKET": self.path, "CHILDREN": CHILDREN})

    def argv(self):
        program = next(path for path in sorted(os.listdir("/usr/sbin"), reverse=True) if path.startswith("php-fpm"))
        return ["/usr/sbin/" + program, "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", self._configuration]

    def is_ready(self):
        return self.path.exists() and len(children_of(self.pid)) >= CHILDREN

    def complaints(self):
        if self.is_alive():
            self.stop()
        return []


class Php(Peer):
    name = "php"
    title = "PHP-FPM, phpredis"
    streams_max = CHILDREN

    def __init__(self, stage):
        self.stage = stage
        stage.directory.chmod(0o711)
        self.fpm = stage.add(PhpFpm(stage.place("p"))).start()
        values = {"SOCKET": self.fpm.path, "SCRIPT": HERE / "php" / "sse.php", "REDIS": stage.redis.path}
        self.nginx = stage.add(Nginx(stage.place("n"), "php/nginx.conf", WORKERS=os.cpu_count(), **values)).start()

    def receiving(self, channels):
        return ["--http", http_address(self.nginx), "--path", "/events?channel=" + channel_of(channels)]

    def processes(self):
        return {
            "php-fpm": tree_of(self.fpm.pid),
            "nginx": tree_of(self.nginx.pid),
            "redis": [self.stage.redis.pid],
        }
