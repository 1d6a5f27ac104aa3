/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events as elements of a JSON array, for clients that poll:
 *
 *     {"id":"1700000000000-0","timestamp":1700000000000,"channel":"news","event":"message","data":"…"}
 *
 * with "retry" behind it where it was given. Each is encoded with a comma in front, so that any run of them becomes an
 * array by replacing the first comma by a bracket. `data` is the very string that an EventSource would show.
 */
#ifndef PUSH_FORMAT_JSON_H
#define PUSH_FORMAT_JSON_H

#include "push/format.h"

extern const struct format format_json;

#endif
