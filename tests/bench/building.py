# SPDX-License-Identifier: BSD-2-Clause
"""Brings what measuring needs: Debian packages and the optimised programs."""

import os
import pathlib
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = """
autoconf automake gcc libc6-dev make pkg-config
libfcgi-dev libhiredis-dev libjson-c-dev libev-dev
redis-server lighttpd nginx-light libnginx-mod-nchan php-fpm php-cli php-redis python3-redis
""".split()
PROGRAMS = ("src/sse.fcgi", "src/longpoll.fcgi", "tests/bench/asks", "tests/bench/floor", "tests/bench/load")


def run(*argv, cwd=None):
    """Shows what a command says only when it fails."""
    done = subprocess.run([str(word) for word in argv], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout.decode(errors='replace')[-3000:]}\nfailed: {' '.join(map(str, argv))}")


def install():
    node = [package for package, tool in (("nodejs", "node"), ("npm", "npm")) if not shutil.which(tool)]
    if subprocess.run([TOP / "examples" / "debian-packages", *PACKAGES, *node]).returncode != 0:
        raise SystemExit(1)


def build():
    """Builds in FCGI_PUSH_BUILD, or in build/bench; the variable then names it for the modules of the tests."""
    directory = pathlib.Path(os.environ.setdefault("FCGI_PUSH_BUILD", str(TOP / "build" / "bench")))
    if not (TOP / "configure").exists():
        run("./bootstrap", cwd=TOP)
    if not (directory / "Makefile").exists():
        directory.mkdir(parents=True, exist_ok=True)
        run(TOP / "configure", "--without-systemd", "CFLAGS=-O2 -g", cwd=directory)
    run("make", "-s", f"-j{os.cpu_count()}", *PROGRAMS, cwd=directory)
