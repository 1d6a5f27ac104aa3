#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""follow.py URL [LAST-ID] - print a stream's events, a line of JSON each, for ever

It needs python3-requests. follow() is what a program of your own would take: it comes back by itself with the last id,
so it misses nothing and repeats nothing.
"""

import json
import sys
import time

import requests

SILENCE = 45  # seconds; heartbeats come every 15


def follow(url, last_id=None):
    """Yields (id, event, data) of each event after last_id; raises when coming back would not help."""
    retry = 3.0
    while True:
        try:
            for fields in blocks(url, last_id):
                last_id = fields.get("id", last_id)
                retry = int(fields["retry"]) / 1000 if "retry" in fields else retry
                if "data" in fields:
                    yield last_id, fields.get("event", "message"), fields["data"]
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            pass  # cut off; what has not arrived comes after the last id
        time.sleep(retry)


def blocks(url, last_id):
    """The fields of each block of one stream. A block without data only moves the last id, or sets the retry time."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with requests.get(url, headers=headers, stream=True, timeout=SILENCE) as answer:
        if answer.status_code >= 500:
            return  # something on the way restarts
        answer.raise_for_status()
        piece = None if answer.raw.chunked else 1  # or it waits for 512 bytes where nothing is chunked
        fields = {}
        for line in answer.iter_lines(piece):  # bytes: as text, lines would end at U+2028 and others, too
            name, _, value = line.decode().partition(":")
            value = value.removeprefix(" ")
            if not line:
                yield fields
                fields = {}
            elif name == "data" and name in fields:
                fields[name] += "\n" + value
            else:
                fields[name] = value


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit("usage: follow.py URL [LAST-ID]")
    try:
        for id_, event, data in follow(*sys.argv[1:]):
            print(json.dumps({"id": id_, "event": event, "data": data}), flush=True)
    except requests.RequestException as error:
        sys.exit(f"follow.py: {error}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
