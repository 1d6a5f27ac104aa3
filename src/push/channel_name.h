/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of channels, and the lists that say which of them may be asked for. */
#ifndef PUSH_CHANNEL_NAME_H
#define PUSH_CHANNEL_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum { CHANNEL_NAME_LIMIT = 128 };

/* What all channel names are made of: A-Z a-z 0-9 . _ : - */
bool channel_char_is_valid(char c);

/* True for 1 to CHANNEL_NAME_LIMIT bytes of the alphabet that do not name a key of the recording protocol. */
bool channel_name_is_valid(struct span name);

/* True for a channel name, or the beginning of some followed by '*' ("*" alone too). */
bool channel_pattern_is_valid(struct span pattern);

/* True when the pattern is that very name, or the name begins as the pattern does before its '*'. */
bool channel_pattern_matches(struct span pattern, struct span name);

#endif
