#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# follow.sh URL [LAST-ID] - print a stream's events with curl, for ever
#
# An event is printed as it came, "id:", "event:", "data:" lines and an empty one, when all of it is there. It comes
# back by itself with the last id, so it misses nothing and repeats nothing:
#
#   follow.sh 'http://127.0.0.1:8080/events?channel=news' | sed -un 's/^data: //p'

[[ $# -eq 1 || $# -eq 2 ]] && [[ $1 != -* ]] || { echo 'usage: follow.sh URL [LAST-ID]' >&2; exit 2; }
command -v curl >/dev/null || { echo 'follow.sh: curl is missing: apt-get install curl' >&2; exit 1; }

url=$1
last_id=${2-}
retry=3000   # milliseconds
silence=45   # seconds; heartbeats come every 15

# Bytes, not characters: a line that is not UTF-8 is a line, too.
export LC_ALL=C

# Reads a stream up to its end.
follow() {
  local line block='' id=$last_id
  while IFS= read -r -t "$silence" line; do
    case $line in
      '')
        last_id=$id
        [[ $'\n'$block != *$'\n'data:* ]] || printf '%s\n' "$block"
        block=
        ;;
      'retry: '*) retry=${line#retry: } ;;
      'id: '*) id=${line#id: } block+=$line$'\n' ;;
      [!:]*) block+=$line$'\n' ;;
    esac
  done
}

trap '[[ -z $curl ]] || kill "$curl" 2>/dev/null' EXIT
trap 'exit 0' INT TERM
while :; do
  exec {stream}< <(exec curl -sS --fail --no-buffer ${last_id:+-H "Last-Event-ID: $last_id"} -- "$url")
  curl=$!
  follow <&"$stream"
  exec {stream}<&-
  kill "$curl" 2>/dev/null
  wait "$curl"
  curl=
  sleep "$((retry / 1000)).$(printf %03d "$((retry % 1000))")" &
  wait "$!"
done
