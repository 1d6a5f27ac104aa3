# SPDX-License-Identifier: BSD-2-Clause
"""Does the name lead to a server that speaks what browsers speak?"""

from case import Enough
from wire import BadCertificate, Trouble, Wire, resolve


def check(case):
    target, report = case.target, case.report
    try:
        addresses = resolve(target.host, target.port)
        if target.host not in addresses:
            report.ok("name", f"{target.host} leads to {', '.join(addresses)}")
        _connect(case, ("h2", "http/1.1"))
    except BadCertificate as trouble:
        report.problem("TLS", str(trouble), "certificate")
        raise Enough from None
    except Trouble as trouble:
        report.problem("connection", str(trouble), "unreachable")
        raise Enough from None


def _connect(case, protocols):
    wire = Wire(case.target, case.options.timeout, protocols, case.options.is_insecure)
    wire.close()
    what = f"port {case.target.port} answers in {wire.round_trip * 1000:.1f} ms"
    if case.target.is_tls:
        case.offers_http2 = wire.protocol == "h2"
        what += ", by TLS with HTTP/1.1" + (" and HTTP/2" if case.offers_http2 else " only")
    case.round_trip = wire.round_trip
    case.report.ok("connection", what)
