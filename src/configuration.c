/* SPDX-License-Identifier: BSD-2-Clause */
#include "configuration.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* The address as the user wrote it, but not what may be a password. */
static void add_without_login(struct buffer *out, const char *address)
{
    const char *scheme_end = strstr(address, "://");
    const char *login = scheme_end != NULL ? scheme_end + strlen("://") : address;
    const char *at = strrchr(login, '@');

    buffer_printf(out, "--redis: '%.*s%s%s'", (int)(login - address), address, at != NULL ? "..." : "",
                  at != NULL ? at : login);
}

static int read_address(struct configuration *configuration, struct buffer *error)
{
    const struct settings *settings = &configuration->settings;
    struct buffer problem = {0};
    int result = 0;

    if (redis_address_parse(&configuration->redis, settings->redis, &problem) < 0) {
        add_without_login(error, settings->redis);
        buffer_printf(error, " %s", problem.data);
        result = -1;
    } else if (settings->redis_password_file != NULL &&
               redis_address_read_password(&configuration->redis, settings->redis_password_file, &problem) < 0) {
        buffer_printf(error, "--redis-password-file: %s", problem.data);
        result = -1;
    }
    buffer_fini(&problem);
    return result;
}

/* In memory mode each process would have events and ids of its own. */
static int check_workers(const struct settings *settings, struct buffer *error)
{
    if (settings->history != HISTORY_MEMORY || settings->workers <= 1)
        return 0;
    buffer_printf(error, "--workers: '%" PRId64 "' needs --history redis; with --history memory use 0 or 1",
                  settings->workers);
    return -1;
}

static int read_all(struct configuration *configuration, const struct invocation *invocation, struct buffer *error)
{
    struct settings *settings = &configuration->settings;

    if (settings_read(settings, invocation->argc, invocation->argv, invocation->environment, error) < 0)
        return -1;
    if (settings->is_help || settings->is_version)
        return 0;
    return check_workers(settings, error) < 0 ? -1 : read_address(configuration, error);
}

struct configuration *configuration_new(const struct invocation *invocation, struct buffer *error)
{
    struct configuration *configuration = alloc_zeroed(1, sizeof(*configuration));

    if (read_all(configuration, invocation, error) == 0)
        return configuration;
    configuration_free(configuration);
    return NULL;
}

void configuration_free(struct configuration *configuration)
{
    if (configuration == NULL)
        return;
    redis_address_fini(&configuration->redis);
    settings_fini(&configuration->settings);
    free(configuration);
}
