/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include "clock.h"

#include <inttypes.h>
#include <string.h>

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static uint64_t sent(const struct report *report)
{
    return report->publishing ? report->publishing->sent : 0;
}

static uint64_t published(const struct report *report)
{
    return report->publishing ? report->publishing->progress.answered - report->publishing->progress.failed : 0;
}

static uint64_t offered(const struct report *report)
{
    if (!report->publishing)
        return 0;
    return report->options->mode == OPTIONS_ONCE ? report->options->messages
                                                 : (uint64_t)(report->options->rate * report->options->seconds + 0.5);
}

static double published_per_second(const struct report *report)
{
    const struct publisher_result *result = report->publishing;
    double seconds;

    if (!result || report->options->mode == OPTIONS_ONCE)
        return 0;
    seconds = (double)(result->finished_ns - result->started_ns) / CLOCK_NS_PER_S;
    if (seconds < report->options->seconds && report->options->mode == OPTIONS_PUBLISH && !report->is_interrupted)
        seconds = report->options->seconds; /* the last message is due before the end */
    return ratio((double)result->sent, seconds);
}

static double deliveries_per_second(const struct report *report)
{
    return ratio((double)report->measured_deliveries, report->delivery_seconds);
}

static double latency_us(const struct report *report, double fraction)
{
    return (double)histogram_quantile(&report->tally->latency, fraction) / 1000;
}

static bool is_publishing_good(const struct report *report)
{
    const struct publisher_result *result = report->publishing;

    return !result || (!result->is_broken && result->progress.failed == 0);
}

/* Streams that ended may have missed anything when nobody knows what was published. */
static bool are_ends_harmless(const struct report *report)
{
    return report->publishing || report->options->mode == OPTIONS_REPLAY || report->pool->ended == 0;
}

static bool are_processes_alive(const struct report *report)
{
    for (unsigned i = 0; i < report->options->procstat.count; i++) {
        if (!report->processes[i].is_alive)
            return false;
    }
    return true;
}

bool report_is_good(const struct report *report)
{
    return report->pool->open_errors == 0 && report->pool->opened == report->options->streams && report->lost == 0 &&
           report->tally->repeated == 0 && report->tally->inverted == 0 && is_publishing_good(report) &&
           are_ends_harmless(report) && are_processes_alive(report) && !report->is_interrupted;
}

/* Bytes per stream that the heap grew by opening; false when it is unknown. */
static bool heap_per_stream(const struct report *report, const struct report_process *process, double *bytes)
{
    if (process->before.heap_kb < 0 || process->open.heap_kb < 0 || report->pool->opened == 0)
        return false;
    *bytes = (double)(process->open.heap_kb - process->before.heap_kb) * 1024 / report->pool->opened;
    return true;
}

static void text_publishing(const struct report *report, FILE *out)
{
    const struct publisher_result *result = report->publishing;

    fprintf(out, "published   %" PRIu64 " of %" PRIu64 " messages offered, %.1f/s; worst delay %.1f ms",
            published(report), offered(report), published_per_second(report),
            (double)result->late_ns_max / CLOCK_NS_PER_MS);
    if (result->progress.unheard)
        fprintf(out, "; %" PRIu64 " reached nobody", result->progress.unheard);
    fputc('\n', out);
    if (result->sent < offered(report) && !report->is_interrupted && is_publishing_good(report) &&
        report->pool->opened > 0)
        fprintf(out, "            the offered rate was not kept: offered %.1f/s, sent %.1f/s\n", report->options->rate,
                published_per_second(report));
    if (!is_publishing_good(report))
        fprintf(out, "            publishing failed: %s\n", result->progress.error);
}

