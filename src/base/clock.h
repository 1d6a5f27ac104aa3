/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clocks. Spans of time use the monotonic one; only event ids use the wall clock. What work costs is told by the
 * clock of the CPU, which stands still while others have it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some fixed moment; never set back. */
int64_t clock_monotonic_ms(void);

/* The same in microseconds. */
int64_t clock_monotonic_us(void);

/* CPU time of the calling thread so far, in microseconds. A system call, unlike the others. */
int64_t clock_cpu_us(void);

/* Milliseconds since 1970-01-01 UTC, as far as the system's clock is right. */
int64_t clock_wall_ms(void);

#endif
