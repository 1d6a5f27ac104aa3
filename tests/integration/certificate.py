# SPDX-License-Identifier: BSD-2-Clause
"""A self-signed certificate for localhost and 127.0.0.1."""

import ssl
import subprocess


class Certificate:
    """Its file and that of its key, and the contexts of clients that trust it."""

    def __init__(self, directory):
        self.path, self.key = directory / "push.pem", directory / "push.key"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
                *("-days", "2", "-subj", "/CN=localhost"),
                *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key, "-out", self.path),
            ],
            check=True,
            capture_output=True,
        )

    def context(self, protocol):
        context = ssl.create_default_context(cafile=self.path)
        context.set_alpn_protocols([protocol])
        return context