static void text_deliveries(const struct report *report, FILE *out)
{
    const struct tally *tally = report->tally;

    fprintf(out,
            "delivered   %" PRIu64 " of %" PRIu64 ", %.0f/s; lost %" PRIu64 ", repeated %" PRIu64 ", inverted %" PRIu64
            "\n",
            tally->delivered, report->expected, deliveries_per_second(report), report->lost, tally->repeated,
            tally->inverted);
    if (report->lost_at_ended)
        fprintf(out, "            %" PRIu64 " of the lost on streams that had ended\n", report->lost_at_ended);
    if (tally->delivered)
        fprintf(out, "latency     min %.2f, p50 %.2f, p90 %.2f, p99 %.2f, max %.2f ms\n",
                (double)tally->latency.min / 1e6, latency_us(report, 0.5) / 1e3, latency_us(report, 0.9) / 1e3,
                latency_us(report, 0.99) / 1e3, (double)tally->latency.max / 1e6);
    if (report->once.count > 0)
        fprintf(out,
                "once        written to the last stream after %.3f ms, received after %.3f ms; medians of "
                "%u\n",
                (double)once_median(report->once.written_ns, report->once.count) / 1e6,
                (double)once_median(report->once.read_ns, report->once.count) / 1e6, report->once.count);
}

static void text_memory(FILE *out, const char *name, int64_t before, int64_t open, int64_t end)
{
    if (before < 0 || open < 0 || end < 0)
        fprintf(out, ", %s unknown", name);
    else
        fprintf(out, ", %s %" PRId64 " > %" PRId64 " > %" PRId64 " kB", name, before, open, end);
}

static void text_cpu(const struct report *report, int64_t cpu_ns, FILE *out)
{
    double seconds = (double)cpu_ns / CLOCK_NS_PER_S;

    fprintf(out, "cpu %.3f s", seconds);
    if (report->measured_seconds >= 0.001)
        fprintf(out, " (%.1f %%)", 100 * seconds / report->measured_seconds);
}

static void text_process(const struct report *report, unsigned index, FILE *out)
{
    const struct report_process *process = &report->processes[index];
    double bytes;

    fprintf(out, "process     %s: ", report->options->procstat.processes[index].name);
    if (process->cpu_ns < 0)
        fprintf(out, "cpu unknown");
    else
        text_cpu(report, process->cpu_ns, out);
    if (process->cpu_ns >= 0 && report->measured_deliveries)
        fprintf(out, ", %.2f us a delivery", (double)process->cpu_ns / 1e3 / (double)report->measured_deliveries);
    text_memory(out, "rss", process->before.rss_kb, process->open.rss_kb, process->end.rss_kb);
    text_memory(out, "heap", process->before.heap_kb, process->open.heap_kb, process->end.heap_kb);
    if (heap_per_stream(report, process, &bytes))
        fprintf(out, " (%.0f bytes a stream)", bytes);
    fputs(process->is_alive ? "\n" : "; IT IS GONE\n", out);
}

void report_text(const struct report *report, FILE *out)
{
    const struct pool *pool = report->pool;
    const struct tally *tally = report->tally;

    fprintf(out, "opened      %u of %u streams in %.2f s\n", pool->opened, report->options->streams,
            report->open_seconds);
    if (pool->open_errors)
        fprintf(out, "            %u errors, the first: %s\n", pool->open_errors, pool->first_error);
    if (report->publishing)
        text_publishing(report, out);
    else if (report->options->mode == OPTIONS_REPLAY)
        fprintf(out, "replayed    until %.3f s after the first stream was asked for\n", report->last_seconds);
    else
        fprintf(out, "held        for %.1f s, nothing published\n", report->measured_seconds);
    if (report->options->mode != OPTIONS_IDLE || tally->delivered)
        text_deliveries(report, out);
    fprintf(out,
            "received    %" PRIu64 " gaps, %" PRIu64 " comments, %" PRIu64 " heartbeats, %" PRIu64
            " positions, %" PRIu64 " other events, %.1f MB\n",
            tally->gaps, tally->comments, tally->heartbeats, tally->cursors, tally->others, (double)tally->bytes / 1e6);
    if (tally->malformed || tally->foreign)
        fprintf(out, "            %" PRIu64 " malformed messages, %" PRIu64 " of earlier runs\n", tally->malformed,
                tally->foreign);
    fprintf(out,
            "streams     %u open at the end, %u ended, %" PRIu64 " disconnects, %" PRIu64
            " reconnects, %u still away\n",
            pool->open, pool->ended, pool->disconnects, pool->reconnects, pool->away + pool->ready + pool->opening);
    if (pool->reopen_failures)
        fprintf(out, "            %" PRIu64 " attempts to come back failed\n", pool->reopen_failures);
    if (pool->first_end[0])
        fprintf(out, "            the first end: %s\n", pool->first_end);
    for (unsigned i = 0; i < report->options->procstat.count; i++)
        text_process(report, i, out);
    fputs("generator   ", out);
    text_cpu(report, report->own_cpu_ns, out);
    fputc('\n', out);
    fprintf(out, "result      %s%s\n", report_is_good(report) ? "good" : "BAD",
            report->is_interrupted ? " (interrupted)" : "");
}

