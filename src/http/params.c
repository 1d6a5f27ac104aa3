/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/params.h"

#include <stdlib.h>
#include <string.h>

const char *params_get(const struct params *params, const char *name)
{
    const char *value = NULL;
    size_t len = strlen(name);
    for (char *const *string = params->strings; *string != NULL; string++)
        if (**string == *name && strncmp(*string, name, len) == 0 && (*string)[len] == '=')
            value = *string + len + 1;
    return value;
}

const char *params_text(const struct params *params, const char *name)
{
    const char *value = params_get(params, name);
    return value != NULL ? value : "";
}

uint64_t params_content_length(const struct params *params)
{
    return strtoull(params_text(params, "CONTENT_LENGTH"), NULL, 10);
}
