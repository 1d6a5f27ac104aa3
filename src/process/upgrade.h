/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program that executes its new binary in place, under the same pid, hands to its successor: the listening
 * socket, and the children, of which some may be ending. It stands in one environment variable, which is meant for that
 * pid alone; the successor may be of another version, so words that it does not know are skipped.
 */
#ifndef PROCESS_UPGRADE_H
#define PROCESS_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "process/relay.h"

/* FCGI_PUSH_UPGRADE, not PUSH_…: those are options. */
extern const char upgrade_variable[];

struct upgrade_children {
    pid_t *pids;
    size_t count;
};

struct upgrade {
    int fd;                         /* the listening socket */
    char *listen;                   /* the --listen address that it was opened for; NULL: an inherited one */
    struct relay relay;             /* between the children; -1: none */
    struct upgrade_children serve;  /* those that do */
    struct upgrade_children ending; /* those that were asked to end; asked again, they would end at once */
};

/* Adds one. Freed by upgrade_fini. */
void upgrade_add(struct upgrade_children *children, pid_t pid);

/*
 * For the moment before exec: sets the variable, and has socket and relay survive exec. Returns 0, or -1 with errno and
 * nothing changed. Nothing of the struct is kept.
 */
int upgrade_export(const struct upgrade *upgrade);

/* Undoes upgrade_export, when exec has failed. */
void upgrade_withdraw(const struct upgrade *upgrade);

/*
 * Takes over what a predecessor of this very process left; the variable is gone afterwards in any case. True when there
 * was something: then `fd` is a listening socket, closed on exec again and the caller's, as is the relay, and
 * upgrade_fini frees the rest. False otherwise, with nothing to free; content that makes no sense is logged.
 */
bool upgrade_take(struct upgrade *upgrade);

/* Frees the address and the lists; leaves socket, relay and children alone. */
void upgrade_fini(struct upgrade *upgrade);

#endif