static void json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            fprintf(out, "\\u%04x", c); /* bytes of a peer; not taken for UTF-8 */
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void json_text_or_null(FILE *out, const char *text)
{
    if (text[0])
        json_text(out, text);
    else
        fputs("null", out);
}

/* `value` divided by `unit`, or null when it is negative. */
static void json_known(FILE *out, const char *name, int64_t value, double unit)
{
    fprintf(out, "\"%s\":", name);
    if (value < 0)
        fputs("null", out);
    else
        fprintf(out, "%.10g", (double)value / unit);
}

static void json_process(const struct report *report, unsigned index, FILE *out)
{
    const struct procstat_process *named = &report->options->procstat.processes[index];
    const struct report_process *process = &report->processes[index];
    double bytes;

    json_text(out, named->name);
    fputs(":{\"pids\":[", out);
    for (unsigned i = 0; i < named->pid_count; i++)
        fprintf(out, "%s%d", i ? "," : "", (int)named->pids[i]);
    fprintf(out, "],\"alive\":%s,", process->is_alive ? "true" : "false");
    json_known(out, "cpu_seconds", process->cpu_ns, 1e9);
    fputs(",\"cpu_us_per_delivery\":", out);
    if (process->cpu_ns >= 0 && report->measured_deliveries)
        fprintf(out, "%.4f", (double)process->cpu_ns / 1e3 / (double)report->measured_deliveries);
    else
        fputs("null", out);
    fputc(',', out);
    json_known(out, "rss_kb_before", process->before.rss_kb, 1);
    fputc(',', out);
    json_known(out, "rss_kb_open", process->open.rss_kb, 1);
    fputc(',', out);
    json_known(out, "rss_kb_end", process->end.rss_kb, 1);
    fputc(',', out);
    json_known(out, "heap_kb_before", process->before.heap_kb, 1);
    fputc(',', out);
    json_known(out, "heap_kb_open", process->open.heap_kb, 1);
    fputc(',', out);
    json_known(out, "heap_kb_end", process->end.heap_kb, 1);
    fputs(",\"heap_bytes_per_stream\":", out);
    if (heap_per_stream(report, process, &bytes))
        fprintf(out, "%.1f", bytes);
    else
        fputs("null", out);
    fputc('}', out);
}

static void json_latency(const struct report *report, FILE *out)
{
    const struct histogram *latency = &report->tally->latency;

    if (latency->count == 0) {
        fputs("\"latency_us\":null", out);
        return;
    }
    fprintf(out, "\"latency_us\":{\"min\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}",
            (double)latency->min / 1e3, latency_us(report, 0.5), latency_us(report, 0.9), latency_us(report, 0.99),
            (double)latency->max / 1e3);
}

/* The median and each of some times, in microseconds; null and nothing when there is none. */
static void json_times(FILE *out, const char *name, const uint64_t *times_ns, unsigned count)
{
    json_known(out, name, count ? (int64_t)once_median(times_ns, count) : -1, 1e3);
    fprintf(out, ",\"%s_each\":[", name);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "%s%.10g", i ? "," : "", (double)times_ns[i] / 1e3);
    fputc(']', out);
}

void report_json(const struct report *report, FILE *out)
{
    static const char *const modes[] = {
        [OPTIONS_PUBLISH] = "publish", [OPTIONS_ONCE] = "once",     [OPTIONS_LISTEN] = "listen",
        [OPTIONS_IDLE] = "idle",       [OPTIONS_REPLAY] = "replay",
    };
    const struct pool *pool = report->pool;
    const struct tally *tally = report->tally;
    const struct publisher_result *result = report->publishing;

    fprintf(out,
            "{\"good\":%s,\"interrupted\":%s,\"mode\":\"%s\",\"streams\":%u,\"channels\":%u,"
            "\"opened\":%u,\"open_errors\":%u,\"first_error\":",
            report_is_good(report) ? "true" : "false", report->is_interrupted ? "true" : "false",
            modes[report->options->mode], report->options->streams, report->options->channels, pool->opened,
            pool->open_errors);
    json_text_or_null(out, pool->first_error);
    fprintf(out,
            ",\"open_seconds\":%.3f,\"last_seconds\":%.3f,\"offered\":%" PRIu64 ",\"sent\":%" PRIu64
            ",\"published\":%" PRIu64 ",\"published_per_second\":%.1f,\"publish_errors\":%" PRIu64
            ",\"publish_error\":",
            report->open_seconds, report->last_seconds, offered(report), sent(report), published(report),
            published_per_second(report), result ? result->progress.failed : 0);
    json_text_or_null(out, result ? result->progress.error : "");
    fprintf(out,
            ",\"published_unheard\":%" PRIu64 ",\"publisher_late_us_max\":%.1f"
            ",\"expected\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"lost_at_ended\":%" PRIu64
            ",\"repeated\":%" PRIu64 ",\"inverted\":%" PRIu64 ",\"malformed\":%" PRIu64 ",\"foreign\":%" PRIu64
            ",\"gaps\":%" PRIu64 ",\"comments\":%" PRIu64 ",\"heartbeats\":%" PRIu64 ",\"positions\":%" PRIu64
            ",\"other_events\":%" PRIu64 ",\"bytes\":%" PRIu64,
            result ? result->progress.unheard : 0, result ? (double)result->late_ns_max / 1e3 : 0, report->expected,
            tally->delivered, report->lost, report->lost_at_ended, tally->repeated, tally->inverted, tally->malformed,
            tally->foreign, tally->gaps, tally->comments, tally->heartbeats, tally->cursors, tally->others,
            tally->bytes);
    fprintf(out,
            ",\"open_at_end\":%u,\"ended\":%u,\"disconnects\":%" PRIu64 ",\"reconnects\":%" PRIu64
            ",\"reopen_failures\":%" PRIu64 ",\"first_end\":",
            pool->open, pool->ended, pool->disconnects, pool->reconnects, pool->reopen_failures);
    json_text_or_null(out, pool->first_end);
    fputc(',', out);
    json_latency(report, out);
    fputc(',', out);
    json_times(out, "written_us", report->once.written_ns, report->once.count);
    fputc(',', out);
    json_times(out, "once_us", report->once.read_ns, report->once.count);
    fprintf(out, ",\"measured_seconds\":%.3f,\"deliveries_per_second\":%.1f,", report->measured_seconds,
            deliveries_per_second(report));
    json_known(out, "generator_cpu_seconds", report->own_cpu_ns, 1e9);
    fputs(",\"processes\":{", out);
    for (unsigned i = 0; i < report->options->procstat.count; i++) {
        if (i)
            fputc(',', out);
        json_process(report, i, out);
    }
    fputs("}}\n", out);
}
